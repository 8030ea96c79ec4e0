"""The watch: what it notes, what it tells, and what it does not."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from bngcorr.accountant.cost import BUILT_IN
from bngcorr.accountant.thresholds import AGAIN_MS
from bngcorr.accountant.usage_meters import MOST_PLACES, UsageMeters
from bngcorr.accountant.watch import FRESH_MS, NOBODY_MS, SLOW_MS, TIDY_MS, Watch
from bngcorr.config import Bng, Capacity
from bngcorr.errors import StoreError
from bngcorr.model.usage import Traffic, Usage
from bngcorr.model.vocabulary import Finding
from bngcorr.store.lesson import FindingSeen, Lesson
from bngcorr.store.memory import MemoryStore
from bngcorr.store.rows import Observed, Peak

pytestmark = pytest.mark.asyncio

EVERY = 5_000
MINUTE = 60_000
LIMITS = {"host_resources": 100, "cards": {"1": 50}, "ports": {"1/1/4": 30}}


class Ledger(MemoryStore):
    """A store whose ledger says what the test says; samples, peaks and findings are its own."""

    def __init__(self) -> None:
        super().__init__()
        self.ports: dict[str, dict[tuple[str, str], Usage]] = {}  # by BNG
        self.octets: dict[str, Traffic] = {}
        self.away: set[str] = set()  # domains

    async def usage(self, domain: str, bngs: Sequence[str]) -> dict[str, Usage]:
        """The sum over the ports."""
        if domain in self.away:
            raise StoreError("away")
        return {bng: sum(self.ports.get(bng, {}).values(), start=Usage()) for bng in bngs}

    async def usage_by_port(
        self,
        domain: str,  # noqa: ARG002  # the contract's
        bngs: Sequence[str],
    ) -> dict[str, dict[tuple[str, str], Usage]]:
        """As told."""
        return {bng: dict(self.ports.get(bng, {})) for bng in bngs}

    async def traffic(self, domain: str, bngs: Sequence[str]) -> dict[str, Traffic]:  # noqa: ARG002  # the contract's
        """As told."""
        return {bng: self.octets.get(bng, Traffic()) for bng in bngs}


class Wall:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.ms = 1_800_000_000_000
        self.steady = True

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return self.ms


class Post:
    """A ledger, a clock, and processes that watch."""

    def __init__(self) -> None:
        self.store = Ledger()
        self.clock = Wall()
        self.begin = self.clock.ms
        self.said: list[tuple[int, str, bool]] = []  # ms since the beginning, subject, over; without those told again
        self.count = 0  # findings told, also again

    def process(
        self,
        *,
        limits: dict[str, object] | None = None,
        thresholds: Sequence[int] = (80,),
        bngs: Sequence[str] = ("bng1",),
    ) -> Watch:
        """One more."""
        return Watch(
            self.store,
            self.store.capacity,
            self.clock,
            [self._bng(name, LIMITS if limits is None else limits) for name in bngs],
            dict.fromkeys(bngs, BUILT_IN["sros-classic"]),
            Capacity(thresholds=tuple(thresholds)),
            self._learn,
        )

    @staticmethod
    def _bng(name: str, limits: dict[str, object]) -> Bng:
        return Bng.model_validate({"name": name, "address": "192.0.2.1", "secret": "example", "limits": limits})

    def _learn(self, lesson: Lesson) -> None:
        assert isinstance(lesson, FindingSeen)
        word = self.store._apply(lesson, self.clock.ms)
        self.count += 1
        if word != "known":
            self.said.append((self.clock.ms - self.begin, lesson.subject, lesson.over))

    def spend(self, hosts: int, port: str = "1/1/4", bng: str = "bng1") -> None:
        """So many IPv4 hosts on a port."""
        self.store.ports.setdefault(bng, {})[f"{bng}|", port] = Usage(v4=hosts)

    async def after(self, ms: int, *processes: Watch) -> None:
        """That much later all of them look."""
        self.clock.ms += ms
        for process in processes:
            await process.round()

    async def open(self) -> list[str]:
        """Subjects of the findings that are open."""
        rows = await self.store.findings(["bng1"], 100)
        return sorted(row.subject for row in rows if not row.over_ms)


# ---- findings near a limit


async def test_a_bng_that_fills_up_is_told_place_by_place() -> None:
    """Port, card and BNG, each threshold when it is reached; and each is over when it has emptied again."""
    post = Post()
    watch = post.process(thresholds=(80, 90))
    for port, neighbour, lag in ((23, 0, 0), (24, 0, 0), (27, 15, 0), (27, 18, 46), (0, 0, 0)):
        post.spend(port)
        post.spend(neighbour, port="1/1/5")
        post.spend(lag, port="lag-2")
        await post.after(EVERY, watch)

    assert [
        (2 * EVERY, "bng1 port 1/1/4 80 %", False),
        (3 * EVERY, "bng1 card 1 80 %", False), (3 * EVERY, "bng1 port 1/1/4 90 %", False),
        (4 * EVERY, "bng1 80 %", False), (4 * EVERY, "bng1 90 %", False), (4 * EVERY, "bng1 card 1 90 %", False),
    ] == sorted(post.said[:6])  # fmt: skip
    assert [(5 * EVERY, subject, True) for subject in sorted({one[1] for one in post.said[:6]})] == sorted(
        post.said[6:]
    )
    assert [] == await post.open()


async def test_a_finding_that_holds_is_told_once_a_minute() -> None:
    """With how full it is by then, and not on every look."""
    post = Post()
    watch = post.process(limits={"host_resources": 100})
    for hosts in range(80, 80 + 3 * MINUTE // EVERY + 1):
        post.spend(hosts)
        await post.after(EVERY, watch)

    (row,) = await post.store.findings(["bng1"], 10)
    assert (4, Finding.NEAR_LIMIT, 116) == (row.count, row.finding, json.loads(row.detail)["host_resources"])
    assert (4, MINUTE) == (post.count, AGAIN_MS)


async def test_lines_that_come_and_go_do_not_make_it_flap() -> None:
    """Around a threshold, watched by two processes at different moments: one beginning, one end."""
    post = Post()
    early, late = post.process(limits={"host_resources": 100}), post.process(limits={"host_resources": 100})
    for round_ in range(120):
        post.spend(79 + round_ // 2 % 2)
        await post.after(EVERY // 2, late if round_ % 2 else early)
    post.spend(77)
    await post.after(EVERY, early, late)

    assert ["bng1 80 %"] * 2 == [subject for _, subject, _ in post.said]
    assert [False, True] == [over for *_, over in post.said]


async def test_after_a_restart_what_holds_goes_on_and_what_does_not_is_over() -> None:
    """A new process takes over what is within the margin, and ends at once what has emptied meanwhile."""
    post = Post()
    post.spend(95)
    await post.after(0, post.process(limits={"host_resources": 100}, thresholds=(80, 90)))
    post.spend(79)
    successor = post.process(limits={"host_resources": 100}, thresholds=(80, 90))
    await post.after(EVERY, successor)
    assert ["bng1 80 %"] == await post.open()

    post.spend(77)
    await post.after(EVERY, successor)
    assert [(EVERY, "bng1 90 %", True), (2 * EVERY, "bng1 80 %", True)] == post.said[2:]


async def test_a_finding_that_nobody_can_hold_any_more_ends() -> None:
    """Of a limit that was taken out of the configuration: when no other process has told it for some minutes."""
    post = Post()
    post.spend(95)
    old, new = post.process(), post.process(limits={"host_resources": 100})
    for _ in range(NOBODY_MS // EVERY):
        await post.after(EVERY, old, new)
    assert ["bng1 80 %", "bng1 card 1 80 %", "bng1 port 1/1/4 80 %"] == await post.open()

    for _ in range((TIDY_MS + NOBODY_MS) // EVERY + 1):
        await post.after(EVERY, new)
    assert ["bng1 80 %"] == await post.open()
    assert 5 == len(post.said)


async def test_findings_of_others_are_left_alone() -> None:
    """Neither other kinds nor BNGs that this configuration does not know."""
    post = Post()
    for bng, kind in (("bng1", Finding.MOVED), ("bng7", Finding.NEAR_LIMIT)):
        finding = FindingSeen(domain="bng1", bng=bng, finding=kind, subject=f"{bng} 80 %", at_ms=post.clock.ms)
        post._learn(finding)
    await post.after(10 * TIDY_MS, post.process())
    assert ["bng1 80 %", "bng7 80 %"] == await post.open()


# ---- samples, and what is seen


async def test_usage_is_noted_once_in_each_interval_and_the_peak_at_every_look() -> None:
    """However many processes watch; between samples a peak is not missed."""
    post = Post()
    processes = post.process(), post.process()
    for second in range(0, 900, 5):
        post.spend(7 if second == 455 else 3)
        await post.after(EVERY if second else 0, *processes)

    samples = await post.store.capacity.samples("bng1", "bng1")
    assert [(0, 3), (300_000, 3), (600_000, 3)] == [(one.at_ms - post.begin, one.usage.v4) for one in samples]
    peak = Peak(host_resources=7, at_ms=post.begin + 455_000)
    assert [peak, peak] == [process.seen[0].peak for process in processes]


async def test_while_the_clock_is_unsteady_nothing_is_noted_or_told() -> None:
    """Only counted: what is written then could stand in a time that never was."""
    post = Post()
    post.spend(95)
    post.clock.steady = False
    watch = post.process()
    await post.after(EVERY, watch)
    assert (95, [], []) == (watch.seen[0].host_resources, post.said, await post.store.capacity.samples("bng1", "bng1"))

    post.clock.steady = True
    await post.after(EVERY, watch)
    assert 3 == len(post.said)


async def test_a_store_that_is_away_costs_its_own_domains_only() -> None:
    """Nothing is said of what is not known; what was seen last stays, and when the store is back all goes on."""
    post = Post()
    post.spend(95)
    watch = post.process(limits={"host_resources": 100}, bngs=("bng1", "bng2"))
    post.store.away = {"bng2"}
    await post.after(EVERY, watch)
    assert ["bng1"] == [one.bng.name for one in watch.seen]

    post.store.away = {"bng1", "bng2"}
    post.spend(0)
    await post.after(EVERY, watch)
    assert (95, ["bng1 80 %"]) == (watch.seen[0].host_resources, await post.open())

    post.store.away = set()
    await post.after(EVERY, watch)
    assert (["bng1", "bng2"], []) == ([one.bng.name for one in watch.seen], await post.open())


# ---- what the box says


async def box_says(post: Post, v4: int, ago_ms: int = 0) -> None:
    """Its IPv4 hosts, so long ago."""
    await post.store.capacity.observe("bng1", "bng1", Observed(at_ms=post.clock.ms - ago_ms, figures=(("v4", v4),)))


async def test_a_box_that_counts_otherwise_is_a_finding_until_it_agrees_or_is_old() -> None:
    """Told when seen, with both figures; over when a new word agrees; and after an hour without one."""
    post = Post()
    post.spend(1000)
    watch = post.process(limits={})
    for v4, ms in ((1019, 0), (1100, SLOW_MS), (1010, SLOW_MS), (900, SLOW_MS)):
        post.clock.ms += ms
        await box_says(post, v4)
        await watch.round()
    (row,) = await post.store.findings(["bng1"], 10)
    figures = {"v4": {"observed": 900, "ours": 1000, "difference": 100}}
    assert {"observed_ms": post.clock.ms, "figures": figures} == json.loads(row.detail)

    await post.after(FRESH_MS - 1, watch)
    await post.after(1, watch)
    assert [
        (SLOW_MS, "bng1", False), (2 * SLOW_MS, "bng1", True), (3 * SLOW_MS, "bng1", False),
        (3 * SLOW_MS + FRESH_MS, "bng1", True),
    ] == post.said  # fmt: skip


async def test_a_word_is_compared_with_the_usage_of_its_own_time() -> None:
    """A morning's growth after the box was asked is no difference; a word from where nothing is known is none."""
    post = Post()
    watch = post.process(limits={})
    for minute in range(30):
        post.spend(1000 + 50 * minute)
        await post.after(MINUTE, watch)
    await box_says(post, 1000 + 50 * 9, ago_ms=20 * MINUTE)
    await post.after(SLOW_MS, watch)
    assert ([0], []) == ([one.difference for one in watch.seen[0].differences], post.said)

    successor = post.process(limits={})
    await post.after(EVERY, successor)
    assert [0] == [one.difference for one in successor.seen[0].differences]

    post.clock.ms += 40 * MINUTE
    await box_says(post, 7, ago_ms=20 * MINUTE)
    await post.after(0, watch)
    assert ((), []) == (watch.seen[0].differences, post.said)


async def test_a_finding_of_the_box_s_word_survives_a_restart_and_ends_with_nobody() -> None:
    """The next process tells it on; one that finds the box content again ends it when nobody else tells it."""
    post = Post()
    post.spend(1000)
    await box_says(post, 1)
    await post.after(0, post.process(limits={}))
    successor = post.process(limits={})
    await post.after(EVERY, successor)
    assert (1, ["bng1"]) == (len(post.said), await post.open())

    await box_says(post, 1000)
    third = post.process(limits={})
    await post.after(EVERY, third)
    assert ["bng1"] == await post.open()
    await post.after(TIDY_MS, third)
    assert [] == await post.open()


# ---- metrics


async def test_metrics_tell_what_was_seen() -> None:
    """Hosts, cost, limits, peak, traffic and the box's word; what is no more is told no more; octets of any kind."""
    post = Post()
    post.spend(27)
    post.spend(1, port="\udcff\x00/")
    post.store.octets["bng1"] = Traffic(v4=5, v6=2**50, either=7)
    await box_says(post, 30)
    registry = CollectorRegistry()
    meters = UsageMeters(registry)
    watch = post.process(limits={**LIMITS, "ports": {"*": 30}})
    meters.show(watch.seen)
    assert registry.get_sample_value("bngcorr_host_resources", {"bng": "bng1"}) is None

    await post.after(0, watch)
    meters.show(watch.seen)

    def value(metric: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"bngcorr_{metric}", {"bng": "bng1", **labels})

    whole = {"box": "", "scope": "bng", "name": "bng1"}
    card = {"box": "", "scope": "card", "name": "1"}
    port = {"box": "", "scope": "port", "name": "1/1/4"}
    assert [28, 0, 28, 100, 28, post.begin / 1000] == [
        value("hosts", type="v4"), value("hosts", type="pd_route"), value("host_resources"), value("host_limit"),
        value("host_resources_peak"), value("host_resources_peak_timestamp_seconds"),
    ]  # fmt: skip
    assert [0.28, 27 / 50, 0.9, 27, 30] == [
        value("place_use_ratio", **whole), value("place_use_ratio", **card), value("place_use_ratio", **port),
        value("place_host_resources", **port), value("place_host_limit", **port),
    ]  # fmt: skip
    assert [5, 2**50, 7] == [value("traffic_octets", family=family) for family in ("v4", "v6", "either")]
    assert [30, -2, post.begin / 1000] == [
        value("observed_hosts", figure="v4"), value("observed_difference", figure="v4"),
        value("observed_timestamp_seconds"),
    ]  # fmt: skip
    assert 1 / 30 == value("place_use_ratio", box="", scope="port", name="\\udcff\x00/")
    assert b"bngcorr_place_use_ratio" in generate_latest(registry)

    del post.store.ports["bng1"]["bng1|", "1/1/4"]
    await post.after(EVERY, watch)
    meters.show(watch.seen)
    assert value("place_use_ratio", **port) is None


async def test_metrics_of_ports_are_bounded() -> None:
    """However many ports have a limit, the fullest are told, and the BNG always."""
    post = Post()
    for number in range(MOST_PLACES + 5):
        post.spend(1 + number % 7, port=f"1/1/{number}")
    watch = post.process(limits={"host_resources": 10_000, "ports": {"*": 1000}})
    await post.after(0, watch)
    registry = CollectorRegistry()
    UsageMeters(registry).show(watch.seen)
    (family,) = [one for one in registry.collect() if one.name == "bngcorr_place_use_ratio"]
    told = [sample.labels["scope"] for sample in family.samples]
    assert (1, MOST_PLACES) == (told.count("bng"), told.count("port"))


async def test_metrics_of_a_bng_that_is_no_more_are_told_no_more() -> None:
    """Nor is a limit that the operator has taken away."""
    post = Post()
    post.spend(3)
    watch = post.process()
    await post.after(0, watch)
    registry = CollectorRegistry()
    meters = UsageMeters(registry)
    meters.show(watch.seen)
    assert 100 == registry.get_sample_value("bngcorr_host_limit", {"bng": "bng1"})

    watch.look_after([post._bng("bng1", {})], {"bng1": BUILT_IN["sros-classic"]}, Capacity())
    meters.show(watch.seen)
    assert 3 == registry.get_sample_value("bngcorr_host_resources", {"bng": "bng1"})
    assert registry.get_sample_value("bngcorr_host_limit", {"bng": "bng1"}) is None

    watch.look_after([], {}, Capacity())
    meters.show(watch.seen)
    assert [] == [sample for family in registry.collect() for sample in family.samples]
