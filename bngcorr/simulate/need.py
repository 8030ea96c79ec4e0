"""What a story needs of the store before it can go on."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from bngcorr.model.line import LineIds
from bngcorr.store.lesson import Lesson
from bngcorr.store.recollection import Recall, Recollection


@dataclass(slots=True)
class Ask:
    """Recall this."""

    at_ms: int
    recall: Recall
    found: Recollection | None = None  # the answer


@dataclass(slots=True)
class Tell:
    """Write this."""

    at_ms: int
    lessons: list[Lesson]
    words: Sequence[str] = ()  # the answer


@dataclass(slots=True)
class Keep:
    """Walk over the domain's records."""

    at_ms: int
    domain: str


@dataclass(slots=True)
class Plan:
    """Put this line plan in force: ids by the name of a place."""

    at_ms: int
    domain: str
    entries: dict[str, LineIds]


Need = Ask | Tell | Keep | Plan
Steps = Generator[Need, None, None]
