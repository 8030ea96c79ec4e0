"""From the memory store's records to what is asked of it: recollections for verdicts, rows for people."""

from __future__ import annotations

from bngcorr.model.vocabulary import SessionState
from bngcorr.store import contract as c
from bngcorr.store.memory_domain import Domain
from bngcorr.store.memory_records import Line, Session
from bngcorr.store.recollection import (
    ALONE,
    NOTHING,
    Candidate,
    KeyRecord,
    LiveSession,
    Recall,
    Recollection,
    SessionIdentity,
    alone,
    undisputed,
)
from bngcorr.store.rows import LineRow, SessionRow


def key_record(domain: Domain, key: str, mac: str | None, place: str | None, now_ms: int) -> KeyRecord:
    """What stands on a key and counts now; `mac` and `place` are those of the question."""
    notes = domain.keys.get(key)
    if notes is None:
        return NOTHING
    candidates = []
    for name, seen in notes.lines.items():
        line = domain.lines.get(name)
        sessions = tuple(
            LiveSession(
                nas=one.nas, epoch=one.epoch, until_ms=one.until_ms, heard_ms=one.heard_ms, up=one.up,
            )
            for one in domain.vouchers(name, key, now_ms)
        )  # fmt: skip
        if line is None or (seen.until_ms < now_ms and not sessions):
            continue
        candidates.append(
            Candidate(
                line=name,
                ids=line.ids,
                first_ms=seen.first_ms,
                sighted_ms=seen.sighted_ms,
                sighted_v6_ms=seen.sighted_v6_ms,
                attached=seen.attached,
                v4_evident=seen.v4_evident,
                same_mac=mac is not None and mac in line.macs,
                same_place=place is not None and place == line.place,
                sessions=sessions,
            )
        )
    if notes.disputed_ms:
        epochs = {nas: box.epoch for nas, box in domain.boxes.items()}
        candidates = [one for one in candidates if undisputed(one, notes.disputed_ms, epochs)]
    return KeyRecord(candidates=tuple(candidates), crowded=notes.crowded_ms >= now_ms, shared=notes.shared_ms >= now_ms)


def recollection(domain: Domain, question: Recall, now_ms: int) -> Recollection:
    """What is known on the keys of a question."""
    plan = domain.plan.get(question.place or "")
    if question.line is not None and _stands_alone(domain, question.line, question.keys, now_ms):
        return ALONE if plan is None else alone(plan)
    seen = domain.macs.get(question.mac or "", {})
    return Recollection(
        records={key: key_record(domain, key, question.mac, question.place, now_ms) for key in question.keys},
        mac_lines=sum(at >= now_ms - c.TAINT_MS for at in seen.values()),
        session=identity(domain.sessions.get(question.session or "")),
        epochs={nas: box.epoch for nas, box in domain.boxes.items()},
        plan=plan,
    )


def _stands_alone(domain: Domain, line: str, keys: tuple[str, ...], now_ms: int) -> bool:
    """Whether a line, and no other, stands on all of some keys, and counts there for some time yet."""
    for key in keys:
        notes = domain.keys.get(key)
        if notes is None or len(notes.lines) != 1 or notes.crowded_ms or notes.shared_ms or notes.disputed_ms:
            return False
        seen = notes.lines.get(line)
        if seen is None or seen.until_ms <= now_ms + c.SLACK_MS:
            return False
    return line in domain.lines


def identity(session: Session | None) -> SessionIdentity | None:
    """What was fixed for a session."""
    if session is None:
        return None
    return SessionIdentity(
        line=session.line, ids=session.ids, state=session.state, epoch=session.epoch, nas=session.nas,
        fingerprint=session.fingerprint,
    )  # fmt: skip


def session_row(domain: str, name: str, session: Session, epoch: int) -> SessionRow:
    """A session; `suspect` if its box, in its `epoch` now, has restarted since."""
    alive = session.state in (SessionState.UP, SessionState.EXPECTED)
    return SessionRow(
        session=name,
        domain=domain,
        nas=session.nas,
        state=SessionState.SUSPECT if alive and session.epoch != epoch else session.state,
        line=session.line,
        ids=session.ids,
        hosts=session.hosts,
        at_ms=session.at_ms,
        until_ms=session.until_ms,
        session_id=session.session_id,
        user_name=session.user_name,
        port=session.port,
        address=session.address,
        outcome=session.outcome,
        filled=session.filled,
        since_ms=session.since_ms,
        began_ms=session.began_ms,
        traffic=session.traffic,
    )


def line_row(domain: str, name: str, line: Line) -> LineRow:
    """A line."""
    return LineRow(
        line=name,
        domain=domain,
        ids=line.ids,
        first_ms=line.first_ms,
        last_ms=line.last_ms,
        until_ms=line.until_ms,
        bng=line.bng,
        port=line.port,
        address=line.address,
        sessions=tuple(line.vouchers),
    )
