"""The AAA servers that stand in for each other, and which of them gets a request."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final, Generic, TypeVar

from bngcorr.errors import IdentifierExhausted, NoUpstream
from bngcorr.model.vocabulary import OnNoUpstream, PoolPolicy
from bngcorr.proxy.upstream import choice
from bngcorr.proxy.upstream.choice import ALIVE, AWAY, DEAD, DRAINED, SUSPECT, Candidate, Conversations
from bngcorr.proxy.upstream.flight import Flight
from bngcorr.proxy.upstream.server import Server
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import PacketView

TRICKLE_S: Final = 0.1  # while every server is dead one request in so long tries one all the same

OWES_S: Final = 0.25  # a server that is alive answers something within this, while it is asked at all

T = TypeVar("T")


class Pool(Generic[T]):
    """One pool for one kind of request."""

    def __init__(
        self,
        name: str,
        servers: Sequence[Server[T]],
        *,
        policy: PoolPolicy = PoolPolicy.FAILOVER,
        on_no_upstream: OnNoUpstream = OnNoUpstream.SILENT,
        conversations: Conversations | None = None,
    ) -> None:
        """`servers` in the order of the file, at least one. `conversations`: those of its predecessor."""
        self.name = name
        self.servers = tuple(servers)
        self.rejects = on_no_upstream is OnNoUpstream.REJECT
        self._balanced = policy is PoolPolicy.LOAD_BALANCE
        self._conversations = conversations or Conversations()
        self._candidates = [server.candidate for server in self.servers]
        self._best: list[Candidate] = []
        self._one: Server[T] | None = None  # gets every request that is in no conversation
        self._trial_at = inf
        self._trickle_at = -inf
        self._trickled = 0
        for place, server in enumerate(self.servers):
            server.candidate.place = place
            server.watch(self._moved)
        self._moved(-inf)

    @property
    def conversations(self) -> Conversations:
        """Which server issued which State."""
        return self._conversations

    def _moved(self, now: float) -> None:  # noqa: ARG002 -- as servers call it
        """A server is better or worse than it was, or may be tried sooner or later."""
        found = choice.best(self._candidates)
        if found != self._best:
            self._best = found
            for candidate in found:
                candidate.credit = 0
        single = len(found) == 1 or (found and not self._balanced)
        self._one = self.servers[found[0].place] if single else None
        self._trial_at = inf
        for server in self.servers:
            if server.candidate.rank in (SUSPECT, DEAD) and server.candidate not in found:
                self._trial_at = min(self._trial_at, server.health.trial_at)

    # ---- a request

    def take(self, context: T, view: PacketView | None, now: float) -> Flight[T]:
        """An identifier with the server that the request goes to; `view`: the request, if it may be in a conversation.

        Raises NoUpstream, or IdentifierExhausted if no server in use has any left, or the one that its conversation is
        with.
        """
        server = self._one
        if view is not None and (a.STATE in view.first_spans or (self._balanced and a.EAP_MESSAGE in view.first_spans)):
            issuer = self._issuer(view)
            if issuer is not None:
                return issuer.take(context)  # anybody else would refuse it
            if now >= self._trial_at and a.STATE not in view.first_spans:
                server = self._trial(now)
            else:
                server = self._home(view) or server
        elif now >= self._trial_at:
            server = self._trial(now)
        if server is None:
            server = self.servers[choice.turn(self._best).place] if self._best else self._trickle(now)
        try:
            return server.take(context)
        except IdentifierExhausted:
            return self._elsewhere(context, server)

    def _issuer(self, view: PacketView) -> Server[T] | None:
        """The server that a conversation is with, if that is known and it can go on."""
        state = view.first(a.STATE)
        issuer = self._conversations.issuer(state) if state is not None else None
        if issuer is not None and issuer.place < len(self.servers) and self._candidates[issuer.place] is issuer:
            return self.servers[issuer.place]
        return None

    def _home(self, view: PacketView) -> Server[T] | None:
        """The server that the conversations of a user are with, where several take turns."""
        if not self._balanced or not self._best:
            return None
        user = (view.first(a.USER_NAME) or b"") + b"\0" + (view.first(a.CALLING_STATION_ID) or b"")
        return self.servers[choice.home(self._best, user).place]

    def _trial(self, now: float) -> Server[T] | None:
        """A server that is out of favour and may be tried now."""
        for server in self.servers:
            if server.candidate.rank in (SUSPECT, DEAD) and server.health.trial_at <= now:
                server.health.tried(now)
                self._moved(now)
                return server
        return self._one

    def _trickle(self, now: float) -> Server[T]:
        """All are dead: whoever is to be tried all the same, a request in a while."""
        dead = [server for server in self.servers if server.candidate.rank == DEAD]
        if not dead or now < self._trickle_at:
            raise NoUpstream(self.name)
        self._trickle_at = now + TRICKLE_S
        self._trickled += 1
        return dead[self._trickled % len(dead)]

    def _elsewhere(self, context: T, full: Server[T]) -> Flight[T]:
        """No identifier is left there: the next best server has some."""
        for rank in (ALIVE, SUSPECT):
            for server in self.servers:
                if server is not full and server.candidate.rank == rank:
                    try:
                        return server.take(context)
                    except IdentifierExhausted:
                        continue
        raise IdentifierExhausted(self.name)

    # ---- its retransmission

    def again(self, flight: Flight[T], context: T, view: PacketView | None, now: float) -> Flight[T] | None:
        """The BNG sent a request again, and AAA has not answered `flight`, the last one of it; `view` as for `take`.

        An identifier with the next server, unless the same one deserves the same octets once more: None. That one does
        if it has answered something since and owes nothing else, if it alone knows the conversation, or if every other
        one in use has been tried or has no identifier left.
        """
        server, health = flight.server, flight.server.health
        working = server.candidate.rank == ALIVE or server.candidate.rank == DRAINED
        owing = flight.unusable or now - health.waiting_since >= OWES_S
        if working and health.heard_at >= flight.sent_at and not owing:
            return None
        if view is not None and a.STATE in view.first_spans and self._issuer(view) is server:
            return None
        tried = []
        earlier: Flight[T] | None = flight
        while earlier is not None:
            tried.append(earlier.server)
            earlier = earlier.earlier
        for rank in (ALIVE, SUSPECT):
            for other in self.servers:
                if other.candidate.rank == rank and other not in tried:
                    try:
                        return other.take(context)
                    except IdentifierExhausted:
                        continue
        return None

    @staticmethod
    def repeat(flight: Flight[T], now: float) -> None:
        """Send the same octets again, to the server that has waited longest for a copy. `flight`: the last one."""
        oldest: Flight[T] | None = None
        one: Flight[T] | None = flight
        while one is not None:
            if one.server.candidate.rank != AWAY and one.octets and one.deadline > now:
                oldest = one if oldest is None or one.last_at < oldest.last_at else oldest
            one = one.earlier
        if oldest is not None:
            oldest.server.resend(oldest, now)

    # ---- an answer

    def challenged(self, server: Server[T], reply: PacketView) -> None:
        """An Access-Challenge of that server: who carries its State is in a conversation with it."""
        state = reply.first(a.STATE)
        if state is not None and len(self.servers) > 1:
            self._conversations.issued(state, server.candidate)

    # ---- for people

    @property
    def usable(self) -> bool:
        """Whether any server in use is not dead."""
        return bool(self._best)

    @property
    def state(self) -> str:
        """ok, suspect (no server in use is alive), or silent (all of them are dead)."""
        return "silent" if not self._best else "ok" if self._best[0].rank == ALIVE else "suspect"
