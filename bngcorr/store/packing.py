"""Records of the store ⇄ values. Pure. Records are MessagePack arrays, made and read by the scripts as well.

========  ============================================================================================================
line      second at which the first session may cease to vouch; of the one family last, until; family sighted last; of
          the other last, until; when all of a sighting was noted, of either family; place, version of the plan; of
          either family keys that no other line is on, what it told [ids, [BNG, MAC, port, outer, inner], terms, marks
          of a key, 4 if its MAC is claimed] packed, of the other 1 and 1 if both are the same; until, or 0 if that is
          the latest one of those of families and sessions; first, last IPv6, IPv4 begun, IPv6 lost since or 0, IPv4
          counters last rose, MACs [mac, at, 1 if it was claimed, …] packed; of each session that vouches: session, box,
          epoch, digest of what the Accept of one told that is only expected, tags, until, heard, marks
session   until, at, state, epoch, box, line, ids, own, fingerprint, digests, hosts, interval, traffic [IPv4, IPv6,
          flat, either family], shown, terms, when AAA last accepted it, port, age at its latest record + 1 or 0, [age
          at which it took each host, …], longest gap between records (negative until another one was as long), timeout,
          how many of its hosts, the last ones, accounting left out, promised hosts, 1 if a session that began since
          took these (of one that is only expected), what AAA said of the next session of this name [fingerprint,
          promised hosts, interval, timeout, accepted, epoch], 1 if a second gap was as long and a third has to be
key       of each line: line, first, last not v6, last v6, until, marks; of no line: "", crowded until, shared until,
          disputed at, 0, 0. Of a key that stands in its line's record, the instants there count as well
MAC       line, at, …
finding   BNG, first, last, count, detail, over at or 0, when it was last over
closed    box, hosts, [from when each was held, …], until, why, line, ids, shown of the session, those of the hosts that
          accounting left out
========  ============================================================================================================

Instants are epoch milliseconds. Lines, sessions, keys, MACs and places are 12 octets here, 24 hex digits elsewhere.
Hosts are a text, one ``kind|service|address`` a line; ports are numbers, those of the box's ``o``. The
list of ages is empty if a session took all of its hosts with the first record of its life. What a session's record says
nothing of behind its port is left out.
Marks of a session: 1 up, 2 its line is its own word (of one that is only expected), 4 has IPv4, 8 has IPv6; from 16 on
there is how one that is only expected came by its line. Marks of a key: 1 attached, 2 DHCPv4 evident. Tags
are the first four octets of the keys on which a session vouches. A key is disputed when another line than the one that
is live there was sighted, and not believed.
"""

from __future__ import annotations

from binascii import a2b_hex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple

import msgpack

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.usage import Host, Traffic
from bngcorr.model.vocabulary import Finding, Outcome, SessionState
from bngcorr.store.recollection import SessionIdentity
from bngcorr.store.rows import Closed, FindingRow, LineRow, LostV6, SessionRow

Packed = bytes
Record = Any  # what MessagePack gives; turned into values on the line after it is read

pack: Callable[[object], bytes] = partial(msgpack.packb, use_bin_type=False)
unpack: Callable[[bytes], Record] = partial(msgpack.unpackb, raw=True, strict_map_key=False)

STATES: Final = (
    SessionState.SUSPECT, SessionState.EXPECTED, SessionState.UP, SessionState.STOPPED, SessionState.EXPIRED,
)  # fmt: skip
OUTCOMES: Final = (
    None,
    Outcome.OWN,
    Outcome.MATCHED,
    Outcome.AMBIGUOUS,
    Outcome.CONFLICT,
    Outcome.UNMATCHED,
    Outcome.UNKNOWN,
)  # by what stands for them in records
_OUTCOME_CODES: Final = {outcome: code for code, outcome in enumerate(OUTCOMES)}
_OWN: Final = Outcome.OWN
_MATCHED: Final = Outcome.MATCHED
PLAN: Final = "plan"  # among the epochs of boxes: which version of the plan is in force
_PLAN: Final = PLAN.encode()
_UP = 1
_CAME_BY: Final = 16
_ATTACHED, _V4_EVIDENT = 1, 2
_NO_PRINT = bytes(4)
_WHOLE_PRINT: Final = 17  # digits of both parts, and a dot
_BEGAN, _SINCE, _FILLED = 17, 18, 21  # fields of a session that may be left out
_LATEST: Final = 3  # fields of a line
_TOLD: Final = (0, 11, 13)  # what its families told
# of MessagePack: octets that tell their size in two further ones; above those with their size in their low bits
_RAW16: Final = 0xDA
_ABOVE_FIXRAW: Final = 0xC0
_FIXRAW_SIZE: Final = 0x1F
VOUCHERS: Final = 21  # where the sessions that vouch for a line begin in its record
VOUCHER: Final = 8  # fields of each


def name(hex_digits: str | None) -> bytes:
    """The octets of a name; empty for none."""
    return a2b_hex(hex_digits) if hex_digits else b""


def tags(keys: Sequence[str]) -> bytes:
    """What a session that vouches on these keys carries."""
    some = b""
    for key in keys:
        some += a2b_hex(key)[:4]
    return some


def fingerprint(text: str) -> bytes:
    """``attachment.MAC``, 8 hex digits each or empty → 8 octets, zeros where empty."""
    if len(text) == _WHOLE_PRINT:
        return a2b_hex(text[:8] + text[9:])
    where, _, mac = text.partition(".")
    return (a2b_hex(where) or _NO_PRINT) + (a2b_hex(mac) or _NO_PRINT)


def _fingerprint_shown(octets: bytes) -> str:
    where, mac = octets[:4], octets[4:]
    if where == mac == _NO_PRINT:
        return ""
    return ".".join("" if part == _NO_PRINT else part.hex() for part in (where, mac))


# ---- what people are shown


def outcome_code(outcome: Outcome | None) -> int:
    """Its place in `OUTCOMES`."""
    if outcome is _OWN:  # members of enums take long to hash
        return 1
    return 2 if outcome is _MATCHED else _OUTCOME_CODES[outcome]


def _read_port(given: Record) -> Attachment | None:
    return Attachment(given[0].decode("utf-8", "replace"), given[1], given[2]) if given else None


class _Shown(NamedTuple):
    session_id: bytes = b""
    user_name: str | None = None
    port: Attachment | None = None
    address: Mac | None = None
    outcome: Outcome | None = None


def _read_shown(packed: Packed) -> _Shown:
    """What `batch` made of it."""
    if not packed:
        return _Shown()
    outcome, session_id, user, mac, *port = unpack(packed)
    return _Shown(
        session_id,
        None if user is None else user.decode("utf-8", "surrogateescape"),
        _read_port(port),
        Mac(mac) if mac else None,
        OUTCOMES[outcome],
    )


def hosts_text(hosts: Sequence[Host]) -> bytes:
    """Hosts as the scripts take them: one a line."""
    return "\n".join(map(str, hosts)).encode()


def _hosts(text: bytes) -> tuple[str, ...]:
    return tuple(text.decode().split("\n")) if text else ()


def _traffic(given: Record) -> Traffic | None:
    if not given:
        return None
    v4, v6, _, *rest = given
    return Traffic(v4, v6, rest[0] if rest else 0)


# ---- what the correlator reads


def session_identity(record: Record) -> SessionIdentity | None:
    """What was fixed for a session; None if it is not known."""
    if not record:
        return None
    return SessionIdentity(
        line=record[5].hex() or None,
        ids=LineIds.decode(record[6]) if record[6] else None,
        state=STATES[record[2]],
        epoch=record[3],
        nas=record[4].decode(),
        fingerprint=_fingerprint_shown(record[8]),
    )


def ids_of_line(record: Record) -> LineIds:
    """What a line's last sighting told, of which the ids come first: only they are unpacked."""
    told: bytes = _told(record)
    form = told[1]
    if form < _ABOVE_FIXRAW:
        return LineIds.decode(told[2 : 2 + (form & _FIXRAW_SIZE)])
    if form == _RAW16:
        return LineIds.decode(told[4 : 4 + (told[2] << 8 | told[3])])
    return LineIds.decode(unpack(told)[0])


# ---- what people read


def session_row(domain: str, session: bytes, packed: Packed, epochs: Mapping[str, int]) -> SessionRow:
    """A session; `suspect` if its box has restarted since."""
    record = unpack(packed)
    size = len(record)
    age = record[_BEGAN] if size > _BEGAN else 0
    since = record[_SINCE] if size > _SINCE else None
    filled = record[_FILLED] if size > _FILLED else 0
    began = record[1] + 1 - age if age else 0
    state, box = STATES[record[2]], record[4].decode()
    if state in (SessionState.UP, SessionState.EXPECTED) and record[3] != epochs.get(box, 0):
        state = SessionState.SUSPECT
    shown = _read_shown(record[13])
    hosts = _hosts(record[10])
    return SessionRow(
        session=session.hex(),
        domain=domain,
        nas=box,
        state=state,
        line=record[5].hex() or None,
        ids=LineIds.decode(record[6]) if record[6] else None,
        hosts=hosts,
        at_ms=record[1],
        until_ms=record[0],
        session_id=shown.session_id,
        user_name=shown.user_name,
        port=shown.port,
        address=shown.address,
        outcome=shown.outcome,
        filled=hosts[len(hosts) - filled :] if filled else (),
        since_ms=tuple([began + later for later in since]) if since else (began,) * len(hosts),
        began_ms=began,
        traffic=_traffic(record[12]),
    )


def caught_up(row: SessionRow, line: Packed) -> SessionRow:
    """A session that is only expected, with the deadline and outcome that its line knows."""
    record, name = unpack(line), bytes.fromhex(row.session)
    for at in range(VOUCHERS, len(record), VOUCHER):
        if record[at] == name and record[at + 3]:
            return replace(
                row, until_ms=max(row.until_ms, record[at + 5]), outcome=OUTCOMES[record[at + 7] // _CAME_BY]
            )
    return row


def closed_row(domain: str, packed: Packed) -> Closed:
    """Hosts that a session gave back."""
    box, hosts, since, until, why, line, ids, shown, filled = unpack(packed)
    who = _read_shown(shown)
    return Closed(
        domain=domain,
        nas=box.decode(),
        hosts=_hosts(hosts),
        since_ms=tuple(since),
        until_ms=until,
        why=why.decode(),
        line=line.hex() or None,
        ids=LineIds.decode(ids) if ids else None,
        session_id=who.session_id,
        user_name=who.user_name,
        port=who.port,
        address=who.address,
        filled=_hosts(filled),
    )


def line_row(domain: str, line: bytes, packed: Packed) -> LineRow:
    """A line."""
    record = unpack(packed)
    ids, (bng, address, *port), *_ = told_last(record)
    return LineRow(
        line=line.hex(),
        domain=domain,
        ids=LineIds.decode(ids),
        first_ms=record[15],
        last_ms=max(record[1], record[4]),
        until_ms=max(record[2], record[5], record[14], *record[VOUCHERS + 5 :: VOUCHER]),
        bng=bng.decode(),
        port=_read_port(port),
        address=Mac(address) if address else None,
        sessions=tuple(session.hex() for session in record[VOUCHERS::VOUCHER]),
    )


def lost_line(line: bytes, packed: Packed) -> LostV6:
    """A line that has lost its IPv6."""
    record = unpack(packed)
    ids, (bng, _, *port), *_ = told_last(record)
    return LostV6(
        line=line.hex(),
        ids=LineIds.decode(ids),
        bng=bng.decode(),
        port=_read_port(port),
        v6_ms=record[16],
        begun_ms=record[17],
    )


def told_last(line: Record) -> Record:
    """What a line's last sighting told."""
    return unpack(_told(line))


def _told(line: Record) -> bytes:
    told: bytes | int = line[_TOLD[line[_LATEST]]]
    return told if isinstance(told, bytes) else line[_TOLD[1]]  # the same as the one family


def finding_id(finding: Finding, subject: str) -> bytes:
    """Name of a finding in its domain."""
    return f"{finding}|{subject}".encode("utf-8", "surrogateescape")


def finding_row(domain: str, identity: bytes, packed: Packed) -> FindingRow:
    """A finding."""
    kind, _, subject = identity.decode("utf-8", "surrogateescape").partition("|")
    bng, first, last, count, detail, over, _ = unpack(packed)
    return FindingRow(
        domain=domain, bng=bng.decode(), finding=Finding(kind), subject=subject, first_ms=first, last_ms=last,
        count=count, detail=detail.decode(), over_ms=over,
    )  # fmt: skip


def epochs_of(flat: Sequence[bytes]) -> dict[str, int]:
    """Box → epoch, from fields and values "epoch instant …" in turn, among which is the version of the plan."""
    epochs: dict[str, int] = {}
    for at in range(0, len(flat), 2):
        box = flat[at]
        if box != _PLAN:
            value = flat[at + 1]
            epochs[box.decode()] = int(value[: value.index(b" ")])
    return epochs


def boxes_of(fields: Sequence[bytes]) -> list[str]:
    """Boxes among the fields of the epochs."""
    return [field.decode() for field in fields if field != _PLAN]
