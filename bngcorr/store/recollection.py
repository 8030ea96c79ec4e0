"""What the correlator asks of the store, and what the store recalls.

Instants are epoch milliseconds of the store's clock; whatever counts only until an instant is judged against the
`now_ms` that comes with the question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import SessionState


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """One question: the keys of one request."""

    domain: str
    keys: tuple[str, ...]  # correlation keys (hashes)
    mac: str | None  # MAC (hash), to learn whether it is tainted and which lines were seen with it
    session: str | None  # session (hash), if the request carries an Acct-Session-Id
    place: str | None = None  # attachment (hash), to look it up in the operator's plan


@dataclass(slots=True, kw_only=True)  # not frozen: several are made for every question, and that costs a call a field
class LiveSession:
    """A session that vouches for a line on a key."""

    nas: str  # "bng|host": the box that reports it
    epoch: int  # of that box when the session was last heard of
    until_ms: int
    heard_ms: int = 0  # when it was last heard of, by the NAS's clock
    up: bool = True  # accounting told of it; else AAA accepted it, and nothing came yet


@dataclass(slots=True, kw_only=True)  # not frozen, likewise
class Candidate:
    """A line that was seen on a key."""

    line: str  # line key
    ids: LineIds
    first_ms: int = 0  # first sighting on this key
    sighted_ms: int = 0  # last sighting not proved to be v6; 0: never
    sighted_v6_ms: int = 0  # last sighting by a v6-triggered request; 0: never
    attached: bool = True  # a sighting had an attachment (matters on bng+mac)
    v4_evident: bool = False  # a sighting was DHCPv4 by proof or strong evidence: its Remote-Id has no number in front
    same_mac: bool = False  # the line was seen with the MAC of the question
    same_place: bool = False  # the line was last seen at the place of the question
    sessions: tuple[LiveSession, ...] = ()


@dataclass(slots=True, kw_only=True)  # not frozen, likewise
class KeyRecord:
    """Everything known on one correlation key."""

    candidates: tuple[Candidate, ...] = ()
    crowded: bool = False  # more lines than can be kept were seen
    shared: bool = False  # an attachment that was taken for one line showed two at a time


NOTHING = KeyRecord()


def undisputed(candidate: Candidate, disputed_ms: int, epochs: Mapping[str, int]) -> bool:
    """Whether a line still counts on a key where another one was sighted, and not believed, at `disputed_ms`.

    It does while it is live, and once it is sighted again. Else nobody knows which of the two is there: the session
    that spoke for it may have ended before, and its Stop have been told by another replica afterwards.
    """
    if max(candidate.sighted_ms, candidate.sighted_v6_ms) > disputed_ms:
        return True
    return any(session.epoch == epochs.get(session.nas, 0) for session in candidate.sessions)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionIdentity:
    """What was fixed for an Acct-Session-Id at first sight."""

    line: str | None  # None: it was carried on without identity
    ids: LineIds | None
    state: SessionState
    epoch: int
    nas: str
    fingerprint: str  # attachment and MAC it was seen with; "" unknown


@dataclass(slots=True, kw_only=True)  # not frozen: one is made for every question
class Recollection:
    """The answer: what the store knows about the keys of one request."""

    records: dict[str, KeyRecord]  # by key hash
    mac_lines: int  # lines the MAC was seen on within TAINT_MS (2 means two or more)
    session: SessionIdentity | None
    epochs: dict[str, int]  # of every box of the domain
    plan: LineIds | None = None  # what the operator's plan says of the place
