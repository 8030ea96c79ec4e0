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


class Sighting:
    """A line was seen on these keys, by a request that may teach.

    If another line has a live session on the key of attachment and MAC, or stands in the operator's plan, it teaches
    nothing but that its MAC is not one line's (`CONTRADICTED`). A plain class: one is made for every request.
    """

    __slots__ = (
        "address", "at_ms", "attached", "attachment", "attachment_mac", "bng", "bng_mac", "claimed", "domain", "ids",
        "line", "mac", "multi_session", "place", "port", "until_ms", "v4_evident", "v6",
    )  # fmt: skip

    def __init__(
        self,
        *,
        domain: str,
        bng: str,
        line: str,
        ids: LineIds,
        at_ms: int,
        until_ms: int,
        attachment_mac: str | None = None,
        attachment: str | None = None,
        bng_mac: str | None = None,
        multi_session: str | None = None,
        mac: str | None = None,
        claimed: bool = False,
        v6: bool = False,
        v4_evident: bool = False,
        attached: bool = True,
        place: str | None = None,
        port: Attachment | None = None,
        address: Mac | None = None,
    ) -> None:
        """Correlation keys as far as they could be computed."""
        self.domain: str = domain
        self.bng: str = bng
        self.attachment_mac: str | None = attachment_mac  # correlation keys (hashes)
        self.attachment: str | None = attachment
        self.bng_mac: str | None = bng_mac
        self.multi_session: str | None = multi_session
        self.mac: str | None = mac  # MAC (hash)
        self.claimed: bool = claimed  # the customer's device says so: such a MAC taints nobody else's
        self.line: str = line
        self.ids: LineIds = ids
        self.at_ms: int = at_ms
        self.v6: bool = v6  # the request was triggered by DHCPv6
        self.v4_evident: bool = v4_evident  # it was triggered by DHCPv4, by proof or strong evidence
        self.attached: bool = attached
        self.place: str | None = place  # attachment (hash)
        self.until_ms: int = until_ms
        self.port: Attachment | None = port  # for people
        self.address: Mac | None = address  # for people, and to be found by

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sighting) and _values(self, _SIGHTING) == _values(other, _SIGHTING)

    def __repr__(self) -> str:
        return _shown(self, _SIGHTING)

    @property
    def keys(self) -> tuple[str, ...]:
        """All of its correlation keys."""
        named = (self.attachment_mac, self.attachment, self.bng_mac, self.multi_session)
        return tuple([key for key in named if key is not None])


class Fill(StrEnum):
    """Whether hosts count that the Access-Accept gives and accounting does not name."""

    AUTO = "auto"  # unless the box was seen to name hosts of that kind in accounting
    ALWAYS = "always"
    NEVER = "never"


_AUTO: Final = Fill.AUTO


class SessionStep(StrEnum):
    """What happened to a session."""

    EXPECTED = "expected"  # AAA accepted it
    START = "start"
    INTERIM = "interim"
    STOP = "stop"


class SessionChange:
    """One step in the life of a session, and what it says. A plain class: one is made for every record."""

    __slots__ = (
        "accepted_as", "address", "at_ms", "bng", "digest", "domain", "fill", "fingerprint", "hosts", "ids",
        "interval_ms", "keys", "lasted_ms", "line", "nas", "outcome", "own", "port", "promised", "sent_ms", "session",
        "session_id", "step", "timeout_ms", "traffic", "until_ms", "user_name",
    )  # fmt: skip

    def __init__(
        self,
        *,
        domain: str,
        bng: str,
        session: str,
        nas: str,
        step: SessionStep,
        at_ms: int,
        until_ms: int,
        sent_ms: int = 0,
        line: str | None = None,
        ids: LineIds | None = None,
        own: bool = False,
        keys: tuple[str, ...] = (),
        fingerprint: str = "",
        digest: str = "",
        hosts: tuple[Host, ...] | None = None,
        promised: tuple[Host, ...] = (),
        accepted_as: str | None = None,
        fill: Fill = _AUTO,
        interval_ms: int = 0,
        timeout_ms: int = 0,
        lasted_ms: int = 0,
        traffic: Traffic | None = None,
        session_id: bytes = b"",
        user_name: str | None = None,
        port: Attachment | None = None,
        address: Mac | None = None,
        outcome: Outcome | None = None,
    ) -> None:
        """All but its name and instants may be left out."""
        self.domain: str = domain
        self.bng: str = bng
        self.session: str = session  # hash
        self.nas: str = nas  # "bng|host"
        self.step: SessionStep = step
        self.at_ms: int = (
            at_ms  # instant of the event by the NAS's clock (Event-Timestamp, else arrival minus Acct-Delay-Time)
        )
        self.until_ms: int = until_ms  # it counts as live until then unless heard of again
        self.sent_ms: int = sent_ms  # when the NAS told it, by our clock (arrival minus Acct-Delay-Time); 0: at_ms
        self.line: str | None = line
        self.ids: LineIds | None = ids
        self.own: bool = own  # the line is the request's own word, not inherited
        self.keys: tuple[str, ...] = keys  # correlation keys on which the session vouches for its line
        self.fingerprint: str = (
            fingerprint  # attachment and MAC: tells two sessions that were given one name apart; "" unknown
        )
        self.digest: str = (
            digest  # of the record without Acct-Delay-Time: tells a retransmission from another of the same second
        )
        self.hosts: tuple[Host, ...] | None = hosts  # None: the record does not say, keep
        self.promised: tuple[Host, ...] = promised  # IPv6 hosts that the Access-Accept gives (EXPECTED)
        self.accepted_as: str | None = (
            accepted_as  # under this name the Accept is noted if its request named no session; hash
        )
        self.fill: Fill = fill  # whether promised hosts count that accounting does not name
        self.interval_ms: int = interval_ms  # Acct-Interim-Interval that was told; 0: it was not
        self.timeout_ms: int = timeout_ms  # Session-Timeout that was told; 0: it was not
        self.lasted_ms: int = (
            lasted_ms  # Acct-Session-Time: how long it was up at the event; 0: the record does not say
        )
        self.traffic: Traffic | None = traffic  # octets so far; None: the record does not say
        self.session_id: bytes = session_id  # Acct-Session-Id, for people
        self.user_name: str | None = user_name
        self.port: Attachment | None = port
        self.address: Mac | None = address
        self.outcome: Outcome | None = outcome  # how it came by its line

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SessionChange) and _values(self, _CHANGE) == _values(other, _CHANGE)

    def __repr__(self) -> str:
        return _shown(self, _CHANGE)


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


class Event:
    """One request that is over, for people: plain values in the order of `store.timeline`, packed by `row_core.array`.

    `about` is what is the same for most requests of a line, `moment` what is not. A plain class: one is made for every
    request.
    """

    __slots__ = ("about", "domain", "line", "mac", "moment")

    def __init__(
        self, *, domain: str, line: str | None, mac: str | None, about: bytes, moment: bytes
    ) -> None:  # fmt: skip
        """`line`, else `mac` (hash), tells whose timeline it goes to; neither: none."""
        self.domain: str = domain
        self.line: str | None = line
        self.mac: str | None = mac
        self.about: bytes = about
        self.moment: bytes = moment

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Event) and _values(self, _EVENT) == _values(other, _EVENT)

    def __repr__(self) -> str:
        return _shown(self, _EVENT)


Lesson = Sighting | SessionChange | Restart | NumberSeen | FindingSeen | Distances | Event

# Upper bounds in ms of what lies between a request and the sighting that it was matched with; beyond is open
DISTANCE_BUCKETS_MS: Final[tuple[int, ...]] = (
    10, 20, 50, 100, 200, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 30_000, 60_000,
)  # fmt: skip

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

_EVENT: Final = ("domain", "line", "mac", "about", "moment")
_SIGHTING: Final = (
    "domain", "bng", "attachment_mac", "attachment", "bng_mac", "multi_session", "mac", "claimed", "line", "ids",
    "at_ms", "v6", "v4_evident", "attached", "place", "until_ms", "port", "address",
)  # fmt: skip
_CHANGE: Final = (
    "domain", "bng", "session", "nas", "step", "at_ms", "until_ms", "sent_ms", "line", "ids", "own", "keys",
    "fingerprint", "digest", "hosts", "promised", "accepted_as", "fill", "interval_ms", "timeout_ms", "lasted_ms",
    "traffic", "session_id", "user_name", "port", "address", "outcome",
)  # fmt: skip


def _values(lesson: object, names: tuple[str, ...]) -> list[object]:
    return [getattr(lesson, name) for name in names]


def _shown(lesson: object, names: tuple[str, ...]) -> str:
    return f"{type(lesson).__name__}({', '.join(f'{name}={getattr(lesson, name)!r}' for name in names)})"
