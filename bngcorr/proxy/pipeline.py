"""The vector's story: every stage from a BNG's datagrams to AAA, and from AAA's answer back, in reading order.

Each stage calls one pure module or one shell. Requests that name their line go on to AAA at once; those that do not
wait for one answer of the judge, together. With a spool, Accounting-Requests go there, and are acknowledged when they
are durable. Anything unexpected drops that one datagram as `internal-error`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import structlog

from bngcorr.correlator.limits import AskGuard
from bngcorr.errors import IdentifierExhausted, Malformed, NoUpstream, WireError
from bngcorr.model.verdict import UNMATCHED, Verdict
from bngcorr.model.vocabulary import DropReason, Finding, Mode, Outcome
from bngcorr.proxy import hops
from bngcorr.proxy.admit import authenticate, describe, own_verdict, which
from bngcorr.proxy.exchange import Admission, Exchanges
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.nas import Nas, NasTable
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.normalise import normalised
from bngcorr.proxy.notes import Notes
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Link, Request
from bngcorr.proxy.rewrite import Edit
from bngcorr.proxy.settle import rejects, settled
from bngcorr.proxy.sockets import Datagram, NasSocket
from bngcorr.proxy.status import STATUS_SERVER, StatusServer
from bngcorr.proxy.upstream.flight import Flight
from bngcorr.proxy.upstream.pool import Pool
from bngcorr.proxy.upstream.routes import Way
from bngcorr.proxy.upstream.server import Server
from bngcorr.store.contract import Clock
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.hiding import Hidden

log = structlog.get_logger()

EXPIRE_EVERY_S: Final = 0.5
RANDOM_OCTETS: Final = 4096  # asked of the system at a time

# named here once: looking a member up in its class costs more than the comparison
_ACCESS_ACCEPT: Final = int(a.Code.ACCESS_ACCEPT)
_ACCESS_CHALLENGE: Final = int(a.Code.ACCESS_CHALLENGE)
_ACCESS_REQUEST: Final = int(a.Code.ACCESS_REQUEST)
_NEW: Final = Admission.NEW
_ANSWERED: Final = Admission.ANSWERED
_RESEND: Final = Admission.RESEND
_MATCHED: Final = Outcome.MATCHED
_CONFLICT: Final = Outcome.CONFLICT
_OBSERVE: Final = Mode.OBSERVE
_STATUS_SERVER: Final = bytes((STATUS_SERVER,))


class Judging(Protocol):
    """The judge, as the pipeline sees it."""

    def ask(self, requests: list[Request], then: Callable[[Request, Verdict], None]) -> None:
        """Judge all of them; `then` is called once for each."""
        ...


class Spooling(Protocol):
    """The spool, as the pipeline sees it."""

    def take(self, request: Request, attributes: bytes, then: Callable[[Request, bool], None]) -> None:
        """Keep a judged Accounting-Request; `then` is told whether it is durable. `attributes` are those for AAA."""
        ...


class Pipeline:
    """Carries vectors of requests to AAA and answers back."""

    def __init__(
        self,
        *,
        table: NasTable,
        numbers: Numbers,
        hidden: Mapping[int, Hidden],
        judge: Judging,
        notes: Notes,
        clock: Clock,
        meters: Meters,
        in_flight_s: float,
        noise: Noise,
        spool: Spooling | None = None,
        keeps_up: Callable[[], bool] = lambda: True,
    ) -> None:
        """`keeps_up`: whether what further records teach can still be kept; else they are left to the BNG to send
        again.
        """
        self._table = table
        self._numbers = numbers
        self._hidden = hidden
        self._judge = judge
        self._notes = notes
        self._clock = clock
        self._meters = meters
        self._spool = spool
        self._keeps_up = keeps_up
        self._noise = noise
        self._exchanges = Exchanges(in_flight_s=in_flight_s)
        self._requests: dict[int, Request] = {}  # by id of their exchange, while AAA has not answered
        self._guard = AskGuard()
        self._status = StatusServer()
        self._nonce = os.urandom(4)
        self._serial = 0
        self._ways: Mapping[int, Way[Request]] = {}
        self._random = b""
        self._random_at = 0
        self._timer: asyncio.TimerHandle | None = None

    def send_by(self, ways: Mapping[int, Way[Request]]) -> None:
        """Send requests of each code to these pools from now on."""
        self._ways = ways

    def use(self, table: NasTable, numbers: Numbers, in_flight_s: float) -> None:
        """Take requests of these BNGs from now on; those under way go on as they began."""
        self._table = table
        self._numbers = numbers
        self._exchanges.in_flight_s = in_flight_s

    def start(self) -> None:
        """Forget what has run out, from now on."""
        self._expire()

    @property
    def in_flight(self) -> int:
        """Requests that are being worked on."""
        return len(self._requests)

    # ---- from the BNG

    def carry(self, socket: NasSocket, vector: list[Datagram], code: a.Code) -> None:
        """Everything that one wake-up of a socket brought."""
        now = asyncio.get_running_loop().time()
        now_ms = self._clock.now_ms()
        self._meters.vector.observe(len(vector))
        questions: list[Request] = []
        for datagram in vector:
            request = self._admit(socket, datagram, code, now, now_ms)
            if request is not None:
                self._consider(request, questions, now)
        if questions:
            self._judge.ask(questions, self._judged)

    def _consider(self, request: Request, questions: list[Request], now: float) -> None:
        """Send it on at once, or put it to the others that need a verdict."""
        try:
            verdict = own_verdict(request)
            if verdict is None and not self._may_ask(request, now):
                verdict = UNMATCHED
        except Exception:
            self._abandon(request, DropReason.INTERNAL_ERROR)
            log.exception("internal error, request dropped", client=request.host)
            return
        if verdict is None:
            questions.append(request)
        else:
            self._carry_on(request, verdict, now)

    def _admit(self, socket: NasSocket, datagram: Datagram, code: a.Code, now: float, now_ms: int) -> Request | None:
        """Known BNG, valid octets, authentic, not a duplicate; else dropped by name, or answered again."""
        peer = datagram.peer
        group = self._table.find(peer.host)
        if datagram.octets[:1] == _STATUS_SERVER:
            self._tell_status(socket, datagram, group, code, now)
            return None
        if not group:
            self._meters.drop(DropReason.UNKNOWN_CLIENT)
            self._noise.unknown_client(peer.host, peer.port, code)
            return None
        try:
            view = radius.decode(datagram.octets)
            nas = which(group, view)
            authentic = authenticate(view, nas, code)
            key = (peer.host, peer.port, socket.number, view.identifier)
            admission, exchange = self._exchanges.admit(key, view.authenticator, now)
            if exchange is None:
                self._meters.drop(DropReason.OVERLOAD)
                return None
            if admission is not _NEW:
                self._repeat(admission, self._requests.get(id(exchange)), exchange.reply, socket, datagram, now)
                return None
            if code is a.Code.ACCOUNTING_REQUEST and not self._keeps_up():
                self._exchanges.abandon(exchange)
                self._meters.drop(DropReason.OVERLOAD)
                return None
            request = describe(
                nas, view, peer.host, at_ms=now_ms, authentic=authentic, numbers=self._numbers,
                wire=Link(socket, peer, exchange),
            )  # fmt: skip
        except WireError as error:
            self._meters.drop(DropReason(error.reason))
            self._noise.refused(peer.host, DropReason(error.reason))
            return None
        except Exception:
            self._meters.drop(DropReason.INTERNAL_ERROR)
            log.exception("internal error, datagram dropped", client=peer.host)
            return None
        self._requests[id(exchange)] = request
        self._notes.admitted(request)
        return request

    def _tell_status(self, socket: NasSocket, datagram: Datagram, group: list[Nas], code: a.Code, now: float) -> None:
        """To a BNG or a monitor that asks whether we are alive (RFC 5997)."""
        peer = datagram.peer
        try:
            monitors = self._table.monitor_secrets(peer.host)
            reply = self._status.answer(datagram.octets, peer.host, group, monitors, code, now)
        except WireError as error:
            self._meters.drop(DropReason(error.reason))
            if error.reason is DropReason.UNKNOWN_CLIENT:
                self._noise.unknown_client(peer.host, peer.port, code)
            else:
                self._noise.refused(peer.host, DropReason(error.reason))
            return
        if socket.send(reply, peer):
            self._meters.status_answers.inc()
        else:
            self._meters.drop(DropReason.SEND_FAILED)

    def _may_ask(self, request: Request, now: float) -> bool:
        """Whether the port has not asked about too many requests without a line id."""
        if request.accounting or request.question.own is not None:
            return True
        ring = request.keyring
        if self._guard.allows(ring, now):
            return True
        self._notes.limited(request)
        if self._guard.to_be_told(ring, now):
            self._notes.found(request, Finding.MAC_FLOOD)
        return False

    def _repeat(
        self,
        admission: Admission,
        request: Request | None,
        reply: bytes | None,
        socket: NasSocket,
        datagram: Datagram,
        now: float,
    ) -> None:
        if admission is _ANSWERED and reply is not None:
            self._meters.duplicate_answered.inc()
            if not socket.send(reply, datagram.peer):
                self._meters.drop(DropReason.SEND_FAILED)
        elif admission is _RESEND and request is not None and request.flight is not None:
            self._meters.duplicate_resent.inc()
            self._send_again(request, request.flight, now)
        else:
            self._meters.drop(DropReason.DUPLICATE_IN_FLIGHT)

    # ---- verdicts, and on to AAA

    def _judged(self, request: Request, verdict: Verdict) -> None:
        self._carry_on(request, verdict, asyncio.get_running_loop().time())

    def _carry_on(self, request: Request, verdict: Verdict, now: float) -> None:
        try:
            self._forward(request, verdict, now)
        except WireError as error:
            self._abandon(request, DropReason(error.reason))
        except IdentifierExhausted:
            self._abandon(request, DropReason.NO_IDENTIFIER)
        except Exception:
            self._abandon(request, DropReason.INTERNAL_ERROR)
            log.exception("internal error, request dropped", client=request.host)

    def _forward(self, request: Request, verdict: Verdict, now: float) -> None:
        """Rewrite as the mode allows, sign for AAA, send; write down what the request taught."""
        verdict = settled(request, verdict, self._numbers)
        if verdict.outcome is _CONFLICT and request.question.own is not None:
            self._notes.found(request, Finding.CONFLICT)
        request.verdict = verdict
        if not self._exchanges.current(request.link.exchange):
            self._abandon(request, DropReason.SUPERSEDED)
            return
        if rejects(request, verdict):
            self._notes.judged(request, verdict)
            self._answer(request, a.Code.ACCESS_REJECT, hops.reject(request), now)
            return
        edits, appended = _edits(request, verdict)
        if request.accounting and self._spool is not None:
            self._spool.take(request, hops.accounting_attributes(request.view, edits, appended), self._spooled)
            self._notes.judged(request, verdict)
            return
        pool = self._ways[request.view.code].pool(request.nas.name, request.view)
        try:
            flight = pool.take(request, request.view, now)
        except NoUpstream:
            self._notes.judged(request, verdict)
            self._nobody(request, pool, now)
            return
        self._launch(request, flight, edits, appended, now)
        self._notes.judged(request, verdict)
        self._notes.recorded(request, verdict)

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
            other = pool.again(flight, request)
            if other is None or request.verdict is None:
                pool.repeat(flight, now)
            else:
                edits, appended = _edits(request, request.verdict)
                self._launch(request, other, edits, appended, now)
        except Exception:  # its first transmission was no error, and is not over
            self._meters.drop(DropReason.INTERNAL_ERROR)
            log.exception("internal error, retransmission dropped", client=request.host)

    def _nobody(self, request: Request, pool: Pool[Request], now: float) -> None:
        """Every server of its pool is dead, or taken out."""
        self._noise.no_upstream(pool.name)
        if pool.rejects and not request.accounting:
            self._answer(request, a.Code.ACCESS_REJECT, hops.reject(request), now)
        else:
            self._abandon(request, DropReason.NO_UPSTREAM)

    def _spooled(self, request: Request, durable: bool) -> None:
        """The spool has it, and answers for it from now on; or it can't take it, and the BNG keeps it."""
        if durable:
            now = asyncio.get_running_loop().time()
            self._answer(request, a.Code.ACCOUNTING_RESPONSE, hops.acknowledgement(request), now)
        else:
            self._abandon(request, DropReason.SPOOL_FULL)

    # ---- from AAA, and back to the BNG

    def answered(self, server: Server[Request], flight: Flight[Request] | None, octets: bytes, now: float) -> None:
        """A datagram from AAA: verified, rewritten for the BNG, sent, kept for retransmissions."""
        try:
            self._complete(server, flight, octets, now)
        except WireError as error:
            self._meters.drop(DropReason(error.reason))
            self._noise.bad_reply(str(error.reason))
        except Exception:
            self._meters.drop(DropReason.INTERNAL_ERROR)
            log.exception("internal error, reply dropped")

    def _complete(self, server: Server[Request], flight: Flight[Request] | None, octets: bytes, now: float) -> None:
        view = radius.decode(octets)
        if flight is None:
            server.meters.late.inc()
            raise Malformed(DropReason.UNEXPECTED_REPLY)
        signed = hops.verify(
            view, flight.aaa, server.replies, require_message_authenticator=server.require_message_authenticator
        )
        request = flight.context
        if request is None:
            server.late(flight, now)
            self._meters.drop(DropReason.UNEXPECTED_REPLY)
            return
        request.aaa = flight.aaa
        request.proxy_state = flight.proxy_state
        reply = hops.to_bng(view, request, self._hidden)
        server.finish(flight, now)
        code = view.code
        if not signed and not request.accounting:
            server.meters.unsigned.inc()
        if code == _ACCESS_CHALLENGE:
            self._ways[_ACCESS_REQUEST].pool(request.nas.name, request.view).challenged(server, view)
        self._answer(request, code, reply, now)
        if code == _ACCESS_ACCEPT:
            self._notes.accepted(request, view)

    def _answer(self, request: Request, code: int, reply: bytes, now: float) -> None:
        """Send to the BNG, and keep for retransmissions."""
        link = request.link
        self._exchanges.answer(link.exchange, reply, now)
        self._over(request)
        if link.socket.send(reply, link.peer):
            self._notes.of(request.nas).responses[code].inc()
        else:
            self._meters.drop(DropReason.SEND_FAILED)

    def expired(self, flight: Flight[Request]) -> None:
        """AAA did not answer in time: if nobody else is asked, the BNG's next retransmission is a fresh try."""
        request = flight.context
        if request is None:
            return
        if request.flight is None or not request.flight.any_pending():
            self._abandon(request, DropReason.NO_REPLY)
            self._noise.no_reply()

    # ---- housekeeping

    def _abandon(self, request: Request, reason: DropReason) -> None:
        self._meters.drop(reason)
        self._exchanges.abandon(request.link.exchange)
        self._over(request)

    def _over(self, request: Request) -> None:
        """Answered or given up: nothing must keep it alive, it is one of many."""
        self._requests.pop(id(request.link.exchange), None)
        if request.flight is not None:
            request.flight.over()
            request.flight = None

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        for exchange in self._exchanges.expire(loop.time()):
            self._requests.pop(id(exchange), None)  # whatever became of its story, it is over
        self._notes.tell()
        self._timer = loop.call_later(EXPIRE_EVERY_S, self._expire)

    def close(self) -> None:
        """Stop the timers."""
        if self._timer is not None:
            self._timer.cancel()


def _edits(request: Request, verdict: Verdict) -> tuple[list[Edit], bytes]:
    """What is to be changed in a request, and what to be appended to it."""
    nas, inherited = request.nas, verdict.ids if verdict.outcome is _MATCHED else None
    mode = _OBSERVE if verdict.outcome is _CONFLICT else nas.mode
    return normalised(request.view, nas.profile, mode, request.identity, inherited, nas.name)
