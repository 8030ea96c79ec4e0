"""The operator's plan in a real store: replaced at once, never in part, by one import at a time."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Iterator
from hashlib import blake2b

import pytest
import pytest_asyncio

from bngcorr.errors import StoreError
from bngcorr.model.line import LineIds
from bngcorr.store.keys import BUCKETS, DomainKeys, PlanKeys
from bngcorr.store.lane import Lane, open_lane
from bngcorr.store.packing import PLAN
from bngcorr.store.plan import BUCKETS_AT_ONCE, PlanInfo, Plans
from bngcorr.store.plan_claim import CLAIM_MS, PlanBusyError

from .servers.cluster import cluster
from .servers.single import Single, unix_valkey

NOW = 1_800_000_000_000
_domains = itertools.count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Single]:
    """A Valkey, ended with the module."""
    with unix_valkey() as one:
        yield one


@pytest_asyncio.fixture
async def lane(server: Single) -> AsyncIterator[Lane]:
    """A road to it."""
    one = open_lane(server.url)
    yield one
    await one.close()


@pytest.fixture
def domain() -> str:
    """A domain that no other test uses."""
    return f"d{next(_domains)}"


def place(number: int) -> bytes:
    """The hash of some place."""
    return blake2b(number.to_bytes(8, "big"), digest_size=12).digest()


def plan(count: int, text: str = "olt7") -> dict[bytes, bytes]:
    """So many places, each with a line of its own."""
    return {place(number): LineIds(f"{text}/{number}".encode(), None).encode() for number in range(count)}


def decoded(entries: dict[bytes, bytes]) -> dict[str, LineIds]:
    """As `read_plan` tells them."""
    return {place.hex(): LineIds.decode(ids) for place, ids in entries.items()}


async def put(plans: Plans, domain: str, entries: dict[bytes, bytes]) -> str:
    """Replace a plan as an import does; its version."""
    async with plans.claim([domain]) as claim:
        version = await plans.stage(domain, entries)
        info = PlanInfo(version=version, rows=len(entries), imported_ms=NOW, digest="ab")
        await plans.put_in_force(domain, claim, info)
        await plans.tidy(domain)
    return version


async def names_left(lane: Lane, domain: str) -> set[str]:
    """Every key of a domain, buckets by their version."""
    (keys,) = await lane.run([("KEYS", f"bngcorr:{{{domain}}}:*")], 5.0)
    return {key.decode().rsplit(":", 1)[0] if key.count(b":") > 2 else key.decode() for key in keys}


def expected_names(domain: str, version: str) -> set[str]:
    """The keys of a domain that has this plan and nothing else."""
    prefix = f"bngcorr:{{{domain}}}:p"
    return {f"bngcorr:{{{domain}}}:e", prefix + "m", f"{prefix}:{version}"}


@pytest.mark.asyncio
async def test_a_plan_that_was_put_is_read_back(lane: Lane, domain: str) -> None:
    """Octets of any kind, and either id alone."""
    plans = Plans(lane)
    wanted = {
        place(1).hex(): LineIds(b"olt7/12", b"olt7 eth 1/12"),
        place(2).hex(): LineIds(bytes(range(247)), None),
        place(3).hex(): LineIds(None, b"\r\n"),
    }
    await plans.replace_plan(domain, wanted, NOW)

    assert wanted == await plans.read_plan(domain)
    info = await plans.info(domain)
    assert info is not None
    assert (3, NOW, "") == (info.rows, info.imported_ms, info.digest)


@pytest.mark.asyncio
async def test_without_a_plan_there_is_nothing_to_read(lane: Lane, domain: str) -> None:
    """No plan is an empty plan."""
    plans = Plans(lane)

    assert {} == await plans.read_plan(domain)
    assert await plans.info(domain) is None


@pytest.mark.asyncio
async def test_a_place_lies_where_the_recall_looks_for_it(lane: Lane, domain: str) -> None:
    """Version by HGET, then HGET in the bucket that the place's name gives."""
    entries = plan(500)
    version = await put(Plans(lane), domain, entries)
    names = DomainKeys(domain)

    (in_force,) = await lane.run([("HGET", names.epochs, PLAN)], 5.0)
    assert version == in_force.decode()
    commands = [("HGET", names.record(f"p:{version}", place), place) for place in entries]
    assert list(entries.values()) == await lane.run(commands, 5.0)


@pytest.mark.asyncio
async def test_another_plan_takes_the_place_of_the_first_as_a_whole(lane: Lane, domain: str) -> None:
    """Nothing of the old one is left, in what is read and in the store."""
    plans = Plans(lane)
    await put(plans, domain, plan(3000, "old"))
    version = await put(plans, domain, plan(1000, "new"))

    assert decoded(plan(1000, "new")) == await plans.read_plan(domain)
    assert expected_names(domain, version) == await names_left(lane, domain)


@pytest.mark.asyncio
async def test_an_empty_plan_leaves_nothing_in_the_store(lane: Lane, domain: str) -> None:
    """A domain can be without plan again."""
    plans = Plans(lane)
    await put(plans, domain, plan(100))
    await plans.replace_plan(domain, {}, NOW)

    assert {} == await plans.read_plan(domain)
    assert await plans.info(domain) is None
    assert set() == await names_left(lane, domain)


@pytest.mark.asyncio
async def test_both_plans_are_told_part_by_part(lane: Lane, domain: str) -> None:
    """Every place of either comes once, old and new in the same part."""
    plans = Plans(lane)
    old, new = plan(2000, "old"), {place(number): b"x" for number in range(1000, 3000)}
    await put(plans, domain, old)
    parts = [part async for part in plans.beside(domain, new)]

    assert old == {place: ids for before, _ in parts for place, ids in before.items()}
    assert new == {place: ids for _, after in parts for place, ids in after.items()}
    assert (BUCKETS, 2000, 2000) == (len(parts), *(sum(len(part[side]) for part in parts) for side in (0, 1)))
    assert all(before.keys() & new.keys() == before.keys() & after.keys() for before, after in parts)


@pytest.mark.asyncio
async def test_without_a_plan_in_force_all_is_new(lane: Lane, domain: str) -> None:
    """The first import compares with nothing."""
    new = plan(300)
    parts = [part async for part in Plans(lane).beside(domain, new)]

    assert {} == {place: ids for before, _ in parts for place, ids in before.items()}
    assert new == {place: ids for _, after in parts for place, ids in after.items()}


@pytest.mark.asyncio
async def test_what_is_staged_is_not_read_before_it_is_put_in_force(lane: Lane, domain: str) -> None:
    """The old plan is whole until the new one is; progress adds up."""
    plans = Plans(lane)
    await put(plans, domain, plan(200, "old"))
    told: list[int] = []
    async with plans.claim([domain]) as claim:
        version = await plans.stage(domain, plan(9000, "new"), told.append)

        assert decoded(plan(200, "old")) == await plans.read_plan(domain)
        await plans.put_in_force(domain, claim, PlanInfo(version=version, rows=9000, imported_ms=NOW, digest=""))
        assert decoded(plan(9000, "new")) == await plans.read_plan(domain)
    assert 9000 == sum(told)
    assert len(told) >= BUCKETS // 2 / BUCKETS_AT_ONCE


@pytest.mark.asyncio
async def test_a_plan_that_is_replaced_while_it_is_read_is_read_anew(server: Single, lane: Lane, domain: str) -> None:
    """What is read is one plan, whichever, never parts of two."""
    plans = Plans(lane)
    await put(plans, domain, plan(2000, "a"))

    async def replace() -> None:
        other = open_lane(server.url)
        for text in ("b", "c"):
            await put(Plans(other), domain, plan(2000, text))
        await other.close()

    replacing = asyncio.create_task(replace())
    while not replacing.done():
        found = await plans.read_plan(domain)
        texts = {(ids.remote_id or b"")[:1] for ids in found.values()}
        assert (2000, 1) == (len(found), len(texts))
    await replacing
    assert decoded(plan(2000, "c")) == await plans.read_plan(domain)


@pytest.mark.asyncio
async def test_of_two_imports_the_second_is_refused(server: Single, lane: Lane, domain: str) -> None:
    """It says which domain and how long to wait; what it had claimed besides is free again."""
    other = open_lane(server.url)
    async with Plans(lane).claim([domain]):
        with pytest.raises(PlanBusyError, match=rf"another import of domain {domain} is under way.* 1[45] s"):
            await Plans(other).replace_plan(domain, {}, NOW)
        with pytest.raises(PlanBusyError):
            async with Plans(other).claim([f"{domain}-a", domain]):
                pytest.fail("both were claimed")
        async with Plans(other).claim([f"{domain}-a"]):
            pass
    async with Plans(other).claim([domain]):
        pass
    await other.close()


@pytest.mark.asyncio
async def test_a_claim_that_ran_out_puts_nothing_in_force_and_harms_nobody(lane: Lane, domain: str) -> None:
    """An import that slept too long neither replaces what another one put nor lets go of the other's claim."""
    plans = Plans(lane)
    key = PlanKeys(domain).claim
    async with plans.claim([domain]) as slow:
        version = await plans.stage(domain, plan(10, "slow"))
        await lane.run([("DEL", key)], 5.0)
        async with plans.claim([domain]) as quick:
            with pytest.raises(StoreError, match="claim"):
                await plans.put_in_force(domain, slow, PlanInfo(version=version, rows=10, imported_ms=NOW, digest=""))
            await slow.__aexit__()
            assert [quick.token.encode()] == await lane.run([("GET", key)], 5.0)
    assert {} == await plans.read_plan(domain)


@pytest.mark.asyncio
async def test_an_import_that_is_killed_leaves_the_old_plan_in_force(server: Single, lane: Lane, domain: str) -> None:
    """Between writing and putting in force; its claim runs out, and the next import removes what it left."""
    plans = Plans(lane)
    before = await put(plans, domain, plan(200, "old"))
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STAGES, server.url, domain, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        left = (await child.stdout.readline()).decode().strip()
    finally:
        child.kill()
        await child.communicate()

    assert decoded(plan(200, "old")) == await plans.read_plan(domain)
    versions = PlanKeys(domain).versions
    assert {
        *expected_names(domain, before),
        f"{PlanKeys(domain).prefix}p:{left}",
        versions,
        PlanKeys(domain).claim,
    } == (await names_left(lane, domain))
    with pytest.raises(PlanBusyError):
        await plans.replace_plan(domain, {}, NOW)
    (ends_ms,) = await lane.run([("PTTL", PlanKeys(domain).claim)], 5.0)
    assert 0 < ends_ms <= CLAIM_MS
    await lane.run([("PEXPIRE", PlanKeys(domain).claim, 1)], 5.0)
    await asyncio.sleep(0.01)
    await plans.replace_plan(domain, decoded(plan(100, "next")), NOW)
    info = await plans.info(domain)
    assert info is not None
    assert expected_names(domain, info.version) == await names_left(lane, domain)


STAGES = """
import asyncio, sys, time
from bngcorr.store.lane import open_lane
from bngcorr.store.plan import Plans

async def main():
    plans = Plans(open_lane(sys.argv[1]))
    async with plans.claim([sys.argv[2]]):
        entries = {bytes((n % 256, n // 256)) + bytes(10): b"x" for n in range(5000)}
        print(await plans.stage(sys.argv[2], entries), flush=True)
        time.sleep(60)

asyncio.run(main())
"""


@pytest.mark.asyncio
async def test_a_store_that_loses_entries_is_noticed(lane: Lane, domain: str) -> None:
    """An eviction between writing and putting in force would leave a plan with holes."""
    plans = Plans(lane)
    names, entries = PlanKeys(domain), plan(9000)
    lost = next(iter(sorted(entries)))
    waiting: list[asyncio.Task[object]] = []

    def evict(_: int) -> None:
        if not waiting:
            waiting.append(asyncio.create_task(take_away()))

    async def take_away() -> None:
        (versions,) = await lane.run([("SMEMBERS", names.versions)], 5.0)
        (there,) = await lane.run([("UNLINK", names.record(f"p:{versions[0].decode()}", lost))], 5.0)
        assert 1 == there

    with pytest.raises(StoreError, match=r"the store kept 89\d\d of 9000 places"):
        await plans.stage(domain, entries, evict)
    await waiting[0]


@pytest.mark.asyncio
async def test_an_entry_that_cannot_be_read_is_an_error(lane: Lane, domain: str) -> None:
    """Whoever reads the plan is told, rather than given a part of it."""
    await put(Plans(lane), domain, {place(1): b"\xff"})

    with pytest.raises(StoreError, match="this version can't read"):
        await Plans(lane).read_plan(domain)


@pytest.mark.asyncio
async def test_a_cluster_keeps_each_domain_in_one_slot() -> None:
    """Plans of several domains go to several nodes, each with its scripts and removals."""
    with cluster() as nodes:
        lane = open_lane(nodes.url)
        plans = Plans(lane)
        domains = [f"d{number}" for number in range(6)]
        for text in ("old", "new"):
            async with plans.claim(domains) as claim:
                for number, domain in enumerate(domains):
                    entries = plan(50 + number, text)
                    version = await plans.stage(domain, entries)
                    info = PlanInfo(version=version, rows=len(entries), imported_ms=NOW, digest="")
                    await plans.put_in_force(domain, claim, info)
                    await plans.tidy(domain)

        assert len({nodes.master_of(DomainKeys(domain).epochs).address for domain in domains}) > 1
        for number, domain in enumerate(domains):
            assert decoded(plan(50 + number, "new")) == await plans.read_plan(domain)
        assert abs(await plans.now_ms("d1") - await plans.now_ms("d2")) < 5_000
        await lane.close()
