"""The RADIUS client of a BNG under storm: many sockets, a window of requests, retransmissions as BNGs make them.

An Access-Request is sent again with the same octets, so that it is known for a retransmission (RFC 5080 §2.2.1). An
Accounting-Request gets a raised Acct-Delay-Time, and with it a new Identifier and authenticator (RFC 2866 §5.2). After
the last try the client begins anew, as the CPE would make it, until the time given for everything is over.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import select
import socket
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from typing import Final

from benchmarks.storm.truth import ACCESS_REQUEST, Kind

ACCESS_ACCEPT: Final = 2
ACCOUNTING_RESPONSE: Final = 5
RECEIVE_BUFFER: Final = 1_048_576
AT_ONCE: Final = 64  # datagrams of one socket before the others are looked at
LOOK_EVERY_S: Final = 0.05
TELL_EVERY_S: Final = 10.0

Story = Sequence[tuple[Kind, bytes]]  # requests of one line: the next goes out when the one before is answered


@dataclass(slots=True)
class Answered:
    """What became of the stories."""

    seconds: float = 0.0
    took: dict[Kind, array[float]] = field(default_factory=lambda: {kind: array("d") for kind in Kind})  # seconds
    retransmissions: int = 0
    begun_anew: int = 0  # requests that had no answer after their last try
    unanswered: int = 0  # requests never answered, or never sent because of that
    refused: int = 0  # answered with something other than an acceptance
    strange: int = 0  # datagrams that answer nothing that waits, late answers to an earlier try among them


class _Errand:
    """One request, through all of its tries."""

    __slots__ = ("authenticator", "began", "body", "event_s", "identifier", "kind", "octets", "rest", "sent", "slot",
                 "tries")  # fmt: skip

    def __init__(self, kind: Kind, body: bytes, rest: Iterator[tuple[Kind, bytes]]) -> None:
        self.kind, self.body, self.rest = kind, body, rest
        self.began = self.sent = 0.0  # monotonic seconds of the first and of the last try
        self.event_s = 0  # Event-Timestamp
        self.tries = 0
        self.slot, self.identifier = 0, 0
        self.authenticator = self.octets = b""


class _Lane:
    """A socket and its 256 identifiers, the one longest out of use first."""

    __slots__ = ("free", "socket", "waiting")

    def __init__(self, host: str) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self.socket.setblocking(False)
        self.socket.bind((host, 0))
        self.free = deque(range(256))
        self.waiting: list[_Errand | None] = [None] * 256


class Client:
    """Everything that one BNG asks."""

    def __init__(
        self, host: str, secret: bytes, server: tuple[str, int, int], *, sockets: int = 64, window: int = 256,
        timeout_s: float = 5.0, tries: int = 3,
    ) -> None:  # fmt: skip
        """`server` is a host and its ports for access and accounting. `window` requests wait at most."""
        address, auth_port, acct_port = server
        self._secret = secret
        self._to = {True: (address, auth_port), False: (address, acct_port)}  # by whether it is an Access-Request
        self._window = min(window, sockets * 256)
        self._timeout_s, self._tries = timeout_s, tries
        self._lanes = [_Lane(host) for _ in range(sockets)]
        self._turn = 0
        self._poll = select.epoll()
        self._by_fd = {lane.socket.fileno(): slot for slot, lane in enumerate(self._lanes)}
        for fd in self._by_fd:
            self._poll.register(fd, select.EPOLLIN)
        self._due: deque[tuple[float, _Errand]] = deque()  # (deadline of a try, request), the earliest first
        self._open = 0  # requests that wait for an answer
        self._next: list[_Errand] = []  # to be sent: their predecessors have been answered
        self.answered = Answered()

    def close(self) -> None:
        """Close all sockets."""
        self._poll.close()
        for lane in self._lanes:
            lane.socket.close()

    def run(
        self, stories: Iterable[Story], within_s: float, event_ago_s: int = 0, tell: Callable[[int], None] | None = None
    ) -> Answered:
        """Ask it all, as fast as it is answered; events lie that far back. The figures begin anew.

        `tell` is told every few seconds how many requests have been answered.
        """
        self.answered = Answered()
        coming = iter(stories)
        started = time.monotonic()
        end, tell_at = started + within_s, started + TELL_EVERY_S
        exhausted = False
        while True:
            now = time.monotonic()
            while self._next and self._open < self._window:
                self._begin(self._next.pop(), event_ago_s)
            while not exhausted and self._open < self._window:
                story = next(coming, None)
                if story is None:
                    exhausted = True
                else:
                    self._follow(iter(story))
                    while self._next:
                        self._begin(self._next.pop(), event_ago_s)
            if not self._open or now > end:
                break
            if now > tell_at:
                tell_at = now + TELL_EVERY_S
                if tell is not None:
                    tell(sum(map(len, self.answered.took.values())))
            for fd, _ in self._poll.poll(LOOK_EVERY_S):
                self._drain(self._by_fd[fd])
            self._expire(time.monotonic())
        self.answered.seconds = time.monotonic() - started
        left = [*self._next, *(errand for lane in self._lanes for errand in lane.waiting if errand)]
        self.answered.unanswered = sum(1 + len(list(errand.rest)) for errand in left)
        self.answered.unanswered += sum(len(story) for story in coming)
        return self.answered

    def _follow(self, rest: Iterator[tuple[Kind, bytes]]) -> None:
        step = next(rest, None)
        if step is not None:
            self._next.append(_Errand(*step, rest))

    # ---- out

    def _begin(self, errand: _Errand, event_ago_s: int) -> None:
        errand.began = time.monotonic()
        errand.event_s = int(time.time()) - event_ago_s
        self._open += 1
        self._sign(errand)
        self._send(errand)

    def _sign(self, errand: _Errand) -> None:
        """A new Identifier, and octets that go with it."""
        for _ in self._lanes:
            self._turn = (self._turn + 1) % len(self._lanes)
            if self._lanes[self._turn].free:
                break
        lane = self._lanes[self._turn]
        errand.slot, errand.identifier = self._turn, lane.free.popleft()
        lane.waiting[errand.identifier] = errand
        head = bytes((errand.kind.code, errand.identifier))
        if errand.kind.code == ACCESS_REQUEST:
            fresh = os.urandom(16)
            head += (38 + len(errand.body)).to_bytes(2, "big")
            digest = hmac.digest(self._secret, head + fresh + b"\x50\x12" + bytes(16) + errand.body, "md5")
            errand.octets = head + fresh + b"\x50\x12" + digest + errand.body
        else:
            delay_s = int(time.monotonic() - errand.began)
            body = errand.body + b"\x37\x06%b\x29\x06%b" % (
                errand.event_s.to_bytes(4, "big"), delay_s.to_bytes(4, "big"),
            )  # fmt: skip
            head += (20 + len(body)).to_bytes(2, "big")
            fresh = md5(head + bytes(16) + body + self._secret).digest()
            errand.octets = head + fresh + body
        errand.authenticator = fresh

    def _send(self, errand: _Errand) -> None:
        errand.tries += 1
        errand.sent = time.monotonic()
        self._due.append((errand.sent + self._timeout_s, errand))
        with contextlib.suppress(OSError):  # as good as lost on the way: it is sent again
            self._lanes[errand.slot].socket.sendto(errand.octets, self._to[errand.kind.code == ACCESS_REQUEST])

    def _expire(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            deadline, errand = self._due.popleft()
            if not errand.octets or deadline < errand.sent + self._timeout_s:
                continue  # answered meanwhile
            anew = errand.tries >= self._tries
            if anew:
                errand.tries = 0
                self.answered.begun_anew += 1
            else:
                self.answered.retransmissions += 1
            if anew or errand.kind.code != ACCESS_REQUEST:
                self._release(errand)
                self._sign(errand)
            self._send(errand)

    def _release(self, errand: _Errand) -> None:
        lane = self._lanes[errand.slot]
        lane.waiting[errand.identifier] = None
        lane.free.append(errand.identifier)

    # ---- in

    def _drain(self, slot: int) -> None:
        lane = self._lanes[slot]
        for _ in range(AT_ONCE):
            try:
                octets = lane.socket.recv(4097)
            except BlockingIOError:
                return
            except OSError:
                continue
            errand = lane.waiting[octets[1]] if len(octets) >= 20 else None
            if errand is None or not self._answers(octets, errand):
                self.answered.strange += 1
                continue
            self._release(errand)
            errand.octets = b""
            self._open -= 1
            self.answered.took[errand.kind].append(time.monotonic() - errand.began)
            if octets[0] not in (ACCESS_ACCEPT, ACCOUNTING_RESPONSE):
                self.answered.refused += 1
            self._follow(errand.rest)

    def _answers(self, octets: bytes, errand: _Errand) -> bool:
        """Whether the Response Authenticator fits (RFC 2865 §3)."""
        return octets[4:20] == md5(octets[:4] + errand.authenticator + octets[20:] + self._secret).digest()
