"""A profile: which attributes of a BNG family mean what. Compiled: attributes are keys, not names."""

from __future__ import annotations

from dataclasses import dataclass

from bngcorr.model.vocabulary import LineIdPolicy, MacSource, PenPolicy, Strength, Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One attribute that says something about the trigger."""

    key: int  # attribute (wire.attributes key)
    name: str  # its dictionary name, for the evidence
    values: frozenset[int]  # 4-octet values that count; empty: presence alone counts
    family: Trigger
    strength: Strength
    reason: str  # one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class MacCarrier:
    """One attribute that may hold the MAC of the CPE."""

    key: int
    source: MacSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything the pure rules need to know about a BNG family."""

    name: str
    signals: tuple[Signal, ...]
    macs: tuple[MacCarrier, ...]  # first that parses wins
    remote_ids: tuple[int, ...]  # attributes that carry the Remote-Id
    circuit_ids: tuple[int, ...]
    port_ids: tuple[int, ...]  # attributes that carry port and VLANs
    line_id: LineIdPolicy
    pen: PenPolicy
    v4_always_has_id: bool  # an id-less request is then worth a hold even without a family mark
    v4_matched_by_v6: bool  # whether a request proved v4 may be matched by a v6 sighting
