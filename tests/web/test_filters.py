"""What a request to the API asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from ipaddress import IPv6Network
from typing import cast

import pytest

from bngcorr.accountant.history.question import Question, asked_network
from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind
from bngcorr.store.memory import MemoryStore
from bngcorr.store.rows import SessionQuery, SessionRow
from bngcorr.store.terms import address_term
from bngcorr.web.models.session import SessionsQuery
from bngcorr.web.problem import Problem
from bngcorr.web.query import read_query
from bngcorr.web.resources.sessions import terms_of
from tests.service.process import get
from tests.store.scene import Scene
from tests.store.subjects import START
from tests.web.stage import Figures, config_of, served


def asked(**filters: str) -> SessionsQuery:
    """A question for sessions, as it comes."""
    return read_query(SessionsQuery, "", filters.items())


def test_an_ipv4_address_within_ipv6_is_that_ipv4_address() -> None:
    """As servers write it that listen on IPv6."""
    mapped, plain = (asked(address=text) for text in ("::ffff:203.0.113.9", "203.0.113.9"))

    assert plain == mapped


def test_an_address_with_a_zone_is_refused() -> None:
    """It means something on one host alone."""
    with pytest.raises(Problem, match="no IP address"):
        asked(address="fe80::1%eth0")


def test_an_address_is_looked_for_where_whohad_looks_for_it() -> None:
    """Itself, and every prefix from /128 to /16 that holds it; an IPv4 address by itself."""
    for text, count in (("2001:db8:1:2::3", 1 + 113), ("203.0.113.9", 1)):
        terms = terms_of(asked(address=text))
        question = Question(network=asked_network(text), at_ms=0)

        assert tuple(map(address_term, question.holding())) == terms
        assert count == len(terms)


class Asked(Figures):
    """A store in memory, and how often it was asked for sessions."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__()
        self.store = store
        self.calls = 0

    async def sessions(self, query: SessionQuery) -> tuple[list[SessionRow], str | None]:
        """As the store has them."""
        self.calls += 1
        return await self.store.queries.sessions(query)

    async def findings(self, *_: object) -> list[object]:
        """None."""
        return []


@pytest.mark.parametrize("prefix", ["2001::/16", "2001:db8::/31", "2001:db8:1:2::/65", "2001:db8:1:2::2/127"])
def test_an_address_in_a_prefix_of_any_length_is_found_at_one_blow(prefix: str) -> None:
    """Delegated prefixes are not only /32 to /64; the store is asked once for all of them."""
    scene = Scene(MemoryStore())
    asyncio.run(scene.write(scene.change(START, hosts=[Host(HostKind.IA_PD, IPv6Network(prefix))])))
    store = Asked(cast(MemoryStore, scene.store))
    with served(store, config_of([{"name": "bng1", "domain": scene.domain}])) as url:
        (item,) = get(f"{url}/v1/sessions?address=2001:db8:1:2::3").body["items"]

    assert prefix == item["addresses"][0]["address"]
    assert 1 == store.calls


@pytest.fixture(scope="module")
def refusing() -> Iterator[str]:
    """An API over an empty store."""
    with served(Asked(MemoryStore())) as url:
        yield url


@pytest.mark.parametrize("path", ["/v1/sessions?bng=nope", "/v1/sessions?mac=00:0e:8f:00:00:01&bng=nope",
                                  "/v1/findings?bng=nope", "/v1/hosts?bng=nope", "/v1/what-if?bng=nope"])  # fmt: skip
def test_a_bng_that_is_not_configured_is_refused(refusing: str, path: str) -> None:
    """An empty list would look like an answer."""
    answer = get(refusing + path)

    assert (400, "bng='nope' is none of bng1, bng2, edge") == (answer.status, answer.body["detail"])


@pytest.mark.parametrize(
    "query",
    [
        "sessions?state=up&state=down", "lines?limit=1&limit=2", "correlations?limit=1&limit=2", "bngs?bng=bng1",
        "findings?bng=bng1&bng=bng2", "hosts?bng=bng1&bng=bng2", "what-if?bng=bng1&bng=bng2",
    ],
)  # fmt: skip
def test_a_parameter_stands_once(refusing: str, query: str) -> None:
    """Of two values one would silently be lost."""
    answer = get(f"{refusing}/v1/{query}")
    name = query.partition("?")[2].partition("=")[0]
    said = f"{name!r} is " + ("no filter: this resource has none" if query == "bngs?bng=bng1" else "given twice")

    assert (400, said) == (answer.status, answer.body["detail"])
