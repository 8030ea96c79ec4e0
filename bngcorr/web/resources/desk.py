"""All resources together, as API and pages are given them."""

from __future__ import annotations

from collections.abc import Mapping

from bngcorr.accountant.cost import CostTable
from bngcorr.config import Config
from bngcorr.store.contract import CapacityStore, QueryStore
from bngcorr.web.resources.bngs import Bngs
from bngcorr.web.resources.configuration import Configuration
from bngcorr.web.resources.correlations import Correlations
from bngcorr.web.resources.estate import Estate
from bngcorr.web.resources.findings import Findings
from bngcorr.web.resources.growth import Growths
from bngcorr.web.resources.hosts import Hosts
from bngcorr.web.resources.lines import Lines
from bngcorr.web.resources.live import Live
from bngcorr.web.resources.lookup import Lookups
from bngcorr.web.resources.sessions import Sessions
from bngcorr.web.resources.what_if import WhatIfs


class Desk:
    """What can be asked."""

    def __init__(
        self,
        store: QueryStore,
        capacity: CapacityStore,
        config: Config,
        costs: Mapping[str, CostTable],
        digest: str = "",
    ) -> None:
        """`costs`: the cost table of each BNG, by its name. `digest`: hash of the configuration file."""
        estate = self.estate = Estate(config, costs)
        self.sessions = Sessions(store, estate)
        self.findings = Findings(store, estate)
        self.lines = Lines(store, estate, self.sessions)
        self.lookups = Lookups(store, estate, self.sessions, self.lines)
        self.correlations = Correlations(store, estate)
        growths = Growths(capacity, config.capacity.sample_every)
        self.bngs = Bngs(store, capacity, estate, growths)
        self.hosts = Hosts(store, capacity, estate, growths)
        self.what_ifs = WhatIfs(store, estate)
        self.live = Live(store, estate)
        self.configuration = Configuration(config, digest)

    async def close(self) -> None:
        """End what runs beside requests."""
        await self.live.close()
