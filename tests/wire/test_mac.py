"""MAC addresses in the values of attributes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.model.mac import parse_mac
from bngcorr.wire.mac import read_mac

devices = st.binary(min_size=6, max_size=6).filter(lambda mac: not mac[0] & 1 and any(mac))


@settings(max_examples=120, deadline=None)
@given(
    devices.map(lambda mac: mac.hex(":").encode())
    | st.binary(max_size=18)
    | st.lists(st.sampled_from((b"0", b"1", b"aB", b" ", b"g", b"-", b"\xb2")), min_size=6, max_size=7).map(b":".join)
    | st.text("0123456789abcdefABCDEF +_", min_size=12, max_size=12).map(
        lambda text: ":".join(text[at : at + 2] for at in range(0, 12, 2)).encode()
    )
)
def test_octets_are_read_as_their_text(value: bytes) -> None:
    """The short way for the common form takes nothing that the long way does not take, and reads nothing else."""
    assert parse_mac(value.decode("latin-1")) == read_mac(value)
