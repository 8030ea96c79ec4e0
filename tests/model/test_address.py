"""Addresses as text: as the `ipaddress` module has it, from the octets of a packet."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network

from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.model.address import ipv4_text, ipv6_prefix_text, ipv6_text

OCTETS = st.lists(st.sampled_from((0, 0, 0, 1, 0x10, 0xFF)), min_size=16, max_size=16).map(bytes)  # many runs of zeros


@settings(max_examples=60, deadline=None)
@given(OCTETS | st.binary(min_size=16, max_size=16))
def test_addresses_read_as_those_of_the_ipaddress_module(octets: bytes) -> None:
    """The store compares hosts by their text, and half of it comes from that module: one address has one text."""
    assert str(IPv6Address(octets)) == ipv6_text(octets)
    assert str(IPv4Address(octets[:4])) == ipv4_text(octets[:4])


@settings(max_examples=60, deadline=None)
@given(OCTETS, st.integers(0, 16), st.integers(0, 128))
def test_a_prefix_keeps_no_bits_beyond_its_length(octets: bytes, kept: int, length: int) -> None:
    """A BNG may cut trailing zeros, or leave bits of a host behind the prefix (RFC 3162 §2.3)."""
    cut = octets[:kept]

    assert str(IPv6Network((cut.ljust(16, b"\0"), length), strict=False)) == ipv6_prefix_text(cut, length)
