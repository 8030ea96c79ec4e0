"""AAA in a process of its own: answers everything at once, and knows what it has seen and of whom."""

from __future__ import annotations

import hmac
import multiprocessing
import random
import select
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import md5
from multiprocessing.connection import Connection
from typing import Final

from benchmarks.storm.truth import ACCESS_REQUEST, MARK, MARK_OCTETS, Kind, granted, remote_id

RECEIVE_BUFFER: Final = 4_194_304
AT_ONCE: Final = 64  # datagrams of one socket before the other is looked at
TOLD: Final = 10  # wrong ones that are told


@dataclass(slots=True)
class Seen:
    """What arrived so far; requests that were dropped on purpose are not in it."""

    requests: int = 0  # copies included
    records: list[int] = field(default_factory=lambda: [0] * len(Kind))  # different ones, by kind
    unmatched: int = 0  # v6 requests without Agent-Remote-Id
    wrong: int = 0  # requests with another line's
    improper: int = 0  # authenticators that do not fit, or not ours
    examples: list[str] = field(default_factory=list)  # of what is wrong


class Book:
    """What has been seen of each line, and whether under its own id. No I/O."""

    def __init__(self, lines: int) -> None:
        """For lines numbered below `lines`."""
        self.seen = Seen()
        self._of = bytearray(lines)  # by line: a bit for each kind

    def note(self, octets: bytes) -> tuple[int, Kind] | None:
        """One request; line and kind, or None if it is not one of ours."""
        seen = self.seen
        seen.requests += 1
        at = octets.rfind(MARK)
        try:
            line, kind = int(octets[at + 8 : at + 16], 16), Kind(octets[at + MARK_OCTETS - 1] - 0x30)
            before = self._of[line]
        except (ValueError, IndexError):
            seen.improper += 1
            return None
        if not before >> kind & 1:
            self._of[line] = before | 1 << kind
            seen.records[kind] += 1
        if kind is not Kind.ON:
            found = agent_remote_id(octets)
            if found is None and kind is Kind.ACCESS_V6:
                seen.unmatched += 1
            elif found != remote_id(line):
                seen.wrong += 1
                if len(seen.examples) < TOLD:
                    seen.examples.append(f"{kind.title} of line {line} came with Agent-Remote-Id {found!r}")
        return line, kind


def agent_remote_id(octets: bytes) -> bytes | None:
    """ADSL-Agent-Remote-Id (26.3561.2) of a packet."""
    at, end = 20, len(octets)
    while at + 2 <= end:
        size = octets[at + 1]
        if size < 2:
            return None
        if octets[at] == 26 and octets[at + 2 : at + 6] == b"\x00\x00\x0d\xe9":
            inner = at + 6
            while inner + 2 <= at + size and octets[inner + 1] >= 2:
                if octets[inner] == 2:
                    return octets[inner + 2 : inner + octets[inner + 1]]
                inner += octets[inner + 1]
        at += size
    return None


def proxy_states(octets: bytes) -> bytes:
    """All Proxy-States, in order (RFC 2865 §5.33)."""
    found, at, end = b"", 20, len(octets)
    while at + 2 <= end and octets[at + 1] >= 2:
        if octets[at] == 33:
            found += octets[at : at + octets[at + 1]]
        at += octets[at + 1]
    return found


def reply(octets: bytes, line: int, kind: Kind, secret: bytes) -> bytes:
    """Access-Accept with a Message-Authenticator, or Accounting-Response; signed."""
    states = proxy_states(octets)
    if octets[0] == ACCESS_REQUEST:
        attributes = b"\x50\x12" + bytes(16) + granted(line, kind) + states
        head = bytes((2, octets[1])) + (20 + len(attributes)).to_bytes(2, "big")
        digest = hmac.digest(secret, head + octets[4:20] + attributes, "md5")
        attributes = b"\x50\x12" + digest + attributes[18:]
    else:
        attributes = states
        head = bytes((5, octets[1])) + (20 + len(attributes)).to_bytes(2, "big")
    return head + md5(head + octets[4:20] + attributes + secret).digest() + attributes


def proper(octets: bytes, secret: bytes) -> bool:
    """Whether the Request Authenticator of an Accounting-Request fits (RFC 2866 §3)."""
    return octets[0] == ACCESS_REQUEST or octets[4:20] == md5(octets[:4] + bytes(16) + octets[20:] + secret).digest()


def _serve(sockets: list[socket.socket], told: Connection, secret: bytes, lines: int, loss: float, seed: int) -> None:
    """Until the other end of the pipe is closed."""
    book, chance = Book(lines), random.Random(seed)
    poll = select.epoll()
    by_fd = {opened.fileno(): opened for opened in sockets}
    for fd in (*by_fd, told.fileno()):
        poll.register(fd, select.EPOLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd == told.fileno():
                try:
                    told.recv()
                except EOFError:
                    return
                told.send(book.seen)
                continue
            _drain(by_fd[fd], book, secret, lambda: chance.random() < loss)


def _drain(opened: socket.socket, book: Book, secret: bytes, is_lost: Callable[[], bool]) -> None:
    """Answer what waits."""
    for _ in range(AT_ONCE):
        try:
            octets, peer = opened.recvfrom(4097)
        except BlockingIOError:
            return
        if is_lost():
            continue
        if len(octets) < 20 or not proper(octets, secret):
            book.seen.improper += 1
        elif (found := book.note(octets)) is not None:
            opened.sendto(reply(octets, *found, secret), peer)


class Aaa:
    """The process, and the pipe to it."""

    def __init__(self, secret: bytes, lines: int, *, loss: float, seed: int) -> None:
        """`loss` is the share of requests that it drops unseen."""
        self.secret = secret
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for opened in sockets:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            opened.setblocking(False)
            opened.bind(("127.0.0.1", 0))
        self.auth_port, self.acct_port = (int(opened.getsockname()[1]) for opened in sockets)
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._child = context.Process(
            target=_serve, args=(sockets, theirs, secret, lines, loss, seed), name="aaa", daemon=True
        )
        self._child.start()
        theirs.close()
        for opened in sockets:
            opened.close()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._child.pid or 0

    def seen(self) -> Seen:
        """What it has seen by now."""
        self._ours.send(None)
        found: Seen = self._ours.recv()
        return found

    def close(self) -> None:
        """End the process."""
        self._ours.close()
        self._child.join(2)
        if self._child.is_alive():
            self._child.kill()
            self._child.join(2)
