"""Metrics of taps. A new one needs a row of docs/metrics.md."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class TapMeters:
    """All of them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.up = Gauge(
            "bngcorr_tap_up", "1 while frames of the interface can be read.", ("interface",), registry=registry
        )
        self.frames = Counter(
            "bngcorr_tap_frames", "Frames read, by what they carry.", ("interface", "protocol"), registry=registry
        )
        self.drops = Counter(
            "bngcorr_tap_kernel_drops", "Frames for which the kernel had no room.", ("interface",), registry=registry
        )
        self.discards = Counter(
            "bngcorr_tap_discards", "Frames read and not taken for what they carry, by reason.",
            ("interface", "reason"), registry=registry,
        )  # fmt: skip
        self.sightings = Counter(
            "bngcorr_tap_sightings", "DHCP messages that showed the line of a CPE.", ("interface", "protocol"),
            registry=registry,
        )  # fmt: skip
        self.leases = Counter(
            "bngcorr_tap_leases", "Leases given, renewed or over.", ("interface", "done"), registry=registry
        )
        self.faults = Counter(
            "bngcorr_tap_faults", "Faults of the wire told as findings.", ("interface",), registry=registry
        )
