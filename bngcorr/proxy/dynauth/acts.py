"""Disconnects and CoAs of our own: what operators ask for, and remedies of findings."""

from __future__ import annotations

import asyncio
import random
import time
from ipaddress import ip_interface, ip_network
from typing import Final

import structlog

from bngcorr.errors import IdentifierExhausted, StoreError
from bngcorr.model.mac import parse_mac
from bngcorr.model.vocabulary import Finding, HostKind, SessionState
from bngcorr.proxy.dynauth.lookup import Lookup, domains_of
from bngcorr.proxy.dynauth.numbers import ACK, ERROR_CAUSE, ErrorCause
from bngcorr.proxy.dynauth.remedy import Remedies
from bngcorr.proxy.dynauth.route import Bng, Directory, Refused, Way
from bngcorr.proxy.dynauth.selectors import MOST_SESSIONS, live
from bngcorr.proxy.dynauth.sender import Flight, Sender
from bngcorr.proxy.dynauth.wanted import LINE, Outcome, Result, Told, Wanted
from bngcorr.proxy.meters import Meters
from bngcorr.store.contract import Clock
from bngcorr.store.lesson import FindingSeen
from bngcorr.store.rows import SessionRow
from bngcorr.store.terms import address_term, holding, mac_term
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.radius import PacketView

# RFC 5080 §2.2.1
FIRST_WAIT_S: Final = 2.0  # IRT
LONGEST_WAIT_S: Final = 16.0  # MRT
TRIES: Final = 5  # MRC
GIVE_UP_S: Final = 20.0  # MRD, which is 30 s there: somebody waits
JITTER: Final = 0.1  # of a wait, either way

MOST_AT_ONCE: Final = 64  # remedies under way

log = structlog.get_logger()


class Acts:
    """Finds sessions, sends a request for each to its BNG until it answers."""

    def __init__(
        self, directory: Directory, remedied: frozenset[str], remedies: Remedies, *, sender: Sender, lookup: Lookup,
        clock: Clock, meters: Meters,
    ) -> None:  # fmt: skip
        """`remedied`: names of the BNGs on whose lines lost IPv6 is remedied."""
        self.directory = directory  # to be set anew when the configuration changes, as is the next
        self.remedied = remedied
        self.remedies = remedies
        self._sender = sender
        self._lookup = lookup
        self._clock = clock
        self._meters = meters
        self._tasks: set[asyncio.Task[None]] = set()

    # ---- what operators ask for

    async def disconnect(self, wanted: Wanted) -> Result:
        """Disconnect what is wanted; of several lines nothing. Takes up to 20 s if a BNG is silent."""
        return await self._act(wanted, a.Code.DISCONNECT_REQUEST, b"")

    async def coa(self, wanted: Wanted, attributes: bytes) -> Result:
        """Change what is wanted: each session gets these attributes. Otherwise as `disconnect`."""
        return await self._act(wanted, a.Code.COA_REQUEST, attributes)

    async def _act(self, wanted: Wanted, code: a.Code, attributes: bytes) -> Result:
        try:
            rows = await self._found(wanted)
        except StoreError:
            return Result(outcome=Outcome.AWAY)
        if rows is None:
            return Result(outcome=Outcome.AMBIGUOUS)
        rows = [row for row in live(rows, self._clock.now_ms()) if row.session_id and self._meant(wanted, row)]
        told = tuple(Told(row=row) for row in rows[:MOST_SESSIONS])
        if not rows:
            return Result(outcome=Outcome.NOTHING)
        if len({(row.domain, row.line or row.session) for row in rows}) > 1 or len(rows) > MOST_SESSIONS:
            return Result(outcome=Outcome.AMBIGUOUS, sessions=told)
        if wanted.dry_run:
            return Result(outcome=Outcome.SHOWN, sessions=told)
        result = await self._tell(told, code, attributes, "operator")
        said = "disconnect" if code is a.Code.DISCONNECT_REQUEST else "coa"
        log.warning(said, outcome=str(result.outcome), sessions=[one.shown() for one in result.sessions])
        return result

    async def _found(self, wanted: Wanted) -> list[SessionRow] | None:
        """Sessions that may be meant; None: too many. Raises StoreError."""
        bngs = [bng for bng in self.directory.bngs.values() if wanted.bng in (None, bng.name)]
        domains = [domain for domain, _ in domains_of(bngs)]
        if wanted.line is not None:
            return await self._lookup.of_line(wanted.line, domains)
        if wanted.session is not None:
            domain, _, key = wanted.session.rpartition("/")
            if domain in domains and LINE.fullmatch(key):
                return await self._lookup.by_key(domain, key)
            return await self._lookup.named(wanted.session.encode("utf-8", "surrogateescape"), bngs)
        mac = parse_mac(wanted.mac) if wanted.mac is not None else None
        terms = [mac_term(mac)] if mac is not None else []
        if wanted.address is not None:
            terms = [address_term(text) for text in holding(ip_network(wanted.address, strict=False))]
        found = await self._lookup.indexed(terms, domains_of(bngs))
        return None if isinstance(found, Refused) else found

    def _meant(self, wanted: Wanted, row: SessionRow) -> bool:
        if row.bng not in self.directory.bngs or (wanted.bng is not None and row.bng != wanted.bng):
            return False
        if wanted.mac is not None:
            return row.address == parse_mac(wanted.mac)
        if wanted.address is not None:
            asked = ip_interface(wanted.address)
            held = [ip_network(host.split("|", 2)[2], strict=False) for host in row.hosts]
            whole = asked.network.num_addresses == 1
            return any(one == asked.network or (whole and asked.ip in one) for one in held)
        return True

    # ---- remedies

    def remedy(self, seen: FindingSeen) -> None:
        """A finding is new: disconnect the line if that is its remedy, and the time for it."""
        if seen.finding is not Finding.V6_LOST or seen.over or seen.bng not in self.remedied:
            return
        now = asyncio.get_running_loop().time()
        if len(self._tasks) >= MOST_AT_ONCE or not self.remedies.may(seen.domain, seen.bng, seen.subject, now):
            self._meters.dynauth.remedy(seen.bng, str(seen.finding), "limited")
            return
        task = asyncio.get_running_loop().create_task(self._remedy(seen))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _remedy(self, seen: FindingSeen) -> None:
        """End the IPv4 sessions of a line that still has no IPv6."""
        try:
            outcome = await self._remedied(seen)
        except Exception:
            outcome = "failed"
            log.exception("internal error, remedy given up", bng=seen.bng, line=seen.subject)
        self._meters.dynauth.remedy(seen.bng, str(seen.finding), outcome)
        log.warning("remedy", finding=str(seen.finding), bng=seen.bng, line=seen.subject, outcome=outcome)

    async def _remedied(self, seen: FindingSeen) -> str:
        try:
            rows = await self._lookup.of_line(seen.subject, [seen.domain])
        except StoreError:
            return "failed"
        up = [row for row in rows if row.state is SessionState.UP and row.bng in self.directory.bngs]
        kinds = [{HostKind(host.split("|", 1)[0]) for host in row.hosts} for row in up]
        told = tuple(Told(row=row) for row in up if row.session_id)[:MOST_SESSIONS]
        if any(kind is not HostKind.V4 for hosts in kinds for kind in hosts) or not any(kinds) or not told:
            return "over"  # it has IPv6 again, or its IPv4 has ended: nothing to be gained
        result = await self._tell(told, a.Code.DISCONNECT_REQUEST, b"", "remedy")
        return str(result.outcome) if result.outcome in _TOLD else "failed"

    # ---- to the BNGs

    async def _tell(self, sessions: tuple[Told, ...], code: a.Code, attributes: bytes, why: str) -> Result:
        """A request for each, side by side; the outcome of the whole is the gravest."""
        ways = [self._way(one.row) for one in sessions]
        if any(way is None for way in ways):
            return Result(outcome=Outcome.UNREACHABLE, sessions=sessions)
        await asyncio.gather(
            *(
                self._tell_one(one, way, code, attributes, why)
                for one, way in zip(sessions, ways, strict=True)
                if way is not None
            )
        )
        ends = code is a.Code.DISCONNECT_REQUEST
        acked = ends and any(one.outcome is Outcome.DONE for one in sessions)
        for one in sessions:  # there are BNGs that end all sessions of a line with its first
            if acked and one.cause == ErrorCause.SESSION_CONTEXT_NOT_FOUND:
                one.outcome = Outcome.DONE
        outcomes = {one.outcome for one in sessions}
        gravest = next(one for one in (Outcome.REFUSED, Outcome.UNANSWERED, Outcome.DONE) if one in outcomes)
        return Result(outcome=gravest, sessions=sessions)

    def _way(self, row: SessionRow) -> Way | None:
        bng: Bng | None = self.directory.bngs.get(row.bng)
        return None if bng is None else bng.way(row.nas)

    async def _tell_one(self, told: Told, way: Way, code: a.Code, attributes: bytes, why: str) -> None:
        self._meters.dynauth.sent(told.row.bng, why)
        answer = await self._ask(way, code, radius.attribute(a.ACCT_SESSION_ID, told.row.session_id) + attributes)
        if answer is None:
            told.outcome = Outcome.UNANSWERED
            self._meters.dynauth.timeout(told.row.bng)
        elif answer.code == ACK[code]:
            told.outcome = Outcome.DONE
        else:
            told.outcome, told.cause = Outcome.REFUSED, answer.integer(ERROR_CAUSE)

    async def _ask(self, way: Way, code: a.Code, attributes: bytes) -> PacketView | None:
        """The BNG's answer, asked for again and again; None if none came.

        Each try has an Event-Timestamp of its own, and so an Identifier of its own (RFC 5176 §2.3); an answer to an
        earlier one counts as well.
        """
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[PacketView] = loop.create_future()
        flights: list[Flight] = []

        def then(answer: PacketView | None) -> None:
            if answer is not None and not answered.done():
                answered.set_result(answer)

        ends_at = loop.time() + GIVE_UP_S
        wait_s = FIRST_WAIT_S
        try:
            for number in range(1, TRIES + 1):
                stamp = radius.attribute(a.EVENT_TIMESTAMP, int(time.time()).to_bytes(4, "big"))
                left_s = ends_at - loop.time()
                if left_s <= 0:
                    return None
                flights.append(self._sender.launch(way, code, attributes + stamp, then, within_s=left_s))
                this_s = left_s if number == TRIES else min(wait_s * (1 + random.uniform(-JITTER, JITTER)), left_s)
                done, _ = await asyncio.wait((answered,), timeout=this_s)
                if done:
                    return answered.result()
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)
        except IdentifierExhausted:
            return None
        finally:
            for flight in flights:
                self._sender.give_up(flight)
        return None

    async def close(self) -> None:
        """End the remedies that are under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


_TOLD: Final = (Outcome.DONE, Outcome.REFUSED, Outcome.UNANSWERED)
