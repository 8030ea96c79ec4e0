"""What the API and the upkeep read from the store."""

from __future__ import annotations

from dataclasses import dataclass, field

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.usage import Traffic, Usage
from bngcorr.model.vocabulary import Finding, Outcome, SessionState


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session as stored."""

    session: str
    domain: str
    nas: str  # "bng|host"
    state: SessionState
    line: str | None
    ids: LineIds | None
    hosts: tuple[str, ...]  # "kind|service|address"
    at_ms: int
    until_ms: int
    session_id: bytes
    user_name: str | None
    port: Attachment | None
    address: Mac | None
    outcome: Outcome | None
    filled: tuple[str, ...] = ()  # those of the hosts that the Access-Accept gave and accounting does not name
    since_ms: tuple[int, ...] = ()  # from when it holds each of the hosts, in their order
    began_ms: int = 0  # first record of its present life; 0: only expected so far
    traffic: Traffic | None = None  # octets so far

    @property
    def bng(self) -> str:
        """The BNG's entry."""
        return self.nas.partition("|")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """A line as stored."""

    line: str
    domain: str
    ids: LineIds
    first_ms: int
    last_ms: int
    until_ms: int
    bng: str
    port: Attachment | None
    address: Mac | None
    sessions: tuple[str, ...]  # that vouch for it


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A finding as stored."""

    domain: str
    bng: str
    finding: Finding
    subject: str
    first_ms: int
    last_ms: int
    count: int
    detail: str  # JSON
    over_ms: int  # when it ended; 0: it has not


@dataclass(frozen=True, slots=True, kw_only=True)
class LostV6:
    """A line that had IPv6 before its IPv4 session began, and has had none since."""

    line: str
    ids: LineIds
    bng: str
    port: Attachment | None
    v6_ms: int  # when it was last known to have IPv6
    begun_ms: int  # when its IPv4 session began


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What one walk over some records of a domain found and did."""

    expired: int = 0  # sessions whose deadline had passed
    dropped: int = 0  # records of any kind that nobody needs any more
    lost: tuple[LostV6, ...] = ()
    census: tuple[tuple[str, int, int, int], ...] = ()  # last whole walk, by BNG: lines dual stack, v4 only, v6 only
    trouble: str = ""  # what is wrong with the records of the domain, if nothing was done for that


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where to go on reading."""

    cursor: str = ""  # opaque; "" begins
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionQuery:
    """Which sessions."""

    domains: tuple[tuple[str, tuple[str, ...]], ...]  # (domain, its BNGs)
    terms: tuple[str, ...] = ()  # index terms, one of which it answers to; none: all
    page: Page = field(default_factory=Page)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A session gave back hosts: what is known of who held them, and from when to when."""

    domain: str
    nas: str  # "bng|host"
    hosts: tuple[str, ...]  # "kind|service|address"
    since_ms: tuple[int, ...]  # from when each was held
    until_ms: int  # when they were given back; of a session that fell silent: when it was last heard of
    why: str  # stop, interim (it holds others now), restart (of its box), expired, replaced (its name came back)
    line: str | None
    ids: LineIds | None
    session_id: bytes
    user_name: str | None
    port: Attachment | None
    address: Mac | None  # MAC of the CPE
    filled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Usage of one BNG at one instant."""

    at_ms: int
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The most that one BNG ever spent."""

    host_resources: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What a box itself says it holds."""

    at_ms: int  # when that was so
    figures: tuple[
        tuple[str, int], ...
    ]  # v4, v6, hosts (its scale counter) and kinds of hosts, as far as it tells them


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A counter of the ledger that differs from what the sessions add up to."""

    box: str
    port: str  # "": the whole box; "(unknown)": sessions of which no port is known
    kind: str
    ledger: int
    sessions: int
