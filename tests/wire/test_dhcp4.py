"""DHCPv4 messages: options joined and overloaded, option 82, and octets that are wrong."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.errors import Malformed
from bngcorr.wire import dhcp4
from bngcorr.wire.refusal import Refusal

from .hostile import rows

MAC = bytes.fromhex("3ca62f000017")


def message(options: bytes = b"", *, sname: bytes = b"", file: bytes = b"", hlen: int = 6, op: int = 1) -> bytes:
    """A message by RFC 2131 §2."""
    fixed = bytes((op, 1, hlen, 1)) + b"\xde\xad\xbe\xef" + b"\0\x07\x80\0" + bytes(4) + bytes((10, 0, 0, 9))
    fixed += bytes((10, 0, 0, 2, 10, 0, 0, 1)) + MAC.ljust(16, b"\0") + sname.ljust(64, b"\0") + file.ljust(128, b"\0")
    return fixed + dhcp4.COOKIE + options


def option(code: int, value: bytes) -> bytes:
    """Code, length, data."""
    return bytes((code, len(value))) + value


def test_the_fixed_part_is_read() -> None:
    """Every field of the header has its value."""
    read = dhcp4.decode(message(option(53, b"\x01") + b"\xff"))

    assert (1, 1, 1, b"\xde\xad\xbe\xef", 7, 0x8000) == (
        read.operation, read.hardware, read.hops, read.xid, read.secs, read.flags,
    )  # fmt: skip
    assert (bytes(4), b"\x0a\0\0\x09", b"\x0a\0\0\x02", b"\x0a\0\0\x01") == (
        read.ciaddr, read.yiaddr, read.siaddr, read.giaddr,
    )  # fmt: skip
    assert (dhcp4.DISCOVER, MAC, MAC) == (read.type, read.chaddr, read.mac)
    assert read.options.whole
    assert not read.cut


def test_repeated_options_are_joined_in_the_order_of_the_fields() -> None:
    """RFC 3396 §5: the options field, then `file`, then `sname`, whatever stands between."""
    read = dhcp4.decode(
        message(
            option(12, b"ab") + option(52, b"\x03") + option(53, b"\x03") + option(12, b"cd") + b"\xff" + b"junk",
            file=option(12, b"ef") + b"\xff" + b"\x0c\x02xx",
            sname=b"\0\0" + option(12, b"gh"),
        )
    )

    assert b"abcdefgh" == read.options.values[12]
    assert (3, True, dhcp4.REQUEST) == (read.overload, read.options.whole, read.type)


@pytest.mark.parametrize(
    ("overload", "seen"), [(b"\x01", b"f"), (b"\x02", b"s"), (b"\x03", b"fs"), (b"\x04", b""), (b"", b"")]
)
def test_only_the_fields_that_option_52_names_hold_options(overload: bytes, seen: bytes) -> None:
    """1 is `file`, 2 `sname`, 3 both; another value, or an empty option, none."""
    octets = message(option(52, overload) + b"\xff", file=option(200, b"f"), sname=option(200, b"s"))

    assert seen == dhcp4.decode(octets).options.values.get(200, b"")


def test_an_overload_inside_an_overloaded_field_has_no_effect() -> None:
    """`file` may not make options of `sname`: nothing is walked twice."""
    octets = message(option(52, b"\x01") + b"\xff", file=option(52, b"\x02"), sname=option(200, b"s"))

    assert 200 not in dhcp4.decode(octets).options.values


def test_every_sub_option_of_the_relay_is_read() -> None:
    """Option 82 in two parts: 1, 2, 5, 6, 9, 11, 12, 151 and 152."""
    inside = b"".join((
        option(1, b"olt7 eth 1/1"), option(2, b"LINE-7"), option(5, bytes((10, 0, 0, 1))), option(6, b"sub"),
        option(9, b"\0\0\x0d\xe9\x06\x81\x04\0\0\x07\xd0"), option(11, bytes((10, 0, 0, 2))),
        option(12, b"\0\x03\0\x01" + MAC),
        option(151, b"\0red"), option(152, b""),
    ))  # fmt: skip
    relay = dhcp4.decode(message(option(82, inside[:40]) + option(53, b"\x01") + option(82, inside[40:]))).relay

    assert relay is not None
    assert relay.whole
    assert (b"olt7 eth 1/1", b"LINE-7", b"sub") == (relay.circuit_id, relay.remote_id, relay.subscriber_id)
    assert (b"\x0a\0\0\x01", b"\x0a\0\0\x02") == (relay.link_selection, relay.server_override)
    assert b"\0\x03\0\x01" + MAC == relay.relay_id
    assert (0, b"red") == relay.subnet_selection
    assert b"" == relay.values[dhcp4.SUBNET_CONTROL]
    assert [(3561, b"\x81\x04\0\0\x07\xd0")] == dhcp4.vendor_parts(relay.values[dhcp4.VENDOR])


def test_ciscos_link_selection_counts_without_the_standards() -> None:
    """Sub-option 150 is what 5 became."""
    assert b"\x0a\0\0\x01" == dhcp4.RelayAgent(option(150, bytes((10, 0, 0, 1)))).link_selection
    assert dhcp4.RelayAgent(option(150, bytes(3))).link_selection is None


def test_an_empty_remote_id_is_none() -> None:
    """``02 00``, as on a wholesale hand-over, names no line."""
    relay = dhcp4.RelayAgent(option(1, b"x") + option(2, b""))

    assert (b"x", None) == (relay.circuit_id, relay.remote_id)


@pytest.mark.parametrize("size", [44, 96, 235, 239])
def test_a_cut_message_is_read_to_the_client(size: int) -> None:
    """A snaplen of 96 leaves chaddr; options that are not there are no fault of the sender's."""
    read = dhcp4.decode(message(option(53, b"\x01"))[:size], cut=True)

    assert (MAC, b"\x0a\0\0\x01", None) == (read.mac, read.giaddr, read.type)
    assert read.cut
    assert not read.options.whole


@pytest.mark.parametrize(
    ("octets", "cut", "reason"),
    [
        (b"", False, Refusal.TOO_SHORT), (message()[:239], False, Refusal.TOO_SHORT),
        (message()[:43], True, Refusal.TOO_SHORT), (message(op=3), False, Refusal.BAD_OPERATION),
        (message()[:236] + bytes(4), False, Refusal.NO_COOKIE),
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused_by_name(octets: bytes, cut: bool, reason: Refusal) -> None:
    """Short, without the cookie, or neither request nor reply."""
    with pytest.raises(Malformed) as refused:
        dhcp4.decode(octets, cut=cut)

    assert reason == refused.value.reason


OUTCOMES = {  # type, whether the options are whole, circuit-id, whether there is a MAC
    "d4-01-239-bytes": "too-short", "d4-03-option-overrun": (1, False, None, True),
    "d4-05-code-without-length": (1, False, None, True), "d4-07-82-empty": (1, True, None, True),
    "d4-09-82-lone-sub-code": (1, True, b"abc", True), "d4-11-82-two-circuit-ids": (1, True, b"abcevl", True),
    "d4-13-82-vendor-sub9-overrun": (1, True, None, True), "d4-15-hlen-0": (1, True, None, False),
    "d4-17-overload-unterminated": (1, False, None, True), "d4-19-type-255": (255, True, None, True),
    "d4-21-all-pad": (None, True, None, True), "d4-23-opt63-nested": (1, True, None, True),
    "d4-25-opt43-bomb": (1, True, None, True),
}  # fmt: skip


def test_hostile_messages_are_values_or_refusals() -> None:
    """Every DHCPv4 row of hostile.tsv: what is read of it, or the reason why not."""
    found: dict[str, object] = {}
    for name, octets in rows("DHCPv4").items():
        try:
            read = dhcp4.decode(octets)
        except Malformed as error:
            found[name] = str(error.reason)
            continue
        relay = read.relay
        found[name] = (read.type, read.options.whole, relay and relay.circuit_id, read.mac is not None)

    assert OUTCOMES == found


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=120), st.binary(max_size=64), st.binary(max_size=128), st.integers(0, 255))
def test_any_octets_are_a_message_or_a_named_refusal(options: bytes, sname: bytes, file: bytes, hlen: int) -> None:
    """Whatever stands in the options and the overloaded fields: no other error, and not an octet is made up."""
    octets = message(option(52, b"\x03") + options, sname=sname, file=file, hlen=hlen)
    read = dhcp4.decode(octets)
    relay = read.relay

    assert sum(map(len, read.options.values.values())) <= len(octets)
    assert len(read.chaddr) <= 16
    if relay is not None:
        assert sum(map(len, relay.values.values())) <= len(read.options.values[82])
        for value in relay.values.values():
            with suppress(Malformed):
                dhcp4.vendor_parts(value)
