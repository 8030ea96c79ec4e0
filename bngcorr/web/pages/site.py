"""How a page is put together: templates, what all of them are told, style sheet and script."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from bngcorr import __version__
from bngcorr.config.web import Scope
from bngcorr.web.access.caller import CALLER, Caller
from bngcorr.web.access.login import LoginShown, place_of
from bngcorr.web.pages import words
from bngcorr.web.problem import Problem
from bngcorr.web.problems import RETRY_AFTER_S

NAV: Final = (
    ("/", "Overview"), ("/live", "Live"), ("/lines", "Lines"), ("/sessions", "Sessions"), ("/bngs", "BNGs"),
    ("/findings", "Findings"), ("/upstreams", "Upstreams"), ("/traces", "Traces"),
)  # fmt: skip
STATIC: Final = {
    "bngcorr.css": "text/css", "live.js": "text/javascript", "icon.svg": "image/svg+xml",
}  # fmt: skip
SCHEMES: Final = ("system", "light", "dark")
COOKIE: Final = "bngcorr-scheme"
YEAR_S: Final = 365 * 86400
MEANINGS: Final = {
    "mac": "MAC address", "address": "address", "prefix": "prefix", "remote_id": "Remote-Id",
    "circuit_id": "Circuit-Id", "user_name": "user name", "session_id": "Acct-Session-Id", "bng": "BNG",
    "port": "port", "name": "name of a line or session",
}  # fmt: skip
LEGS: Final = {
    "from_bng": "from the BNG", "to_aaa": "to AAA", "from_aaa": "from AAA", "to_bng": "to the BNG",
}  # fmt: skip
STEPS: Final = {"start": "Start", "interim": "Interim-Update", "stop": "Stop"}


@pass_context
def _ago(context: Context, instant: str | None) -> str:
    return words.ago(instant, context["now"])


FILTERS: Final[dict[str, Callable[..., object]]] = {
    "spelled": words.spelled, "tone": words.tone, "count": words.count, "per_cent": words.per_cent,
    "ms": words.milliseconds, "bytes": words.bytes_told, "clock": words.clock, "spaced": words.spaced,
    "day_and_clock": words.day_and_clock, "day_short": words.day_short, "place": words.place, "listed": words.listed,
    "by_kind": words.by_kind, "ago": _ago, "meaning": lambda meaning: MEANINGS.get(meaning, meaning),
    "leg": lambda leg: LEGS.get(leg, leg), "step": lambda step: STEPS.get(step, step),
}  # fmt: skip


class Site:
    """The pages' common ground."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._static = {name: files(__package__).joinpath("static", name).read_bytes() for name in STATIC}
        self._tags = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in self._static.items()}
        self._env = Environment(
            loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, auto_reload=False,
        )  # fmt: skip
        self._env.globals |= {
            "nav": NAV, "version": __version__, "static": self._href, "q": "", "partial": (), "taken": taken,
        }  # fmt: skip
        self._env.filters |= FILTERS

    def _href(self, name: str) -> str:
        return f"/static/{name}?v={self._tags[name]}"

    def page(
        self,
        request: web.Request,
        template: str,
        told: Mapping[str, object] = MappingProxyType({}),
        *,
        section: str = "",
        status: int = 200,
    ) -> web.Response:
        """The page, with what stands on all of them. `section`: which entry of the bar it belongs to."""
        now = self._clock()
        caller: Caller | None = request.get(CALLER)
        scheme = request.cookies.get(COOKIE, SCHEMES[0])
        scheme = scheme if scheme in SCHEMES else SCHEMES[0]
        may_act = caller is not None and caller.may(Scope.ACT)
        context: dict[str, Any] = {
            "who": caller if caller is not None and caller.may(Scope.READ) else None,
            "may_act": may_act,
            "no_acts": "" if may_act else "Acts need a token with the scope act (web.tokens).",
            "section": section,
            "here": place_of(request.path_qs),
            "scheme": scheme,
            "next_scheme": SCHEMES[(SCHEMES.index(scheme) + 1) % len(SCHEMES)],
            "now": now,
            "now_shown": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            **told,
        }
        text = self._env.get_template(template).render(context)
        return web.Response(text=text, content_type="text/html", charset="utf-8", status=status)

    # ---- what is the same for everybody

    async def static(self, request: web.Request) -> web.Response:
        """GET /static/{name}: its address changes with its content, so that browsers keep it for good."""
        name = request.match_info["name"]
        if name not in self._static:
            raise Problem(404, "Not found", f"no file {name[:64]!r}")
        return web.Response(
            body=self._static[name], content_type=STATIC[name], charset="utf-8",
            headers={"Cache-Control": f"public, max-age={YEAR_S}, immutable"},
        )  # fmt: skip

    async def appearance(self, request: web.Request) -> web.Response:
        """GET /appearance: light, dark or as the system is, for this browser; then back to where one was."""
        scheme = request.query.get("scheme", SCHEMES[0])
        response = web.Response(status=303, headers={"Location": place_of(request.query.get("back"))})
        if scheme in SCHEMES[1:]:
            response.set_cookie(COOKIE, scheme, max_age=YEAR_S, path="/", httponly=True, samesite="Strict")
        else:
            response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
        return response

    async def login(self, request: web.Request, shown: LoginShown) -> web.Response:
        """The page of /login."""
        return self.page(request, "login.html", {"login": shown})

    def problem(self, request: web.Request, problem: Problem) -> web.Response:
        """A page that says what went wrong."""
        response = self.page(request, "problem.html", {"problem": problem}, status=problem.status)
        if problem.status == 503:
            response.headers["Retry-After"] = RETRY_AFTER_S
        response.headers.update(problem.headers)
        return response


def taken(entry: Any) -> int:
    """How many octets in front of a request's Remote-Id were taken off, or would be: its enterprise number."""
    raw = entry.raw.remote_id if entry.raw is not None else None
    ids = entry.ids.remote_id if entry.ids is not None else None
    if raw is None or ids is None or entry.enterprise_number is None:
        return 0
    return 4 if raw.hex[8:] == ids.hex else 0


def href(path: str, **query: str | int | None) -> str:
    """A link, without what is empty."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path
