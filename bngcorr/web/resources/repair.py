"""The ledger recounted from the sessions, and mended: as `bngcorr audit` does it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Final

from bngcorr.errors import AuditUnderwayError
from bngcorr.model.vocabulary import ActOutcome
from bngcorr.store.contract import AuditStore, Clock
from bngcorr.web.resources.performer import Progress, Result

MOST_DRIFTS: Final = 100  # told, of all domains together
MOST_DOMAINS: Final = 100  # told each by itself; beyond that those in which nothing differs are not


class Repair:
    """One recount of some domains."""

    def __init__(self, audits: AuditStore, clock: Clock, domains: Sequence[str], *, mend: bool) -> None:
        self._audits = audits
        self._clock = clock
        self._domains = domains
        self._mend = mend

    async def carry(self, progress: Progress) -> Result:
        """One domain after another. Raises StoreError."""
        told: list[dict[str, Any]] = []
        left = MOST_DRIFTS
        counters = references = 0
        progress.body = {"audited": told}
        for number, domain in enumerate(self._domains, start=1):
            progress.said = f"domain {number} of {len(self._domains)}"
            if len(told) >= MOST_DOMAINS:
                sound = next((one for one in told if not one["counters"] and not one["references"]), told[0])
                told.remove(sound)
            one: dict[str, Any] = {"domain": domain, "done": 0.0, "counters": 0, "references": 0, "drifts": []}
            told.append(one)
            try:
                drifts, differing = await self._audits.audit(
                    domain, self._clock, repair=self._mend, progress=functools.partial(_moved, one)
                )
            except AuditUnderwayError as error:
                return Result(outcome=ActOutcome.REFUSED, said=str(error), body=progress.body)
            one["done"], one["counters"], one["references"] = 1.0, len(drifts), differing
            one["drifts"] = [
                {
                    "bng": drift.box.partition("|")[0], "box": drift.box.partition("|")[2], "port": drift.port,
                    "kind": drift.kind, "ledger": drift.ledger, "sessions": drift.sessions,
                }
                for drift in drifts[:left]
            ]  # fmt: skip
            left -= len(one["drifts"])
            counters, references = counters + len(drifts), references + differing
        return Result(outcome=ActOutcome.DONE, said=self._summary(counters, references), body=progress.body)

    def _summary(self, counters: int, references: int) -> str:
        if not counters and not references:
            return "the ledger agrees with the sessions"
        mended = "mended" if self._mend else "not mended: it was a dry run"
        return f"{counters} counters and {references} references to hosts differed, {mended}"


def _moved(one: dict[str, Any], share: float) -> None:
    one["done"] = round(share, 3)
