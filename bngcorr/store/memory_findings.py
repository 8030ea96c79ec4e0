"""Findings in the memory store."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bngcorr.store import contract as c
from bngcorr.store.lesson import NEW, FindingSeen
from bngcorr.store.memory_domain import Domain
from bngcorr.store.rows import FindingRow

DROPPED: Final = 100  # at once, when there are too many


def find(domain: Domain, seen: FindingSeen) -> str:
    """Note a finding, or that it is over."""
    name = (str(seen.finding), seen.subject)
    row = domain.findings.get(name)
    if seen.over:
        if row is None or row.over_ms or seen.at_ms <= domain.over_ms.get(name, 0):
            return "known"  # it may have come back since it was over
        domain.over_ms[name] = seen.at_ms
        domain.findings[name] = replace(row, over_ms=seen.at_ms)
        return "over"
    if row is not None and seen.at_ms <= row.last_ms:
        return "known"  # told again, or too late
    begins = row is None or row.over_ms > 0
    domain.findings[name] = FindingRow(
        domain=seen.domain,
        bng=seen.bng,
        finding=seen.finding,
        subject=seen.subject,
        first_ms=seen.at_ms if row is None or begins else row.first_ms,
        last_ms=seen.at_ms,
        count=1 if row is None or begins else row.count + 1,
        detail=seen.detail,
        over_ms=0,
    )
    if len(domain.findings) > c.MAX_FINDINGS:
        by_age = sorted(domain.findings, key=lambda one: (domain.findings[one].last_ms, one))
        for old in by_age[:DROPPED]:
            del domain.findings[old]
            domain.over_ms.pop(old, None)
    return NEW if begins else "known"
