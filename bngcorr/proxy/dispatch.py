"""To AAA and back: which server, which identifier, what leaves and what may come back; the answer to the BNG.

What a BNG sends again goes through here as well. Anything unexpected drops that one datagram as `internal-error`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

from bngcorr.errors import Malformed, NoUpstream, WireError
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import DropReason, Mode, Outcome
from bngcorr.proxy import hops
from bngcorr.proxy.brake import LONGEST_S, Brake
from bngcorr.proxy.chatter import Chatter
from bngcorr.proxy.exchange import Admission, Exchange, Exchanges
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.normalise import normalised
from bngcorr.proxy.notes import Notes
from bngcorr.proxy.replies import Replies, Reply
from bngcorr.proxy.request import Request
from bngcorr.proxy.sockets import Datagram, NasSocket
from bngcorr.proxy.tracing import Tracer
from bngcorr.proxy.upstream.flight import Flight, Lane
from bngcorr.proxy.upstream.pool import Pool
from bngcorr.proxy.upstream.routes import Way
from bngcorr.proxy.upstream.server import Server
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.hiding import Hidden
from bngcorr.wire.octets import Edit

RANDOM_OCTETS: Final = 4096  # asked of the system at a time

# named here once: looking a member up in its class costs more than the comparison
_ACCESS_CHALLENGE: Final = int(a.Code.ACCESS_CHALLENGE)
_ACCESS_REQUEST: Final = int(a.Code.ACCESS_REQUEST)
_ANSWERED: Final = Admission.ANSWERED
_RESEND: Final = Admission.RESEND
_MATCHED: Final = Outcome.MATCHED
_CONFLICT: Final = Outcome.CONFLICT
_OBSERVE: Final = Mode.OBSERVE


class Dispatch:
    """Sends judged requests to AAA, and receives what AAA answers (`upstream.server.Receiver`)."""

    def __init__(
        self,
        exchanges: Exchanges,
        *,
        hidden: Mapping[int, Hidden],
        notes: Notes,
        meters: Meters,
        noise: Noise,
        tracer: Tracer,
        room: Callable[[], int],
        chatter: Chatter | None = None,
    ) -> None:
        """`hidden`: how attributes are hidden, by their keys. `room`: lessons that may be put before the store lags.
        `chatter`: who tells every hop, if anybody does.
        """
        self.exchanges = exchanges
        self._hidden = hidden
        self._notes = notes
        self._meters = meters
        self._noise = noise
        self._chatter = chatter
        self._tracer = tracer
        self._in_flight = 0
        self._nonce = os.urandom(4)
        self._serial = 0
        self._ways: Mapping[int, Way[Request]] = {}
        self._random = b""
        self._random_at = 0
        self.replies = Replies(notes=notes, meters=meters, noise=noise, chatter=chatter)
        self.brake = Brake(room, self._answer, meters=meters, noise=noise)

    def send_by(self, ways: Mapping[int, Way[Request]]) -> None:
        """Send requests of each code to these pools from now on."""
        self._ways = ways

    @property
    def in_flight(self) -> int:
        """Requests that are being worked on."""
        return self._in_flight

    # ---- from the BNG

    def begin(self, request: Request) -> None:
        """Its exchange is new."""
        request.link.exchange.request = request
        self._in_flight += 1

    def repeat(
        self,
        admission: Admission,
        exchange: Exchange,
        socket: NasSocket,
        datagram: Datagram,
        now: float,
    ) -> None:
        """A retransmission by the BNG: answered again, sent on again, or dropped."""
        reply, request = exchange.reply, exchange.request
        if self._tracer.open and request is not None:
            self._tracer.again(request, datagram.octets)
        if admission is _ANSWERED and reply is not None:
            self._meters.duplicate_answered.inc()
            if not socket.send(reply, datagram.peer):
                self._meters.drop(DropReason.SEND_FAILED)
        elif admission is _RESEND and request is not None and request.flight is not None:
            self._meters.duplicate_resent.inc()
            self._send_again(request, request.flight, now)
        else:
            self._meters.drop(DropReason.DUPLICATE_IN_FLIGHT)
            if request is not None:
                peer = datagram.peer
                self._noise.duplicate(request.nas.name, peer.host, peer.port, datagram.octets)

    # ---- to AAA

    def send(self, request: Request, verdict: Verdict, now: float) -> bool:
        """Send a judged request; False if there is nobody to send it to: then it has been dealt with.

        Raises WireError, or IdentifierExhausted.
        """
        pool = self._ways[request.view.code].pool(request.nas.name, request.view)
        edits, appended = edits_of(request, verdict)
        try:
            flight = pool.take(request, request.view, now)
        except NoUpstream:
            self._nobody(request, pool, now)
            return False
        self._launch(request, flight, edits, appended, now)
        return True

    def _launch(
        self, request: Request, flight: Flight[Request], edits: list[Edit], appended: bytes, now: float
    ) -> None:
        server = flight.server
        self._serial = self._serial + 1 & 0xFFFFFFFF
        request.proxy_state = self._nonce + self._serial.to_bytes(4, "big")
        try:
            octets = hops.to_aaa(
                request, server.secret, flight.identifier, edits, appended, self._fresh(), self._hidden
            )  # fmt: skip
        except BaseException:
            server.give_back(flight)
            raise
        flight.aaa = request.aaa
        flight.proxy_state = request.proxy_state
        flight.earlier = request.flight
        request.flight = flight
        request.link.exchange.forwarded_at = now
        server.launch(flight, octets, now)
        if self._tracer.open:
            self._tracer.to_aaa(request, f"{server.settings.pool}/{server.name}", octets)
        if self._chatter is not None:
            self._chatter.sent(request, flight, octets)

    def _fresh(self) -> bytes:
        """16 random octets."""
        start = self._random_at
        if start >= len(self._random):
            self._random, start = os.urandom(RANDOM_OCTETS), 0
        self._random_at = start + 16
        return self._random[start : start + 16]

    def _send_again(self, request: Request, flight: Flight[Request], now: float) -> None:
        """The BNG sent it again, and AAA is silent: to the next server, or the same octets once more."""
        pool = self._ways[request.view.code].pool(request.nas.name, request.view)
        try:
            other = pool.again(flight, request, request.view, now)
            if other is None or request.verdict is None:
                pool.repeat(flight, now)
            else:
                edits, appended = edits_of(request, request.verdict)
                self._launch(request, other, edits, appended, now)
        except Exception as error:  # its first transmission was no error, and is not over
            self._meters.drop(DropReason.INTERNAL_ERROR)
            self._noise.internal("retransmission dropped", request.host, error, request.view.authenticator)

    def _nobody(self, request: Request, pool: Pool[Request], now: float) -> None:
        """Every server of its pool is dead, or taken out."""
        self._noise.no_upstream(pool.name, request.view.authenticator)
        if pool.rejects and not request.accounting:
            self.answer(request, a.Code.ACCESS_REJECT, hops.reject(request), now)
        else:
            self.abandon(request, DropReason.NO_UPSTREAM)

    # ---- from AAA, and back to the BNG

    def answered(self, server: Server[Request], lane: Lane[Request], replies: list[bytes], now: float) -> None:
        """Datagrams from AAA: verified, rewritten for their BNGs, sent, kept for retransmissions."""
        flights: list[Flight[Request]] = []
        rewritten: list[Reply] = []
        for octets in replies:  # stage by stage: the processor then finds the code of each in its cache
            flight = lane.awaiting(octets)
            try:
                reply = self._rewritten(server, flight, octets, now)
                if flight is not None and reply is not None:
                    flights.append(flight)
                    rewritten.append(reply)
            except WireError as error:
                self._refuse(server, error, octets, flight)
            except Exception as fault:
                self._failed(server, fault, flight)
        for place, reply in enumerate(rewritten):
            flight = flights[place]
            try:
                self._complete(server, flight, reply, now)
            except WireError as error:
                self._refuse(server, error, b"" if reply.answer is None else reply.answer.octets, flight)
            except Exception as fault:
                self._failed(server, fault, flight)

    def _refuse(
        self, server: Server[Request], error: WireError, octets: bytes, flight: Flight[Request] | None
    ) -> None:  # fmt: skip
        self._meters.drop(DropReason(error.reason))
        self._noise.bad_reply(server.settings, str(error.reason), octets, _named(flight))

    def _failed(self, server: Server[Request], fault: Exception, flight: Flight[Request] | None) -> None:
        """Our bug: this one is dropped, the others go on."""
        self._meters.drop(DropReason.INTERNAL_ERROR)
        self._noise.internal("reply dropped", server.name, fault, _named(flight))

    def _rewritten(
        self, server: Server[Request], flight: Flight[Request] | None, octets: bytes, now: float
    ) -> Reply | None:  # fmt: skip
        """What a datagram comes to for the BNG; None if it is authentic and comes too late. Raises WireError."""
        view = radius.decode(octets)
        if flight is None:
            server.meters.late.inc()
            raise Malformed(DropReason.UNEXPECTED_REPLY)
        hops.verify(
            view, flight.aaa, server.replies, require_message_authenticator=server.require_message_authenticator
        )
        request = flight.context
        if request is None:
            server.late(flight, now)
            self._meters.drop(DropReason.UNEXPECTED_REPLY)
            self._noise.bad_reply(server.settings, str(DropReason.UNEXPECTED_REPLY), octets, None)
            return None
        request.aaa = flight.aaa
        request.proxy_state = flight.proxy_state
        if self._tracer.open:
            self._tracer.from_aaa(request, f"{server.settings.pool}/{server.name}", view)
        try:
            return Reply(request, view.code, hops.to_bng(view, request, self._hidden), view)
        except WireError:
            server.unusable(flight, now)
            raise

    def _complete(self, server: Server[Request], flight: Flight[Request], reply: Reply, now: float) -> None:
        request, view = reply.request, reply.answer
        if view is None or flight.context is None:  # a copy of it came just before
            server.meters.late.inc()
            raise Malformed(DropReason.UNEXPECTED_REPLY)
        if self._chatter is not None:
            self._chatter.heard(request, flight, view, now)
        server.finish(flight, now)
        request.upstream, request.answered_ms = server.name, int((now - flight.sent_at) * 1000.0 + 0.5)
        if view.layout.message_authenticator is None and not request.accounting:
            server.meters.unsigned.inc()
        if view.code == _ACCESS_CHALLENGE:
            self._ways[_ACCESS_REQUEST].pool(request.nas.name, request.view).challenged(server, view)
        if request.accounting and self.brake.takes(reply, now):
            self._hold(request, now)
        else:
            self._answer(reply, now)

    def _hold(self, request: Request, now: float) -> None:
        """AAA has answered, and the BNG has to wait: what it sends meanwhile is a duplicate of what is under way."""
        if request.flight is not None:
            request.flight.over()
            request.flight = None
        self.exchanges.prolong(request.link.exchange, now + 2 * LONGEST_S)

    def answer(self, request: Request, code: int, reply: bytes, now: float) -> None:
        """Answer a request here."""
        self._answer(Reply(request, code, reply), now)

    def _answer(self, reply: Reply, now: float) -> None:
        """Send to the BNG, together with all else that the callbacks of the loop send now; keep for retransmissions.

        What an Accept of AAA's teaches is written down when the BNG has its answer.
        """
        request = reply.request
        exchange = request.link.exchange
        self.exchanges.answer(exchange, reply.octets, now)
        if self._tracer.open:
            self._tracer.to_bng(request, reply.octets)
        self._over(request, reply.code, None)
        reply.took_s = now - exchange.began_at
        self.replies.put(reply)

    def expired(self, flight: Flight[Request]) -> None:
        """AAA did not answer in time: if nobody else is asked, the BNG's next retransmission is a fresh try."""
        request = flight.context
        if request is None:
            return
        if request.flight is None or not request.flight.any_pending():
            self.abandon(request, DropReason.NO_REPLY)
            self._noise.no_reply(flight.server.settings, request.view.authenticator)

    # ---- the end of a request

    def abandon(self, request: Request, reason: DropReason) -> None:
        """Drop it by name: the BNG's next retransmission is a fresh try."""
        self._meters.drop(reason)
        if self._tracer.active:
            self._tracer.dropped(request, reason)
        self.exchanges.abandon(request.link.exchange)
        self._over(request, 0, reason)
        if self._chatter is not None:
            self._chatter.dropped(request, reason)

    def _over(self, request: Request, answer: int, dropped: DropReason | None) -> None:
        """Answered or given up: nothing must keep it alive, it is one of many."""
        exchange = request.link.exchange
        if exchange.request is request:
            self._end(exchange)
            request.dropped = dropped
            self._notes.over(request, answer)
        if request.flight is not None:
            request.flight.over()
            request.flight = None

    def _end(self, exchange: Exchange) -> None:
        exchange.request = None
        self._in_flight -= 1

    def close(self) -> None:
        """Send all that waits to be sent."""
        self.brake.close()
        self.replies.flush()

    def expire(self, now: float) -> None:
        """Forget what has run out: whatever became of its story, it is over."""
        for exchange in self.exchanges.expire(now):
            request = exchange.request
            if self._tracer.open:
                self._tracer.lost(id(exchange))
            if request is not None:
                self._end(exchange)
                request.dropped = DropReason.NO_REPLY
                self._notes.over(request, 0)


def _named(flight: Flight[Request] | None) -> bytes | None:
    """The authenticator of the request that waits for an answer, if one does."""
    return None if flight is None or flight.context is None else flight.context.view.authenticator


def edits_of(request: Request, verdict: Verdict) -> tuple[list[Edit], bytes]:
    """What is to be changed in a request, and what to be appended to it."""
    nas, inherited = request.nas, verdict.ids if verdict.outcome is _MATCHED else None
    mode = _OBSERVE if verdict.outcome is _CONFLICT else nas.mode
    return normalised(request.view, nas.profile, mode, request.identity, inherited, nas.name)
