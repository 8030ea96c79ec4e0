"""The hosts that an accounting record names."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.accountant.hosts import MOST_HOSTS, hosts_of, promised
from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind
from bngcorr.wire.radius import decode
from tests.wire.radius_packets import Packet, Piece, packet, plain, valid_packets, vsa

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
        plain(96, b"\xff\xff\xff\xff\xff\0\0\1"),  # Framed-Interface-Id: half an address is no host
    ],
)
def test_what_is_no_address_is_no_host(piece: Piece) -> None:
    """Values that stand for no address are skipped, and a record that names no host at all says nothing of hosts."""
    assert hosts_of(accounting(piece)) is None
    assert (V4_HOST,) == hosts_of(accounting(piece, V4))


# ---- delegated prefixes that ride as managed routes

ROUTE_HOST = Host(HostKind.PD_ROUTE, IPv6Network("2001:db8:1::/56"))


def _route(text: str) -> Piece:
    return plain(99, text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "2001:db8:1::/56 :: 0 type pd-host",
        "2001:db8:1::/56 2001:db8::9 1 tag 7 pref 0 type pd-host",
        "2001:db8:1:0::1/56 :: 0 TYPE PD-Host",
        "  2001:DB8:1::/56\t::  0  type  pd-host \0",
        "2001:db8:1::/56 type pd-host",
    ],
)
def test_a_delegated_prefix_that_is_a_managed_route_is_told_from_a_host(text: str) -> None:
    """SR OS with pd-managed-route names it in a Framed-IPv6-Route of type pd-host: it costs what the table says."""
    assert (ROUTE_HOST,) == hosts_of(accounting(_route(text)))


@pytest.mark.parametrize(
    "value",
    [
        b"2001:db8:1::/56 :: 0",
        b"2001:db8:1::/56 :: 0 type managed",
        b"2001:db8:1::/56 :: 0 type",
        b"2001:db8:1::/56 :: 0 pd-host type",
        b"type pd-host",
        b"type pd-host 2001:db8:1::/56",
        b"2001:db8:1:: :: 0 type pd-host",  # no length
        b"2001:db8:1::/129 :: 0 type pd-host",
        b"2001:db8:1::/ffff:: :: 0 type pd-host",
        b"::/0 :: 0 type pd-host",
        b"fe80::%eth0/64 :: 0 type pd-host",
        b"203.0.113.0/24 0.0.0.0 0 type pd-host",
        b"2001:db8:1::/56 \xff\xfe 0 type pd-host",
        b"\xff" * 253,
        b"/" * 253,
        b" ",
        b"\0",
        b"",
    ],
)
def test_any_other_route_is_no_host(value: bytes) -> None:
    """An ordinary route, and text that nobody can read, count nothing and spoil nothing."""
    assert hosts_of(accounting(plain(99, value))) is None
    assert (V4_HOST, ROUTE_HOST) == hosts_of(
        accounting(plain(99, value), V4, _route("2001:db8:1::/56 :: 0 type pd-host"))
    )


def test_several_managed_routes_are_several_hosts() -> None:
    """Each prefix counts once, however often it is named, and apart from a delegated prefix that is a host."""
    other = Host(HostKind.PD_ROUTE, IPv6Network("2001:db8:2::/56"))
    one = _route("2001:db8:1::/56 :: 0 type pd-host")

    assert (ROUTE_HOST, other, PD_HOST) == hosts_of(
        accounting(one, _route("2001:db8:2::/56 :: 0 type pd-host"), PD, one)
    )


# ---- records that name nothing


def _reason(vendor: int, kind: int, value: int) -> Piece:
    return vsa(vendor, (kind, value.to_bytes(4, "big")))


def _nokia(value: int) -> Piece:
    return _reason(6527, 163, value)


def _juniper(value: int) -> Piece:
    return _reason(4874, 210, value)


@pytest.mark.parametrize(
    "piece",
    [_nokia(5), _nokia(7), _nokia(9), _nokia(11), _juniper(8), _juniper(32), _juniper(2 | 8 | 32)],
    ids=["v4", "na", "pd", "slaac", "IP-inactive", "IPv6-inactive", "both, and periodic"],
)
def test_a_record_that_says_that_the_last_address_went_down_leaves_none(piece: Piece) -> None:
    """SR OS and Junos name all that is left when one goes: nothing named, nothing left."""
    assert () == hosts_of(accounting(piece))
    assert (V4_HOST,) == hosts_of(accounting(piece, V4))


@pytest.mark.parametrize(
    "piece",
    [
        *map(_nokia, (0, 1, 2, 3, 4, 6, 8, 10, 12)),
        *map(_juniper, (0, 1, 2, 4, 16, 8 | 16, 4 | 32, 64, 128, 256, 512, 1024)),
        _reason(2352, 144, 11),
        vsa(6527, (163, b"\x05")),
        vsa(6527, (163, b"")),
        vsa(4874, (210, b"\x08")),
        _reason(2352, 163, 5),
    ],
)
def test_any_other_reason_says_nothing_of_hosts(piece: Piece) -> None:
    """A periodic record without addresses keeps what is known; so does one whose reason is unclear."""
    assert hosts_of(accounting(piece)) is None
    assert (V4_HOST, PD_HOST) == hosts_of(accounting(piece, V4, PD))


# ---- what an Access-Accept gives


def test_an_accept_promises_ipv6_only() -> None:
    """Address and prefixes of IPv6 in all their spellings; IPv4 is named by every record by itself."""
    accept = decode(packet(2, 9, bytes(16), (V4, NA, PD, SLAAC, _route("2001:db8:1::/56 :: 0 type pd-host"))).octets)

    assert (NA_HOST, PD_HOST, SLAAC_HOST, ROUTE_HOST) == promised(accept)


def test_an_accept_that_names_pools_promises_nothing() -> None:
    """Which address comes out of a pool is known once accounting names it."""
    pools = (plain(100, b"slaac"), plain(171, b"pd"), vsa(6527, (131, b"pd")), V4)

    assert () == promised(decode(packet(2, 9, bytes(16), pools).octets))
    assert () == promised(decode(packet(2, 9, bytes(16), (_nokia(9),)).octets))


# ---- bounds


def test_a_record_cannot_name_hosts_without_end() -> None:
    """More than 32 hosts in one record are not believed: the first 32 count."""
    pieces = [plain(8, bytes((203, 0, 113, octet))) for octet in range(1, 60)]
    hosts = hosts_of(accounting(*pieces))

    assert hosts is not None
    assert MOST_HOSTS == 32 == len(hosts)
    assert "203.0.113.1" == hosts[0].address


@settings(max_examples=150, deadline=None)
@given(valid_packets())
def test_any_packet_gives_distinct_hosts_or_none(whole: Packet) -> None:
    """Whatever a record carries, its hosts are distinct and their text has no line break to confuse the ledger."""
    hosts = hosts_of(accounting(*whole.pieces))

    assert hosts is None or len(hosts) == len(set(hosts)) <= MOST_HOSTS
    assert all("\n" not in str(host) and str(host).count("|") == 2 for host in hosts or ())


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=253) | st.text("0123456789abcdef:/% typed-hos\n|", max_size=80).map(str.encode))
def test_any_text_of_a_route_is_a_prefix_or_none(text: bytes) -> None:
    """However a route is spelled, it gives at most one host, whose text the ledger can keep."""
    hosts = hosts_of(accounting(plain(99, text[:238] + b" type pd-host"))) or ()

    assert all(host.kind is HostKind.PD_ROUTE and IPv6Network(host.address).prefixlen > 0 for host in hosts)
    assert all("\n" not in str(host) and str(host).count("|") == 2 for host in hosts)
