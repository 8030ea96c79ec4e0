"""The operator's line plan in the store: one version in force for each domain, others on their way in or out.

Behind the prefix of the domain (`store.keys`)

=====================  ==============================================================================================
``e``, field ``plan``  the version in force, 8 hexadecimal digits; absent: no plan
``p:version:bucket``   entries: field place (12 octets), value the ids of its line (`LineIds.encode`)
``pm``                 of the plan in force: version, rows, imported_ms, digest; absent: none (``write.lua`` asks that)
``pv``                 set of versions that are not in force but may have entries: being written, or left behind
``pl``                 who imports, by a token; runs out if he dies
=====================  ==============================================================================================

A plan is written beside the one in force, then its version is set, then the other one is removed. Whoever is
interrupted leaves the plan in force as it is and his version in `pv`, where the next one finds it.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bngcorr.errors import StoreError
from bngcorr.model.line import LineIds
from bngcorr.store.keys import BUCKETS, PlanKeys
from bngcorr.store.lane import Command, Lane, Reply
from bngcorr.store.packing import PLAN
from bngcorr.store.plan_claim import BUDGET_S, Claim

FIELDS_AT_ONCE: Final = 1_000  # some 2 ms of the server's time, during which requests wait (565 µs for 244 fields)
BUCKETS_AT_ONCE: Final = 64
TRIES: Final = 3

# KEYS claim, epochs, meta, versions; ARGV token, version ('' for none), rows, imported_ms, digest, PLAN
_PUT_IN_FORCE: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local old = redis.call('HGET', KEYS[2], ARGV[6])
if old and old ~= ARGV[2] then redis.call('SADD', KEYS[4], old) end
redis.call('DEL', KEYS[3])
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[2], ARGV[6])
else
  redis.call('HSET', KEYS[2], ARGV[6], ARGV[2])
  redis.call('SREM', KEYS[4], ARGV[2])
  redis.call('HSET', KEYS[3], 'version', ARGV[2], 'rows', ARGV[3], 'imported_ms', ARGV[4], 'digest', ARGV[5])
end
return 1
"""

Written = Callable[[int], None]  # told how many places were dealt with since the last call


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInfo:
    """What is told of a plan in force."""

    version: str
    rows: int
    imported_ms: int  # epoch milliseconds of the store's clock
    digest: str  # SHA-256 of the file, in hexadecimal; "" if it came from no file


class Plans:
    """The plans of all domains. Every call raises StoreError."""

    def __init__(self, lane: Lane) -> None:
        """`lane` stays the caller's to close."""
        self._lane = lane

    # ---- reading

    async def info(self, domain: str) -> PlanInfo | None:
        """What is in force; None if nothing is."""
        (reply,) = await self._lane.run([("HGETALL", PlanKeys(domain).meta)], BUDGET_S)
        fields = _pairs(reply)
        if not fields:
            return None
        try:
            return PlanInfo(
                version=fields[b"version"].decode(),
                rows=int(fields[b"rows"]),
                imported_ms=int(fields[b"imported_ms"]),
                digest=fields[b"digest"].decode(),
            )
        except (KeyError, ValueError):
            raise StoreError(f"the plan of domain {domain} has a record that this version can't read") from None

    async def read_plan(self, domain: str) -> dict[str, LineIds]:
        """The plan in force, by place (hash)."""
        for _ in range(TRIES):
            plan: dict[str, LineIds] = {}
            with contextlib.suppress(_Replaced):
                async for _, entries in self._in_force(domain):
                    plan.update((place.hex(), _ids(ids)) for place, ids in entries.items())
                return plan
        raise StoreError(f"the plan of domain {domain} was replaced again and again while it was read")

    async def beside(
        self, domain: str, plan: Mapping[bytes, bytes]
    ) -> AsyncIterator[tuple[dict[bytes, bytes], dict[bytes, bytes]]]:
        """Both plans part by part: what is in force among some places, and what `plan` has there."""
        shelves = _shelved(plan)
        seen = -1
        async for number, entries in self._in_force(domain):
            yield entries, shelves[number]
            seen = number
        for shelf in shelves[seen + 1 :]:  # all, if none is in force
            yield {}, shelf

    async def _in_force(self, domain: str) -> AsyncIterator[tuple[int, dict[bytes, bytes]]]:
        """Every bucket of the version in force. Raises _Replaced if it does not stay in force meanwhile."""
        names = PlanKeys(domain)
        (version,) = await self._lane.run([_version(names)], BUDGET_S)
        if version is None:
            return
        for first in range(0, BUCKETS, BUCKETS_AT_ONCE):
            numbers = range(first, first + BUCKETS_AT_ONCE)
            commands: list[Command] = [("HGETALL", names.entries(version.decode(), number)) for number in numbers]
            *buckets, still = await self._lane.run([*commands, _version(names)], BUDGET_S)
            if still != version:
                raise _Replaced(f"the plan of domain {domain} was replaced while it was read; try again")
            for number, bucket in zip(numbers, buckets, strict=True):
                yield number, _pairs(bucket)

    # ---- writing

    def claim(self, domains: Sequence[str]) -> Claim:
        """The right to import for these domains: a context that raises PlanBusyError if somebody else has it."""
        return Claim(self._lane, domains)

    async def now_ms(self, domain: str) -> int:
        """The clock of the node that keeps this domain, in epoch milliseconds."""
        (reply,) = await self._lane.run([("EVAL", "return redis.call('TIME')", 1, PlanKeys(domain).epochs)], BUDGET_S)
        return int(reply[0]) * 1000 + int(reply[1]) // 1000

    async def replace_plan(self, domain: str, plan: dict[str, LineIds], now_ms: int) -> None:
        """Put another in force, all at once for readers. Raises PlanBusyError during another import."""
        entries = {bytes.fromhex(place): ids.encode() for place, ids in plan.items()}
        async with self.claim([domain]) as claim:
            await self.tidy(domain)
            version = await self.stage(domain, entries)
            info = PlanInfo(version=version, rows=len(entries), imported_ms=now_ms, digest="")
            await self.put_in_force(domain, claim, info)
            await self.tidy(domain)

    async def stage(self, domain: str, plan: Mapping[bytes, bytes], written: Written | None = None) -> str:
        """Write a plan beside the one in force; its version, "" for an empty one. Nothing reads it yet."""
        if not plan:
            return ""
        names, version = PlanKeys(domain), secrets.token_hex(4)
        shelves = _shelved(plan)
        for batch in _batches(shelves):
            commands: list[Command] = [("SADD", names.versions, version)]
            for number in batch:
                entries = [octets for entry in shelves[number].items() for octets in entry]
                commands.append(("HSET", names.entries(version, number), *entries))
            await self._lane.run(commands, BUDGET_S)
            if written is not None:
                written(sum(len(shelves[number]) for number in batch))
        await self._verify(names, version, len(plan))
        return version

    async def _verify(self, names: PlanKeys, version: str, rows: int) -> None:
        """An eviction or a fail-over may have lost what was acknowledged."""
        there = 0
        for first in range(0, BUCKETS, BUCKETS_AT_ONCE):
            numbers = range(first, first + BUCKETS_AT_ONCE)
            commands: list[Command] = [("HLEN", names.entries(version, number)) for number in numbers]
            there += sum(map(int, await self._lane.run(commands, BUDGET_S)))
        if there != rows:
            raise StoreError(f"the store kept {there} of {rows} places; is its maxmemory-policy noeviction?")

    async def put_in_force(self, domain: str, claim: Claim, info: PlanInfo) -> None:
        """Make a staged version the plan, or tell anew of the one in force; a version "" leaves the domain without one.

        Raises StoreError, and changes nothing, if the claim has run out.
        """
        names = PlanKeys(domain)
        keys = (names.claim, names.epochs, names.meta, names.versions)
        arguments = (claim.token, info.version, info.rows, info.imported_ms, info.digest, PLAN)
        (done,) = await self._lane.run([("EVAL", _PUT_IN_FORCE, len(keys), *keys, *arguments)], BUDGET_S)
        if not done:
            raise StoreError(
                f"the import of domain {domain} took its claim too long to renew; another may be under way"
            )

    async def tidy(self, domain: str) -> None:
        """Remove every version that is not in force; only under a claim, for one that is being written goes as well."""
        names = PlanKeys(domain)
        members, in_force = await self._lane.run([("SMEMBERS", names.versions), _version(names)], BUDGET_S)
        for version in members:
            if version != in_force:
                for first in range(0, BUCKETS, BUCKETS_AT_ONCE):
                    numbers = range(first, first + BUCKETS_AT_ONCE)
                    buckets = [names.entries(version.decode(), number) for number in numbers]
                    await self._lane.run([("UNLINK", *buckets)], BUDGET_S)
            await self._lane.run([("SREM", names.versions, version)], BUDGET_S)


class _Replaced(StoreError):
    """Another plan came in force while one was read."""


def _version(names: PlanKeys) -> Command:
    """What asks which version is in force."""
    return ("HGET", names.epochs, PLAN)


def _shelved(plan: Mapping[bytes, bytes]) -> list[dict[bytes, bytes]]:
    """Entries by bucket."""
    shelves: list[dict[bytes, bytes]] = [{} for _ in range(BUCKETS)]
    for place, ids in plan.items():
        shelves[place[0] * 16 + place[1] // 16][place] = ids  # as DomainKeys.record names them
    return shelves


def _batches(shelves: Sequence[Mapping[bytes, bytes]]) -> Iterator[list[int]]:
    """Buckets to write at once: whole ones, and no more entries than the server deals with in passing."""
    batch: list[int] = []
    size = 0
    for number, shelf in enumerate(shelves):
        if not shelf:
            continue
        if batch and (size + len(shelf) > FIELDS_AT_ONCE or len(batch) == BUCKETS_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(number)
        size += len(shelf)
    if batch:
        yield batch


def _pairs(reply: Reply) -> dict[bytes, bytes]:
    """A hash as RESP2 tells it."""
    flat: list[bytes] = reply
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _ids(octets: bytes) -> LineIds:
    try:
        return LineIds.decode(octets)
    except ValueError as error:
        raise StoreError(f"a plan with an entry that this version can't read: {error}") from None
