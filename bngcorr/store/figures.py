"""What is counted of a domain, over Redis or Valkey: usage, octets, lines, enterprise numbers, distances of matches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bngcorr.model.usage import Traffic, Usage
from bngcorr.store import contract as c
from bngcorr.store import packing
from bngcorr.store.keys import DomainKeys
from bngcorr.store.lane import Command, Lane, Reply
from bngcorr.store.lesson import DISTANCE_BUCKETS_MS
from bngcorr.store.together import Together

READ_BUDGET_S: Final = 2.0


class Figures:
    """Part of `contract.QueryStore`. Raises StoreError."""

    def __init__(self, lane: Lane, most_entries: int = 0) -> None:
        """`most_entries` of a timeline are told; 0: all that are there."""
        self._most_entries = most_entries
        self._lane = Together(lane)
        self._alone = lane  # for what is large: nobody is to wait for that

    async def boxes(self, domains: Sequence[str]) -> list[tuple[str, str]]:
        """Those that have an epoch."""
        epochs = await self._epochs(domains)
        return [(domain, box) for domain in domains for box in sorted(epochs[domain])]

    async def _epochs(self, domains: Sequence[str]) -> dict[str, dict[str, int]]:
        commands: list[Command] = [("HGETALL", DomainKeys(domain).epochs) for domain in domains]
        replies = await self._lane.run(commands, READ_BUDGET_S) if commands else []
        return {domain: epochs_of(reply) for domain, reply in zip(domains, replies, strict=True)}

    async def _boxes(self, domain: str, bngs: Sequence[str]) -> list[tuple[str, str, int]]:
        """(BNG, box, its epoch) of all boxes of some BNGs."""
        epochs = (await self._epochs([domain]))[domain]
        pairs = [(box.partition("|")[0], box, epoch) for box, epoch in epochs.items()]
        return [pair for pair in pairs if pair[0] in bngs]

    async def _counters(self, boxes: Sequence[tuple[str, str, int]], commands: Sequence[Command]) -> list[Reply]:
        """Replies to as many commands for each box."""
        return await self._lane.run(commands, READ_BUDGET_S) if boxes else []

    async def usage(self, domain: str, bngs: Sequence[str]) -> dict[str, Usage]:
        """Sum over the boxes of each BNG, each in its present epoch."""
        boxes = await self._boxes(domain, bngs)
        keys = DomainKeys(domain)
        replies = await self._counters(
            boxes, [("HMGET", keys.usage(box), "epoch", *c.USAGE_KINDS) for _, box, _ in boxes]
        )
        found = dict.fromkeys(bngs, Usage())
        for (bng, _, epoch), (of, *counts) in zip(boxes, replies, strict=True):
            if int(of or -1) == epoch:
                found[bng] += Usage(**{kind: int(n or 0) for kind, n in zip(c.USAGE_KINDS, counts, strict=True)})
        return found

    async def usage_by_port(self, domain: str, bngs: Sequence[str]) -> dict[str, dict[tuple[str, str], Usage]]:
        """By box and port; a box knows its ports by numbers."""
        boxes = await self._boxes(domain, bngs)
        keys = DomainKeys(domain)
        replies = await self._counters(
            boxes, [("HGETALL", name) for _, box, _ in boxes for name in (keys.usage(box), keys.ports(box))]
        )
        found: dict[str, dict[tuple[str, str], Usage]] = {bng: {} for bng in bngs}
        for (bng, box, epoch), usage, ports in zip(boxes, replies[::2], replies[1::2], strict=True):
            counters = dict(pairs_of(usage))
            if int(counters.get(b"epoch", -1)) != epoch:
                continue
            names = {number: name.decode("utf-8", "replace") for name, number in pairs_of(ports)}
            by_port: dict[str, dict[str, int]] = {}
            for field, count in counters.items():
                number, _, kind = field.rpartition(b"|")
                if number and int(count):
                    by_port.setdefault(names.get(number, ""), {})[kind.decode()] = int(count)
            found[bng] |= {(box, port): Usage(**counts) for port, counts in by_port.items()}
        return found

    async def traffic(self, domain: str, bngs: Sequence[str]) -> dict[str, Traffic]:
        """Sum over the boxes of each BNG, whatever their epoch."""
        boxes = await self._boxes(domain, bngs)
        keys = DomainKeys(domain)
        replies = await self._counters(boxes, [("HMGET", keys.traffic(box), *Traffic._fields) for _, box, _ in boxes])
        found = dict.fromkeys(bngs, Traffic())
        for (bng, _, _), counts in zip(boxes, replies, strict=True):
            found[bng] = Traffic(*(before + int(n or 0) for before, n in zip(found[bng], counts, strict=True)))
        return found

    async def census(self, domain: str) -> dict[str, tuple[int, int, int]]:
        """As the upkeep left it."""
        (packed,) = await self._lane.run([("HGET", DomainKeys(domain).walk, "census")], READ_BUDGET_S)
        counted = packing.unpack(packed) if packed else {}
        return {bng.decode(): tuple(counts) for bng, counts in dict(counted or {}).items()}

    async def enterprise_numbers(self, domain: str, bngs: Sequence[str]) -> dict[str, dict[int, int]]:
        """One hash a BNG."""
        keys = DomainKeys(domain)
        replies = await self._lane.run([("HGETALL", keys.numbers(bng)) for bng in bngs], READ_BUDGET_S)
        return {
            bng: {int(number): int(at) for number, at in pairs_of(reply)}
            for bng, reply in zip(bngs, replies, strict=True)
        }

    async def distances(self, domain: str, bngs: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """One hash a BNG."""
        keys = DomainKeys(domain)
        replies = await self._lane.run([("HGETALL", keys.distances(bng)) for bng in bngs], READ_BUDGET_S)
        found = {}
        for bng, reply in zip(bngs, replies, strict=True):
            counts = {int(bucket): int(count) for bucket, count in pairs_of(reply)}
            found[bng] = tuple(counts.get(bucket, 0) for bucket in range(len(DISTANCE_BUCKETS_MS) + 1))
        return found


def epochs_of(reply: Reply) -> dict[str, int]:
    """Epoch of each box, of a hash "epoch instant …"."""
    return packing.epochs_of([part for pair in reply.items() for part in pair] if isinstance(reply, dict) else reply)


def pairs_of(reply: Reply) -> list[tuple[bytes, bytes]]:
    """Fields and values of a hash, as a flat list or a mapping."""
    if isinstance(reply, dict):
        return list(reply.items())
    return list(zip(reply[::2], reply[1::2], strict=True))
