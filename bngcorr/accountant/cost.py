"""What hosts cost: cost tables turn usage into host resources. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bngcorr.config.accounting import CostTableSettings
from bngcorr.model.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTable:
    """Host resources that each thing costs; which table a box follows is the operator's knowledge."""

    name: str
    v4: int = 0
    ia_na: int = 0
    ia_pd: int = 0
    slaac: int = 0
    pd_route: int = 0
    session: int = 0  # a session, whatever it holds
    na_or_pd: int = 0  # a session that holds an IA_NA, an IA_PD or both

    def resources(self, usage: Usage) -> int:
        """Host resources that this usage costs."""
        return (
            usage.v4 * self.v4
            + usage.ia_na * self.ia_na
            + usage.ia_pd * self.ia_pd
            + usage.slaac * self.slaac
            + usage.pd_route * self.pd_route
            + usage.sessions * self.session
            + usage.na_or_pd * self.na_or_pd
        )


BUILT_IN: Final[Mapping[str, CostTable]] = {
    table.name: table
    for table in (
        # 1 each; what SR OS 25.3 shows as System Hosts Scale
        CostTable(name="sros-classic", v4=1, ia_na=1, ia_pd=1, slaac=1),
        # IA_NA and IA_PD of a session share one (as field engineers report R12)
        CostTable(name="sros-r12-shared", v4=1, na_or_pd=1, slaac=1),
        # a delegated prefix rides as a managed route and is free
        CostTable(name="sros-pd-managed-route", v4=1, ia_na=1, slaac=1),
        # 1 a session, whatever it holds: Juniper and Cisco single-session counting
        CostTable(name="session", session=1),
    )
}


def tables_of(own: Mapping[str, CostTableSettings]) -> dict[str, CostTable]:
    """All tables that may be named: those that come with bngcorr, and the operator's own."""
    return {**BUILT_IN, **{name: CostTable(name=name, **dict(table)) for name, table in own.items()}}
