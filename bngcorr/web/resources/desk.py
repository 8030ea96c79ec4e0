"""All resources together, as API and pages are given them."""

from __future__ import annotations

from collections.abc import Mapping

from bngcorr.accountant.cost import CostTable
from bngcorr.config import Config
from bngcorr.store.contract import CapacityStore, QueryStore
from bngcorr.web.resources.acts import Acting, Acts
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
from bngcorr.web.resources.processes import Processes, Upstreams
from bngcorr.web.resources.sessions import Sessions
from bngcorr.web.resources.traces import Traces
from bngcorr.web.resources.what_if import WhatIfs


class Desk:
    """What can be asked."""

    def __init__(
        self,
        store: QueryStore,
        capacity: CapacityStore,
        config: Config,
        costs: Mapping[str, CostTable],
        acting: Acting,
        digest: str = "",
    ) -> None:
        """`costs`: the cost table of each BNG, by its name. `acting`: what acts go through. `digest`: hash of the
        configuration file.
        """
        estate = self.estate = Estate(config, costs)
        self.sessions = Sessions(store, estate)
        self.findings = Findings(store, estate)
        self.lines = Lines(store, estate, self.sessions, acting.clock)
        self.lookups = Lookups(store, estate, self.sessions, self.lines, acting.clock)
        self.correlations = Correlations(store, estate, acting.clock)
        growths = Growths(capacity, config.capacity.sample_every)
        self.bngs = Bngs(store, capacity, estate, growths)
        self.hosts = Hosts(store, capacity, estate, growths)
        self.what_ifs = WhatIfs(store, estate)
        self.live = Live(store, estate)
        self.configuration = Configuration(config, digest)
        self.acts = Acts(acting, store, estate)
        self.processes = Processes(acting.processes)
        self.upstreams = Upstreams(acting.processes)
        self.traces = Traces(acting.traces, acting.processes, acting.named, acting.clock)

    async def close(self) -> None:
        """End what runs beside requests."""
        await self.live.close()
        await self.acts.close()
