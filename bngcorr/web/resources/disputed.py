"""Lines that the store has no record of, since another one is live where they asked: what the conflict tells. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bngcorr.model.line import LineIds
from bngcorr.model.mac import parse_mac
from bngcorr.model.vocabulary import Finding
from bngcorr.store.rows import FindingRow, LineRow, SessionRow


def line_of(findings: Sequence[FindingRow], sessions: Sequence[SessionRow], line: str) -> LineRow | None:
    """A line as its last conflict and its sessions tell it; None: it has no conflict."""
    ours = [one for one in findings if one.finding is Finding.CONFLICT and one.subject == line]
    found = max(ours, key=lambda one: one.last_ms, default=None)
    if found is None:
        return None
    latest = max(sessions, key=lambda one: one.at_ms, default=None)
    detail = json.loads(found.detail)
    return LineRow(
        line=line,
        domain=found.domain,
        ids=LineIds(remote_id=_octets(detail.get("remote_id")), circuit_id=_octets(detail.get("circuit_id"))),
        first_ms=found.first_ms,
        last_ms=found.last_ms if latest is None else max(found.last_ms, latest.at_ms),
        until_ms=found.last_ms if latest is None else latest.until_ms,
        bng=found.bng,
        port=None if latest is None else latest.port,
        address=parse_mac(detail.get("mac") or "") if latest is None else latest.address,
        sessions=tuple(one.session for one in sessions),
    )


def _octets(shown: object) -> bytes | None:
    return bytes.fromhex(shown["hex"]) if isinstance(shown, dict) else None
