"""Upkeep of the memory store: ends silent sessions, drops what nobody needs any more, finds lost IPv6, counts lines."""

from __future__ import annotations

from typing import Final

from bngcorr.model.vocabulary import SessionState
from bngcorr.store import contract as c
from bngcorr.store.memory_domain import Domain
from bngcorr.store.memory_ledger import close, outlived
from bngcorr.store.memory_records import Line
from bngcorr.store.rows import LostV6, Upkeep

OTHERS_PERIOD: Final = 10  # all else is walked once in so many walks over the sessions
LOOK_AFTER_MS: Final = 1000  # behind the deadline of a session that had IPv6


def upkeep(domain: Domain, now_ms: int, walk_ms: int) -> tuple[Upkeep, list[tuple[str, tuple[str, ...]]]]:
    """Walk over what is due, at the end of each walk; and the hosts of each session that ended."""
    lost = _lost(domain, now_ms)
    released: list[tuple[str, tuple[str, ...]]] = []
    dropped = 0
    walk = domain.walk
    walk.sessions_ms, ended = _walked(walk.sessions_ms, now_ms, walk_ms)
    if ended:
        released, dropped = _sessions(domain, now_ms)
    walk.others_ms, ended = _walked(walk.others_ms, now_ms, OTHERS_PERIOD * walk_ms)
    if ended:
        dropped += _lines(domain, now_ms) + _keys(domain, now_ms) + _macs(domain, now_ms) + _findings(domain, now_ms)
    census = tuple((bng, *counts) for bng, counts in walk.census.items())
    return Upkeep(expired=len(released), dropped=dropped, lost=tuple(lost), census=census), released


def _walked(begun_ms: int | None, now_ms: int, period_ms: int) -> tuple[int | None, bool]:
    """When the walk under way began, and whether one has come to its end: all of it is done then."""
    if begun_ms is None or now_ms < begun_ms:
        return now_ms, False
    return (None, True) if now_ms - begun_ms >= period_ms else (begun_ms, False)


def _lost(domain: Domain, now_ms: int) -> list[LostV6]:
    """Lines whose IPv4 began anew some time ago, with no IPv6 since and none that may still be told of."""
    lost: list[LostV6] = []
    for name in [name for name, at in domain.watched.items() if at <= now_ms]:
        del domain.watched[name]
        line = domain.lines.get(name)
        if line is None or line.v6_ms >= line.begun_ms:
            continue
        live = [one for one in line.vouchers.values() if one.until_ms > now_ms and domain.counts(one)]
        awaited = [one.until_ms for one in live if one.has_v6]
        if awaited:
            domain.watched[name] = min(awaited) + LOOK_AFTER_MS
        elif not line.lost_ms and any(one.has_v4 for one in live):
            line.lost_ms = now_ms
            lost.append(
                LostV6(line=name, ids=line.ids, bng=line.bng, port=line.port, v6_ms=line.v6_ms, begun_ms=line.begun_ms)
            )
    return lost


def _sessions(domain: Domain, now_ms: int) -> tuple[list[tuple[str, tuple[str, ...]]], int]:
    released: list[tuple[str, tuple[str, ...]]] = []
    over = [(name, one) for name, one in domain.sessions.items() if one.until_ms <= now_ms]
    for name, session in over:
        if session.state in (SessionState.STOPPED, SessionState.EXPIRED):
            del domain.sessions[name]
            continue
        released.append((name, session.hosts))
        box = domain.boxes[session.nas]
        if session.epoch == box.epoch:
            close(domain, session, session.hosts, session.at_ms, "expired", session)
        else:
            close(domain, session, session.hosts, *outlived(box, session), session)
        domain.disown(session.line, name)
        session.until_ms, session.state = now_ms + c.TOMBSTONE_MS, SessionState.EXPIRED
        session.hosts, session.filled, session.since_ms = (), (), ()
    return released, len(over) - len(released)


def _lines(domain: Domain, now_ms: int) -> int:
    census: dict[str, list[int]] = {}
    forgotten = []
    for name, line in domain.lines.items():
        line.vouchers = {session: one for session, one in line.vouchers.items() if one.until_ms > now_ms}
        _tally(domain, line, census)
        if line.until_ms < now_ms and not line.vouchers:
            forgotten.append(name)
    for name in forgotten:
        del domain.lines[name]
        domain.watched.pop(name, None)
    domain.walk.census = {bng: (dual, v4, v6) for bng, (dual, v4, v6) in census.items()}
    return len(forgotten)


def _tally(domain: Domain, line: Line, census: dict[str, list[int]]) -> None:
    """Count a line that is live as dual stack, IPv4 only or IPv6 only."""
    live = [one for one in line.vouchers.values() if domain.counts(one)]
    v4, v6 = any(one.has_v4 for one in live), any(one.has_v6 for one in live)
    if v4 or v6:
        bng = live[-1].nas.partition("|")[0]
        census.setdefault(bng, [0, 0, 0])[0 if v4 and v6 else 1 if v4 else 2] += 1


def _keys(domain: Domain, now_ms: int) -> int:
    dropped = 0
    for key in list(domain.keys):
        notes = domain.prune(key, now_ms)
        if not notes.lines and max(notes.crowded_ms, notes.shared_ms) < now_ms:
            del domain.keys[key]
            dropped += 1
    return dropped


def _macs(domain: Domain, now_ms: int) -> int:
    dropped = 0
    for mac, lines in list(domain.macs.items()):
        domain.macs[mac] = {line: at for line, at in lines.items() if at >= now_ms - c.TAINT_MS}
        if not domain.macs[mac]:
            del domain.macs[mac]
            dropped += 1
    return dropped


def _findings(domain: Domain, now_ms: int) -> int:
    old = [name for name, row in domain.findings.items() if row.last_ms <= now_ms - c.FINDING_MS]
    for name in old:
        del domain.findings[name]
        domain.over_ms.pop(name, None)
    return len(old)
