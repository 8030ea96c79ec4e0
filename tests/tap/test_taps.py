"""From frames to lessons, and what is passed over by name."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from bngcorr.app import tap as module
from bngcorr.app.tap import MOST, Taps
from bngcorr.app.tap_meters import TapMeters
from bngcorr.capture.live import Link
from bngcorr.capture.record import Record
from bngcorr.config.tap import Tap
from bngcorr.store.lesson import Lesson, SessionChange, SessionStep, Sighting
from tests.tap.test_leases import ACK, ADDRESS, DISCOVER, LEASE, REQUEST
from tests.tap.wire import BNG, CPE, frame4, frame6, line4, message6, option4, place, relay6, remote6

NOW = 1_800_000_000_000
OFFERED = option4(50, bytes((203, 0, 113, 9)))
ASKED = frame4(REQUEST, line4(b"olt7/9") + OFFERED)
ANSWERED = frame4(ACK, LEASE, to_server=False, yiaddr=ADDRESS, source=BNG, destination=CPE)


class Clock:
    """Stands still."""

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return NOW


class Socket:
    """A packet socket with frames that wait; they came so many seconds ago."""

    def __init__(self) -> None:
        self.opened, self._other = socket.socketpair()
        self.opened.setblocking(False)
        self.waiting: list[Record] = []
        self.link = Link.UP
        self.dropped = 0

    def put(self, *frames: bytes, ago_s: float = 0.0) -> None:
        """They wait from now on."""
        at_ns = time.time_ns() - int(ago_s * 1e9)
        self.waiting += [Record(number, at_ns, one, len(one), 1, 0) for number, one in enumerate(frames, start=1)]
        self._other.send(b"x" * len(frames))

    def read(self, most: int) -> list[Record]:
        """As TapSocket has it."""
        read, self.waiting = self.waiting[:most], self.waiting[most:]
        if read:
            self.opened.recv(len(read))
        return read

    def look(self) -> Link:
        """As TapSocket has it."""
        return self.link

    def more_drops(self) -> int:
        """As TapSocket has it."""
        more, self.dropped = self.dropped, 0
        return more

    def close(self) -> None:
        """Both ends."""
        self.opened.close()
        self._other.close()


class Bench:
    """One tap on a bench."""

    def __init__(
        self,
        settings: Tap,
        put: Callable[[Lesson], None] | None = None,
        has_room: Callable[[], bool] | None = None,
    ) -> None:
        self.learnt: list[Lesson] = []
        self.has_room = True
        self.registry = CollectorRegistry()
        self.taps = Taps(
            [settings], Clock(), put or self.learnt.append, has_room=has_room or (lambda: self.has_room),
            meters=TapMeters(self.registry), remember_ms=86_400_000,
        )  # fmt: skip
        self.socket = Socket()
        (self.tap,) = self.taps._taps
        self.tap.socket = self.socket  # type: ignore[assignment]
        self.taps.use({"eth1": place()})

    def carry(self, *frames: bytes, ago_s: float = 0.0) -> None:
        """One turn with these frames."""
        self.socket.put(*frames, ago_s=ago_s)
        self.tap.read()

    def count(self, name: str, **labels: str) -> float:
        """What a metric says."""
        return self.registry.get_sample_value(name, {"interface": "eth1", **labels}) or 0

    def of(self, kind: type[Lesson]) -> list[Lesson]:
        """Lessons of a kind."""
        return [one for one in self.learnt if isinstance(one, kind)]


def settings(**changes: object) -> Tap:
    """A tap on eth1."""
    return Tap.model_validate({"interface": "eth1", "bng": "bng1", **changes})


@pytest.fixture
def bench() -> Iterator[Bench]:
    """With all defaults."""
    one = Bench(settings())
    yield one
    one.socket.close()


def test_a_discover_becomes_a_sighting_of_its_instant(bench: Bench) -> None:
    """Store time, less what the frame has waited."""
    bench.carry(frame4(DISCOVER, line4(b"olt7/9"), tags=(100, 20)), ago_s=0.5)
    (seen,) = bench.of(Sighting)

    assert isinstance(seen, Sighting)
    assert -560 <= seen.at_ms - NOW <= -500
    assert ("1/1/4:100.20", CPE, True) == (str(seen.port), seen.address, seen.v4_evident)
    assert 1 == bench.count("bngcorr_tap_sightings_total", protocol="dhcpv4")
    assert 1 == bench.count("bngcorr_tap_frames_total", protocol="dhcp4")


def test_leases_are_noted_only_if_asked_for(bench: Bench) -> None:
    """Sessions of their own would count twice where accounting counts sessions."""
    bench.carry(ASKED, ANSWERED)
    asked = Bench(settings(ledger=True))
    asked.carry(ASKED, ANSWERED)

    assert [] == bench.of(SessionChange)
    (step,) = asked.of(SessionChange)
    assert isinstance(step, SessionChange)
    assert (SessionStep.START, [f"v4||{ADDRESS}"]) == (step.step, [str(host) for host in step.hosts or ()])
    assert 1 == asked.count("bngcorr_tap_leases_total", done="given")
    asked.socket.close()


def test_a_frame_that_waited_too_long_is_passed_over(bench: Bench) -> None:
    """Others wait behind it, and the window is past."""
    bench.carry(ASKED, ago_s=2.5)

    assert [] == bench.learnt
    assert 1 == bench.count("bngcorr_tap_discards_total", reason="late")


def test_while_the_store_does_not_keep_up_nothing_is_put(bench: Bench) -> None:
    """Lessons of requests must not be lost for those of a tap."""
    bench.has_room = False
    bench.carry(ASKED)

    assert [] == bench.learnt
    assert 1 == bench.count("bngcorr_tap_discards_total", reason="backlog")


def test_malformed_frames_are_counted_by_reason(bench: Bench) -> None:
    """A message without its cookie, and one whose lengths point behind the end."""
    broken = frame4(DISCOVER)
    bench.carry(broken[: 42 + 236] + bytes(4) + broken[42 + 240 :], broken[:100])

    assert 1 == bench.count("bngcorr_tap_discards_total", reason="no-cookie")
    assert 1 == bench.count("bngcorr_tap_discards_total", reason="overrun")


def test_a_bug_costs_one_frame() -> None:
    """The others of the turn are carried."""
    put: list[Lesson] = []

    def fail(lesson: Lesson) -> None:
        put.append(lesson)
        if len(put) == 1:
            raise RuntimeError("a bug")

    bench = Bench(settings(), fail)
    with capture_logs() as logs:
        bench.carry(ASKED, frame6(relay6(message6(1), remote6(b"olt7/9"))))

    assert 2 == len(put)
    assert 1 == bench.count("bngcorr_tap_discards_total", reason="internal-error")
    assert ["internal error, frame passed over"] == [one["event"] for one in logs]
    bench.socket.close()


@pytest.mark.asyncio
async def test_a_storm_leaves_the_loop_to_requests(bench: Bench) -> None:
    """A full turn is followed by a rest, and then by the next one."""
    bench.tap.start()
    bench.socket.put(*[ASKED] * (MOST + 3))
    turns = 0  # of others, while frames wait
    deadline = time.monotonic() + 5
    while bench.socket.waiting and time.monotonic() < deadline:
        await asyncio.sleep(0)
        turns += 1

    assert turns > 3
    assert MOST + 3 == bench.count("bngcorr_tap_frames_total", protocol="dhcp4")
    bench.taps.stop()


def test_the_state_is_told_once_for_each_change(bench: Bench) -> None:
    """Degraded while the interface is away; what the kernel dropped is counted."""
    states = []
    with capture_logs() as logs:
        for link in (Link.UP, Link.DOWN, Link.DOWN, Link.UP):
            bench.socket.link, bench.socket.dropped = link, 2
            bench.tap.look()
            states.append((bench.taps.state, bench.count("bngcorr_tap_up")))

    assert [("ok", 1), ("degraded", 0), ("degraded", 0), ("ok", 1)] == states
    told = [one["event"] for one in logs]
    dropped = "the kernel dropped frames before they were read"
    assert ["tap listens", dropped, "tap hears nothing", "tap listens"] == told
    assert 8 == bench.count("bngcorr_tap_kernel_drops_total")


def test_a_tap_whose_bng_is_gone_rests(bench: Bench) -> None:
    """After a reload, until it is there again."""
    bench.taps.use({})
    bench.carry(ASKED)
    nothing = list(bench.learnt)
    bench.taps.use({"eth1": place()})
    bench.carry(frame4(DISCOVER, line4(b"olt7/9")))

    assert ([], 1) == (nothing, len(bench.learnt))


def test_without_permission_one_line_says_how_to_grant_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the process goes on; taps that can't be opened are degraded."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(module, "TapSocket", refused)
    monkeypatch.setattr(module, "give_up", lambda: True)
    taps = Taps(
        [settings(), settings(interface="eth2")], Clock(), lambda _: None, has_room=lambda: True,
        meters=TapMeters(CollectorRegistry()), remember_ms=1,
    )  # fmt: skip
    with capture_logs() as logs:
        taps.open()
        taps.start()

    assert "degraded" == taps.state
    (said,) = logs
    assert all(word in said["hint"] for word in ("setcap", "AmbientCapabilities", "securityContext"))


def test_no_taps_are_no_part_of_readiness() -> None:
    """Nor is any privilege touched."""
    taps = Taps(
        [], Clock(), lambda _: None, has_room=lambda: True, meters=TapMeters(CollectorRegistry()), remember_ms=1
    )  # fmt: skip
    taps.open()

    assert taps.state is None
