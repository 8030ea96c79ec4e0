"""A store that is away for long: what waits for it stays bounded, and what matters most is given up last."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.service.aaa import Aaa, wait_until
from tests.service.bystanders import Bystanders, someone
from tests.service.process import Service, Settings
from tests.service.radius import ACCOUNTING_ON, START
from tests.service.settings import one_bng
from tests.store.servers import programs
from tests.store.servers.server import Server, running, temporary_folder

BACKLOG = 100
SIGHTINGS = 150
STARTS = 40
BACK_WITHIN_S = 10.0


@pytest.fixture(scope="module")
def store() -> Iterator[Server]:
    """A Valkey that knows everything again after it was killed."""
    with temporary_folder() as folder:
        server = Server(programs.valkey(), folder, ["--appendonly", "yes"])
        with running([server]):
            yield server


@pytest.fixture(scope="module")
def bystanders(aaa: Aaa, store: Server, start_service: Callable[[Settings], Service]) -> Bystanders:
    """Subscribers of a bngcorr that keeps little."""
    of_store = {"url": f"redis://{store.address}/0", "write_backlog": BACKLOG}
    service = start_service({**one_bng(aaa), "store": of_store})
    service.start_web()
    return Bystanders(service, aaa)


def test_what_waits_for_the_store_is_bounded(bystanders: Bystanders, store: Server) -> None:
    """Sightings go first, then steps of sessions; the restart of the BNG, told first of all, outlives them."""
    service, bng = bystanders.service, bystanders.bng
    suspect = someone()
    bystanders.account(START, suspect)
    service.written()
    assert [(suspect.remote_id.decode(), "up")] == bystanders.sessions(suspect)

    store.kill()
    bng.ask(bng.account(ACCOUNTING_ON, ""))
    bystanders.burst(SIGHTINGS)
    starts = [someone() for _ in range(STARTS)]
    for cpe in starts:
        bystanders.account(START, cpe)
    lost, backlog = service.metric("bngcorr_store_lost_writes"), service.metric("bngcorr_store_backlog")
    start_again(store)
    wait_until(lambda: service.metric("bngcorr_store_degraded") == 0, BACK_WITHIN_S, "store is well again")
    service.written()

    events = SIGHTINGS + STARTS  # verdicts for people have room of their own
    assert 0 < lost
    assert backlog <= BACKLOG + events
    assert lost == service.metric("bngcorr_store_lost_writes")
    assert ["suspect"] == [state for _, state in bystanders.sessions(suspect)]
    assert [[(cpe.remote_id.decode(), "up")] for cpe in starts] == [bystanders.sessions(cpe) for cpe in starts]


def start_again(store: Server) -> None:
    """On the same port, with what its append-only file holds."""
    store.start()
    store.ready()
