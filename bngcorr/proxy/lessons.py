"""From a request to what is written down about it: sightings, steps of sessions, events. Pure."""

from __future__ import annotations

import json

from bngcorr.accountant.grant import Grant
from bngcorr.accountant.record import EXPECTED_LIFE_MS, NO_SESSION, Record
from bngcorr.correlator.keys import session_hash
from bngcorr.correlator.sighting import Seen, sighting_of
from bngcorr.correlator.trust import teaches
from bngcorr.model.line import LineIds
from bngcorr.model.mac import format_mac
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Outcome
from bngcorr.proxy.request import Request
from bngcorr.store.lesson import Event, Lesson, Restart, SessionChange, SessionStep, Sighting
from bngcorr.wire import attributes as a


def _attachment(request: Request) -> dict[str, object] | None:
    at = request.identity.attachment
    return None if at is None else {"port": at.port, "outer": at.outer, "inner": at.inner}


def _mac(request: Request) -> str | None:
    return None if request.identity.mac is None else format_mac(request.identity.mac)


def _line(request: Request, verdict: Verdict) -> tuple[str | None, LineIds | None]:
    if verdict.outcome is Outcome.OWN:
        return verdict.line, request.identity.ids
    return (verdict.line, verdict.ids) if verdict.outcome is Outcome.MATCHED else (None, None)


def sighting(request: Request, verdict: Verdict, at_ms: int, remember_ms: int, *, accepted: bool) -> Sighting | None:
    """The line was seen on the request's keys, if the request may teach that."""
    if verdict.line is None or not teaches(verdict.outcome, authentic=request.authentic, accepted=accepted):
        return None
    identity, classification = request.identity, request.classification
    seen = Seen(
        domain=request.nas.domain,
        bng=request.nas.name,
        ring=request.keyring,
        line=verdict.line,
        ids=identity.ids,
        trigger=classification.trigger,
        strength=classification.strength,
        port=identity.attachment,
        mac=identity.mac,
        mac_source=identity.mac_source,
        at_ms=at_ms,
    )
    return sighting_of(seen, remember_ms)


def _keys(request: Request, verdict: Verdict) -> tuple[str, ...]:
    """On which keys a session vouches: a line that was inherited is vouched for on none."""
    return tuple([handle.hash for handle in request.keyring.handles]) if verdict.outcome is Outcome.OWN else ()


def _expected_name(request: Request, line: str) -> str:
    """Name of the session of an Accept whose request carries no Acct-Session-Id."""
    return session_hash(request.box, b"\0expected\0" + line.encode() + request.keyring.fingerprint.encode())


def expected(request: Request, verdict: Verdict, now_ms: int, grant: Grant) -> SessionChange | None:
    """AAA accepted a request: its session is expected until Accounting-Start.

    Without a line the session is noted by its Acct-Session-Id only, so that it is known if accounting names the line
    later; without either there is nothing to note. A session that has a line and no Acct-Session-Id gets a name of its
    own, from the line and the keys, and simply runs out.
    """
    line, ids = _line(request, verdict)
    name = request.session
    if name is None:
        if line is None:
            return None
        name = _expected_name(request, line)
    return SessionChange(
        domain=request.nas.domain,
        bng=request.nas.name,
        session=name,
        nas=request.box,
        step=SessionStep.EXPECTED,
        at_ms=now_ms,
        until_ms=now_ms + EXPECTED_LIFE_MS,
        line=line,
        ids=ids,
        own=verdict.outcome is Outcome.OWN,
        keys=_keys(request, verdict),
        fingerprint=request.keyring.fingerprint,
        interval_ms=grant.interval_ms,
        timeout_ms=grant.timeout_ms,
        promised=grant.promised,
        fill=request.nas.fill,
        session_id=request.view.first(a.ACCT_SESSION_ID) or NO_SESSION,
        user_name=request.view.text(a.USER_NAME),
        port=request.identity.attachment,
        address=request.identity.mac,
        outcome=verdict.outcome,
    )


def accepted(request: Request, verdict: Verdict, now_ms: int, remember_ms: int, grant: Grant) -> list[Lesson]:
    """AAA has vouched for a request: it may teach now, and its session is expected. Of a conflict nothing is learnt."""
    if verdict.outcome is Outcome.CONFLICT:
        return []
    learnt: list[Lesson] = []
    if not request.authentic:
        seen = sighting(request, verdict, request.arrived_ms, remember_ms, accepted=True)
        if seen is not None:
            learnt.append(seen)
    change = expected(request, verdict, now_ms, grant)
    if change is not None:
        learnt.append(change)
    return learnt


def accounting(request: Request, record: Record, verdict: Verdict, remember_ms: int) -> list[Lesson]:
    """What an Accounting-Request teaches, in the order in which it is to be written."""
    nas = request.nas
    if record.restart:
        # never ahead of our clock, or a second restart would look older; in whole seconds, as the sessions' stamps are
        at_ms = min(record.event_ms, record.sent_ms) // 1000 * 1000
        return [Restart(domain=nas.domain, bng=nas.name, nas=request.box, at_ms=at_ms)]
    if record.step is None or request.session is None:
        return []
    line, ids = _line(request, verdict)
    lessons: list[Lesson] = []
    if record.step is not SessionStep.STOP:
        at_ms = min(record.sent_ms, record.event_ms)  # a buffered record is no sighting of today
        seen = sighting(request, verdict, at_ms, remember_ms, accepted=False)
        if seen is not None:
            lessons.append(seen)
    lessons.append(
        SessionChange(
            domain=nas.domain,
            bng=nas.name,
            session=request.session,
            nas=request.box,
            step=record.step,
            at_ms=record.event_ms,
            until_ms=record.sent_ms + record.life_ms,  # the NAS's clock may be hours behind
            sent_ms=record.sent_ms,
            line=line,
            ids=ids,
            own=verdict.outcome is Outcome.OWN,
            keys=_keys(request, verdict),
            fingerprint=request.keyring.fingerprint,
            digest=record.digest,
            hosts=record.hosts,
            accepted_as=None if line is None or record.step is SessionStep.STOP else _expected_name(request, line),
            fill=nas.fill,
            interval_ms=record.interval_ms,
            timeout_ms=record.timeout_ms,
            lasted_ms=record.lasted_ms,
            traffic=record.traffic,
            session_id=record.session_id,
            user_name=request.view.text(a.USER_NAME),
            port=request.identity.attachment,
            address=request.identity.mac,
            outcome=verdict.outcome,
        )
    )
    return lessons


def event(request: Request, verdict: Verdict, now_ms: int) -> Event:
    """The verdict, for /v1/correlations."""
    return Event(
        shown=json.dumps(
            {
                "at_ms": request.arrived_ms,
                "request": request.view.authenticator.hex(),
                "code": a.Code(request.view.code).title,
                "bng": request.nas.name,
                "mode": str(request.nas.mode),
                "mac": _mac(request),
                "attachment": _attachment(request),
                "trigger": str(request.classification.trigger),
                "strength": str(request.classification.strength) if request.classification.strength else None,
                "evidence": [
                    f"{item.family} {item.strength}: {item.reason}" for item in request.classification.evidence
                ],
                "verdict": str(verdict.outcome),
                "rung": str(verdict.rung) if verdict.rung else None,
                "key": str(verdict.key) if verdict.key else None,
                "line": verdict.line,
                "distance_ms": verdict.distance_ms,
                "held_ms": verdict.held_ms,
                "stripped": bool(request.identity.strips),
                "enterprise_number": request.identity.enterprise_number,
                "decided_ms": now_ms,
            }
        )
    )


__all__ = ["accepted", "accounting", "event", "expected", "sighting"]
