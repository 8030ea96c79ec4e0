"""Subject traces: which requests are wanted, and what was kept of them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bngcorr.model.vocabulary import Leg, TraceBy
from bngcorr.web.models.asked import BngAsked, CursorAsked, LimitAsked, LineAsked, MacAsked, OctetsAsked, refused
from bngcorr.web.models.model import Instant, Model
from bngcorr.web.models.personal import Kind, Personal

Text = Annotated[str, Personal(Kind.TEXT)]
TraceId = Annotated[str, Field(pattern="^[0-9a-f]{12}$", examples=["5f0c9be1d2a4"])]


class TraceWanted(Model):
    """Whose requests to keep: exactly one of mac, id, user_name, line and bng."""

    mac: MacAsked | None = None
    id: OctetsAsked | None = None
    """Remote-Id or Circuit-Id, as text, or as hexadecimal behind 0x"""
    user_name: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    line: LineAsked | None = None
    bng: BngAsked | None = None
    lasts_s: Annotated[int, Field(ge=10, le=3600)] = 600

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(value is not None for value in (self.mac, self.id, self.user_name, self.line, self.bng)) != 1:
            raise refused("names not exactly one of mac, id, user_name, line and bng")
        return self


class TraceQuery(Model):
    """Which part of what a trace has kept."""

    cursor: CursorAsked = ""
    limit: LimitAsked = 100


class KeptBy(Model):
    """How much of a trace one packet process has kept."""

    process: str
    requests: int
    full: bool
    """it keeps no more"""


class Trace(Model):
    """A trace: it ends by itself, and an hour later it is forgotten."""

    id: TraceId
    by: TraceBy
    value: Annotated[str, Personal(Kind.OCTETS)]
    """what it looks for: text, or hexadecimal behind 0x"""
    who: str
    started_at: Instant
    until: Instant
    state: Literal["running", "over"]
    requests: int
    """that can be read"""
    processes: tuple[KeptBy, ...]
    """while it runs"""


class AttributeShown(Model):
    """An attribute of a packet."""

    name: str
    """as of the dictionaries; "Attr-241" or "Vendor-9-Attr-1" for one that they do not know"""
    value: Annotated[str | None, Personal(Kind.VALUE)]
    """null: it is secret, and was not kept"""
    hex: Annotated[str | None, Personal(Kind.HEX)]


class PacketShown(Model):
    """A packet on its way."""

    leg: Leg
    at: Instant
    after_ms: int
    """since the request came"""
    peer: str
    """where it came from, or went"""
    code: str
    identifier: int
    octets: int
    attributes: tuple[AttributeShown, ...]
    cut: bool
    """further attributes are left out"""


class TracedRequestShown(Model):
    """One request, and what became of it."""

    process: str
    request: str
    """its name in logs, correlations and timelines"""
    at: Instant
    bng: str
    trigger: str
    strength: str | None
    outcome: str | None
    """of the verdict; null if it was dropped before one"""
    rung: str | None
    key: str | None
    line: str | None
    distance_ms: int | None
    held_ms: int | None
    end: str
    """answered, acknowledged (the spool has it), delivered (from the spool to AAA), or why it was dropped"""
    packets: tuple[PacketShown, ...]


class TraceKept(Model):
    """A trace, and a part of what it has kept, the oldest first."""

    trace: Trace
    items: tuple[TracedRequestShown, ...]
    next: str | None
    """cursor behind the last item, also of the last page while the trace runs; null: nothing can follow"""
