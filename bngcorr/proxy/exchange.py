"""Duplicates (RFC 5080 §2.2.2): what is in flight for a BNG, and what it was answered. Pure: `now` is an argument.

A request is known by source address, source port, our port and Identifier; the Request Authenticator tells a
retransmission from a new request that reuses the Identifier, which supersedes the old one.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum, auto
from typing import Final, NamedTuple

REPLY_KEPT_S: Final = 10.0  # RFC 5080 §2.2.2: more than 5, less than 30 seconds


class ExchangeKey(NamedTuple):
    """What a BNG tells two requests apart by."""

    peer: str
    peer_port: int
    socket: int  # which of our sockets received it
    identifier: int


class Admission(Enum):
    """What to do with a request."""

    NEW = auto()
    IN_FLIGHT = auto()  # being worked on: drop this copy
    RESEND = auto()  # waiting for AAA for a while already: send the same octets to AAA again
    ANSWERED = auto()  # send the kept reply again
    FULL = auto()  # too many exchanges: drop


class Exchange:
    """One request from first sight until its reply is forgotten."""

    __slots__ = ("authenticator", "expires_at", "forwarded_at", "key", "reply")

    def __init__(self, key: ExchangeKey, authenticator: bytes, expires_at: float) -> None:
        self.key = key
        self.authenticator = authenticator
        self.reply: bytes | None = None
        self.forwarded_at: float | None = None  # monotonic seconds of the last copy sent to AAA
        self.expires_at = expires_at  # monotonic seconds


class Exchanges:
    """All exchanges of the process, bounded. Entries leave in the order of their last renewal."""

    RESEND_AFTER_S: Final = 1.0  # a BNG's retransmission is passed on to AAA no more often than this

    def __init__(self, *, in_flight_s: float, limit: int = 200_000) -> None:
        self._in_flight_s = in_flight_s
        self._limit = limit
        self._open: OrderedDict[ExchangeKey, Exchange] = OrderedDict()
        self._answered: OrderedDict[ExchangeKey, Exchange] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open) + len(self._answered)

    def admit(self, key: ExchangeKey, authenticator: bytes, now: float) -> tuple[Admission, Exchange | None]:
        """Judge one request; NEW comes with its fresh exchange, the others with the one they repeat."""
        exchange = self._open.get(key) or self._answered.get(key)
        if exchange is not None and exchange.authenticator == authenticator and exchange.expires_at > now:
            if exchange.reply is not None:
                return Admission.ANSWERED, exchange
            if exchange.forwarded_at is not None and now - exchange.forwarded_at >= self.RESEND_AFTER_S:
                exchange.forwarded_at = now
                return Admission.RESEND, exchange
            return Admission.IN_FLIGHT, exchange
        if exchange is None and len(self) >= self._limit:
            return Admission.FULL, None
        self._open.pop(key, None)
        self._answered.pop(key, None)
        exchange = Exchange(key, authenticator, now + self._in_flight_s)
        self._open[key] = exchange
        return Admission.NEW, exchange

    def current(self, exchange: Exchange) -> bool:
        """Whether nothing has superseded it."""
        return (self._open.get(exchange.key) or self._answered.get(exchange.key)) is exchange

    def answer(self, exchange: Exchange, reply: bytes, now: float) -> None:
        """Keep the reply for retransmissions that cross it."""
        if not self.current(exchange):
            return
        self._open.pop(exchange.key, None)
        exchange.reply = reply
        exchange.expires_at = now + REPLY_KEPT_S
        self._answered[exchange.key] = exchange

    def abandon(self, exchange: Exchange) -> None:
        """Forget a request that could not be carried on, so that its retransmission is a fresh try."""
        if self._open.get(exchange.key) is exchange:
            del self._open[exchange.key]

    def expire(self, now: float) -> list[Exchange]:
        """Forget what has run out, and tell what it was."""
        gone = []
        for table in (self._open, self._answered):
            while table:
                key, exchange = next(iter(table.items()))
                if exchange.expires_at > now:
                    break
                del table[key]
                gone.append(exchange)
        return gone
