"""The audit: the ledger recounted from the sessions beside it, while it is in use. `scripts/audit.lua` counts.

Behind the prefix of the domain (`store.keys`)

===================================  ==================================================================================
``v:box``, ``j:box:bucket``          the recount: as ``u:box`` and ``h:box:bucket``, gone by itself after some hours
``q``, field ``audit``               "until position": whether an audit is under way, and which sessions it has passed
``q``, field ``audit.token``         "token parts": whose it is, and how far; stays behind if there may be leftovers
===================================  ==================================================================================

The sessions are walked bucket by bucket. Whoever changes a session that was passed enters the change in both books, in
the same call; so after the last bucket the books can be compared piece by piece, and mended, at leisure.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from typing import Final

from bngcorr.errors import AuditUnderwayError, StoreError
from bngcorr.model.usage import USAGE_FIELDS
from bngcorr.store import packing
from bngcorr.store.contract import Clock
from bngcorr.store.keys import BUCKETS, DomainKeys
from bngcorr.store.lane import Lane, Reply
from bngcorr.store.rows import Drift

BUDGET_S: Final = 5.0  # of one round trip: an audit is in no hurry
LEASE_MS: Final = 60_000  # an audit that was killed keeps others out for so long
MOST_MS: Final = 3_600_000  # longer than that it must not take: its recount would begin to go by itself
UNKNOWN_PORT: Final = "(unknown)"  # of a Drift: sessions of which no port is known

# How much one call does. The server waits with all else meanwhile: some 3 ms.
SESSIONS_AT_ONCE: Final = 25  # some 0.1 ms each; more where a single bucket holds more
SESSION_BUCKETS_AT_ONCE: Final = 1_024
REFERENCES_AT_ONCE: Final = 1_000
PORTS_AT_ONCE: Final = 32
CLEARED_AT_ONCE: Final = 512
LONGEST_REST_S: Final = 0.02

_RECOUNTED: Final = 0.6  # of the whole work, when the recount is done


class Audits:
    """`contract.AuditStore`."""

    def __init__(self, lane: Lane) -> None:
        """`lane` stays the caller's to close."""
        self._lane = lane

    async def audit(
        self, domain: str, clock: Clock, *, repair: bool, progress: Callable[[float], None]
    ) -> tuple[list[Drift], int]:
        """Recount, compare, and mend if `repair`. The server is kept busy for half of the time at most."""
        one = _Audit(self._lane, domain, clock)
        try:
            return await one.run(repair, progress)
        finally:
            with contextlib.suppress(StoreError):  # it ends by itself when its lease is over
                await one.end()


class _Audit:
    """One audit of one domain."""

    def __init__(self, lane: Lane, domain: str, clock: Clock) -> None:
        self._lane = lane
        self._domain = domain
        self._keys = DomainKeys(domain)
        self._clock = clock
        self._token = secrets.token_hex(8)
        self._began_ms = clock.now_ms()
        self._turn = 0
        self._cleared = False

    async def run(self, repair: bool, progress: Callable[[float], None]) -> tuple[list[Drift], int]:
        """All of it but `end`. Raises AuditUnderwayError and StoreError."""
        (left,) = await self._do("begin")
        if left:
            await self._clear(await self._boxes())
        position = 0
        while position < BUCKETS:
            (position,) = await self._do("recount", SESSION_BUCKETS_AT_ONCE, SESSIONS_AT_ONCE)
            progress(_RECOUNTED * position / BUCKETS)
        boxes = await self._boxes()
        references = 0
        for rank, box in enumerate(boxes):
            number = 0
            while number < BUCKETS:
                number, differ = await self._do("references", box, int(repair), number, REFERENCES_AT_ONCE)
                references += differ
                progress(_RECOUNTED + (1 - _RECOUNTED) * (rank + number / BUCKETS) / len(boxes))
        drifts: list[Drift] = []
        for box in boxes:  # when all references are mended: what is counted from now on is counted right
            drifts += await self._usage(box, repair)
        await self._clear(boxes)
        self._cleared = True
        progress(1.0)
        return drifts, references

    async def end(self) -> None:
        """Let others audit; what is left of the recount is for the next one to clear away. Raises StoreError."""
        await self._ask("end", int(self._cleared))

    async def _boxes(self) -> list[str]:
        """Those that come later are counted in both books from the first session on: nothing is to be compared."""
        (reply,) = await self._lane.run([("HKEYS", self._keys.epochs)], BUDGET_S)
        return sorted(packing.boxes_of(reply))

    async def _usage(self, box: str, repair: bool) -> list[Drift]:
        found: list[tuple[int, str, int, int]] = []
        port = 0
        while port >= 0:
            port, flat = await self._do("usage", box, int(repair), port, PORTS_AT_ONCE, USAGE_FIELDS)
            found += [
                (number, kind.decode(), ledger, sessions)
                for number, kind, ledger, sessions in zip(*(flat[at::4] for at in range(4)), strict=True)
            ]
        names = await self._ports(box) if any(number > 0 for number, *_ in found) else {}
        names |= {-1: "", 0: UNKNOWN_PORT}
        return [
            Drift(box=box, port=names[number], kind=kind, ledger=ledger, sessions=sessions)
            for number, kind, ledger, sessions in found
        ]

    async def _ports(self, box: str) -> dict[int, str]:
        (reply,) = await self._lane.run([("HGETALL", f"{self._keys.prefix}o:{box}")], BUDGET_S)
        return {
            int(number): text.decode("utf-8", "replace") for text, number in zip(reply[::2], reply[1::2], strict=True)
        }

    async def _clear(self, boxes: list[str]) -> None:
        for box in boxes:
            for first in range(0, BUCKETS, CLEARED_AT_ONCE):
                await self._do("clear", box, first, CLEARED_AT_ONCE)

    async def _do(self, part: str, *arguments: object) -> list[Reply]:
        """One part, and a rest for the server that is as long. Raises AuditUnderwayError and StoreError."""
        if self._clock.now_ms() - self._began_ms > MOST_MS:
            raise StoreError(f"the audit of domain {self._domain} took more than {MOST_MS // 60_000} min; given up")
        began = asyncio.get_running_loop().time()
        word, *reply = await self._ask(part, *arguments)
        match word:
            case b"underway":
                raise AuditUnderwayError(
                    f"another audit of domain {self._domain} is under way;"
                    f" if it was killed, try again in {reply[0] / 1000:.0f} s"
                )
            case b"lost":
                raise StoreError(
                    f"the audit of domain {self._domain} was held up for too long,"
                    " or the store has lost a part of it; try again"
                )
        self._turn += 1
        await asyncio.sleep(min(asyncio.get_running_loop().time() - began, LONGEST_REST_S))
        return reply

    async def _ask(self, part: str, *arguments: object) -> list[Reply]:
        row = packing.pack([part, self._token, self._turn, self._clock.now_ms(), LEASE_MS, *arguments])
        (reply,) = await self._lane.run([self._lane.script("audit", (self._keys.epochs,), (row,))], BUDGET_S)
        return list(reply)
