"""What every process tells in its metrics: what it is, and what it takes of the machine; and how they are written."""

from __future__ import annotations

import asyncio
from typing import Final

from prometheus_client import CollectorRegistry, Info, ProcessCollector
from prometheus_client.registry import Collector

from bngcorr import __version__
from bngcorr.proxy.tallies import Counts, Spreads, head, labelled

# kinds that only OpenMetrics has, as the text format calls them, and what stands behind the name of a metric there
_KIND: Final = {"info": "gauge", "stateset": "gauge", "unknown": "untyped"}
_SUFFIX: Final = {"counter": "_total", "info": "_info"}


class Registry(CollectorRegistry):
    """Metrics that are written out with the event loop having its turn between one metric and the next."""

    def __init__(self) -> None:
        super().__init__()
        self._collectors: list[Collector] = []

    def register(self, collector: Collector) -> None:
        """As prometheus_client's own. Raises ValueError for a name that is taken."""
        super().register(collector)
        self._collectors.append(collector)

    async def text(self) -> bytes:
        """All of them in the Prometheus text format."""
        parts: list[bytes] = []
        for collector in self._collectors:
            text = collector.text() if isinstance(collector, Counts | Spreads) else _text(collector)
            parts.append(text.encode())
            await asyncio.sleep(0)
        return b"".join(parts)


def _text(collector: Collector) -> str:
    """What prometheus_client's own metrics say; without `_created`, which Prometheus has no use for."""
    lines = []
    for family in collector.collect():
        name = family.name + _SUFFIX.get(family.type, "")
        lines.append(head(name, family.documentation, _KIND.get(family.type, family.type)))
        made = family.name + "_created"
        lines += [
            f"{one.name}{labelled(one.labels, one.labels.values())} {float(one.value)!r}\n"
            for one in family.samples
            if one.name != made
        ]
    return "".join(lines)


def process_registry() -> Registry:
    """A registry with `bngcorr_build_info` and `process_*`, for the process to add its own."""
    registry = Registry()
    ProcessCollector(registry=registry)
    Info("bngcorr_build", "What is running.", registry=registry).info({"version": __version__})
    return registry
