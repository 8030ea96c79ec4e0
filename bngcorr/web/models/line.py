"""An access line, all that is known of it, and which ones are asked for."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bngcorr.web.models.asked import CursorAsked, LimitAsked, OctetsAsked
from bngcorr.web.models.correlation import Accounting, Correlation
from bngcorr.web.models.diagnosis import Diagnosis
from bngcorr.web.models.finding import Finding
from bngcorr.web.models.model import Instant, Model
from bngcorr.web.models.names import RecordName
from bngcorr.web.models.octets import Octets
from bngcorr.web.models.place import Attached, CpeAddress, LineAddress, MacText
from bngcorr.web.models.session import Session


class Whereabouts(Model):
    """Where a line was seen last."""

    bng: str
    attachment: Attached | None
    mac: MacText | None


class Line(Model):
    """An access line."""

    id: RecordName
    domain: str
    remote_id: Octets | None
    circuit_id: Octets | None
    first_seen: Instant | None
    last_seen: Instant | None
    last: Whereabouts
    addresses: tuple[LineAddress, ...]
    """of all its sessions that are up, each once"""
    cpe_address: CpeAddress | None


Entry = Annotated[Correlation | Accounting | Finding, Field(discriminator="kind")]


class LineDetail(Line):
    """A line with all that is known of it."""

    diagnosis: Diagnosis
    timeline: tuple[Entry, ...]
    """the newest first"""
    sessions: tuple[Session, ...]
    findings: tuple[Finding, ...]
    partial: tuple[str, ...] = ()
    """parts that could not be read"""


class LinesQuery(Model):
    """Which lines; all that is given must hold."""

    remote_id: OctetsAsked | None = None
    circuit_id: OctetsAsked | None = None
    limit: LimitAsked = 100
    cursor: CursorAsked = ""
