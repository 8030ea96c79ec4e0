"""The operator's file, on accounting: what hosts cost, what a BNG can bear, the spool, the history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from bngcorr.config.fields import Duration, Seconds
from bngcorr.config.section import Section

Count = Annotated[int, Field(ge=0, le=1_000)]
Limit = Annotated[int, Field(ge=1, le=1 << 31)]
Percent = Annotated[int, Field(ge=1, le=100)]


def _place(name: str) -> str:
    if not name.strip():
        raise ValueError('the name of a card or port, or "*"')
    return name


def _sampled(seconds: float) -> float:
    if not 60 <= seconds <= 86_400:
        raise ValueError('a duration of "60s" to "1d"')
    return seconds


def _kept(seconds: float) -> float:
    if seconds < 86_400:
        raise ValueError('a duration of at least "1d": files are by the day')
    return seconds


Place = Annotated[str, AfterValidator(_place)]


class CostTableSettings(Section):
    """Host resources that each thing costs, each 0 … 1000."""

    v4: Count = 0
    """An IPv4 address."""
    ia_na: Count = 0
    """An IA_NA address."""
    ia_pd: Count = 0
    """A delegated prefix."""
    slaac: Count = 0
    """A prefix for SLAAC."""
    pd_route: Count = 0
    """A delegated prefix that rides as a managed route."""
    session: Count = 0
    """A session, whatever it holds."""
    na_or_pd: Count = 0
    """A session that holds an IA_NA address, a delegated prefix or both."""


COST_TABLES: Final = ("sros-classic", "sros-r12-shared", "sros-pd-managed-route", "session")  # come with bngcorr


class Limits(Section):
    """What the BNG can bear, in host resources of its cost table; each limit 1 … 2³¹."""

    host_resources: Limit | None = None
    """The whole box. None: not known."""
    cards: dict[Place, Limit] = Field(default={})
    """Each card by its slot, "*" for those that are not named."""
    ports: dict[Place, Limit] = Field(default={})
    """Each port by its name as NAS-Port-Id tells it without VLANs, "*" for those that are not named."""


class Capacity(Section):
    """When a BNG is nearly full, and what is kept to see it coming."""

    thresholds: tuple[Percent, ...] = (80, 90)
    """Per cent of a limit from which on it is a finding (near_limit), one for each."""
    tolerance: Percent = 2
    """Per cent by which the box's own figures may differ from ours before it is a finding (ledger_differs)."""
    sample_every: Annotated[Duration, AfterValidator(_sampled)] = Seconds(300.0)
    """How often usage is noted for the trend, "60s" to "1d"; noted once, however many processes there are."""


class Spool(Section):
    """Accounting on disk, acknowledged before AAA has answered."""

    enabled: bool = False
    """Acknowledge what is durable on disk, and send it on behind. `spool: on` is short for this with all defaults."""
    path: Path = Path("var/spool.db")
    """The file, on a local disk; one for each packet process."""
    max_records: Limit = 1_000_000
    """Records kept, at most 2³¹; beyond it nothing is acknowledged any more."""
    max_octets: Annotated[int, Field(ge=1_048_576)] = 2_147_483_648
    """Size of the file on disk; beyond it nothing is acknowledged any more."""
    rate: Limit = 1_000
    """Records a second sent to AAA at most while older ones wait."""
    drain: Duration = Seconds(0.0)
    """How long after SIGTERM and listen.lameduck the process stays until AAA and the store have all that is spooled."""


class History(Section):
    """Who held which address: closed sessions, one JSON object a line, on disk."""

    directory: Path | None = None
    """Folder of the files, one a day. None: no history."""
    keep: Annotated[Duration, AfterValidator(_kept)] = Seconds(180 * 86_400.0)
    """How long a file is kept, at least "1d"."""
    max_octets: Annotated[int, Field(ge=1_048_576)] = 1_073_741_824
    """Size at which a day's file is closed and the next one begun."""
    backlog: Annotated[int, Field(ge=1_000)] = 100_000
    """Closed sessions kept in the store for each domain while nobody writes them down; then the oldest go."""


__all__ = ["COST_TABLES", "Capacity", "CostTableSettings", "History", "Limits", "Spool"]
