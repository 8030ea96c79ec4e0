"""What the store is told and asked, in MessagePack and as commands: from positional values to octets. Pure.

``_rows.c`` says the same in C; `row_core` has the one that is there. Names are hexadecimal digits, VLANs count only
where there is a port, and the scripts take octets as texts, as MessagePack had them before it knew both.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final

import msgpack
from hiredis import pack_command

from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.memo import Memo
from bngcorr.store import packing
from bngcorr.store.terms import session_terms, term_hash

# marks of a sighting: which of its keys come first, and what it has
_V6, _PAIR, _ATTACHMENT, _HAS_MAC, _HAS_PLACE = 1, 2, 4, 8, 16
_NOTHING: Final = bytes(12)  # in the place of a name
_pack: Final = msgpack.Packer(use_bin_type=False).pack
_pack_binary: Final = msgpack.Packer(use_bin_type=True).pack
_command: Final[Callable[..., Any]] = pack_command  # its stub allows one argument only
_DIGEST: Final = blake2b(digest_size=8)
_NAME: Final = 12  # octets
# where a line's record has what, see lines.lua: in front of the last of these all has a size of its own
_SOONEST, _LAST, _COUNTS, _LAST_V6, _COUNTS_V6, _NOTED = 3, 8, 17, 27, 36, 45
_ARRAY16, _SECOND, _INSTANT, _RAW8, _RAW16, _SAME = 0xDC, 0xCE, 0xCF, 0xD9, 0xDA, 1
_TERMS: Final[Memo[tuple[bytes | None, bytes | None, bytes | None, str | None], bytes]] = Memo(16_384)


def head(many: int, /) -> bytes:
    """What stands in front of so many values that are one array."""
    octets: bytes = msgpack.Packer().pack_array_header(many)
    return octets


def array(*values: object) -> bytes:
    """Plain values as one array, in which octets are no text."""
    octets: bytes = _pack_binary(values)
    return octets


def values(*values: object) -> bytes:
    """Plain values one behind the other."""
    return b"".join(map(_pack, values))


def terms(remote_id: bytes | None, circuit_id: bytes | None, address: bytes | None, user_name: str | None, /) -> bytes:
    """Hashes of the terms of a line or session, one behind the other."""
    asked = (remote_id, circuit_id, address, user_name)
    known = _TERMS.get(asked)
    if known is None:
        mac = None if address is None else Mac(address)
        known = b"".join(map(term_hash, session_terms(LineIds(remote_id, circuit_id), mac, user_name)))
        known = _TERMS.put(asked, known)
    return known


def shown(
    outcome: int, session_id: bytes, user_name: str | None, address: bytes | None,
    port: str | None, outer: int | None, inner: int | None, /,
) -> bytes:  # fmt: skip
    """How a session came by its line, Acct-Session-Id, User-Name, MAC, and its port: for people."""
    user = None if user_name is None else user_name.encode("utf-8", "surrogateescape")
    told = [outcome, session_id, user, address or b""]
    octets: bytes = _pack(told if port is None else [*told, port, outer, inner])
    return octets


def sighting(
    v6: bool, line: str, at_ms: int, until_ms: int,
    remote_id: bytes | None, circuit_id: bytes | None, address: bytes | None,
    bng: str, port: str | None, outer: int | None, inner: int | None, marks: int,
    attachment_mac: str | None, attachment: str | None, multi_session: str | None, bng_mac: str | None,
    mac: str | None, place: str | None, /,
) -> bytes:  # fmt: skip
    """A Sighting, as ``just_so.lua`` compares it with the record of its line.

    ======  ===================================================================================
    octets
    ======  ===================================================================================
    1       1 IPv6, 2 `attachment_mac` and 4 `attachment` are there and come first, 8 MAC, 16 place
    8, 8    `at_ms`, `until_ms`
    4, 12   the line's bucket, line
    14      place, with the head of its text in front and that of an empty one behind
    4, n    size of the text, text
    12      MAC
    ======  ===================================================================================
    """
    where = [bng, address or b""]
    told: bytes = _pack([
        LineIds(remote_id, circuit_id).encode(), where if port is None else [*where, port, outer, inner],
        terms(remote_id, circuit_id, address, None), marks,
    ])  # fmt: skip
    keys = [key for key in (attachment_mac, attachment, multi_session, bng_mac) if key is not None]
    has = (
        (_V6 if v6 else 0) + (0 if attachment_mac is None else _PAIR) + (0 if attachment is None else _ATTACHMENT)
        + (0 if mac is None else _HAS_MAC) + (0 if place is None else _HAS_PLACE)
    )  # fmt: skip
    text = _text(packing.name("".join(keys))) + _text(told)
    name = _name(line)
    bucket = b"l:%c%c" % (59 + name[0] // 4, 59 + name[0] % 4 * 16 + name[1] // 16)  # as `store.keys` has it
    return b"".join((
        bytes((has,)), at_ms.to_bytes(8, "big"), until_ms.to_bytes(8, "big"), bucket, name,
        b"\xac", _NOTHING if place is None else _name(place), b"\xa0", len(text).to_bytes(4, "big"), text,
        _NOTHING if mac is None else _name(mac),
    ))  # fmt: skip


def _text(octets: bytes) -> bytes:
    """As the scripts pack it, with a length of one octet where that will do."""
    size = len(octets)
    if size < 32:
        head = bytes((0xA0 + size,))
    elif size < 1 << 8:
        head = bytes((0xD9, size))
    else:
        head = b"\xda" + size.to_bytes(2, "big") if size < 1 << 16 else b"\xdb" + size.to_bytes(4, "big")
    return head + octets


def _name(digits: str) -> bytes:
    name = packing.name(digits)
    if len(name) != len(_NOTHING):
        raise ValueError("a name of another size")
    return name


def accept(
    kind: int, at_ms: int, until_ms: int, box: str, line: str | None, session: str, own: int, keys: tuple[str, ...],
    outcome: int, named: bool, remote_id: bytes | None, circuit_id: bytes | None, address: bytes | None,
    fingerprint: str, session_id: bytes, user_name: str | None, port: str | None, outer: int | None, inner: int | None,
    interval_ms: int, timeout_ms: int, promised: bytes, /,
) -> bytes:  # fmt: skip
    """The values of a session that is expected; not `named`: it has no ids, which is not the same as that both are
    missing.
    """
    told: bytes = _pack([
        LineIds(remote_id, circuit_id).encode() if named else b"", packing.fingerprint(fingerprint),
        shown(0, session_id, user_name, address, port, outer, inner), terms(remote_id, circuit_id, address, user_name),
        port or "", interval_ms, timeout_ms, promised,
    ])  # fmt: skip
    digest = _DIGEST.copy()  # costs less than to make one
    digest.update(told)
    return values(
        kind, at_ms, until_ms, box, packing.name(line), packing.name(session), digest.digest(), told, own,
        packing.tags(keys), outcome,
    )  # fmt: skip


def entry(line: str | None, mac: str | None, about: bytes, moment: bytes, /) -> bytes:
    """The values of a request that is over, for the timeline of its line, else of its MAC's line."""
    return values(packing.name(line), packing.name(mac) if line is None else b"", about, moment)


def command(parts: tuple[str | bytes | int | float, ...], /) -> bytes:
    """A command, as a server is sent it (RESP); numbers as Python shows them."""
    octets: bytes = _command(parts)
    return octets


def push(prefix: bytes, line: str, mark: bytes, digest: bytes, moment: bytes, /) -> bytes:
    """RPUSHX of an element of three parts to the list of a line, as a server is sent it (RESP)."""
    name, element = prefix + packing.name(line), mark + digest + moment
    return b"*3\r\n$6\r\nRPUSHX\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(name), name, len(element), element)


def hget(prefix: bytes, kind: bytes, name: str, /) -> bytes:
    """HGET of a record, as a server is sent it (RESP): `kind` and `name` as `DomainKeys.record` takes them.

    Raises ValueError if the name is no 12 octets.
    """
    field = _octets(name)
    number = field[0] * 16 + field[1] // 16
    bucket = b"%b%b:%c%c" % (prefix, kind, 59 + number // 64, 59 + number % 64)
    return b"*3\r\n$4\r\nHGET\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(bucket), bucket, _NAME, field)


def alone(record: bytes, keys: tuple[str, ...], after_ms: int, /) -> bool:
    """Whether a line's record tells that no other line stands on these keys, of which there are some, and that the line
    itself counts there until after that instant. It lists no key that is crowded, shared or disputed either.

    Raises ValueError if a key is no 12 octets.
    """
    asked = [_octets(key) for key in keys]
    fronts = (
        (0, _ARRAY16), (_SOONEST, _SECOND), (_LAST, _INSTANT), (_COUNTS, _INSTANT), (_LAST_V6, _INSTANT),
        (_COUNTS_V6, _INSTANT),
    )  # fmt: skip
    if len(record) <= _NOTED or any(record[at] != form for at, form in fronts):
        return False
    try:
        at = _behind_instant(record, _behind_instant(record, _NOTED))
        for _ in range(2):  # its place, and the version of the plan
            _, at = _text_at(record, at)
        first, at = _text_at(record, at)
        _, at = _text_at(record, at)  # what it told
        second = first if record[at] == _SAME else _text_at(record, at)[0]
    except (ValueError, IndexError):
        return False
    listed: set[bytes] = set()
    for counts, names in ((_COUNTS, first), (_COUNTS_V6, second)):
        if int.from_bytes(record[counts + 1 : counts + 9]) > after_ms:
            listed.update(names[at : at + _NAME] for at in range(0, len(names), _NAME))
    return bool(asked) and listed.issuperset(asked)


def _octets(name: str) -> bytes:
    if len(name) != 2 * _NAME:
        raise ValueError(f"got {len(name)} digits; expected {2 * _NAME}")
    return packing.name(name)


def _behind_instant(record: bytes, at: int) -> int:
    """Behind an instant, or 0 in its place. Raises ValueError or IndexError."""
    at += 9 if record[at] == _INSTANT else 1
    if at > len(record):
        raise ValueError("no whole instant")
    return at


def _text_at(record: bytes, at: int) -> tuple[bytes, int]:
    """A text and where it ends. Raises ValueError or IndexError."""
    form = record[at]
    if form == _RAW8:
        front, size = 2, record[at + 1]
    elif form == _RAW16:
        front, size = 3, record[at + 1] << 8 | record[at + 2]
    elif 0xA0 <= form < 0xC0:
        front, size = 1, form - 0xA0
    else:
        raise ValueError("no text")
    end = at + front + size
    if end > len(record):
        raise ValueError("no whole text")
    return record[at + front : end], end
