"""Requests of RADIUS under way: their copies, retransmissions and legs, and which answer is whose. Bounded, expiring.

A request is known by all of its octets: a retransmission has the same ones (RFC 5080 §2.2.1), and so has the packet on
another interface or behind an address translation. The next leg of a proxy has others: it is known by coming from where
the request went, about the same session and CPE.
"""

from __future__ import annotations

from collections import deque
from hashlib import blake2b
from typing import Final

from bngcorr.model.verdict import Verdict
from bngcorr.proxy.request import Request
from bngcorr.replay.row import Row
from bngcorr.wire import attributes as a
from bngcorr.wire.frame import Frame
from bngcorr.wire.radius import PacketView

KEPT_MS: Final = 30_000
COPY_MS: Final = 200  # a packet that comes again so soon is the same one, seen elsewhere
MOST: Final = 65_536
_DIGEST: Final = blake2b(digest_size=16)  # a copy costs less than to make one

_PASSED_ON: Final = (
    a.ACCT_SESSION_ID, a.CALLING_STATION_ID, a.NAS_PORT_ID, a.ACCT_STATUS_TYPE, a.EVENT_TIMESTAMP, a.STATE,
)  # fmt: skip


class Exchange:
    """One request until its answer is old."""

    __slots__ = (
        "accounting", "answered", "at_ms", "authenticator", "digest", "ends", "request", "row", "said", "secret",
        "sent_ms", "source", "subject", "verdict",
    )  # fmt: skip

    def __init__(self, digest: bytes, source: bytes, at_ms: int) -> None:
        self.digest: Final = digest
        self.at_ms: Final = at_ms
        self.sent_ms = at_ms  # the last time that it was
        self.ends: list[bytes] = []  # addresses, ports and Identifier, of each leg
        self.subject = b""
        self.source: Final = source  # address
        self.accounting = False
        self.authenticator = b""
        self.secret = b""
        self.request: Request | None = None  # as long as it may teach
        self.verdict: Verdict | None = None
        self.answered = False
        self.said: PacketView | None = None  # an answer that came before the verdict
        self.row: Row | None = None


class Exchanges:
    """All of them."""

    def __init__(self) -> None:
        self._known: Final[dict[bytes, Exchange]] = {}  # by digest
        self._ends: Final[dict[bytes, Exchange]] = {}
        self._subjects: Final[dict[bytes, Exchange]] = {}
        self._order: Final[deque[Exchange]] = deque()

    def __len__(self) -> int:
        return len(self._known)

    def known(self, octets: bytes) -> tuple[bytes, Exchange | None]:
        """The digest of a request, and the exchange if it was seen before."""
        state = _DIGEST.copy()
        state.update(octets)
        digest: bytes = state.digest()
        return digest, self._known.get(digest)

    def begin(self, digest: bytes, frame: Frame, at_ms: int) -> Exchange:
        """A request that was not seen before; one that reuses addresses, ports and Identifier supersedes it."""
        exchange = Exchange(digest, frame.source, at_ms)
        self._known[digest] = exchange
        self._order.append(exchange)
        self.joined(exchange, frame)
        if len(self._order) > MOST:
            self._drop(self._order.popleft())
        return exchange

    def joined(self, exchange: Exchange, frame: Frame) -> None:
        """It was seen between these ends, too: its answer may be."""
        ends = _ends(frame, frame.octets[frame.start + 1])
        if ends not in exchange.ends and len(exchange.ends) < 8:
            exchange.ends.append(ends)
        self._ends[ends] = exchange

    def about(self, exchange: Exchange, frame: Frame, subject: bytes) -> None:
        """Note what the request is about, that its next leg be known."""
        if subject:
            exchange.subject = frame.destination + subject
            self._subjects[exchange.subject] = exchange

    def leg(self, frame: Frame, subject: bytes) -> Exchange | None:
        """The exchange whose request a proxy passes on here."""
        found = self._subjects.get(frame.source + subject)
        return None if found is None or found.source == frame.source else found

    def answered(self, frame: Frame) -> Exchange | None:
        """The exchange that an answer is of."""
        return self._ends.get(_ends_back(frame, frame.octets[frame.start + 1]))

    def expire(self, now_ms: int) -> list[Exchange]:
        """Those whose time is over."""
        gone: list[Exchange] = []
        order = self._order
        while order and order[0].at_ms + KEPT_MS <= now_ms:
            exchange = order.popleft()
            self._drop(exchange)
            gone.append(exchange)
        return gone

    def close(self) -> list[Exchange]:
        """All that are left."""
        gone = list(self._order)
        self._order.clear()
        return gone

    def _drop(self, exchange: Exchange) -> None:
        if self._known.get(exchange.digest) is exchange:
            del self._known[exchange.digest]
        for ends in exchange.ends:
            if self._ends.get(ends) is exchange:
                del self._ends[ends]
        if self._subjects.get(exchange.subject) is exchange:
            del self._subjects[exchange.subject]


def _ends(frame: Frame, identifier: int) -> bytes:
    ports = frame.source_port << 24 | frame.destination_port << 8 | identifier
    return frame.source + frame.destination + ports.to_bytes(5, "big")


def _ends_back(frame: Frame, identifier: int) -> bytes:
    ports = frame.destination_port << 24 | frame.source_port << 8 | identifier
    return frame.destination + frame.source + ports.to_bytes(5, "big")


def subject_of(view: PacketView) -> bytes:
    """What a proxy passes on unchanged; empty if there is nothing of that."""
    told: list[bytes] = [b"", view.octets[:1]]  # the code
    any_told = False
    for key in _PASSED_ON:
        value = view.first(key)
        if value:
            any_told = True
            told.append(value)
        else:
            told.append(b"")
    return b"\0".join(told) if any_told else b""
