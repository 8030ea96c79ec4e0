"""DHCPv6 messages: relays, repeated options, what options hold, and octets that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.errors import Malformed
from bngcorr.model.duid import mac_of_duid
from bngcorr.wire import dhcp6
from bngcorr.wire import dhcp6_values as values
from bngcorr.wire.duid import Duid
from bngcorr.wire.refusal import Refusal

from .hostile import rows

LINK = bytes.fromhex("20010db8000100000000000000000001")
PEER = bytes.fromhex("fe800000000000003ea62ffffe000017")
PREFIX = bytes.fromhex("20010db8aa0000000000000000000000")


def option(code: int, value: bytes) -> bytes:
    """Code, length, data."""
    return code.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value


def relayed(inner: bytes, hops: int, *options: bytes) -> bytes:
    """A RELAY-FORW around a message; options of the relay on both sides of it."""
    return b"\x0c" + bytes((hops,)) + LINK + PEER + b"".join(options[:1]) + option(9, inner) + b"".join(options[1:])


IA_PREFIX = option(26, (600).to_bytes(4, "big") + (900).to_bytes(4, "big") + b"\x38" + PREFIX)
IA_ADDRESS = option(5, LINK + (600).to_bytes(4, "big") + (900).to_bytes(4, "big") + option(13, b"\0\x02none"))
TIMES = (300).to_bytes(4, "big") + (480).to_bytes(4, "big")


def test_a_message_is_read_through_its_relays() -> None:
    """Layer for layer: hop-count, addresses and options of each relay, and the client's message with its type."""
    solicit = b"\x01\xaa\xbb\xcc" + option(8, b"\0\x64")
    read = dhcp6.decode(
        relayed(relayed(solicit, 0, option(18, b"inner")), 1, option(18, b"outer"), option(37, b"later"))
    )

    assert read.whole
    assert [(12, 1, LINK, PEER, b"outer"), (12, 0, LINK, PEER, b"inner")] == [
        (layer.type, layer.hop_count, layer.link_address, layer.peer_address, layer.values[18]) for layer in read.relays
    ]
    assert b"later" == read.layers[0].values[37]
    assert read.inner is not None
    assert (dhcp6.SOLICIT, b"\xaa\xbb\xcc", None, b"") == (
        read.inner.type, read.inner.transaction_id, read.inner.hop_count, read.inner.link_address,
    )  # fmt: skip
    assert 100 == values.elapsed(read.inner.values[8])


def test_every_association_of_a_message_is_there() -> None:
    """Two IA_PDs and an IA_NA: `all` has each, in packet order."""
    first, second = option(25, b"\0\0\0\x01" + TIMES), option(25, b"\0\0\0\x02" + TIMES + IA_PREFIX)
    inner = dhcp6.decode(b"\x07\0\0\1" + first + option(3, b"\0\0\0\x03" + TIMES + IA_ADDRESS) + second).inner
    assert inner is not None
    one, two = (values.association(value) for value in inner.all(25))
    (address,) = values.association(inner.all(3)[0]).addresses

    assert (b"\0\0\0\x01", 300, 480, []) == (one.iaid, one.renew_at, one.rebind_at, one.prefixes)
    (prefix,) = two.prefixes
    assert (PREFIX, 56, 600, 900, None) == (prefix.prefix, prefix.length, prefix.preferred, prefix.valid, prefix.status)
    assert (LINK, 600, 900) == (address.address, address.preferred, address.valid)
    assert address.status is not None
    assert (2, b"none") == (address.status.code, address.status.message)
    assert [] == inner.all(4)


def test_what_is_malformed_inside_an_association_is_left_out_and_named() -> None:
    """A prefix of 255 bits and a short address do not hide the good one beside them."""
    bad = option(26, bytes(8) + b"\xff" + PREFIX) + option(5, bytes(10)) + IA_PREFIX
    read = values.association(bytes(12) + bad)

    assert [56] == [prefix.length for prefix in read.prefixes]
    assert [Refusal.BAD_PREFIX, Refusal.BAD_LENGTH] == read.faults


def test_single_options_are_read() -> None:
    """Options 4, 6, 13, 15, 16, 17, 23, 37 and 79."""
    assert b"\0\0\0\x09" == values.temporary(b"\0\0\0\x09" + IA_ADDRESS).iaid
    assert [23, 24] == values.codes(b"\0\x17\0\x18")
    assert 6 == values.status(b"\0\x06no").code
    assert [b"ab", b""] == values.items(b"\0\x02ab\0\0")
    assert (3561, [b"x"]) == values.vendor_class(b"\0\0\x0d\xe9\0\x01x")
    assert (4491, [(2, b"yz")]) == values.vendor_options(b"\0\0\x11\x8b\0\x02\0\x02yz")
    assert [LINK, PEER] == values.addresses(LINK + PEER)
    remote = values.remote_id(b"\0\0\x0d\xe9A")
    assert (3561, b"A") == (remote.enterprise_number, remote.remote_id)
    assert (1, b"\x3c\xa6\x2f\0\0\x17") == values.link_layer(b"\0\x01\x3c\xa6\x2f\0\0\x17")


@pytest.mark.parametrize(
    ("octets", "title", "mac"),
    [
        ("000100013295074ba491b1300003", "DUID-LLT", "a491b1300003"),
        ("000300013ca62f000017", "DUID-LL", "3ca62f000017"), ("000200000de978797a", "DUID-EN", None),
        ("0004" + "11" * 16, "DUID-UUID", None), ("0004" + "11" * 15, "DUID", None),
        ("00010001000001", "DUID", None), ("000300206d6d6d", "DUID-LL", None), ("0009aabb", "DUID", None),
    ],
)  # fmt: skip
def test_duids_are_taken_apart(octets: str, title: str, mac: str | None) -> None:
    """Kinds 1 to 4 by their parts; what is cut or of another kind is opaque, and has no MAC."""
    duid = Duid(bytes.fromhex(octets))
    found = mac_of_duid(duid.octets)

    assert (title, mac) == (duid.title, found.hex() if found else None)
    if mac is not None:
        assert bytes.fromhex(mac) == duid.address


@pytest.mark.parametrize("size", [0, 2, 131])
def test_a_duid_that_cannot_be_is_refused(size: int) -> None:
    """Under 3 and over 130 octets (RFC 8415 §11.1)."""
    with pytest.raises(Malformed, match="bad-length"):
        Duid(b"\0\x03" + bytes(129) if size == 131 else bytes(size))


READERS: dict[int, Callable[[bytes], Any]] = {
    1: Duid, 2: Duid, 3: values.association, 4: values.temporary, 5: values.ia_address, 6: values.codes,
    8: values.elapsed, 13: values.status, 15: values.items, 16: values.vendor_class, 17: values.vendor_options,
    23: values.addresses, 25: values.association, 26: values.ia_prefix, 37: values.remote_id, 53: Duid,
    79: values.link_layer,
}  # fmt: skip
OUTCOMES = {  # whether it is whole, number of relays, type of the inner message, options that are malformed
    "d6-01-3-bytes": "too-short", "d6-03-relay-33": "too-short", "d6-05-relay-depth-8": (True, 8, 1, []),
    "d6-07-relay-depth-32": (False, 9, None, []), "d6-09-relay-bomb-1700": (False, 9, None, []),
    "d6-11-opt9-1-byte": (False, 1, None, []), "d6-13-opt9-in-solicit": (True, 0, 1, []),
    "d6-15-hop-255": (True, 1, 1, []), "d6-17-opt9-length-short": (False, 1, 1, [2]),
    "d6-19-opt37-len-3": (True, 1, 1, [37]), "d6-21-opt37-len-5": (True, 1, 1, []),
    "d6-23-opt37-in-client-message": (True, 1, 1, []), "d6-25-opt79-len-1": (True, 1, 1, [79]),
    "d6-27-opt79-overlong": (True, 1, 1, [79]), "d6-29-duid-0": (True, 0, 1, [1]), "d6-31-duid-2": (True, 0, 1, [1]),
    "d6-33-duid-131": (True, 0, 1, [1]), "d6-35-duid-llt-short": (True, 0, 1, []),
    "d6-37-duid-ll-20-byte-lladdr": (True, 0, 1, []), "d6-39-duid-type-0": (True, 0, 1, []),
    "d6-41-ia-na-11": (True, 0, 1, [3]), "d6-43-iaaddr-short": (True, 0, 1, [3]),
    "d6-45-ia-pd-prefix-255": (True, 0, 1, [25]), "d6-47-iaid-only": (True, 0, 1, [25]),
    "d6-49-vendor-class-3": (True, 0, 1, [16]), "d6-51-vendor-opts-overrun": (True, 0, 1, [17]),
    "d6-53-elapsed-1": (True, 0, 1, [8]), "d6-55-opt-len-65535": (False, 0, 1, []),
    "d6-57-15000-empty-options": (True, 0, 1, []), "d6-59-type-0": "unknown-kind",
}  # fmt: skip


def malformed(layer: dhcp6.Layer) -> list[int]:
    """Codes of options that are refused, or say that something inside is."""
    found = []
    for code, value in (*layer.values.items(), *layer.more):
        if code in READERS:
            try:
                read = READERS[code](value)
            except Malformed:
                found.append(code)
            else:
                if isinstance(read, values.Association) and read.faults:
                    found.append(code)
    return found


def test_hostile_messages_are_values_or_refusals() -> None:
    """Every DHCPv6 row of hostile.tsv: what is read of it, or the reason why not."""
    found: dict[str, object] = {}
    for name, octets in rows("DHCPv6").items():
        try:
            read = dhcp6.decode(octets)
        except Malformed as error:
            found[name] = str(error.reason)
            continue
        bad = [code for layer in read.layers for code in malformed(layer)]
        found[name] = (read.whole, len(read.relays), read.inner and read.inner.type, bad)

    assert OUTCOMES == found


def test_what_a_client_claims_is_not_its_relays() -> None:
    """A Remote-Id in the client's own message stands in the client's layer only."""
    read = dhcp6.decode(rows("DHCPv6")["d6-23-opt37-in-client-message"])

    assert b"LINE-1" == values.remote_id(read.relays[-1].values[37]).remote_id


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(READERS)), st.binary(max_size=60))
def test_any_octets_are_an_options_value_or_a_named_refusal(code: int, octets: bytes) -> None:
    """No reader raises anything but Malformed with a reason of ours."""
    try:
        READERS[code](octets)
    except Malformed as refused:
        reason = refused.reason
        assert isinstance(reason, Refusal)


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=200), st.integers(0, 3), st.booleans())
def test_any_octets_are_a_message_or_a_named_refusal(octets: bytes, relays: int, cut: bool) -> None:
    """Whatever stands in the relays and in the message, `decode` gives layers or refuses."""
    for hops in range(relays):
        octets = relayed(octets, hops)
    with suppress(Malformed):
        read = dhcp6.decode(octets, cut=cut)
        assert 1 <= len(read.layers) <= relays + 1 or octets[0] in (12, 13)
        assert not (cut and read.whole)
