"""The story of RADIUS packets: admitted, described, asked about, learnt from, answered."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Final

from bngcorr.accountant.grant import Grant, granted
from bngcorr.errors import Unauthentic, WireError
from bngcorr.model.verdict import UNMATCHED, Verdict
from bngcorr.model.vocabulary import DropReason, Mode, Outcome, Strength
from bngcorr.proxy import carriers, lessons
from bngcorr.proxy.admit import authenticate, describe, own_verdict, which
from bngcorr.proxy.explain import changes
from bngcorr.proxy.nas import Nas
from bngcorr.proxy.normalise import normalised
from bngcorr.proxy.request import Request
from bngcorr.proxy.settle import settled
from bngcorr.replay.bngs import Bngs
from bngcorr.replay.clock import Clock
from bngcorr.replay.exchanges import COPY_MS, Exchange, Exchanges, subject_of
from bngcorr.replay.feed import ANSWERS, REQUESTS
from bngcorr.replay.heard import Heard, address_text
from bngcorr.replay.judge import Judge
from bngcorr.replay.knowledge import Knowledge
from bngcorr.replay.row import Changes, Row, Rows, Sort
from bngcorr.replay.tally import Part
from bngcorr.replay.why import Why, unusable
from bngcorr.store.lesson import Lesson
from bngcorr.wire import attributes as a
from bngcorr.wire import radius, radius_auth
from bngcorr.wire.frame import Frame
from bngcorr.wire.radius import PacketView

SILENCE: Final = "none"  # the answer that did not come
CUT: Final = "cut"  # the reason of packets that the capture holds the beginning of
_NO_GRANT: Final = Grant()
_ACCESS_ACCEPT: Final = 2
_STATUS_SERVER: Final = 12
_ACCOUNTING_REQUEST: Final = 4
_STRENGTHS: Final = (Strength.PROOF, Strength.STRONG, Strength.HINT)
MOST_REASONS: Final = 64
_CODES: Final = {code.value: code for code in a.Code}
_TITLES: Final = {number: code.title for number, code in _CODES.items()}


class Radius:
    """All RADIUS of a capture."""

    def __init__(self, clock: Clock, bngs: Bngs, knowledge: Knowledge, judge: Judge, rows: Rows | None) -> None:
        """Without `rows` only totals are kept."""
        self._clock: Final = clock
        self._bngs: Final = bngs
        self._knowledge: Final = knowledge
        self._judge: Final = judge
        self._rows: Final = rows
        self._exchanges: Final = Exchanges()
        self.access: Final = Part()
        self.accounting: Final = Part()
        self.verified = 0  # authenticators, of requests and answers
        self.wrong = 0
        self.unverifiable = 0  # no secret, or nothing in the packet that it could be told by
        self.answers_are_there = True  # False: the capture shows no answer, and requests are taken for accepted
        self.assumed = 0  # requests that were
        self.legs = 0  # requests that a proxy passed on
        self.unpaired = 0  # answers without their request
        self.others = 0  # Status-Server, CoA, Disconnect
        self.refused: Final[Counter[str]] = Counter()
        self.by_bng: Final[Counter[str]] = Counter()

    def take(self, heard: Heard) -> None:
        """One packet."""
        frame = heard.frame
        octets = frame.payload
        if len(octets) < radius.HEADER_OCTETS or frame.cut:
            self._refuse(CUT if frame.cut else DropReason.TOO_SHORT)
            return
        code = octets[0]
        try:
            if code in REQUESTS:
                self._request(heard, octets)
            elif code in ANSWERS:
                self._answer(heard, octets)
            else:
                self._other(heard, octets)
        except Unauthentic as unauthentic:
            if unauthentic.reason not in (DropReason.UNKNOWN_NAS, DropReason.UNKNOWN_CLIENT):
                self.wrong += 1
            self._refuse(unauthentic.reason)
        except WireError as error:
            self._refuse(error.reason)

    def elapsed(self) -> None:
        """Requests whose time is over had no answer."""
        for exchange in self._exchanges.expire(self._clock.now_ms):
            self._over(exchange)

    def close(self) -> None:
        """The capture is over."""
        for exchange in self._exchanges.close():
            self._over(exchange)

    # ---- requests

    def _request(self, heard: Heard, octets: bytes) -> None:
        frame, at_ms = heard.frame, heard.at_ms
        digest, known = self._exchanges.known(octets)
        if known is not None:
            self._repeated(known, frame, at_ms)
            return
        view = radius.decode(octets)
        subject = subject_of(view)
        passed_on = self._exchanges.leg(frame, subject)
        if passed_on is not None:
            self.legs += 1
            return
        host = address_text(frame.source)
        group = self._bngs.find(host)
        if not group:
            raise Unauthentic(DropReason.UNKNOWN_CLIENT)
        nas = which(list(group), view)
        authentic = self._authentic(view, nas)
        request = describe(nas, view, host, at_ms=at_ms, authentic=authentic, numbers=self._bngs.numbers)
        self.by_bng[nas.name] += 1
        exchange = self._exchanges.begin(digest, frame, at_ms)
        exchange.request, exchange.accounting = request, request.accounting
        exchange.authenticator, exchange.secret = view.authenticator, nas.secret
        self._exchanges.about(exchange, frame, subject)
        if self._rows is not None:
            exchange.row = _row(heard, request)
            self._rows.begin(exchange.row)
        verdict = own_verdict(request)
        why: Why | None = None
        if verdict is None and not self._judge.may_ask(request.question):
            verdict, why = UNMATCHED, Why.LIMITED
        elif verdict is not None and verdict.outcome is Outcome.UNMATCHED:
            nobody = request.record is not None and request.record.step is None
            why = Why.NO_CUSTOMER if nobody else unusable(request.keyring)
        if verdict is not None:
            self._decided(exchange, verdict, why)
            return
        self._judge.ask(
            request.question, hold_ms=round(request.hold_s * 1000), least_ms=0, bng=nas.name,
            tried=not request.accounting, then=partial(self._decided, exchange),
        )  # fmt: skip

    def _other(self, heard: Heard, octets: bytes) -> None:
        """Neither is decided; the answer to a Status-Server is none to a request (RFC 5997 §3)."""
        self.others += 1
        if octets[0] == _STATUS_SERVER:
            digest, known = self._exchanges.known(octets)
            if known is None:
                known = self._exchanges.begin(digest, heard.frame, heard.at_ms)
                known.answered = True
            else:
                self._exchanges.joined(known, heard.frame)

    def _repeated(self, known: Exchange, frame: Frame, at_ms: int) -> None:
        part = self._part(known)
        row = known.row
        if at_ms - known.sent_ms <= COPY_MS:
            part.copies += 1
            if row is not None:
                row.copies += 1
        else:
            known.sent_ms = at_ms
            part.retransmissions += 1
            if row is not None:
                row.retransmissions += 1
        self._exchanges.joined(known, frame)

    def _authentic(self, view: PacketView, nas: Nas) -> bool:
        """Whether the request proves who sent it; without a secret, what is signed is taken for rightly signed."""
        accounting = view.code == _ACCOUNTING_REQUEST
        if not nas.secret:
            self.unverifiable += 1
            return accounting or view.has(a.MESSAGE_AUTHENTICATOR)
        authentic = authenticate(view, nas, _CODES[view.code])
        if authentic:
            self.verified += 1
        else:
            self.unverifiable += 1
        return authentic

    def _decided(self, exchange: Exchange, verdict: Verdict, why: Why | None) -> None:
        request = exchange.request
        if request is None:
            return
        verdict = settled(request, verdict, self._bngs.numbers)
        exchange.verdict = verdict
        if verdict.outcome is not Outcome.UNMATCHED:
            why = None  # it names its line, and nobody knew better
        part = self._part(exchange)
        part.decided(request.classification.trigger, verdict, why)
        edits, appended = normalised(
            request.view, request.nas.profile, _mode(verdict), request.identity,
            verdict.ids if verdict.outcome is Outcome.MATCHED else None, request.nas.name,
        )  # fmt: skip
        if edits or appended:
            part.rewritten += 1
        if exchange.row is not None:
            _judged(exchange.row, request, verdict, changes(request.view, edits, appended))
            exchange.row.why, exchange.row.whole = why, exchange.answered
        # accounting within a hold may follow from the answer in the capture, which a hold would have put off
        self._learn(self._taught(exchange, request, verdict), wakes=not request.accounting)
        if exchange.answered or request.accounting:
            exchange.request = None  # it can teach nothing more

    def _taught(self, exchange: Exchange, request: Request, verdict: Verdict) -> list[Lesson]:
        remember_ms = self._bngs.remember_ms
        if request.record is not None:
            return lessons.accounting(request, request.record, verdict, remember_ms)
        if not self.answers_are_there and not request.authentic:
            self.assumed += 1
            return lessons.accepted(request, verdict, request.arrived_ms, remember_ms, _NO_GRANT)
        seen = lessons.sighting(request, verdict, request.arrived_ms, remember_ms, accepted=False)
        found: list[Lesson] = [] if seen is None else [seen]
        if exchange.said is not None and exchange.said.code == _ACCESS_ACCEPT:
            found += lessons.accepted(request, verdict, request.arrived_ms, remember_ms, granted(exchange.said))
        return found

    def _learn(self, taught: list[Lesson], *, wakes: bool = True) -> None:
        if taught:
            self._knowledge.write(taught, self._clock.now_ms)
            if wakes:
                self._judge.sighted(taught)

    # ---- answers

    def _answer(self, heard: Heard, octets: bytes) -> None:
        self.answers_are_there = True
        exchange = self._exchanges.answered(heard.frame)
        if exchange is None:
            self.unpaired += 1
            return
        if exchange.answered:
            return
        view = radius.decode(octets)
        if not exchange.secret:
            self.unverifiable += 1
        elif radius_auth.response_authenticator_fits(view, exchange.authenticator, exchange.secret):
            self.verified += 1
        else:
            raise Unauthentic(DropReason.BAD_AUTHENTICATOR)
        exchange.answered = True
        took_ms = max(heard.at_ms - exchange.at_ms, 0)
        title = _TITLES[view.code]
        self._part(exchange).answered(title, took_ms)
        if exchange.row is not None:
            exchange.row.answer, exchange.row.answer_ms = title, took_ms
            exchange.row.whole = exchange.verdict is not None
        request, verdict = exchange.request, exchange.verdict
        if verdict is None:
            exchange.said = view  # AAA was quicker than the hold
            return
        exchange.request = None
        if view.code == _ACCESS_ACCEPT and request is not None:
            grant, remember_ms = granted(view), self._bngs.remember_ms
            self._learn(lessons.accepted(request, verdict, heard.at_ms, remember_ms, grant))

    def _over(self, exchange: Exchange) -> None:
        if not exchange.answered:
            self._part(exchange).answers[SILENCE] += 1
        if exchange.row is not None:
            exchange.row.whole = True

    # ---- small things

    def _part(self, exchange: Exchange) -> Part:
        return self.accounting if exchange.accounting else self.access

    def _refuse(self, reason: str) -> None:
        if reason in self.refused or len(self.refused) < MOST_REASONS:
            self.refused[str(reason)] += 1


def _mode(verdict: Verdict) -> Mode:
    return Mode.OBSERVE if verdict.outcome is Outcome.CONFLICT else Mode.FULL


def _row(heard: Heard, request: Request) -> Row:
    record = request.record
    what = _TITLES[request.view.code]
    if record is not None:
        status = request.view.integer(a.ACCT_STATUS_TYPE)
        known = [one for one in a.AcctStatus if one == status]
        what = f"Accounting-{known[0].name.title()}" if known else what
    sort = Sort.ACCESS if record is None else Sort.ACCOUNTING
    return Row(sort, heard.file, heard.number, heard.at_ms, request.nas.name, what)


def _judged(row: Row, request: Request, verdict: Verdict, changed: Changes) -> None:
    """Fill in what the rules made of the request."""
    identity, said = request.identity, request.classification
    row.trigger, row.strength = said.trigger, said.strength
    if said.evidence:
        row.evidence = min(said.evidence, key=lambda one: _STRENGTHS.index(one.strength)).reason
    row.mac, row.attachment = identity.mac, identity.attachment
    row.raw_remote_id = identity.raw_remote_id
    circuits = carriers.ids(request.view, request.nas.profile.circuit_ids)
    row.raw_circuit_id = circuits[0].value if circuits else identity.ids.circuit_id
    ids = verdict.ids if verdict.ids is not None else identity.ids
    row.remote_id, row.circuit_id = ids.remote_id, ids.circuit_id
    row.verdict, row.changes = verdict, changed
