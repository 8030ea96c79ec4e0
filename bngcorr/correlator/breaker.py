"""The breaker: while the node that keeps a domain does not answer, nobody waits for it; a probe finds it back."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from bngcorr.store.contract import CorrelationStore
from bngcorr.store.nodes import Nodes

PROBE_EVERY_S: Final = 0.25

log = structlog.get_logger()


class Breaker:
    """Domains whose node does not answer."""

    def __init__(self, store: CorrelationStore, nodes: Nodes) -> None:
        """All is well."""
        self._store = store
        self._nodes = nodes
        self._closing = False
        self.away: dict[str, asyncio.Task[None]] = {}  # by domain, who probes its node

    def lost(self, domain: str) -> None:
        """Its node did not answer."""
        if domain not in self.away and not self._closing:
            log.warning(
                "store does not answer, requests without a line id go on as they are",
                domain=domain, error=self._nodes.trouble(domain) or None,
            )  # fmt: skip
            self.away[domain] = asyncio.get_running_loop().create_task(self._mend(domain))

    async def _mend(self, domain: str) -> None:
        try:
            while True:
                await asyncio.sleep(PROBE_EVERY_S)
                if await self._store.ping(domain):
                    break
            log.warning("store answers again, correlation is back", domain=domain)
        finally:
            del self.away[domain]

    def rest(self) -> None:
        """Probe nobody else."""
        self._closing = True

    async def close(self) -> None:
        """Probe nobody any more."""
        self.rest()
        probes = list(self.away.values())
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)
