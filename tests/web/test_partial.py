"""A part of the store that does not answer fails only what is about its domains."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from bngcorr.errors import StoreError
from bngcorr.model.usage import Usage
from bngcorr.store.rows import LineRow, Page, SessionQuery, SessionRow
from bngcorr.web.resources import domains
from tests.service.process import get
from tests.web.stage import Figures, served


class Broken(Figures):
    """A cluster; nodes of these domains are away."""

    def __init__(self) -> None:
        super().__init__()
        self.away: set[str] = set()

    def _check(self, *domains: str) -> None:
        for domain in domains:
            if domain in self.away:
                raise StoreError(f"{domain} is away")

    async def usage(self, domain: str, bngs: Sequence[str]) -> dict[str, Usage]:
        """Of one domain."""
        self._check(domain)
        return await super().usage(domain, bngs)

    async def usage_by_port(self, domain: str, bngs: Sequence[str]) -> dict[str, dict[tuple[str, str], Usage]]:
        """Of one domain."""
        self._check(domain)
        return await super().usage_by_port(domain, bngs)

    async def enterprise_numbers(self, domain: str, bngs: Sequence[str]) -> dict[str, dict[int, int]]:
        """One was found on each BNG."""
        self._check(domain)
        return {bng: {3561: 1_795_000_000_000} for bng in bngs}

    async def findings(self, domains: Sequence[str], _: int) -> list[object]:
        """None is known."""
        self._check(*domains)
        return []

    async def sessions(self, query: SessionQuery) -> tuple[list[SessionRow], str | None]:
        """None is known; the first page of a domain is not the last."""
        self._check(*(domain for domain, _ in query.domains))
        return [], None if query.terms or query.page.cursor else "0.7.0"

    async def boxes(self, domains: Sequence[str]) -> list[tuple[str, str]]:
        """None is known."""
        self._check(*domains)
        return []

    async def session_rows(self, _: object) -> list[SessionRow]:
        """None is known."""
        return []

    async def lines(
        self, domains: Sequence[str], _: str | None, __: Page, ___: int
    ) -> tuple[list[LineRow], str | None]:
        """None is known."""
        self._check(*domains)
        return [], None


@pytest.fixture(scope="module")
def figures() -> Broken:
    """Three domains: bng1, bng2 and west."""
    return Broken()


@pytest.fixture(scope="module")
def url(figures: Broken) -> Iterator[str]:
    """The API over them."""
    with served(figures) as url:
        yield url


LISTS = [
    "sessions", "sessions?mac=00:0e:8f:00:00:01", "lines", "lines?remote_id=a", "bngs", "hosts", "hosts?by=port",
    "findings", "enterprise-numbers", "lookup?q=00:0e:8f:00:00:01",
]  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_what_is_missing_is_named(figures: Broken, url: str, path: str) -> None:
    """The others answer; whoever reads it sees that it is not all."""
    figures.away = {"bng2"}
    answer = get(f"{url}/v1/{path}")

    assert (200, ["bng2"]) == (answer.status, answer.body["partial"])


@pytest.mark.parametrize("path", LISTS)
def test_nothing_is_missing_while_all_answer(figures: Broken, url: str, path: str) -> None:
    """An answer that is whole says so."""
    figures.away = set()

    assert [] == get(f"{url}/v1/{path}").body["partial"]


@pytest.mark.parametrize("path", LISTS)
def test_if_nobody_answers_there_is_no_answer(figures: Broken, url: str, path: str) -> None:
    """An empty list would look like one."""
    figures.away = {"bng1", "bng2", "west"}
    answer = get(f"{url}/v1/{path}")

    assert (503, "The store does not answer") == (answer.status, answer.body["title"])


@pytest.mark.parametrize("answering", [set(), {"west"}])
def test_a_store_that_only_keeps_one_waiting_gives_no_empty_page(
    monkeypatch: pytest.MonkeyPatch, answering: set[str]
) -> None:
    """Time runs out before all domains were asked: whether anybody answers at all is found out."""
    monkeypatch.setattr(domains, "WITHIN_S", 0.4)

    async def ask(domain: str, _: Page) -> tuple[list[str], str | None]:
        if domain not in answering:
            await asyncio.sleep(0.25)
            raise StoreError(f"{domain} is away")
        return [domain], None

    async def page() -> object:
        try:
            return await domains.walk(("bng1", "bng2", "west"), "", 10, ask, 1_000)
        except StoreError:
            return None

    assert (None if not answering else ([], "1.0.0", ("bng1",))) == asyncio.run(page())


def test_a_bng_whose_domain_answers_is_not_told_of_others(figures: Broken, url: str) -> None:
    """Only what was asked for can be missing."""
    figures.away = {"bng2"}

    assert [] == get(f"{url}/v1/hosts?bng=bng1").body["partial"]
    assert 503 == get(f"{url}/v1/hosts?bng=bng2").status
