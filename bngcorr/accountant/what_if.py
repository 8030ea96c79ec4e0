"""What a BNG would spend if …: each step turns one situation into another, and they compose in any order. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bngcorr.accountant.capacity import Capacity
from bngcorr.accountant.cost import CostTable
from bngcorr.model.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """Lines by what they hold."""

    dual: int = 0
    v4_only: int = 0
    v6_only: int = 0

    @property
    def lines(self) -> int:
        """All of them."""
        return self.dual + self.v4_only + self.v6_only

    def __add__(self, other: Census) -> Census:
        return Census(
            dual=self.dual + other.dual, v4_only=self.v4_only + other.v4_only, v6_only=self.v6_only + other.v6_only
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a BNG holds, how that is counted, what it can bear; and what was assumed on the way here, in sentences."""

    usage: Usage
    census: Census | None  # None: lines were not counted yet
    table: CostTable
    limit: int | None
    assumed: tuple[str, ...] = ()

    @property
    def spent(self) -> Capacity:
        """Host resources against the limit."""
        return Capacity(self.table.resources(self.usage), self.limit)


def merge(here: Situation, there: Situation, name: str) -> Situation:
    """The hosts of another BNG (`name`) come here as well; cost table and limit stay those of this one."""
    priced = f"The hosts of {name} cost what cost table {here.table.name} says, against the limit that is here."
    return replace(
        here,
        usage=here.usage + there.usage,
        census=_counted(here) + _counted(there),
        assumed=tuple(dict.fromkeys((*_estimated(here), *_estimated(there), *here.assumed, *there.assumed, priced))),
    )


def dual_stack(here: Situation) -> Situation:
    """Every line that has only IPv4 gets IPv6 as well: what a line with IPv6 has here on average, rounded up.

    Where no line has any, each IPv4 address is a line, and gets one IA_NA and one IA_PD. Sessions stay as they are
    unless there are more than lines: then the further ones are those of the lines with IPv6, and the others get as
    many.
    """
    usage, census = here.usage, _counted(here)
    new, with_v6 = census.v4_only, census.dual + census.v6_only
    v6 = usage.ia_na + usage.ia_pd + usage.slaac + usage.pd_route
    if with_v6 and v6:
        each = f"what the {with_v6} lines with IPv6 have on average"
    else:
        each, with_v6, new = "one IA_NA and one IA_PD", 1, max(new, usage.v4)
        usage = replace(usage, ia_na=1, ia_pd=1, slaac=0, pd_route=0, na_or_pd=1)
    grown = Usage(
        v4=here.usage.v4,
        ia_na=here.usage.ia_na + _part(usage.ia_na, new, with_v6),
        ia_pd=here.usage.ia_pd + _part(usage.ia_pd, new, with_v6),
        slaac=here.usage.slaac + _part(usage.slaac, new, with_v6),
        pd_route=here.usage.pd_route + _part(usage.pd_route, new, with_v6),
        na_or_pd=here.usage.na_or_pd + _part(usage.na_or_pd, new, with_v6),
        sessions=here.usage.sessions,
    )
    assumed = [*_estimated(here), f"{new} lines that have only IPv4 get {each}."]
    further = max(0, here.usage.sessions - census.lines) if v6 else 0
    if further:
        grown = replace(grown, sessions=here.usage.sessions + _part(further, new, with_v6))
        assumed.append("Lines with IPv6 hold more than one session, and the new ones will hold as many.")
    else:
        assumed.append("IPv6 comes within the sessions that are there.")
    return replace(
        here,
        usage=grown,
        census=Census(dual=census.dual + new, v6_only=census.v6_only),
        assumed=(*here.assumed, *assumed),
    )


def drop_ia_na(here: Situation) -> Situation:
    """No IA_NA any more: the WAN link of the CPE has its link-local address only."""
    usage = here.usage
    return replace(
        here,
        usage=replace(usage, ia_na=0, na_or_pd=min(usage.na_or_pd, usage.ia_pd)),
        assumed=(
            *here.assumed,
            "No IA_NA is given any more; every IA_PD stays, one in a session, and no session ends.",
        ),
    )  # fmt: skip


def with_table(here: Situation, table: CostTable) -> Situation:
    """The box counts by another cost table; the limit stays."""
    return replace(
        here, table=table, assumed=(*here.assumed, f"The box counts by cost table {table.name}; its limit is the same.")
    )


def _counted(here: Situation) -> Census:
    """The census, or one estimated from hosts: a line has one IPv4 address, and of IPv6 one of each kind it has."""
    if here.census is not None and _fits(here.census, here.usage):
        return here.census
    usage = here.usage
    with_v6 = max(usage.ia_na, usage.ia_pd + usage.pd_route, usage.slaac)
    both = min(usage.v4, with_v6)
    return Census(dual=both, v4_only=usage.v4 - both, v6_only=with_v6 - both)


def _estimated(here: Situation) -> tuple[str, ...]:
    """What is to be said of the lines."""
    if here.census is None or not here.census.lines:
        return ("Lines are estimated from the hosts, for they were not counted.",)
    if not _fits(here.census, here.usage):
        return ("Lines are estimated from the hosts, for these are of other families than the lines counted last.",)
    return ()


def _fits(census: Census, usage: Usage) -> bool:
    """Whether there are hosts of the families that lines have, and no others: lines are counted less often."""
    v6 = usage.ia_na + usage.ia_pd + usage.slaac + usage.pd_route
    return (
        census.lines > 0
        and (census.dual + census.v4_only > 0) == (usage.v4 > 0)
        and (census.dual + census.v6_only > 0) == (v6 > 0)
    )


def _part(figure: int, new: int, of: int) -> int:
    """`figure` of so many lines, for so many new ones; rounded up."""
    return -(-figure * new // of)
