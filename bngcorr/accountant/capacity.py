"""From hosts to host resources: cost tables, headroom. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bngcorr.model.usage import Usage


class CostTable(StrEnum):
    """How hosts add up; which one a box follows is the operator's knowledge, so it is configuration."""

    SROS_CLASSIC = "sros-classic"  # 1 each; what SR OS 25.3 shows as System Hosts Scale
    SROS_R12_SHARED = "sros-r12-shared"  # IA_NA and IA_PD of a session share one (as field engineers report R12)
    SROS_PD_MANAGED_ROUTE = "sros-pd-managed-route"  # a delegated prefix rides as a managed route and is free
    SESSION = "session"  # 1 a session, whatever it holds


def host_resources(usage: Usage, table: CostTable) -> int:
    """Host resources that this usage costs."""
    match table:
        case CostTable.SROS_CLASSIC:
            return usage.v4 + usage.ia_na + usage.ia_pd + usage.slaac
        case CostTable.SROS_R12_SHARED:
            return usage.v4 + usage.na_or_pd + usage.slaac
        case CostTable.SROS_PD_MANAGED_ROUTE:
            return usage.v4 + usage.ia_na + usage.slaac
        case CostTable.SESSION:
            return usage.sessions


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a BNG spends against what it has."""

    host_resources: int
    limit: int | None
    headroom: int | None  # limit minus resources; negative if overspent; None without a limit


def capacity(usage: Usage, table: CostTable, limit: int | None) -> Capacity:
    """Resources, limit and headroom of one BNG."""
    spent = host_resources(usage, table)
    return Capacity(spent, limit, None if limit is None else limit - spent)
