"""Index terms of addresses."""

from __future__ import annotations

from ipaddress import IPv6Network

from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.store.terms import covering

WORDS = st.lists(st.sampled_from([0, 0, 1, 0x10, 0xDB8, 0x2001, 0xFFFF]), min_size=8, max_size=8)


@settings(max_examples=60, deadline=None)
@given(WORDS, st.integers(0, 128))
def test_prefixes_are_written_as_everybody_writes_them(words: list[int], length: int) -> None:
    """Whoever holds a prefix stands under its usual text (RFC 5952), wherever its zeros are."""
    bits = int("".join(f"{word:04x}" for word in words), 16)
    network = IPv6Network((bits >> 128 - length << 128 - length, length))

    assert tuple(str(network.supernet(new_prefix=at)) for at in range(length, -1, -1)) == covering(network, 0)
