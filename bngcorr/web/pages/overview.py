"""The first page: whether all is well, and where it is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from bngcorr.model.vocabulary import Admin, Condition
from bngcorr.web.models.bng import BngsQuery
from bngcorr.web.models.capacity import WholePlace
from bngcorr.web.models.correlation import Correlation, CorrelationsQuery
from bngcorr.web.models.finding import FindingsQuery
from bngcorr.web.models.hosts import HostsQuery
from bngcorr.web.models.process import Process
from bngcorr.web.models.upstream import Upstream
from bngcorr.web.pages.asking import seen
from bngcorr.web.pages.bngs import fullest_first
from bngcorr.web.pages.figures import bars, distances, matches
from bngcorr.web.pages.site import Site
from bngcorr.web.resources.desk import Desk

BNGS: Final = 6
EVENTS: Final = 12
LOOKED_AT: Final = 500  # recent requests that the ratio is of
FINDINGS: Final = 4
MOST_FINDINGS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that everybody should know first."""

    tone: str
    title: str
    text: str
    link: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Of all BNGs together."""

    bngs: int
    sessions: int
    dual: int
    v4_only: int
    v6_only: int

    @property
    def lines(self) -> int:
        """Those that were counted."""
        return self.dual + self.v4_only + self.v6_only


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamWord:
    """An AAA server in the strip."""

    name: str
    word: str
    rtt_ms: float | None


class Overview:
    """The page `/`."""

    def __init__(self, site: Site, desk: Desk) -> None:
        self._site = site
        self._desk = desk

    async def overview(self, request: web.Request) -> web.StreamResponse:
        """GET /."""
        desk = self._desk
        began = time.perf_counter()
        findings = await desk.findings.page(FindingsQuery(state="open", limit=MOST_FINDINGS))
        store_ms = round(1000 * (time.perf_counter() - began), 1)
        hosts, page, recent, upstreams, processes = await asyncio.gather(
            desk.hosts.page(HostsQuery()),
            desk.bngs.page(BngsQuery()),
            desk.correlations.page(CorrelationsQuery(order="newest", limit=LOOKED_AT)),
            desk.upstreams.page(),
            desk.processes.page(),
        )
        places = fullest_first(hosts.items)
        requests = [one for one in recent.items if isinstance(one, Correlation)]
        shown = seen(request, recent.model_copy(update={"items": recent.items[:EVENTS]}))
        windows = [one.window.window_ms for one in page.items]
        return self._site.page(
            request,
            "overview.html",
            {
                "troubles": troubles(upstreams.items, processes.items),
                "matches": matches(requests),
                "totals": _totals(places),
                "open": len(findings.items),
                "open_more": len(findings.items) >= MOST_FINDINGS,
                "findings": seen(request, findings).items[:FINDINGS],
                "upstreams": [_word(one) for one in upstreams.items],
                "processes": processes.items,
                "store_ms": store_ms,
                "capacities": [bars(one.bng, one, hosts.thresholds) for one in places[:BNGS]],
                "distances": distances([one.window.distances for one in page.items], min(windows, default=0)),
                "events": shown.items,
                "partial": tuple(dict.fromkeys((*findings.partial, *hosts.partial, *page.partial, *recent.partial))),
            },
            section="/",
        )


def troubles(upstreams: Sequence[Upstream], processes: Sequence[Process]) -> list[Trouble]:
    """What of the service itself is not as it should be, the gravest first."""
    found = []
    if not processes:
        found.append(Trouble(
            tone="warn", title="No packet process was heard of within 10 s.",
            text="What stands here may be old. Look whether bngcorr serve runs and reaches the same store.",
            link="/upstreams", word="Processes",
        ))  # fmt: skip
    if any(one.parts.get("sources") == "translated" for one in processes):
        found.append(Trouble(
            tone="bad", title="Requests arrive from inside the cluster.",
            text="The BNGs' own addresses are replaced on the way, so none of them is known: the load balancer, its "
            "externalTrafficPolicy or the CNI does that.", link="/upstreams", word="Processes",
        ))  # fmt: skip
    usable = [one for one in upstreams if one.state is not Condition.DEAD and one.admin is not Admin.DOWN]
    dead = [one.name for one in upstreams if one.state is Condition.DEAD]
    if upstreams and not usable:
        found.append(Trouble(
            tone="bad", title="No AAA server answers.", text="Nobody can be authenticated.", link="/upstreams",
            word="Upstreams",
        ))  # fmt: skip
    elif dead:
        found.append(Trouble(
            tone="warn", title=f"{', '.join(dead)} {'does' if len(dead) == 1 else 'do'} not answer.",
            text="The other AAA servers take the requests.", link="/upstreams", word="Upstreams",
        ))  # fmt: skip
    unready = [one for one in processes if not one.ready]
    if unready and not (upstreams and not usable):
        names = ", ".join(f"{one.host} {one.pid}" for one in unready)
        found.append(Trouble(
            tone="warn", title=f"Not ready: {names}.", text="", link="/upstreams", word="Processes"
        ))  # fmt: skip
    return found


def _word(one: Upstream) -> UpstreamWord:
    word = str(one.state) if one.admin is Admin.UP or one.admin is None else str(one.admin)
    return UpstreamWord(name=one.name, word=word, rtt_ms=None if one.rtt_s is None else round(1000 * one.rtt_s, 1))


def _totals(places: Sequence[WholePlace]) -> Totals:
    counted = [one.census for one in places if one.census is not None]
    return Totals(
        bngs=len(places), sessions=sum(one.usage.sessions for one in places),
        dual=sum(one.dual_stack for one in counted), v4_only=sum(one.v4_only for one in counted),
        v6_only=sum(one.v6_only for one in counted),
    )  # fmt: skip
