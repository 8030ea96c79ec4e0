"""Octet counters of an accounting record, by address family."""

from __future__ import annotations

import pytest

from bngcorr.accountant.record import read
from bngcorr.accountant.traffic import traffic_of
from tests.wire.radius_packets import Piece, plain, vsa

from .records import ARRIVED, accounting, number

IN, OUT, HIGH_IN, HIGH_OUT = 42, 43, 52, 53
V4 = plain(8, bytes((203, 0, 113, 9)))
PD = plain(123, b"\0\x38" + bytes.fromhex("20010db800010000"))


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

    assert (1000 + 500 + (2 << 32) - 120 - (1 << 32), 120 + (1 << 32)) == traffic_of(accounting(*pieces))
    assert (0, 120) == traffic_of(accounting(_of(vendor, octets_in, 100), _of(vendor, octets_out, 20)))
    assert None is traffic_of(accounting(_of(vendor, high_in, 1)))


@pytest.mark.parametrize(
    ("pieces", "traffic"),
    [
        ((number(IN, 7), number(OUT, 5), V4), (12, 0)),
        ((number(IN, 7), number(OUT, 5), PD), (0, 12)),
        ((number(IN, 7), V4), (7, 0)),
        ((number(IN, 7), number(OUT, 5), V4, PD), None),  # nobody can tell whose octets these are
        ((number(IN, 7), number(OUT, 5)), None),
        ((V4,), None),
        ((), None),
    ],
)
def test_without_counters_of_its_own_a_family_is_known_by_its_hosts(
    pieces: tuple[Piece, ...], traffic: tuple[int, int] | None
) -> None:
    """A session with hosts of one family alone has counted that family; one with both, or none, says nothing."""
    assert traffic == traffic_of(accounting(*pieces))
    assert traffic == read(accounting(*pieces), ARRIVED).traffic


@pytest.mark.parametrize(("pieces", "interval_ms"), [((), 0), ((number(85, 600),), 600_000), ((number(85, 0),), 0)])
def test_a_record_tells_the_interval_of_its_interims(pieces: tuple[Piece, ...], interval_ms: int) -> None:
    """Acct-Interim-Interval, in milliseconds; 0 where the BNG does not say."""
    assert interval_ms == read(accounting(*pieces), ARRIVED).interval_ms
