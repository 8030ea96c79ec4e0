"""Where normal ends: the thresholds of detectors that have one. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds; `bngcorr diagnose` has an option for each, and the defaults are these."""

    most_prefixes: int = 100  # distinct prefixes and routes that one segment may be told
    window_s: float = 5.0  # from a DISCOVER to a SOLICIT of the same CPE, either way; that of the correlator
    most_macs: int = 32  # CPEs on one line id; 32 is what the correlator takes of one attachment
