"""The pages name what the code has: all of it, and nothing else."""

from __future__ import annotations

from dataclasses import astuple
from enum import StrEnum
from pathlib import Path
from typing import cast

import pytest

from bngcorr.accountant.cost import BUILT_IN
from bngcorr.config import Config, parse
from bngcorr.model.vocabulary import DropReason, Key, Mode, Outcome, Rung, SessionState
from bngcorr.store.contract import CapacityStore, QueryStore
from bngcorr.store.lane import SCRIPTS
from bngcorr.web.api import Api
from bngcorr.web.resources.desk import Desk
from tests.docs.pages import DOCS, PAGES, ROOT, anchors, first_column, headings, links, prose
from tests.web.acting import nowhere

FEATURES = tuple(sorted(page.stem for page in DOCS.glob("*.md")))


def names(words: type[StrEnum]) -> list[str]:
    """The slugs of a closed list."""
    return [str(word) for word in words]


def smallest_config() -> Config:
    """Just enough to build the API."""
    server = {"address": "192.0.2.10:1812", "secret": "example"}
    bng = {"name": "bng1", "address": "192.0.2.1", "secret": "example"}
    return parse({"upstream": {"auth": server, "acct": server}, "bngs": [bng]})


def test_every_drop_reason_has_its_heading_and_no_heading_lacks_one() -> None:
    """An operator who greps a reason from log or metric finds what to do about it."""
    told = [heading for heading in headings(DOCS / "drop-reasons.md", 2) if heading != "Not supported"]

    assert names(DropReason) == told


def test_every_resource_of_the_api_is_listed() -> None:
    """The table of resources is the routes, and the page about the API itself."""
    desk = Desk(cast(QueryStore, object()), cast(CapacityStore, object()), smallest_config(), {}, nowhere())
    routes = {route.path for route in Api(desk).routes()}
    (table,) = [page for page in PAGES if page.name == "api.md"]
    listed = [name for name in first_column(table) if name.startswith("/")]

    assert {*routes, "/docs"} == {*listed}
    assert len({*listed}) == len(listed)


@pytest.mark.parametrize(
    ("words", "heading"),
    [
        (Key, "Keys: what two requests of one line have in common"),
        (Rung, "Rungs: where on a key the line was found"),
        (Outcome, "Verdicts"),
    ],
    ids=["keys", "rungs", "verdicts"],
)
def test_the_words_of_correlation_are_explained(words: type[StrEnum], heading: str) -> None:
    """Each word that a verdict may consist of has its row, in the order of the code."""
    assert names(words) == first_column(DOCS / "correlation.md", under=heading)


@pytest.mark.parametrize(
    ("words", "page"),
    [(names(Mode), "correlation.md"), (names(SessionState), "api.md")],
    ids=["modes", "session states"],
)
def test_further_words_are_mentioned(words: list[str], page: str) -> None:
    """What an operator sets or reads is said somewhere."""
    text = (DOCS / page).read_text("utf-8")

    assert [] == [word for word in words if f"`{word}`" not in text]


def test_every_cost_table_is_explained_with_its_costs() -> None:
    """The table of cost tables is the ones that come with bngcorr, and its figures are theirs."""
    rows = [line for line in prose(DOCS / "accounting.md") if line.startswith("| `") and line.count("|") > 8]
    told = {row.split("|")[1].strip(" `"): [cell.strip() for cell in row.split("|")[2:9]] for row in rows}

    assert {name: [str(cost) for cost in astuple(table)[1:]] for name, table in BUILT_IN.items()} == told


def test_every_script_of_the_store_is_listed() -> None:
    """The table of scripts is the folder."""
    listed = [name for name in first_column(DOCS / "architecture.md", under="The store") if name.endswith(".lua")]

    assert sorted(f"{name}.lua" for name in SCRIPTS) == sorted(listed)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_resolve(page: Path) -> None:
    """A link leads to a file of this repository, and to a heading that is there."""
    broken = []
    for target in links(page):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)

    assert [] == broken


@pytest.mark.parametrize("name", FEATURES)
def test_a_page_says_what_is_not_supported(name: str) -> None:
    """Each page ends with its limits."""
    assert "Not supported" == headings(DOCS / f"{name}.md", 2)[-1]


def test_the_readme_stays_short() -> None:
    """Two hundred lines at most: the rest is on the pages."""
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 200
