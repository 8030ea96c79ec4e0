"""What is written into the store, and the store's words on it.

Instants are epoch milliseconds of the store's clock. All lessons but Distances and Event are idempotent: told twice,
they change nothing the second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.usage import Host, Traffic
from bngcorr.model.vocabulary import Finding, Outcome


@dataclass(slots=True, kw_only=True)  # not frozen: one is made for every request, and that costs a call a field
class Sighting:
    """A line was seen on these keys, by a request that may teach.

    If another line has a live session on the key of attachment and MAC, or stands in the operator's plan, it teaches
    nothing but that its MAC is not one line's (`CONTRADICTED`).
    """

    domain: str
    bng: str
    attachment_mac: str | None = None  # correlation keys (hashes), as far as they could be computed
    attachment: str | None = None
    bng_mac: str | None = None
    multi_session: str | None = None
    mac: str | None = None  # MAC (hash)
    claimed: bool = False  # the customer's device says so: such a MAC taints nobody else's
    line: str
    ids: LineIds
    at_ms: int
    v6: bool = False  # the request was triggered by DHCPv6
    v4_evident: bool = False  # it was triggered by DHCPv4, by proof or strong evidence
    attached: bool = True
    place: str | None = None  # attachment (hash)
    until_ms: int
    port: Attachment | None = None  # for people
    address: Mac | None = None  # for people, and to be found by

    @property
    def keys(self) -> tuple[str, ...]:
        """All of its correlation keys."""
        named = (self.attachment_mac, self.attachment, self.bng_mac, self.multi_session)
        return tuple(key for key in named if key is not None)


class Fill(StrEnum):
    """Whether hosts count that the Access-Accept gives and accounting does not name."""

    AUTO = "auto"  # unless the box was seen to name hosts of that kind in accounting
    ALWAYS = "always"
    NEVER = "never"


class SessionStep(StrEnum):
    """What happened to a session."""

    EXPECTED = "expected"  # AAA accepted it
    START = "start"
    INTERIM = "interim"
    STOP = "stop"


@dataclass(slots=True, kw_only=True)  # not frozen: one is made for every record
class SessionChange:
    """One step in the life of a session, and what it says."""

    domain: str
    bng: str
    session: str  # hash
    nas: str  # "bng|host"
    step: SessionStep
    at_ms: int  # instant of the event by the NAS's clock (Event-Timestamp, else arrival minus Acct-Delay-Time)
    until_ms: int  # it counts as live until then unless heard of again
    sent_ms: int = 0  # when the NAS told it, by our clock (arrival minus Acct-Delay-Time); 0: at_ms
    line: str | None = None
    ids: LineIds | None = None
    own: bool = False  # the line is the request's own word, not inherited
    keys: tuple[str, ...] = ()  # correlation keys on which the session vouches for its line
    fingerprint: str = ""  # attachment and MAC: tells two sessions that were given one name apart; "" unknown
    digest: str = (
        ""  # of the record without Acct-Delay-Time: tells a retransmission from another one in the same second
    )
    hosts: tuple[Host, ...] | None = None  # None: the record does not say, keep
    promised: tuple[Host, ...] = ()  # IPv6 hosts that the Access-Accept gives (EXPECTED)
    accepted_as: str | None = None  # under this name the Accept is noted if its request named no session; hash
    fill: Fill = Fill.AUTO  # whether promised hosts count that accounting does not name
    interval_ms: int = 0  # Acct-Interim-Interval that was told; 0: it was not
    timeout_ms: int = 0  # Session-Timeout that was told; 0: it was not
    lasted_ms: int = 0  # Acct-Session-Time: how long it was up at the event; 0: the record does not say
    traffic: Traffic | None = None  # octets so far; None: the record does not say
    session_id: bytes = b""  # Acct-Session-Id, for people
    user_name: str | None = None
    port: Attachment | None = None
    address: Mac | None = None
    outcome: Outcome | None = None  # how it came by its line


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """Accounting-On or -Off: sessions of this box with an older event are no longer live."""

    domain: str
    bng: str
    nas: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberSeen:
    """An enterprise number was found in front of a Remote-Id."""

    domain: str
    bng: str
    number: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSeen:
    """Something that operations should look at was seen, again or for the first time; or it is over."""

    domain: str
    bng: str
    finding: Finding
    subject: str  # what it is about: a line key, a MAC address, a number; with the kind it names the finding
    at_ms: int
    detail: str = "{}"  # JSON; that of the last time is kept
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """How far apart the two requests of matches within the window were, as counts for each histogram bucket."""

    domain: str
    bng: str
    counts: tuple[tuple[int, int], ...]  # (bucket of DISTANCE_BUCKETS_MS, how many)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One verdict for /v1/correlations."""

    shown: str  # JSON


Lesson = Sighting | SessionChange | Restart | NumberSeen | FindingSeen | Distances | Event

# Upper bounds in ms of what lies between a request and the sighting that it was matched with; beyond is open
DISTANCE_BUCKETS_MS: Final = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 30_000, 60_000)

# The store's words on a lesson, separated by commas
NEW: Final = "new"  # on a NumberSeen or FindingSeen: it was not known
CONTRADICTED: Final = "contradicted"  # on a Sighting: another line is live there, or planned
MOVED: Final = "moved"  # on a Sighting: the line was elsewhere before
MAC_MOVED: Final = "mac_moved"  # on a Sighting: its MAC was on another line before
SHARED: Final = "shared"  # on a Sighting: its attachment shows two lines at a time
MAC_FLOOD: Final = "mac_flood"  # on a Sighting: the line shows too many MACs
LATE: Final = "late"  # on a SessionChange: it names the line of a session that AAA accepted without one
NO_TRAFFIC: Final = "no_traffic"  # on a SessionChange: its IPv6 counters stand still while those of IPv4 rise
TRAFFIC: Final = "traffic"  # on a SessionChange: they rise again
V6_BACK: Final = "v6_back"  # on a SessionChange: a line that had lost its IPv6 has it again
DUPLICATE: Final = "duplicate="  # on a SessionChange: what follows up to the next comma is live on another line too
SUPERSEDED: Final = "superseded"  # on a Sighting: a later one like it was waiting, or took its place
FAILED: Final = "failed:"  # how the word on a lesson begins that the store can't take, now or ever
AWAY: Final = "away"  # the part of the store that keeps this lesson's domain does not answer: tell it again
