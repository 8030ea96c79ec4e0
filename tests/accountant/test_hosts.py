"""The hosts that an accounting record names."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network

import pytest
from hypothesis import given, settings

from bngcorr.accountant.hosts import MOST_HOSTS, hosts_of
from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind
from tests.wire.radius_packets import Packet, Piece, plain, valid_packets, vsa

from .records import accounting

V4 = plain(8, IPv4Address("203.0.113.9").packed)
NA = plain(168, IPv6Address("2001:db8::9").packed)
PD = plain(123, b"\0\x38" + IPv6Address("2001:db8:1::").packed)
SLAAC = plain(97, b"\0\x40" + IPv6Address("2001:db8:2::").packed)
V4_HOST = Host(HostKind.V4, IPv4Address("203.0.113.9"))
NA_HOST = Host(HostKind.IA_NA, IPv6Address("2001:db8::9"))
PD_HOST = Host(HostKind.IA_PD, IPv6Network("2001:db8:1::/56"))
SLAAC_HOST = Host(HostKind.SLAAC, IPv6Network("2001:db8:2::/64"))


def test_a_dual_stack_session_holds_four_kinds_of_hosts() -> None:
    """v4, IA_NA, IA_PD and SLAAC are told apart by the attribute that carries them."""
    assert (V4_HOST, NA_HOST, PD_HOST, SLAAC_HOST) == hosts_of(accounting(V4, NA, PD, SLAAC))


@pytest.mark.parametrize(
    "piece",
    [
        NA,
        plain(97, b"\0\x80" + IPv6Address("2001:db8::9").packed),  # some boxes report IA_NA as a /128
        vsa(6527, (99, IPv6Address("2001:db8::9").packed)),  # SR OS: Alc-Ipv6-Address
    ],
    ids=["Framed-IPv6-Address", "Framed-IPv6-Prefix/128", "Alc-Ipv6-Address"],
)
def test_an_ia_na_address_is_known_in_three_spellings(piece: Piece) -> None:
    """The same address in another attribute is the same host, and counts once."""
    assert (NA_HOST,) == hosts_of(accounting(piece))
    assert (NA_HOST,) == hosts_of(accounting(piece, NA))


def test_a_short_prefix_is_the_same_host() -> None:
    """A prefix with its zeros cut off is the prefix in full."""
    assert (PD_HOST,) == hosts_of(accounting(PD, plain(123, b"\0\x38" + bytes.fromhex("20010db80001"))))


@pytest.mark.parametrize(
    "piece",
    [
        plain(8, bytes(4)),
        plain(8, b"\xff\xff\xff\xff"),  # let the user choose (RFC 2865 §5.8)
        plain(8, b"\xff\xff\xff\xfe"),  # let the NAS choose
        plain(8, b"\xcb\0\x71"),
        plain(168, bytes(16)),
        plain(168, bytes(15)),
        plain(97, b"\0\0"),
        plain(97, b"\0\x81" + bytes(16)),
        plain(123, b"\0"),
        plain(123, b""),
        vsa(6527, (99, b"")),
        plain(1, b"cpe"),
    ],
)
def test_what_is_no_address_is_no_host(piece: Piece) -> None:
    """Values that stand for no address are skipped, and a record that names no host at all says nothing of hosts."""
    assert hosts_of(accounting(piece)) is None
    assert (V4_HOST,) == hosts_of(accounting(piece, V4))


def test_a_record_cannot_name_hosts_without_end() -> None:
    """More than 32 hosts in one record are not believed: the first 32 count."""
    pieces = [plain(8, bytes((203, 0, 113, octet))) for octet in range(1, 60)]
    hosts = hosts_of(accounting(*pieces))

    assert hosts is not None
    assert MOST_HOSTS == 32 == len(hosts)
    assert IPv4Address("203.0.113.1") == hosts[0].address


@settings(max_examples=150, deadline=None)
@given(valid_packets())
def test_any_packet_gives_distinct_hosts_or_none(whole: Packet) -> None:
    """Whatever a record carries, its hosts are distinct and their text has no line break to confuse the ledger."""
    hosts = hosts_of(accounting(*whole.pieces))

    assert hosts is None or 0 < len(hosts) == len(set(hosts)) <= MOST_HOSTS
    assert all("\n" not in str(host) and str(host).count("|") == 2 for host in hosts or ())
