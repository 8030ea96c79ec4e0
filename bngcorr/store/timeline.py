"""What happened to a line, entry by entry: values, and how the store keeps them. Pure.

An entry is two MessagePack arrays: what it is about, which is the same for most entries of a line, and its moment.
They are told by position, in the order of `ABOUT_FIELDS` and `MOMENT_FIELDS`; the stream of recent verdicts holds the
same two. Accounting is written by the script that knows what it changed, in the order of `ACCOUNTING_ABOUT` and
`ACCOUNTING_MOMENT`: a 0 in the place of the code tells it from requests.

The timeline of a line is a list under its name. In front stands what entries are about, each of it once, behind that
the entries, the oldest first: `ABOUT` or `ENTRY`, the first `DIGEST_OCTETS` octets of the SHA-1 of what it is about,
and that or the moment. There may be more entries than the line keeps, until somebody shortens it (`store.entries`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgpack

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.vocabulary import DropReason, Key, Mode, Outcome, Rung, Strength, Trigger
from bngcorr.store.lesson import SessionStep
from bngcorr.store.packing import OUTCOMES
from bngcorr.wire.attributes import Code

ABOUT_FIELDS: Final = (
    "code", "domain", "bng", "mode", "mac", "port", "outer", "inner", "trigger", "strength", "evidence", "verdict",
    "rung", "key", "line", "remote_id", "circuit_id", "raw_remote_id", "raw_circuit_id", "enterprise_number",
    "stripped", "user_name",
)  # fmt: skip
MOMENT_FIELDS: Final = (
    "at_ms", "request", "distance_ms", "held_ms", "session_id", "step", "upstream", "answer", "answered_ms", "over_ms",
)  # fmt: skip
ACCOUNTING_ABOUT: Final = ("code", "box", "ids", "shown")
ACCOUNTING_MOMENT: Final = ("at_ms", "step", "session", "came", "went")

ABOUT: Final = b"\0"
ENTRY: Final = b"\1"
DIGEST_OCTETS: Final = 4
_BEHIND: Final = 1 + DIGEST_OCTETS

_unpack: Callable[[bytes], Any] = partial(msgpack.unpackb, raw=True, strict_map_key=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEntry:
    """One request, its verdict, and what AAA said. Of an Accounting-Request as well, in the stream of verdicts."""

    at_ms: int  # when it arrived
    request: bytes  # its Request Authenticator, 16 octets
    code: Code
    domain: str
    bng: str
    mode: Mode
    mac: Mac | None
    port: Attachment | None
    trigger: Trigger
    strength: Strength | None
    evidence: tuple[str, ...]
    verdict: Outcome
    rung: Rung | None
    key: Key | None
    line: str | None  # that the verdict names; an entry of a line's timeline that names none is of the line's MAC
    distance_ms: int | None
    held_ms: int
    ids: LineIds  # as AAA should see them: the request's own, or those of the line that it was matched with
    raw_remote_id: bytes | None  # as they came
    raw_circuit_id: bytes | None
    enterprise_number: int | None
    stripped: bool
    user_name: str | None
    session_id: bytes  # Acct-Session-Id; empty: it has none
    step: SessionStep | None  # of an Accounting-Request
    upstream: str | None  # the server that answered, or else was asked last; None: nobody was, or the spool has it
    answer: Code | None  # None: it got none
    dropped: DropReason | None  # why it got none
    answered_ms: int | None  # how long that server took
    over_ms: int  # when it was answered or given up


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingEntry:
    """One Start, Stop, or Interim that told other hosts than the record before it."""

    at_ms: int  # of the event, by the NAS's clock
    domain: str
    nas: str  # "bng|host"
    step: SessionStep
    line: str
    session: str  # hash
    session_id: bytes
    user_name: str | None
    mac: Mac | None
    port: Attachment | None
    verdict: Outcome | None
    ids: LineIds | None  # of the session's line
    came: tuple[str, ...]  # "kind|service|address"
    went: tuple[str, ...]

    @property
    def bng(self) -> str:
        """The BNG's entry."""
        return self.nas.partition("|")[0]


Entry = RequestEntry | AccountingEntry


def entries(domain: str, line: str, elements: Sequence[bytes], most: int = 0) -> list[Entry]:
    """Those of a line's list, the oldest first, the last `most`; 0: all. What this version can't read is left out."""
    abouts: dict[bytes, bytes] = {}
    told: list[tuple[bytes, bytes]] = []  # digest and moment
    for element in elements:
        digest, octets = element[1:_BEHIND], element[_BEHIND:]
        if element[:1] == ABOUT:
            abouts[digest] = octets
        elif element[:1] == ENTRY:
            told.append((digest, octets))
    found = [read(abouts[digest], moment, domain, line) for digest, moment in told[-most:] if digest in abouts]
    return [entry for entry in found if entry is not None]


def read(about: bytes, moment: bytes, domain: str, line: str) -> Entry | None:
    """One entry; None if this version can't read it. Accounting does not say of which domain and line it is."""
    try:
        what, when = _unpack(about), _unpack(moment)
        return _request(what, when) if what[0] else _accounting(what, when, domain, line)
    except (ValueError, TypeError, AttributeError, IndexError):
        return None


def _request(about: Sequence[Any], moment: Sequence[Any]) -> RequestEntry:
    what = dict(zip(ABOUT_FIELDS, about, strict=True))
    when = dict(zip(MOMENT_FIELDS, moment, strict=True))
    ids = LineIds(what["remote_id"], what["circuit_id"])
    answer = when["answer"]
    return RequestEntry(
        at_ms=when["at_ms"],
        request=when["request"],
        code=Code(what["code"]),
        domain=what["domain"].decode(),
        bng=what["bng"].decode(),
        mode=Mode(what["mode"].decode()),
        mac=None if what["mac"] is None else Mac(what["mac"]),
        port=None if what["port"] is None else Attachment(what["port"].decode(), what["outer"], what["inner"]),
        trigger=Trigger(what["trigger"].decode()),
        strength=None if what["strength"] is None else Strength(what["strength"].decode()),
        evidence=tuple(text.decode() for text in what["evidence"]),
        verdict=Outcome(what["verdict"].decode()),
        rung=None if what["rung"] is None else Rung(what["rung"].decode()),
        key=None if what["key"] is None else Key(what["key"].decode()),
        line=None if what["line"] is None else what["line"].hex(),
        distance_ms=when["distance_ms"],
        held_ms=when["held_ms"],
        ids=ids,
        raw_remote_id=ids.remote_id if what["raw_remote_id"] is True else what["raw_remote_id"],
        raw_circuit_id=ids.circuit_id if what["raw_circuit_id"] is True else what["raw_circuit_id"],
        enterprise_number=what["enterprise_number"],
        stripped=what["stripped"],
        user_name=_user(what["user_name"]),
        session_id=when["session_id"] or b"",
        step=None if when["step"] is None else SessionStep(when["step"].decode()),
        upstream=None if when["upstream"] is None else when["upstream"].decode(),
        answer=Code(answer) if isinstance(answer, int) else None,
        dropped=None if isinstance(answer, int) else DropReason(answer.decode()),
        answered_ms=when["answered_ms"],
        over_ms=when["at_ms"] + when["over_ms"],
    )


def _accounting(about: Sequence[Any], moment: Sequence[Any], domain: str, line: str) -> AccountingEntry:
    _, box, ids, shown = about
    at_ms, step, session, came, went = moment
    outcome, session_id, user, mac, *port = _unpack(shown)
    return AccountingEntry(
        at_ms=at_ms,
        domain=domain,
        nas=box.decode(),
        step=SessionStep(step.decode()),
        line=line,
        session=session.hex(),
        session_id=session_id,
        user_name=_user(user),
        mac=Mac(mac) if mac else None,
        port=Attachment(port[0].decode("utf-8", "replace"), port[1], port[2]) if port else None,
        verdict=OUTCOMES[outcome],
        ids=LineIds.decode(ids) if ids else None,
        came=tuple(came.decode().split("\n")) if came else (),
        went=tuple(went.decode().split("\n")) if went else (),
    )


def _user(name: bytes | None) -> str | None:
    return None if name is None else name.decode("utf-8", "surrogateescape")
