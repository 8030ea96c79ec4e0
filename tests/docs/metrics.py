"""What docs/metrics.md says of metrics, and what the processes have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from bngcorr.app.tap_meters import TapMeters
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.tallies import Counts, Spreads
from bngcorr.web.meters import WebMeters
from tests.docs.pages import DOCS

PACKETS, WEB = "The packet process", "The API process"
_BUILD = ("gauge", ("version",))
_OF_HISTOGRAMS = ("_bucket", "_count", "_sum")


@dataclass(frozen=True, slots=True)
class Told:
    """A row of the page."""

    kind: str
    labels: tuple[str, ...]


def told(heading: str) -> dict[str, Told]:
    """The rows of the table under a heading, by the name of the metric."""
    here, found = False, {}
    for line in (DOCS / "metrics.md").read_text("utf-8").splitlines():
        if line.startswith("## "):
            here = line == f"## {heading}"
        elif here and line.startswith("| `"):
            name, kind, labels = (cell.strip() for cell in line.split("|")[1:4])
            assert name.strip("`") not in found
            found[name.strip("`")] = Told(kind, tuple(re.findall("`([a-z]+)`", labels)))
    return found


def registered(registry: CollectorRegistry) -> dict[str, Told]:
    """What a process has."""
    found = {"bngcorr_build_info": Told(*_BUILD)}
    for metric in set(registry._names_to_collectors.values()):
        assert isinstance(metric, MetricWrapperBase | Counts | Spreads)
        (family,) = metric.describe()
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = metric._labelnames if isinstance(metric, MetricWrapperBase) else metric.label_names
        found[name] = Told(family.type, tuple(labels))
    return found


def of_packets() -> dict[str, Told]:
    """Metrics of the packet process."""
    registry = CollectorRegistry()
    Meters(registry)
    TapMeters(registry)
    return registered(registry)


def of_web() -> dict[str, Told]:
    """Metrics of the API process."""
    registry = CollectorRegistry()
    WebMeters(registry)
    return registered(registry)


@lru_cache
def series() -> dict[str, frozenset[str]]:
    """Names that a query may have, with the labels that it may name: those of both processes, and of the scrape."""
    found: dict[str, frozenset[str]] = {"up": frozenset({"job", "instance", "namespace"})}
    for name, one in (*told(PACKETS).items(), *told(WEB).items()):
        labels = frozenset({*one.labels, "job", "instance", "namespace"})
        if one.kind == "histogram":
            found.update((name + end, labels | {"le"} if end == "_bucket" else labels) for end in _OF_HISTOGRAMS)
        else:
            found[name] = labels
    for name in ("process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds"):
        found[name] = frozenset({"job", "instance", "namespace"})
    return found
