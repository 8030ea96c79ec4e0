"""A sighting in the memory store: what it teaches, and what it gives away of moves, clones and shared places."""

from __future__ import annotations

from typing import Final

from bngcorr.model.line import contradict
from bngcorr.store import contract as c
from bngcorr.store import lesson as words
from bngcorr.store.lesson import Sighting
from bngcorr.store.memory_domain import Domain
from bngcorr.store.memory_records import Line, Notes, Seen, Shown, Told
from bngcorr.store.terms import line_terms

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
MACS_KEPT: Final = 2  # of a line, however old


def see(domain: Domain, s: Sighting, now_ms: int) -> list[str]:
    """Note it; words for what is worth telling."""
    planned = domain.plan.get(s.place or "")
    against_plan = planned is not None and contradict(planned, s.ids)
    if against_plan or _against_session(domain, s, now_ms):
        if not against_plan:
            _dispute(domain, s)
        return [*_taint(domain, s, now_ms), words.CONTRADICTED]
    said: list[str] = []
    line = domain.lines.get(s.line)
    macs = dict(line.macs) if line is not None else {}
    flood = False
    if s.mac is not None and not _is_noted(macs.get(s.mac), s):
        few = len(macs) <= MACS_KEPT
        macs = {mac: one for mac, one in macs.items() if mac == s.mac or few or one.at_ms > now_ms - DAY_MS}
        flood = s.mac not in macs and len(macs) >= c.MAX_MACS_PER_LINE
        if flood:
            said.append(words.MAC_FLOOD)
        else:
            before_ms = macs[s.mac].at_ms if s.mac in macs else 0
            macs[s.mac] = Shown(max(before_ms, s.at_ms), s.claimed)
        if not flood or s.mac in domain.macs:  # nothing new is made for a MAC that nobody is known by
            said += _taint(domain, s, now_ms)
    if s.attachment is not None:
        notes = domain.prune(s.attachment, now_ms, keep=s.line)
        said += _shared(domain, notes, s, now_ms)
        _note(domain, s.attachment, s, now_ms)
    if not flood:
        for key in (s.attachment_mac, s.multi_session, s.bng_mac):
            if key is not None:
                _note(domain, key, s, now_ms)
    if line is None:
        line = domain.lines[s.line] = _new_line(s)
    if s.at_ms > line.last_ms:
        if s.place is not None and line.place is not None and line.place != s.place:
            said.append(words.MOVED)
        line.ids, line.last_ms = s.ids, s.at_ms
        line.bng, line.port, line.address = s.bng, s.port, s.address
        line.place = s.place or line.place
    if s.v6 not in line.told or s.at_ms > line.told[s.v6].at_ms:
        line.told[s.v6] = Told(s.at_ms, line_terms(s.ids, s.address))
    line.first_ms, line.until_ms, line.macs = min(line.first_ms, s.at_ms), max(line.until_ms, s.until_ms), macs
    return said


def _new_line(s: Sighting) -> Line:
    return Line(
        ids=s.ids, first_ms=s.at_ms, last_ms=s.at_ms, until_ms=s.until_ms, bng=s.bng, port=s.port, address=s.address,
        place=s.place,
    )  # fmt: skip


def _is_noted(shown: Shown | None, s: Sighting) -> bool:
    """A MAC that the line showed within the hour is not noted again, unless it was only claimed then."""
    return shown is not None and s.at_ms < shown.at_ms + HOUR_MS and (s.claimed or not shown.claimed)


def _dispute(domain: Domain, s: Sighting) -> None:
    """Who is live there now is not to be remembered there afterwards: its Stop may be under way."""
    for key in (s.attachment_mac, s.attachment):
        notes = domain.keys.get(key or "")
        if notes is not None:
            notes.disputed_ms = max(notes.disputed_ms, s.at_ms)


def _against_session(domain: Domain, s: Sighting, now_ms: int) -> bool:
    """Whether another line is live with this MAC at this place, and this one is not."""
    if s.attachment_mac is None or domain.live(s.line, s.attachment_mac, now_ms):
        return False
    others = domain.keys.get(s.attachment_mac, Notes()).lines
    return any(
        other in domain.lines
        and contradict(domain.lines[other].ids, s.ids)
        and domain.live(other, s.attachment_mac, now_ms)
        for other in others
        if other != s.line
    )


def _taint(domain: Domain, s: Sighting, now_ms: int) -> list[str]:
    """Note that the MAC is on this line; a second line makes it useless."""
    if s.mac is None or s.claimed:
        return []
    lines = domain.macs.get(s.mac, {})
    kept = {line: at for line, at in lines.items() if line == s.line or at >= now_ms - c.TAINT_MS}
    moved = bool(kept) and s.line not in kept
    kept[s.line] = max(kept.get(s.line, 0), s.at_ms)
    if len(kept) > c.MAX_LINES_PER_KEY:
        del kept[min(kept, key=kept.__getitem__)]
    domain.macs[s.mac] = kept
    return [words.MAC_MOVED] if moved else []


def _shared(domain: Domain, notes: Notes, s: Sighting, now_ms: int) -> list[str]:
    """Heard of again after another live line was: both are there at a time, so the VLAN pair is not one line."""
    mine = notes.lines.get(s.line)
    if mine is None or s.attachment is None:
        return []
    alternates = any(
        s.at_ms > seen.first_ms
        and seen.last_ms > mine.first_ms
        and other in domain.lines
        and contradict(domain.lines[other].ids, s.ids)
        and domain.live(other, s.attachment, now_ms)
        for other, seen in notes.lines.items()
        if other != s.line
    )
    until_ms = s.at_ms + c.TAINT_MS
    if not alternates or until_ms <= notes.shared_ms:
        return []
    known = notes.shared_ms >= now_ms
    notes.shared_ms = until_ms
    return [] if known else [words.SHARED]


def _note(domain: Domain, key: str, s: Sighting, now_ms: int) -> None:
    notes = domain.keys[key] = domain.prune(key, now_ms, keep=s.line)
    mine = notes.lines.get(s.line)
    if mine is None:
        if len(notes.lines) >= c.MAX_LINES_PER_KEY:
            notes.crowded_ms = max(notes.crowded_ms, s.until_ms)
            return
        mine = notes.lines[s.line] = Seen(first_ms=s.at_ms, until_ms=s.until_ms)
    mine.first_ms = min(mine.first_ms, s.at_ms)
    mine.until_ms = max(mine.until_ms, s.until_ms)
    if s.v6:
        mine.sighted_v6_ms = max(mine.sighted_v6_ms, s.at_ms)
    else:
        mine.sighted_ms = max(mine.sighted_ms, s.at_ms)
    mine.attached |= s.attached
    mine.v4_evident |= s.v4_evident
