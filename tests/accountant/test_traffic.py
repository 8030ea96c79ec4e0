"""Octet counters of an accounting record, by address family."""

from __future__ import annotations

import pytest

from bngcorr.accountant.record import read
from bngcorr.accountant.traffic import MOST_OCTETS, traffic_of
from bngcorr.model.usage import Traffic
from tests.wire.radius_packets import Piece, plain, vsa

from .records import ARRIVED, accounting, number

IN, OUT, HIGH_IN, HIGH_OUT = 42, 43, 52, 53
V4 = plain(8, bytes((203, 0, 113, 9)))
PD = plain(123, b"\0\x38" + bytes.fromhex("20010db800010000"))
ROUTE = plain(99, b"2001:db8:1::/56 :: 0")


def _of(vendor: int, kind: int, value: int) -> Piece:
    return vsa(vendor, (kind, value.to_bytes(4, "big")))


@pytest.mark.parametrize(
    ("vendor", "kinds"),
    [
        (6527, (195, 198, 196, 199)),
        (4874, (151, 152, 155, 156)),
        (2011, (144, 145, 148, 149)),
        (2352, (220, 221, 224, 225)),
    ],
)
def test_ipv6_counters_of_a_vendor_are_taken_off_the_total(vendor: int, kinds: tuple[int, int, int, int]) -> None:
    """The standard counters hold both families: what is left is IPv4. Gigawords are the upper 32 bits."""
    octets_in, octets_out, high_in, high_out = kinds
    pieces = (
        number(IN, 1000), number(OUT, 500), number(HIGH_IN, 2),
        _of(vendor, octets_in, 100), _of(vendor, octets_out, 20), _of(vendor, high_out, 1),
    )  # fmt: skip

    six = 120 + (1 << 32)
    assert Traffic(v4=1500 + (2 << 32) - six, v6=six) == traffic_of(accounting(*pieces, V4, PD))
    assert Traffic(v6=120) == traffic_of(accounting(_of(vendor, octets_in, 100), _of(vendor, octets_out, 20)))
    assert None is traffic_of(accounting(_of(vendor, high_in, 1)))


@pytest.mark.parametrize(
    ("pieces", "traffic"),
    [
        ((number(IN, 7), number(OUT, 5), V4), Traffic(v4=12)),
        ((number(IN, 7), number(OUT, 5), PD), Traffic(v6=12)),
        ((number(IN, 7), V4), Traffic(v4=7)),
        ((number(IN, 7), number(OUT, 5), V4, PD), Traffic(either=12)),
        ((number(IN, 7), number(OUT, 5), V4, ROUTE), Traffic(either=12)),
        ((number(IN, 7), number(OUT, 5), ROUTE), Traffic(v6=12)),
        ((number(IN, 7), number(OUT, 5)), Traffic(either=12)),
        ((number(IN, 0), number(OUT, 0), V4, PD), Traffic()),
        ((V4,), None),
        ((number(HIGH_IN, 1), number(HIGH_OUT, 1), V4), None),
        ((), None),
    ],
)
def test_without_counters_of_its_own_a_family_is_known_by_its_hosts(
    pieces: tuple[Piece, ...], traffic: Traffic | None
) -> None:
    """A session with hosts of one family alone has counted that family; of one with both, or none, nobody can tell."""
    assert traffic == traffic_of(accounting(*pieces))
    assert traffic == read(accounting(*pieces), ARRIVED).traffic


def test_counters_are_wider_than_32_bits() -> None:
    """Gigawords count the times that 32 bits ran over: what a line takes in years is told to the octet."""
    pieces = (number(IN, 2**32 - 1), number(OUT, 1), number(HIGH_IN, 3), number(HIGH_OUT, 7), V4)

    assert Traffic(v4=(4 << 32) - 1 + (7 << 32) + 1) == traffic_of(accounting(*pieces))
    assert Traffic(v4=(3 << 32) + 5) == traffic_of(accounting(number(IN, 5), number(HIGH_IN, 3), V4))
    assert Traffic(v4=MOST_OCTETS) == traffic_of(accounting(number(IN, 2**32 - 1), number(HIGH_IN, 2**21 - 1), V4))


@pytest.mark.parametrize(
    "broken",
    [
        (number(IN, 0), number(HIGH_IN, 2**21)),
        (number(IN, 2**32 - 1), number(OUT, 2**32 - 1), number(HIGH_IN, 2**32 - 1), number(HIGH_OUT, 2**32 - 1)),
        (number(IN, 7), _of(6527, 195, 0), _of(6527, 196, 2**32 - 1)),
    ],
)
def test_more_than_nine_petabytes_is_a_broken_counter(broken: tuple[Piece, ...]) -> None:
    """A counter that no line can have reached says nothing, rather than spoil the sums of its BNG."""
    assert None is traffic_of(accounting(*broken, V4))


def test_ipv6_counters_above_the_total_leave_nothing_for_ipv4() -> None:
    """Counters that were read a moment apart never make a negative figure."""
    ahead = (number(IN, 90), number(OUT, 5), _of(6527, 195, 100))

    assert Traffic(v4=0, v6=100) == traffic_of(accounting(*ahead))


def test_the_share_of_ipv6_is_that_of_what_can_be_told_apart() -> None:
    """Octets of nobody knows which family count for neither side, and without any others there is no share."""
    assert 0.25 == Traffic(v4=30, v6=10, either=1000).v6_share
    assert None is Traffic(either=1000).v6_share


@pytest.mark.parametrize(("pieces", "interval_ms"), [((), 0), ((number(85, 600),), 600_000), ((number(85, 0),), 0)])
def test_a_record_tells_the_interval_of_its_interims(pieces: tuple[Piece, ...], interval_ms: int) -> None:
    """Acct-Interim-Interval, in milliseconds; 0 where the BNG does not say."""
    assert interval_ms == read(accounting(*pieces), ARRIVED).interval_ms
