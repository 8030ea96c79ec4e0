"""The audit in a real store: it finds what differs, and nothing else, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import random
from bisect import bisect
from collections.abc import Awaitable, Callable
from hashlib import sha1
from typing import Any

import pytest

from bngcorr.errors import AuditUnderwayError, StoreError
from bngcorr.model.attachment import Attachment
from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import SessionState
from bngcorr.store import audit
from bngcorr.store.audit import LEASE_MS, UNKNOWN_PORT
from bngcorr.store.keys import bucket_name
from bngcorr.store.lane import Reply
from bngcorr.store.lesson import Lesson
from bngcorr.store.rows import Drift
from bngcorr.store.valkey import ValkeyStore

from .scene import Scene
from .subjects import BNG, INTERIM, NAS, NOW, OTHER_NAS, START, STOP, ia_na, ia_pd, key, slaac, v4

pytestmark = pytest.mark.asyncio

PORTS = (Attachment("1/1/4"), Attachment("1/1/1"), Attachment("1/1/2"), Attachment("lag-3"))
Found = tuple[list[Drift], int]
Figures = dict[tuple[str, str, str], int]  # box, port or "" for the whole box, kind → how many, if any


class Clock:
    """The store's clock, which stands still unless it is set."""

    def __init__(self, at_ms: int = NOW) -> None:
        self.at_ms = at_ms

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return self.at_ms


def _nowhere(_: float) -> None:
    """Progress that nobody watches."""


async def audited(
    scene: Scene, *, repair: bool = False, clock: Clock | None = None, progress: Callable[[float], None] = _nowhere
) -> Found:
    """What an audit of the scene's domain says."""
    store = scene.store
    assert isinstance(store, ValkeyStore)
    return await store.audits.audit(scene.domain, clock or Clock(), repair=repair, progress=progress)


async def ask(scene: Scene, *command: str | int) -> Reply:
    """The reply to one command; its key is a name within the scene's domain."""
    store = scene.store
    assert isinstance(store, ValkeyStore)
    name, key, *rest = command
    (reply,) = await store.lane.run([(str(name), f"bngcorr:{{{scene.domain}}}:{key}", *rest)], 5.0)
    return reply


async def leftovers(scene: Scene) -> set[str]:
    """Keys of a recount, and what tells of an audit."""
    found: set[str] = set()
    for kind in ("v", "j"):
        found |= {name.decode() for name in await ask(scene, "KEYS", f"{kind}:*")}
    return found | {name.decode() for name in await ask(scene, "HKEYS", "q") if name.startswith(b"audit")}


async def ledger(scene: Scene) -> Figures:
    """Every counter that is not zero, as it stands in the store."""
    figures: Figures = {}
    for box in (NAS, OTHER_NAS):
        flat = await ask(scene, "HGETALL", f"u:{box}")
        numbers = await ask(scene, "HGETALL", f"o:{box}")
        ports = {b"0": UNKNOWN_PORT} | {
            number: text.decode() for text, number in zip(numbers[::2], numbers[1::2], strict=True)
        }
        for field, count in zip(flat[::2], flat[1::2], strict=True):
            port, _, kind = field.rpartition(b"|")
            if field != b"epoch" and int(count):
                figures[box, ports[port] if port else "", kind.decode()] = int(count)
    return figures


async def recounted(scene: Scene) -> Figures:
    """The same, counted from the sessions as people are shown them."""
    hosts: set[tuple[str, str, str]] = set()  # box, port or "", host
    figures: Figures = {}
    for row in await scene.rows():
        if row.state is SessionState.UP and row.hosts:
            kinds = {host.split("|")[0] for host in row.hosts}
            for port in ("", row.port.port if row.port is not None else UNKNOWN_PORT):
                hosts |= {(row.nas, port, host) for host in row.hosts}
                for kind, holds in (("sessions", True), ("na_or_pd", bool(kinds & {"ia_na", "ia_pd"}))):
                    if holds:
                        figures[row.nas, port, kind] = figures.get((row.nas, port, kind), 0) + 1
    for box, port, host in hosts:
        where = box, port, host.split("|")[0]
        figures[where] = figures.get(where, 0) + 1
    return figures


class Traffic:
    """Accounting of two boxes: sessions that come, change, move from port to port, and go; boxes that restart."""

    def __init__(self, scene: Scene, seed: int, sessions: int = 200) -> None:
        self.scene = scene
        self._random = random.Random(seed)
        self._sessions = sessions
        self._at = 0

    def some(self, count: int, *, restarts: bool = True) -> list[Lesson]:
        """The next lessons; every host may be held by several sessions."""
        lessons: list[Lesson] = []
        for _ in range(count):
            self._at += 10
            number = self._random.randrange(self._sessions)
            nas = NAS if number % 3 else OTHER_NAS
            if restarts and self._random.random() < 0.005:
                self._at += 3_000
                lessons.append(self.scene.restart(at=self._at, nas=nas))
                continue
            step = self._random.choice((START, INTERIM, INTERIM, STOP))
            port = self._random.choice(PORTS) if number % 4 else None
            lessons.append(self.scene.change(step, f"s{number}", at=self._at, nas=nas, hosts=self._hosts(), port=port))
        return lessons

    def _hosts(self) -> tuple[Host, ...]:
        draw = self._random.randrange
        every = (v4(draw(200)), ia_na(draw(200)), ia_pd(draw(200)), slaac(draw(200)))
        return tuple(host for host in every if draw(2))


async def amid(traffic: Traffic, audit_: Awaitable[Found], *, restarts: bool = True) -> tuple[Found, int]:
    """What an audit says while accounting goes on, and how much of it came meanwhile."""
    written, over = 0, asyncio.Event()

    async def go_on() -> None:
        nonlocal written
        while not over.is_set():
            await traffic.scene.write(*traffic.some(10, restarts=restarts))
            written += 10

    writer = asyncio.create_task(go_on())
    try:
        found = await audit_
    finally:
        over.set()
        await writer
    return found, written


def sha(host: Host) -> tuple[str, str]:
    """Bucket and field of the references to a host."""
    digest = sha1(str(host).encode(), usedforsecurity=False).hexdigest()[:16]
    return bucket_name(int(digest[:3], 16)), digest


async def lines_up(scene: Scene, count: int = 3) -> None:
    """So many dual-stack sessions of one box, all on one port."""
    await scene.write(
        *(
            scene.change(START, f"s{number}", hosts=[v4(number), ia_pd(number)], port=PORTS[1])
            for number in range(count)
        )
    )


# ---- a sound ledger


@pytest.mark.parametrize(("seed", "repair"), [(1, False), (2, True)])
async def test_an_audit_under_traffic_finds_nothing(scene: Scene, seed: int, repair: bool) -> None:
    """Sessions of all buckets change, and boxes restart, while they are recounted: no change is missed, none counted
    twice; the ledger is what the sessions add up to, and nothing of the audit is left.
    """
    traffic = Traffic(scene, seed)
    await scene.write(*traffic.some(300))
    found, written = await amid(traffic, audited(scene, repair=repair))

    assert ([], 0) == found
    assert written > 100
    assert await recounted(scene) == await ledger(scene) != {}
    assert set() == await leftovers(scene)


async def test_changes_on_either_side_of_the_position_count_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last session that was passed is entered at once, the next one when its turn comes."""
    count = 200
    await lines_up(scene, count)
    number_of = {key(f"s{number}"): number for number in range(count)}
    names = sorted(number_of)
    real, changed = audit._Audit._ask, set[int]()

    async def ask_and_change(one: audit._Audit, part: str, *arguments: object) -> list[Reply]:
        reply = await real(one, part, *arguments)
        if part == "recount":
            at = bisect(names, reply[1], key=lambda name: int(name[:3], 16) + 0.5)
            numbers = {number_of[name] for name in names[max(at - 1, 0) : at + 1]} - changed
            changed.update(numbers)
            await scene.write(
                *(scene.change(INTERIM, f"s{n}", at=1_000, hosts=[slaac(n)], port=PORTS[1]) for n in numbers)
            )
        return reply

    monkeypatch.setattr(audit._Audit, "_ask", ask_and_change)
    assert ([], 0) == await audited(scene)
    assert len(changed) > 12
    assert await recounted(scene) == await ledger(scene)


async def test_an_empty_domain_is_sound(scene: Scene) -> None:
    """A domain that nothing was ever written into has nothing that could differ; progress comes to its end."""
    told: list[float] = []

    assert ([], 0) == await audited(scene, progress=told.append)
    assert told == sorted(told)
    assert 1.0 == told[-1]


async def test_sessions_of_an_older_life_of_the_box_do_not_count(scene: Scene) -> None:
    """After a restart nothing is in use until sessions are heard of again; what is left of before is no difference."""
    await lines_up(scene)
    await scene.write(scene.restart(at=10_000))
    assert ([], 0) == await audited(scene)
    await scene.write(scene.change(INTERIM, "s1", at=20_000, hosts=[v4(1)]))

    assert ([], 0) == await audited(scene)


# ---- one that is wrong


async def test_counters_that_differ_are_told_exactly(scene: Scene) -> None:
    """Of the whole box, of a port, and of sessions without one; others are not named."""
    await lines_up(scene)
    await scene.write(scene.change(START, "s9", nas=OTHER_NAS, hosts=[v4(9)]))
    await ask(scene, "HINCRBY", f"u:{NAS}", "v4", 2)
    await ask(scene, "HINCRBY", f"u:{NAS}", "1|ia_pd", -1)
    await ask(scene, "HSET", f"u:{OTHER_NAS}", "0|sessions", 7)
    drifts = [
        Drift(box=NAS, port="", kind="v4", ledger=5, sessions=3),
        Drift(box=NAS, port="1/1/1", kind="ia_pd", ledger=2, sessions=3),
        Drift(box=OTHER_NAS, port=UNKNOWN_PORT, kind="sessions", ledger=7, sessions=1),
    ]

    assert (drifts, 0) == await audited(scene)
    assert (drifts, 0) == await audited(scene)  # telling mends nothing


async def test_counters_that_are_lost_differ(scene: Scene) -> None:
    """A ledger that has vanished, or is of another life of the box, says zero; mended, it is of this one."""
    await lines_up(scene, 1)
    whole = await recounted(scene)
    for spoil in (("DEL",), ("HSET", "epoch", 7)):
        await ask(scene, spoil[0], f"u:{NAS}", *spoil[1:])
        drifts, references = await audited(scene, repair=True)

        assert {(NAS, drift.port, drift.kind): drift.sessions for drift in drifts} == whole
        assert ({0}, 0) == ({drift.ledger for drift in drifts}, references)
        assert whole == await ledger(scene)
        assert ([], 0) == await audited(scene)
        assert 1 == (await scene.usage()).v4


async def test_references_that_differ_are_counted(scene: Scene) -> None:
    """Lost, from nowhere, on another port, or too many: each host once, though no counter differs yet."""
    await lines_up(scene, 4)
    for host, told in ((v4(0), None), (v4(77), "0 1@1"), (v4(1), "0 1@2"), (v4(2), "0 2@1")):
        bucket, field = sha(host)
        if told is None:
            assert 1 == await ask(scene, "HDEL", f"h:{NAS}:{bucket}", field)
        else:
            await ask(scene, "HSET", f"h:{NAS}:{bucket}", field, told)

    assert ([], 4) == await audited(scene)


async def test_how_references_are_written_does_not_matter(scene: Scene) -> None:
    """The order of ports within a record is no difference, nor is one of an older life of the box."""
    await scene.write(
        *(scene.change(START, f"s{number}", hosts=[v4(1)], port=PORTS[number]) for number in (1, 2)),
    )
    bucket, field = sha(v4(1))
    now = (await ask(scene, "HGET", f"h:{NAS}:{bucket}", field)).decode().split()
    await ask(scene, "HSET", f"h:{NAS}:{bucket}", field, " ".join([now[0], *reversed(now[1:])]))
    bucket, field = sha(v4(2))
    await ask(scene, "HSET", f"h:{NAS}:{bucket}", field, "9 1@1")

    assert ([], 0) == await audited(scene)


async def test_a_repair_mends_under_traffic(scene: Scene) -> None:
    """Whatever was wrong, and whatever happens meanwhile: afterwards the ledger is what the sessions add up to, and it
    stays so as they go on; the next audit finds nothing.
    """
    traffic = Traffic(scene, 4)
    await scene.write(*traffic.some(300, restarts=False))
    for kind in ("v4", "1|slaac", "2|sessions"):
        await ask(scene, "HINCRBY", f"u:{NAS}", kind, 5)
    await ask(scene, "DEL", f"u:{OTHER_NAS}")
    for number in range(100):
        bucket, field = sha(v4(number))
        await ask(scene, "HDEL", f"h:{NAS}:{bucket}", field)
        bucket, field = sha(ia_na(number))
        await ask(scene, "HSET", f"h:{NAS}:{bucket}", field, "0 3@1 1@3")
    (drifts, references), _ = await amid(traffic, audited(scene, repair=True), restarts=False)

    assert drifts
    assert references > 100
    assert await recounted(scene) == await ledger(scene)
    await scene.write(*traffic.some(300))
    assert await recounted(scene) == await ledger(scene)
    assert ([], 0) == await audited(scene)


# ---- audits that come to no end


async def test_one_audit_at_a_time(scene: Scene) -> None:
    """A second one of the domain is told how long a dead one would keep it out; the first goes on."""
    begun = asyncio.Event()
    await lines_up(scene)
    first = asyncio.create_task(audited(scene, progress=lambda _: begun.set()))
    await begun.wait()
    with pytest.raises(AuditUnderwayError, match=rf"domain {scene.domain} is under way.* in 60 s"):
        await audited(scene)

    assert ([], 0) == await first
    assert ([], 0) == await audited(scene)


def _abort(share: float) -> None:
    """Progress that ends an audit in the middle of its recount."""
    if share > 0.3:
        raise _AbortedError


class _AbortedError(Exception):
    """An audit is broken off."""


async def test_an_audit_that_was_broken_off_disturbs_nobody(scene: Scene) -> None:
    """What it counted stays out of the ledger, counts for no later audit, and keeps none out."""
    traffic = Traffic(scene, 6)
    await scene.write(*traffic.some(200))
    with pytest.raises(_AbortedError):
        await audited(scene, progress=_abort)
    await scene.write(*traffic.some(200))

    assert await recounted(scene) == await ledger(scene)
    assert ([], 0) == await audited(scene)
    assert set() == await leftovers(scene)


async def test_an_audit_that_was_killed_keeps_others_out_for_a_minute(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the next one clears its leftovers away, which would have gone by themselves within hours."""
    traffic = Traffic(scene, 7)
    await scene.write(*traffic.some(200))
    with monkeypatch.context() as killed:
        killed.setattr(audit._Audit, "end", lambda _: asyncio.sleep(0))
        with pytest.raises(_AbortedError):
            await audited(scene, progress=_abort)
    left = [name for name in await leftovers(scene) if not name.startswith("audit")]
    assert left
    for name in left:
        assert 0 < await ask(scene, "PTTL", name.partition("}:")[2]) <= 6 * 3_600_000
    with pytest.raises(AuditUnderwayError):
        await audited(scene, clock=Clock(NOW + LEASE_MS - 1))
    await scene.write(*traffic.some(200), now=LEASE_MS)

    assert ([], 0) == await audited(scene, clock=Clock(NOW + LEASE_MS))
    assert set() == await leftovers(scene)


async def test_an_audit_that_was_held_up_says_so(scene: Scene) -> None:
    """When half of its lease is over, whoever writes may take it for dead: it gives up, and mends nothing."""
    await lines_up(scene)
    await ask(scene, "HINCRBY", f"u:{NAS}", "v4", 2)
    clock = Clock()

    def asleep(_: float) -> None:
        clock.at_ms = NOW + LEASE_MS // 2 + 1

    with pytest.raises(StoreError, match="held up"):
        await audited(scene, repair=True, clock=clock, progress=asleep)

    assert 5 == (await scene.usage()).v4
    assert ([Drift(box=NAS, port="", kind="v4", ledger=5, sessions=3)], 0) == await audited(scene)


async def test_an_audit_of_which_the_store_has_lost_a_part_says_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replica that takes over may lack the last buckets of the recount: they are not taken for unused."""
    await lines_up(scene)
    real, taken = audit._Audit._ask, list[list[Any]]()

    async def forgetful(one: audit._Audit, part: str, *arguments: object) -> list[Reply]:
        reply = await real(one, part, *arguments)
        taken.append(await ask(scene, "HMGET", "q", "audit", "audit.token"))
        if part == "references":
            await ask(scene, "HSET", "q", "audit", taken[-3][0].decode(), "audit.token", taken[-3][1].decode())
        return reply

    monkeypatch.setattr(audit._Audit, "_ask", forgetful)
    with pytest.raises(StoreError, match="lost a part"):
        await audited(scene, repair=True)


async def test_a_lease_from_a_clock_that_was_wrong_keeps_nobody_out(scene: Scene) -> None:
    """No audit is given an hour: such a lease does not count."""
    await lines_up(scene)
    await ask(scene, "HSET", "q", "audit", f"{NOW + 3_600_000} 4096", "audit.token", "ab 1")

    assert ([], 0) == await audited(scene)


async def test_many_ports_are_compared_in_parts(scene: Scene) -> None:
    """A box with more ports than one call deals with: none is left out, the last one neither."""
    count = 2 * audit.PORTS_AT_ONCE + 3
    await scene.write(
        *(scene.change(START, f"s{n}", hosts=[v4(n)], port=Attachment(f"1/1/{n}")) for n in range(count)),
    )
    for number in (1, audit.PORTS_AT_ONCE, count):
        await ask(scene, "HINCRBY", f"u:{NAS}", f"{number}|v4", 1)
    drifts, _ = await audited(scene)

    expected = {f"1/1/{number - 1}" for number in (1, audit.PORTS_AT_ONCE, count)}
    assert expected == {drift.port for drift in drifts}
    assert {(2, 1)} == {(drift.ledger, drift.sessions) for drift in drifts}
    assert count == (await scene.store.queries.usage(scene.domain, [BNG]))[BNG].v4
