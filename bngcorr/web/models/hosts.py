"""What BNGs, cards and ports spend, as a table."""

from __future__ import annotations

from bngcorr.model.vocabulary import Scope
from bngcorr.web.models.asked import BngAsked, DaysAsked
from bngcorr.web.models.capacity import Place, WholePlace
from bngcorr.web.models.model import Model


class HostsPage(Model):
    """Rows of `/v1/hosts`."""

    items: tuple[WholePlace | Place, ...]
    next: str | None = None
    partial: tuple[str, ...] = ()
    """Correlation domains whose part of the store did not answer: their rows are missing."""
    thresholds: tuple[int, ...]
    """capacity.thresholds, in per cent"""


class HostsQuery(Model):
    """Which rows."""

    bng: BngAsked | None = None
    """name of a configured BNG; default: all"""
    by: Scope = Scope.BNG
    """what has a row"""
    days: DaysAsked = 14
    """how far back samples count for the forecast"""
