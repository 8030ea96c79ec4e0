"""The product on one box: its own rules, in the order in which the request path calls them, in virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bngcorr.accountant.grant import Grant
from bngcorr.correlator import findings
from bngcorr.correlator.hold import HoldPays
from bngcorr.correlator.judge import recall_of
from bngcorr.correlator.ladder import climb
from bngcorr.correlator.limits import AskGuard
from bngcorr.correlator.question import Rules
from bngcorr.model.verdict import UNKNOWN, UNMATCHED, Verdict
from bngcorr.model.vocabulary import Finding, Mode, Outcome, VlanModel
from bngcorr.profiles.profile import Profile
from bngcorr.proxy import admit, lessons, rewrite
from bngcorr.proxy.nas import Nas
from bngcorr.proxy.normalise import normalised
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Request
from bngcorr.proxy.rewrite import Hop
from bngcorr.proxy.settle import settled
from bngcorr.simulate.bng import secret_of
from bngcorr.simulate.population import Box
from bngcorr.simulate.timeline import DAY, EPOCH_MS
from bngcorr.store.lesson import Lesson
from bngcorr.store.recollection import Recall, Recollection
from bngcorr.wire import attributes as a
from bngcorr.wire import radius

HOLD_S: Final = 0.3
_AAA: Final = Hop(b"between proxy and AAA", bytes(16))


def nas_of(box: Box, profile: Profile) -> Nas:
    """The box as an operator would configure it, everything at its default but the VLAN model."""
    return Nas(
        name=box.name,
        domain=box.name,
        secret=secret_of(box),
        profile=profile,
        mode=Mode.FULL,
        vlan_model=VlanModel.PER_LINE if box.site.per_line else VlanModel.SHARED,
        rules=Rules(line_id=profile.line_id),
        hold_s=HOLD_S,
        require_message_authenticator=False,
        one_box=True,
    )


class Product:
    """Stage by stage. Instants are milliseconds since the beginning."""

    def __init__(self, box: Box, profile: Profile) -> None:
        self._nas = nas_of(box, profile)
        self._host = box.host
        self._numbers = Numbers()
        self._guard = AskGuard()
        self._pays = HoldPays()

    @property
    def domain(self) -> str:
        """Its correlation domain."""
        return self._nas.domain

    def take(self, octets: bytes, at: int) -> Request:
        """Decode, authenticate, describe. Raises WireError if the simulated BNG writes nonsense."""
        view = radius.decode(octets)
        authentic = admit.authenticate(view, self._nas, a.Code(view.code))
        return admit.describe(
            self._nas, view, self._host, at_ms=EPOCH_MS + at, authentic=authentic, numbers=self._numbers
        )

    def place_of(self, octets: bytes) -> str:
        """The name by which the operator's plan knows the place that a request came from."""
        place = self.take(octets, 0).keyring.place
        if place is None:
            raise ValueError("a place that the profile can't read")
        return place

    def at_once(self, request: Request, at: int) -> Verdict | None:
        """The verdict, if the store need not, or may not, be asked."""
        verdict = admit.own_verdict(request)
        if verdict is not None or request.accounting or request.question.own is not None:
            return verdict
        return None if self._guard.allows(request.keyring, at / 1000) else UNMATCHED

    def recall(self, request: Request) -> Recall:
        """What to ask the store."""
        return recall_of(request.question)

    def judge(self, request: Request, found: Recollection | None, at: int) -> Verdict:
        """The verdict on what the store recalls."""
        return UNKNOWN if found is None else climb(request.question, found, EPOCH_MS + at)

    def holds(self, request: Request, verdict: Verdict, at: int) -> bool:
        """Whether the request waits."""
        return verdict.outcome is Outcome.UNMATCHED and request.hold_s > 0 and self._pays.holds(at / 1000)

    def held(self, verdict: Verdict, at: int) -> None:
        """A hold has ended."""
        self._pays.ended(verdict.outcome is Outcome.MATCHED, at / 1000)

    def settle(self, request: Request, verdict: Verdict) -> Verdict:
        """What was asked about although it names a line keeps its own, unless that is a conflict."""
        return settled(request, verdict, self._numbers)

    def leaves(self, request: Request, verdict: Verdict) -> bytes:
        """The attributes that AAA gets."""
        view = request.view
        inherited = verdict.ids if verdict.outcome is Outcome.MATCHED else None
        mode = Mode.OBSERVE if verdict.outcome is Outcome.CONFLICT else self._nas.mode
        edits, appended = normalised(view, self._nas.profile, mode, request.identity, inherited, self._nas.name)
        if not edits and not appended:
            return view.octets[radius.HEADER_OCTETS :]
        hop = Hop(self._nas.secret, view.authenticator)
        return rewrite.to_upstream(view, hop, _AAA, edits=edits, appended=appended, proxy_state=b"state", hidden={})

    def teaches(self, request: Request, verdict: Verdict) -> list[Lesson]:
        """What the request has taught when it leaves."""
        if request.record is not None:
            return lessons.accounting(request, request.record, verdict, DAY)
        seen = lessons.sighting(request, verdict, request.arrived_ms, DAY, accepted=False)
        return [] if seen is None else [seen]

    def accepted(self, request: Request, verdict: Verdict, at: int, interval_s: int | None) -> list[Lesson]:
        """What AAA's Access-Accept adds."""
        return lessons.accepted(request, verdict, EPOCH_MS + at, DAY, Grant(interval_ms=(interval_s or 0) * 1000))

    def findings(self, taught: Sequence[Lesson], words: Sequence[str]) -> list[Finding]:
        """What the store's words on lessons amount to."""
        return [seen.finding for lesson, word in zip(taught, words, strict=True) for seen in findings.of(lesson, word)]
