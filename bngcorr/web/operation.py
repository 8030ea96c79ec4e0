"""What can be asked over HTTP: one entry an operation, from which routes and OpenAPI are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from bngcorr.config.web import Scope
from bngcorr.web.access.caller import Caller
from bngcorr.web.models.model import Model

Answer = TypeVar("Answer", bound=Model)
Query = TypeVar("Query", bound=Model)
Body = TypeVar("Body", bound=Model)


class NoQuery(Model):
    """There is nothing to choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, read."""

    names: Mapping[str, str]  # segments of the path
    query: Model
    body: Model | None
    caller: Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be asked."""

    method: str
    path: str  # "/v1/sessions/{id}"
    summary: str  # one sentence
    tag: str
    scope: Scope | None
    query: type[Model]
    body: type[Model] | None
    answer: type[Model] | None  # None: a stream of events
    call: Callable[[Asked], Awaitable[Model]] | None
    status: int = 200
    tagged: bool = False  # the answer carries an ETag
    unlimited: bool = False

    @property
    def name(self) -> str:
        """``get_sessions_id``: unique."""
        parts = [part.strip("{}").replace("-", "_") for part in self.path.removeprefix("/v1").split("/") if part]
        return "_".join([self.method.lower(), *parts]) or self.method.lower()

    @property
    def segments(self) -> tuple[str, ...]:
        """Names in the path."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


def read(
    path: str,
    summary: str,
    tag: str,
    query: type[Query],
    answer: type[Answer],
    call: Callable[[Query], Awaitable[Answer]],
) -> Operation:
    """GET of what fits the query."""
    return Operation(
        method="GET", path=path, summary=summary, tag=tag, scope=Scope.READ, query=query, body=None, answer=answer,
        call=lambda asked: call(cast(Query, asked.query)),
    )  # fmt: skip


def read_all(
    path: str,
    summary: str,
    tag: str,
    answer: type[Answer],
    call: Callable[[], Awaitable[Answer]],
    *,
    scope: Scope | None = Scope.READ,
    tagged: bool = False,
    unlimited: bool = False,
) -> Operation:
    """GET of what there is, with nothing to choose."""
    return Operation(
        method="GET", path=path, summary=summary, tag=tag, scope=scope, query=NoQuery, body=None, answer=answer,
        call=lambda _: call(), tagged=tagged, unlimited=unlimited,
    )  # fmt: skip


def read_one(
    path: str,
    summary: str,
    tag: str,
    query: type[Query],
    answer: type[Answer],
    call: Callable[[str, Query], Awaitable[Answer]],
) -> Operation:
    """GET of one thing by the name at the end of its path."""
    operation = Operation(
        method="GET", path=path, summary=summary, tag=tag, scope=Scope.READ, query=query, body=None, answer=answer,
        call=lambda asked: call(asked.names[segment], cast(Query, asked.query)),
    )  # fmt: skip
    (segment,) = operation.segments
    return operation


def act(
    method: str,
    path: str,
    summary: str,
    tag: str,
    body: type[Body],
    answer: type[Answer],
    call: Callable[[str, Body, Caller], Awaitable[Answer]],
    *,
    status: int = 200,
) -> Operation:
    """Something that is changed: the name in the path ("" if there is none), what is wanted, and who wants it."""
    segment = next((part[1:-1] for part in path.split("/") if part.startswith("{")), None)
    return Operation(
        method=method, path=path, summary=summary, tag=tag, scope=Scope.ACT, query=NoQuery, body=body, answer=answer,
        call=lambda asked: call("" if segment is None else asked.names[segment], cast(Body, asked.body), asked.caller),
        status=status,
    )  # fmt: skip


def end(
    path: str,
    summary: str,
    tag: str,
    answer: type[Answer],
    call: Callable[[str, Caller], Awaitable[Answer]],
) -> Operation:
    """DELETE of one thing by the name at the end of its path."""
    operation = Operation(
        method="DELETE", path=path, summary=summary, tag=tag, scope=Scope.ACT, query=NoQuery, body=None, answer=answer,
        call=lambda asked: call(asked.names[segment], asked.caller),
    )  # fmt: skip
    (segment,) = operation.segments
    return operation


def stream(path: str, summary: str, tag: str, query: type[Model]) -> Operation:
    """GET of events as they come."""
    return Operation(
        method="GET", path=path, summary=summary, tag=tag, scope=Scope.READ, query=query, body=None, answer=None,
        call=None,
    )  # fmt: skip
