"""Prefixes that a DHCPv6 message gives or asks for. Pure."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Final

from bngcorr.errors import Malformed
from bngcorr.wire import dhcp6, dhcp6_values
from bngcorr.wire.dhcp6 import Layer
from bngcorr.wire.dhcp6_values import IaPrefix

_MOST: Final = 64  # of one message


def prefixes(message: Layer) -> list[IaPrefix]:
    """Every prefix of every IA_PD, whatever its lifetime; what is malformed is left out."""
    found: list[IaPrefix] = []
    for option in message.all(dhcp6.IA_PD)[:_MOST]:
        try:
            found += dhcp6_values.association(option).prefixes
        except Malformed:
            continue
    return found[:_MOST]


def granted(message: Layer) -> list[IaPrefix]:
    """Those of a REPLY that may be used: valid, and without a status that says no (RFC 8415 §18.2.10.1)."""
    return [
        one for one in prefixes(message) if one.valid and one.length and (one.status is None or not one.status.code)
    ]


def prefix_text(prefix: bytes, length: int) -> str:
    """``2001:db8::/56``"""
    return f"{IPv6Address(prefix)}/{length}"
