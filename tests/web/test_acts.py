"""Acts: carried through the store to packet processes, written down, and told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bngcorr.app.acts import acting
from bngcorr.app.commands import CommandLoop
from bngcorr.errors import StoreError
from bngcorr.model.mac import Mac
from bngcorr.model.vocabulary import ActKind, ActOutcome, Admin
from bngcorr.proxy.tracing import Tracer
from bngcorr.store.audit_trail import ActRow, Asked, Ended, packed_ended
from bngcorr.store.clock import StoreClock
from bngcorr.store.contract import Clock
from bngcorr.store.rows import Drift
from bngcorr.store.valkey import ValkeyStore
from bngcorr.web.models.act import (
    Act,
    ActsQuery,
    AttributeWanted,
    CoaWanted,
    DisconnectWanted,
    ForgetWanted,
    RepairWanted,
)
from bngcorr.web.models.trace import TraceQuery, TraceWanted
from bngcorr.web.models.upstream import UpstreamWanted
from bngcorr.web.problem import Problem
from bngcorr.web.resources import courier, performer, repair
from bngcorr.web.resources.acts import Acting, Acts
from bngcorr.web.resources.acts_shown import act_shown
from bngcorr.web.resources.estate import Estate
from bngcorr.web.resources.forgetting import Forgetting
from bngcorr.web.resources.performer import Progress
from bngcorr.web.resources.processes import Processes, Upstreams
from bngcorr.web.resources.repair import Repair
from bngcorr.web.resources.traces import Traces
from tests.accountant.history.sessions import LINE as CLOSED_LINE
from tests.accountant.history.sessions import closed
from tests.app.test_commands import Process
from tests.cli.history import Desk
from tests.store.acting import NOW_MS, PROCESS
from tests.store.servers.single import unix_valkey
from tests.web.acting import dictionary, nowhere
from tests.web.stage import CONFIG

pytestmark = pytest.mark.asyncio

SESSION, LINE = "bng1~" + "a" * 24, "bng1~" + "b" * 24
BY = {"who": "noc", "origin": "192.0.2.1"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A Valkey of these tests."""
    with unix_valkey() as server:
        yield server.url


class Stage:
    """What the web process has, and packet processes as many as a test wants."""

    def __init__(self, store: ValkeyStore, through: Acting) -> None:
        self.through = through
        self.store = store
        estate = Estate(CONFIG, {})
        self.acts = Acts(through, store.queries, estate)
        self.upstreams = Upstreams(through.processes)
        self.processes = Processes(through.processes)
        self.traces = Traces(through.traces, through.processes, through.named, through.clock)

    @asynccontextmanager
    async def process(self) -> AsyncIterator[tuple[Process, Tracer]]:
        """A packet process."""
        process, clock = Process(), self.through.clock
        tracer = Tracer(clock)
        loop = CommandLoop(
            process, tracer, clock, commands=self.through.commands, processes=self.through.processes,
            traces=self.through.traces, disconnect=process.disconnect, coa=process.disconnect,
        )  # fmt: skip
        task = asyncio.create_task(loop.run())
        async with asyncio.timeout(4):
            while loop.id not in {row.id for row in await self.through.processes.all()}:  # noqa: ASYNC110 -- in the store
                await asyncio.sleep(0.01)
        try:
            yield process, tracer
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await loop.close()

    async def over(self, act: Act) -> Act:
        """The record, once it is no longer pending."""
        async with asyncio.timeout(4):
            while act.outcome is ActOutcome.PENDING:
                await asyncio.sleep(0.02)
                act = await self.acts.one(act.id)
        return act


@pytest_asyncio.fixture
async def stage(url: str) -> AsyncIterator[Stage]:
    """Nobody is there yet."""
    async with AsyncExitStack() as stack:
        store = ValkeyStore(url, budget_s=5.0, events=1000)
        stack.push_async_callback(store.close)
        clock = StoreClock()
        await clock.measure(store)
        one = Stage(store, acting(store, dictionary(), clock))
        stack.push_async_callback(one.acts.close)
        yield one


async def test_a_drain_reaches_every_packet_process(stage: Stage) -> None:
    """Each answers, the record says who asked and what became of it, and the list of upstreams shows it at once."""
    async with stage.process() as (one, _), stage.process() as (other, _):
        act = await stage.acts.upstream("aaa1", UpstreamWanted(admin=Admin.DRAIN), **BY)

        assert (ActOutcome.DONE, "2 of 2 packet processes did it") == (act.outcome, act.said)
        assert [Admin.DRAIN] * 2 == [one.admin, other.admin]
        assert {row.id for row in (await stage.processes.page()).items} == {one.process for one in act.answers}
        recorded = (await stage.acts.page(ActsQuery(limit=1))).items[0]
        assert act == recorded == await stage.acts.one(act.id)
        assert (ActKind.UPSTREAM, "aaa1", "noc", "192.0.2.1") == (act.kind, act.subject, act.who, act.origin)
        (upstream,) = (await stage.upstreams.page()).items
        assert ("auth", "aaa1", 20) == (upstream.pool, upstream.name, upstream.requests)
        assert (upstream,) == (await stage.upstreams.named("auth/aaa1")).items
        with pytest.raises(Problem) as refused:
            await stage.acts.upstream("aaa9", UpstreamWanted(admin=Admin.DOWN), **BY)
        assert 404 == refused.value.status


async def test_a_process_that_does_not_answer_is_named(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It said that it is there, and is not: whoever asked is told so in time."""
    monkeypatch.setattr(courier, "WITHIN_MS", 300)
    gone = replace(PROCESS, id="gone-1-aa", told_ms=stage.through.clock.now_ms())
    async with stage.process():
        await stage.through.processes.tell(gone)
        act = await stage.acts.upstream("aaa1", UpstreamWanted(admin=Admin.UP), **BY)
        await stage.through.processes.leave(gone.id)

    assert (ActOutcome.UNANSWERED, (gone.id,)) == (act.outcome, act.unanswered)
    assert "1 of 2 packet processes did it, 1 did not answer" == act.said


async def test_nobody_to_ask_is_said_at_once(stage: Stage) -> None:
    """Not after five seconds."""
    act = await stage.acts.disconnect(SESSION, DisconnectWanted(), **BY)

    assert (ActOutcome.NOBODY, courier.NOBODY) == (act.outcome, act.said)


async def test_a_silent_bng_does_not_keep_whoever_asked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The act is pending then; its record tells the end. One process of two carries it out."""
    monkeypatch.setattr(performer, "WAIT_S", 0.3)
    async with stage.process() as (one, _), stage.process() as (other, _):
        wanted = CoaWanted(attributes=(AttributeWanted(name="Filter-Id", value="slow"),))
        act = await stage.acts.coa(SESSION, wanted, **BY)
        assert ActOutcome.PENDING is act.outcome
        one.release.set()
        other.release.set()
        act = await stage.over(act)

    assert (ActOutcome.DONE, "the BNG acknowledged", 1) == (act.outcome, act.said, len(act.answers))
    assert {
        "session": "bng1/" + "a" * 24,
        "attributes": [{"name": "Filter-Id", "value": "slow"}],
        "dry_run": False,
    } == (act.arguments)


async def test_what_can_not_be_is_refused_before_it_is_an_act(stage: Stage) -> None:
    """Named by attribute and value; nothing is written down, nothing is sent."""
    before = len((await stage.acts.page(ActsQuery(limit=1000))).items)
    secret = CoaWanted(attributes=(AttributeWanted(name="User-Password", value="hello"),))
    for refused, status in (
        (stage.acts.coa(SESSION, secret, **BY), 400),
        (stage.acts.disconnect("elsewhere~" + "a" * 24, DisconnectWanted(), **BY), 404),
        (stage.acts.forget("nonsense", ForgetWanted(), **BY), 404),
        (stage.acts.repair(RepairWanted(domain="elsewhere"), **BY), 400),
        (stage.acts.start_trace(TraceWanted(bng="bng9"), **BY), 400),
        (stage.acts.end_trace("5f0c9be1d2a4", **BY), 404),
        (stage.acts.one("1-1.2"), 404),
    ):
        with pytest.raises(Problem) as problem:
            await refused
        assert status == problem.value.status
        assert "hello" not in problem.value.detail

    assert before == len((await stage.acts.page(ActsQuery(limit=1000))).items)


async def test_without_a_record_nothing_is_done() -> None:
    """The store is away: whoever asks is told so."""
    acts = Acts(nowhere(), ValkeyStore("redis://127.0.0.1:1/0", budget_s=0.1, events=0).queries, Estate(CONFIG, {}))
    with pytest.raises(StoreError):
        await acts.disconnect(SESSION, DisconnectWanted(), **BY)
    with pytest.raises(StoreError):
        await acts.repair(RepairWanted(), **BY)


async def test_a_trace_is_started_and_ended_everywhere(stage: Stage) -> None:
    """Each process says that it goes by it; the list tells what it looks for."""
    async with stage.process() as (_, one), stage.process() as (_, other):
        act = await stage.acts.start_trace(TraceWanted(mac=Mac(bytes(5) + b"\7"), lasts_s=60), **BY)
        running = [[rule.id for rule in tracer.rules] for tracer in (one, other)]
        (trace,) = [one for one in (await stage.traces.page()).items if one.id == act.subject]
        ended = await stage.acts.end_trace(act.subject, **BY)

        assert [ActOutcome.DONE] * 2 == [act.outcome, ended.outcome]
        assert [[act.subject]] * 2 == running
        assert [[], []] == [tracer.rules for tracer in (one, other)]
        assert ("running", "00:00:00:00:00:07", "noc") == (trace.state, trace.value, trace.who)
        kept = await stage.traces.one(act.subject, TraceQuery())
        assert ("over", (), None) == (kept.trace.state, kept.items, kept.next)


async def test_a_repair_and_a_line_forgotten_need_no_packet_process(stage: Stage) -> None:
    """The web process does both by itself."""
    repaired = await stage.acts.repair(RepairWanted(domain="west", dry_run=True), **BY)
    forgotten = await stage.acts.forget(LINE, ForgetWanted(), **BY)

    assert (ActOutcome.DONE, "the ledger agrees with the sessions") == (repaired.outcome, repaired.said)
    assert [("west", 1.0)] == [(one.domain, one.done) for one in repaired.audited]
    assert (ActOutcome.NOTHING, "nothing is known of that line") == (forgotten.outcome, forgotten.said)


async def test_the_history_forgets_a_line_too(stage: Stage, tmp_path: Path) -> None:
    """Every entry of it in every file, and of nobody else; a dry run only counts."""
    desk = Desk(tmp_path, "redis://127.0.0.1:1/0", "d1")
    desk.write(closed("v4||203.0.113.9"), closed("v4||203.0.113.7", line="f" * 24))
    for dry_run, left in ((True, 2), (False, 1)):
        forgetting = Forgetting(
            stage.store.queries, stage.through.memory, stage.through.clock, desk.directory, "d1", CLOSED_LINE,
            dry_run=dry_run,
        )  # fmt: skip
        result = await forgetting.carry(Progress())

        told = result.body["forgotten"]
        assert (ActOutcome.DONE, 1, 1, []) == (
            result.outcome, told["history_entries"], told["history_files"], told["unread"],
        )  # fmt: skip
        assert left == sum(path.read_text().count("\n") for path in desk.directory.glob("*.jsonl"))
    gone = Forgetting(
        stage.store.queries, stage.through.memory, stage.through.clock, tmp_path / "none", "d1", CLOSED_LINE,
        dry_run=False,
    )  # fmt: skip
    assert ActOutcome.FAILED is (await gone.carry(Progress())).outcome


async def test_an_act_that_died_with_its_process_is_not_told_as_pending_for_ever() -> None:
    """Nothing was noted of it for a while: it goes on no more."""
    asked = Asked(kind=ActKind.REPAIR, subject="all", arguments={}, who="noc", origin="192.0.2.1")
    pending = Ended(outcome=ActOutcome.PENDING, at_ms=NOW_MS, said="domain 1 of 2", body={})
    row = ActRow(id=f"{NOW_MS}-0", asked=asked, ended=pending)

    assert ActOutcome.PENDING is act_shown(row, NOW_MS + performer.GONE_MS).outcome
    assert ActOutcome.FAILED is act_shown(row, NOW_MS + performer.GONE_MS + 1).outcome
    assert ActOutcome.FAILED is act_shown(replace(row, ended=None), NOW_MS + performer.GONE_MS + 1).outcome


async def test_a_repair_of_many_domains_tells_what_differs() -> None:
    """Not a record that grows with the network: so many counters, and domains that are sound are left out."""
    domains = [f"d{number}" for number in range(repair.MOST_DOMAINS + 20)]
    progress = Progress()

    result = await Repair(Ledger(differs={"d1", "d110"}), StoreClock(), domains, mend=True).carry(progress)

    assert (ActOutcome.DONE, "140 counters and 2 references to hosts differed, mended") == (result.outcome, result.said)
    told = {one["domain"]: len(one["drifts"]) for one in result.body["audited"]}
    assert repair.MOST_DOMAINS == len(told)
    assert (70, 30) == (told["d1"], told["d110"])
    assert len(packed_ended(Ended(outcome=result.outcome, at_ms=0, said="", body=result.body))) > 10_000


class Ledger:
    """Audits: in some domains seventy counters differ."""

    def __init__(self, differs: set[str]) -> None:
        self._differs = differs

    async def audit(
        self, domain: str, _clock: Clock, *, repair: bool, progress: Callable[[float], None]
    ) -> tuple[list[Drift], int]:
        """At once."""
        progress(1.0)
        assert repair
        drifts = [Drift(box=f"{domain}|", port=f"1/1/{n}", kind="v4", ledger=2, sessions=1) for n in range(70)]
        return (drifts, 1) if domain in self._differs else ([], 0)
