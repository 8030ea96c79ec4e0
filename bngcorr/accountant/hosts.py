"""The hosts that one accounting record names."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Final

from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.radius import PacketView

MOST_HOSTS: Final = 32  # of one session; SR OS allows 32 hosts a subscriber message, and a session holds far fewer

# RFC 2865 §5.8: "let the user choose" and "let the NAS choose" are no addresses; nor is the unspecified one
_NO_ADDRESS: Final = frozenset((IPv4Address(0xFFFFFFFF), IPv4Address(0xFFFFFFFE), IPv4Address(0)))


def hosts_of(view: PacketView) -> tuple[Host, ...] | None:
    """Distinct hosts of a record, in packet order; None if it names none at all, which says nothing.

    v4: Framed-IP-Address. IA_NA: Framed-IPv6-Address, Alc-Ipv6-Address, or a Framed-IPv6-Prefix of length 128. SLAAC:
    any other Framed-IPv6-Prefix. IA_PD: Delegated-IPv6-Prefix. Values that are no addresses are skipped.
    """
    hosts: dict[Host, None] = {}
    for span in view.spans:
        value = view.value(span)
        match span.key:
            case a.FRAMED_IP_ADDRESS:
                v4 = radius.ipv4(value)
                if v4 is not None and v4 not in _NO_ADDRESS:
                    hosts[Host(HostKind.V4, v4)] = None
            case a.FRAMED_IPV6_ADDRESS | a.ALC_IPV6_ADDRESS:
                v6 = radius.ipv6(value)
                if v6 is not None and not v6.is_unspecified:
                    hosts[Host(HostKind.IA_NA, v6)] = None
            case a.FRAMED_IPV6_PREFIX:
                prefix = radius.ipv6_prefix(value)
                if prefix is not None and prefix.prefixlen == 128:
                    hosts[Host(HostKind.IA_NA, prefix.network_address)] = None
                elif prefix is not None:
                    hosts[Host(HostKind.SLAAC, prefix)] = None
            case a.DELEGATED_IPV6_PREFIX:
                prefix = radius.ipv6_prefix(value)
                if prefix is not None:
                    hosts[Host(HostKind.IA_PD, prefix)] = None
        if len(hosts) >= MOST_HOSTS:
            break
    return tuple(hosts) or None
