"""What operations should look at."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from bngcorr.model.vocabulary import Finding as FindingKind
from bngcorr.web.models.asked import BngAsked, LimitAsked, LineAsked
from bngcorr.web.models.model import Instant, Model
from bngcorr.web.models.names import RecordName
from bngcorr.web.models.personal import Kind, Personal


class Finding(Model):
    """Something that was seen, when, and what to do about it."""

    kind: Literal["finding"] = "finding"
    finding: FindingKind
    subject: Annotated[str, Personal(Kind.SUBJECT)]
    """what it is about: a line, a MAC address, an address or prefix, a port, a number"""
    bng: str
    domain: str
    line: RecordName | None
    """the line, if it is about one"""
    state: Literal["open", "over"]
    first_seen: Instant | None
    last_seen: Instant | None
    over_at: Instant | None
    count: int
    reason: str
    next_step: str
    detail: Annotated[dict[str, Any], Personal(Kind.DETAIL)]
    """ids, port and MAC of the last time, and what belongs to its kind"""


class FindingsQuery(Model):
    """Which findings; all that is given must hold."""

    finding: FindingKind | None = None
    bng: BngAsked | None = None
    line: LineAsked | None = None
    state: Literal["open", "over"] | None = None
    limit: LimitAsked = 100
