"""A request and what was found out about it; a step of accounting. Both in timelines, lists and live events."""

from __future__ import annotations

from typing import Annotated, Literal

from bngcorr.model.vocabulary import DropReason, Key, Mode, Outcome, Rung, Strength, Trigger
from bngcorr.model.vocabulary import Finding as FindingKind
from bngcorr.store.lesson import SessionStep
from bngcorr.web.models.asked import BngAsked, CursorAsked, LimitAsked, LineAsked, MacAsked, SinceAsked
from bngcorr.web.models.model import Instant, Model
from bngcorr.web.models.names import RecordName
from bngcorr.web.models.octets import Ids
from bngcorr.web.models.personal import Kind, Personal
from bngcorr.web.models.place import Attached, Host, MacText


class Correlation(Model):
    """A request, its verdict, and what came of it."""

    kind: Literal["request"] = "request"
    id: str | None
    """cursor behind it; null in a timeline"""
    at: Instant | None
    """when it arrived"""
    at_ms: int
    request: str
    """Request Authenticator, by which a packet capture, the log and traces are joined"""
    code: str
    domain: str
    bng: str
    mode: Mode
    mac: MacText | None
    attachment: Attached | None
    user_name: Annotated[str | None, Personal(Kind.USER_NAME)]
    session_id: Annotated[str, Personal(Kind.SESSION_ID)]
    """Acct-Session-Id; "" if it had none"""
    step: SessionStep | None
    """of an Accounting-Request"""
    trigger: Trigger
    strength: Strength | None
    evidence: tuple[Annotated[str, Personal(Kind.TEXT)], ...]
    """sentences with family and strength in front"""
    verdict: Outcome
    rung: Rung | None
    key: Key | None
    line: RecordName | None
    distance_ms: int | None
    """the sighting that it was matched with, minus the request; on rung window only"""
    held_ms: int
    stripped: bool
    """whether an enterprise number was taken off; in mode observe: would have been"""
    enterprise_number: int | None
    raw: Ids
    """ids as they came"""
    ids: Ids
    """ids as AAA should see them: its own without enterprise number, or those of the line it was matched with"""
    upstream: str | None
    """the AAA server that answered, or else was asked last"""
    answer: str | None
    """what the BNG got; null: nothing"""
    dropped: DropReason | None
    """why it got nothing"""
    answered_ms: int | None
    """how long AAA took"""
    over_ms: int
    """when it was answered or given up"""


class Accounting(Model):
    """A Start, a Stop, or an Interim that told other addresses than the record before it."""

    kind: Literal["accounting"] = "accounting"
    id: str | None
    at: Instant | None
    """of the event, by the box's clock"""
    at_ms: int
    domain: str
    bng: str
    nas: str
    """the box, as in a session"""
    step: SessionStep
    session: RecordName
    session_id: Annotated[str, Personal(Kind.SESSION_ID)]
    user_name: Annotated[str | None, Personal(Kind.USER_NAME)]
    mac: MacText | None
    attachment: Attached | None
    verdict: Outcome | None
    line: RecordName | None
    ids: Ids
    """of the session's line"""
    came: tuple[Host, ...]
    """held from now on"""
    went: tuple[Host, ...]
    """given back"""


class CorrelationsQuery(Model):
    """Which verdicts; all that is given must hold."""

    bng: BngAsked | None = None
    outcome: Outcome | None = None
    trigger: Trigger | None = None
    rung: Rung | None = None
    mac: MacAsked | None = None
    line: LineAsked | None = None
    since: SinceAsked | None = None
    """only what arrived at or after this instant (RFC 3339), or within this time ("15m")"""
    order: Literal["oldest", "newest"] = "oldest"
    after: CursorAsked = ""
    """behind this `id` or `next`; with order=newest: what is older than it"""
    limit: LimitAsked = 100


class Gap(Model):
    """Events that were left out, because they were read too slowly."""

    kind: Literal["gap"] = "gap"
    lost: int


class EventsQuery(Model):
    """Which live events; all that is given must hold."""

    kind: Literal["request", "accounting", "finding"] | None = None
    """request: Access-Requests; accounting: Accounting-Requests"""
    bng: BngAsked | None = None
    outcome: Outcome | None = None
    mac: MacAsked | None = None
    line: LineAsked | None = None
    finding: FindingKind | None = None
    after: CursorAsked = ""
    """begin behind this event; default: with what comes from now on. Last-Event-ID goes before it"""
