"""What is spent of what a BNG, card or port can bear, and for how long that will do."""

from __future__ import annotations

from bngcorr.model.vocabulary import Scope
from bngcorr.web.models.model import Instant, Model


class UsageShown(Model):
    """Distinct hosts by kind, and the figures that count sessions."""

    v4: int
    ia_na: int
    ia_pd: int
    slaac: int
    pd_route: int
    sessions: int
    na_or_pd: int


class Spread(Model):
    """Octets by family."""

    v4: int
    v6: int
    either: int
    v6_share: float | None
    """IPv6's part of what can be told apart"""


class CensusShown(Model):
    """Lines by what they hold."""

    dual_stack: int
    v4_only: int
    v6_only: int


class Spent(Model):
    """Host resources against a limit."""

    usage: UsageShown
    cost_table: str
    host_resources: int
    limit: int | None
    headroom: int | None
    use: float | None
    """part of the limit that is spent, 1 at the limit"""


class PeakShown(Model):
    """The most that it ever spent."""

    host_resources: int
    at: Instant | None


class Growth(Model):
    """Host resources a day; nine times of ten between low and high."""

    expected: float
    low: float
    high: float
    samples: int
    span_s: int
    daily_rhythm: bool


class FullIn(Model):
    """Seconds until the limit."""

    expected: int | None
    earliest: int | None
    latest: int | None


class ForecastShown(Model):
    """Growth, and when the limit is reached."""

    per_day: Growth | None
    full_in_s: FullIn | None
    reason: str | None
    """why one of them is null"""


class ObservedFigure(Model):
    """What the box says, beside what we have."""

    figure: str
    observed: int
    ours: int | None
    difference: int | None
    per_cent: float | None


class ObservedShown(Model):
    """What the box said last."""

    at: Instant | None
    figures: tuple[ObservedFigure, ...]


class Place(Spent):
    """A card or port, and what it spends."""

    scope: Scope
    bng: str
    box: str | None
    """source address of the box in a network of several"""
    name: str | None
    """null for what no card or port is known of"""


class WholePlace(Place):
    """A BNG, and what it spends."""

    peak: PeakShown | None
    forecast: ForecastShown
    traffic: Spread
    census: CensusShown | None
    observed: ObservedShown | None


class TrendPoint(Model):
    """Usage at one instant."""

    at: Instant | None
    host_resources: int
    usage: UsageShown
