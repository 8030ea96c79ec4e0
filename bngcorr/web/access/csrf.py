"""A form of another site must not act in the name of whoever is logged in here.

A login has a random text of its own, which its pages put into their forms (`FIELD`) and their script into a header
(`HEADER`). Without it no unsafe method is taken from a cookie. Callers with a bearer token need none: no browser sends
theirs by itself.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from bngcorr.web.access.caller import caller_of

FIELD: Final = "csrf"
HEADER: Final = "X-CSRF-Token"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def csrf_of(request: web.Request) -> str:
    """What a form of this page has to bring in `FIELD`; "" where nobody is logged in."""
    return caller_of(request).csrf


async def brought(request: web.Request) -> str:
    """What a request brings: in the header, else in the form."""
    given = request.headers.get(HEADER)
    if given is None and request.content_type == "application/x-www-form-urlencoded":
        field = (await request.post()).get(FIELD)
        given = field if isinstance(field, str) else None
    return given or ""


def same(expected: str, given: str) -> bool:
    """In a time that tells nothing; nothing equals ""."""
    return expected != "" and compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))


def from_here(request: web.Request) -> bool:
    """Whether the browser says that it asks on behalf of one of our pages, or says nothing."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host
