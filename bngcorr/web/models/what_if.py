"""What a BNG would spend if something were different."""

from __future__ import annotations

from bngcorr.web.models.asked import BngAsked, FlagAsked
from bngcorr.web.models.capacity import CensusShown, Spent, UsageShown
from bngcorr.web.models.model import Model


class WhatIfQuery(Model):
    """What would be different; the steps are taken in this order."""

    bng: BngAsked
    """name of a configured BNG"""
    merge: tuple[BngAsked, ...] = ()
    """another one whose hosts come here; may be repeated"""
    dual_stack: FlagAsked = False
    """lines that have only IPv4 get IPv6 as well"""
    drop_ia_na: FlagAsked = False
    """CPEs get no address of their own, only a prefix"""
    cost_table: BngAsked | None = None
    """name of a cost table"""


class Situation(Spent):
    """What is spent, by how many lines."""

    census: CensusShown | None


class Difference(Model):
    """After minus before."""

    usage: UsageShown
    host_resources: int


class WhatIf(Model):
    """A BNG as it is, and as it would be."""

    bng: str
    before: Situation
    after: Situation
    difference: Difference
    assumed: tuple[str, ...]
