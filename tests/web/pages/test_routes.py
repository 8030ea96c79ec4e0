"""The table of pages, and its description."""

from __future__ import annotations

from typing import cast

from bngcorr.config.web import Scope
from bngcorr.store.contract import CapacityStore, QueryStore
from bngcorr.web.access.routes import Route
from bngcorr.web.pages.routes import page_routes
from bngcorr.web.pages.site import Site
from bngcorr.web.resources.desk import Desk
from tests.docs.pages import DOCS, PAGES, first_column
from tests.docs.test_pages import smallest_config
from tests.web.acting import nowhere


def table() -> list[Route]:
    """All routes of pages."""
    desk = Desk(cast(QueryStore, object()), cast(CapacityStore, object()), smallest_config(), {}, nowhere())
    return page_routes(Site(), desk)


def test_every_page_is_described() -> None:
    """docs/pages.md lists all of them, and nothing else."""
    (described,) = [page for page in PAGES if page == DOCS / "pages.md"]
    listed = [name for name in first_column(described) if len(name) > 1 or name == "/"]

    assert {one.path for one in table() if one.page} == {name for name in listed if name.startswith("/")}


def test_only_who_may_act_can_ask_for_an_act() -> None:
    """Whatever is done by POST needs the scope act, and so does the page that asks for it; the rest is to be read."""
    acts = {one.path for one in table() if one.method == "POST"}

    assert {Scope.ACT} == {one.scope for one in table() if one.path in acts}
    assert {Scope.READ, None} == {one.scope for one in table() if one.path not in acts}
    assert {"/static/{name}", "/appearance"} == {one.path for one in table() if one.scope is None}
