"""From the store to disk: every closed session at least once, by one process at a time."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from bngcorr.accountant.history import exporter as module
from bngcorr.accountant.history.exporter import Exporter
from bngcorr.accountant.history.files import Folder
from bngcorr.accountant.history.meters import HistoryMeters
from bngcorr.accountant.history.question import Question, asked_network, once
from bngcorr.accountant.history.search import Search
from bngcorr.errors import StoreError
from bngcorr.store.memory import MemoryStore
from bngcorr.store.rows import Closed
from tests.accountant.history.sessions import DAY_S, HOUR, T0, closed

pytestmark = pytest.mark.asyncio
DOMAINS = ("d1", "d2")


class Clock:
    """Two hours after T0."""

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return T0 + 2 * HOUR


class Disk(Folder):
    """A folder whose disk may be full."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, keep_s=30 * DAY_S, max_octets=1 << 30, now_s=lambda: T0 / 1000)
        self.error: OSError | None = None

    def append(self, lines: Sequence[bytes], wait_s: float = 1.0) -> None:
        """As told, or not at all."""
        if self.error is not None:
            raise self.error
        super().append(lines, wait_s)


class Place:
    """A store with closed sessions, a folder, and processes that bring them there."""

    def __init__(self, directory: Path) -> None:
        self.store = MemoryStore(history_backlog=2000)
        self.directory = directory
        self.disk = Disk(directory)

    def close(self, *sessions: Closed, domain: str = "d1") -> None:
        """They wait in the store."""
        self.store.domain(domain).closed.extend(sessions)

    def process(self) -> Exporter:
        """One more, with metrics of its own."""
        self.registry = CollectorRegistry()
        return Exporter(self.store.history, self.disk, DOMAINS, Clock(), HistoryMeters(self.registry))

    def metric(self, name: str, **labels: str) -> float | None:
        """Of the latest process."""
        return self.registry.get_sample_value(f"bngcorr_history_{name}", labels)

    def sessions(self, address: str = "203.0.113.9") -> list[bytes]:
        """What stands on disk about an address, line by line."""
        question = Question(network=asked_network(address), at_ms=T0)
        return [one.session_id for one in Search.all(self.directory).held(question, lambda _: None)]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Nothing is closed yet."""
    return Place(tmp_path)


async def test_all_that_waits_is_brought_to_disk(place: Place) -> None:
    """Of every domain, in several batches, each host its own line; then nothing waits any more."""
    place.close(*(closed("v4||203.0.113.9", "ia_na||2001:db8::9", session_id=b"%d" % n) for n in range(1200)))
    place.close(closed("v4||203.0.113.9", session_id=b"other"), domain="d2")
    await place.process().export()

    assert [*(b"%d" % n for n in range(1200)), b"other"] == place.sessions()
    assert 1200 == len(place.sessions("2001:db8::9"))
    assert (1201, 0, 0) == (
        place.metric("written_total"), place.metric("waiting", domain="d1"), place.metric("failing"),
    )  # fmt: skip


async def test_what_a_killed_process_wrote_is_written_again_and_told_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It died between the disk and the store: at least once on disk, and one answer."""

    async def killed(domain: str) -> None:
        raise StoreError("gone")

    place.close(closed("v4||203.0.113.9"))
    with monkeypatch.context() as patch:
        patch.setattr(place.store.history, "written", killed)
        process = place.process()
        await process.export()
        await process._let_go()
    await place.process().export()
    question = Question(network=asked_network("203.0.113.9"), at_ms=T0)
    held = list(Search.all(place.directory).held(question, lambda _: None))

    assert 2 == len(held)
    assert 1 == len(once([answer for one in held if (answer := question.judge(one))]))


async def test_one_process_writes_and_another_takes_over_when_it_ends(place: Place) -> None:
    """The other waits for the lease."""
    first, second = place.process(), place.process()
    running = asyncio.create_task(first.run())
    await asyncio.sleep(0.05)
    place.close(closed("v4||203.0.113.9"))
    await second.export()
    meanwhile = place.sessions()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await second.export()

    assert ([], [b"s1"]) == (meanwhile, place.sessions())


async def test_a_full_disk_is_told_once_and_nothing_is_lost(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions wait in the store, the metric says so, and when there is room they are written."""
    monkeypatch.setattr(module, "REST_S", 0.0)
    process = place.process()
    place.close(closed("v4||203.0.113.9"))
    place.disk.error = OSError(28, "No space left on device")
    with capture_logs() as logs:
        for _ in range(3):
            await process.export()
        full = [place.metric("failing"), place.metric("waiting", domain="d1")]
        place.disk.error = None
        await process.export()

    assert [1, 1] == full
    assert [b"s1"] == place.sessions()
    assert 0 == place.metric("failing")
    assert [("error", "No space left on device"), ("info", None)] == [
        (log["log_level"], log.get("error")) for log in logs
    ]


async def test_a_process_whose_disk_fails_lets_another_write(place: Place) -> None:
    """It rests for a while, without the lease."""
    process = place.process()
    place.close(closed("v4||203.0.113.9"))
    place.disk.error = OSError(5, "Input/output error")
    with capture_logs():
        await process.export()
        await process.export()

    assert await place.store.history.lease("d1", "another", HOUR)


async def test_a_folder_in_use_is_no_fault(place: Place) -> None:
    """Somebody is forgotten just now: it is tried again, and nothing is said."""
    place.close(closed("v4||203.0.113.9"))
    place.disk.error = BlockingIOError(11, "busy")
    with capture_logs() as logs:
        await place.process().export()

    assert ([], 0) == (logs, place.metric("failing"))


async def test_a_store_that_is_away_is_waited_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """One domain's node: the other domains go on."""
    lease = place.store.history.lease

    async def away(domain: str, holder: str, lasts_ms: int) -> bool:
        if domain == "d1":
            raise StoreError("away")
        return await lease(domain, holder, lasts_ms)

    monkeypatch.setattr(place.store.history, "lease", away)
    place.close(closed("v4||203.0.113.9"))
    place.close(closed("v4||203.0.113.9", session_id=b"other"), domain="d2")
    await place.process().export()

    assert [b"other"] == place.sessions()


async def test_sessions_that_can_not_be_understood_are_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """They go, for they would block all others."""
    read = place.store.history.closed

    async def one_less(domain: str, limit: int) -> tuple[list[Closed], int]:
        rows, count = await read(domain, limit)
        return rows[1:], count

    monkeypatch.setattr(place.store.history, "closed", one_less)
    place.close(closed("v4||203.0.113.9"), closed("v4||203.0.113.9", session_id=b"s2"))
    with capture_logs() as logs:
        await place.process().export()

    assert [b"s2"] == place.sessions()
    assert [1] == [log["sessions"] for log in logs]


async def test_older_files_are_packed_from_the_start(place: Place) -> None:
    """While it runs, and by itself."""
    (place.directory / "2026-11-20.jsonl").write_bytes(b"x\n")
    running = asyncio.create_task(place.process().run())
    target = place.directory / "2026-11-20.jsonl.gz"
    for _ in range(500):
        await asyncio.sleep(0.01)
        if target.exists():
            break
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert b"x\n" == gzip.decompress(target.read_bytes())
