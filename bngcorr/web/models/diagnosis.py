"""How a line or session is."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from bngcorr.web.models.model import Instant, Model
from bngcorr.web.models.personal import Kind, Personal

Sentence = Annotated[str, Personal(Kind.TEXT)]


class State(StrEnum):
    """How a line is, in a word."""

    WELL = "well"  # both families are up, or the one that it has
    WARNING = "warning"  # it works, and something wants looking at
    BAD = "bad"  # a family is dead
    UNKNOWN = "unknown"  # nothing is known


class Diagnosis(Model):
    """What is wrong with a line, in one sentence."""

    state: State
    case: str
    """which of the known cases it is, as a slug"""
    sentence: Sentence
    reason: Sentence
    next_step: Sentence
    since: Instant | None
