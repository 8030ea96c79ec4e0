"""One AAA server: sockets, identifiers, what is in flight there, how it is doing, and what the operator wants of it.

Nothing here judges an answer: who receives it says whether it was authentic (`finish`, `late`).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from errno import EAGAIN
from typing import Final, Generic, Protocol, TypeVar

from bngcorr.errors import IdentifierExhausted
from bngcorr.model.vocabulary import Admin, Condition
from bngcorr.proxy.datagrams import MOST, receive, send_each
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.receive_queue import ReceiveQueue
from bngcorr.proxy.upstream.choice import Candidate, rank_of
from bngcorr.proxy.upstream.flight import IDENTIFIERS, Flight, Lane
from bngcorr.proxy.upstream.health import Health, Patience
from bngcorr.proxy.upstream.meters import ServerMeters
from bngcorr.proxy.upstream.probe import Prober
from bngcorr.proxy.upstream.row import ServerRow
from bngcorr.proxy.upstream.settings import Settings
from bngcorr.wire import attributes as a

SWEEP_EVERY_S: Final = 0.05
SMOOTH: Final = 0.1  # weight of the newest round trip

_ALIVE: Final = Condition.ALIVE

T = TypeVar("T")


class Receiver(Protocol[T]):
    """Who sends requests to AAA and gets the answers."""

    def answered(self, server: Server[T], lane: Lane[T], replies: list[bytes], now: float) -> None:
        """Datagrams came, each under the identifier of a flight of that lane."""
        ...

    def expired(self, flight: Flight[T]) -> None:
        """No answer came in time; the identifier is free again."""
        ...


class Server(Generic[T]):
    """Sends to one server and hands back what it answers."""

    def __init__(
        self,
        settings: Settings,
        patience: Patience,
        code: a.Code,
        receiver: Receiver[T],
        meters: ServerMeters,
        noise: Noise,
    ) -> None:
        """`code`: kind of the requests. Nothing is opened yet. A coroutine or a callback of the loop has to call."""
        self.code = code
        self.replies: frozenset[int] = frozenset(
            (a.Code.ACCESS_ACCEPT, a.Code.ACCESS_REJECT, a.Code.ACCESS_CHALLENGE)
            if code is a.Code.ACCESS_REQUEST
            else (a.Code.ACCOUNTING_RESPONSE,)
        )
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        self.settings = settings
        self.name = settings.name
        self.secret = settings.secret
        self.require_message_authenticator = False
        self._timeout_s = settings.timeout_s
        self.candidate = Candidate(name=settings.name, place=0, weight=settings.weight)
        self.health = Health(patience, now)
        self.admin: Admin = Admin.UP
        self.meters = meters
        self.in_flight = 0
        self._since_s = time.time()
        self._rtt_s = -1.0
        self._receiver = receiver
        self._noise = noise
        self._moved: Callable[[float], None] | None = None
        self._lanes: list[Lane[T]] = []
        self._outbox: list[Flight[T]] = []  # what goes out when all that is at hand has been worked on
        self._prober = Prober(code)
        self._timer: asyncio.TimerHandle | None = None
        self._retired = False
        self._use(settings)

    # ---- life

    def start(self) -> None:
        """Open the first socket. Raises OSError."""
        if not self._lanes:
            self._open()
            self._sweep()

    def watch(self, moved: Callable[[float], None]) -> None:
        """`moved(now)` is called whenever it may have to be chosen more, or less, than before."""
        self._moved = moved

    def change(self, settings: Settings, patience: Patience) -> None:
        """Other settings for the same server, from the next request on."""
        self._use(settings)
        self.health.change(patience, self._loop.time())

    def _use(self, settings: Settings) -> None:
        self.settings = settings
        self.secret = settings.secret
        self._timeout_s = settings.timeout_s
        self.candidate.weight = settings.weight
        self.require_message_authenticator = (
            settings.require_message_authenticator and self.code is a.Code.ACCESS_REQUEST
        )

    def set_admin(self, admin: Admin) -> None:
        """What the operator wants of it from now on."""
        now = self._loop.time()
        if self.admin is Admin.DOWN and admin is not Admin.DOWN:
            self.health.resume(now)
        self.admin = admin
        self._tell(now)

    def retire(self) -> None:
        """It is no longer of use: close it when nothing is in flight any more."""
        self._retired = True
        self._moved = None

    def close(self) -> None:
        """Close all sockets; what is in flight stays unanswered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._flush()
        self._prober.close()
        for lane in self._lanes:
            self._loop.remove_reader(lane.socket.fileno())
            lane.socket.close()
        self._lanes.clear()

    @property
    def sockets(self) -> int:
        """Open now."""
        return len(self._lanes)

    # ---- requests

    def take(self, context: T) -> Flight[T]:
        """An identifier of its own. Raises IdentifierExhausted."""
        lane = self._lanes[-1] if self._lanes else self._open()
        if not lane.free:
            lane = self._roomy()
        return Flight(self, lane, lane.free.popleft(), context)

    def _roomy(self) -> Lane[T]:
        """A socket with free identifiers, kept in the last place from now on."""
        lanes = self._lanes
        for place, lane in enumerate(lanes):
            if lane.free:
                lanes[place], lanes[-1] = lanes[-1], lane
                return lane
        if len(lanes) >= self.settings.sockets:
            raise IdentifierExhausted(f"{self.in_flight} requests in flight to {self.name}")
        try:
            return self._open()
        except OSError as error:
            raise IdentifierExhausted(f"no further socket to {self.name}: {error.strerror}") from None

    def _open(self) -> Lane[T]:
        lane: Lane[T] = Lane(self.settings.address, self.settings.source)
        self._lanes.append(lane)
        self._loop.add_reader(lane.socket.fileno(), self._drain, lane)
        return lane

    def give_back(self, flight: Flight[T]) -> None:
        """Return an identifier that was taken and never used."""
        flight.lane.free.append(flight.identifier)
        flight.context = None

    def launch(self, flight: Flight[T], octets: bytes, now: float) -> None:
        """Send, together with all else that the callbacks of the loop send now; the answer, or its absence, comes by
        callback.
        """
        flight.octets = octets
        flight.sent_at = now
        flight.deadline = now + self._timeout_s
        lane = flight.lane
        lane.flights[flight.identifier] = flight
        lane.busy += 1
        self.in_flight += 1
        self.meters.requests.inc()
        self.resend(flight, now)

    def resend(self, flight: Flight[T], now: float) -> None:
        """The same octets again: AAA knows them for a retransmission."""
        flight.last_at = now
        self.health.sent(now)
        if not self._outbox:
            self._loop.call_soon(self._flush)
        self._outbox.append(flight)

    def _flush(self) -> None:
        """One behind the other: to wake who sleeps over there costs the kernel more than to send."""
        flights, self._outbox = [flight for flight in self._outbox if flight.octets], []  # none that is over by now
        at = 0
        while at < len(flights):
            end, lane = at + 1, flights[at].lane
            while end < len(flights) and flights[end].lane is lane:
                end += 1
            some = flights[at:end]
            errors = send_each(lane.socket, [flight.octets for flight in some], None)
            if errors is not None:
                for flight, error in zip(some, errors, strict=True):
                    if error:
                        self._send_failed(flight, error, self._loop.time())
            at = end

    def _send_failed(self, flight: Flight[T], error: int, now: float) -> None:
        """The buffer is full: like a datagram lost on the way. Or the error is of an earlier one, and nothing went."""
        self.meters.failures.inc()
        if error == EAGAIN:
            return
        self._refused(now)
        with contextlib.suppress(OSError):
            flight.lane.socket.send(flight.octets)

    def finish(self, flight: Flight[T], now: float) -> None:
        """The answer was good: the identifier is free again."""
        rtt_s = now - flight.sent_at
        self.meters.rtt.observe(rtt_s)
        self._rtt_s = rtt_s if self._rtt_s < 0.0 else self._rtt_s + (rtt_s - self._rtt_s) * SMOOTH
        self._release(flight)
        self._heard(flight.sent_at, now)

    def unusable(self, flight: Flight[T], now: float) -> None:
        """An authentic answer came that can't be carried on: the server is there, but another one may do better."""
        flight.unusable = True
        self._heard(flight.sent_at, now)

    def late(self, flight: Flight[T], now: float) -> None:
        """An authentic answer to a request that has been answered by another server, or was given up."""
        self.meters.late.inc()
        self._release(flight)
        self._heard(flight.sent_at, now)

    def _release(self, flight: Flight[T]) -> None:
        lane = flight.lane
        if lane.flights[flight.identifier] is flight:
            lane.flights[flight.identifier] = None
            lane.free.append(flight.identifier)
            lane.busy -= 1
            self.in_flight -= 1

    # ---- health

    def _heard(self, sent_at: float, now: float) -> None:
        health = self.health
        trusted = health.condition is _ALIVE
        if health.heard(sent_at, now):
            self._marked(now)
        elif not trusted:
            self._tell(now)  # it may be tried again at once

    def _refused(self, now: float) -> None:
        if self.health.refused(now):
            self._marked(now)

    def _marked(self, now: float) -> None:
        """Its condition is another one."""
        self._since_s = time.time()
        host, port = self.settings.address
        self._noise.marked(self.settings.pool, self.name, host, port, self.health.condition)
        self._tell(now)

    def _tell(self, now: float) -> None:
        self.candidate.rank = rank_of(self.health.condition, self.admin)
        if self._moved is not None:
            self._moved(now)

    # ---- callbacks of the loop

    def _drain(self, lane: Lane[T]) -> None:
        now = self._loop.time()
        for _ in range(MOST):
            replies, error = receive(lane.socket, MOST)
            if replies:
                self._receiver.answered(self, lane, replies, now)
            if not error or error == EAGAIN:
                return  # if more waits, the loop says so
            self.meters.failures.inc()  # nobody listens there, or there is no way: read on
            self._refused(now)

    def _sweep(self) -> None:
        self._timer = self._loop.call_later(SWEEP_EVERY_S, self._sweep)  # first: nothing below may keep it from coming
        now = self._loop.time()
        for lane in self._lanes:
            if lane.busy:
                for flight in lane.flights:
                    if flight is not None and flight.deadline <= now:
                        self.meters.timeouts.inc()
                        self._release(flight)
                        self._receiver.expired(flight)
        if self._retired and not self.in_flight:
            self.close()
            return
        if self.admin is not Admin.DOWN and not self._retired:
            if self.health.look(now):
                self._marked(now)
            if self.health.probe_due(now):
                self._probe(now)

    def _probe(self, now: float) -> None:
        self.health.probed(now)
        self.meters.probes.inc()
        if not self._prober.send(self.settings.address, self.settings.source, self.secret, now, self._heard):
            self._refused(now)

    # ---- for people

    def queues(self) -> list[ReceiveQueue]:
        """The kernel's queue of each socket."""
        return [lane.queue for lane in self._lanes]

    def row(self) -> ServerRow:
        """How it is now."""
        return ServerRow(
            pool=self.settings.pool,
            name=self.name,
            address=self.settings.shown_address,
            state=self.health.condition,
            admin=self.admin,
            since_ms=round(self._since_s * 1000),
            in_flight=self.in_flight,
            most_in_flight=self.settings.sockets * IDENTIFIERS,
            sockets=len(self._lanes),
            requests=self.meters.requests.value,
            timeouts=self.meters.timeouts.value,
            late_replies=self.meters.late.value,
            source=self._lanes[0].source if self._lanes else "",
            rtt_s=self._rtt_s if self._rtt_s >= 0.0 else None,
        )

    def __repr__(self) -> str:
        return f"Server({self.settings.pool!r}, {self.name!r})"
