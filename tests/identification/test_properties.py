"""What holds for every packet: nothing goes without evidence, nothing goes twice, no octets bring a walker down."""

from __future__ import annotations

import time
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bngcorr.bng_profiles import compile_one
from bngcorr.config import profiles_of
from bngcorr.model.vocabulary import Strength, Trigger
from bngcorr.profiles.catalogue import packaged
from bngcorr.profiles.profile import Encoding, Profile
from bngcorr.proxy import carriers, port_id, remote_id
from bngcorr.proxy.remote_id import Numbers
from bngcorr.wire import dhcp4, dhcp6, radius

from .forwarding import forwarded, identified, unchanged
from .vectors import config, dictionary, packet

NUMBERS: Final = Numbers()
PROFILES: Final = sorted(packaged())


def _compiled(name: str) -> Profile:
    whole = config(name, {})
    return compile_one(profiles_of(whole), whole.bngs[0], dictionary())


RULES: Final = {name: _compiled(name) for name in PROFILES}


# ---- packets that mean something: the attributes that the profiles know, with values of every kind

numbers = st.sampled_from((1, 9, 637, 2011, 2352, 3561, 4874, 6527, 62_331, 65_546, 131_071)) | st.integers(0, 200_000)
texts = st.text("abcXYZ019/.:-_ ", min_size=1, max_size=20).map(str.encode)
prefixed = st.builds(lambda number, rest: number.to_bytes(4, "big") + rest, numbers, texts | st.binary(max_size=12))
look_alikes = st.sampled_from(
    tuple(
        bytes.fromhex(octets)
        for octets in (
            "0006001cf09d7167", "0106001cf09d7167", "00000c07ac01", "00005e000101", "000102030405", "000400320001",
            "00001234", "00", "", "000c6f6c74372f312f31", "006f6c7437", "000007db302f332f30", "0000197f31",
        )
    )
)  # fmt: skip
id_values = prefixed | look_alikes | texts | st.binary(max_size=40)
options4 = st.lists(
    st.builds(lambda code, value: bytes((code, len(value))) + value, st.sampled_from((53, 60, 61, 82)), id_values),
    max_size=4,
).map(b"".join)
options6 = st.lists(
    st.builds(
        lambda code, value: code.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value,
        st.sampled_from((1, 8, 9, 18, 37, 79)),
        id_values,
    ),
    max_size=4,
).map(b"".join)
words = st.sampled_from(
    (
        b"remote-id-tag=", b"circuit-id-tag=", b"dhcpv6-interface-id=", b"vendor-class-id-tag=", b"client-mac-address=",
        b"remote-id-tag=000007db302f332f30", b"remote-id-tag=0006001cf09d7167", b"02:00:01:00:00:01",
        b"1/1/4:501.1001", b"slot=1;subslot=0;port=5;vlanid=100", b"0/0/2/50.1957", b"ge-1/0/0.1:1-2",
    )
)  # fmt: skip
hexadecimal = id_values.map(lambda value: b"remote-id-tag=" + value.hex().encode())
values = id_values | options4 | options6 | words | hexadecimal | st.sampled_from((b"\0\0\0\x01", b"\0\0\0\x21"))


def _keys(profile: Profile) -> list[int]:
    rows = (profile.signals, profile.raw, profile.macs, profile.remote_ids, profile.circuit_ids, profile.ports)
    return sorted({row.key for group in rows for row in group} | {1, 6, 61, 79, 87})


def _encoded(pieces: list[tuple[int, bytes]]) -> bytes:
    """One attribute, or one VSA with several sub-attributes of a vendor."""
    vendor = pieces[0][0] >> 8
    tlvs = b"".join(bytes((key & 0xFF, len(value) + 2)) + value for key, value in pieces if key >> 8 == vendor)
    return tlvs if not vendor else bytes((26, len(tlvs) + 6)) + vendor.to_bytes(4, "big") + tlvs


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, bytes]:
    """A profile, and a request with attributes that mean something to it."""
    name = draw(st.sampled_from(PROFILES))
    keys = st.sampled_from(_keys(RULES[name]))
    groups = draw(st.lists(st.lists(st.tuples(keys, values), min_size=1, max_size=3), max_size=5))
    return name, packet(draw(st.sampled_from((1, 1, 1, 4))), [_encoded(group) for group in groups])


def _ids(octets: bytes, profile: Profile) -> list[tuple[int, bytes]]:
    view = radius.decode(octets)
    return [(one.span.key, one.value) for one in carriers.ids(view, profile.remote_ids)]


SURE: Final = (Strength.PROOF, Strength.STRONG)


@settings(max_examples=100, deadline=None)
@given(requests())
def test_without_evidence_of_v6_the_remote_id_stays(request: tuple[str, bytes]) -> None:
    """Unless the request is DHCPv6 by proof, strong evidence or rule, AAA gets the Remote-Id as the BNG sent it."""
    profile, octets = RULES[request[0]], request[1]
    classification, _ = identified(radius.decode(octets), profile, NUMBERS)
    before, after = unchanged(octets).octets, forwarded(octets, profile, NUMBERS).octets

    if classification.trigger is not Trigger.DHCPV6 or classification.strength not in SURE:
        assert after[20:].startswith(before[20:])
        assert _ids(octets, profile) == _ids(after, profile)[: len(_ids(octets, profile))]


@settings(max_examples=100, deadline=None)
@given(requests())
def test_only_whole_numbers_go_and_only_from_carriers(request: tuple[str, bytes]) -> None:
    """Each Remote-Id leaves whole or without four octets that are an acceptable number; all else leaves as it came."""
    profile, octets = RULES[request[0]], request[1]
    before, after = radius.decode(octets), forwarded(octets, profile, NUMBERS)
    carried = {one.span.start: one for one in carriers.ids(before, profile.remote_ids)}

    assert [span.key for span in before.spans] == [span.key for span in after.spans[: len(before.spans)]]
    for old, new in zip(before.spans, after.spans, strict=False):
        was, is_ = before.value(old), after.value(new)
        if was == is_:
            continue
        found = carried[old.start]
        width = 8 if found.encoding is Encoding.HEX else 4
        cut = found.start - old.start - 2
        assert was[:cut] + was[cut + width :] == is_
        assert NUMBERS.acceptable(int.from_bytes(found.value[:4], "big"))
        assert len(found.value) > 4


@settings(max_examples=80, deadline=None)
@given(requests())
def test_a_retransmission_is_rewritten_alike(request: tuple[str, bytes]) -> None:
    """The same octets give the same verdicts and the same octets, however often they come."""
    profile, octets = RULES[request[0]], request[1]

    assert forwarded(octets, profile, NUMBERS).octets == forwarded(bytes(bytearray(octets)), profile, NUMBERS).octets


@settings(max_examples=100, deadline=None)
@given(numbers, texts, st.sampled_from(("none", "proof")))
@example(2011, b"0/3/0", "proof")
@example(6527, b"\x20", "none")
def test_what_was_stripped_is_not_stripped_again(number: int, rest: bytes, evidence: str) -> None:
    """A stripped value that comes back with the same evidence (a second proxy, a loop) keeps every octet."""
    profile = RULES["nokia-sros"]
    proof = [_encoded([(6527 << 8 | 191, bytes.fromhex("000800020000"))])] if evidence == "proof" else []
    once = forwarded(
        packet(1, [*proof, _encoded([(3561 << 8 | 2, number.to_bytes(4, "big") + rest)])]), profile, NUMBERS
    )
    twice = forwarded(once.octets, profile, NUMBERS)

    assert once.octets == twice.octets


@settings(max_examples=60, deadline=None)
@given(requests())
def test_the_trigger_does_not_depend_on_the_order_of_attributes(request: tuple[str, bytes]) -> None:
    """Trigger and strength depend on what is in the packet, not on where."""
    profile, octets = RULES[request[0]], request[1]
    groups, at = [], 20
    while at < len(octets):
        groups.append(octets[at : at + octets[at + 1]])
        at += octets[at + 1]
    first = identified(radius.decode(octets), profile, NUMBERS)[0]
    for order in (groups[::-1], groups[1:] + groups[:1], groups[1::2] + groups[::2]):
        other = identified(radius.decode(packet(octets[0], order)), profile, NUMBERS)[0]
        assert (first.trigger, first.strength) == (other.trigger, other.strength)


@settings(max_examples=100, deadline=None)
@given(id_values)
def test_a_number_is_seen_only_in_front_of_something(value: bytes) -> None:
    """Values of up to 4 octets, with another first octet, or with a number that is not acceptable have none."""
    found = remote_id.look(value, NUMBERS)

    if found is None:
        assert len(value) <= 4 or value[0] != 0 or not 1 <= int.from_bytes(value[:4], "big") <= 131_071
    else:
        assert value == found.enterprise_number.to_bytes(4, "big") + found.remote_id
        assert found.remote_id


# ---- walkers of raw DHCP options


class Counted(bytes):
    """Octets that count how often they are looked at."""

    looks = 0

    def __getitem__(self, key: Any) -> Any:
        type(self).looks += 1
        return super().__getitem__(key)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | options4 | options6)
def test_walkers_never_raise(octets: bytes) -> None:
    """Any octets are options of both protocols, a whole message, or none: never an error."""
    four = dhcp4.options(octets)
    for layers in (dhcp6.options(octets).layers, dhcp6.message(octets).layers):
        assert all(len(layer.peer_address) in (0, 16) for layer in layers)
        assert sum(len(value) for layer in layers[:1] for value in layer.values.values()) <= len(octets)
    assert sum(len(value) for value in four.values.values()) <= len(octets)
    for found in (four.circuit_id, four.remote_id):
        assert found is None or 1 <= len(found) <= 247


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | options4 | options6)
def test_walkers_look_at_each_octet_a_bounded_number_of_times(octets: bytes) -> None:
    """One pass over the options: at most three looks for each two octets of a header, one for each value."""
    for walk in (dhcp4.options, dhcp6.options, dhcp6.message):
        Counted.looks = 0
        walk(Counted(octets))
        assert Counted.looks <= 3 * len(octets) + 6, walk


def nested(relays: int, inner: bytes = b"\x01\0\0\x01") -> bytes:
    """A client message in so many RELAY-FORWs, each with its own option 18."""
    message = inner
    for number in range(relays):
        options = bytes((0, 18, 0, 1, number & 0xFF)) + b"\0\x09" + len(message).to_bytes(2, "big") + message
        message = b"\x0c" + bytes(33) + options
    return message


@pytest.mark.parametrize("relays", [0, 1, 2, 8, 9, 10, 11, 50, 1000])
def test_relays_are_followed_to_the_hop_limit(relays: int) -> None:
    """Hop-counts 0 to 8 are nine relays (RFC 8415 §7.6); of more, the outermost nine are read and the rest is not."""
    read = dhcp6.message(nested(relays))

    assert (relays <= 9) == read.whole
    assert min(relays, 9) == sum(layer.relay for layer in read.layers)
    assert [bytes((relays - 1 - n & 0xFF,)) for n in range(min(relays, 9))] == [
        layer.values[dhcp6.INTERFACE_ID] for layer in read.layers if layer.relay
    ]


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 12), st.integers(0, 400))
def test_a_message_may_be_cut_anywhere(relays: int, size: int) -> None:
    """A cut message gives the layers that are there, and never an id that is cut."""
    whole = nested(relays)
    read = dhcp6.message(whole[:size])

    assert all(len(layer.values.get(dhcp6.INTERFACE_ID, b"x")) == 1 for layer in read.layers)
    assert len(read.layers) <= len(dhcp6.message(whole).layers)
    assert read.whole or size < len(whole) or relays > 9


def test_deep_nesting_costs_nothing() -> None:
    """A message of relays only, as deep as 64 KiB allow, is read in a few milliseconds."""
    message = nested(1400)
    began = time.perf_counter()
    for _ in range(20):
        dhcp6.message(message)

    assert time.perf_counter() - began < 0.5


# ---- port texts


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(port_id.GRAMMARS)),
    st.text(max_size=60) | st.text("0123456789/.:-; lagpwxceslotubrvid=#*", max_size=80),
)
def test_any_port_text_is_an_attachment_or_none(grammar: str, text: str) -> None:
    """Whatever stands in NAS-Port-Id, VLANs are 0 to 4095, an inner one has an outer one, and a port is never empty."""
    found = port_id.GRAMMARS[grammar](text)

    if found is not None:
        assert found.port
        assert all(tag is None or 0 <= tag <= 4095 for tag in (found.outer, found.inner))
        assert found.inner is None or found.outer is not None


@pytest.mark.parametrize("grammar", sorted(port_id.GRAMMARS))
@pytest.mark.parametrize("text", ["1/" * 120, "slot=1;" * 36, "a " * 126, "0" * 253, "lag-" * 63, "1.1.1.1/" * 31])
def test_long_port_texts_are_read_quickly(grammar: str, text: str) -> None:
    """Texts made to mislead a grammar are read within a millisecond."""
    began = time.perf_counter()
    for _ in range(20):
        port_id.GRAMMARS[grammar](text)

    assert (time.perf_counter() - began) / 20 < 0.005


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_bit_layout_uses_every_bit_once(number: int) -> None:
    """Slot, MDA, port and VLANs put back together are the number."""
    found = port_id.nas_port(number, "*12o*10i*3s*2m*5p")

    assert found is not None
    assert found.outer is not None
    assert found.inner is not None
    slot, mda, port = map(int, found.port.split("/"))
    assert number == found.outer << 20 | found.inner << 10 | slot << 7 | mda << 5 | port
