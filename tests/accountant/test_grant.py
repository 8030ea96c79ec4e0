"""What an Access-Accept says of the session that it opens."""

from __future__ import annotations

from ipaddress import IPv6Network

import pytest
from hypothesis import given, settings

from bngcorr.accountant.grant import Grant, granted
from bngcorr.accountant.record import read
from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind
from bngcorr.wire.radius import PacketView, decode
from tests.wire.radius_packets import Packet, Piece, packet, plain, valid_packets

from .records import ARRIVED, accounting, number

INTERVAL, TIMEOUT, ACTION = 85, 27, 29
PD = plain(123, b"\0\x38" + bytes.fromhex("20010db800010000"))


def _accept(*pieces: Piece) -> PacketView:
    return decode(packet(2, 9, bytes(16), pieces).octets)


def test_a_grant_is_interval_timeout_and_ipv6_hosts() -> None:
    """What AAA promised is known from the Accept on, before accounting has said a word."""
    prefix = Host(HostKind.IA_PD, IPv6Network("2001:db8:1::/56"))

    assert Grant(interval_ms=900_000, timeout_ms=86_400_000, promised=(prefix,)) == granted(
        _accept(number(INTERVAL, 900), number(TIMEOUT, 86_400), PD)
    )
    assert Grant() == granted(_accept())


@pytest.mark.parametrize(
    ("pieces", "timeout_ms"),
    [
        ((), 0),
        ((number(TIMEOUT, 3600),), 3_600_000),
        ((number(TIMEOUT, 0),), 0),  # SR OS: never
        ((number(TIMEOUT, 3600), number(ACTION, 0)), 3_600_000),
        ((number(TIMEOUT, 3600), number(ACTION, 1)), 0),  # it authenticates again, and goes on
        ((plain(TIMEOUT, b"\x0e\x10"),), 0),
    ],
)
def test_a_session_timeout_is_told_only_where_the_session_ends_by_it(
    pieces: tuple[Piece, ...], timeout_ms: int
) -> None:
    """Session-Timeout counts in an Accept and in a record, but not with Termination-Action RADIUS-Request."""
    assert timeout_ms == granted(_accept(*pieces)).timeout_ms
    assert timeout_ms == read(accounting(*pieces), ARRIVED).timeout_ms


@settings(max_examples=60, deadline=None)
@given(valid_packets())
def test_any_accept_can_be_read(whole: Packet) -> None:
    """Whatever AAA answers, its grant is within bounds and names no IPv4."""
    grant = granted(_accept(*whole.pieces))

    assert 0 <= grant.interval_ms < 2**32 * 1000
    assert 0 <= grant.timeout_ms < 2**32 * 1000
    assert all(host.kind is not HostKind.V4 for host in grant.promised)
