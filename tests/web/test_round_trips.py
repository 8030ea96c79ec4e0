"""What a question costs the store: round trips, which are what its other clients wait behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from ipaddress import IPv4Address, IPv6Network

import pytest
import pytest_asyncio

from bngcorr.bng_profiles import costs_of
from bngcorr.model.attachment import Attachment
from bngcorr.model.mac import Mac
from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind
from bngcorr.store.valkey import ValkeyStore
from bngcorr.web.models.line import LinesQuery
from bngcorr.web.models.lookup import LookupQuery
from bngcorr.web.models.session import SessionsQuery
from bngcorr.web.resources.desk import Desk
from tests.store.scene import Scene
from tests.store.servers.single import unix_valkey
from tests.store.subjects import START
from tests.web.acting import nowhere
from tests.web.stage import config_of

pytestmark = pytest.mark.asyncio
LINES = 60
MOST_OF_A_LOOK_UP, MOST_OF_A_PAGE = 6, 6


def hosts_of(number: int) -> list[Host]:
    """An IPv4 address and a delegated prefix."""
    return [
        Host(HostKind.V4, IPv4Address(0xCB007100 + number)),
        Host(HostKind.IA_PD, IPv6Network((0x20010DB8 << 96 | number << 72, 56))),
    ]


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[str, str]]:
    """URL of a store, and a domain in it with lines, each with a session, on one port."""
    with unix_valkey() as server:
        yield server.url, asyncio.run(fill(server.url))


async def fill(url: str) -> str:
    """Write them; the domain."""
    store = ValkeyStore(url, budget_s=5.0, events=0)
    scene = Scene(store)
    for number in range(LINES):
        at, mac = Attachment("1/1/4", 100, number), Mac(b"\x3c\xa6\x2f\0\0" + bytes([number]))
        await scene.write(
            scene.sighting(number, attachment=f"k{number}", port=at, address=mac),
            scene.change(START, f"s{number}", number=number, keys=[f"k{number}"], hosts=hosts_of(number), port=at,
                         address=mac, user_name=f"user{number}@isp.example", session_id=b"00%04X" % number,
                         lasts=86_400_000),
        )  # fmt: skip
    await store.close()
    return scene.domain


@pytest_asyncio.fixture
async def store(place: tuple[str, str]) -> AsyncIterator[ValkeyStore]:
    """Connections to it."""
    one = ValkeyStore(place[0], budget_s=5.0, events=0)
    yield one
    await one.close()


@pytest.fixture
def desk(store: ValkeyStore, place: tuple[str, str]) -> Desk:
    """Over that domain and eleven more."""
    domains = [place[1], *(f"other{number}" for number in range(11))]
    config = config_of([{"name": f"bng{at}", "domain": domain} for at, domain in enumerate(domains, start=1)])
    return Desk(store.queries, store.capacity, config, costs_of(config), nowhere())


async def trips(store: ValkeyStore, asked: Awaitable[object]) -> int:
    """How many it took."""
    before = store.lane.calls
    await asked
    return store.lane.calls - before


@pytest.mark.parametrize(
    "text",
    ["3c:a6:2f:00:00:07", "LINE-7", "0x4c494e452d37", "eth 7", "user7@isp.example", "203.0.113.7",
     "2001:db8:0:700::17", "2001:db8:0:700::/56", "bng1 1/1/4"],
)  # fmt: skip
async def test_a_look_up_takes_a_few_round_trips(store: ValkeyStore, desk: Desk, text: str) -> None:
    """Whatever the text may mean, and however many domains there are."""
    found = await desk.lookups.find(LookupQuery(q=text))

    assert any(reading.sessions and reading.lines for reading in found.readings)
    assert MOST_OF_A_LOOK_UP >= await trips(store, desk.lookups.find(LookupQuery(q=text)))


async def test_a_page_takes_a_few_round_trips(store: ValkeyStore, desk: Desk) -> None:
    """Lines with what their sessions hold; and sessions. Most of the store is not looked at."""
    lines = await desk.lines.page(LinesQuery(limit=40))

    assert 40 == len(lines.items) == sum(len(line.addresses) == 2 for line in lines.items)
    assert MOST_OF_A_PAGE >= await trips(store, desk.lines.page(LinesQuery(limit=40)))
    assert MOST_OF_A_PAGE >= await trips(store, desk.sessions.page(SessionsQuery(limit=40)))


async def test_one_line_takes_a_few_round_trips(store: ValkeyStore, desk: Desk) -> None:
    """With its sessions, timeline and findings."""
    (line,) = (await desk.lines.page(LinesQuery(remote_id=b"LINE-7"))).items

    assert MOST_OF_A_LOOK_UP >= await trips(store, desk.lines.one(line.id))
