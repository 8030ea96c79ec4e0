"""The ledger under disorder: records of two BNGs, told late, twice, in any order or never, through two replicas.

The model is a few lines: of each session the latest record by event time counts, unless its box has restarted since it
was told; after a Stop only a Start or another life of the box begins it again. The network is another few: who really
holds what. BNGCORR_LONG=1 makes many more histories.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from bngcorr.model.attachment import Attachment
from bngcorr.model.usage import Host, Usage
from bngcorr.store.lesson import Restart, SessionChange, SessionStep
from bngcorr.store.valkey import ValkeyStore
from tests.store.scene import Scene
from tests.store.subjects import INTERIM, NAS, NOW, START, STOP, ia_na, ia_pd, pd_route, slaac, v4

LONG: Final = os.environ.get("BNGCORR_LONG") == "1"
BOXES: Final = (NAS, "bng2|0")
HOSTS: Final = (v4(1), v4(2), ia_na(1), ia_pd(1), ia_pd(2), slaac(1), pd_route(1))
PORTS: Final = ("1/1/1", "1/1/2", "lag-3")
TO: Final = st.sampled_from((0, 1, None))  # the replica that hears of it soon; None: later or never
EVENT_MS: Final = (
    3_000  # between two events: a second Accounting-On nearer than two seconds is the first one told again
)
T = TypeVar("T")
Record = SessionChange | Restart
Books = dict[tuple[str, str | None], Usage]  # by box and port; port None: the whole box


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a session holds, and where; with its latest record, and the life of the box in which that was told."""

    box: str
    hosts: frozenset[Host] = frozenset()
    port: str = ""
    at_ms: int = 0
    life: int = 0
    ended: bool = False


@dataclass
class Model:
    """What two replicas that were told the same records, in this order, have to count."""

    sessions: dict[str, Session] = field(default_factory=dict)
    since_ms: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BOXES, 0))  # when each box began to live
    life: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BOXES, 0))

    def tell(self, record: Record) -> None:
        """Older than the box or than the session's latest record: nothing. Else that is what the session is now."""
        box = record.nas
        if isinstance(record, Restart):
            if record.at_ms > self.since_ms[box]:
                self.since_ms[box], self.life[box] = record.at_ms, self.life[box] + 1
            return
        known = self.sessions.get(record.session, Session(box=box))
        overtaken = record.at_ms < self.since_ms[box]  # by the restart; the Stop of a session before it is its end yet
        tells_end = record.step is STOP and known.at_ms > 0 and not known.ended and known.life + 1 == self.life[box]
        if record.at_ms <= known.at_ms or (overtaken and not tells_end):
            return
        if known.ended and known.life == self.life[box] and record.step is INTERIM:
            return
        begins = record.step is START and (known.ended or known.life != self.life[box])
        hosts = frozenset() if begins else known.hosts
        port = "" if begins else known.port
        self.sessions[record.session] = replace(
            known,
            hosts=frozenset() if record.step is STOP else hosts if record.hosts is None else frozenset(record.hosts),
            port=port if record.port is None else record.port.port,
            at_ms=record.at_ms,
            life=known.life if overtaken else self.life[box],
            ended=record.step is STOP,
        )

    def books(self) -> Books:
        """Usage of sessions of each box's present life."""
        return books(one for one in self.sessions.values() if one.life == self.life[one.box])


def books(sessions: Iterable[Session]) -> Books:
    """Distinct hosts by box, and by box and port."""
    groups: dict[tuple[str, str | None], list[frozenset[Host]]] = {(box, None): [] for box in BOXES}
    for one in sessions:
        if one.hosts:
            groups[one.box, None].append(one.hosts)
            groups.setdefault((one.box, one.port), []).append(one.hosts)
    found: Books = {}
    for where, held in groups.items():
        kinds = [str(host.kind) for host in frozenset[Host]().union(*held)]
        counts = {kind: kinds.count(kind) for kind in kinds}
        v6 = sum(any(host.kind.startswith("ia_") for host in hosts) for hosts in held)
        found[where] = Usage(**counts, sessions=len(held), na_or_pd=v6)
    return found


class Disorder(RuleBasedStateMachine):
    """A network in which things happen, and two replicas that are told of some of them."""

    url: str  # of the server

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.replicas = [ValkeyStore(self.url, budget_s=5.0, events=10) for _ in range(2)]
        self.scene = Scene(self.replicas[0])
        self.model = Model()
        self.network: dict[str, Session] = {}  # sessions that are up
        self.sent: list[Record] = []
        self.restarts: dict[str, Restart] = {}  # the last of each box
        self.starts: dict[str, Record] = {}  # the last of each session
        self.stops: dict[str, Record] = {}
        self.gone: dict[str, str] = {}  # names of sessions that are no longer up, and their boxes
        self.names = itertools.count(1)
        self.clock = itertools.count(0, EVENT_MS)
        self.run(self.replicas[0].lane.run([("FLUSHALL",)], 5.0))

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """Wait for it."""
        return self.runner.run(doing)

    def teardown(self) -> None:
        """Close what is open."""
        for replica in self.replicas:
            self.run(replica.close())
        self.runner.close()

    def _record(
        self, step: SessionStep, name: str, hosts: Sequence[Host] | None, port: str | None, to: int | None = None
    ) -> SessionChange:
        where = None if port is None else Attachment(port, 0, 0)
        change = self.scene.change(
            step, name, at=next(self.clock), nas=self.network[name].box, hosts=hosts, port=where, lasts=10**9
        )
        self._send(change, to)
        return change

    def _send(self, record: Record, to: int | None) -> None:
        self.sent.append(record)
        if to is not None:
            self._tell([record], to)

    # ---- what happens

    @rule(
        data=st.data(), box=st.sampled_from(BOXES), hosts=st.sets(st.sampled_from(HOSTS), max_size=4),
        port=st.sampled_from(PORTS), anew=st.booleans(), to=TO,
    )  # fmt: skip
    def start(
        self, data: st.DataObject, box: str, hosts: set[Host], port: str, anew: bool, to: int | None
    ) -> None:  # fmt: skip
        """A session under a name of its own, or under one that was another's."""
        old = sorted(name for name, its_box in self.gone.items() if its_box == box)
        name = data.draw(st.sampled_from(old)) if anew and old else f"s{next(self.names)}"
        self.gone.pop(name, None)
        self.network[name] = Session(box=box, hosts=frozenset(hosts), port=port)
        self.starts[name] = self._record(START, name, tuple(hosts), port, to)

    @rule(data=st.data(), hosts=st.none() | st.sets(st.sampled_from(HOSTS), max_size=4), says=st.booleans(), to=TO)
    def interim(self, data: st.DataObject, hosts: set[Host] | None, says: bool, to: int | None) -> None:
        """A session has other hosts now, or says nothing of them; on another port, or says nothing of that."""
        if not self.network:
            return
        name = data.draw(st.sampled_from(sorted(self.network)))
        one = self.network[name]
        port = data.draw(st.sampled_from(PORTS)) if says else one.port
        self.network[name] = replace(one, hosts=one.hosts if hosts is None else frozenset(hosts), port=port)
        self._record(INTERIM, name, None if hosts is None else tuple(hosts), port if says else None, to)

    @rule(data=st.data(), to=TO)
    def stop(self, data: st.DataObject, to: int | None) -> None:
        """A session ends."""
        if self.network:
            name = data.draw(st.sampled_from(sorted(self.network)))
            self.stops[name] = self._record(STOP, name, tuple(self.network[name].hosts), None, to)
            self.gone[name] = self.network.pop(name).box

    @rule(box=st.sampled_from(BOXES), survive=st.booleans(), to=TO)
    def restart(self, box: str, survive: bool, to: int | None) -> None:
        """Accounting-On: all sessions of the box are gone without a word, or all have survived."""
        self.restarts[box] = self.scene.restart(at=next(self.clock), nas=box)
        self._send(self.restarts[box], to)
        if not survive:
            self.gone |= {name: box for name, one in self.network.items() if one.box == box}
            self.network = {name: one for name, one in self.network.items() if one.box != box}

    # ---- what is told

    @rule(data=st.data(), replica=st.integers(0, 1))
    def tell(self, data: st.DataObject, replica: int) -> None:
        """Any records of whatever was sent so far, again or for the first time, in any order, some never."""
        if self.sent:
            self._tell(data.draw(st.lists(st.sampled_from(self.sent), min_size=1, max_size=8)), replica)

    @rule(count=st.integers(1, 8), split=st.integers(0, 8))
    def tell_the_latest(self, count: int, split: int) -> None:
        """The latest records in their order, the first few to one replica and the rest to the other."""
        latest = self.sent[-count:]
        self._tell(latest[:split], 0)
        self._tell(latest[split:], 1)

    @rule(data=st.data())
    def tell_both_at_once(self, data: st.DataObject) -> None:
        """The same records to both replicas at the same time: whichever is first, the other one changes nothing."""
        if self.sent:
            some = data.draw(st.lists(st.sampled_from(self.sent), min_size=1, max_size=8))
            self.run(self._at_once(some))
            for record in some:
                self.model.tell(record)
            self.counts_are(self.model.books())

    async def _at_once(self, some: Sequence[Record]) -> None:
        await asyncio.gather(*(replica.write(some, NOW) for replica in self.replicas))

    def _tell(self, records: Sequence[Record], replica: int) -> None:
        self.run(self.replicas[replica].write(records, NOW))
        for record in records:
            self.model.tell(record)
        self.counts_are(self.model.books())

    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """Whatever was lost: once restarts, begins and ends are told, and every session spoke again, all is right."""
        self._tell([*self.restarts.values(), *(self.starts[name] for name in self.network)], 0)
        ended = [stop for name, stop in self.stops.items() if name in self.gone]
        again: list[Record] = [
            self._record(INTERIM, name, tuple(one.hosts), one.port) for name, one in self.network.items()
        ]
        self._tell(data.draw(st.permutations([*again, *ended])), 1)
        self.counts_are(books(self.network.values()))

    def counts_are(self, expected: Books) -> None:
        """By box and by port."""
        queries = self.replicas[1].queries
        bngs = [box.partition("|")[0] for box in BOXES]
        whole = self.run(queries.usage(self.scene.domain, bngs))
        by_port = self.run(queries.usage_by_port(self.scene.domain, bngs))
        told: Books = {(box, None): whole[bng] for box, bng in zip(BOXES, bngs, strict=True)}
        for bng in bngs:
            for (box, port), usage in by_port[bng].items():
                told[box, port] = usage
        assert expected == told


@pytest.mark.timeout(1_200 if LONG else 120)
def test_disorder_changes_nothing(valkey_url: str) -> None:
    """Over any history the ledger says what the model says, and what the network holds as soon as that can be known."""
    Disorder.url = valkey_url
    run_state_machine_as_test(
        Disorder,
        settings=settings(
            max_examples=600 if LONG else 15, stateful_step_count=60 if LONG else 30, deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink a history takes minutes
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )  # fmt: skip
