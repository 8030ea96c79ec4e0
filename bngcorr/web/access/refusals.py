"""What those are told who are not let in, and what the log is told of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import structlog

from bngcorr.config.web import Scope
from bngcorr.web.problem import Problem

EVERY_S: Final = 1.0  # one line of each kind
_CHALLENGE: Final = 'Bearer realm="bngcorr"'

log = structlog.get_logger()


def unauthorized(*, wrong: bool) -> Problem:
    """No token, or none that we know (RFC 6750 §3)."""
    challenge = f'{_CHALLENGE}, error="invalid_token"' if wrong else _CHALLENGE
    detail = "the token is none of web.tokens" if wrong else "a token is needed: Authorization: Bearer …"
    return Problem(401, "Unauthorized", detail, headers={"WWW-Authenticate": challenge})


def forbidden(scope: Scope, *, known: bool) -> Problem:
    """A token that may not do this. `known`: False where there are no tokens at all."""
    challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'
    detail = f"this needs the scope {scope}"
    if not known:
        detail += ": add a token that has it to web.tokens (bngcorr token new)"
    return Problem(403, "Forbidden", detail, headers={"WWW-Authenticate": challenge})


def too_often(wait_s: float) -> Problem:
    """More than web.rate allows."""
    seconds = max(1, math.ceil(wait_s))
    return Problem(429, "Too many requests", f"ask again in {seconds} s", headers={"Retry-After": str(seconds)})


class Refusals:
    """Log lines: one a second of each kind, with the count of those left out."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._told: dict[str, tuple[float, int]] = {}  # when, and how many were left out since

    def tell(self, what: str, **fields: str) -> None:
        """`what`: one of few texts. Never the token."""
        now = self._clock()
        at, suppressed = self._told.get(what, (-math.inf, 0))
        if now - at < EVERY_S:
            self._told[what] = at, suppressed + 1
            return
        self._told[what] = now, 0
        log.warning(what, **{name: value[:128] for name, value in fields.items()}, suppressed=suppressed)
