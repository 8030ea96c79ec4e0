"""Octets of any protocol as a tree; what they are is guessed if nobody says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bngcorr.capture.packets import Kind
from bngcorr.capture.trees import dhcp4, dhcp6, radius
from bngcorr.capture.trees.node import Node
from bngcorr.errors import WireError
from bngcorr.profiles.profile import RawForm
from bngcorr.wire import dhcp4 as wire4
from bngcorr.wire import dhcp6 as wire6
from bngcorr.wire import radius as wire_radius
from bngcorr.wire.values import Named

_TITLES = {Kind.RADIUS: "RADIUS", Kind.DHCPV4: "DHCPv4", Kind.DHCPV6: "DHCPv6"}


@dataclass(frozen=True, slots=True)
class Words:
    """What the dictionaries and profiles say of RADIUS attributes."""

    named: Mapping[int, Named]
    raw: Mapping[int, RawForm]


def tree(octets: bytes, kind: Kind | None, words: Words, *, cut: bool = False) -> Node:
    """A packet as a tree; one that is refused is a tree with its fault. `kind` None: it is guessed."""
    kind = kind or guessed(octets)
    if kind is None:
        return Node("unknown", octets=octets, fault="neither RADIUS nor DHCPv4 nor DHCPv6")
    try:
        match kind:
            case Kind.RADIUS:
                return radius.message(octets, words.named, words.raw)
            case Kind.DHCPV4:
                return dhcp4.message(octets, cut=cut)
            case Kind.DHCPV6:
                return dhcp6.message(octets, cut=cut)
    except WireError as error:
        fault = "cut" if cut else f"{error.reason} at octet {error.offset}"
        return Node(_TITLES[kind], octets=octets, fault=fault)


def guessed(octets: bytes) -> Kind | None:
    """DHCPv4 has its cookie, a RADIUS packet its own length, and a DHCPv6 message's options fill it to the end."""
    if octets[wire4.HEADER_OCTETS - 4 : wire4.HEADER_OCTETS] == wire4.COOKIE:
        return Kind.DHCPV4
    if len(octets) >= wire_radius.HEADER_OCTETS and int.from_bytes(octets[2:4], "big") == len(octets):
        return Kind.RADIUS
    if octets and octets[0] in wire6.TYPES and wire6.message(octets).whole:
        return Kind.DHCPV6
    return Kind.RADIUS if len(octets) >= wire_radius.HEADER_OCTETS and _is_radius(octets) else None


def _is_radius(octets: bytes) -> bool:
    try:
        wire_radius.decode(octets)
    except WireError:
        return False
    return True
