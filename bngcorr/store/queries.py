"""Reading for people over Redis or Valkey: sessions and lines, one or pages of them, findings."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final

from bngcorr.model.vocabulary import Finding
from bngcorr.store import packing
from bngcorr.store.duplicates import address_of
from bngcorr.store.figures import READ_BUDGET_S, Figures, epochs_of, pairs_of
from bngcorr.store.keys import DomainKeys, buckets_of, holders, seats
from bngcorr.store.lane import Command
from bngcorr.store.recent import Recent
from bngcorr.store.rows import FindingRow, LineRow, Page, SessionQuery, SessionRow
from bngcorr.store.terms import attachment_term, port_term, read_port_term, term_hash

FEWEST_BUCKETS: Final = 4  # looked through in the first round trip for the next page, to see how full they are
MOST_BUCKETS: Final = 64  # and in one round trip at all
_ADDRESS: Final = "address:"
_PORT: Final = "port:"
_OF_SESSIONS: Final = (_ADDRESS, _PORT, "user:")  # no line is found by these itself
ROWS_AT_ONCE: Final = 100  # unpacked before others of the event loop have their turn
NAME: Final = 12  # octets of a record's name
ENTRY: Final = 13  # octets of an index entry: "l" or "s", and the name

_keys: Final = lru_cache(maxsize=1024)(DomainKeys)


def entry_of(domain: str, session: str) -> bytes:
    """A session as the holders of an address are noted: 12 octets, then the domain."""
    return bytes.fromhex(session) + domain.encode()


def read_entry(entry: bytes) -> tuple[str, str]:
    """(domain, session); inverse of `entry_of`."""
    return entry[12:].decode(), entry[:12].hex()


class Queries(Figures, Recent):
    """`contract.QueryStore`. Raises StoreError."""

    async def sessions(self, query: SessionQuery) -> tuple[list[SessionRow], str | None]:
        """From index terms, the cursor being a rank; else domain by domain, "domain.bucket.rank"."""
        wanted = {domain: frozenset(bngs) for domain, bngs in query.domains}
        if query.terms:
            names = await self._indexed(query.terms, list(wanted), b"s")
            start = int(query.page.cursor or 0)
            chosen = names[start : start + query.page.limit]
            end = start + query.page.limit
            rows = await self.session_rows([(domain, name.hex()) for domain, name in chosen])
            ours = [row for row in rows if row.bng in wanted[row.domain] and _answers(row, query.terms)]
            return ours, str(end) if end < len(names) else None
        (found, cursor), epochs = await asyncio.gather(
            self._walk("s", list(wanted), query.page), self._epochs(list(wanted))
        )
        rows = await self._rows(found, epochs)
        return [row for row in rows if row.bng in wanted[row.domain]], cursor

    async def lines(
        self, domains: Sequence[str], term: str | None, page: Page, now_ms: int
    ) -> tuple[list[LineRow], str | None]:
        """From an index term, the cursor being a rank; else domain by domain, "domain.bucket.rank".

        By a term of sessions those are ranked, and their lines told, each once a page.
        """
        if term is None:
            found, cursor = await self._walk("l", domains, page)
        else:
            of_sessions = term.startswith(_OF_SESSIONS)
            names = await self._indexed((term,), domains, b"s" if of_sessions else b"l")
            start, end = int(page.cursor or 0), int(page.cursor or 0) + page.limit
            cursor = str(end) if end < len(names) else None
            chosen = names[start:end]
            if of_sessions:
                rows_ = await self.session_rows([(domain, name.hex()) for domain, name in chosen])
                ours = [row for row in rows_ if _answers(row, (term,)) and row.line is not None]
                chosen = list(dict.fromkeys((row.domain, bytes.fromhex(row.line or "")) for row in ours))
            found = await self._records("l", chosen)
        rows = [packing.line_row(domain, name, packed) for domain, name, packed in found]
        return [row for row in rows if row.until_ms >= now_ms], cursor

    async def session(self, domain: str, session: str) -> SessionRow | None:
        """One look-up, and its line if it is only expected."""
        rows = await self.session_rows([(domain, session)])
        return rows[0] if rows else None

    async def line(self, domain: str, line: str, now_ms: int) -> LineRow | None:
        """One look-up."""
        rows = await self.line_rows([(domain, line)], now_ms)
        return rows[0] if rows else None

    async def line_rows(self, pairs: Sequence[tuple[str, str]], now_ms: int) -> list[LineRow]:
        """One round trip."""
        found = await self._records("l", [(domain, bytes.fromhex(line)) for domain, line in pairs])
        rows = [packing.line_row(domain, name, packed) for domain, name, packed in found]
        return [row for row in rows if row.until_ms >= now_ms]

    async def session_rows(self, pairs: Sequence[tuple[str, str]]) -> list[SessionRow]:
        """Sessions by (domain, name), as far as they are there."""
        if not pairs:
            return []
        names = [(domain, bytes.fromhex(session)) for domain, session in pairs]
        domains = list(dict.fromkeys(domain for domain, _ in pairs))
        commands = [_record("s", *name) for name in names]
        commands += [("HGETALL", _keys(domain).epochs) for domain in domains]  # behind what is of them
        replies = await self._lane.run(commands, READ_BUDGET_S)
        found = [(*name, packed) for name, packed in zip(names, replies, strict=False) if packed]
        epochs = map(epochs_of, replies[len(names) :])
        return await self._rows(found, dict(zip(domains, epochs, strict=True)))

    async def _rows(
        self, found: Sequence[tuple[str, bytes, bytes]], epochs: Mapping[str, Mapping[str, int]]
    ) -> list[SessionRow]:
        """Of sessions that are only expected, their lines may know a later deadline."""
        rows: list[SessionRow] = []
        for at in range(0, len(found), ROWS_AT_ONCE):
            if at:
                await asyncio.sleep(0)
            some = found[at : at + ROWS_AT_ONCE]
            rows += [packing.session_row(domain, name, packed, epochs[domain]) for domain, name, packed in some]
        waiting = {(row.domain, bytes.fromhex(row.line)) for row in rows if row.line is not None and not row.began_ms}
        if not waiting:
            return rows
        lines = {(domain, name): packed for domain, name, packed in await self._records("l", sorted(waiting))}
        return [
            row
            if row.line is None or row.began_ms or (row.domain, line := bytes.fromhex(row.line)) not in lines
            else packing.caught_up(row, lines[row.domain, line])
            for row in rows
        ]

    async def _records(self, kind: str, names: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes, bytes]]:
        replies = await self._lane.run([_record(kind, *name) for name in names], READ_BUDGET_S)
        return [(*pair, packed) for pair, packed in zip(names, replies, strict=True) if packed]

    async def _indexed(self, terms: Sequence[str], domains: Sequence[str], kind: bytes) -> list[tuple[str, bytes]]:
        """(domain, name) of what answers to any of the terms, each once; of all terms in one round trip."""
        asked: list[str | None] = []  # the domain whose index it is; None: who holds an address, in all domains
        commands: list[Command] = []
        for term in terms:
            if term.startswith(_PORT):
                continue
            if term.startswith(_ADDRESS):
                hashed = term_hash(term)
                asked.append(None)
                commands.append(("HGET", holders(hashed), hashed))
            else:
                asked += domains
                commands += _in_each(term, tuple(domains))
        found: dict[tuple[str, bytes], None] = {}
        replies = await self._lane.run(commands, READ_BUDGET_S)
        for domain, reply in zip(asked, replies, strict=True):
            if domain is None:
                pairs = [read_entry(entry) for entry in (packing.unpack(reply) if reply else [])]
                found.update(((of, bytes.fromhex(session)), None) for of, session in pairs if of in domains)
            else:
                names = (reply[at : at + ENTRY] for at in range(0, len(reply or b""), ENTRY))
                found.update(((domain, name[1:]), None) for name in names if name[:1] == kind)
        if kind == b"s":
            for term in terms:
                if term.startswith(_PORT):
                    found.update(dict.fromkeys(await self._on_port(term, domains)))
        return list(found)

    async def _on_port(self, term: str, domains: Sequence[str]) -> list[tuple[str, bytes]]:
        """(domain, name) of the sessions on a port, and maybe others' of other VLANs; a box knows ports by numbers."""
        bng, port, vlans = read_port_term(term)
        boxes = [(domain, box) for domain in domains for _, box, _ in await self._boxes(domain, [bng])]
        numbers = await self._lane.run(
            [("HGET", DomainKeys(domain).ports(box), port) for domain, box in boxes], READ_BUDGET_S
        )
        there = [(*box, int(number)) for box, number in zip(boxes, numbers, strict=True) if number]
        fields = () if vlans is None else seats(*vlans)
        verb = "HMGET" if fields else "HVALS"
        replies = await self._lane.run(
            [(verb, DomainKeys(domain).on_port(box, number), *fields) for domain, box, number in there], READ_BUDGET_S
        )
        return [
            (domain, names[at : at + NAME])
            for (domain, _, _), reply in zip(there, replies, strict=True)
            for names in reply
            for at in range(0, len(names or b""), NAME)
        ]

    async def _walk(
        self, kind: str, domains: Sequence[str], page: Page
    ) -> tuple[list[tuple[str, bytes, bytes]], str | None]:
        """One page of all records of a kind, bucket by bucket; those within a bucket in the order of their names."""
        position, number, rank = (int(part) for part in (page.cursor or "0.0.0").split("."))
        picked: list[tuple[str, bytes, bytes]] = []
        while position < len(domains):
            keys = _keys(domains[position])
            (bits,) = await self._lane.run([("GET", keys.occupied(kind))], READ_BUDGET_S)
            occupied = buckets_of(bits or b"", number)
            numbers = list(islice(occupied, FEWEST_BUCKETS))
            while numbers:
                commands: list[Command] = [("HGETALL", keys.bucket(kind, n)) for n in numbers]
                seen = 0
                for bucket, reply in zip(numbers, await self._alone.run(commands, READ_BUDGET_S), strict=True):
                    records = sorted(pairs_of(reply))
                    seen += len(records)
                    rank = rank if bucket == number else 0
                    room = page.limit - len(picked)
                    picked += [(domains[position], name, packed) for name, packed in records[rank : rank + room]]
                    if rank + room < len(records):
                        return picked, f"{position}.{bucket}.{rank + room}"
                    if len(picked) == page.limit:
                        return picked, f"{position}.{bucket + 1}.0"
                numbers = list(islice(occupied, _buckets_for(page.limit - len(picked), seen, len(numbers))))
            position, number, rank = position + 1, 0, 0
        return picked, None

    async def findings(self, domains: Sequence[str], limit: int) -> list[FindingRow]:
        """The newest of each domain, merged."""
        names = await self._lane.run(
            [("ZREVRANGE", DomainKeys(domain).findings_by_age, 0, limit - 1) for domain in domains], READ_BUDGET_S
        )
        some = [(domain, ids) for domain, ids in zip(domains, names, strict=True) if ids]
        commands: list[Command] = [("HMGET", DomainKeys(domain).findings, *ids) for domain, ids in some]
        replies = await self._lane.run(commands, READ_BUDGET_S) if commands else []
        rows = [
            [packing.finding_row(domain, one, packed) for one, packed in zip(ids, reply, strict=True) if packed]
            for (domain, ids), reply in zip(some, replies, strict=True)
        ]
        return list(heapq.merge(*rows, key=lambda row: -row.last_ms))

    async def findings_about(self, domain: str, wanted: Sequence[tuple[Finding, str]]) -> list[FindingRow]:
        """By their names."""
        ids = [packing.finding_id(*one) for one in wanted]
        replies = await self._lane.run([("HMGET", DomainKeys(domain).findings, *ids)], READ_BUDGET_S) if ids else [[]]
        return [packing.finding_row(domain, one, found) for one, found in zip(ids, replies[0], strict=True) if found]


def _record(kind: str, domain: str, name: bytes) -> Command:
    return ("HGET", _keys(domain).record(kind, name), name)


@lru_cache(maxsize=64)  # lines and sessions are asked for side by side
def _in_each(term: str, domains: tuple[str, ...]) -> tuple[Command, ...]:
    """What stands under a term in the index of each domain."""
    hashed = term_hash(term)
    return tuple([_record("i", domain, hashed) for domain in domains])


def _buckets_for(records: int, seen: int, buckets: int) -> int:
    """How many buckets to read next for so many records, after so many of them were seen in some buckets; rather one
    too many than another round trip.
    """
    return min(9 * records * buckets // (8 * max(seen, 1)) + 2, MOST_BUCKETS)


def _answers(row: SessionRow, terms: Sequence[str]) -> bool:
    """Whether a session that was found does answer: who holds what may lag behind, and fields of a port are shared."""
    for term in terms:
        if term.startswith(_ADDRESS):
            if term.removeprefix(_ADDRESS) in map(address_of, row.hosts):
                return True
        elif not term.startswith(_PORT) or (
            row.port is not None and term in (port_term(row.bng, row.port.port), attachment_term(row.bng, row.port))
        ):
            return True
    return False
