"""Acts: what can be asked for, and the audit records of what was."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from bngcorr.model.vocabulary import ActKind, ActOutcome
from bngcorr.web.models.asked import CursorAsked, LimitAsked
from bngcorr.web.models.model import Instant, Model
from bngcorr.web.models.octets import Octets
from bngcorr.web.models.personal import Kind, Personal
from bngcorr.web.models.place import Address, MacText

MOST_ATTRIBUTES = 16

ActId = Annotated[str, Field(pattern="^[0-9]{1,15}-[0-9]{1,15}$", examples=["1780000000000-0"])]


class DisconnectWanted(Model):
    """How to disconnect a session."""

    dry_run: bool = False
    """only say what would be done"""


class AttributeWanted(Model):
    """An attribute of a CoA-Request."""

    name: Annotated[str, Field(min_length=1, max_length=128, examples=["Filter-Id"])]
    """as of the dictionaries"""
    value: Annotated[str, Field(min_length=1, max_length=512, examples=["throttled"])]
    """text; a number or the name of a value; an address or prefix; octets as hexadecimal behind 0x"""


class CoaWanted(Model):
    """How to change a session."""

    attributes: Annotated[tuple[AttributeWanted, ...], Field(min_length=1, max_length=MOST_ATTRIBUTES)]
    dry_run: bool = False
    """only say what would be done"""


class RepairWanted(Model):
    """Which part of the ledger to recount."""

    domain: Annotated[str, Field(max_length=64)] | None = None
    """a correlation domain; null: all, one after another"""
    dry_run: bool = False
    """only say what differs"""


class ForgetWanted(Model):
    """How to forget a line."""

    dry_run: bool = False
    """only say what would be deleted"""


class ActsQuery(Model):
    """Which part of the audit trail."""

    cursor: CursorAsked = ""
    limit: LimitAsked = 100


class ToldSession(Model):
    """A session that an act was about, and what its BNG said."""

    outcome: str
    """done, refused, unanswered, or shown for what would be done"""
    error_cause: int | None
    bng: str
    session_id: Annotated[str, Personal(Kind.SESSION_ID)]
    id: str
    line: str | None
    remote_id: Octets | None
    circuit_id: Octets | None
    mac: MacText | None
    addresses: tuple[Address, ...]


class ProcessAnswer(Model):
    """What one packet process said."""

    process: str
    ok: bool
    said: str
    sessions: tuple[ToldSession, ...] = ()


class DriftShown(Model):
    """A counter of the ledger that differed from what the sessions add up to."""

    bng: str
    box: str
    port: str
    kind: str
    ledger: int
    sessions: int


class AuditedDomain(Model):
    """How far the recount of one domain is, and what it found."""

    domain: str
    done: float
    """0 … 1"""
    counters: int
    """how many differed"""
    references: int
    """to hosts, that differed"""
    drifts: tuple[DriftShown, ...]
    """some of those counters: at most 100 of all domains together"""


class ForgottenShown(Model):
    """What was taken out of memory and files, or would be."""

    record: bool
    """what the store knew of the line: ids, where and when it was seen, timeline"""
    history_entries: int | None
    """null: no history is written"""
    history_files: int
    unread: tuple[str, ...]
    """files that could not be read or rewritten: something may be left there"""


class Act(Model):
    """An audit record: who did what, when, from where, and what became of it."""

    id: ActId
    kind: ActKind
    subject: Annotated[str, Personal(Kind.SUBJECT)]
    """session, line, AAA server, correlation domain or trace"""
    arguments: Annotated[dict[str, Any], Personal(Kind.DETAIL)]
    who: str
    """name of the token; "anonymous" without one"""
    origin: str
    """address that it came from"""
    at: Instant
    outcome: ActOutcome
    ended_at: Instant | None
    said: Annotated[str, Personal(Kind.TEXT)]
    answers: tuple[ProcessAnswer, ...] = ()
    """of packet processes, as far as they have answered"""
    unanswered: tuple[str, ...] = ()
    """packet processes that have not answered"""
    audited: tuple[AuditedDomain, ...] = ()
    """of a repair; of more than 100 domains those in which nothing differs are left out"""
    forgotten: ForgottenShown | None = None
    """of forgetting a line"""
