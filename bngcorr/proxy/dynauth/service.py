"""The story of a CoA or Disconnect of AAA's: admitted, routed, its sessions found, sent to their BNGs, answered.

Rates are low and bounded: what needs the store is a task of its own. Anything unexpected drops that one request as
`internal-error`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bngcorr.errors import StoreError, WireError
from bngcorr.model.vocabulary import DropReason
from bngcorr.proxy.dynauth import packets
from bngcorr.proxy.dynauth.asked import Admission, Asked, Entry
from bngcorr.proxy.dynauth.clients import Client, Clients, authenticate
from bngcorr.proxy.dynauth.lookup import Lookup, Reading
from bngcorr.proxy.dynauth.numbers import ACK, ERROR_CAUSE, WHY, ErrorCause
from bngcorr.proxy.dynauth.route import Anywhere, At, Bng, Directory, Refused, operator_nas_identifiers
from bngcorr.proxy.dynauth.selectors import Chosen, choose, of_no_session, read
from bngcorr.proxy.dynauth.sender import Flight, Sender
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.sockets import Datagram, NasSocket, Peer
from bngcorr.store.contract import Clock
from bngcorr.store.rows import SessionRow
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.hiding import Hidden
from bngcorr.wire.radius import PacketView, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the configuration says; swapped as a whole."""

    clients: Clients
    directory: Directory
    timeout_s: float
    window_s: float  # of Event-Timestamps


class _Job:
    """One request of AAA's, under way."""

    __slots__ = ("answers", "client", "entry", "flights", "peer", "rules", "socket", "view")

    def __init__(
        self, client: Client, rules: Rules, socket: NasSocket, peer: Peer, view: PacketView, entry: Entry
    ) -> None:
        self.client = client
        self.rules = rules  # as they were when it came
        self.socket = socket
        self.peer = peer
        self.view = view
        self.entry = entry
        self.flights: dict[int, Flight] = {}  # not answered yet
        self.answers: list[PacketView | None] = []

    @property
    def title(self) -> str:
        """Name of its code."""
        return a.Code(self.view.code).title


_Part = tuple[str, str, Sequence[Span], bytes | None]  # BNG, box, attributes to take out, Acct-Session-Id to put in


class DynauthProxy:
    """Carries requests of AAA's to BNGs and their answers back."""

    def __init__(
        self,
        rules: Rules,
        *,
        sender: Sender,
        lookup: Lookup,
        hidden: Mapping[int, Hidden],
        clock: Clock,
        meters: Meters,
        noise: Noise,
    ) -> None:
        self.rules = rules  # for what comes from now on; to be set anew when the configuration changes
        self._sender = sender
        self._lookup = lookup
        self._hidden = hidden
        self._clock = clock
        self._meters = meters
        self._noise = noise
        self._asked = Asked()
        self._jobs: dict[int, _Job] = {}  # by id of their entry
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def in_flight(self) -> int:
        """Requests without an answer so far."""
        return len(self._asked)

    # ---- from AAA

    def carry(self, socket: NasSocket, vector: list[Datagram]) -> None:
        """Everything that one wake-up of a socket brought."""
        now, now_s = asyncio.get_running_loop().time(), time.time()
        self._asked.expire(now)
        for datagram in vector:
            try:
                self._admit(socket, datagram, now, now_s)
            except WireError as error:
                self._meters.drop(DropReason(error.reason))
                self._noise.discarded_dynauth(datagram.peer.host, DropReason(error.reason), datagram.octets)
            except Exception as fault:
                self._meters.drop(DropReason.INTERNAL_ERROR)
                self._noise.internal("datagram dropped", datagram.peer.host, fault, datagram.octets[4:20])

    def _admit(self, socket: NasSocket, datagram: Datagram, now: float, now_s: float) -> None:
        """Known client, valid octets, authentic, not asked before; else dropped by name, or answered again."""
        rules, peer = self.rules, datagram.peer
        client = rules.clients.find(peer.host)
        if client is None:
            self._meters.drop(DropReason.UNKNOWN_CLIENT)
            self._noise.unknown_dynauth_client(peer.host, peer.port)
            return
        view = radius.decode(datagram.octets)
        authenticate(view, client, now_s=now_s, window_s=rules.window_s)
        admission, entry = self._asked.admit(client.name, view.authenticator, now)
        if entry is None:
            self._meters.drop(DropReason.OVERLOAD)
        elif admission is Admission.NEW:
            job = self._jobs[id(entry)] = _Job(client, rules, socket, peer, view, entry)
            self._guarded(job, self._begin)
        elif admission is Admission.ANSWERED and entry.reply is not None:
            self._meters.dynauth.repeat("answered-from-cache")
            if not socket.send(entry.reply, peer):
                self._meters.drop(DropReason.SEND_FAILED)
        elif admission is Admission.REPEAT:
            self._meters.dynauth.repeat("sent-again-to-bng")
            for flight in self._jobs[id(entry)].flights.values():
                self._sender.repeat(flight)
        else:
            self._meters.drop(DropReason.DUPLICATE_IN_FLIGHT)

    def _begin(self, job: _Job) -> None:
        """To the BNG that it names, if all it says is the BNG's own; else its sessions are looked up first."""
        directory = job.rules.directory
        place = directory.place(job.view)
        if isinstance(place, Refused):
            self._refuse(job, place.cause)
        elif of_no_session(job.view):
            self._refuse(job, ErrorCause.MISSING_ATTRIBUTE)
        elif isinstance(place, At) and place.box is not None and not self._of_ours(job.view, place.bng):
            self._forward(job, [(place.bng.name, place.box, (), None)])
        else:
            task = asyncio.get_running_loop().create_task(self._look_up(job, place))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @staticmethod
    def _of_ours(view: PacketView, bng: Bng) -> bool:
        return read(view, bng.profile, bng.mode).ours

    async def _look_up(self, job: _Job, place: At | Anywhere) -> None:
        """The sessions that are meant, from the store; what it does not know of a named one, the BNG knows."""
        rows: Sequence[SessionRow] | Refused | None = None
        try:
            reading = Reading(job.view, job.rules.directory, place)
            with contextlib.suppress(StoreError):
                rows = await self._lookup.rows(reading, job.rules.directory, place)
        except Exception as fault:
            self._broken(job, fault)
            return
        if not rows and isinstance(place, At) and place.box is not None:
            named = reading(place.bng.name)
            if named is not None and named.session_id is not None:
                self._guarded(job, self._forward, [(place.bng.name, place.box, named.perhaps_ours(), None)])
                return
        if rows is None:
            self._guarded(job, self._refuse, ErrorCause.PROXY_PROCESSING_ERROR)
            return
        chosen = rows if isinstance(rows, Refused) else choose(rows, reading, self._clock.now_ms())
        if isinstance(chosen, Refused):
            self._guarded(job, self._refuse, chosen.cause)
        else:
            self._guarded(job, self._to_sessions, chosen)

    def _to_sessions(self, job: _Job, chosen: Sequence[Chosen]) -> None:
        self._forward(job, [(one.row.bng, one.row.nas, one.cut, one.row.session_id) for one in chosen])

    # ---- to the BNGs

    def _forward(self, job: _Job, parts: Sequence[_Part]) -> None:
        """One request for each session, all of them or none."""
        view, bngs = job.view, job.rules.directory.bngs
        named = operator_nas_identifiers(view)
        ready = []
        for name, box, cut, session_id in parts:
            way = bngs[name].way(box)
            if way is None:
                self._refuse(job, ErrorCause.PROXY_REQUEST_NOT_ROUTABLE)
                return
            attributes = packets.for_bng(
                view, [*cut, *named], session_id, secrets=(job.client.secret, way.secret), hidden=self._hidden,
                salt=os.urandom(2),
            )  # fmt: skip
            if isinstance(attributes, Refused):
                self._refuse(job, attributes.cause)
                return
            ready.append((name, way, attributes))
        if not self._sender.room([way for _, way, _ in ready]):
            self._refuse(job, ErrorCause.RESOURCES_UNAVAILABLE)
            return
        job.answers = [None] * len(ready)
        states, signed = view.all(a.PROXY_STATE), view.has(a.MESSAGE_AUTHENTICATOR)
        for index, (name, way, attributes) in enumerate(ready):
            flight = self._sender.launch(
                way, view.code, attributes, functools.partial(self._answered, job, index, name),
                within_s=job.rules.timeout_s, states=states, signed=signed,
            )  # fmt: skip
            job.flights[index] = flight
            self._meters.dynauth.sent(name, "aaa")

    # ---- from the BNGs, and back to AAA

    def _answered(self, job: _Job, index: int, bng: str, answer: PacketView | None) -> None:
        """One BNG has answered, or has not in time."""
        if answer is None:
            self._meters.dynauth.timeout(bng)
            self._noise.silent_dynauth(bng, job.view.authenticator)
        job.answers[index] = answer
        job.flights.pop(index, None)
        if not job.flights:
            self._guarded(job, self._complete)

    def _complete(self, job: _Job) -> None:
        """The answer for AAA, once all are there; none if a BNG is silent: AAA sends again."""
        answers = [answer for answer in job.answers if answer is not None]
        if len(answers) < len(job.answers):
            self._meters.dynauth.request(job.client.name, job.title, "unanswered")
            self._meters.drop(DropReason.NO_REPLY)
            self._abandon(job)
            return
        answer = packets.decisive(job.view.code, answers)
        if answer.code != ACK[a.Code(job.view.code)]:
            self._meters.dynauth.nak("bng", answer.integer(ERROR_CAUSE))
        self._answer(job, packets.passed_on(job.view, answer, job.client.secret))

    def _refuse(self, job: _Job, cause: ErrorCause) -> None:
        self._meters.dynauth.nak("proxy", cause)
        self._noise.refused_dynauth(job.client.name, job.title, int(cause), WHY[cause], job.view.authenticator)
        self._answer(job, packets.refusal(job.view, cause, job.client.secret))

    def _answer(self, job: _Job, reply: bytes) -> None:
        """Send to AAA, and keep for retransmissions and replays."""
        outcome = "ack" if reply[0] == ACK[a.Code(job.view.code)] else "nak"
        self._meters.dynauth.request(job.client.name, job.title, outcome)
        stamp = job.view.integer(a.EVENT_TIMESTAMP)
        kept_s = 0.0 if stamp is None else stamp + job.rules.window_s - time.time()
        self._asked.answer(job.entry, reply, asyncio.get_running_loop().time(), kept_s)
        self._jobs.pop(id(job.entry), None)
        if not job.socket.send(reply, job.peer):
            self._meters.drop(DropReason.SEND_FAILED)

    def _abandon(self, job: _Job) -> None:
        self._asked.abandon(job.entry)
        self._jobs.pop(id(job.entry), None)

    def _guarded(self, job: _Job, step: Callable[..., None], *arguments: object) -> None:
        try:
            step(job, *arguments)
        except Exception as fault:
            self._broken(job, fault)

    def _broken(self, job: _Job, fault: Exception) -> None:
        """Our own fault."""
        self._meters.drop(DropReason.INTERNAL_ERROR)
        self._noise.internal("CoA or Disconnect dropped", job.client.name, fault, job.view.authenticator)
        for flight in job.flights.values():
            self._sender.give_up(flight)
        self._abandon(job)

    async def close(self) -> None:
        """End what waits for the store."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
