"""Errors of the API as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bngcorr.errors import StoreError
from bngcorr.web.models.problem import ProblemShown
from bngcorr.web.problem import Problem

RETRY_AFTER_S: Final = "2"  # of the store

log = structlog.get_logger()


def problem_response(problem: Problem, instance: str) -> web.Response:
    """The body RFC 9457 §3 describes."""
    shown = ProblemShown(
        title=problem.title, status=problem.status, detail=problem.detail, instance=instance, errors=problem.errors
    )
    headers = {"Retry-After": RETRY_AFTER_S, **problem.headers} if problem.status == 503 else problem.headers
    return web.json_response(
        text=shown.model_dump_json(), status=problem.status, content_type="application/problem+json", headers=headers
    )


def problem_of(error: Exception, path: str) -> Problem:
    """What an error comes to; one that is none of ours goes to the log."""
    match error:
        case Problem():
            return error
        case StoreError():
            return Problem(503, "The store does not answer", str(error))
    log.error("internal error", path=path, exc_info=error)
    return Problem(500, "Internal error", "see the log of the process")


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns what handlers raise into problems."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        response = problem_response(
            Problem(error.status, error.reason, f"{request.method} {request.path}"), request.path
        )
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except Exception as error:
        return problem_response(problem_of(error, request.path), request.path)
