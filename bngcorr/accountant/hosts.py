"""The hosts that an accounting record or an Access-Accept names. Pure."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Network
from itertools import pairwise
from typing import Final

from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.radius import PacketView

MOST_HOSTS: Final = 32  # of one session; SR OS allows 32 hosts a subscriber message, and a session holds far fewer

# RFC 2865 §5.8: "let the user choose" and "let the NAS choose" are no addresses; nor is the unspecified one
_NO_ADDRESS: Final = frozenset((IPv4Address(0xFFFFFFFF), IPv4Address(0xFFFFFFFE), IPv4Address(0)))

_WENT_DOWN: Final = frozenset((5, 7, 9, 11))  # Alc-Acct-Triggered-Reason: v4, IA_NA, IA_PD or SLAAC prefix down
_INACTIVE: Final = 8 | 32  # bits of ERX-Acct-Request-Reason: IPv4, IPv6
_ACTIVE: Final = 4 | 16


def hosts_of(view: PacketView) -> tuple[Host, ...] | None:
    """Distinct hosts of a record, in packet order.

    v4: Framed-IP-Address. IA_NA: Framed-IPv6-Address, Alc-Ipv6-Address, or a Framed-IPv6-Prefix of length 128. SLAAC:
    any other Framed-IPv6-Prefix. IA_PD: Delegated-IPv6-Prefix. PD_ROUTE: Framed-IPv6-Route of type pd-host (SR OS
    pd-managed-route); any other route is no host. Values that are no addresses are skipped.

    A record that names no host says nothing (None), for there are boxes that name them in the Start alone; unless it
    says as its reason that one went down: then none is left (empty).
    """
    hosts = _named(view)
    if not hosts:
        return () if _says_gone(view) else None
    return tuple(hosts)


def promised(view: PacketView) -> tuple[Host, ...]:
    """IPv6 hosts that an Access-Accept gives, read as those of a record.

    No IPv4: every accounting record names that by itself.
    """
    return tuple(host for host in _named(view) if host.kind is not HostKind.V4)


def _named(view: PacketView) -> dict[Host, None]:
    """Distinct hosts in packet order, so many at most."""
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
            case a.FRAMED_IPV6_ROUTE:
                prefix = _pd_route(value)
                if prefix is not None:
                    hosts[Host(HostKind.PD_ROUTE, prefix)] = None
        if len(hosts) >= MOST_HOSTS:
            break
    return hosts


def _pd_route(value: bytes) -> IPv6Network | None:
    """Prefix of ``PREFIX/LENGTH NEXT-HOP METRIC … type pd-host`` (RFC 3162 §2.5, with the type that SR OS adds)."""
    try:
        words = value.rstrip(b"\0").decode("ascii").lower().split()
    except UnicodeDecodeError:
        return None
    if ("type", "pd-host") not in pairwise(words[1:]):
        return None
    text = words[0]
    if "/" not in text or "%" in text:
        return None
    try:
        prefix = IPv6Network(text, strict=False)
    except ValueError:
        return None
    return prefix if prefix.prefixlen else None


def _says_gone(view: PacketView) -> bool:
    """Whether a record without addresses was made because one went down, and none came up.

    SR OS and Junos name all that is left in such a record. Redback's Acct-Update-Reason 11 (DHCP address released) is
    not taken for it: nothing is known of whether such a record names the IPv6 of its session.
    """
    if view.integer(a.ALC_ACCT_TRIGGERED_REASON) in _WENT_DOWN:
        return True
    reasons = view.integer(a.ERX_ACCT_REQUEST_REASON) or 0
    return reasons & _INACTIVE != 0 and reasons & _ACTIVE == 0
