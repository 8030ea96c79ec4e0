"""The vector's story: every stage from a BNG's datagrams to AAA, and from AAA's answer back, in reading order.

Each stage calls one pure module or one shell. Requests that name their line go on to AAA at once; those that do not
wait for one answer of the judge, together. Anything unexpected drops that one datagram as `internal-error`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from bngcorr.accountant.grant import granted
from bngcorr.correlator import findings
from bngcorr.correlator.evidence import WindowEvidence
from bngcorr.correlator.limits import AskGuard
from bngcorr.errors import IdentifierExhausted, Malformed, WireError
from bngcorr.model.verdict import UNMATCHED, Verdict
from bngcorr.model.vocabulary import DropReason, Finding, Mode, Outcome
from bngcorr.proxy import hops, lessons
from bngcorr.proxy.admit import authenticate, describe, own_verdict, which
from bngcorr.proxy.exchange import Admission, ExchangeKey, Exchanges
from bngcorr.proxy.meters import Meters, NasMeters, UpstreamMeters
from bngcorr.proxy.nas import Nas, NasTable
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.normalise import normalised
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Link, Request
from bngcorr.proxy.settle import rejects, settled
from bngcorr.proxy.sockets import Datagram, NasSocket
from bngcorr.proxy.upstream import Flight, Upstream
from bngcorr.store.contract import Clock
from bngcorr.store.lesson import Lesson, NumberSeen
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.dictionary import Hidden

log = structlog.get_logger()

EXPIRE_EVERY_S: Final = 0.5
MOST_NUMBERS: Final = 10_000  # enterprise numbers told to the store; a BNG sees a handful


class Judging(Protocol):
    """The judge, as the pipeline sees it."""

    def ask(self, requests: list[Request], then: Callable[[Request, Verdict], None]) -> None:
        """Judge all of them; `then` is called once for each."""
        ...


@dataclass(slots=True)
class Port:
    """One kind of request: where it goes and what may come back."""

    code: a.Code
    replies: frozenset[a.Code]
    secret: bytes = field(repr=False)  # shared with AAA
    require_message_authenticator: bool
    meters: UpstreamMeters
    upstream: Upstream[Request] | None = None


class Pipeline:
    """Carries vectors of requests to AAA and answers back."""

    def __init__(
        self,
        *,
        table: NasTable,
        numbers: Numbers,
        hidden: Mapping[int, Hidden],
        judge: Judging,
        learn: Callable[[Lesson], None],
        clock: Clock,
        meters: Meters,
        remember_ms: int,
        in_flight_s: float,
        noise: Noise,
    ) -> None:
        self._table = table
        self._numbers = numbers
        self._hidden = hidden
        self._judge = judge
        self._learn = learn
        self._clock = clock
        self._meters = meters
        self._remember_ms = remember_ms
        self._noise = noise
        self._exchanges = Exchanges(in_flight_s=in_flight_s)
        self._requests: dict[int, Request] = {}  # by id of their exchange, while AAA has not answered
        self._per_nas: dict[str, NasMeters] = {}
        self._numbers_seen: set[tuple[str, int]] = set()
        self._evidence = WindowEvidence()
        self._guard = AskGuard()
        self._nonce = os.urandom(4)
        self._serial = 0
        self._ports: dict[int, Port] = {}
        self._timer: asyncio.TimerHandle | None = None

    def open(self, port: Port, upstream: Upstream[Request]) -> None:
        """Take requests of one kind from now on."""
        port.upstream = upstream
        self._ports[port.code] = port
        if self._timer is None:
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
        self._count(request)
        return request

    def _may_ask(self, request: Request, now: float) -> bool:
        """Whether the port has not asked about too many requests without a line id."""
        if request.accounting or request.question.own is not None:
            return True
        ring = request.keyring
        if self._guard.allows(ring, now):
            return True
        self._meters.limited.labels(request.nas.name).inc()
        if self._guard.to_be_told(ring, now):
            self._find(request, Finding.MAC_FLOOD)
        return False

    def _find(self, request: Request, finding: Finding) -> None:
        """Tell operations what this request shows."""
        identity, nas = request.identity, request.nas
        at = identity.attachment
        self._learn(
            findings.of_request(finding, nas.domain, nas.name, identity.ids, at, identity.mac, request.arrived_ms)
        )

    def _count(self, request: Request) -> None:
        meters = self._meters_of(request.nas)
        (meters.acct if request.accounting else meters.auth).inc()
        if not request.authentic:
            meters.unsigned.inc()

    def _repeat(
        self, admission: Admission, request: Request | None, reply: bytes | None, socket: NasSocket, datagram: Datagram
    ) -> None:
        if admission is Admission.ANSWERED and reply is not None:
            self._meters.duplicate_answered.inc()
            if not socket.send(reply, datagram.peer):
                self._meters.drop(DropReason.SEND_FAILED)
        elif admission is Admission.RESEND and request is not None and request.flight is not None:
            self._meters.duplicate_resent.inc()
            port = self._ports[request.view.code]
            if port.upstream is not None:
                port.upstream.resend(request.flight)
        else:
            self._meters.drop(DropReason.DUPLICATE_IN_FLIGHT)

    # ---- verdicts, and on to AAA

    def _judged(self, request: Request, verdict: Verdict) -> None:
        try:
            self._forward(request, verdict)
        except WireError as error:
            self._abandon(request, DropReason(error.reason))
        except Exception:
            self._abandon(request, DropReason.INTERNAL_ERROR)
            log.exception("internal error, request dropped", client=request.host)

    def _forward(self, request: Request, verdict: Verdict) -> None:
        """Rewrite as the mode allows, sign for AAA, send; write down what the request taught."""
        verdict = settled(request, verdict, self._numbers)
        if verdict.outcome is Outcome.CONFLICT and request.question.own is not None:
            self._find(request, Finding.CONFLICT)
        request.verdict = verdict
        view = request.view
        if not self._exchanges.current(request.link.exchange):
            self._abandon(request, DropReason.SUPERSEDED)
            return
        if rejects(request, verdict):
            self._reject(request, verdict)
            return
        port = self._ports[view.code]
        upstream = port.upstream
        if upstream is None:  # cannot be: ports are opened with their upstream
            raise AssertionError("port without upstream")
        nas, inherited = request.nas, verdict.ids if verdict.outcome is Outcome.MATCHED else None
        mode = Mode.OBSERVE if verdict.outcome is Outcome.CONFLICT else nas.mode
        edits, appended = normalised(view, nas.profile, mode, request.identity, inherited, nas.name)
        self._serial = self._serial + 1 & 0xFFFFFFFF
        request.proxy_state = self._nonce + self._serial.to_bytes(4, "big")
        try:
            flight = upstream.take(request)
        except IdentifierExhausted:
            self._abandon(request, DropReason.NO_IDENTIFIER)
            return
        try:
            octets = hops.to_aaa(request, port.secret, flight.identifier, edits, appended, os.urandom(16))
        except BaseException:
            upstream.give_back(flight)
            raise
        request.flight = flight
        now = asyncio.get_running_loop().time()
        request.link.exchange.forwarded_at = now
        upstream.launch(flight, octets, now)
        self._note(request, verdict)

    def _reject(self, request: Request, verdict: Verdict) -> None:
        self._note(request, verdict)
        self._answer(request, a.Code.ACCESS_REJECT, hops.reject(request))

    def _note(self, request: Request, verdict: Verdict) -> None:
        """Count the verdict and write down what the request taught by itself."""
        record = request.record
        if record is not None:
            for lesson in lessons.accounting(request, record, verdict, self._remember_ms):
                self._learn(lesson)
            if record.step is None:
                return  # Accounting-On and the like ask for no line: there is no verdict to count
        meters = self._meters_of(request.nas)
        meters.verdicts[verdict.outcome, verdict.rung].inc()
        if verdict.distance_ms is not None:
            meters.distance.observe(abs(verdict.distance_ms) / 1000)
            self._evidence.add(request.nas.domain, request.nas.name, verdict.distance_ms)
        number = request.identity.enterprise_number
        if number is not None:
            meters.strips.inc()
            self._number_seen(request, number)
        self._learn(lessons.event(request, verdict, self._clock.now_ms()))
        if record is None:
            seen = lessons.sighting(request, verdict, request.arrived_ms, self._remember_ms, accepted=False)
            if seen is not None:
                self._learn(seen)

    def _number_seen(self, request: Request, number: int) -> None:
        """Tell the store once about each number of each BNG; the store knows whether it is new."""
        nas = request.nas
        if (nas.name, number) not in self._numbers_seen and len(self._numbers_seen) < MOST_NUMBERS:
            self._numbers_seen.add((nas.name, number))
            self._learn(NumberSeen(domain=nas.domain, bng=nas.name, number=number, at_ms=request.arrived_ms))

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
        if flight is None or port.upstream is None:
            raise Malformed(DropReason.UNEXPECTED_REPLY)
        request = flight.context
        hops.verify(view, request, port.replies, require_message_authenticator=port.require_message_authenticator)
        reply = hops.to_bng(view, request, self._hidden, os.urandom(2))
        now = asyncio.get_running_loop().time()
        port.upstream.finish(flight)
        port.meters.rtt.observe(now - flight.sent_at)
        self._answer(request, view.code, reply)
        if view.code == a.Code.ACCESS_ACCEPT and request.verdict is not None:
            grant = granted(view)
            for lesson in lessons.accepted(request, request.verdict, self._clock.now_ms(), self._remember_ms, grant):
                self._learn(lesson)

    def _answer(self, request: Request, code: int, reply: bytes) -> None:
        """Send to the BNG, and keep for retransmissions."""
        link = request.link
        self._exchanges.answer(link.exchange, reply, asyncio.get_running_loop().time())
        self._requests.pop(id(link.exchange), None)
        if link.socket.send(reply, link.peer):
            self._meters_of(request.nas).responses[code].inc()
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

    def _meters_of(self, nas: Nas) -> NasMeters:
        meters = self._per_nas.get(nas.name)
        if meters is None:
            meters = self._per_nas[nas.name] = self._meters.nas(nas.name)
        return meters

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        for exchange in self._exchanges.expire(loop.time()):
            self._requests.pop(id(exchange), None)  # whatever became of its story, it is over
        for distances in self._evidence.take():
            self._learn(distances)
        self._timer = loop.call_later(EXPIRE_EVERY_S, self._expire)

    def close(self) -> None:
        """Stop the timers."""
        if self._timer is not None:
            self._timer.cancel()
