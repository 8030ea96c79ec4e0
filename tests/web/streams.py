"""A stream of requests and findings that a test writes, as the API reads it from a store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bngcorr.errors import StoreError
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.vocabulary import Finding, Mode, Outcome, Rung, Trigger
from bngcorr.store.rows import FindingRow
from bngcorr.store.timeline import RequestEntry
from bngcorr.wire.attributes import Code

LINE = "9812a4522a3113c3e6174811"
T0 = 1_795_000_000_000


def request(number: int, **more: Any) -> RequestEntry:
    """The request of that number, one a second; a DISCOVER's that was matched unless it says otherwise."""
    values: dict[str, Any] = {
        "bng": "bng1", "domain": "bng1", "mac": Mac(bytes.fromhex("00000e8f0001")), "line": LINE,
        "verdict": Outcome.MATCHED, "rung": Rung.WINDOW, "trigger": Trigger.DHCPV6, "code": Code.ACCESS_REQUEST, **more,
    }  # fmt: skip
    at_ms = T0 + number * 1000
    return RequestEntry(
        at_ms=at_ms, request=bytes(16), mode=Mode.FULL, port=Attachment("1/1/4", 100, 20), strength=None, evidence=(),
        key=None, distance_ms=-20, held_ms=0, ids=LineIds(b"olt7/12"), raw_remote_id=None, raw_circuit_id=None,
        enterprise_number=None, stripped=False, user_name=None, session_id=b"", step=None, upstream="aaa1",
        answer=Code.ACCESS_ACCEPT, dropped=None, answered_ms=5, over_ms=at_ms + 5, **values,
    )  # fmt: skip


def finding(kind: Finding, subject: str, *, first_ms: int, **more: Any) -> FindingRow:
    """A finding of bng1 that began then."""
    values: dict[str, Any] = {
        "bng": "bng1",
        "domain": "bng1",
        "over_ms": 0,
        "detail": json.dumps({"line": LINE}),
        **more,
    }
    return FindingRow(finding=kind, subject=subject, first_ms=first_ms, last_ms=first_ms, count=1, **values)


class Stream:
    """`QueryStore` as far as it is about requests and findings."""

    def __init__(self) -> None:
        self.requests: list[RequestEntry] = []
        self.rows: list[FindingRow] = []
        self.away = False
        self.silent: set[str] = set()  # domains whose node is away
        self.readings = 0

    def _numbered(self) -> list[tuple[str, RequestEntry]]:
        if self.away:
            raise StoreError("away")
        self.readings += 1
        return [(f"{T0 + at}-0", entry) for at, entry in enumerate(self.requests, start=1)]

    async def events(self, after: str, limit: int) -> list[tuple[str, RequestEntry]]:
        """Behind the cursor."""
        return [one for one in self._numbered() if one[0] > after][:limit]

    async def events_before(self, before: str, limit: int) -> list[tuple[str, RequestEntry]]:
        """Before it, the newest first."""
        return [one for one in reversed(self._numbered()) if not before or one[0] < before][:limit]

    async def findings(self, domains: Sequence[str], limit: int) -> list[FindingRow]:
        """The newest first."""
        if self.away or self.silent.intersection(domains):
            raise StoreError("away")
        return sorted((row for row in self.rows if row.domain in domains), key=lambda row: -row.last_ms)[:limit]
