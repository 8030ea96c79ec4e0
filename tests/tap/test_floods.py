"""A customer who sends without end: neither store, queue, log nor memory is his, and requests of BNGs go on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from structlog.testing import capture_logs

from bngcorr.app.tap import REST
from bngcorr.app.tap_diagnosis import MOST_AT_ONE, MOST_LETTERS, MOST_TOLD, REMEMBERED, TapDiagnosis
from bngcorr.capture.diagnose.found import Found
from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.memory import OF_ONE, Recent, Waiting
from bngcorr.capture.record import Record
from bngcorr.correlator.allowance import FRAMES, IN_A_TURN, LEASES, SWEEP_MS, TURN_MS, Leases, Turns
from bngcorr.correlator.exchanges import Exchanges
from bngcorr.correlator.inherited import REMEMBER_MS, Lines
from bngcorr.model.vocabulary import VlanModel
from bngcorr.store.behind import SPARE, WriteBehind
from bngcorr.store.lesson import Lesson, SessionChange, Sighting
from bngcorr.store.memory import MemoryStore
from tests.tap.test_leases import ACK, ADDRESS, DISCOVER, LEASE, RELEASE, REQUEST
from tests.tap.test_taps import Bench, Clock, settings
from tests.tap.wire import BNG, CPE, frame4, line4, option4, place, said

NOW = 1_800_000_000_000
SECOND = 1_000_000_000


def mac(number: int) -> bytes:
    """One of many that a customer makes up."""
    return bytes.fromhex("000e8f") + number.to_bytes(3, "big")


def discover(number: int, line: bytes = b"mine") -> bytes:
    """From another MAC each time."""
    return frame4(DISCOVER, line4(line), chaddr=mac(number), tags=(100, 20))


def exchange(number: int, line: bytes = b"mine") -> tuple[bytes, bytes]:
    """A REQUEST, and the ACK that the customer sends himself."""
    request = frame4(REQUEST, line4(line), chaddr=mac(number), tags=(100, 20))
    answer = {"to_server": False, "yiaddr": ADDRESS, "source": BNG, "destination": mac(number), "tags": (100, 20)}
    return request, frame4(ACK, LEASE, chaddr=mac(number), **answer)  # type: ignore[arg-type]


@pytest.fixture
def bench() -> Iterator[Bench]:
    """One with leases."""
    one = Bench(settings(ledger=True))
    yield one
    one.socket.close()


def carried(bench: Bench, frames: Sequence[bytes]) -> None:
    """All of them, in as many turns as it takes."""
    for at in range(0, len(frames), 16):
        bench.carry(*frames[at : at + 16])


def test_one_line_teaches_so_much_and_others_go_on_teaching(bench: Bench) -> None:
    """The line is what the access node says, so it is the one thing that he can't make up."""
    carried(bench, [discover(number) for number in range(IN_A_TURN + 20)])
    bench.carry(discover(999, b"olt7/9"))
    lines = [one.line for one in bench.of(Sighting) if isinstance(one, Sighting)]

    assert (IN_A_TURN + 1, 1) == (len(lines), lines.count(lines[-1]))
    assert 20 == bench.count("bngcorr_tap_discards_total", reason="flood")


def test_frames_of_one_vlan_pair_are_passed_over_before_they_cost_anything() -> None:
    """Where it is one line: no more of its frames are decoded than a household sends; others are. On a shared VLAN it
    says nothing.
    """
    frames = [frame4(DISCOVER, chaddr=mac(number), tags=(0xE064, 20)) for number in range(FRAMES + 10)]
    other = frame4(DISCOVER, tags=(100, 21))
    taken = []
    for model in (VlanModel.PER_LINE, VlanModel.SHARED):
        bench = Bench(settings())
        bench.taps.use({"eth1": place(vlan_model=model)})
        carried(bench, [*frames, frame4(DISCOVER, chaddr=mac(1), tags=(100, 20)), other])
        taken.append(bench.count("bngcorr_tap_frames_total", protocol="dhcp4"))
        bench.socket.close()

    assert [FRAMES + 1, FRAMES + 12] == taken


def test_one_line_has_so_many_leases_in_the_ledger(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """With answers that he sends himself: none beyond, whatever time he takes; nor are leases over that never were."""
    clock = iter(range(NOW, NOW + 10**9, 4000))
    monkeypatch.setattr(Clock, "now_ms", lambda _: next(clock))
    for number in range(LEASES + 5):
        bench.carry(*exchange(number))
    taken = len(bench.of(SessionChange))
    bench.carry(frame4(RELEASE, ciaddr=ADDRESS, chaddr=mac(999_999), tags=(100, 20)))

    assert (LEASES, LEASES) == (taken, len(bench.of(SessionChange)))
    assert 5 == bench.count("bngcorr_tap_discards_total", reason="flood")


def test_renewing_without_end_is_no_more_work_for_the_store(bench: Bench) -> None:
    """Another exchange each time, for one and the same lease."""
    for number in range(IN_A_TURN + 10):
        xid = number.to_bytes(4, "big")
        request = frame4(REQUEST, ciaddr=ADDRESS, xid=xid)
        bench.carry(request, frame4(ACK, LEASE, to_server=False, yiaddr=ADDRESS, source=BNG, destination=CPE, xid=xid))

    assert IN_A_TURN == len(bench.of(SessionChange))


def test_leases_that_have_ended_make_room_for_others() -> None:
    """Of a household, and of a tap; a renewal needs none."""
    held = Leases(most=3)
    names = [f"{number:024x}" for number in range(6)]
    first = [held.given(name, None, NOW + 1000, NOW) for name in names[:4]]
    renewed = held.given(names[0], None, NOW + 90_000, NOW + 500)
    later = [held.given(name, None, NOW + 90_000, NOW + SWEEP_MS) for name in names[3:]]

    assert ([True] * 3 + [False], True, [True, True, False]) == (first, renewed, later)
    assert ([True, False], 2) == ([held.over(names[0]), held.over(names[0])], len(held))


def test_a_household_whose_leases_have_ended_begins_anew() -> None:
    """Nothing is kept of it meanwhile."""
    held = Leases()
    for number in range(LEASES):
        held.given(f"{number:024x}", "line", NOW + 1000, NOW)

    assert not held.given("f" * 24, "line", NOW + 5000, NOW + 10)
    assert held.given("f" * 24, "line", NOW + 5000, NOW + 1001)
    assert 1 == len(held)


def test_turns_of_lines_that_were_silent_for_longest_are_forgotten() -> None:
    """Memory is bounded; a clock that was set back is another turn."""
    turns = Turns(most=2)
    spent = [turns.admits("a", NOW) for _ in range(IN_A_TURN + 1)]
    back = turns.admits("a", NOW - TURN_MS)
    for line in "bcd":
        turns.admits(line, NOW)

    assert ([True] * IN_A_TURN + [False], True, 2) == (spent, back, len(turns._turns))


@pytest.mark.asyncio
async def test_a_tap_leaves_the_queue_to_what_bngs_say() -> None:
    """Whether the store is slow or away: accounting is never refused, nor anything given up, for frames of a tap."""
    limit = 1000
    lost: list[Lesson] = []
    behind = WriteBehind(MemoryStore(), Clock(), limit=limit, written=lambda *_: None, lost=lost.extend)
    bench = Bench(settings(), behind.put, lambda: behind.has_room)
    carried(bench, [discover(number, b"line %d" % number) for number in range(limit)])
    await asyncio.sleep(0)

    assert (round(limit * SPARE), False, []) == (len(behind), behind.full, lost)
    assert limit - len(behind) == bench.count("bngcorr_tap_discards_total", reason="backlog")
    bench.socket.close()


@pytest.mark.asyncio
async def test_a_tap_takes_its_share_of_time_however_frames_come(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One at a time as well: it never finds a full turn's worth, and yet rests."""
    frame, took_s = discover(1), 0.002

    def carry(record: Record) -> None:
        bench.socket.put(record.octets)
        time.sleep(took_s)

    monkeypatch.setattr(bench.tap, "_carry", carry)
    bench.socket.put(frame)
    turns = bench.socket.read

    read: list[int] = []

    def counted(most: int) -> list[Record]:
        read.append(most)
        return turns(most)

    monkeypatch.setattr(bench.socket, "read", counted)
    bench.tap.start()
    began = time.monotonic()
    for _ in range(20):
        await asyncio.sleep(0.01)
    share = len(read) * took_s / (time.monotonic() - began)
    bench.taps.stop()

    assert 0 < share <= 1.2 / (1 + REST)


def test_a_bug_that_frames_show_again_and_again_is_told_once_a_minute() -> None:
    """And counted each time."""

    def fail(_: Lesson) -> None:
        raise RuntimeError("a bug")

    bench = Bench(settings(), fail)
    with capture_logs() as logs:
        bench.carry(*[discover(number) for number in range(5)])

    assert (1, 5) == (len(logs), bench.count("bngcorr_tap_discards_total", reason="internal-error"))
    bench.socket.close()


def test_an_exchange_is_kept_without_the_octets_of_its_message() -> None:
    """A long message costs no more than a short one; what its answer is compared with is there."""
    exchanges = Exchanges()
    padding = b"".join(option4(code, b"x" * 200) for code in range(224, 230))
    exchanges.note(said(frame4(REQUEST, line4(b"olt7/9") + padding)), NOW)
    ack = said(frame4(ACK, LEASE, to_server=False, yiaddr=ADDRESS, source=BNG, destination=CPE))
    noted = exchanges.note(ack, NOW + 5)

    assert noted.owner is not None
    assert (None, None, 1) == (noted.owner.four, noted.owner.raw_remote_id, len(noted.leases))
    assert said(frame4(REQUEST, line4(b"olt7/9"))).keyring.hashes == noted.owner.keyring.hashes


def test_a_cpe_that_has_moved_is_on_its_new_line_a_day_later() -> None:
    """Also if it is heard of every hour."""
    lines, where = Lines(), place(vlan_model=VlanModel.SHARED)
    hour = REMEMBER_MS // 24
    found = []
    for at, line in enumerate((b"old", *[b"new"] * 27)):
        told = said(frame4(DISCOVER, line4(line)), where)
        lines.learn(told, NOW + at * hour)
        inherited = lines.of(told, NOW + at * hour)
        found.append(None if inherited is None else inherited[1].remote_id)

    assert [b"old", *[None] * 24, *[b"new"] * 3] == found


# ---- findings


def every(kind: type, of: object) -> list[object]:
    """What the detectors behind a tap remember with."""
    assert isinstance(of, TapDiagnosis)
    return [
        one
        for detector in of._diagnosis._all
        for name in dir(detector)
        if isinstance(one := getattr(detector, name), kind)
    ]


def test_what_detectors_of_a_tap_remember_is_small() -> None:
    """A capture ends, a tap does not; and there may be many of them. After lost frames as well."""
    diagnosis = TapDiagnosis("eth1")
    for _ in range(2):
        bounds = [one._most for kind in (Recent, Waiting) for one in every(kind, diagnosis)]  # type: ignore[attr-defined]

        assert len(bounds) > 40
        assert max(bounds) <= REMEMBERED
        diagnosis.missed()


def test_of_one_id_only_a_few_cpes_and_ports_are_kept() -> None:
    """Who has one Remote-Id, or line, can be as many as somebody likes to be."""
    diagnosis = TapDiagnosis("eth1")
    for number in range(200):
        ids = (line4(b"mine", b"port"), line4(b"mine", b"port %d" % number))
        for octets in [frame4(DISCOVER, one, chaddr=mac(number)) for one in ids]:
            diagnosis.see(Record(number, NOW + number * SECOND, octets, len(octets), 1, 0))
    kept = [
        len(value)
        for one in every(Recent, diagnosis)
        for value in one.values()  # type: ignore[attr-defined]
        if isinstance(value, (dict, set))
    ]

    assert 30 < max(kept) <= 2 + max(OF_ONE, 32)


def told(diagnosis: TapDiagnosis, looks: int) -> list[str]:
    """Subjects of what is told in so many looks."""
    return [
        one.subject for look in range(looks) for one in diagnosis.look(NOW * 1_000_000 + look * SECOND, place(), NOW)
    ]  # fmt: skip


def found(subject: str, where: str, fault: Fault = Fault.ROUTER_GONE) -> Found:
    """A fault of now."""
    return Found(fault, subject, where, "withdraws", (1,), NOW * 1_000_000)


def test_faults_made_up_on_one_vlan_hide_no_other() -> None:
    """However many he makes up, and however early."""
    diagnosis = TapDiagnosis("eth1")
    for number in range(1000):
        diagnosis._diagnosis.faults.add(found(f"router {number}", "eth1 100.20"))
    diagnosis._diagnosis.faults.add(found("the router", "eth1 300.30"))
    subjects = told(diagnosis, 10)

    assert MOST_AT_ONE + 1 == len(subjects)
    assert "router_gone the router (eth1 300.30)" in subjects


def test_more_faults_than_people_can_read_are_not_told() -> None:
    """The log says so once."""
    diagnosis = TapDiagnosis("eth1")
    for fault in (Fault.ROUTER_GONE, Fault.MANY_PREFIXES, Fault.MOVING_ADDRESS):
        for number in range(128):
            diagnosis._diagnosis.faults.add(found("a router", f"eth1 {number}", fault))
    with capture_logs() as logs:
        subjects = told(diagnosis, 60)

    assert MOST_TOLD == len(subjects)
    assert ["more faults on the wire than are told"] == [one["event"] for one in logs]


def test_what_a_customer_wrote_is_shortened_in_findings() -> None:
    """Ids of two kilobytes are no names; two that begin alike are two."""
    diagnosis = TapDiagnosis("eth1")
    for end in "ab":
        diagnosis._diagnosis.faults.add(found("x" * 2000 + end, "eth1"))
    subjects = told(diagnosis, 1)

    assert 2 == len(set(subjects))
    assert max(map(len, subjects)) < MOST_LETTERS + 50


def test_what_was_waited_for_is_not_missed_because_the_clock_was_set() -> None:
    """The detectors begin anew when the system's clock jumps."""
    bench = Bench(settings(diagnose=True))
    frames: Callable[[], int] = lambda: bench.tap._diagnosis._diagnosis.frames  # type: ignore[union-attr]  # noqa: E731
    bench.tap.look()
    bench.carry(discover(1))
    bench.tap._diagnosed_at = -10.0
    bench.tap.look()
    before = frames()
    bench.tap._ahead_s -= 5
    bench.tap._diagnosed_at = -10.0
    bench.tap.look()

    assert (1, 0) == (before, frames())
    bench.socket.close()


@pytest.mark.asyncio
async def test_two_processes_that_tap_the_same_frames_tell_what_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with a clock that is off by some milliseconds, in any order: sessions, addresses and lines are the same."""
    shown = []
    for replicas in (1, 2):
        store, lessons = MemoryStore(), []
        for number in range(replicas):
            monkeypatch.setattr(Clock, "now_ms", lambda _, offset=number: NOW + 7 * offset)
            bench = Bench(settings(ledger=True))
            bench.carry(*exchange(1))
            lessons.append(list(bench.learnt))
            bench.socket.close()
        words = [word for told in zip(*lessons, strict=True) for word in await store.write(list(reversed(told)), NOW)]
        usage = (await store.usage("d", ["bng1"]))["bng1"]
        domain = store.domain("d")
        shown.append((usage, len(domain.sessions), len(domain.lines), len(domain.closed)))

        assert not [word for word in words if "duplicate" in word and "," in word]
    assert shown[0] == shown[1]
    assert (1, 1, 1, 0) == (shown[0][0].v4, *shown[0][1:])
