"""A correlation domain in a store, lessons to write into it, and what comes back."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Protocol

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.usage import Host, Traffic, Usage
from bngcorr.model.vocabulary import Finding, Outcome
from bngcorr.store.contract import CorrelationStore, HistoryStore, PlanStore, QueryStore, UpkeepStore
from bngcorr.store.lesson import Event, Fill, FindingSeen, Lesson, Restart, SessionChange, SessionStep, Sighting
from bngcorr.store.recollection import Candidate, KeyRecord, Recall, Recollection, SessionIdentity
from bngcorr.store.row_core import array
from bngcorr.store.rows import Closed, LineRow, LostV6, Page, SessionQuery, SessionRow, Upkeep

from .subjects import BNG, BUCKETS, DAY, EXPECTED, NAS, NOW, WALK, ids_of, key, line

_domains = itertools.count(1)


class Store(CorrelationStore, UpkeepStore, Protocol):
    """All that a store is asked."""

    @property
    def queries(self) -> QueryStore:
        """For people."""
        ...

    @property
    def plans(self) -> PlanStore:
        """The operator's."""
        ...

    @property
    def history(self) -> HistoryStore:
        """Closed sessions."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class Scene:
    """What one domain of a store is told, and what it says. Names are words here, hashes in the store."""

    def __init__(self, store: Store) -> None:
        self.domain = f"domain{next(_domains)}"
        self.store = store
        self._records = itertools.count(1)
        self._named: dict[str, set[str]] = {"key": set(), "mac": set(), "session": set(), "place": set()}

    def twin(self, store: Store) -> Scene:
        """The same domain, with the same names, in another store."""
        other = Scene(store)
        other.domain, other._named = self.domain, self._named
        return other

    def _name(self, kind: str, word: str | None) -> str | None:
        if word is None:
            return None
        self._named[kind].add(key(word))
        return key(word)

    # ---- lessons

    def sighting(
        self,
        number: int,
        *,
        attachment: str | None = None,
        pair: str | None = None,
        bng_mac: str | None = None,
        multi_session: str | None = None,
        mac: str | None = None,
        claimed: bool = False,
        place: str | None = None,
        ids: LineIds | None = None,
        at: int = 0,
        v6: bool = False,
        v4_evident: bool = False,
        attached: bool = True,
        lasts: int = DAY,
        port: Attachment | None = None,
        address: Mac | None = None,
        bng: str = BNG,
    ) -> Sighting:
        """A line seen so many ms after NOW; `pair` is the key of attachment and MAC."""
        return Sighting(
            domain=self.domain,
            bng=bng,
            attachment=self._name("key", attachment),
            attachment_mac=self._name("key", pair),
            bng_mac=self._name("key", bng_mac),
            multi_session=self._name("key", multi_session),
            mac=self._name("mac", mac),
            claimed=claimed,
            place=self._name("place", place),
            line=line(number),
            ids=ids or ids_of(number),
            at_ms=NOW + at,
            v6=v6,
            v4_evident=v4_evident,
            attached=attached,
            until_ms=NOW + at + lasts,
            port=port,
            address=address,
        )

    def change(
        self,
        step: SessionStep,
        session: str = "s1",
        *,
        at: int = 0,
        hosts: Sequence[Host] | None = None,
        nas: str = NAS,
        number: int | None = None,
        own: bool = True,
        keys: Sequence[str] = (),
        fingerprint: str = "",
        digest: str | None = None,
        lasts: int = 600_000,
        sent: int | None = None,
        interval: int = 0,
        timeout: int = 0,
        lasted: int = 0,
        traffic: tuple[int, ...] | None = None,
        promised: Sequence[Host] = (),
        accepted_as: str | None = None,
        fill: Fill = Fill.AUTO,
        session_id: bytes | None = None,
        user_name: str | None = None,
        port: Attachment | None = None,
        address: Mac | None = None,
        outcome: Outcome | None = None,
    ) -> SessionChange:
        """A step of a session so many ms after NOW; another record each time, unless `digest` says otherwise."""
        name = self._name("session", session)
        assert name is not None
        return SessionChange(
            domain=self.domain,
            bng=nas.split("|")[0],
            session=name,
            nas=nas,
            step=step,
            at_ms=NOW + at,
            until_ms=NOW + (at if sent is None else sent) + lasts,
            sent_ms=0 if sent is None else NOW + sent,
            line=None if number is None else line(number),
            ids=None if number is None else ids_of(number),
            own=own and number is not None,
            keys=tuple(map(key, keys)),
            fingerprint=fingerprint,
            digest="" if step is EXPECTED else digest or f"{next(self._records):08x}",
            hosts=None if hosts is None else tuple(hosts),
            interval_ms=interval,
            timeout_ms=timeout,
            lasted_ms=lasted,
            traffic=None if traffic is None else Traffic(*traffic),
            promised=tuple(promised),
            accepted_as=self._name("session", accepted_as),
            fill=fill,
            session_id=session.encode() if session_id is None else session_id,
            user_name=user_name,
            port=port,
            address=address,
            outcome=outcome,
        )

    def restart(self, *, at: int, nas: str = NAS) -> Restart:
        """Accounting-On so many ms after NOW."""
        return Restart(domain=self.domain, bng=nas.split("|")[0], nas=nas, at_ms=NOW + at)

    def finding(
        self, kind: Finding, subject: str, *, at: int = 0, over: bool = False, detail: str = "{}", bng: str = BNG
    ) -> FindingSeen:
        """A finding so many ms after NOW, or its end."""
        return FindingSeen(
            domain=self.domain, bng=bng, finding=kind, subject=subject, at_ms=NOW + at, detail=detail, over=over
        )

    def verdict(
        self, number: int, *, of: int | None = None, mac: str | None = None, reason: str = "v6 strong: a reason"
    ) -> Event:
        """A request that was over so many ms after NOW; `of`: the line that its verdict names."""
        return Event(
            domain=self.domain,
            line=None if of is None else line(of),
            mac=None if mac is None else key(mac),
            about=array(
                1, self.domain, BNG, "full", b"\x02\0\0\0\0\x01", "1/1/4", 100, None, "dhcpv6", None, [reason],
                "unmatched" if of is None else "own", None, None, None if of is None else bytes.fromhex(line(of)),
                b"LINE-7", None, b"\0\0\x0d\xe9LINE-7", None, 3561, True, b"\xfcser",
            ),
            moment=array(NOW, bytes(16), 7, 0, b"0A", None, "aaa1", 2, 3, number),
        )  # fmt: skip

    # ---- told and asked

    async def write(self, *lessons: Lesson, now: int = 0) -> list[str]:
        """The store's word on each lesson."""
        return await self.store.write(lessons, NOW + now)

    async def recall(
        self,
        *keys: str,
        mac: str | None = None,
        session: str | None = None,
        place: str | None = None,
        number: int | None = None,
        now: int = 0,
    ) -> Recollection:
        """What the store knows of some keys; of the line `number` alone if that stands alone there."""
        question = Recall(
            domain=self.domain,
            keys=tuple(map(key, keys)),
            mac=None if mac is None else key(mac),
            session=None if session is None else key(session),
            place=None if place is None else key(place),
            line=None if number is None else line(number),
        )
        (answer,) = await self.store.recall([question], NOW + now)
        assert answer is not None
        return answer

    async def record(self, name: str, *, now: int = 0) -> KeyRecord:
        """What it knows on one key."""
        return (await self.recall(name, now=now)).records[key(name)]

    async def candidate(self, name: str, *, now: int = 0) -> Candidate:
        """The only line on one key."""
        (known,) = (await self.record(name, now=now)).candidates
        return known

    async def lines_on(self, name: str, *, now: int = 0) -> set[str]:
        """The lines on one key."""
        return {one.line for one in (await self.record(name, now=now)).candidates}

    async def live_on(self, name: str, *, now: int = 0) -> dict[str, int]:
        """How many sessions vouch for each line on one key."""
        return {one.line: len(one.sessions) for one in (await self.record(name, now=now)).candidates}

    async def identity(self, session: str = "s1") -> SessionIdentity:
        """What was fixed for a session."""
        found = (await self.recall(session=session)).session
        assert found is not None
        return found

    async def usage(self) -> Usage:
        """What the ledger says of the BNG."""
        return (await self.store.queries.usage(self.domain, [BNG]))[BNG]

    async def usage_by_port(self) -> dict[tuple[str, str], Usage]:
        """What it says of each box and port."""
        return (await self.store.queries.usage_by_port(self.domain, [BNG]))[BNG]

    async def traffic(self) -> Traffic:
        """Octets of the BNG."""
        return (await self.store.queries.traffic(self.domain, [BNG]))[BNG]

    async def row(self, session: str = "s1") -> SessionRow:
        """A session as an operator sees it."""
        (row,) = await self.store.queries.session_rows([(self.domain, key(session))])
        return row

    async def closed(self) -> list[Closed]:
        """Sessions that gave back hosts, the oldest first."""
        return list(reversed(await self.store.history.recent(self.domain)))

    async def rows(self, *terms: str, bngs: Sequence[str] = (BNG,)) -> list[SessionRow]:
        """Sessions as an operator sees them, page by page: those that answer to one of the terms, or all."""
        rows: list[SessionRow] = []
        cursor: str | None = ""
        while cursor is not None:
            query = SessionQuery(domains=((self.domain, tuple(bngs)),), terms=terms, page=Page(cursor=cursor))
            some, cursor = await self.store.queries.sessions(query)
            rows += some
        return rows

    async def lines(self, term: str | None = None, *, now: int = 0) -> list[LineRow]:
        """Lines as an operator sees them, page by page."""
        rows: list[LineRow] = []
        cursor: str | None = ""
        while cursor is not None:
            some, cursor = await self.store.queries.lines([self.domain], term, Page(cursor=cursor), NOW + now)
            rows += some
        return rows

    async def walk(self, *, now: int) -> Upkeep:
        """Look after every record once, within ten walks from `now`; what came of it all together."""
        done = [
            one
            for later in (0, 10 * WALK)
            for one in await self.store.upkeep([self.domain], NOW + now + later, buckets=BUCKETS, walk_ms=WALK)
        ]
        lost: tuple[LostV6, ...] = ()
        for one in done:
            lost += one.lost
        return Upkeep(
            expired=sum(one.expired for one in done),
            dropped=sum(one.dropped for one in done),
            lost=lost,
            census=done[-1].census,
        )

    async def known(self, *, now: int = 0) -> dict[str, object]:
        """What the store recalls of whatever was ever named here, what it counts, and what it found."""
        questions = [
            Recall(domain=self.domain, keys=tuple(sorted(self._named["key"])), mac=mac, session=session, place=place)
            for mac, session, place in itertools.zip_longest(
                *(sorted(self._named[kind]) for kind in ("mac", "session", "place"))
            )
        ]
        return {
            "recalled": await self.store.recall(questions, NOW + now),
            "usage": await self.store.queries.usage(self.domain, [BNG, "bng2"]),
            "findings": await self.store.queries.findings([self.domain], 1000),
        }

    async def everything(self, *, now: int = 0) -> dict[str, object]:
        """That, all sessions, and the lines that it can list."""
        sessions = [(self.domain, name) for name in sorted(self._named["session"])]
        return {
            "known": await self.known(now=now),
            "by port": await self.store.queries.usage_by_port(self.domain, [BNG, "bng2"]),
            "traffic": await self.store.queries.traffic(self.domain, [BNG, "bng2"]),
            "sessions": await self.store.queries.session_rows(sessions),
            "lines": await self.lines(now=now),
            "closed": sorted(await self.closed(), key=str),  # those of one walk come in any order
            "census": await self.store.queries.census(self.domain),
        }
