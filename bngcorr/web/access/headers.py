"""What every answer tells the browser: nothing from elsewhere, nothing kept, nothing guessed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

POLICY: Final = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
        "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    )
)  # fmt: skip
ALWAYS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # forms name their origin only if the page may be told where it was left for
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "bngcorr",
}
UNLESS_SET: Final = {"Cache-Control": "no-store"}  # customers' data; style sheets and what has an ETag say otherwise
OVER_TLS: Final = {"Strict-Transport-Security": "max-age=31536000"}


def headers(*, over_tls: bool) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """A signal for `on_response_prepare`: it reaches every answer, of streams and errors too."""
    always = {**ALWAYS, **OVER_TLS} if over_tls else ALWAYS

    async def prepare(_: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(always)
        for name, value in UNLESS_SET.items():
            response.headers.setdefault(name, value)

    return prepare
