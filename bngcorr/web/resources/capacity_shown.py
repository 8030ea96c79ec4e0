"""Usage, limits, growth and what boxes say, as models."""

from __future__ import annotations

from bngcorr.accountant.capacity import Capacity
from bngcorr.accountant.cost import CostTable
from bngcorr.accountant.observed import Difference, compare
from bngcorr.accountant.places import Place as PlaceSpent
from bngcorr.accountant.trend import Forecast, TimeToFull, Trend
from bngcorr.model.usage import Traffic, Usage
from bngcorr.store.rows import Observed, Peak
from bngcorr.web.models.capacity import (
    CensusShown,
    ForecastShown,
    FullIn,
    Growth,
    ObservedFigure,
    ObservedShown,
    PeakShown,
    Place,
    Spent,
    Spread,
    UsageShown,
)
from bngcorr.web.resources.shown import if_ever, readable


def usage_shown(usage: Usage) -> UsageShown:
    """Hosts by kind, and the figures that count sessions."""
    return UsageShown.model_validate(usage, from_attributes=True)


def spent_shown(usage: Usage, table: CostTable, spent: Capacity) -> Spent:
    """Host resources against the limit."""
    return Spent(
        usage=usage_shown(usage),
        cost_table=table.name,
        host_resources=spent.host_resources,
        limit=spent.limit,
        headroom=spent.headroom,
        use=None if spent.use is None else round(spent.use, 4),
    )


def census_shown(census: tuple[int, int, int] | None) -> CensusShown | None:
    """Lines dual stack, IPv4 only, IPv6 only; null before they were counted."""
    return None if census is None else CensusShown(dual_stack=census[0], v4_only=census[1], v6_only=census[2])


def spread_shown(traffic: Traffic) -> Spread:
    """Octets of a BNG by family, and IPv6's part of what can be told apart."""
    share = traffic.v6_share
    return Spread(
        v4=traffic.v4, v6=traffic.v6, either=traffic.either, v6_share=None if share is None else round(share, 4)
    )


def place_shown(place: PlaceSpent, table: CostTable) -> Place:
    """A BNG, card or port."""
    return Place(
        scope=place.scope,
        bng=place.bng,
        box=place.box or None,
        name=readable(place.name) or None,
        **spent_shown(place.usage, table, place.spent).model_dump(),
    )


def peak_shown(peak: Peak | None) -> PeakShown | None:
    """None: there was no sample."""
    return None if peak is None else PeakShown(host_resources=peak.host_resources, at=if_ever(peak.at_ms))


def forecast_shown(found: Forecast) -> ForecastShown:
    """Growth, and when the limit is reached."""
    return ForecastShown(
        per_day=None if found.trend is None else _growth_shown(found.trend),
        full_in_s=None if found.full is None else _full_shown(found.full),
        reason=None if found.why is None else str(found.why),
    )


def _growth_shown(growth: Trend) -> Growth:
    return Growth(
        expected=round(growth.per_day, 1), low=round(growth.low, 1), high=round(growth.high, 1),
        samples=growth.samples, span_s=round(growth.span_s), daily_rhythm=growth.daily_rhythm,
    )  # fmt: skip


def _full_shown(full: TimeToFull) -> FullIn:
    def whole(seconds: float | None) -> int | None:
        return None if seconds is None else round(seconds)

    return FullIn(expected=whole(full.expected_s), earliest=whole(full.earliest_s), latest=whole(full.latest_s))


def observed_shown(said: Observed | None, then: Usage | None, table: CostTable) -> ObservedShown | None:
    """What the box said, beside what the ledger had at that time; alone if nothing is known of then."""
    if said is None:
        return None
    compared = {row.figure: row for row in compare(said, then, table)} if then is not None else {}
    return ObservedShown(
        at=if_ever(said.at_ms),
        figures=tuple(_figure_shown(name, figure, compared.get(name)) for name, figure in said.figures),
    )


def _figure_shown(name: str, figure: int, row: Difference | None) -> ObservedFigure:
    return ObservedFigure(
        figure=name,
        observed=figure,
        ours=None if row is None else row.ours,
        difference=None if row is None else row.difference,
        per_cent=None if row is None or row.per_cent is None else round(row.per_cent, 1),
    )
