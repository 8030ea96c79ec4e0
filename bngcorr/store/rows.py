"""What the API and the upkeep read from the store."""

from __future__ import annotations

from dataclasses import dataclass, field

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where to go on reading."""

    cursor: str = ""  # opaque; "" begins
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionQuery:
    """Which sessions."""

    domains: tuple[tuple[str, tuple[str, ...]], ...]  # (domain, its BNGs)
    term: str | None = None  # index term; None: all
    page: Page = field(default_factory=Page)
