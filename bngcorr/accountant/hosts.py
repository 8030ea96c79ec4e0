"""The hosts that an accounting record or an Access-Accept names. Pure."""

from __future__ import annotations

from ipaddress import IPv6Network
from itertools import pairwise
from typing import Final

from bngcorr.model.address import ipv4_text, ipv6_prefix_text, ipv6_text
from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.radius import PacketView

MOST_HOSTS: Final = 32  # of one session; SR OS allows 32 hosts a subscriber message, and a session holds far fewer

# RFC 2865 §5.8: "let the user choose" and "let the NAS choose" are no addresses; nor is the unspecified one
_NO_ADDRESS: Final = frozenset((b"\xff\xff\xff\xff", b"\xff\xff\xff\xfe", bytes(4)))
_UNSPECIFIED: Final = bytes(16)
_FRAMED_IP_ADDRESS: Final = a.FRAMED_IP_ADDRESS
_FRAMED_IPV6_ADDRESS: Final = a.FRAMED_IPV6_ADDRESS
_ALC_IPV6_ADDRESS: Final = a.ALC_IPV6_ADDRESS
_FRAMED_IPV6_PREFIX: Final = a.FRAMED_IPV6_PREFIX
_FRAMED_IPV6_ROUTE: Final = a.FRAMED_IPV6_ROUTE
_DELEGATED_IPV6_PREFIX: Final = a.DELEGATED_IPV6_PREFIX
IPV6_KEYS: Final[tuple[int, ...]] = (
    a.FRAMED_IPV6_PREFIX, a.DELEGATED_IPV6_PREFIX, a.FRAMED_IPV6_ADDRESS, a.FRAMED_IPV6_ROUTE, a.ALC_IPV6_ADDRESS,
)  # fmt: skip
# named here once: looking a member up in its class costs more than the comparison
_V4: Final = HostKind.V4
_IA_NA: Final = HostKind.IA_NA
_IA_PD: Final = HostKind.IA_PD
_SLAAC: Final = HostKind.SLAAC
_PD_ROUTE: Final = HostKind.PD_ROUTE

_WENT_DOWN: Final = frozenset((5, 7, 9, 11))  # Alc-Acct-Triggered-Reason: v4, IA_NA, IA_PD or SLAAC prefix down
_ALC_REASON: Final = a.ALC_ACCT_TRIGGERED_REASON
_ERX_REASON: Final = a.ERX_ACCT_REQUEST_REASON
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
    there = view.first_spans
    if not any(key in there for key in IPV6_KEYS):  # as nearly always
        return ()
    hosts = _named(view)
    return tuple([host for host in hosts if host.kind is not _V4]) if hosts else ()


def _named(view: PacketView) -> list[Host]:
    """Distinct hosts in packet order, so many at most."""
    hosts: list[Host] = []
    for span in view.spans:
        key = span.key
        if key not in (  # compiled it costs less than a set
            _FRAMED_IP_ADDRESS, _FRAMED_IPV6_PREFIX, _DELEGATED_IPV6_PREFIX, _FRAMED_IPV6_ADDRESS, _FRAMED_IPV6_ROUTE,
            _ALC_IPV6_ADDRESS,
        ):  # fmt: skip
            continue
        host = _host(key, view.value(span))
        if host is not None and host not in hosts:
            hosts.append(host)
            if len(hosts) >= MOST_HOSTS:
                break
    return hosts


def _host(key: int, value: bytes) -> Host | None:
    size = len(value)
    if key == _FRAMED_IP_ADDRESS:
        return Host(_V4, ipv4_text(value)) if size == 4 and value not in _NO_ADDRESS else None
    if key in (_FRAMED_IPV6_ADDRESS, _ALC_IPV6_ADDRESS):
        return Host(_IA_NA, ipv6_text(value)) if size == 16 and value != _UNSPECIFIED else None
    if key == _FRAMED_IPV6_ROUTE:
        route = _pd_route(value)
        return None if route is None else Host(_PD_ROUTE, route)
    if not radius.is_ipv6_prefix(value):
        return None
    length = value[1]
    prefix = ipv6_prefix_text(value[2:], length)
    if key == _DELEGATED_IPV6_PREFIX:
        return Host(_IA_PD, prefix)
    return Host(_IA_NA, prefix[: -len("/128")]) if length == 128 else Host(_SLAAC, prefix)


def _pd_route(value: bytes) -> str | None:
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
    return str(prefix) if prefix.prefixlen else None


def _says_gone(view: PacketView) -> bool:
    """Whether a record without addresses was made because one went down, and none came up.

    SR OS and Junos name all that is left in such a record. Redback's Acct-Update-Reason 11 (DHCP address released) is
    not taken for it: nothing is known of whether such a record names the IPv6 of its session.
    """
    if view.integer(_ALC_REASON) in _WENT_DOWN:
        return True
    reasons = view.integer(_ERX_REASON) or 0
    return reasons & _INACTIVE != 0 and reasons & _ACTIVE == 0
