"""The climb over any recollection at all: when a line is given, told anew."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.correlator.keys import Keyring
from bngcorr.correlator.ladder import climb
from bngcorr.correlator.question import FRESH_MS, Rules
from bngcorr.model.line import LineIds, contradict
from bngcorr.model.vocabulary import Key, MacSource, Outcome, Rung, VlanModel
from bngcorr.store.recollection import Candidate, KeyRecord, LiveSession, Recollection

from .questions import DAY, NAS, NOW, WINDOW, question, ring

PAIR = "~metro"
lines = st.sampled_from("ABCD")
sessions = st.builds(
    LiveSession,
    nas=st.sampled_from((NAS, "bng1|ffffffff")),
    epoch=st.integers(0, 2),
    until_ms=st.sampled_from((NOW - 1, NOW, NOW + 1, NOW + 60_000)),
    heard_ms=st.sampled_from((NOW - 10, NOW - FRESH_MS, NOW - FRESH_MS - 1)),
    up=st.sampled_from((True, True, False)),
)
instants = st.sampled_from(
    (0, NOW - DAY - 1, NOW - DAY, NOW - WINDOW - 1, NOW - WINDOW, NOW - 30, NOW, NOW + WINDOW, NOW + WINDOW + 1)
)
candidates = st.lists(
    st.builds(
        Candidate,
        line=lines,
        ids=lines.map(lambda name: LineIds(name.encode())),
        sighted_ms=instants,
        sighted_v6_ms=instants,
        attached=st.booleans(),
        same_mac=st.booleans(),
        same_place=st.booleans(),
        sessions=st.lists(sessions, max_size=2).map(tuple),
    ),
    max_size=4,
    unique_by=lambda one: one.line,
)
records = st.builds(
    KeyRecord,
    candidates=candidates.map(tuple),
    crowded=st.sampled_from((False, False, False, True)),
    shared=st.sampled_from((False, False, True)),
)
rings = st.sampled_from(
    (
        ring(),
        ring(model=VlanModel.PER_LINE),
        ring(None),
        ring(mac=None, source=None, model=VlanModel.PER_LINE),
        ring(source=MacSource.CLAIMED, model=VlanModel.PER_LINE),
        ring(None, None, None),
        ring(multi_session_id=b"Y1"),
        ring(model=VlanModel.PER_LINE, multi_session_id=b"Y1", bng=PAIR),
        ring(None, place=b"uplink"),
    )
)
rules = st.builds(
    Rules, window_ms=st.just(WINDOW), rungs=st.frozensets(st.sampled_from(Rung)) | st.just(frozenset(Rung))
)


@st.composite
def recollections(draw: st.DrawFn) -> tuple[Keyring, Recollection]:
    """What a store might know of some request."""
    keys = draw(rings)
    return keys, Recollection(
        records={one.hash: draw(records) for one in keys.handles},
        mac_lines=draw(st.sampled_from((0, 1, 1, 1, 2, 5))),
        session=None,
        epochs=draw(st.dictionaries(st.sampled_from((NAS, "bng1|ffffffff")), st.integers(0, 2))),
        plan=draw(st.sampled_from((None, None, None, LineIds(b"P")))),
    )


class _Told:
    """The rules of the climb, told once more and as plainly as possible."""

    def __init__(self, keys: Keyring, known: Recollection, rungs: frozenset[Rung], *, match_v6: bool) -> None:
        self.keys, self.known, self.rungs, self.match_v6 = keys, known, rungs, match_v6
        by_key = {one.key: known.records[one.hash] for one in keys.handles}
        pair = by_key.get(Key.ATTACHMENT)
        self.one_line = keys.per_line and not (pair is not None and pair.shared)
        self.last_here = None if pair is None else self._last(pair.candidates)

    def usable(self, key: Key) -> bool:
        """Whether a key may say anything at all."""
        if key in (Key.ATTACHMENT_MAC, Key.BNG_MAC):
            return self.known.mac_lines < 2 and (self.one_line or not self.keys.claimed)
        return self.one_line if key is Key.ATTACHMENT else True

    def counts(self, session: LiveSession) -> bool:
        """Whether a session is live now."""
        return session.until_ms > NOW and session.epoch == self.known.epochs.get(session.nas, 0)

    def fits(self, key: Key, one: Candidate) -> bool:
        """Whether a line is near in time or live."""
        if key is Key.BNG_MAC and self.keys.attached and one.attached:
            return False
        if key is Key.ATTACHMENT and not one.same_mac:
            pair = self.known.records.get(self.keys.hash_of(Key.ATTACHMENT_MAC) or "")
            foreign = {other.line for other in pair.candidates} - {one.line} if pair is not None else set()
            if foreign or (self.known.mac_lines and not self.keys.claimed):
                return False
        if key is Key.SESSION:
            here = one.same_place and (self.one_line or (one.same_mac and not self.keys.claimed))
            by_mac = one.same_mac and self.keys.free and not (self.keys.place and one.attached)
            if not (here or (by_mac and not one.same_place)):
                return False
        seen = [one.sighted_ms, *([one.sighted_v6_ms] if self.match_v6 else [])]
        near = key is not Key.SESSION and any(NOW - WINDOW <= at <= NOW + WINDOW for at in seen)
        if near and Rung.WINDOW in self.rungs:
            return True
        patient = (key is Key.ATTACHMENT_MAC and self.one_line) or (key is Key.ATTACHMENT and one.same_mac)
        return Rung.LIVE in self.rungs and any(
            self.counts(s) and (patient or not s.up or s.heard_ms >= NOW - FRESH_MS) for s in one.sessions
        )

    @staticmethod
    def _last(several: tuple[Candidate, ...]) -> str | None:
        at = [max(one.sighted_ms, one.sighted_v6_ms) for one in several]
        return several[at.index(max(at))].line if at and at.count(max(at)) == 1 else None

    def remembered(self, key: Key, several: tuple[Candidate, ...]) -> set[str]:
        """The line that was seen last, where that counts."""
        last = self._last(several)
        if Rung.REMEMBERED not in self.rungs or not self.one_line or last is None:
            return set()
        if key not in (Key.ATTACHMENT, Key.ATTACHMENT_MAC) or (self.last_here or last) != last:
            return set()
        (one,) = (one for one in several if one.line == last)
        stranger = key is Key.ATTACHMENT and self.keys.mac is not None and not one.same_mac
        recent = max(one.sighted_ms, one.sighted_v6_ms) >= NOW - DAY
        return {last} if recent and not stranger else set()

    def lines(self) -> set[str] | None:
        """Those that fit on the first key where any does; None: a crowded key came first."""
        for handle in self.keys.handles:
            record = self.known.records[handle.hash]
            if not self.usable(handle.key):
                continue
            if record.crowded:
                return None
            found = {one.line for one in record.candidates if self.fits(handle.key, one)}
            found = found or self.remembered(handle.key, record.candidates)
            if found:
                return found
        return set()


@settings(max_examples=160, deadline=None)
@given(recollections(), rules, st.booleans())
def test_a_line_is_given_only_if_exactly_one_fits(
    known: tuple[Keyring, Recollection], told: Rules, match_v6: bool
) -> None:
    """The verdict is a line if and only if it is planned, or one single line fits on the first key that has any."""
    keys, recollection = known
    verdict = climb(question(keys, rules=told, match_v6=match_v6), recollection, NOW)
    fitting = _Told(keys, recollection, told.rungs, match_v6=match_v6).lines()

    if recollection.plan is not None and Rung.INVENTORY in told.rungs:
        assert (Rung.INVENTORY, recollection.plan) == (verdict.rung, verdict.ids)
    elif fitting is not None and len(fitting) == 1:
        assert (Outcome.MATCHED, fitting) == (verdict.outcome, {verdict.line})
        assert (verdict.rung is Rung.WINDOW) == (verdict.distance_ms is not None)
        assert verdict.rung in told.rungs
    else:
        assert verdict.outcome in (Outcome.UNMATCHED, Outcome.AMBIGUOUS)
        assert (None, None) == (verdict.line, verdict.ids)
        assert verdict.outcome is Outcome.AMBIGUOUS or fitting == set()


@settings(max_examples=80, deadline=None)
@given(recollections(), st.sampled_from((None, LineIds(b"A"), LineIds(b"Z"))), st.data())
def test_the_order_of_candidates_never_matters(
    known: tuple[Keyring, Recollection], own: LineIds | None, data: st.DataObject
) -> None:
    """However the store lists the lines of a key and their sessions, the verdict is the same."""
    keys, recollection = known
    shuffled = Recollection(
        records={
            name: KeyRecord(
                candidates=tuple(data.draw(st.permutations(record.candidates))),
                crowded=record.crowded,
                shared=record.shared,
            )
            for name, record in recollection.records.items()
        },
        mac_lines=recollection.mac_lines,
        session=recollection.session,
        epochs=recollection.epochs,
        plan=recollection.plan,
    )
    asked = question(keys, own=own)

    assert climb(asked, recollection, NOW) == climb(asked, shuffled, NOW)


@settings(max_examples=80, deadline=None)
@given(recollections(), st.sampled_from((LineIds(b"A"), LineIds(b"B", b"eth"), LineIds(None, b"eth"))))
def test_a_request_with_its_own_id_is_never_given_another(known: tuple[Keyring, Recollection], own: LineIds) -> None:
    """It is believed or it is a conflict; and a conflict only if the plan or something live contradicts it."""
    keys, recollection = known
    verdict = climb(question(keys, own=own), recollection, NOW)
    live = [
        one
        for record in recollection.records.values()
        for one in record.candidates
        if any(s.until_ms > NOW and s.epoch == recollection.epochs.get(s.nas, 0) for s in one.sessions)
    ]
    planned = [recollection.plan] if recollection.plan is not None else []

    assert verdict.outcome in (Outcome.OWN, Outcome.CONFLICT)
    assert (None, None) == (verdict.line, verdict.ids)
    if verdict.outcome is Outcome.CONFLICT:
        assert any(contradict(ids, own) for ids in (*planned, *(one.ids for one in live)))
