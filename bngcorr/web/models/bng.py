"""A BNG: what it holds and may hold, and how well its requests are matched."""

from __future__ import annotations

from bngcorr.model.vocabulary import Mode
from bngcorr.web.models.asked import DaysAsked
from bngcorr.web.models.capacity import (
    CensusShown,
    ForecastShown,
    ObservedShown,
    PeakShown,
    Place,
    Spent,
    Spread,
    TrendPoint,
)
from bngcorr.web.models.model import Instant, Model


class EnterpriseSeen(Model):
    """An enterprise number that was found in front of Remote-Ids."""

    number: int
    first_seen: Instant | None


class Distance(Model):
    """A bar of the histogram."""

    up_to_ms: int | None
    """null: beyond the bar before"""
    matches: int


class Window(Model):
    """How far apart the two requests of matches on rung window are."""

    window_ms: int
    distances: tuple[Distance, ...]


class Bng(Spent):
    """A BNG's entry of the configuration, with all its boxes."""

    name: str
    domain: str
    addresses: tuple[str, ...]
    profile: str
    mode: Mode
    traffic: Spread
    census: CensusShown | None
    """null before lines were counted"""
    enterprise_numbers: tuple[EnterpriseSeen, ...]
    """the lowest first"""
    window: Window


class BngDetail(Bng):
    """A BNG with its trend, cards and ports."""

    peak: PeakShown | None
    forecast: ForecastShown
    observed: ObservedShown | None
    trend: tuple[TrendPoint, ...]
    """the oldest first, at most 400 points of so many days"""
    cards: tuple[Place, ...]
    ports: tuple[Place, ...]
    thresholds: tuple[int, ...]
    """capacity.thresholds, in per cent"""


class BngsQuery(Model):
    """All BNGs are told."""


class BngQuery(Model):
    """How much of a BNG's past."""

    days: DaysAsked = 14
    """how far back samples count for trend and forecast"""
