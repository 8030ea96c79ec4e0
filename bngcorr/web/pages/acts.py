"""Acts: a question first, then what came of it; and the audit trail of all of them."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from bngcorr.model.vocabulary import ActKind, ActOutcome, Admin
from bngcorr.web.access.caller import caller_of
from bngcorr.web.models.act import Act, ActsQuery, CoaWanted, DisconnectWanted, ForgetWanted, RepairWanted
from bngcorr.web.models.session import Session
from bngcorr.web.models.upstream import UpstreamWanted
from bngcorr.web.pages.asking import asked, checked, fields, seen
from bngcorr.web.pages.confirm import Ask, Field
from bngcorr.web.pages.site import Site, href
from bngcorr.web.problem import Problem
from bngcorr.web.resources.desk import Desk

ATTRIBUTES: Final = 3  # rows of the CoA form
_LOOKS: Final = {
    ActOutcome.DONE: "good", ActOutcome.PENDING: "note", ActOutcome.REFUSED: "warn", ActOutcome.NOTHING: "warn",
}  # fmt: skip
_ADMIN: Final = {
    Admin.UP: "It gets requests again, as the policy of its pool says.",
    Admin.DRAIN: "It gets no new requests; conversations that it has begun go on.",
    Admin.DOWN: "Nothing is sent there any more; what waits for its answer is given up or asked elsewhere.",
}


class Acts:
    """Pages that do something."""

    def __init__(self, site: Site, desk: Desk) -> None:
        self._site = site
        self._desk = desk

    # ---- the audit trail

    async def acts(self, request: web.Request) -> web.StreamResponse:
        """GET /acts: who did what, the newest first."""
        page = seen(request, await self._desk.acts.page(asked(ActsQuery, request)))
        cursor = request.query.get("cursor")
        return self._site.page(
            request,
            "acts.html",
            {
                "page": page,
                "partial": page.partial,
                "next_href": href("/acts", cursor=page.next) if page.next else "",
                "first_href": "/acts" if cursor else "",
            },
        )

    async def act(self, request: web.Request) -> web.StreamResponse:
        """GET /acts/{id}: what was asked for and what came of it; refreshes while it is under way."""
        act = seen(request, await self._desk.acts.one(request.match_info["id"]))
        subject = _place_of(act)
        return self._site.page(
            request,
            "act.html",
            {
                "act": act,
                "running": act.outcome is ActOutcome.PENDING,
                "looks": _LOOKS.get(act.outcome, "bad"),
                "subject_href": subject,
                "back": subject or "/acts",
            },
        )

    def _ask(self, request: web.Request, section: str, ask: Ask, status: int = 200) -> web.Response:
        return self._site.page(request, "ask.html", {"ask": ask}, section=section, status=status)

    # ---- sessions

    async def ask_disconnect(self, request: web.Request) -> web.StreamResponse:
        """GET /sessions/{id}/disconnect."""
        one = seen(request, await self._desk.sessions.one(request.match_info["id"]))
        return self._ask(request, "/sessions", Ask(
            title="Disconnect a session", verb="Disconnect it", grave=True, action=f"/sessions/{one.id}/disconnect",
            back=_home(one), facts=_facts(one),
            text="The BNG is asked to end the session (Disconnect-Request). The customer is offline until the CPE "
            "asks again, usually some seconds.",
        ))  # fmt: skip

    async def disconnect(self, request: web.Request) -> web.StreamResponse:
        """POST /sessions/{id}/disconnect."""
        caller = caller_of(request)
        act = await self._desk.acts.disconnect(
            request.match_info["id"], DisconnectWanted(), who=caller.name, origin=caller.address
        )
        raise _outcome(act)

    async def ask_coa(self, request: web.Request) -> web.StreamResponse:
        """GET /sessions/{id}/coa."""
        return await self._coa_form(request, {}, "", 200)

    async def _coa_form(
        self, request: web.Request, given: dict[str, str], fault: str, status: int
    ) -> web.StreamResponse:
        one = seen(request, await self._desk.sessions.one(request.match_info["id"]))
        boxes = [
            Field(name=f"{part}{at}", label=label, value=given.get(f"{part}{at}", ""), hint=hint if at == 0 else "",
                  required=at == 0)
            for at in range(ATTRIBUTES)
            for part, label, hint in (("name", f"Attribute {at + 1}", "Filter-Id"), ("value", "Value", "throttled"))
        ]  # fmt: skip
        return self._ask(request, "/sessions", Ask(
            title="Change a session", verb="Send CoA-Request", action=f"/sessions/{one.id}/coa", back=_home(one),
            facts=_facts(one), fields=tuple(boxes), fault=fault,
            text="The BNG is asked to change the session (CoA-Request). Names are those of the dictionaries.",
        ), status)  # fmt: skip

    async def coa(self, request: web.Request) -> web.StreamResponse:
        """POST /sessions/{id}/coa."""
        given = await _form(request)
        pairs = [(given.get(f"name{at}", "").strip(), given.get(f"value{at}", "")) for at in range(ATTRIBUTES)]
        try:
            wanted = checked(
                CoaWanted, {"attributes": [{"name": name, "value": value} for name, value in pairs if name]}
            )
            caller = caller_of(request)
            act = await self._desk.acts.coa(request.match_info["id"], wanted, who=caller.name, origin=caller.address)
        except Problem as problem:
            if problem.status not in (400, 422):
                raise
            return await self._coa_form(request, given, problem.detail, problem.status)
        raise _outcome(act)

    # ---- lines

    async def ask_forget(self, request: web.Request) -> web.StreamResponse:
        """GET /lines/{id}/forget."""
        line = seen(request, await self._desk.lines.one(request.match_info["id"]))
        shown = line.remote_id or line.circuit_id
        return self._ask(request, "/lines", Ask(
            title="Forget a line's memory", verb="Forget it", grave=True, action=f"/lines/{line.id}/forget",
            back=f"/lines/{line.id}",
            facts=(("Line", (shown.text or f"0x{shown.hex}") if shown else line.id), ("Last at", line.last.bng)),
            text="What the store remembers of the line (ids, where and when it was seen, its timeline) and its entries "
            "of the history are deleted. Sessions that are up stay. This can't be undone.",
        ))  # fmt: skip

    async def forget(self, request: web.Request) -> web.StreamResponse:
        """POST /lines/{id}/forget."""
        caller = caller_of(request)
        act = await self._desk.acts.forget(
            request.match_info["id"], ForgetWanted(), who=caller.name, origin=caller.address
        )
        raise _outcome(act)

    # ---- AAA servers, ledger

    async def ask_upstream(self, request: web.Request) -> web.StreamResponse:
        """GET /upstreams/{pool}/{name}/{admin}."""
        name, admin = _server(request), _admin(request)
        known = (await self._desk.upstreams.named(name)).items
        return self._ask(request, "/upstreams", Ask(
            title=f"{str(admin).capitalize()}: AAA server {name}", verb=f"Switch to {admin}",
            grave=admin is Admin.DOWN, action=f"/upstreams/{name}/{admin}", back="/upstreams",
            facts=tuple(("now", f"{one.state}, wanted {one.admin or 'differs'}") for one in known),
            text=f"{_ADMIN[admin]} It holds in every packet process until that one ends.",
        ))  # fmt: skip

    async def upstream(self, request: web.Request) -> web.StreamResponse:
        """POST /upstreams/{pool}/{name}/{admin}."""
        wanted = UpstreamWanted(admin=_admin(request))
        caller = caller_of(request)
        act = await self._desk.acts.upstream(_server(request), wanted, who=caller.name, origin=caller.address)
        raise _outcome(act)

    async def ask_repair(self, request: web.Request) -> web.StreamResponse:
        """GET /ledger/repair."""
        return self._ask(request, "", Ask(
            title="Recount the ledger", verb="Recount and repair", action="/ledger/repair", back="/acts",
            text="Hosts of all sessions are counted anew, and counters that differ are set right. It takes some "
            "minutes for a million lines and disturbs nobody.",
        ))  # fmt: skip

    async def repair(self, request: web.Request) -> web.StreamResponse:
        """POST /ledger/repair."""
        caller = caller_of(request)
        act = await self._desk.acts.repair(RepairWanted(), who=caller.name, origin=caller.address)
        raise _outcome(act)


def _outcome(act: Act) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(f"/acts/{act.id}")


def _home(one: Session) -> str:
    return f"/sessions/{one.id}" if one.line is None else f"/lines/{one.line}"


def _facts(one: Session) -> tuple[tuple[str, str], ...]:
    facts = [
        ("Session", one.session_id or one.id), ("State", str(one.state)), ("BNG", one.bng),
        ("Addresses", ", ".join(held.address for held in one.addresses) or "none"),
    ]  # fmt: skip
    if one.mac:
        facts.append(("MAC", one.mac))
    return tuple(facts)


def _place_of(act: Act) -> str:
    """The page of what an act was about."""
    match act.kind:
        case ActKind.DISCONNECT | ActKind.COA:
            return f"/sessions/{act.subject}"
        case ActKind.UPSTREAM:
            return "/upstreams"
        case ActKind.TRACE | ActKind.END_TRACE:
            return f"/traces/{act.subject}"
        case ActKind.FORGET if act.outcome is not ActOutcome.DONE:
            return f"/lines/{act.subject}"
    return ""


def _server(request: web.Request) -> str:
    return f"{request.match_info['pool']}/{request.match_info['name']}"


def _admin(request: web.Request) -> Admin:
    try:
        return Admin(request.match_info["admin"])
    except ValueError:
        raise Problem(404, "Not found", f"{request.match_info['admin'][:64]!r} is none of {', '.join(Admin)}") from None


async def _form(request: web.Request) -> dict[str, str]:
    form = await request.post()
    given = {name: value for name, value in form.items() if isinstance(value, str)}
    return fields(given, given)
