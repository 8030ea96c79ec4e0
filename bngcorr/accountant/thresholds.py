"""Findings that hold for a while: when they are told, told again, and over; and near_limit among them. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from bngcorr.accountant.places import Place
from bngcorr.model.usage import USAGE_FIELDS
from bngcorr.model.vocabulary import Finding, Scope
from bngcorr.store.lesson import FindingSeen

BELOW: Final = 2  # points of per cent: so far below a threshold use has to fall before the finding is over
AGAIN_MS: Final = 60_000  # a finding that holds is told again so often

Name = tuple[Finding, str]  # kind and subject, which name a finding within its domain
Told = Mapping[Name, FindingSeen]  # findings that hold, as they were last told


def near_limits(
    places: Iterable[Place], thresholds: Collection[int], held: Collection[Name], domain: str, now_ms: int
) -> dict[Name, FindingSeen]:
    """The findings near_limit that hold: one for each place with a limit and each threshold (per cent) it reaches.

    One that is among `held` goes on until use is `BELOW` the threshold (half of it if that is less), so that two
    processes that look at different moments, or a line that comes and goes, do not open and end it in turn.
    """
    found: dict[Name, FindingSeen] = {}
    for place in places:
        spent, limit = place.spent.host_resources, place.spent.limit
        if limit is None:
            continue
        for threshold in thresholds:
            name = Finding.NEAR_LIMIT, subject_of(place, threshold)
            floor = threshold - min(BELOW, threshold / 2) if name in held else threshold
            if spent * 100 >= floor * limit:
                found[name] = FindingSeen(
                    domain=domain, bng=place.bng, finding=Finding.NEAR_LIMIT, subject=name[1], at_ms=now_ms,
                    detail=_detail(place, threshold),
                )  # fmt: skip
    return found


def subject_of(place: Place, threshold: int) -> str:
    """``bng1 80 %``, ``bng1 card 1 80 %``, ``edge 192.0.2.3 port 1/1/4 90 %``."""
    words = [place.bng]
    if place.scope is not Scope.BNG:
        words += [*([place.box] if place.box else []), str(place.scope), place.name]
    return " ".join([*words, f"{threshold} %"])


def _detail(place: Place, threshold: int) -> str:
    use = place.spent.use
    return json.dumps({
        "scope": str(place.scope), "name": place.name, "box": place.box, "threshold": threshold,
        "host_resources": place.spent.host_resources, "limit": place.spent.limit,
        "use": None if use is None else round(use, 4),
        "usage": {name: getattr(place.usage, name) for name in USAGE_FIELDS},
    })  # fmt: skip


def tell(told: Told, standing: Told, domain: str, now_ms: int) -> tuple[list[FindingSeen], dict[Name, FindingSeen]]:
    """What is to be told, and what was told then.

    A finding is told when it begins, again every `AGAIN_MS` with what it is like by then, and once when it is over.
    """
    lessons: list[FindingSeen] = []
    after: dict[Name, FindingSeen] = {}
    for name, finding in standing.items():
        before = told.get(name)
        if before is None or abs(now_ms - before.at_ms) >= AGAIN_MS:  # abs: the clock may have gone back
            lessons.append(finding)
            after[name] = finding
        else:
            after[name] = before
    lessons += [over(before, domain, now_ms) for name, before in told.items() if name not in standing]
    return lessons, after


def over(finding: FindingSeen, domain: str, now_ms: int) -> FindingSeen:
    """That it has ended."""
    return FindingSeen(
        domain=domain, bng=finding.bng, finding=finding.finding, subject=finding.subject, at_ms=now_ms, over=True
    )
