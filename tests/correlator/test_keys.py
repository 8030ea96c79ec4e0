"""Correlation keys: what two requests of one line have in common, and what is no key at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.correlator.keys import Keyring, fingerprints_agree, place_hash, same_cpe, session_hash
from bngcorr.model.attachment import Attachment
from bngcorr.model.box import box_name
from bngcorr.model.line import LineIds, line_key
from bngcorr.model.mac import Mac
from bngcorr.model.vocabulary import Key, LineIdPolicy, MacSource, VlanModel

from .questions import CPE, OTHER_CPE, PORT, handle, ring

SEEN, CLAIMED = MacSource.SEEN, MacSource.CLAIMED
SHARED, PER_LINE = VlanModel.SHARED, VlanModel.PER_LINE
MADE_UP = Mac(bytes.fromhex("020001000001"))  # locally administered
UNTAGGED = Attachment("1/1/4")


def _kinds(keys: Keyring) -> list[str]:
    return [str(one.key) for one in keys.handles]


@pytest.mark.parametrize(
    ("attachment", "mac", "source", "model", "kinds"),
    [
        (PORT, CPE, SEEN, SHARED, ["attachment+mac", "bng+mac"]),
        (PORT, CPE, SEEN, PER_LINE, ["attachment+mac", "attachment", "bng+mac"]),
        (PORT, CPE, CLAIMED, SHARED, []),  # chosen by the customer, and the VLAN is no line
        (PORT, CPE, CLAIMED, PER_LINE, ["attachment+mac", "attachment"]),
        (UNTAGGED, CPE, CLAIMED, PER_LINE, []),  # a bare port is not a line
        (UNTAGGED, CPE, SEEN, PER_LINE, ["attachment+mac", "bng+mac"]),
        (PORT, None, None, SHARED, []),
        (PORT, None, None, PER_LINE, ["attachment"]),
        (None, CPE, SEEN, SHARED, ["bng+mac"]),
        (None, CPE, SEEN, PER_LINE, ["bng+mac"]),
        (None, CPE, CLAIMED, PER_LINE, []),
        (PORT, MADE_UP, SEEN, SHARED, ["attachment+mac"]),  # many devices share a made-up MAC
        (PORT, MADE_UP, SEEN, PER_LINE, ["attachment+mac", "attachment"]),
        (None, MADE_UP, SEEN, SHARED, []),
        (None, None, None, PER_LINE, []),
    ],
)
def test_keys_are_made_of_what_can_be_trusted(
    attachment: Attachment | None, mac: Mac | None, source: MacSource | None, model: VlanModel, kinds: list[str]
) -> None:
    """Strongest first; a claimed or made-up MAC only with an attachment, an attachment only if it is the line."""
    keys = ring(attachment, mac, source, model)

    assert kinds == _kinds(keys)
    assert (attachment is not None) == keys.attached
    assert (keys.mac is not None) == (source is SEEN or (source is CLAIMED and keys.per_line))
    assert [one.with_mac for one in keys.handles] == ["mac" in kind for kind in kinds]


@pytest.mark.parametrize("key", [Key.ATTACHMENT_MAC, Key.ATTACHMENT, Key.BNG_MAC])
def test_keys_of_two_bngs_differ(key: Key) -> None:
    """The same port, VLANs and MAC on another BNG are another key, also within one correlation domain."""
    assert handle(ring(model=PER_LINE), key).hash != handle(ring(model=PER_LINE, bng="bng2"), key).hash


ports = st.sampled_from(("1/1/4", "1/1/41", "lag-1", "lag-12"))
tags = st.integers(0, 4095)
attachments = st.one_of(
    st.builds(Attachment, ports), st.builds(Attachment, ports, tags), st.builds(Attachment, ports, tags, tags)
)
macs = st.sampled_from((CPE, MADE_UP)) | st.binary(min_size=6, max_size=6).map(Mac)


@settings(max_examples=120, deadline=None)
@given(attachments, macs, attachments, macs)
def test_keys_are_equal_only_for_the_same_line_and_cpe(
    one: Attachment, one_mac: Mac, other: Attachment, other_mac: Mac
) -> None:
    """Two requests share a key if and only if all that the key is made of is the same."""
    first, second = ring(one, one_mac, model=PER_LINE), ring(other, other_mac, model=PER_LINE)
    same = {
        Key.ATTACHMENT_MAC: (one, one_mac) == (other, other_mac),
        Key.ATTACHMENT: one == other,
        Key.BNG_MAC: one_mac == other_mac,
    }
    theirs = {item.key: item.hash for item in second.handles}
    for item in first.handles:
        if item.key in theirs:
            assert same[item.key] == (theirs[item.key] == item.hash)
    assert (one_mac == other_mac) == (first.mac == second.mac)
    assert len({item.hash for item in first.handles}) == len(first.handles)


@pytest.mark.parametrize("key", list(Key))
def test_a_key_that_is_switched_off_is_not_made(key: Key) -> None:
    """What the operator leaves out of `keys` is neither asked nor learnt; all others stay as they are."""
    every = ring(model=PER_LINE, multi_session_id=b"Y1")
    fewer = ring(model=PER_LINE, multi_session_id=b"Y1", asked=frozenset(Key) - {key})

    assert list(Key) == [one.key for one in every.handles]
    assert [one for one in every.handles if one.key is not key] == list(fewer.handles)
    assert fewer.hash_of(key) is None
    assert (every.mac, every.place, every.fingerprint) == (fewer.mac, fewer.place, fewer.fingerprint)


def test_a_multi_session_id_is_the_strongest_key() -> None:
    """Acct-Multi-Session-Id ties the sessions of a CPE together (RFC 2866 §5.11), on the ports of one BNG only."""
    keys = ring(multi_session_id=b"Y0000006F")

    assert ["session", "attachment+mac", "bng+mac"] == _kinds(keys)
    assert not keys.handles[0].with_mac
    assert keys.hash_of(Key.SESSION) != ring(multi_session_id=b"Y00000070").hash_of(Key.SESSION)
    assert keys.hash_of(Key.SESSION) != ring(bng="bng2", multi_session_id=b"Y0000006F").hash_of(Key.SESSION)
    assert ["session"] == _kinds(ring(None, None, None, multi_session_id=b"Y"))


def test_what_is_remembered_of_a_cpe_is_not_taken_for_another_place() -> None:
    """A CPE that moves, or is told of in other words, has other keys at once, and the old ones where it was."""
    there = [(PORT, SEEN, PER_LINE), (UNTAGGED, SEEN, PER_LINE), (PORT, CLAIMED, PER_LINE), (PORT, SEEN, SHARED)]
    first = [ring(at, CPE, source, model) for at, source, model in there]
    again = [ring(at, CPE, source, model) for at, source, model in there]

    assert [one.hashes for one in first] == [one.hashes for one in again]
    assert [(one.claimed, one.per_line, one.place) for one in first] == [
        (source is CLAIMED, at is PORT and model is PER_LINE, ring(at, None, None, model).place)
        for at, source, model in there
    ]
    assert ring(PORT, CPE, SEEN, PER_LINE) is ring(PORT, CPE, SEEN, PER_LINE)


def test_a_cpes_line_is_that_of_its_ids() -> None:
    """Whatever ids it was told of before, and under which policy."""
    keys = ring(PORT, CPE, SEEN, PER_LINE)
    ids = [LineIds(b"olt7/12", b"circuit"), LineIds(b"olt7/13", b"circuit"), LineIds(b"olt7/12"), LineIds(None, b"c")]
    asked = [(one, policy) for one in ids for policy in LineIdPolicy] * 2

    assert [line_key(*one) for one in asked] == [keys.line(*one) for one in asked]


def test_a_port_that_nobody_can_read_only_keeps_places_apart() -> None:
    """Its text stands beside a MAC, is never a line by itself, and never agrees with another text."""
    unread = ring(None, model=PER_LINE, place=b"LNS rtr-1#lip-10.0.0.1")
    other = ring(None, model=PER_LINE, place=b"LNS rtr-2#lip-10.0.0.2")

    assert ["attachment+mac", "bng+mac"] == _kinds(unread)
    assert unread.attached
    assert not unread.per_line
    assert unread.place is None
    assert unread.hash_of(Key.ATTACHMENT_MAC) != other.hash_of(Key.ATTACHMENT_MAC)
    assert not fingerprints_agree(unread.fingerprint, other.fingerprint)


def test_a_text_that_reads_like_a_port_is_not_that_port() -> None:
    """Text that no grammar read never makes the key of a port that one did."""
    assert ring().hash_of(Key.ATTACHMENT_MAC) != ring(None, place=str(PORT).encode()).hash_of(Key.ATTACHMENT_MAC)


def test_a_claimed_mac_beside_a_text_that_nobody_can_read_is_no_key() -> None:
    """A text is no line, so a MAC that the customer chose counts for nothing beside it."""
    assert [] == _kinds(ring(None, source=CLAIMED, model=PER_LINE, place=b"uplink"))


def test_places_of_the_plan_are_ports_with_their_vlans() -> None:
    """The plan is asked wherever the port was read, also without MAC and on shared VLANs, and port by port."""
    assert place_hash("bng1", PORT) == ring(mac=None, source=None).place == ring(model=PER_LINE).place
    assert place_hash("bng1", PORT) not in (ring(bng="bng2").place, ring(Attachment("1/1/4", 100)).place)
    assert ring(None).place is None


def test_names_for_the_store_are_hashes() -> None:
    """Keys, MACs and sessions are named by hexadecimal digits, never by octets that a peer sent."""
    keys = ring(model=PER_LINE)
    names = [*(one.hash for one in keys.handles), keys.mac, keys.place, session_hash("bng1", b"\0\r\n{x}")]

    assert all(name is not None and len(name) == 24 and set(name) <= set("0123456789abcdef") for name in names)


def test_sessions_are_known_per_bng() -> None:
    """An Acct-Session-Id is unique per BNG only (RFC 2866 §5.5)."""
    assert session_hash("bng1", b"1") != session_hash("bng2", b"1")
    assert session_hash("bng1", b"1") == session_hash("bng1", b"1")
    assert session_hash("bng1", b"11") != session_hash("bng11", b"1")


def test_an_expected_session_is_of_one_box_line_and_cpe() -> None:
    """Its name is the same whenever it is asked for, whatever was asked for in between."""
    keys, other = ring(), ring(mac=OTHER_CPE)
    asked = [("bng1|", "a" * 24), ("bng1|", "b" * 24), ("bng2|", "a" * 24), ("bng1|", "a" * 24)]
    names = [keys.expected_session(box, line) for box, line in asked]

    assert names[0] == names[3]
    assert 3 == len(set(names))
    assert other.expected_session(*asked[0]) not in names
    assert names == [ring().expected_session(box, line) for box, line in asked]


def test_boxes_of_one_entry_are_told_apart() -> None:
    """A network of BNGs is one entry and many boxes: ports, sessions and restarts are a box's own."""
    boxes = {box_name(bng, host) for bng in ("bng1", "bng2") for host in ("", "192.0.2.1", "2001:db8::1")}

    assert 6 == len(boxes)
    assert {"bng1", "bng2"} == {name.split("|")[0] for name in boxes}
    assert ring(bng=box_name("bng1", "192.0.2.1")).handles != ring(bng=box_name("bng1", "192.0.2.2")).handles


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (ring(), ring(), True),
        (ring(), ring(None), True),
        (ring(), ring(mac=None, source=None), True),
        (ring(None), ring(mac=None, source=None), True),
        (ring(), ring(Attachment("1/1/4", 100, 21)), False),
        (ring(), ring(mac=MADE_UP), False),
        (ring(None), ring(None, MADE_UP), False),
        (ring(None), ring(PORT, MADE_UP), False),
        (ring(None, None, None), ring(), True),
    ],
)
def test_fingerprints_differ_only_by_what_both_know(one: Keyring, other: Keyring, agree: bool) -> None:
    """An attachment or MAC that one side lacks says nothing; one that differs says that it is another CPE."""
    assert agree == fingerprints_agree(one.fingerprint, other.fingerprint)
    assert agree == fingerprints_agree(other.fingerprint, one.fingerprint)
    assert fingerprints_agree(one.fingerprint, "")
    assert fingerprints_agree("", one.fingerprint)


def test_a_claimed_mac_still_marks_the_session() -> None:
    """A MAC that is no key is part of the fingerprint: another CPE under the same session id is noticed."""
    assert not fingerprints_agree(ring(source=CLAIMED).fingerprint, ring(mac=MADE_UP, source=CLAIMED).fingerprint)


FREE, MADE_UP_HERE, CLAIMED_HERE = ring(), ring(mac=MADE_UP), ring(source=CLAIMED, model=PER_LINE)


@pytest.mark.parametrize(
    ("known", "keys", "alone", "tainted", "same"),
    [
        (FREE, ring(), False, False, True),
        (FREE, ring(None), False, False, True),
        (FREE, ring(), False, True, False),  # a MAC of several lines
        (FREE, ring(mac=OTHER_CPE), False, False, False),
        (FREE, ring(mac=OTHER_CPE, model=PER_LINE), True, False, True),  # the VLAN pair is the line
        (FREE, ring(model=PER_LINE), True, True, True),
        (MADE_UP_HERE, ring(mac=MADE_UP), False, False, True),
        (MADE_UP_HERE, ring(None, MADE_UP), False, False, False),  # many devices share a made-up MAC
        (FREE, ring(source=CLAIMED), False, False, False),
        (FREE, CLAIMED_HERE, True, False, True),
        (FREE, CLAIMED_HERE, False, False, False),  # said to be one line, and seen not to be
        (ring(None), CLAIMED_HERE, True, False, False),  # the MAC alone, and chosen by the customer
        (ring(None, None, None), ring(), False, False, False),
    ],
)
def test_what_shows_one_cpe(known: Keyring, keys: Keyring, alone: bool, tainted: bool, same: bool) -> None:
    """A common MAC under the terms on which it would be a key, or a common VLAN pair that is one line."""
    assert same == same_cpe(known.fingerprint, keys, alone=alone, tainted=tainted)
    assert not same_cpe("", keys, alone=alone, tainted=tainted)
