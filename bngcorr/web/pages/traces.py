"""Subject traces: what was kept of the requests of one CPE, id, user, line or BNG."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from bngcorr.model.vocabulary import ActOutcome
from bngcorr.web.access.caller import caller_of
from bngcorr.web.models.trace import TraceQuery, TraceWanted
from bngcorr.web.pages.asking import asked, checked, fields, seen
from bngcorr.web.pages.confirm import Ask
from bngcorr.web.pages.site import Site, href
from bngcorr.web.problem import Problem
from bngcorr.web.resources.desk import Desk

KINDS: Final = (
    ("mac", "MAC address"), ("id", "Remote- or Circuit-Id"), ("user_name", "user name"), ("line", "line"),
    ("bng", "BNG"),
)  # fmt: skip
_NEW: Final = ("kind", "value", "lasts_s")


class Traces:
    """Pages of traces."""

    def __init__(self, site: Site, desk: Desk) -> None:
        self._site = site
        self._desk = desk

    async def traces(self, request: web.Request) -> web.StreamResponse:
        """GET /traces: those that run or are kept, and a form for another."""
        page = seen(request, await self._desk.traces.page())
        given = fields(request.query, ("new", "kind", "value"))
        return self._site.page(
            request,
            "traces.html",
            {"page": page, "asked": given, "trace_kinds": KINDS, "partial": page.partial},
            section="/traces",
        )

    async def trace(self, request: web.Request) -> web.StreamResponse:
        """GET /traces/{id}: decoded packets, request by request."""
        name = request.match_info["id"]
        kept = seen(request, await self._desk.traces.one(name, asked(TraceQuery, request)))
        goes_on = kept.next if len(kept.items) >= TraceQuery().limit else None
        return self._site.page(
            request,
            "trace.html",
            {
                "trace": kept.trace,
                "requests": kept.items,
                "next_href": href(f"/traces/{name}", cursor=goes_on) if goes_on else "",
                "first_href": f"/traces/{name}" if request.query.get("cursor") else "",
            },
            section="/traces",
        )

    async def ask_new(self, request: web.Request) -> web.StreamResponse:
        """GET /traces/new: whose packets shall be kept?"""
        given = fields(request.query, _NEW)
        _wanted(given)
        kind = dict(KINDS)[given["kind"]]
        ask = Ask(
            title="Start a trace", verb="Start it", action="/traces/new", back="/traces", hidden=given,
            facts=((kind, given["value"]), ("for", f"{given['lasts_s'] or '600'} s")),
            text=f"Every packet process keeps the requests of this {kind}, decoded, on all four legs of their way. "
            "Passwords and secrets are not kept. It ends by itself; what it kept is forgotten an hour later.",
        )  # fmt: skip
        return self._site.page(request, "ask.html", {"ask": ask}, section="/traces")

    async def new(self, request: web.Request) -> web.StreamResponse:
        """POST /traces/new."""
        form = await request.post()
        given = fields({name: value for name, value in form.items() if isinstance(value, str)}, _NEW)
        caller = caller_of(request)
        act = await self._desk.acts.start_trace(_wanted(given), who=caller.name, origin=caller.address)
        raise web.HTTPSeeOther(f"/traces/{act.subject}" if act.outcome is ActOutcome.DONE else f"/acts/{act.id}")

    async def ask_end(self, request: web.Request) -> web.StreamResponse:
        """GET /traces/{id}/end."""
        name = request.match_info["id"]
        trace = seen(request, await self._desk.traces.one(name, TraceQuery(limit=1))).trace
        ask = Ask(
            title="End a trace", verb="End it", action=f"/traces/{name}/end", back=f"/traces/{name}",
            text="No more requests are kept. What was kept so far stays for an hour.",
            facts=((str(trace.by), trace.value),),
        )  # fmt: skip
        return self._site.page(request, "ask.html", {"ask": ask}, section="/traces")

    async def end(self, request: web.Request) -> web.StreamResponse:
        """POST /traces/{id}/end."""
        name = request.match_info["id"]
        caller = caller_of(request)
        act = await self._desk.acts.end_trace(name, who=caller.name, origin=caller.address)
        raise web.HTTPSeeOther(f"/traces/{name}" if act.outcome is ActOutcome.DONE else f"/acts/{act.id}")


def _wanted(given: dict[str, str]) -> TraceWanted:
    """Raises Problem."""
    if given["kind"] not in dict(KINDS):
        raise Problem(400, "That can't be", f"kind={given['kind'][:64]!r} is nothing that can be traced")
    return checked(TraceWanted, {given["kind"]: given["value"].strip(), "lasts_s": given["lasts_s"] or 600})
