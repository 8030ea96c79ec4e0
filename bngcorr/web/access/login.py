"""The way in for people: a token for a cookie, and the cookie given back."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import quote

from aiohttp import web

LOGIN: Final = "/login"
LOGOUT: Final = "/logout"
TOKEN: Final = "token"  # noqa: S105 -- the name of the form's field
NEXT: Final = "next"
_PLACE: Final = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}")  # of this service: printable ASCII but the backslash


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginShown:
    """What the login page has to say."""

    next: str  # where to go on, for a hidden field of that name
    refused: bool  # what was entered is no token
    needed: bool  # False: everybody may read, there are no tokens to log in with


LoginPage = Callable[[web.Request, LoginShown], Awaitable[web.Response]]


def place_of(given: str | None) -> str:
    """Where to go on: a path of this service, whatever was given."""
    return given if given is not None and _PLACE.fullmatch(given) else "/"


def to_login(request: web.Request) -> web.Response:
    """To the login page, and back afterwards."""
    return web.Response(status=303, headers={"Location": f"{LOGIN}?{NEXT}={quote(request.path_qs, safe='/')}"})


def from_elsewhere(request: web.Request) -> bool:
    """Whether a link of another site was followed: the browser then keeps its cookie back (SameSite=Strict)."""
    return request.headers.get("Sec-Fetch-Site") == "cross-site"


def once_more(request: web.Request) -> web.Response:
    """A page that leads to itself, so that the browser asks again, in our own name and with its cookie."""
    place = escape(place_of(request.path_qs))
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="refresh" content="0;url={place}"><title>bngcorr</title></head>'
        f'<body><p><a href="{place}">Continue</a></p></body></html>'
    )
    return web.Response(text=text, content_type="text/html")


async def plain_login(_: web.Request, shown: LoginShown) -> web.Response:
    """A login page without anything."""
    said = "<p>That is no token.</p>" if shown.refused else ""
    said += "" if shown.needed else "<p>There are no tokens: everybody on this machine may read.</p>"
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>bngcorr</title></head><body>'
        f'{said}<form method="post" action="{LOGIN}"><label>Token <input type="password" name="{TOKEN}"></label>'
        f'<input type="hidden" name="{NEXT}" value="{escape(shown.next)}"><button>Log in</button></form></body></html>'
    )
    return web.Response(text=text, content_type="text/html", status=401 if shown.refused else 200)
