"""Taps: DHCP as it passes on an interface teaches what requests of BNGs teach (docs/tap.md)."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from bngcorr.app.capability import give_up
from bngcorr.app.tap_diagnosis import TapDiagnosis
from bngcorr.app.tap_meters import TapMeters
from bngcorr.capture import bpf
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.capture.live import Link, TapSocket
from bngcorr.capture.record import Record
from bngcorr.config.tap import Tap as Settings
from bngcorr.correlator import dhcp, leases
from bngcorr.correlator.allowance import FRAMES, Leases, Turns
from bngcorr.correlator.dhcp import Told
from bngcorr.correlator.exchanges import Exchanges, Noted
from bngcorr.correlator.inherited import Lines
from bngcorr.correlator.place import Place
from bngcorr.model.vocabulary import VlanModel
from bngcorr.proxy.receive_queue import ReceiveQueue
from bngcorr.store.contract import Clock
from bngcorr.store.lesson import Lesson, SessionChange
from bngcorr.wire.frames import tag_pair

MOST: Final = 16  # frames of an interface at one turn of the event loop
REST: Final = 3  # after each turn: so many times as long as that took, for the requests of BNGs
LONGEST_S: Final = 0.1
LATE_NS: Final = 2_000_000_000  # a frame that waited longer is of no use for the window, and others wait behind it
LOOK_EVERY_S: Final = 1.0
DIAGNOSE_EVERY_S: Final = 2.0
JUMP_S: Final = 1.0  # of the system's clock against the one that nobody sets
TELL_EVERY_S: Final = 60.0
HOW_TO: Final = (
    "setcap cap_net_raw+ep on the interpreter, AmbientCapabilities=CAP_NET_RAW in the unit of systemd, or "
    "securityContext.capabilities.add: [NET_RAW] for a container of root in Kubernetes; docs/tap.md"
)

log = structlog.get_logger()


class _Tap:
    """One interface."""

    def __init__(
        self, settings: Settings, number: int, clock: Clock, put: Callable[[Lesson], None],
        has_room: Callable[[], bool], meters: TapMeters, remember_ms: int,
    ) -> None:  # fmt: skip
        self.settings: Final = settings
        self.link: Link | None = None  # None: it was not looked for so far
        self.place: Place | None = None  # None: its BNG is not configured any more
        self.socket: TapSocket | None = None
        self._number: Final = number
        self._clock: Final = clock
        self._put: Final = put
        self._has_room: Final = has_room
        self._meters: Final = meters
        self._remember_ms: Final = remember_ms
        self._exchanges: Final = Exchanges()
        self._lines: Final = Lines()
        self._allowed: Final = Turns()
        self._renewals: Final = Turns()
        self._frames: Final = Turns(in_a_turn=FRAMES)
        self._under_way: Final = Leases()
        self._diagnosis: Final = TapDiagnosis(settings.interface) if settings.diagnose else None
        self._resting: asyncio.TimerHandle | None = None
        self._diagnosed_at = 0.0  # monotonic seconds
        self._missed = False  # frames, since the last look
        self._untold = 0  # frames that the kernel dropped since that was said last
        self._told_at = -TELL_EVERY_S  # monotonic seconds
        self._failed_at = -TELL_EVERY_S  # likewise, of internal errors
        self._ahead_s = time.time() - time.monotonic()  # of the clock that frames have their instants from
        meters.up.labels(settings.interface).set(0)
        meters.drops.labels(settings.interface)

    def open(self) -> None:
        """Raises OSError."""
        settings = self.settings
        instructions = bpf.program(neighbours=settings.diagnose)
        self.socket = TapSocket(settings.interface, self._number, instructions, outgoing=settings.outgoing)
        queue = ReceiveQueue(self.socket.opened, settings.receive_buffer)
        log.info("tap opened", interface=settings.interface, bng=settings.bng, receive_buffer=queue.granted)
        if queue.granted < queue.requested:
            log.warning(
                "receive buffer is smaller than asked for", interface=settings.interface, granted=queue.granted,
                asked=queue.requested, hint=f"sysctl -w net.core.rmem_max={queue.requested}",
            )  # fmt: skip

    def start(self) -> None:
        """Read from now on."""
        if self.socket is not None:
            asyncio.get_running_loop().add_reader(self.socket.opened.fileno(), self._turn)

    def look(self) -> None:
        """At the interface, and at what takes its time."""
        if self.socket is None:
            return
        name, link = self.settings.interface, self.socket.look()
        if link is not self.link:
            if link is Link.UP:
                log.info("tap listens", interface=name, bng=self.settings.bng)
            else:
                log.warning("tap hears nothing", interface=name, link=str(link), hint=_HINTS[link])
            self.link = link
        self._meters.up.labels(name).set(link is Link.UP)
        self.refresh()
        now = time.monotonic()
        if self._diagnosis is None or now - self._diagnosed_at < DIAGNOSE_EVERY_S:
            return
        self._diagnosed_at = now
        ahead_s = time.time() - time.monotonic()
        if abs(ahead_s - self._ahead_s) > JUMP_S:  # what was waited for so far was not waited for as long as it seems
            self._missed = True
        self._ahead_s = ahead_s
        if self._missed:
            self._diagnosis.missed()
            self._missed = False
        if self.place is not None:
            for finding in self._diagnosis.look(time.time_ns(), self.place, self._clock.now_ms()):
                self._meters.faults.labels(name).inc()
                self._put(finding)

    def refresh(self) -> None:
        """What the kernel dropped."""
        if self.socket is None:
            return
        more = self.socket.more_drops()
        if more:
            self._missed = True
        self._meters.drops.labels(self.settings.interface).inc(more)
        self._untold += more
        now = time.monotonic()
        if self._untold and now - self._told_at >= TELL_EVERY_S:
            log.warning(
                "the kernel dropped frames before they were read", interface=self.settings.interface,
                dropped=self._untold, hint="more comes than a tap may take, or its receive_buffer is too small",
            )  # fmt: skip
            self._untold, self._told_at = 0, now

    # ---- reading

    def _turn(self) -> None:
        if self.socket is None:
            return
        started = time.monotonic()
        self.read()
        loop = asyncio.get_running_loop()
        loop.remove_reader(self.socket.opened.fileno())
        self._resting = loop.call_later(min(REST * (time.monotonic() - started), LONGEST_S), self.start)

    def read(self) -> None:
        """Some of the frames that wait."""
        for record in [] if self.socket is None else self.socket.read(MOST):
            try:
                self._carry(record)
            except Exception:
                self._failed()

    def _failed(self) -> None:
        """Count a bug of ours; not each of them is told, for somebody may send what it takes again and again."""
        self._discard("internal-error")
        now = time.monotonic()
        if now - self._failed_at >= TELL_EVERY_S:
            self._failed_at = now
            log.exception("internal error, frame passed over", interface=self.settings.interface)

    def _carry(self, record: Record) -> None:
        waited_ns = max(time.time_ns() - (record.at_ns or 0), 0)
        if waited_ns > LATE_NS:
            self._discard("late")
            self._missed = True
            return
        pair = None if self.place is None or self.place.vlan_model is VlanModel.SHARED else tag_pair(record.octets)
        if pair is not None and not self._frames.admits(pair, self._clock.now_ms()):
            self._discard("flood")  # one line's: cheap, for others wait behind it
            return
        seen = Seen(record) if self._diagnosis is None else self._diagnosis.see(record)
        if seen is None:
            self._discard("copy")
            return
        self._meters.frames.labels(self.settings.interface, seen.concern.name.lower()).inc()
        refused = seen.frame.fault if seen.refused is None else seen.refused.reason
        if refused is not None:
            self._discard(str(refused))
        elif seen.dhcp4 is not None or seen.dhcp6 is not None:
            self._learn(seen, self._clock.now_ms() - waited_ns // 1_000_000)

    def _learn(self, seen: Seen, at_ms: int) -> None:
        told = None if self.place is None else _told(seen, self.place)
        if told is None:
            return
        if not self._has_room():
            self._discard("backlog")
            return
        noted = self._exchanges.note(told, at_ms)
        sighting = None if noted.copy else told.sighting(at_ms, self._remember_ms)
        if sighting is not None:
            if not self._allowed.admits(sighting.line, at_ms):
                self._discard("flood")
                return
            self._meters.sightings.labels(self.settings.interface, str(told.trigger)).inc()
            self._put(sighting)
        if self.settings.ledger:
            self._note_leases(told, noted, at_ms)

    def _note_leases(self, told: Told, noted: Noted, at_ms: int) -> None:
        self._lines.learn(told, at_ms)
        owner = noted.owner
        if owner is None or not owner.believed:
            return
        for lease in noted.leases:
            change = leases.step(told, owner, lease, at_ms, self._lines.of(owner, at_ms))
            if not lease.life_ms:
                if not self._under_way.over(change.session):
                    continue
            elif not self._admits(change, leases.household(change, owner), at_ms):
                self._discard("flood")
                continue
            self._meters.leases.labels(self.settings.interface, "given" if lease.life_ms else "over").inc()
            self._put(change)

    def _admits(self, change: SessionChange, household: str | None, at_ms: int) -> bool:
        if not self._renewals.admits(household or change.session, at_ms):
            return False
        return self._under_way.given(change.session, household, change.until_ms, at_ms)

    def _discard(self, reason: str) -> None:
        self._meters.discards.labels(self.settings.interface, reason).inc()

    def stop(self) -> None:
        """Read no more."""
        if self._resting is not None:
            self._resting.cancel()
        if self.socket is not None:
            asyncio.get_running_loop().remove_reader(self.socket.opened.fileno())
            self.socket.close()
            self.socket = None


_HINTS: Final[Mapping[Link, str]] = {
    Link.DOWN: "ip link set it up",
    Link.ABSENT: "it is looked for every second",
    Link.FOREIGN: "only Ethernet can be tapped",
}


def _told(seen: Seen, place: Place) -> Told | None:
    if seen.dhcp4 is not None:
        return dhcp.of4(seen.dhcp4, seen.frame, place)
    return None if seen.dhcp6 is None else dhcp.of6(seen.dhcp6, seen.frame, place)


class Taps:
    """All of a process."""

    def __init__(
        self,
        settings: Sequence[Settings],
        clock: Clock,
        put: Callable[[Lesson], None],
        *,
        has_room: Callable[[], bool],
        meters: TapMeters,
        remember_ms: int,
    ) -> None:
        """Nothing is opened yet. `has_room`: whether lessons may be put that no request has brought."""
        self._taps: Final = [
            _Tap(one, number, clock, put, has_room, meters, remember_ms) for number, one in enumerate(settings)
        ]

    @property
    def state(self) -> str | None:
        """For people: ok, or degraded while some interface can't be read; None: there are none."""
        if not self._taps:
            return None
        return "ok" if all(tap.link is Link.UP for tap in self._taps) else "degraded"

    def use(self, places: Mapping[str, Place]) -> None:
        """These rules from now on, by interface."""
        for tap in self._taps:
            tap.place = places.get(tap.settings.interface)
            if tap.place is None:
                log.warning("tap rests, its BNG is not configured", interface=tap.settings.interface)

    def open(self) -> None:
        """Open all sockets, and give up the privilege that it takes. Never raises: the service runs without taps."""
        if not self._taps:
            return
        for tap in self._taps:
            try:
                tap.open()
            except PermissionError:
                log.error(  # noqa: TRY400 -- no bug of ours
                    "no taps: CAP_NET_RAW is needed to open packet sockets", interface=tap.settings.interface,
                    hint=HOW_TO,
                )  # fmt: skip
                break
            except OSError as error:
                hint = "RestrictAddressFamilies= in the unit of systemd needs AF_PACKET, too"
                log.error(  # noqa: TRY400 -- likewise
                    "no tap", interface=tap.settings.interface, error=error.strerror,
                    hint=hint if error.errno == errno.EAFNOSUPPORT else None,
                )  # fmt: skip
        if not give_up():
            log.warning("CAP_NET_RAW could not be given up", hint="nothing needs it any more")

    def start(self) -> None:
        """Read from now on."""
        for tap in self._taps:
            tap.look()
            tap.start()

    async def run(self) -> None:
        """Look at the interfaces until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for tap in self._taps:
                tap.look()

    def refresh(self) -> None:
        """Bring metrics up to date."""
        for tap in self._taps:
            tap.refresh()

    def stop(self) -> None:
        """Close everything."""
        for tap in self._taps:
            tap.stop()
