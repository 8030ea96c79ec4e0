"""What the configuration says of BNGs and correlation domains."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address

from bngcorr.accountant.cost import CostTable, tables_of
from bngcorr.config import Bng, Config
from bngcorr.web.problem import none_of


class Estate:
    """All BNGs, by name and by domain."""

    def __init__(self, config: Config, costs: Mapping[str, CostTable]) -> None:
        """`costs`: the cost table of each BNG, by its name."""
        self.config = config
        self.costs = costs
        self.cost_tables = tables_of(config.cost_tables)
        self.bngs: dict[str, Bng] = {bng.name: bng for bng in config.bngs}
        self.interface_ids: dict[str, IPv6Address | None] = {
            bng.name: None if bng.cpe_address is None else IPv6Address(bng.cpe_address) for bng in config.bngs
        }
        domains: dict[str, list[str]] = {}
        for bng in config.bngs:
            domains.setdefault(bng.domain_name, []).append(bng.name)
        self.domains: dict[str, tuple[str, ...]] = {domain: tuple(names) for domain, names in domains.items()}

    def bng(self, value: str, parameter: str = "bng") -> Bng:
        """The BNG of that name. Raises Problem naming parameter and value."""
        found = self.bngs.get(value)
        if found is None:
            raise none_of(self.bngs, parameter, value)
        return found

    def in_scope(self, bng: str | None) -> dict[str, tuple[str, ...]]:
        """Domains that are asked about, with their BNGs. Raises Problem for a BNG that is not configured."""
        return self.domains if bng is None else {self.bng(bng).domain_name: (bng,)}

    def domain_of(self, bng: str) -> str:
        """Of a BNG that may have left the configuration: its own name then."""
        known = self.bngs.get(bng)
        return bng if known is None else known.domain_name
