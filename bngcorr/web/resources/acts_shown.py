"""Audit records as they are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from bngcorr.model.shown import instant_shown
from bngcorr.model.vocabulary import ActOutcome
from bngcorr.store.audit_trail import ActRow
from bngcorr.store.commands import Json
from bngcorr.web.models.act import Act, AuditedDomain, ForgottenShown, ProcessAnswer, ToldSession
from bngcorr.web.models.octets import Octets
from bngcorr.web.resources.performer import GONE_MS

_GONE: Final = "nothing more was heard of it: the bngcorr web that carried it out is gone"


def act_shown(row: ActRow, now_ms: int) -> Act:
    """One record. An act that was under way when its process died is told as failed."""
    asked, ended = row.asked, row.ended
    outcome = ActOutcome.PENDING if ended is None else ended.outcome
    told_ms = row.at_ms if ended is None else ended.at_ms
    said = "" if ended is None else ended.said
    if outcome is ActOutcome.PENDING and now_ms - told_ms > GONE_MS:
        outcome, said = ActOutcome.FAILED, _GONE
    body: Json = {} if ended is None else ended.body
    answers = tuple(_answer(one) for one in body.get("answers", ()))
    heard = {answer.process for answer in answers}
    try:
        audited = tuple(AuditedDomain.model_validate(one) for one in body.get("audited", ()))
        forgotten = ForgottenShown.model_validate(body["forgotten"]) if "forgotten" in body else None
    except ValidationError:  # of another version
        audited, forgotten = (), None
    return Act(
        id=row.id,
        kind=asked.kind,
        subject=asked.subject,
        arguments=asked.arguments,
        who=asked.who,
        origin=asked.origin,
        at=instant_shown(row.at_ms) or "",
        outcome=outcome,
        ended_at=None if outcome is ActOutcome.PENDING else instant_shown(told_ms),
        said=said,
        answers=answers,
        unanswered=tuple(process for process in asked.expected if process not in heard),
        audited=audited,
        forgotten=forgotten,
    )


def _answer(told: Mapping[str, Any]) -> ProcessAnswer:
    return ProcessAnswer(
        process=str(told["process"]),
        ok=bool(told["ok"]),
        said=str(told["said"]),
        sessions=tuple(_session(one) for one in told.get("sessions", ())),
    )


def _session(told: Mapping[str, Any]) -> ToldSession:
    """As `proxy.dynauth.wanted.Told` shows it, under this API's names."""
    domain, _, session = str(told["key"]).rpartition("/")
    line = told["line"]
    return ToldSession(
        outcome=told["outcome"],
        error_cause=told["error_cause"],
        bng=told["bng"],
        session_id=told["session_id"],
        id=f"{domain}~{session}",
        line=None if line is None else f"{domain}~{line}",
        remote_id=_octets(told["remote_id"]),
        circuit_id=_octets(told["circuit_id"]),
        mac=told["mac"],
        addresses=tuple(told["addresses"]),
    )


def _octets(told: Mapping[str, Any] | None) -> Octets | None:
    return None if told is None else Octets(hex=told["hex"], text=told["text"])
