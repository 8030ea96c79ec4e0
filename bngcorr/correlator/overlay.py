"""Sightings that the store has not taken yet, laid over what it recalls: the climb on what it will know. Pure.

The rules are those by which the store takes a sighting. What only the store knows stays as recalled; where that could
matter, the verdict is given only if it is the same either way. A sighting that the store has taken meanwhile changes
nothing the second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bngcorr.correlator.ladder import climb
from bngcorr.correlator.question import Question, counts
from bngcorr.model.line import contradict
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Outcome, Rung
from bngcorr.store.contract import MAX_LINES_PER_KEY
from bngcorr.store.lesson import Sighting
from bngcorr.store.recollection import Candidate, KeyRecord, LiveSession, Recollection, undisputed

MOST_LAID: Final = 32  # pending sightings that one question is compared with
# ambiguous as long as a sighting is on its way to the store: worth a hold, known by its identity
IN_DOUBT: Final = Verdict(outcome=Outcome.AMBIGUOUS)

_OWN: Final = Verdict(outcome=Outcome.OWN)
_CONFLICT: Final = Outcome.CONFLICT

# what the store will find when it compares a sighting with who is live and planned there
_AGREES: Final = 0
_MAY_DIFFER: Final = 1
_AGAINST_SESSION: Final = 2
_MAY_BE_LIVE: Final = 3  # against another line's session, unless its own has one that is not seen
_AGAINST_PLAN: Final = 4
_NO_SESSIONS: Final[tuple[LiveSession, ...]] = ()


def verdict_over(
    question: Question,
    recalled: Recollection,
    pending: Sequence[Sighting],
    now_ms: int,
    suspended: frozenset[Rung],
) -> Verdict:
    """The verdict on a question as if the store had taken the `pending` sightings of its domain, the earliest first;
    `IN_DOUBT` if it depends on what this process can't know.
    """
    if recalled.alone:
        # A line that is new on a key comes without sessions here: beside a request's own id, nothing is against it.
        return climb(question, recalled, now_ms, suspended)
    if len(pending) > MOST_LAID:
        return IN_DOUBT if question.own is None else climb(question, recalled, now_ms, suspended)
    bold = _Overlay(question, recalled, now_ms, bold=True)
    for sighting in pending:
        bold.lay(sighting)
    verdict = climb(question, bold.whole(), now_ms, suspended)
    if not bold.doubtful:
        return verdict
    careful = _Overlay(question, recalled, now_ms, bold=False)
    for sighting in pending:
        careful.lay(sighting)
    return _agreed(question, verdict, climb(question, careful.whole(), now_ms, suspended))


def _agreed(question: Question, one: Verdict, other: Verdict) -> Verdict:
    """What both say; else what does the least."""
    if question.own is not None:
        if one.outcome is _CONFLICT:
            return one
        if other.outcome is _CONFLICT:
            return other
        return one if one.verified and other.verified else _OWN
    agreed = one.outcome is other.outcome and one.line == other.line and one.ids == other.ids
    return other if agreed else IN_DOUBT


class _Overlay:
    """One question's recollection, and what is laid over it.

    Two of them differ in what nobody here can know: the bold one takes every sighting that could be contradicted by
    what it does not see, and counts every line for a new one of the MAC; the careful one does neither.
    """

    __slots__ = ("_bold", "_climbs", "_match_v6", "_now_ms", "_recalled", "_records", "_ring", "_tainting", "doubtful")

    def __init__(self, question: Question, recalled: Recollection, now_ms: int, *, bold: bool) -> None:
        """Nothing is laid yet."""
        self._ring: Final = question.keyring
        self._climbs: Final = question.own is None
        self._match_v6: Final = question.match_v6
        self._recalled: Final = recalled
        self._records: dict[str, KeyRecord] = dict(recalled.records)
        self._now_ms: Final = now_ms
        self._bold: Final = bold
        self._tainting: set[str] = set()  # lines on which the MAC is pending
        self.doubtful = False  # whether the other one may come to another verdict

    def whole(self) -> Recollection:
        """All of it together."""
        recalled = self._recalled
        return Recollection(
            records=self._records, mac_lines=self._mac_lines(), session=recalled.session, epochs=recalled.epochs,
            plan=recalled.plan,
        )  # fmt: skip

    def lay(self, s: Sighting) -> None:
        """One more sighting."""
        if s.mac is not None and s.mac == self._ring.mac and not s.claimed:
            self._tainting.add(s.line)
        if self._is_known(s):
            return
        found = self._compared(s)
        if found == _AGAINST_SESSION:
            self._dispute(s)
        elif found == _AGREES:
            self._see(s)
        elif found != _AGAINST_PLAN:
            self.doubtful = True
            if self._bold:
                self._see(s, live=found == _MAY_BE_LIVE)
            elif found == _MAY_BE_LIVE:
                self._dispute(s)

    def _mac_lines(self) -> int:
        """Lines that the MAC will have been seen on."""
        recalled, tainting = self._recalled.mac_lines, self._tainting
        if not tainting or recalled > 1:
            return recalled
        if not recalled:
            return len(tainting)
        known = {one.line for record in self._recalled.records.values() for one in record.candidates if one.same_mac}
        if known:
            return len(known | tainting)
        self.doubtful = True  # the one that the store knows is on none of these keys: a CPE that moved, or a clone
        return len(tainting) + 1 if self._bold else len(tainting)

    # ---- one sighting

    def _is_known(self, s: Sighting) -> bool:
        """Whether the store told of it, or of a later one like it, on every key of the question that it is on.

        About a request's own id not all keys are asked (`own_id.looks_at`): what is on the others only is not known.
        """
        keys = s.keys
        stands = False
        for key, record in self._records.items():
            mine = _of_line(record, s.line)
            if mine is None:
                if key in keys:
                    return False
                continue
            if key in keys:
                stands = True
                if (mine.sighted_v6_ms if s.v6 else mine.sighted_ms) < s.at_ms:
                    return False
            if not mine.same_mac and s.mac is not None and s.mac == self._ring.mac:
                return False
        return self._climbs or stands or not self._shares_what_is_not_asked(s)

    def _shares_what_is_not_asked(self, s: Sighting) -> bool:
        ring = self._ring
        return (s.bng_mac is not None and s.bng_mac == ring.bng_mac) or (
            s.multi_session is not None and s.multi_session == ring.session
        )

    def _compared(self, s: Sighting) -> int:
        """What becomes of it when it is compared with what is planned and live where it was seen.

        A session on the key of attachment and MAC is one on the others as well: where none is seen there, there is
        none.
        """
        differs = _AGREES
        if s.place is not None:
            plan = self._recalled.plan
            if s.place != self._ring.place:
                differs = _MAY_DIFFER
            elif plan is not None and contradict(plan, s.ids):
                return _AGAINST_PLAN
        if s.attachment_mac is None:
            return differs
        record = self._records.get(s.attachment_mac)
        if record is not None:
            mine = _of_line(record, s.line)
            if not self._is_contradicted(record, s) or self._is_live(mine):
                return differs
            return _MAY_BE_LIVE if mine is None else _AGAINST_SESSION
        for key in (s.attachment, s.bng_mac):
            record = None if key is None else self._records.get(key)
            if record is not None and not record.crowded:
                return _MAY_DIFFER if self._is_contradicted(record, s) else differs
        return _MAY_DIFFER

    def _is_contradicted(self, record: KeyRecord, s: Sighting) -> bool:
        """Whether a line that contradicts it is live on a key."""
        for other in record.candidates:
            if other.line != s.line and contradict(other.ids, s.ids) and self._is_live(other):
                return True
        return False

    def _is_live(self, candidate: Candidate | None) -> bool:
        if candidate is not None:
            for session in candidate.sessions:
                if counts(session, self._recalled.epochs, self._now_ms):
                    return True
        return False

    def _dispute(self, s: Sighting) -> None:
        """Who is not live where it was seen, and was not sighted since, does not count there any more."""
        for key in (s.attachment_mac, s.attachment):
            record = None if key is None else self._records.get(key)
            if key is not None and record is not None:
                left = tuple([one for one in record.candidates if undisputed(one, s.at_ms, self._recalled.epochs)])
                self._records[key] = KeyRecord(candidates=left, crowded=record.crowded, shared=record.shared)

    def _see(self, s: Sighting, *, live: bool = False) -> None:
        """The line was there. On a key where it is new it may have sessions that are not seen. That matters where it is
        `live` or not there at all, and where a sighting of IPv6 does not count by itself; not beside a request's own
        id, for which only sessions that are known to be another line's are against it.
        """
        records = self._records
        here = None if s.attachment is None else records.get(s.attachment)
        if s.attachment is not None and here is not None and self._is_shared(here, s):
            records[s.attachment] = KeyRecord(candidates=here.candidates, crowded=here.crowded, shared=True)
        known = self._line(s.line)
        with_mac = self._was_seen_with_the_mac(s, known)
        latest = known is None or s.at_ms > self._last_ms(s.line)
        for key, record in list(records.items()):
            mine = _of_line(record, s.line)
            stands = key in s.keys
            if mine is None:
                if not stands:
                    continue
                if len(record.candidates) >= MAX_LINES_PER_KEY:
                    records[key] = KeyRecord(candidates=record.candidates, crowded=True, shared=record.shared)
                    continue
                unheard = self._climbs and s.v6 and not self._match_v6
                self.doubtful = self.doubtful or unheard
                sessions = _NO_SESSIONS
                if self._bold and self._climbs and (live or unheard):
                    sessions = (LiveSession(nas="", epoch=0, until_ms=self._now_ms + 1, heard_ms=self._now_ms),)
                mine = _new(s, sessions) if known is None else _elsewhere(known, s, sessions)
            told = self._told(mine, s, latest=latest, stands=stands, with_mac=with_mac)
            others = [one for one in record.candidates if one.line != s.line]
            records[key] = KeyRecord(candidates=(*others, told), crowded=record.crowded, shared=record.shared)

    def _told(self, mine: Candidate, s: Sighting, *, latest: bool, stands: bool, with_mac: bool) -> Candidate:
        """A line on a key after this sighting of it; `stands`: that was on this key."""
        at_ms, v6_ms = mine.sighted_ms, mine.sighted_v6_ms
        if stands:
            if s.v6:
                v6_ms = max(v6_ms, s.at_ms)
            else:
                at_ms = max(at_ms, s.at_ms)
        return Candidate(
            line=mine.line,
            ids=s.ids if latest else mine.ids,
            first_ms=min(mine.first_ms, s.at_ms) if stands else mine.first_ms,
            sighted_ms=at_ms,
            sighted_v6_ms=v6_ms,
            attached=mine.attached or (stands and s.attached),
            v4_evident=mine.v4_evident or (stands and s.v4_evident),
            same_mac=mine.same_mac or with_mac,
            same_place=s.place == self._ring.place if latest and s.place is not None else mine.same_place,
            sessions=mine.sessions,
        )

    def _line(self, line: str) -> Candidate | None:
        """A line on any of the keys."""
        for record in self._records.values():
            found = _of_line(record, line)
            if found is not None:
                return found
        return None

    def _last_ms(self, line: str) -> int:
        """When a line was last seen on any of the keys."""
        last_ms = 0
        for record in self._records.values():
            found = _of_line(record, line)
            if found is not None:
                last_ms = max(last_ms, found.sighted_ms, found.sighted_v6_ms)
        return last_ms

    def _was_seen_with_the_mac(self, s: Sighting, known: Candidate | None) -> bool:
        """Whether its line was seen with the MAC of the question."""
        mac = self._ring.mac
        if mac is None or s.mac == mac:
            return mac is not None
        if known is not None or not self._recalled.mac_lines:
            return known is not None and known.same_mac
        self.doubtful = True  # it may have been, elsewhere
        return self._bold

    def _is_shared(self, record: KeyRecord, s: Sighting) -> bool:
        """Whether it shows two lines at a time: heard of again after another one that is live there."""
        mine = _of_line(record, s.line)
        if mine is None or mine.first_ms >= s.at_ms:
            return False
        for other in record.candidates:
            if (
                other.line != s.line
                and s.at_ms > other.first_ms
                and max(other.sighted_ms, other.sighted_v6_ms) > mine.first_ms
                and contradict(other.ids, s.ids)
                and self._is_live(other)
            ):
                return True
        return False


def _of_line(record: KeyRecord, line: str) -> Candidate | None:
    for candidate in record.candidates:
        if candidate.line == line:
            return candidate
    return None


def _new(s: Sighting, sessions: tuple[LiveSession, ...]) -> Candidate:
    """A line that was not on any key."""
    return Candidate(line=s.line, ids=s.ids, first_ms=s.at_ms, attached=False, sessions=sessions)


def _elsewhere(known: Candidate, s: Sighting, sessions: tuple[LiveSession, ...]) -> Candidate:
    """A line that was on another key: what is the line's own is known."""
    return Candidate(
        line=s.line, ids=known.ids, first_ms=s.at_ms, attached=False, same_mac=known.same_mac,
        same_place=known.same_place, sessions=sessions,
    )  # fmt: skip
