"""What two requests of one line have in common: named, pure functions from a request to hashes."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from bngcorr.model.attachment import Attachment
from bngcorr.model.mac import Mac, is_locally_administered
from bngcorr.model.vocabulary import Key, MacSource, VlanModel

HASH_OCTETS: Final = 12  # 96 bits: a collision among 10**8 keys has odds below 10**-13
EVERY_KEY: Final = frozenset(Key)


@dataclass(slots=True)  # not frozen: one is made for every request, and that costs a call a field
class Handle:
    """One correlation key of a request."""

    key: Key
    hash: str
    with_mac: bool


@dataclass(slots=True)  # not frozen: one is made for every request, and that costs a call a field
class Keyring:
    """All correlation keys that could be computed for a request, strongest first."""

    handles: tuple[Handle, ...]
    mac: str | None  # MAC (hash) in its domain, to learn whether it is tainted; None without a usable MAC
    attached: bool
    per_line: bool  # the port was understood, and its VLAN pair is said to be one line
    place: str | None  # port and VLANs (hash), to look them up in the operator's plan
    fingerprint: str  # "attachment.MAC", each part 8 hex digits or empty
    claimed: bool = False  # the customer's device says what its MAC is: it counts only where the VLAN pair is one line
    free: bool = False  # its MAC tells the CPE wherever it is: seen by the BNG, and not made up

    def hash_of(self, key: Key) -> str | None:
        """The hash of one key; None if it could not be computed."""
        for handle in self.handles:
            if handle.key is key:
                return handle.hash
        return None


def _hash(*parts: str | bytes, octets: int = HASH_OCTETS) -> str:
    digest = blake2b(digest_size=octets)
    for part in parts:
        raw = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(2, "big") + raw)
    return digest.hexdigest()


def keyring(
    ports: str,
    attachment: Attachment | None,
    mac: Mac | None,
    source: MacSource | None,
    vlan_model: VlanModel,
    *,
    place: bytes = b"",
    multi_session_id: bytes = b"",
    asked: frozenset[Key] = EVERY_KEY,
) -> Keyring:
    """Keys of a request; those that are switched off (`asked`) are left out.

    `ports` names the set of ports that the attachment is one of: those of a box, or those that several BNGs of a domain
    share. `place` is a port's text that nobody could read: it stands in for the attachment beside a MAC, so that
    requests
    with other texts never match, and is never a line by itself.

    A claimed MAC (DUID, EUI-64) is chosen by the customer: it counts only together with an attachment that is the line
    anyway. A locally administered MAC is shared by many devices: it is no key without an attachment.
    """
    handles: list[Handle] = []
    per_line = vlan_model is VlanModel.PER_LINE and attachment is not None and attachment.outer is not None
    usable = mac is not None and (source is MacSource.SEEN or per_line)
    where = str(attachment).encode() if attachment is not None else b"\0" + place if place else b""
    if multi_session_id and Key.SESSION in asked:
        handles.append(Handle(Key.SESSION, _hash("ms", ports, multi_session_id), False))
    if usable and mac is not None and where and Key.ATTACHMENT_MAC in asked:
        handles.append(Handle(Key.ATTACHMENT_MAC, _hash("am", ports, where, mac), True))
    if per_line and Key.ATTACHMENT in asked:
        handles.append(Handle(Key.ATTACHMENT, _hash("a", ports, where), False))
    free = usable and source is MacSource.SEEN and mac is not None and not is_locally_administered(mac)
    if free and mac is not None and Key.BNG_MAC in asked:
        handles.append(Handle(Key.BNG_MAC, _hash("bm", ports, mac), True))
    return Keyring(
        handles=tuple(handles),
        mac=_hash("m", mac) if usable and mac is not None else None,
        attached=bool(where),
        per_line=per_line,
        place=place_hash(ports, attachment) if attachment is not None else None,
        fingerprint=".".join(
            (_hash(where, octets=4) if where else "", _hash(mac, octets=4) if mac is not None else "")
        ),
        claimed=source is MacSource.CLAIMED,
        free=free,
    )


def place_hash(ports: str, attachment: Attachment) -> str:
    """Name of a place in the operator's plan: one port and its VLANs, as exactly as they are told."""
    return _hash("p", ports, str(attachment))


def session_hash(box: str, acct_session_id: bytes) -> str:
    """Name of a session; Acct-Session-Ids are unique per box only (RFC 2866 §5.5)."""
    return _hash("s", box, acct_session_id)


def fingerprints_agree(one: str, other: str) -> bool:
    """Whether nothing known of both differs: an attachment or MAC that one side lacks says nothing."""
    if not one or not other:
        return True
    return all(not a or not b or a == b for a, b in zip(one.split("."), other.split("."), strict=True))


def same_cpe(fingerprint: str, ring: Keyring, *, alone: bool, tainted: bool) -> bool:
    """Whether what is known of both shows one CPE: the same MAC, or the same attachment where that is one line.

    A MAC shows it under the same terms as on a key: not if it was seen on several lines (`tainted`); one that is made
    up only together with the attachment, a claimed one only where that is one line (`alone`).
    """
    if not fingerprint:
        return False
    (attachment, mac), (other_attachment, other_mac) = fingerprint.split("."), ring.fingerprint.split(".")
    here = attachment != "" and attachment == other_attachment
    told = ring.mac is not None and not tainted and mac == other_mac and (ring.free or (here and not ring.claimed))
    return told or (alone and here)
