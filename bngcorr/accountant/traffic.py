"""Octet counters of an accounting record, by address family. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.accountant.hosts import IPV6_KEYS
from bngcorr.model.usage import Traffic
from bngcorr.wire import attributes as a
from bngcorr.wire.attributes import vendor_key
from bngcorr.wire.radius import PacketView

# IPv6 input octets, output octets, input gigawords, output gigawords of each vendor that counts IPv6 apart; numbers
# from the dictionaries of Nokia SR OS, Juniper (ERX), Huawei and Ericsson. The standard counters hold both families.
_IPV6: Final = (
    (vendor_key(a.NOKIA, 195), vendor_key(a.NOKIA, 198), vendor_key(a.NOKIA, 196), vendor_key(a.NOKIA, 199)),
    (
        vendor_key(a.JUNIPER_ERX, 151),
        vendor_key(a.JUNIPER_ERX, 152),
        vendor_key(a.JUNIPER_ERX, 155),
        vendor_key(a.JUNIPER_ERX, 156),
    ),
    (vendor_key(2011, 144), vendor_key(2011, 145), vendor_key(2011, 148), vendor_key(2011, 149)),
    (vendor_key(2352, 220), vendor_key(2352, 221), vendor_key(2352, 224), vendor_key(2352, 225)),
)
MOST_OCTETS: Final = (
    2**53 - 1
)  # of one session, 9 PB: more is a broken counter, and no exact number in a store's script
_BOTH: Final = (a.ACCT_INPUT_OCTETS, a.ACCT_OUTPUT_OCTETS, a.ACCT_INPUT_GIGAWORDS, a.ACCT_OUTPUT_GIGAWORDS)
_IPV6_OCTETS: Final[tuple[int, ...]] = tuple(key for keys in _IPV6 for key in keys[:2])
_FRAMED_IP_ADDRESS: Final = a.FRAMED_IP_ADDRESS


def traffic_of(view: PacketView) -> Traffic | None:
    """Octets of the session so far, both directions together; None if the record has no counters, or broken ones.

    A record without counters of its own for IPv6 says which family it counted only if it names hosts of one family
    alone; else nobody can tell them apart. Octets are 64 bits wide with the gigawords (RFC 2869 §5.1).
    """
    total = _sum(view, _BOTH)
    if total is not None and total > MOST_OCTETS:
        return None
    there = view.first_spans
    if any(key in there for key in _IPV6_OCTETS):
        for keys in _IPV6:
            ipv6 = _sum(view, keys)
            if ipv6 is not None:
                return Traffic(max((total or 0) - ipv6, 0), ipv6, 0) if ipv6 <= MOST_OCTETS else None
    if total is None:
        return None
    has_v4 = _FRAMED_IP_ADDRESS in there
    if has_v4 == any(key in there for key in IPV6_KEYS):
        return Traffic(0, 0, total)
    return Traffic(total, 0, 0) if has_v4 else Traffic(0, total, 0)


def _sum(view: PacketView, keys: tuple[int, int, int, int]) -> int | None:
    """Input and output octets with their gigawords; None if the record has neither."""
    octets_in, octets_out = view.integer(keys[0]), view.integer(keys[1])
    if octets_in is None and octets_out is None:
        return None
    high = (view.integer(keys[2]) or 0) + (view.integer(keys[3]) or 0)
    return (octets_in or 0) + (octets_out or 0) + (high << 32)
