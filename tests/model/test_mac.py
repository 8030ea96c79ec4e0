"""MAC addresses as BNGs write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.model.mac import format_mac, is_locally_administered, parse_mac

devices = st.binary(min_size=6, max_size=6).filter(lambda mac: not mac[0] & 1 and any(mac))


@settings(max_examples=80, deadline=None)
@given(devices, st.booleans())
def test_every_spelling_is_the_same_mac(mac: bytes, upper: bool) -> None:
    """Colons, dashes, dots, bare and un-padded spellings of an address are one MAC."""
    bare = mac.hex()
    spellings = [
        mac.hex(":"),
        mac.hex("-"),
        mac.hex(" "),
        bare,
        f"{bare[:4]}.{bare[4:8]}.{bare[8:]}",
        ":".join(f"{octet:x}" for octet in mac),
        "1:" + ":".join(f"{octet:x}" for octet in mac),
        f"  {mac.hex(':')} ",
    ]

    assert {mac} == {parse_mac(text.upper() if upper else text) for text in spellings}
    assert mac == parse_mac(format_mac(mac))


@settings(max_examples=120, deadline=None)
@given(st.text(max_size=24) | st.text("0123456789abcdefABCDEF:-. ", max_size=24))
def test_any_text_is_a_mac_of_six_octets_or_none(text: str) -> None:
    """Nothing raises, and what comes out is one device's address."""
    mac = parse_mac(text)

    assert mac is None or (len(mac) == 6 and not mac[0] & 1 and any(mac))


@pytest.mark.parametrize("text", ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "33:33:00:00:00:01"])
def test_addresses_of_nobody_and_of_many_are_none(text: str) -> None:
    """The zero address, broadcast and multicast name no device."""
    assert parse_mac(text) is None


def test_made_up_addresses_are_known() -> None:
    """Bit 0x02 of the first octet says that software chose the address."""
    assert is_locally_administered(bytes.fromhex("020001000001"))
    assert not is_locally_administered(bytes.fromhex("3ca62f000017"))


def test_a_digit_that_is_missing_makes_no_other_mac() -> None:
    """Groups are padded throughout or nowhere: half a copy of a MAC must not name somebody else's."""
    assert parse_mac("a4:91:b1:44:00:6") is None
    assert bytes.fromhex("000e1c38c8f8") == parse_mac("0:e:1c:38:c8:f8")
