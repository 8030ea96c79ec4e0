"""Names in the store, and which buckets there are."""

from __future__ import annotations

from bngcorr.store.keys import buckets_of


def test_buckets_are_numbered_as_the_store_sets_bits() -> None:
    """The first bit of an octet is its highest; what is not set has nothing in it."""
    bits = b"\x81\x80" + bytes(509) + b"\x01"

    assert [0, 7, 8, 4095] == list(buckets_of(bits))
    assert [7, 8, 4095] == list(buckets_of(bits, 1))
    assert [8, 4095] == list(buckets_of(bits, 8))
    assert [] == list(buckets_of(bits, 4096))
    assert [] == list(buckets_of(b""))
