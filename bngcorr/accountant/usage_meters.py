"""Prometheus metrics of what every BNG spends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from bngcorr.accountant.places import Place
from bngcorr.accountant.watch import Watched
from bngcorr.model.vocabulary import HostKind, Scope

MOST_PLACES: Final = 1_000  # cards and ports that are told, the fullest first: "*" may give each of many a limit

_PLACE: Final = ("bng", "box", "scope", "name")


class UsageMeters:
    """All of them. They are set from what the watch saw last, whenever somebody asks for metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._all: list[Gauge] = []

        def gauge(name: str, sentence: str, *labels: str) -> Gauge:
            made = Gauge(f"bngcorr_{name}", sentence, labels, registry=registry)
            self._all.append(made)
            return made

        self._hosts = gauge("hosts", "Hosts in use, by BNG and kind.", "bng", "type")
        self._resources = gauge("host_resources", "Host resources in use.", "bng")
        self._limit = gauge("host_limit", "Host resources the BNG can bear.", "bng")
        self._peak = gauge("host_resources_peak", "Most host resources ever in use.", "bng")
        self._peak_at = gauge("host_resources_peak_timestamp_seconds", "When that was.", "bng")
        self._use = gauge("place_use_ratio", "Part of a limit in use, of a BNG, card or port that has one.", *_PLACE)
        self._place = gauge("place_host_resources", "Host resources in use there.", *_PLACE)
        self._place_limit = gauge("place_host_limit", "That limit.", *_PLACE)
        self._traffic = gauge("traffic_octets", "Octets accounted for, both ways, by family.", "bng", "family")
        self._observed = gauge("observed_hosts", "Hosts by the box's own word.", "bng", "figure")
        self._difference = gauge("observed_difference", "Ours of that time minus the box's.", "bng", "figure")
        self._observed_at = gauge("observed_timestamp_seconds", "When the box said so.", "bng")

    def show(self, seen: Sequence[Watched]) -> None:
        """Set all of them; what is no more, or not known, is told no more."""
        for gauge in self._all:
            gauge.clear()
        for one in seen:
            self._show(one)
        places = [place for one in seen for place in one.limited]
        whole = [place for place in places if place.scope is Scope.BNG]
        parts = sorted((place for place in places if place.scope is not Scope.BNG), key=_use_of, reverse=True)
        for place in (*whole, *parts[:MOST_PLACES]):
            labels = place.bng, place.box, str(place.scope), place.name.encode("utf-8", "backslashreplace").decode()
            self._use.labels(*labels).set(_use_of(place))
            self._place.labels(*labels).set(place.spent.host_resources)
            self._place_limit.labels(*labels).set(place.spent.limit or 0)

    def _show(self, one: Watched) -> None:
        bng = one.bng.name
        for kind in HostKind:
            self._hosts.labels(bng, str(kind)).set(getattr(one.usage, str(kind)))
        self._resources.labels(bng).set(one.host_resources)
        if one.bng.limits.host_resources is not None:
            self._limit.labels(bng).set(one.bng.limits.host_resources)
        if one.peak is not None:
            self._peak.labels(bng).set(one.peak.host_resources)
            self._peak_at.labels(bng).set(one.peak.at_ms / 1000)
        for family, octets in one.traffic._asdict().items():
            self._traffic.labels(bng, family).set(octets)
        if one.observed is not None:
            self._observed_at.labels(bng).set(one.observed.at_ms / 1000)
            for name, figure in one.observed.figures:
                self._observed.labels(bng, name).set(figure)
        for difference in one.differences:
            self._difference.labels(bng, difference.figure).set(difference.difference)


def _use_of(place: Place) -> float:
    return place.spent.use or 0.0
