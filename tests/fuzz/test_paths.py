"""Hostile octets, found by hypothesis: a few on every run; `packets.py` takes as many as there is time for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.paths import OURS, answered, received
from tests.wire.radius_packets import Packet, Piece, pieces, plain, tlv, valid_packets, vsa

from .seeds import seeds


def _spoilt(whole: Packet, changes: list[tuple[int, int]], cut: int) -> bytes:
    """Some octets replaced, and the end cut off."""
    octets = bytearray(whole.octets)
    for at, octet in changes:
        octets[at % len(octets)] = octet
    return bytes(octets[: max(len(octets) - cut, 0)])


spoilt = st.builds(
    _spoilt,
    valid_packets(),
    st.lists(st.tuples(st.integers(0, 4095), st.integers(0, 255)), max_size=4),
    st.integers(0, 3),
)


@settings(max_examples=60, deadline=None)
@given(spoilt | st.binary(max_size=80), st.integers(0, 255))
def test_any_octets_from_a_bng_are_forwarded_or_refused_by_name(octets: bytes, choice: int) -> None:
    """Whatever comes, what goes on to AAA is a packet that AAA can believe, with nothing touched by accident."""
    received(octets, choice)


hidden = st.builds(plain, st.just(69), st.binary(max_size=60)) | st.builds(
    lambda key, value: vsa(key[0], (key[1], value)),
    st.sampled_from(((311, 12), (311, 16), (6527, 122), (529, 214), (2356, 19))),
    st.binary(max_size=60),
)
other_layouts = st.builds(
    lambda vendor, rest: Piece(tlv(26, vendor.to_bytes(4, "big") + rest), ()),
    st.sampled_from((4846, 24757)),
    st.binary(max_size=50),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(pieces | hidden | other_layouts | st.just(plain(33, OURS)), max_size=6).map(
        lambda parts: b"".join(part.octets for part in parts)
    )
    | st.binary(max_size=60),
    st.sampled_from((2, 3, 11, 5, 44)),
    spoilt,
)
def test_any_attributes_from_aaa_are_passed_on_or_refused_by_name(body: bytes, code: int, octets: bytes) -> None:
    """What AAA signs reaches the BNG signed, with nothing touched by accident; what it did not sign is refused."""
    answered(body, code, octets)


def test_the_seeds_run_through() -> None:
    """What the fuzzer begins with reaches every path: nothing of it is refused at the door."""
    for octets in seeds():
        received(octets, 0)
        received(octets, 0xC1)
        answered(octets[20:], 2, octets)
