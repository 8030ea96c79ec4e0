"""Correlation keys: what two requests of one line have in common, and what is no key at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.correlator.keys import Keyring, box_name, fingerprints_agree, session_hash
from bngcorr.model.attachment import Attachment
from bngcorr.model.mac import Mac
from bngcorr.model.vocabulary import Key, MacSource, VlanModel

from .questions import CPE, PORT, handle, ring

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
    assert any("mac" in kind for kind in kinds) == (keys.mac is not None)
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


@settings(max_examples=300, deadline=None)
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


def test_names_for_the_store_are_hashes() -> None:
    """Keys, MACs and sessions are named by hexadecimal digits, never by octets that a peer sent."""
    keys = ring(model=PER_LINE)
    names = [*(one.hash for one in keys.handles), keys.mac, session_hash("bng1", b"\0\r\n{x}")]

    assert all(name is not None and set(name) <= set("0123456789abcdef") for name in names)


def test_sessions_are_known_per_bng() -> None:
    """An Acct-Session-Id is unique per BNG only (RFC 2866 §5.5)."""
    assert session_hash("bng1", b"1") != session_hash("bng2", b"1")
    assert session_hash("bng1", b"1") == session_hash("bng1", b"1")
    assert session_hash("bng1", b"11") != session_hash("bng11", b"1")


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
