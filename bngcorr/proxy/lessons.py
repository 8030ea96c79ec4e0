"""From a request to what is written down about it: sightings, steps of sessions, events. Pure."""

from __future__ import annotations

from binascii import a2b_hex
from typing import Final

from bngcorr.accountant.grant import Grant
from bngcorr.accountant.record import EXPECTED_LIFE_MS, NO_SESSION, Record
from bngcorr.correlator.sighting import sighting_of
from bngcorr.correlator.trust import teaches
from bngcorr.model.line import LineIds
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Outcome
from bngcorr.proxy import carriers
from bngcorr.proxy.request import Request
from bngcorr.store import row_core
from bngcorr.store.lesson import Event, Lesson, Restart, SessionChange, SessionStep, Sighting
from bngcorr.wire import attributes as a

# named here once: looking a member up in its class costs more than the comparison
_OWN: Final = Outcome.OWN
_MATCHED: Final = Outcome.MATCHED
_CONFLICT: Final = Outcome.CONFLICT
_EXPECTED: Final = SessionStep.EXPECTED
_STOP: Final = SessionStep.STOP
# bound once: compiled code looks an imported function up at every call
_array: Final = row_core.array
_octets_of: Final = a2b_hex


def _ids(request: Request, verdict: Verdict) -> LineIds | None:
    """Those of the line that the verdict names."""
    if verdict.outcome is _OWN:
        return request.identity.ids
    return verdict.ids if verdict.outcome is _MATCHED else None


def _line(verdict: Verdict) -> str | None:
    return verdict.line if verdict.outcome is _OWN or verdict.outcome is _MATCHED else None


def sighting(request: Request, verdict: Verdict, at_ms: int, remember_ms: int, *, accepted: bool) -> Sighting | None:
    """The line was seen on the request's keys, if the request may teach that."""
    if verdict.line is None or not teaches(verdict.outcome, authentic=request.authentic, accepted=accepted):
        return None
    identity, classification, nas = request.identity, request.classification, request.nas
    return sighting_of(
        domain=nas.domain,
        bng=nas.name,
        ring=request.keyring,
        line=verdict.line,
        ids=identity.ids,
        trigger=classification.trigger,
        strength=classification.strength,
        port=identity.attachment,
        mac=identity.mac,
        mac_source=identity.mac_source,
        at_ms=at_ms,
        remember_ms=remember_ms,
    )


def _keys(request: Request, verdict: Verdict) -> tuple[str, ...]:
    """On which keys a session vouches: a line that was inherited is vouched for on none."""
    return request.keyring.hashes if verdict.outcome is _OWN else ()


def expected(request: Request, verdict: Verdict, now_ms: int, grant: Grant) -> SessionChange | None:
    """AAA accepted a request: its session is expected until Accounting-Start.

    Without a line the session is noted by its Acct-Session-Id only, so that it is known if accounting names the line
    later; without either there is nothing to note. A session that has a line and no Acct-Session-Id gets a name of its
    own, from the line and the keys, and simply runs out.
    """
    line, nas = _line(verdict), request.nas
    name = request.session
    if name is None:
        if line is None:
            return None
        name = request.keyring.expected_session(request.box, line)
    return SessionChange(
        domain=nas.domain,
        bng=nas.name,
        session=name,
        nas=request.box,
        step=_EXPECTED,
        at_ms=now_ms,
        until_ms=now_ms + EXPECTED_LIFE_MS,
        line=line,
        ids=_ids(request, verdict),
        own=verdict.outcome is _OWN,
        keys=_keys(request, verdict),
        fingerprint=request.keyring.fingerprint,
        interval_ms=grant.interval_ms,
        timeout_ms=grant.timeout_ms,
        promised=grant.promised,
        fill=nas.fill,
        session_id=request.view.first(a.ACCT_SESSION_ID) or NO_SESSION,
        user_name=request.view.text(a.USER_NAME),
        port=request.identity.attachment,
        address=request.identity.mac,
        outcome=verdict.outcome,
    )


def accepted(request: Request, verdict: Verdict, now_ms: int, remember_ms: int, grant: Grant) -> list[Lesson]:
    """AAA has vouched for a request: it may teach now, and its session is expected. Of a conflict nothing is learnt."""
    if verdict.outcome is _CONFLICT:
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
    line = _line(verdict)
    lessons: list[Lesson] = []
    if record.step is not _STOP:
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
            ids=_ids(request, verdict),
            own=verdict.outcome is _OWN,
            keys=_keys(request, verdict),
            fingerprint=request.keyring.fingerprint,
            digest=record.digest,
            hosts=record.hosts,
            accepted_as=(
                None if line is None or record.step is _STOP else request.keyring.expected_session(request.box, line)
            ),
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


def event(request: Request, verdict: Verdict, answer: int, now_ms: int) -> Event:
    """The request once it is over, for people.

    `answer` is the code that the BNG got; 0: none, because of `request.dropped`. Accounting goes into no timeline by
    this: the store tells there what it changed.
    """
    identity, classification, view, nas = request.identity, request.classification, request.view, request.nas
    at, own, record, upstream = identity.attachment, identity.ids, request.record, request.upstream
    if upstream is None and request.flight is not None:
        upstream = request.flight.server.name  # that was asked last
    ids = own if verdict.ids is None else verdict.ids
    raw_remote, raw_circuit, line = identity.raw_remote_id, own.circuit_id, verdict.line
    aliased = len(identity.aliases) > 0 and (len(nas.profile.aliases) > 0 or raw_circuit is None)
    if aliased or identity.untrusted or identity.contradictory:
        found = carriers.ids(view, nas.profile.circuit_ids)
        raw_circuit = found[0].value if found else None
    same_remote = raw_remote is not None and raw_remote == ids.remote_id
    same_circuit = raw_circuit is not None and raw_circuit == ids.circuit_id
    return Event(
        domain=nas.domain,
        line=None if record is not None else line,
        mac=None if record is not None else request.keyring.mac,
        about=_array(
            view.code,
            nas.domain,
            nas.name,
            nas.mode,
            identity.mac,
            None if at is None else at.port,
            None if at is None else at.outer,
            None if at is None else at.inner,
            classification.trigger,
            classification.strength,
            [item.text for item in classification.evidence],
            verdict.outcome,
            verdict.rung,
            verdict.key,
            None if line is None else _octets_of(line),
            ids.remote_id,
            ids.circuit_id,
            True if same_remote else raw_remote,
            True if same_circuit else raw_circuit,
            identity.enterprise_number,
            len(identity.strips) > 0,
            view.first(a.USER_NAME),
        ),
        moment=_array(
            request.arrived_ms,
            view.authenticator,
            verdict.distance_ms,
            verdict.held_ms,
            view.first(a.ACCT_SESSION_ID),
            None if record is None else record.step,
            upstream,
            answer or request.dropped,
            request.answered_ms,
            now_ms - request.arrived_ms,
        ),
    )


__all__ = ["accepted", "accounting", "event", "expected", "sighting"]
