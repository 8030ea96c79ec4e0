"""Errors of the API as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bngcorr.errors import StoreError

log = structlog.get_logger()


class Problem(Exception):
    """An answer that is not what was asked for."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail


def problem_response(status: int, title: str, detail: str, instance: str) -> web.Response:
    """The body RFC 9457 §3 describes."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": instance}
    headers = {"Retry-After": "2"} if status == 503 else {}
    return web.json_response(body, status=status, content_type="application/problem+json", headers=headers)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns what handlers raise into problems."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem_response(problem.status, problem.title, problem.detail, request.path)
    except StoreError as error:
        return problem_response(503, "The store does not answer", str(error), request.path)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return problem_response(error.status, error.reason, f"{request.method} {request.path}", request.path)
    except Exception:
        log.exception("internal error", path=request.path)
        return problem_response(500, "Internal error", "see the log of the process", request.path)
