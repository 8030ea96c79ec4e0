"""Entries of timelines and of the stream of verdicts as models."""

from __future__ import annotations

from typing import Final

from bngcorr.model.line import LineIds
from bngcorr.model.shown import corr_id, instant_shown, octets_shown
from bngcorr.store.timeline import AccountingEntry, Entry, RequestEntry
from bngcorr.web.models.correlation import Accounting, Correlation
from bngcorr.web.models.names import record_name
from bngcorr.web.resources.shown import Told, attached, mac_shown, readable
from bngcorr.wire.attributes import Code

_TITLES: Final = {code: code.title for code in Code}


def entry_shown(entry: Entry, cursor: str | None = None) -> Correlation | Accounting:
    """One entry; `cursor`: behind it in the stream."""
    return request_shown(entry, cursor) if isinstance(entry, RequestEntry) else _accounting_shown(entry, cursor)


def request_shown(entry: RequestEntry, cursor: str | None = None) -> Correlation:
    """A request; `cursor`: behind it in the stream."""
    return Correlation.model_validate({
        "id": cursor,
        "at": instant_shown(entry.at_ms),
        "at_ms": entry.at_ms,
        "request": corr_id(entry.request),
        "code": _TITLES[entry.code],
        "domain": entry.domain,
        "bng": entry.bng,
        "mode": entry.mode,
        "mac": mac_shown(entry.mac),
        "attachment": attached(entry.port),
        "user_name": None if entry.user_name is None else readable(entry.user_name),
        "session_id": entry.session_id.decode("utf-8", "backslashreplace"),
        "step": entry.step,
        "trigger": entry.trigger,
        "strength": entry.strength,
        "evidence": [*map(readable, entry.evidence)],
        "verdict": entry.verdict,
        "rung": entry.rung,
        "key": entry.key,
        "line": None if entry.line is None else record_name(entry.domain, entry.line),
        "distance_ms": entry.distance_ms,
        "held_ms": entry.held_ms,
        "stripped": entry.stripped,
        "enterprise_number": entry.enterprise_number,
        "raw": _ids(LineIds(entry.raw_remote_id, entry.raw_circuit_id)),
        "ids": _ids(entry.ids),
        "upstream": entry.upstream,
        "answer": None if entry.answer is None else _TITLES[entry.answer],
        "dropped": entry.dropped,
        "answered_ms": entry.answered_ms,
        "over_ms": entry.over_ms,
    })  # fmt: skip


def _accounting_shown(entry: AccountingEntry, cursor: str | None) -> Accounting:
    return Accounting.model_validate({
        "id": cursor,
        "at": instant_shown(entry.at_ms),
        "at_ms": entry.at_ms,
        "domain": entry.domain,
        "bng": entry.bng,
        "nas": entry.nas,
        "step": entry.step,
        "session": record_name(entry.domain, entry.session),
        "session_id": entry.session_id.decode("utf-8", "backslashreplace"),
        "user_name": None if entry.user_name is None else readable(entry.user_name),
        "mac": mac_shown(entry.mac),
        "attachment": attached(entry.port),
        "verdict": entry.verdict,
        "line": record_name(entry.domain, entry.line),
        "ids": _ids(entry.ids or LineIds()),
        "came": [*map(_host, entry.came)],
        "went": [*map(_host, entry.went)],
    })  # fmt: skip


def _ids(ids: LineIds) -> Told:
    return {"remote_id": octets_shown(ids.remote_id), "circuit_id": octets_shown(ids.circuit_id)}


def _host(host: str) -> Told:
    kind, service, address = host.split("|", 2)
    return {"kind": kind, "service": service, "address": address}
