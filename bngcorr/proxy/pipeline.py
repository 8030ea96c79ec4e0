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
from bngcorr.errors import IdentifierExhausted, Malformed, WireError
from bngcorr.model.verdict import UNMATCHED, Verdict
from bngcorr.model.vocabulary import DropReason, Finding, Mode, Outcome
from bngcorr.proxy import hops
from bngcorr.proxy.admit import authenticate, describe, own_verdict, which
from bngcorr.proxy.exchange import Admission, ExchangeKey, Exchanges
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.nas import Nas, NasTable
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.normalise import normalised
from bngcorr.proxy.notes import Notes
from bngcorr.proxy.port import Port
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Link, Request
from bngcorr.proxy.rewrite import Edit
from bngcorr.proxy.settle import rejects, settled
from bngcorr.proxy.sockets import Datagram, NasSocket
from bngcorr.proxy.status import STATUS_SERVER, StatusServer
from bngcorr.proxy.upstream import Flight, Upstream
from bngcorr.store.contract import Clock
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.hiding import Hidden

log = structlog.get_logger()

EXPIRE_EVERY_S: Final = 0.5
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
        self._ports: dict[int, tuple[Port, Upstream[Request]]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def open(self, port: Port, upstream: Upstream[Request]) -> None:
        """Take requests of one kind from now on."""
        self._ports[port.code] = (port, upstream)

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
            if request is None:
                continue
            verdict = own_verdict(request)
            if verdict is None and not self._may_ask(request, now):
                verdict = UNMATCHED
            if verdict is not None:
                self._judged(request, verdict)
            else:
                questions.append(request)
        if questions:
            self._judge.ask(questions, self._judged)

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
            key = ExchangeKey(peer.host, peer.port, socket.number, view.identifier)
            admission, exchange = self._exchanges.admit(key, view.authenticator, now)
            if exchange is None:
                self._meters.drop(DropReason.OVERLOAD)
                return None
            if admission is not Admission.NEW:
                self._repeat(admission, self._requests.get(id(exchange)), exchange.reply, socket, datagram)
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
        self, admission: Admission, request: Request | None, reply: bytes | None, socket: NasSocket, datagram: Datagram
    ) -> None:
        if admission is Admission.ANSWERED and reply is not None:
            self._meters.duplicate_answered.inc()
            if not socket.send(reply, datagram.peer):
                self._meters.drop(DropReason.SEND_FAILED)
        elif admission is Admission.RESEND and request is not None and request.flight is not None:
            self._meters.duplicate_resent.inc()
            _, upstream = self._ports[request.view.code]
            upstream.resend(request.flight)
        else:
            self._meters.drop(DropReason.DUPLICATE_IN_FLIGHT)

    # ---- verdicts, and on to AAA

    def _judged(self, request: Request, verdict: Verdict) -> None:
        try:
            self._forward(request, verdict)
        except WireError as error:
            self._abandon(request, DropReason(error.reason))
        except IdentifierExhausted:
            self._abandon(request, DropReason.NO_IDENTIFIER)
        except Exception:
            self._abandon(request, DropReason.INTERNAL_ERROR)
            log.exception("internal error, request dropped", client=request.host)

    def _forward(self, request: Request, verdict: Verdict) -> None:
        """Rewrite as the mode allows, sign for AAA, send; write down what the request taught."""
        verdict = settled(request, verdict, self._numbers)
        if verdict.outcome is Outcome.CONFLICT and request.question.own is not None:
            self._notes.found(request, Finding.CONFLICT)
        request.verdict = verdict
        view = request.view
        if not self._exchanges.current(request.link.exchange):
            self._abandon(request, DropReason.SUPERSEDED)
            return
        if rejects(request, verdict):
            self._reject(request, verdict)
            return
        nas, inherited = request.nas, verdict.ids if verdict.outcome is Outcome.MATCHED else None
        mode = Mode.OBSERVE if verdict.outcome is Outcome.CONFLICT else nas.mode
        edits, appended = normalised(view, nas.profile, mode, request.identity, inherited, nas.name)
        if request.accounting and self._spool is not None:
            self._spool.take(request, hops.accounting_attributes(view, edits, appended), self._spooled)
            self._notes.judged(request, verdict)
            return
        self._send(request, edits, appended)
        self._notes.judged(request, verdict)
        self._notes.recorded(request, verdict)

    def _send(self, request: Request, edits: list[Edit], appended: bytes) -> None:
        port, upstream = self._ports[request.view.code]
        self._serial = self._serial + 1 & 0xFFFFFFFF
        request.proxy_state = self._nonce + self._serial.to_bytes(4, "big")
        flight = upstream.take(request)
        try:
            octets = hops.to_aaa(request, port.secret, flight.identifier, edits, appended, os.urandom(16), self._hidden)
        except BaseException:
            upstream.give_back(flight)
            raise
        request.flight = flight
        now = asyncio.get_running_loop().time()
        request.link.exchange.forwarded_at = now
        upstream.launch(flight, octets, now)

    def _spooled(self, request: Request, durable: bool) -> None:
        """The spool has it, and answers for it from now on; or it can't take it, and the BNG keeps it."""
        if durable:
            self._answer(request, a.Code.ACCOUNTING_RESPONSE, hops.acknowledgement(request))
        else:
            self._abandon(request, DropReason.SPOOL_FULL)

    def _reject(self, request: Request, verdict: Verdict) -> None:
        self._notes.judged(request, verdict)
        self._answer(request, a.Code.ACCESS_REJECT, hops.reject(request))

    # ---- from AAA, and back to the BNG

    def answered(self, port: Port, flight: Flight[Request] | None, octets: bytes) -> None:
        """A datagram from AAA: verified, rewritten for the BNG, sent, kept for retransmissions."""
        try:
            self._complete(port, flight, octets)
        except WireError as error:
            self._meters.drop(DropReason(error.reason))
            self._noise.bad_reply(str(error.reason))
        except Exception:
            self._meters.drop(DropReason.INTERNAL_ERROR)
            log.exception("internal error, reply dropped")

    def _complete(self, port: Port, flight: Flight[Request] | None, octets: bytes) -> None:
        view = radius.decode(octets)
        if flight is None:
            raise Malformed(DropReason.UNEXPECTED_REPLY)
        request = flight.context
        hops.verify(view, request.aaa, port.replies, require_message_authenticator=port.require_message_authenticator)
        reply = hops.to_bng(view, request, self._hidden)
        now = asyncio.get_running_loop().time()
        self._ports[port.code][1].finish(flight)
        port.meters.rtt.observe(now - flight.sent_at)
        self._answer(request, view.code, reply)
        if view.code == a.Code.ACCESS_ACCEPT:
            self._notes.accepted(request, view)

    def _answer(self, request: Request, code: int, reply: bytes) -> None:
        """Send to the BNG, and keep for retransmissions."""
        link = request.link
        self._exchanges.answer(link.exchange, reply, asyncio.get_running_loop().time())
        self._requests.pop(id(link.exchange), None)
        if link.socket.send(reply, link.peer):
            self._notes.of(request.nas).responses[code].inc()
        else:
            self._meters.drop(DropReason.SEND_FAILED)

    def expired(self, port: Port, flight: Flight[Request]) -> None:
        """AAA did not answer in time: the BNG's next retransmission is a fresh try."""
        port.meters.timeouts.inc()
        self._abandon(flight.context, DropReason.NO_REPLY)
        self._noise.no_reply()

    # ---- housekeeping

    def _abandon(self, request: Request, reason: DropReason) -> None:
        self._meters.drop(reason)
        self._exchanges.abandon(request.link.exchange)
        self._requests.pop(id(request.link.exchange), None)

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
