"""The view over a RADIUS packet: any octets give a view or a named refusal, and a view loses nothing."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.errors import Malformed
from bngcorr.model.vocabulary import DropReason
from bngcorr.resources import resource
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.dictionary import Dictionary
from bngcorr.wire.radius import PacketView, decode

from .radius_packets import Packet, Piece, packet, plain, tlv, valid_packets, vsa

AUTHENTICATOR = bytes(range(16))


def _decoded(*pieces: Piece, code: int = 1) -> PacketView:
    return decode(packet(code, 7, AUTHENTICATOR, pieces).octets)


def _seen(view: PacketView) -> list[tuple[int, bytes]]:
    return [(span.key, view.value(span)) for span in view.spans]


def _outcome(octets: bytes) -> PacketView | Malformed:
    try:
        return decode(octets)
    except Malformed as refusal:
        return refusal


def _refused(octets: bytes) -> str:
    with pytest.raises(Malformed) as refusal:
        decode(octets)
    return str(refusal.value.reason)


# ---- hostile packets, row by row

ROWS = [
    (fields[0], bytes.fromhex(fields[2]))
    for line in (Path(__file__).parent / "hostile.tsv").read_text("utf-8").splitlines()
    if (fields := line.split("\t"))[1] == "RADIUS"
]
REFUSED = {
    "rad-01-one-byte": DropReason.TOO_SHORT,
    "rad-05-length-0": DropReason.BAD_LENGTH,
    "rad-09-4097-bytes": DropReason.BAD_LENGTH,
    "rad-13-attr-len-1": DropReason.BAD_ATTRIBUTE_LENGTH,
    "rad-15-lone-type-octet": DropReason.TRUNCATED_ATTRIBUTE,
    "rad-37-msgauth-0": DropReason.BAD_MESSAGE_AUTHENTICATOR_LENGTH,
    "rad-39-msgauth-twice": DropReason.DUPLICATE_MESSAGE_AUTHENTICATOR,
    "rad-45-password-15": DropReason.BAD_PASSWORD_LENGTH,
    "rad-47-password-144": DropReason.BAD_PASSWORD_LENGTH,
    "rad-65-code-0": DropReason.BAD_CODE,
}
# What each decoded row must show, as (key, length of the value); the row's other octets stay opaque
DECODED: dict[str, list[tuple[int, int]]] = {
    "rad-03-20-bytes": [],
    "rad-07-trailing-padding": [(1, 8), (4, 4)],
    "rad-11-4097-datagram-length-30": [(1, 8)],
    "rad-17-vsa-no-vendor": [(1, 8), (26, 0)],
    "rad-19-vsa-vendor-only": [(1, 8), (26, 4)],
    "rad-21-vsa-second-sub-len-0": [(1, 8), (26, 14)],
    "rad-23-vsa-sub-overrun": [(1, 8), (26, 9), (4, 4)],
    "rad-25-vsa-many-subs": [(1, 8), (a.AGENT_CIRCUIT_ID, 3), (a.AGENT_REMOTE_ID, 4), (3561 << 8 | 129, 4)],
    "rad-27-vsa-usr-format": [(1, 8), (26, 12)],
    "rad-29-wimax-continuation-unfinished": [(1, 8), (26, 13)],
    "rad-31-evs-241-26-short": [(1, 8), (241, 4)],
    "rad-33-long-ext-more-never-ends": [(1, 8), (245, 242)],
    "rad-35-evs-246-26-split": [(1, 8), (246, 247), (32, 1), (246, 6)],
    "rad-41-msgauth-only-in-vsa": [(1, 8), (4, 4), (6527 << 8 | 80, 16)],
    "rad-43-eap-without-msgauth": [(1, 8), (4, 4), (79, 13)],
    "rad-49-ipv4-3": [(1, 8), (8, 3)],
    "rad-51-integer-3": [(1, 8), (5, 3)],
    "rad-53-prefix-129": [(1, 8), (97, 18)],
    "rad-55-prefix-64-short": [(1, 8), (97, 6)],
    "rad-57-prefix-reserved-only": [(1, 8), (123, 1)],
    "rad-59-prefix-too-long": [(1, 8), (97, 19)],
    "rad-61-ipv6addr-15": [(1, 8), (168, 15)],
    "rad-63-proxy-state-100": [(1, 8), (4, 4), *[(33, 2)] * 100],
    "rad-67-log-injection": [(1, 43), (26, 19)],
    "rad-69-acct-status-unknown": [(1, 8), (4, 4), (40, 4), (44, 1)],
    "rad-71-gigawords-max": [(1, 8), (4, 4), (40, 4), (44, 1), (42, 4), (52, 4)],
    "rad-73-alc-dhcp6-truncated": [(1, 8), (4, 4), (6527 << 8 | 191, 7)],
}


def test_every_hostile_packet_has_an_expected_outcome() -> None:
    """The table of outcomes covers every RADIUS row of hostile.tsv, once."""
    assert len(ROWS) == 37
    assert {name for name, _ in ROWS} == REFUSED.keys() | DECODED.keys()
    assert not REFUSED.keys() & DECODED.keys()


@pytest.mark.parametrize(("name", "octets"), [row for row in ROWS if row[0] in REFUSED], ids=lambda v: str(v)[:40])
def test_hostile_packets_that_break_the_rules_are_refused_by_name(name: str, octets: bytes) -> None:
    """A packet whose lengths, code or counts break an RFC is refused with the reason's slug."""
    assert _refused(octets) == REFUSED[name]


@pytest.mark.parametrize(("name", "octets"), [row for row in ROWS if row[0] in DECODED], ids=lambda v: str(v)[:40])
def test_hostile_packets_that_keep_the_rules_are_decoded(name: str, octets: bytes) -> None:
    """A packet that is odd but follows the lengths is decoded; what can't be understood in it stays opaque."""
    view = decode(octets)

    assert DECODED[name] == [(key, len(value)) for key, value in _seen(view)]
    assert view.octets == octets[: int.from_bytes(octets[2:4], "big")]


def _row(name: str) -> PacketView:
    return decode(dict(ROWS)[name])


def test_values_of_the_wrong_size_are_no_values() -> None:
    """Addresses, integers and prefixes of impossible size or length read as absent, never as something else."""
    assert radius.ipv4(_row("rad-49-ipv4-3").first(a.FRAMED_IP_ADDRESS)) is None
    assert _row("rad-51-integer-3").integer(5) is None
    assert radius.ipv6_prefix(_row("rad-53-prefix-129").first(a.FRAMED_IPV6_PREFIX)) is None
    assert radius.ipv6_prefix(_row("rad-57-prefix-reserved-only").first(a.DELEGATED_IPV6_PREFIX)) is None
    assert radius.ipv6_prefix(_row("rad-59-prefix-too-long").first(a.FRAMED_IPV6_PREFIX)) is None
    assert radius.ipv6(_row("rad-61-ipv6addr-15").first(a.FRAMED_IPV6_ADDRESS)) is None


def test_a_short_prefix_field_is_padded_with_zeros() -> None:
    """A /64 with only four prefix octets is the prefix with the cut zeros put back (RFC 3162 §2.3)."""
    value = _row("rad-55-prefix-64-short").first(a.FRAMED_IPV6_PREFIX)

    assert value is not None
    assert IPv6Network((value[2:] + bytes(12), 64)) == radius.ipv6_prefix(value)


def test_one_vsa_may_hold_several_sub_attributes() -> None:
    """Circuit-Id, Remote-Id and a rate in one Vendor-Specific attribute are each found (RFC 2865 §5.26)."""
    view = _row("rad-25-vsa-many-subs")

    assert b"abc" == view.first(a.AGENT_CIRCUIT_ID)
    assert b"wxyz" == view.first(a.AGENT_REMOTE_ID)
    assert 40_960 == view.integer(3561 << 8 | 129)


def test_a_sub_attribute_80_is_no_message_authenticator() -> None:
    """Number 80 of a vendor has nothing to do with Message-Authenticator."""
    view = _row("rad-41-msgauth-only-in-vsa")

    assert not view.has(a.MESSAGE_AUTHENTICATOR)
    assert view.span(a.MESSAGE_AUTHENTICATOR) is None


def test_a_hundred_proxy_states_come_out_in_order() -> None:
    """All Proxy-States are found, in packet order."""
    states = _row("rad-63-proxy-state-100").all(a.PROXY_STATE)

    assert 100 == len(states)
    assert sorted(states) == states
    assert 100 == len(set(states))


def test_control_characters_do_not_reach_a_log_raw() -> None:
    """Octets that are not UTF-8 are shown escaped, while the octets themselves stay as they came."""
    view = _row("rad-67-log-injection")
    raw, text = view.first(a.USER_NAME), view.text(a.USER_NAME)

    assert raw is not None
    assert text is not None
    assert b"\xff\xfe" in raw
    assert "\\xff\\xfe" in text


# ---- any octets at all


@settings(max_examples=160, deadline=None)
@given(st.binary(max_size=300))
def test_random_octets_are_decoded_or_refused(octets: bytes) -> None:
    """Any datagram is a packet or is refused by name; there is no third outcome."""
    outcome = _outcome(octets)
    if isinstance(outcome, Malformed):
        assert isinstance(outcome.reason, DropReason)
        assert 0 <= outcome.offset <= len(octets)
    else:
        assert octets.startswith(outcome.octets)


@settings(max_examples=160, deadline=None)
@given(st.sampled_from(a.Code), st.binary(max_size=200), st.integers(-3, 3))
def test_random_attributes_behind_a_good_header_are_decoded_or_refused(code: a.Code, rest: bytes, skew: int) -> None:
    """Whatever stands behind a plausible header, and whatever its Length says, the outcome is a view or a refusal."""
    head = bytes((code, 1)) + max(20 + len(rest) + skew, 0).to_bytes(2, "big") + AUTHENTICATOR
    outcome = _outcome(head + rest)
    if isinstance(outcome, Malformed):
        assert isinstance(outcome.reason, DropReason)
    else:
        assert len(outcome.octets) == 20 + len(rest) + skew


@settings(max_examples=80, deadline=None)
@given(valid_packets(), st.integers(0, 4095), st.binary(min_size=1, max_size=3))
def test_a_damaged_packet_is_decoded_or_refused(whole: Packet, at: int, damage: bytes) -> None:
    """A valid packet with a few octets overwritten anywhere is still a view or a named refusal."""
    octets = bytearray(whole.octets)
    at %= len(octets)
    octets[at : at + len(damage)] = damage
    outcome = _outcome(bytes(octets))

    assert isinstance(outcome, PacketView) or isinstance(outcome.reason, DropReason)


@settings(max_examples=80, deadline=None)
@given(valid_packets(), st.data())
def test_a_cut_packet_is_refused(whole: Packet, data: st.DataObject) -> None:
    """A datagram shorter than its Length is too-short or bad-length, never half a packet (RFC 2865 §3)."""
    cut = data.draw(st.integers(0, len(whole.octets) - 1))

    assert _refused(whole.octets[:cut]) == ("too-short" if cut < 20 else "bad-length")


# ---- valid packets lose nothing


@settings(max_examples=120, deadline=None)
@given(valid_packets())
def test_valid_packets_round_trip(whole: Packet) -> None:
    """Every valid packet is accepted, and keys and values come out as they were put in, in order."""
    view = decode(whole.octets)

    assert [pair for piece in whole.pieces for pair in piece.seen] == _seen(view)
    assert whole.octets == view.octets
    assert whole.octets[4:20] == view.authenticator
    assert (whole.octets[0], whole.octets[1]) == (view.code, view.identifier)


@settings(max_examples=120, deadline=None)
@given(valid_packets())
def test_spans_tile_the_packet(whole: Packet) -> None:
    """The attributes lie end to end behind the header, and the sub-attributes end to end in their VSA."""
    view = decode(whole.octets)
    at = 20
    inside: tuple[int, int] | None = None
    for span in view.spans:
        outer = (span.outer_start, span.outer_end)
        if outer != (span.start, span.end) and outer == inside:
            assert at == span.start
        else:
            assert inside is None or at == inside[1]
            assert span.outer_start == at
            if outer == (span.start, span.end):
                inside = None
            else:
                inside = outer
                assert span.outer_start + 6 == span.start
        at = span.end
        assert view.octets[span.start + 1] == span.end - span.start
    assert at == len(view.octets)


@settings(max_examples=80, deadline=None)
@given(valid_packets())
def test_looking_up_a_key_agrees_with_the_order_of_attributes(whole: Packet) -> None:
    """`first` is the first attribute of a key and `all` is every one of them, in packet order."""
    view = decode(whole.octets)
    pairs = [pair for piece in whole.pieces for pair in piece.seen]
    for key in {key for key, _ in pairs}:
        values = [value for other, value in pairs if other == key]
        assert values == view.all(key)
        assert values[0] == view.first(key)
        assert view.has(key)
    assert view.first(999_999_999_999) is None
    assert [] == view.all(999_999_999_999)


@settings(max_examples=80, deadline=None)
@given(valid_packets(), st.integers(0, 255))
def test_a_second_packet_of_the_same_layout_has_its_own_values(whole: Packet, mask: int) -> None:
    """Two packets alike in all types and lengths have their attributes at the same places, and each its own octets."""
    first = decode(whole.octets)
    octets = bytearray(whole.octets)
    for span in first.spans:
        if span.key != a.VENDOR_SPECIFIC:  # an opaque one may become another
            for at in range(span.start + 2, span.end):
                octets[at] ^= mask
    second = decode(bytes(octets))

    assert [(one.key, one.start, one.end) for one in first.spans] == [
        (one.key, one.start, one.end) for one in second.spans
    ]
    assert [first.value(span) for span in first.spans] == [value for _, value in _seen(decode(whole.octets))]
    assert [second.value(span) for span in second.spans] == [octets[one.start + 2 : one.end] for one in first.spans]


def test_layouts_are_not_remembered_for_ever() -> None:
    """A sender of ever other layouts takes no more memory than a thousand of them."""
    for first, second in product(range(254), range(20)):
        _decoded(plain(a.USER_NAME, bytes(first)), plain(a.CALLING_STATION_ID, bytes(second)))

    assert len(radius._LAYOUTS) <= radius._MOST_LAYOUTS


@settings(max_examples=100, deadline=None)
@given(valid_packets(), st.binary(min_size=1, max_size=64))
def test_octets_behind_length_are_padding(whole: Packet, padding: bytes) -> None:
    """Octets beyond Length are no part of the packet (RFC 2865 §3)."""
    assert _seen(decode(whole.octets)) == _seen(decode(whole.octets + padding))
    assert whole.octets == decode(whole.octets + padding).octets


def test_the_largest_packet_has_4096_octets() -> None:
    """4096 octets are accepted, 4097 are bad-length."""
    full = [plain(25, bytes(253))] * 15
    last = 4096 - 20 - 15 * 255
    whole = packet(1, 1, AUTHENTICATOR, (*full, plain(25, bytes(last - 2)))).octets

    assert 4096 == len(whole)
    assert 16 == len(decode(whole).spans)
    assert _refused(whole[:2] + b"\x10\x01" + whole[4:] + b"\0") == "bad-length"


@pytest.mark.parametrize("octets", [0, 15, 17, 127, 129, 144])
def test_a_user_password_has_16_to_128_octets_in_blocks(octets: int) -> None:
    """A User-Password that is no multiple of 16 between 16 and 128 octets is refused (RFC 2865 §5.2)."""
    whole = packet(1, 1, AUTHENTICATOR, (plain(a.USER_PASSWORD, bytes(octets)),)).octets

    assert _refused(whole) == "bad-password-length"


def test_a_password_rule_is_for_access_requests_only() -> None:
    """Attribute 2 of another packet than Access-Request passes unread."""
    assert [(2, b"abc")] == _seen(_decoded(plain(2, b"abc"), code=4))


def test_unknown_codes_are_refused() -> None:
    """A code other than those of authentication, accounting, Status-Server and dynamic authorisation is bad-code."""
    for code in set(range(256)) - {1, 2, 3, 4, 5, 11, 12, 40, 41, 42, 43, 44, 45}:
        assert _refused(packet(code, 1, AUTHENTICATOR, ()).octets) == "bad-code"


def test_a_vsa_of_another_layout_is_one_opaque_attribute() -> None:
    """Vendors that do not use one octet of type and one of length are passed whole."""
    body = (429).to_bytes(4, "big") + b"\0\0\x90\x23" + b"\x02\x02"

    assert [(26, body)] == _seen(_decoded(Piece(tlv(26, body), ())))


def test_rfc_6929_attributes_pass_whole() -> None:
    """Extended attributes (241 to 246), with vendor, flags and nested TLVs in them, are opaque."""
    extended = plain(241, b"\x1a" + (6527).to_bytes(4, "big") + b"\x2f" + b"\x50\x12" + bytes(16))

    assert list(extended.seen) == _seen(_decoded(extended))
    assert not _decoded(extended).has(a.MESSAGE_AUTHENTICATOR)


def test_attributes_that_bngcorr_writes_can_be_read_back() -> None:
    """What `attribute` and `vendor_attribute` build decodes to the same key and value, up to the longest value."""
    for key, value in ((a.PROXY_STATE, b"x"), (a.PROXY_STATE, bytes(253))):
        assert [(key, value)] == _seen(_decoded(Piece(radius.attribute(key, value), ())))
    for value in (b"", b"LINE-1", bytes(247)):
        assert [(a.AGENT_REMOTE_ID, value)] == _seen(
            _decoded(Piece(radius.vendor_attribute(a.AGENT_REMOTE_ID, value), ()))
        )
    with pytest.raises(ValueError):
        radius.attribute(a.PROXY_STATE, bytes(254))
    with pytest.raises(ValueError):
        radius.vendor_attribute(a.AGENT_REMOTE_ID, bytes(248))


def test_a_packet_does_not_show_its_attributes_by_accident() -> None:
    """The representation of a packet names code, identifier and length, and no value (it may be a password)."""
    view = _decoded(plain(a.USER_NAME, b"hunter2"), vsa(3561, (1, b"hunter2")))

    assert "hunter2" not in repr(view)


# ---- values


@pytest.mark.parametrize(
    ("value", "prefix"),
    [
        (b"\0\x40" + bytes.fromhex("20010db8000100020000000000000000"), "2001:db8:1:2::/64"),
        (b"\0\x38" + bytes.fromhex("20010db8000100"), "2001:db8:1::/56"),
        (b"\0\x40" + bytes.fromhex("20010db80001"), "2001:db8:1::/64"),
        (b"\0\x40" + bytes.fromhex("20010db8000100020000000000000001"), "2001:db8:1:2::/64"),  # host bits are cleared
        (b"\xff\x80" + bytes.fromhex("20010db8000000000000000000000001"), "2001:db8::1/128"),  # reserved octet unread
        (b"\0\x01\x80", "8000::/1"),
        (b"\0\0" + bytes(16), None),  # nobody is given ::/0
        (b"\0\x81" + bytes(16), None),
        (b"\0\x40" + bytes(17), None),
        (b"\0\x40", None),
        (b"\0", None),
        (b"", None),
        (None, None),
    ],
)
def test_prefixes_are_read_by_rfc_3162(value: bytes | None, prefix: str | None) -> None:
    """A prefix is a reserved octet, a length of 1 to 128 and up to 16 octets; anything else is none."""
    assert (None if prefix is None else IPv6Network(prefix)) == radius.ipv6_prefix(value)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=24))
def test_any_octets_are_a_prefix_or_none(value: bytes) -> None:
    """Reading a prefix value never raises."""
    prefix = radius.ipv6_prefix(value)

    assert prefix is None or prefix.prefixlen == value[1]


def test_addresses_have_their_exact_size() -> None:
    """Four octets are an IPv4 address and sixteen an IPv6 address; nothing else is."""
    assert IPv4Address("192.0.2.1") == radius.ipv4(bytes((192, 0, 2, 1)))
    assert IPv6Address("::1") == radius.ipv6(bytes(15) + b"\x01")
    for size in (0, 3, 5, 15, 17):
        assert radius.ipv4(bytes(size)) is None
        assert radius.ipv6(bytes(size)) is None
    assert radius.ipv4(None) is None
    assert radius.ipv6(None) is None


def test_an_empty_value_is_present_and_has_no_text() -> None:
    """An attribute without octets is there, and is neither text nor a number."""
    view = _decoded(plain(a.USER_NAME, b""), plain(a.ACCT_STATUS_TYPE, b""))

    assert view.has(a.USER_NAME)
    assert b"" == view.first(a.USER_NAME)
    assert view.text(a.USER_NAME) is None
    assert view.integer(a.ACCT_STATUS_TYPE) is None


# ---- names


def test_the_numbers_in_the_code_are_those_of_the_dictionaries() -> None:
    """Every attribute that bngcorr knows by number has that number in the dictionaries."""
    dictionary = Dictionary(resource("dictionaries") / "dictionary")

    assert {key: dictionary.key(name) for key, name in a.NAMES.items()} == {key: key for key in a.NAMES}


def test_every_attribute_constant_has_a_name() -> None:
    """No attribute number stands in the code without the name that the test above holds against the dictionaries."""
    not_attributes = {"BROADBAND_FORUM", "JUNIPER_ERX", "NOKIA", "VENDOR_SPECIFIC"}
    constants = {name: value for name, value in vars(a).items() if name.isupper() and isinstance(value, int)}

    assert {value for name, value in constants.items() if name not in not_attributes} == set(a.NAMES)


def test_named_values_are_those_of_the_dictionaries() -> None:
    """Values of Acct-Status-Type and Framed-Protocol come from the dictionaries; an unknown name is a KeyError."""
    dictionary = Dictionary(resource("dictionaries") / "dictionary")

    assert a.AcctStatus.START == dictionary.value("Acct-Status-Type", "Start")
    assert a.AcctStatus.INTERIM == dictionary.value("Acct-Status-Type", "Interim-Update")
    assert a.AcctStatus.ON == dictionary.value("Acct-Status-Type", "Accounting-On")
    assert 34 == dictionary.value("NAS-Port-Type", "34")
    with pytest.raises(KeyError):
        dictionary.value("Framed-Protocol", "Carrier-Pigeon")
    with pytest.raises(KeyError):
        dictionary.key("No-Such-Attribute")
