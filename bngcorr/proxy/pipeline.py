"""The vector's story: every stage from a BNG's datagrams to AAA, in reading order; `dispatch` has the way back.

Each stage calls one pure module or one shell. Requests that name their line go on to AAA at once; those that do not
wait for one answer of the judge, together. With a spool, Accounting-Requests go there, and are acknowledged when they
are durable. Anything unexpected drops that one datagram as `internal-error`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final, Protocol

from bngcorr.correlator.limits import AskGuard
from bngcorr.errors import IdentifierExhausted, WireError
from bngcorr.model.verdict import UNMATCHED, Verdict
from bngcorr.model.vocabulary import DropReason, Finding, Outcome
from bngcorr.proxy import hops
from bngcorr.proxy.admit import authenticate, describe, own_verdict, which
from bngcorr.proxy.chatter import Chatter
from bngcorr.proxy.dispatch import Dispatch, edits_of
from bngcorr.proxy.exchange import Admission, Exchange, Exchanges
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.nas import Nas, NasTable
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.notes import Notes
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Link, Request
from bngcorr.proxy.settle import rejects, settled
from bngcorr.proxy.sockets import Datagram, NasSocket, Peer
from bngcorr.proxy.status import STATUS_SERVER, StatusServer
from bngcorr.proxy.tracing import Tracer
from bngcorr.store.contract import Clock
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.hiding import Hidden

EXPIRE_EVERY_S: Final = 0.5
TELL_EVERY_S: Final = 2.0  # what is gathered of each BNG: a lesson for each that has any

# named here once: looking a member up in its class costs more than the comparison
_NEW: Final = Admission.NEW
_CONFLICT: Final = Outcome.CONFLICT


class Judging(Protocol):
    """The judge, as the pipeline sees it."""

    def ask(self, requests: list[Request], then: Callable[[list[Request], list[Verdict]], None]) -> None:
        """Judge all of them; `then` is called with each of them once, with some together."""
        ...


class Spooling(Protocol):
    """The spool, as the pipeline sees it."""

    def take(self, request: Request, attributes: bytes, then: Callable[[Request, bool], None]) -> None:
        """Keep a judged Accounting-Request; `then` is told whether it is durable. `attributes` are those for AAA."""
        ...


class _Repeat:
    """A datagram that a BNG has sent before."""

    __slots__ = ("admission", "datagram", "exchange")

    def __init__(self, admission: Admission, exchange: Exchange, datagram: Datagram) -> None:
        self.admission: Final = admission
        self.exchange: Final = exchange
        self.datagram: Final = datagram


class Pipeline:
    """Carries vectors of requests to AAA. What comes back is the matter of its `dispatch`."""

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
        room: Callable[[], int] = lambda: 1,
        chatter: Chatter | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        """`keeps_up`: whether what further records teach can still be kept; else they are left to the BNG to send
        again. `room`: lessons that may be put before the store lags; while there is none, answers to records wait.
        `chatter`: who tells every hop, if anybody does; `tracer`: who keeps the packets that somebody wants.
        """
        self.tracer = Tracer(clock) if tracer is None else tracer
        self._table = table
        self._numbers = numbers
        self._judge = judge
        self._notes = notes
        self._clock = clock
        self._meters = meters
        self._spool = spool
        self._keeps_up = keeps_up
        self._noise = noise
        self._chatter = chatter
        self.dispatch = Dispatch(
            Exchanges(in_flight_s=in_flight_s), hidden=hidden, notes=notes, meters=meters, noise=noise, chatter=chatter,
            tracer=self.tracer, room=room,
        )  # fmt: skip
        self._exchanges = self.dispatch.exchanges
        self._guard = AskGuard()
        self._status = StatusServer()
        self._timer: asyncio.TimerHandle | None = None
        self._tell_at = 0.0  # by the loop's clock

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
        return self.dispatch.in_flight

    # ---- from the BNG

    def carry(self, socket: NasSocket, vector: list[Datagram], code: a.Code) -> None:
        """Everything that one wake-up of a socket brought."""
        now = monotonic()  # the clock of the loop; to ask for the loop is a system call
        now_ms = self._clock.now_ms()
        self._meters.vector.observe(len(vector))
        links: list[Link] = []
        repeats: list[_Repeat] = []
        for datagram in vector:  # stage by stage: the processor then finds the code of each in its cache
            link = self._receive(socket, datagram, code, now, repeats)
            if link is not None:
                links.append(link)
        admitted: list[Request] = []
        for link in links:
            request = self._admit(link, now_ms)
            if request is not None:
                admitted.append(request)
        for repeat in repeats:
            self.dispatch.repeat(repeat.admission, repeat.exchange, socket, repeat.datagram, now)
        questions: list[Request] = []
        sent: list[Request] = []
        for request in admitted:
            self._consider(request, questions, sent, now)
        self._note(sent)
        if questions:
            self._judge.ask(questions, self._judged)

    def _consider(self, request: Request, questions: list[Request], sent: list[Request], now: float) -> None:
        """Send it on at once, or put it to the others that need a verdict."""
        try:
            verdict = own_verdict(request)
            if verdict is None and not self._may_ask(request, now):
                verdict = UNMATCHED
        except Exception as error:
            self._failed(request, error)
            return
        if verdict is None:
            questions.append(request)
        else:
            self._carry_on(request, verdict, sent, now)

    def _receive(
        self, socket: NasSocket, datagram: Datagram, code: a.Code, now: float, repeats: list[_Repeat]
    ) -> Link | None:
        """Known BNG, valid octets, authentic, not a duplicate; else dropped by name, or put to the `repeats`."""
        peer, octets = datagram.peer, datagram.octets
        group = self._table.find(peer.host)
        if len(octets) > 0 and octets[0] == STATUS_SERVER:
            self._tell_status(socket, datagram, group, code, now)
            return None
        if not group:
            self._meters.drop(DropReason.UNKNOWN_CLIENT)
            self._noise.unknown_client(peer.host, peer.port, code)
            return None
        try:
            view = radius.decode(octets)
            nas = which(group, view)
            authentic = authenticate(view, nas, code)
            admission, exchange = self._exchanges.admit(peer.exchanges + octets[1:2], view.authenticator, now)
            if exchange is None:
                self._meters.drop(DropReason.OVERLOAD)
                self._noise.dropped(nas.name, peer.host, DropReason.OVERLOAD, view.authenticator)
                return None
            if admission is not _NEW:
                repeats.append(_Repeat(admission, exchange, datagram))
                return None
            if code is a.Code.ACCOUNTING_REQUEST and not self._keeps_up():
                self._exchanges.abandon(exchange)
                self._meters.drop(DropReason.OVERLOAD)
                self._noise.dropped(nas.name, peer.host, DropReason.OVERLOAD, view.authenticator)
                return None
            return Link(socket, peer, exchange, nas, view, authentic)
        except WireError as error:
            self._refuse(peer, error, octets)
        except Exception as fault:
            self._stumbled(peer, fault, octets)
        return None

    def _refuse(self, peer: Peer, error: WireError, octets: bytes) -> None:
        reason = DropReason(error.reason)
        self._meters.drop(reason)
        self._noise.refused(peer.host, reason, octets)
        if self.tracer.active:
            group = self._table.find(peer.host)
            self.tracer.refused([nas.name for nas in group], f"{peer.host}:{peer.port}", octets, reason)

    def _stumbled(self, peer: Peer, fault: Exception, octets: bytes) -> None:
        """Our bug: this one is dropped, the others go on."""
        self._meters.drop(DropReason.INTERNAL_ERROR)
        self._noise.internal("datagram dropped", peer.host, fault, octets[4:20])

    def _admit(self, link: Link, now_ms: int) -> Request | None:
        """What it says, and that it is under way."""
        nas, view, peer = link.nas, link.view, link.peer
        try:
            request = describe(
                nas, view, peer.host, at_ms=now_ms, authentic=link.authentic, numbers=self._numbers, wire=link
            )
        except WireError as error:
            self._refuse(peer, error, view.octets)
            return None
        except Exception as fault:
            self._stumbled(peer, fault, view.octets)
            return None
        self.dispatch.begin(request)
        self._notes.admitted(request)
        if self._chatter is not None:
            self._chatter.received(request)
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
                self._noise.refused(peer.host, DropReason(error.reason), datagram.octets)
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

    # ---- verdicts, and on to AAA

    def _judged(self, requests: list[Request], verdicts: list[Verdict]) -> None:
        sent: list[Request] = []
        now = monotonic()
        for number, request in enumerate(requests):
            self._carry_on(request, verdicts[number], sent, now)
        self._note(sent)

    def _carry_on(self, request: Request, verdict: Verdict, sent: list[Request], now: float) -> None:
        try:
            self._forward(request, verdict, sent, now)
        except WireError as error:
            self._give_up(request, DropReason(error.reason))
        except IdentifierExhausted:
            self._give_up(request, DropReason.NO_IDENTIFIER)
        except Exception as fault:
            self._failed(request, fault)

    def _failed(self, request: Request, error: Exception) -> None:
        """Our bug: this one is dropped, the others go on."""
        self.dispatch.abandon(request, DropReason.INTERNAL_ERROR)
        self._noise.internal("request dropped", request.host, error, request.view.authenticator)

    def _give_up(self, request: Request, reason: DropReason) -> None:
        """It is good, but can't be carried on."""
        self.dispatch.abandon(request, reason)
        self._noise.dropped(request.nas.name, request.host, reason, request.view.authenticator)

    def _forward(self, request: Request, verdict: Verdict, sent: list[Request], now: float) -> None:
        """Rewrite as the mode allows, sign for AAA, send; what such a request teaches is left to `_note`."""
        verdict = settled(request, verdict, self._numbers)
        if verdict.outcome is _CONFLICT and request.question.own is not None:
            self._notes.found(request, Finding.CONFLICT)
        request.verdict = verdict
        if self.tracer.active:
            self.tracer.judged(request, verdict)
        if self._chatter is not None:
            self._chatter.judged(request, verdict)
        if not request.link.exchange.current:
            self._give_up(request, DropReason.SUPERSEDED)
            return
        if rejects(request, verdict):
            self._notes.judged(request, verdict)
            self.dispatch.answer(request, a.Code.ACCESS_REJECT, hops.reject(request), now)
            return
        if request.accounting and self._spool is not None:
            edits, appended = edits_of(request, verdict)
            self._spool.take(request, hops.accounting_attributes(request.view, edits, appended), self._spooled)
            self._notes.judged(request, verdict)
            return
        if self.dispatch.send(request, verdict, now):
            sent.append(request)
        else:
            self._notes.judged(request, verdict)

    def _note(self, sent: list[Request]) -> None:
        """Write down what requests taught that are on their way."""
        for request in sent:
            verdict = request.verdict
            if verdict is None:
                continue
            try:
                self._notes.judged(request, verdict)
                self._notes.recorded(request, verdict)
            except Exception as fault:
                self._failed(request, fault)

    def _spooled(self, request: Request, durable: bool) -> None:
        """The spool has it, and answers for it from now on; or it can't take it, and the BNG keeps it."""
        if durable:
            self.dispatch.answer(request, a.Code.ACCOUNTING_RESPONSE, hops.acknowledgement(request), monotonic())
        else:
            self.dispatch.abandon(request, DropReason.SPOOL_FULL)

    # ---- housekeeping

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(EXPIRE_EVERY_S, self._expire)  # first: nothing below may keep it from coming
        now = loop.time()
        self.dispatch.expire(now)
        self._noise.flush()
        if now >= self._tell_at:
            self._tell_at = now + TELL_EVERY_S
            self.tell()

    def tell(self) -> None:
        """Write down what has been gathered by now."""
        self._notes.tell()

    def close(self) -> None:
        """Send what waits for that, and stop the timers."""
        self.dispatch.close()
        if self._timer is not None:
            self._timer.cancel()
