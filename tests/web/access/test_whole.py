"""The whole service: no route without a scope, no text of a model that nobody has called personal or harmless."""

from __future__ import annotations

import importlib
import pkgutil
import typing
from collections.abc import Iterator

import pytest
from aiohttp import web

from bngcorr.config.web import Scope
from bngcorr.web import models
from bngcorr.web.access.csrf import SAFE
from bngcorr.web.access.mask import kind_of
from bngcorr.web.access.routes import ROUTES, Route
from bngcorr.web.models.model import Model
from tests.web.access.stage import whole

OPEN = {
    "/healthz", "/login", "/logout",
    # the same for all
    "/v1", "/openapi.json", "/docs", "/docs/{name}", "/static/{name}", "/appearance",
}  # fmt: skip
# Texts of the network, of the operator, of the service itself; instants; names of lines and sessions
WORDS = """
addresses answer assumed at began_at bng bngs box case code config cost_table domain end ended_at expires_at figure
first_seen hash host id in_flight instance key kind last_seen line loaded_at name nas needs_restart next next_step
origin outcome over_at parameter partial parts peer pool port process profile reason request resources rung service
session since started_at strength title told_at trace trigger type unanswered unread until updated_at upstream
version who
"""
HARMLESS = frozenset(WORDS.split())
HARMLESS_THERE = frozenset(
    {
        "Upstream.address", "UpstreamAt.source",  # of an AAA server, and ours
        "ProcessAnswer.said",  # an outcome
        "ProblemShown.detail", "Fault.detail", "Fault.value",  # the caller's own words
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def app() -> web.Application:
    """All routes."""
    return whole()


def table(app: web.Application) -> Iterator[Route]:
    """What the application lets in by."""
    for found in app.router.routes():
        assert found.resource is not None
        method = "GET" if found.method == "HEAD" else found.method
        yield app[ROUTES][method, found.resource.canonical]


def test_every_route_names_its_scope(app: web.Application) -> None:
    """One without an entry in the table would be refused to all; only a few are open to everybody."""
    routes = [*table(app)]

    assert len(routes) > 60
    assert set() == {one.path for one in routes if one.scope is None} - OPEN
    assert set() == {one.path for one in routes if one.unlimited and one.scope is not None}


def test_what_changes_something_needs_the_scope_act(app: web.Application) -> None:
    """Reading never does more than read, and nobody acts who may only see."""
    unsafe = [one for one in table(app) if one.method not in SAFE]

    assert {"/login", "/logout"} == {one.path for one in unsafe if one.scope is not Scope.ACT}
    assert set() == {one.path for one in unsafe if not one.page and not one.path.startswith("/v1/")}


def told() -> Iterator[type[Model]]:
    """Models of answers."""
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"{models.__name__}.{module.name}")

    def under(model: type[Model]) -> Iterator[type[Model]]:
        for one in model.__subclasses__():
            yield one
            yield from under(one)

    return (model for model in under(Model) if not model.__name__.endswith(("Query", "Wanted")))


def holds_text(annotation: object) -> bool:
    """Whether a text, or anything at all, may stand there."""
    return annotation in (str, typing.Any) or any(holds_text(part) for part in typing.get_args(annotation))


def test_every_text_is_personal_or_harmless() -> None:
    """A new one has to be called one or the other, so that none is told by oversight."""
    unknown = {
        f"{model.__name__}.{name}"
        for model in told()
        for name, field in model.model_fields.items()
        if name not in HARMLESS and holds_text(field.annotation) and kind_of(model, name) is None
    }

    assert set() == unknown - HARMLESS_THERE
