"""`/v1`: operations as routes: the question read, the resource asked, personal data masked, JSON written."""

from __future__ import annotations

import hashlib
import json
from contextlib import aclosing
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from bngcorr import __version__
from bngcorr.web.access.caller import Caller, caller_of
from bngcorr.web.access.mask import outgoing, outgoing_in_turns
from bngcorr.web.access.routes import Route, route
from bngcorr.web.event_stream import EventStream
from bngcorr.web.models.correlation import EventsQuery
from bngcorr.web.models.model import Model
from bngcorr.web.openapi import document
from bngcorr.web.operation import Asked, Operation
from bngcorr.web.operations import operations
from bngcorr.web.problem import Problem
from bngcorr.web.query import read_body, read_query
from bngcorr.web.resources.desk import Desk

DOCUMENT: Final = "/openapi.json"
KEPT_S: Final = 300  # by clients


class Api:
    """Over one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.operations = operations(desk)
        described = json.dumps(document(self.operations, __version__), ensure_ascii=False).encode()
        self._document = _Kept(described, "application/json")

    def routes(self) -> list[Route]:
        """All of them, each with its scope."""
        return [
            *(
                route(one.method, one.path, self._handler(one), scope=one.scope, unlimited=one.unlimited)
                for one in self.operations
            ),
            route("GET", DOCUMENT, self._describe, scope=None),
        ]

    def _handler(self, operation: Operation) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            query = read_query(operation.query, request.rel_url.raw_query_string, request.query.items())
            caller = caller_of(request)
            body = None if operation.body is None else read_body(operation.body, await _json_of(request))
            asked = Asked(names=request.match_info, query=query, body=body, caller=caller)
            assert operation.call is not None  # noqa: S101 -- streams have a handler of their own
            shown = await outgoing_in_turns(await operation.call(asked), caller)
            return _answered(request, operation, shown)

        return self._follow if operation.call is None else answer

    async def _follow(self, request: web.Request) -> web.StreamResponse:
        query = read_query(EventsQuery, request.rel_url.raw_query_string, request.query.items())
        if last := request.headers.get("Last-Event-ID"):
            query = query.model_copy(update={"after": last})
        caller: Caller = caller_of(request)
        events_of = self._desk.live.follow(query, caller.name)
        if request.method == "HEAD":
            return web.Response(content_type="text/event-stream")
        async with aclosing(events_of) as events:
            return await EventStream(request).tell(events, lambda event: outgoing(event, caller))

    async def _describe(self, request: web.Request) -> web.Response:
        return self._document.answer(request)


class _Kept:
    """An answer that is always the same."""

    def __init__(self, body: bytes, content_type: str) -> None:
        self._body = body
        self._content_type = content_type
        self._tag = _tag_of(body)

    def answer(self, request: web.Request) -> web.Response:
        """The body, unless the client has it."""
        headers = {"ETag": self._tag, "Cache-Control": f"max-age={KEPT_S}"}
        if _has(request, self._tag):
            return web.Response(status=304, headers=headers)
        return web.Response(body=self._body, content_type=self._content_type, headers=headers)


def _answered(request: web.Request, operation: Operation, shown: Model) -> web.Response:
    body = shown.model_dump_json().encode()
    headers = {}
    if operation.tagged:
        headers["ETag"] = _tag_of(body)
        if _has(request, headers["ETag"]):
            return web.Response(status=304, headers=headers)
    return web.Response(body=body, status=operation.status, content_type="application/json", headers=headers)


def _tag_of(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _has(request: web.Request, tag: str) -> bool:
    return any(one.value in ("*", tag.strip('"')) for one in request.if_none_match or ())


async def _json_of(request: web.Request) -> bytes:
    body = await request.read()
    if body.strip() and request.content_type != "application/json":
        raise Problem(415, "Unsupported media type", f"a JSON object, not {request.content_type[:64]}")
    return body
