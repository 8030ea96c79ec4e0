"""Duplicates (RFC 5080 §2.2.2): what is in flight for a BNG, and what it was answered. Pure: `now` is an argument.

A request is known by source address, source port, the address and port that it came to, and Identifier; the Request
Authenticator tells a retransmission from a new request that reuses the Identifier, which supersedes the old one.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bngcorr.proxy.request import Request

REPLY_KEPT_S: Final = 10.0  # RFC 5080 §2.2.2: more than 5, less than 30 seconds

# What a BNG tells two requests apart by: its `origin`, and the Identifier's octet behind it. Octets, for a dictionary
# is asked for them several times for each request, and they remember their hash
ExchangeKey = bytes


def origin(name: str, port: int, socket: int) -> bytes:
    """Where requests come from and which of our sockets receives them; the sockets are numbered.

    `name`: the source address, and ours behind it where one socket has several.
    """
    return f"{name} {port} {socket} ".encode()


class Admission(Enum):
    """What to do with a request."""

    NEW = auto()
    IN_FLIGHT = auto()  # being worked on: drop this copy
    RESEND = auto()  # waiting for AAA for a while already: send the same octets to AAA again
    ANSWERED = auto()  # send the kept reply again
    FULL = auto()  # too many exchanges: drop


# named here once: looking a member up in its class costs more than the comparison
_NEW: Final = Admission.NEW
_IN_FLIGHT: Final = Admission.IN_FLIGHT
_RESEND: Final = Admission.RESEND
_ANSWERED: Final = Admission.ANSWERED
_FULL: Final = Admission.FULL


class Exchange:
    """One request from first sight until its reply is forgotten."""

    __slots__ = (
        "answered", "authenticator", "began_at", "current", "expires_at", "forwarded_at", "key", "reply", "request",
    )  # fmt: skip

    def __init__(self, key: ExchangeKey, authenticator: bytes, began_at: float, expires_at: float) -> None:
        self.key: Final = key
        self.authenticator: Final = authenticator
        self.began_at: Final = began_at  # monotonic seconds
        self.current = True  # nothing has superseded it, and it is not forgotten
        self.answered = False  # then it stands among the answered ones
        self.reply: bytes | None = None
        self.request: Request | None = None  # the one that is being worked on
        self.forwarded_at: float | None = None  # monotonic seconds of the last copy sent to AAA
        self.expires_at = expires_at  # monotonic seconds


class Exchanges:
    """All exchanges of the process, bounded.

    They stand in a dictionary, and in the order in which they run out in one of two queues: those without an answer,
    those with one. What leaves the dictionary early stays in its queue, without its reply, until its time has come.
    """

    RESEND_AFTER_S: Final = 1.0  # a BNG's retransmission is passed on to AAA no more often than this

    def __init__(self, *, in_flight_s: float, limit: int = 200_000) -> None:
        """`limit` bounds the dictionary, and twice as many each queue."""
        self.in_flight_s = in_flight_s
        self._limit: Final = limit
        self._most_queued: Final = 2 * limit
        self._known: Final[dict[ExchangeKey, Exchange]] = {}
        self._open: Final[deque[Exchange]] = deque()
        self._answered: Final[deque[Exchange]] = deque()

    def __len__(self) -> int:
        return len(self._known)

    def admit(self, key: ExchangeKey, authenticator: bytes, now: float) -> tuple[Admission, Exchange | None]:
        """Judge one request; NEW comes with its fresh exchange, the others with the one they repeat."""
        known = self._known.get(key)
        if known is not None:
            if known.authenticator == authenticator and known.expires_at > now:
                if known.answered:
                    return _ANSWERED, known
                if known.forwarded_at is not None and now - known.forwarded_at >= self.RESEND_AFTER_S:
                    known.forwarded_at = now
                    return _RESEND, known
                return _IN_FLIGHT, known
        elif len(self._known) >= self._limit:
            return _FULL, None
        if len(self._open) >= self._most_queued or len(self._answered) >= self._most_queued:
            return _FULL, None
        if known is not None:
            known.reply = None  # superseded, or out of time
            known.current = False
        exchange = Exchange(key, authenticator, now, now + self.in_flight_s)
        self._known[key] = exchange
        self._open.append(exchange)
        return _NEW, exchange

    def answer(self, exchange: Exchange, reply: bytes, now: float) -> None:
        """Keep the reply for retransmissions that cross it."""
        if not exchange.current:
            return
        exchange.reply = reply
        exchange.expires_at = now + REPLY_KEPT_S
        if not exchange.answered:
            exchange.answered = True
            self._answered.append(exchange)

    def prolong(self, exchange: Exchange, until: float) -> None:
        """Its answer comes by then. Those behind it may be forgotten a little later for that."""
        exchange.expires_at = max(exchange.expires_at, until)

    def abandon(self, exchange: Exchange) -> None:
        """Forget a request that could not be carried on, so that its retransmission is a fresh try."""
        if not exchange.answered and exchange.current:
            self._forget(exchange)

    def expire(self, now: float) -> list[Exchange]:
        """Forget what has run out, and tell what it was."""
        gone: list[Exchange] = []
        queue = self._open
        while queue and (queue[0].answered or queue[0].expires_at <= now):
            exchange = queue.popleft()
            if not exchange.answered and exchange.current:
                self._forget(exchange)
                gone.append(exchange)
        queue = self._answered
        while queue and queue[0].expires_at <= now:
            exchange = queue.popleft()
            if exchange.current:
                self._forget(exchange)
                gone.append(exchange)
        return gone

    def _forget(self, exchange: Exchange) -> None:
        exchange.current = False
        del self._known[exchange.key]
