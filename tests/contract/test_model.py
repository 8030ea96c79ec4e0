"""The store in memory is the model of the real one: told the same, they say the same, whatever it is.

A history is any interleaving of two domains' lessons: sightings, steps of sessions, restarts, plans, findings and
upkeep, in any order, late, and repeatedly.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.usage import USAGE_FIELDS, Host
from bngcorr.model.vocabulary import Finding
from bngcorr.store.contract import TAINT_MS
from bngcorr.store.lesson import Fill, FindingSeen, Lesson, Restart, SessionChange, SessionStep, Sighting
from bngcorr.store.memory import MemoryStore
from bngcorr.store.valkey import ValkeyStore
from tests.store.scene import Scene
from tests.store.subjects import (
    BNG,
    DAY,
    EXPECTED,
    INTERIM,
    NAS,
    NOW,
    OTHER_NAS,
    START,
    STOP,
    WALK,
    ia_na,
    ia_pd,
    ids_of,
    key,
    pd_route,
    slaac,
    v4,
)

LONG: Final = os.environ.get("BNGCORR_LONG") == "1"  # many more histories
SESSIONS: Final = {"s1": NAS, "s2": NAS, "s3": NAS, "s4": OTHER_NAS, "s5": "bng2|0"}
ACCEPTS: Final = (None, "s1", "s3", "s4")  # under whose name an Accept was noted
LINES: Final = (1, 2, 3, 4, 5, 6)
TWIN_IDS: Final = LineIds(b"LINE-1", b"interface")  # of line 6: may be of one line with line 1
PLACES: Final = ("a", "b")
MACS: Final = ("m1", "m2", "m3")
ADDRESSES: Final = {name: Mac(b"\x02\0\0\0\0" + bytes([at])) for at, name in enumerate(MACS)}
FINGERPRINTS: Final = ("", "0a0a0a0a.01010101", "0a0a0a0a.02020202", "0b0b0b0b.", ".01010101")
POOL: Final[tuple[tuple[Host, ...] | None, ...]] = (
    None, (), (v4(1),), (v4(1), ia_na(1)), (v4(2), ia_pd(1), slaac(1)), (ia_pd(1),), (slaac(1), ia_na(1)), (v4(1),),
    (v4(2), pd_route(1)),
)  # fmt: skip
PROMISES: Final[tuple[tuple[Host, ...], ...]] = (
    (), (), (ia_pd(1),), (ia_pd(2), slaac(1)), (ia_na(1), pd_route(1), v4(1), ia_na(1)),
)  # fmt: skip
PORTS: Final = (None, Attachment("1/1/1", 1, 2), Attachment("1/1/2", 1, 2), Attachment("1/1/2", 1, 3))
OCTETS: Final = (
    None, (1, 1), (2, 1), (3, 1), (3, 2), (9, 0), (0, 0), (0, 0, 4), (0, 0, 12), (2**60, 1),
)  # fmt: skip
AGES: Final = (0, 0, 1, 500, 1_999, 5_000, 60_000, 3_600_000, DAY)
LIVES: Final = (1_000, 120_000, 600_000, DAY, 7 * DAY)
PAUSES: Final = (1, 700, 5_000, 120_000, 3_600_000, DAY, 8 * DAY, TAINT_MS)

Replayable = SessionChange | Restart | FindingSeen
BACKLOG: Final = 1000  # closed sessions kept
T = TypeVar("T")


class Histories(RuleBasedStateMachine):
    """Everything that can happen to a store."""

    url: str  # of the real one

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.real = ValkeyStore(self.url, budget_s=5.0, events=10, history_backlog=BACKLOG)
        self.model = MemoryStore(events=10, history_backlog=BACKLOG)
        self.scenes = [Scene(self.real), Scene(self.real)]
        self.twins = [scene.twin(self.model) for scene in self.scenes]
        self.now = 0
        self.agreed = True  # so far
        self.told: list[tuple[int, Replayable]] = []  # and when
        self.seen: list[Sighting | SessionChange] = []  # sightings and Accepts
        self.run(self.real.lane.run([("FLUSHALL",)], 5.0))

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """Wait for it."""
        return self.runner.run(doing)

    def teardown(self) -> None:
        """All that can be listed is the same as well, unless something was wrong before; then close what is open."""
        try:
            for scene, twin in zip(self.scenes, self.twins, strict=True) if self.agreed else ():
                assert self.run(twin.everything(now=self.now)) == self.run(scene.everything(now=self.now))
        finally:
            self.run(self.real.close())
            self.runner.close()

    def tell(self, *lessons: Lesson) -> None:
        """Tell both, which have the same words for it."""
        real = self.run(self.real.write(lessons, NOW + self.now))
        assert self.run(self.model.write(lessons, NOW + self.now)) == real
        for lesson, word in zip(lessons, real, strict=True):
            if isinstance(lesson, Sighting) or (isinstance(lesson, SessionChange) and lesson.step is EXPECTED):
                self.seen.append(lesson)
            unheard = isinstance(lesson, FindingSeen) and lesson.over and word != "over"  # it is over before it began
            if isinstance(lesson, SessionChange | Restart | FindingSeen) and not unheard:
                self.told.append((self.now, lesson))

    @rule(
        scene=st.integers(0, 1), number=st.sampled_from(LINES), where=st.sampled_from((*PLACES, None)),
        mac=st.sampled_from((*MACS, None)), claimed=st.booleans(), age=st.sampled_from(AGES),
        lasts=st.sampled_from(LIVES), v6=st.booleans(), evident=st.booleans(), per_line=st.booleans(),
    )  # fmt: skip
    def see(
        self, scene: int, number: int, where: str | None, mac: str | None, claimed: bool, age: int, lasts: int,
        v6: bool, evident: bool, per_line: bool,
    ) -> None:  # fmt: skip
        """A sighting, or the same one twice."""
        at = self.now - age
        self.tell(
            self.scenes[scene].sighting(
                number, attachment=where if per_line else None, pair=f"{where}+{mac}" if where and mac else None,
                bng_mac=mac, mac=mac, claimed=claimed, place=where, ids=TWIN_IDS if number == 6 else None, at=at,
                v6=v6, v4_evident=evident, attached=where is not None, lasts=lasts,
                address=None if mac is None else ADDRESSES[mac],
            )
        )  # fmt: skip

    @rule(
        scene=st.integers(0, 1), session=st.sampled_from(sorted(SESSIONS)),
        step=st.sampled_from((EXPECTED, START, START, INTERIM, INTERIM, INTERIM, STOP)),
        number=st.sampled_from((*LINES, None)), own=st.booleans(), where=st.sampled_from(PLACES),
        mac=st.sampled_from(MACS), age=st.sampled_from(AGES), lasts=st.sampled_from(LIVES),
        behind=st.sampled_from((None, None, 0, 7_200_000)), fingerprint=st.sampled_from(FINGERPRINTS),
        hosts=st.sampled_from(POOL), interval=st.sampled_from((0, 300_000)),
        traffic=st.sampled_from(OCTETS), promised=st.sampled_from(PROMISES), accept=st.sampled_from(ACCEPTS),
        fill=st.sampled_from((Fill.AUTO, Fill.AUTO, Fill.AUTO, Fill.ALWAYS, Fill.NEVER)),
        timeout=st.sampled_from((0, 0, 600_000, DAY)), port=st.sampled_from(PORTS),
        lasted=st.sampled_from((0, 0, 7_000, 2**42)),
    )  # fmt: skip
    def step(
        self, scene: int, session: str, step: SessionStep, number: int | None, own: bool, where: str, mac: str,
        age: int, lasts: int, behind: int | None, fingerprint: str, hosts: tuple[Host, ...] | None, interval: int,
        traffic: tuple[int, ...] | None, promised: tuple[Host, ...], accept: str | None, fill: Fill, timeout: int,
        port: Attachment | None, lasted: int,
    ) -> None:  # fmt: skip
        """A step of a session."""
        mine = own and number is not None
        self.tell(
            self.scenes[scene].change(
                step, session, at=self.now - age, nas=SESSIONS[session], number=number, own=own,
                keys=(where, f"{where}+{mac}", mac) if mine else (), lasts=lasts, fingerprint=fingerprint,
                hosts=None if step is EXPECTED else hosts, interval=interval,
                traffic=None if step is EXPECTED else traffic, address=ADDRESSES[mac], fill=fill, timeout=timeout,
                promised=promised if step is EXPECTED else (), accepted_as=None if step is EXPECTED else accept,
                port=port, lasted=lasted, sent=None if behind is None else self.now - age + behind,
            )
        )  # fmt: skip

    @rule(data=st.data(), times=st.integers(1, 3), age=st.sampled_from((0, 0, 0, 1, 700)))
    def see_again(self, data: st.DataObject, times: int, age: int) -> None:
        """A sighting or an Accept like an earlier one, of now, perhaps several times."""
        if not self.seen:
            return
        one = data.draw(st.sampled_from(self.seen[-8:]))
        for _ in range(times):
            later_ms = NOW + self.now - age - one.at_ms
            one.at_ms, one.until_ms = one.at_ms + later_ms, one.until_ms + later_ms
            self.tell(one)
            self.now += data.draw(st.sampled_from((0, 1, 700, 1_800_000)))

    @rule(
        scene=st.integers(0, 1),
        nas=st.sampled_from(sorted(set(SESSIONS.values()))),
        age=st.sampled_from(AGES),
    )
    def restart(self, scene: int, nas: str, age: int) -> None:
        """Accounting-On of a box."""
        self.tell(self.scenes[scene].restart(at=self.now - age, nas=nas))

    @rule(
        scene=st.integers(0, 1),
        kind=st.sampled_from((Finding.MOVED, Finding.V6_LOST)),
        age=st.sampled_from(AGES),
        over=st.booleans(),
    )
    def find(self, scene: int, kind: Finding, age: int, over: bool) -> None:
        """A finding, or its end."""
        self.tell(self.scenes[scene].finding(kind, "subject", at=self.now - age, over=over))

    @rule(scene=st.integers(0, 1), places=st.dictionaries(st.sampled_from(PLACES), st.sampled_from(LINES), max_size=1))
    def plan(self, scene: int, places: dict[str, int]) -> None:
        """Another plan."""
        plan = {key(name): ids_of(number) for name, number in places.items()}
        self.run(self.real.plans.replace_plan(self.scenes[scene].domain, plan, NOW))
        self.run(self.model.plans.replace_plan(self.scenes[scene].domain, plan, NOW))

    @rule(pause=st.sampled_from(PAUSES))
    def wait(self, pause: int) -> None:
        """Time passes."""
        self.now += pause

    @rule(scene=st.integers(0, 1))
    def look_after(self, scene: int) -> None:
        """A whole walk over a domain."""
        done = self.run(self.scenes[scene].walk(now=self.now))
        same = self.run(self.twins[scene].walk(now=self.now))
        assert (same.expired, sorted(same.lost, key=str), sorted(same.census)) == (
            done.expired,
            sorted(done.lost, key=str),
            sorted(done.census),
        )
        self.now += 10 * WALK + 1

    @rule(data=st.data())
    def tell_again(self, data: st.DataObject) -> None:
        """A record that a BNG replays within 25 hours, with its original event time, changes nothing."""
        recent = [lesson for at, lesson in self.told if self.now - at <= 25 * 3_600_000]
        if not recent:
            return
        before = [self.run(scene.known(now=self.now)) for scene in self.scenes]
        told = list(self.told)
        self.tell(data.draw(st.sampled_from(recent)))
        self.told = told
        assert before == [self.run(scene.known(now=self.now)) for scene in self.scenes]

    @invariant()
    def they_say_the_same(self) -> None:
        """Recollections, usage and findings are equal; usage is what a recount gives, and never negative."""
        self.agreed = False
        for scene, twin in zip(self.scenes, self.twins, strict=True):
            assert self.run(twin.known(now=self.now)) == self.run(scene.known(now=self.now))
            assert min(min(_counts(usage)) for usage in self.run(self._usages(scene))) >= 0
        self.agreed = True

    async def _usages(self, scene: Scene) -> list[object]:
        return list((await self.real.queries.usage(scene.domain, [BNG, "bng2"])).values())


def _counts(usage: object) -> list[int]:
    return [getattr(usage, kind) for kind in USAGE_FIELDS]


def test_the_model_and_the_store_say_the_same(valkey_url: str) -> None:
    """Over any history, the real store and the one in memory have the same words and recall the same."""
    Histories.url = valkey_url
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=140 if LONG else 6, stateful_step_count=30, deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink a history takes minutes
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )  # fmt: skip
