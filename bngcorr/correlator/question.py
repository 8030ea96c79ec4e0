"""A question that the ladder answers, and what its keys can tell. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bngcorr.correlator.keys import Handle, Keyring
from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import Key, LineIdPolicy, Rung
from bngcorr.store.recollection import LiveSession, Recollection

FRESH_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How requests of one BNG climb."""

    window_ms: int = 5_000
    remembered_ms: int = 86_400_000
    fresh_ms: int = FRESH_MS  # after its last word a session counts so long where another CPE could stand in its place
    rungs: frozenset[Rung] = frozenset(Rung)
    line_id: LineIdPolicy = LineIdPolicy.BOTH  # which ids of a planned line name it


@dataclass(slots=True, kw_only=True)  # not frozen: one is made for every request, and that costs a call a field
class Question:
    """One request, as far as the ladder is concerned."""

    domain: str
    keyring: Keyring
    rules: Rules
    session: str | None  # hash of its Acct-Session-Id
    at_ms: int  # when it arrived
    match_v6: bool  # whether a v6 sighting may match it (not so for a request proved v4, unless the profile asks)
    accounting: bool
    begins: bool  # an Access-Request or Accounting-Start: the session may be another that was given an old name
    own: LineIds | None = None  # the line that it names itself; None: it has to climb
    checked: bool = True  # with `own`: whether that is compared with what is planned and live where it came from
    suspect: bytes | None = None  # own Remote-Id without its first 4 octets, if they may be an enterprise number
    value: bytes | None = None  # own Remote-Id as it came; with `suspect` only


def is_alone(ring: Keyring, recalled: Recollection) -> bool:
    """Whether the VLAN pair is one line: declared so, and never seen to be otherwise."""
    if not ring.per_line:
        return False
    attachment = ring.hash_of(Key.ATTACHMENT)
    return attachment is None or not recalled.records[attachment].shared


def says_anything(handle: Handle, ring: Keyring, *, alone: bool, tainted: bool) -> bool:
    """Whether a key can tell a line: not a MAC of several lines, a claimed MAC or the VLAN pair only if that is one."""
    if handle.with_mac:
        return not tainted and (alone or not ring.claimed)
    return handle.key is not Key.ATTACHMENT or alone


def counts(session: LiveSession, epochs: dict[str, int], now_ms: int) -> bool:
    return session.until_ms > now_ms and session.epoch == epochs.get(session.nas, 0)


def is_fresh(session: LiveSession, now_ms: int, fresh_ms: int) -> bool:
    """Whether a session was heard of lately, or has only just been accepted: its CPE is there all but surely."""
    return not session.up or now_ms - session.heard_ms <= fresh_ms
