"""What two requests of one line have in common: named, pure functions from a request to hashes.

Each hash is BLAKE2b over one octet that says what it names, the ports or the box with their length in front, and the
rest, in which nothing but one part varies in length:

=====  =============================  ==============================================================================
``p``  ports, attachment              one digest in three parts: place, key of the attachment, half of the fingerprint
``m``  MAC                            one digest in two parts: MAC in its domain, the other half of the fingerprint
``c``  ports, attachment, MAC         key of attachment and MAC
``b``  ports, MAC                     key of BNG and MAC
``g``  ports, Acct-Multi-Session-Id   key of the session
``s``  box, Acct-Session-Id           session
=====  =============================  ==============================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds, line_key
from bngcorr.model.mac import Mac
from bngcorr.model.memo import Memo
from bngcorr.model.vocabulary import Key, LineIdPolicy, MacSource, VlanModel

HASH_OCTETS: Final = 12  # 96 bits: a collision among 10**8 keys has odds below 10**-13
EVERY_KEY: Final = frozenset(Key)
REMEMBERED: Final = 65_536  # names of boxes and ports whose octets are remembered
CPES: Final = 16_384  # whose keys are remembered: the two families of one, and its records, come within seconds

_DIGITS: Final = 2 * HASH_OCTETS  # of a hash in hexadecimal
_PRINT_DIGITS: Final = 8  # of half a fingerprint
# named here once: looking a member up in its class costs more than the comparison
_SESSION: Final = Key.SESSION
_ATTACHMENT_MAC: Final = Key.ATTACHMENT_MAC
_ATTACHMENT: Final = Key.ATTACHMENT
_BNG_MAC: Final = Key.BNG_MAC
_SEEN: Final = MacSource.SEEN
_CLAIMED: Final = MacSource.CLAIMED
_PER_LINE: Final = VlanModel.PER_LINE
_WHERE: Final = blake2b(b"p", digest_size=2 * HASH_OCTETS + _PRINT_DIGITS // 2)
_MAC: Final = blake2b(b"m", digest_size=HASH_OCTETS + _PRINT_DIGITS // 2)
_PAIR: Final = blake2b(b"c", digest_size=HASH_OCTETS)
_BOX_MAC: Final = blake2b(b"b", digest_size=HASH_OCTETS)
_MULTI: Final = blake2b(b"g", digest_size=HASH_OCTETS)
_NAMED: Final = blake2b(b"s", digest_size=HASH_OCTETS)
_MADE_UP: Final = 0x02  # bit of a MAC's first octet, see `is_locally_administered`


class Handle:
    """One correlation key of a request."""

    __slots__ = ("hash", "key", "with_mac")

    def __init__(self, key: Key, hash: str, with_mac: bool) -> None:  # noqa: A002
        self.key: Final = key
        self.hash: Final = hash
        self.with_mac: Final = with_mac

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Handle):
            return NotImplemented
        return self.key is other.key and self.hash == other.hash and self.with_mac is other.with_mac

    def __hash__(self) -> int:
        return hash(self.hash)

    def __repr__(self) -> str:
        return f"Handle({self.key}, {self.hash})"


class Keyring:
    """All correlation keys that could be computed for a request. Hashes are hexadecimal.

    Requests of one CPE share one: never changed, but for what it remembers.
    """

    __slots__ = (
        "_box", "_expected", "_handles", "_hashes", "_ids", "_line", "_named", "_policy", "_ports",
        "_source", "_where", "attached", "attachment", "attachment_mac", "bng_mac",
        "claimed", "fingerprint", "free", "mac", "per_line", "place", "session", "told",
    )  # fmt: skip

    def __init__(
        self,
        *,
        session: str | None,
        attachment_mac: str | None,
        attachment: str | None,
        bng_mac: str | None,
        mac: str | None,
        attached: bool,
        per_line: bool,
        place: str | None,
        fingerprint: str,
        claimed: bool,
        free: bool,
    ) -> None:
        self.session: Final = session  # the keys, strongest first; None: could not be computed, or is switched off
        self.attachment_mac: Final = attachment_mac
        self.attachment: Final = attachment
        self.bng_mac: Final = bng_mac
        self.mac: Final = mac  # MAC in its domain, to learn whether it is tainted; None without a usable MAC
        self.attached: Final = attached
        self.per_line: Final = per_line  # the port was understood, and its VLAN pair is said to be one line
        self.place: Final = place  # port and VLANs, to look them up in the operator's plan
        self.fingerprint: Final = fingerprint  # "attachment.MAC", each part 8 hex digits or empty
        # the customer's device says what its MAC is: it counts only where the VLAN pair is one line
        self.claimed: Final = claimed
        self.free: Final = free  # its MAC tells the CPE wherever it is: seen by the BNG, and not made up
        self._box = ""  # what `expected_session` said last, and of which box and line
        self._line = ""
        self._expected = ""
        self._named = ""  # what `line` said last, and of which ids under which policy
        self._ids: LineIds | None = None
        self._policy: LineIdPolicy | None = None
        self._ports = ""  # what it was made of, where it is remembered
        self._where = ""
        self._source: MacSource | None = None
        self.told: object | None = None  # what the store was told of this CPE last: the matter of who told it
        self._handles: tuple[Handle, ...] | None = None
        self._hashes: tuple[str, ...] | None = None

    @property
    def handles(self) -> tuple[Handle, ...]:
        """The keys that there are, strongest first."""
        if self._handles is None:
            found: list[Handle] = []
            if self.session is not None:
                found.append(Handle(_SESSION, self.session, False))
            if self.attachment_mac is not None:
                found.append(Handle(_ATTACHMENT_MAC, self.attachment_mac, True))
            if self.attachment is not None:
                found.append(Handle(_ATTACHMENT, self.attachment, False))
            if self.bng_mac is not None:
                found.append(Handle(_BNG_MAC, self.bng_mac, True))
            self._handles = tuple(found)
        return self._handles

    @property
    def hashes(self) -> tuple[str, ...]:
        """Those of `handles`, in their order."""
        known = self._hashes
        if known is not None:
            return known
        found: list[str] = []
        if self.session is not None:
            found.append(self.session)
        if self.attachment_mac is not None:
            found.append(self.attachment_mac)
        if self.attachment is not None:
            found.append(self.attachment)
        if self.bng_mac is not None:
            found.append(self.bng_mac)
        self._hashes = made = tuple(found)
        return made

    @property
    def bare(self) -> bool:
        """Whether it has no key at all."""
        return self.attachment_mac is None and self.attachment is None and self.bng_mac is None and self.session is None

    def expected_session(self, box: str, line: str) -> str:
        """Name of the session of an Accept whose request has no Acct-Session-Id: of this CPE, on that line."""
        if self._line != line or self._box != box:
            self._expected = session_hash(box, b"\0expected\0" + (line + self.fingerprint).encode())
            self._line, self._box = line, box
        return self._expected

    def of(self, ports: str, attachment: Attachment, source: MacSource | None) -> None:
        """Remember what it was made of, beside its MAC and `per_line`."""
        self._ports, self._where, self._source = ports, attachment.text, source

    def is_of(self, ports: str, attachment: Attachment, source: MacSource | None, *, per_line: bool) -> bool:
        """Whether it was made of these, and of this MAC."""
        return (
            self._ports == ports
            and self._where == attachment.text
            and self._source is source
            and self.per_line is per_line
        )

    def line(self, ids: LineIds, policy: LineIdPolicy) -> str:
        """Key of the line (`line_key`) that this CPE's ids name: nearly always the same one."""
        known = self._ids
        if (
            known is None
            or known.remote_id != ids.remote_id
            or known.circuit_id != ids.circuit_id
            or self._policy is not policy
        ):
            self._named = line_key(ids, policy)
            self._ids, self._policy = ids, policy
        return self._named

    def hash_of(self, key: Key) -> str | None:
        """The hash of one key; None if it could not be computed."""
        if key is _ATTACHMENT_MAC:
            return self.attachment_mac
        if key is _ATTACHMENT:
            return self.attachment
        return self.bng_mac if key is _BNG_MAC else self.session


def _with_length(name: str) -> bytes:
    raw = _octets(name)
    return len(raw).to_bytes(2, "big") + raw


def _hash_of(state: blake2b, octets: bytes) -> str:
    """The hash of octets behind those that `state` holds already: a copy costs less than to make one."""
    mine = state.copy()
    mine.update(octets)
    return mine.hexdigest()


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
    requests with other texts never match, and is never a line by itself.

    A claimed MAC (DUID, EUI-64) is chosen by the customer: it counts only together with an attachment that is the line
    anyway. A locally administered MAC is shared by many devices: it is no key without an attachment.
    """
    if attachment is None:
        return _made(ports, b"\0" + place if place else b"", mac, source, False, False, multi_session_id, asked)
    per_line = vlan_model is _PER_LINE and attachment.outer is not None
    if asked is EVERY_KEY and not multi_session_id:  # as nearly always
        rings, cpe = (_OF_PLACES, _octets(attachment.text)) if mac is None else (_OF_MACS, mac)
        known = rings.get(cpe)
        if known is None or not known.is_of(ports, attachment, source, per_line=per_line):
            known = rings.put(cpe, _made(ports, _octets(attachment.text), mac, source, True, per_line, b"", EVERY_KEY))
            known.of(ports, attachment, source)
        return known
    return _made(ports, _octets(attachment.text), mac, source, True, per_line, multi_session_id, asked)


def _made(
    ports: str,
    where: bytes,
    mac: Mac | None,
    source: MacSource | None,
    read: bool,
    per_line: bool,
    multi_session_id: bytes,
    asked: frozenset[Key],
) -> Keyring:
    """`where`: octets of the attachment if it was `read`, else what stands in for it, if anything does."""
    owner = _owner(ports)
    every = asked is EVERY_KEY
    seen = source is _SEEN
    place: str | None = None
    attachment: str | None = None
    where_print = mac_print = ""
    if where:
        digits = _where_digits(owner, where)
        where_print = digits[2 * _DIGITS :]
        if read:
            place = digits[:_DIGITS]
        if per_line and (every or _ATTACHMENT in asked):
            attachment = digits[_DIGITS : 2 * _DIGITS]
    mac_digits: str | None = None
    pair: str | None = None
    bng_mac: str | None = None
    free = False
    if mac is not None:
        digits = _hash_of(_MAC, mac)
        mac_print = digits[_DIGITS:]
        if seen or per_line:
            mac_digits = digits[:_DIGITS]
            free = seen and not mac[0] & _MADE_UP
            if where and (every or _ATTACHMENT_MAC in asked):
                pair = _hash_of(_PAIR, owner + where + mac)
            if free and (every or _BNG_MAC in asked):
                bng_mac = _hash_of(_BOX_MAC, owner + mac)
    session: str | None = None
    if multi_session_id and (every or _SESSION in asked):
        session = _hash_of(_MULTI, owner + multi_session_id)
    return Keyring(
        session=session,
        attachment_mac=pair,
        attachment=attachment,
        bng_mac=bng_mac,
        mac=mac_digits,
        attached=where != b"",
        per_line=per_line,
        place=place,
        fingerprint=where_print + "." + mac_print,
        claimed=source is _CLAIMED,
        free=free,
    )


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


# bound once: compiled code looks a decorated function up in its module at every call
_owner: Final[Callable[[str], bytes]] = lru_cache(maxsize=REMEMBERED)(_with_length)
# a CPE is at one place: where one is at several, the last of them is remembered
_OF_MACS: Final[Memo[bytes, Keyring]] = Memo(CPES)
_OF_PLACES: Final[Memo[bytes, Keyring]] = Memo(CPES)  # without a MAC


def _where_digits(owner: bytes, where: bytes) -> str:
    """Place, key of the attachment and its half of the fingerprint, in this order."""
    return _hash_of(_WHERE, owner + where)


def place_hash(ports: str, attachment: Attachment) -> str:
    """Name of a place in the operator's plan: one port and its VLANs, as exactly as they are told."""
    return _where_digits(_owner(ports), _octets(attachment.text))[:_DIGITS]


def session_hash(box: str, acct_session_id: bytes) -> str:
    """Name of a session; Acct-Session-Ids are unique per box only (RFC 2866 §5.5)."""
    return _hash_of(_NAMED, _owner(box) + acct_session_id)


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
