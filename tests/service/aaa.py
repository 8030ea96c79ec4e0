"""A tiny AAA in a thread of the test: accepts everything, acknowledges accounting, remembers what it saw."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable

from tests.service.radius import (
    ACCESS_ACCEPT,
    ACCESS_REQUEST,
    ACCOUNTING_RESPONSE,
    CONNECT_INFO,
    MESSAGE_AUTHENTICATOR,
    Packet,
    accounting_fits,
    message_authenticator_fits,
    reply_to,
)


class Aaa:
    """Listens on two free ports. `silent` and `delay_s` may be set at any time."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.silent = False
        self.delay_s = 0.0
        self.grants: Callable[[Packet], bytes] = lambda _: b""  # attributes of the Access-Accept
        self.noise: Callable[[Packet], list[bytes]] = lambda _: []  # datagrams sent in front of the answer
        self.faults: list[str] = []  # what no well-behaved proxy would send
        self._seen: list[Packet] = []
        self._changed = threading.Condition()
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for opened in self._sockets:
            opened.bind(("127.0.0.1", 0))
        self.auth_port, self.acct_port = (int(opened.getsockname()[1]) for opened in self._sockets)
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and close the sockets."""
        self._wake.send(b"x")
        self._thread.join(5)
        for opened in (*self._sockets, self._wake, self._woken):
            opened.close()

    def seen(self, serial: str | None = None) -> list[Packet]:
        """What arrived so far, or what arrived under that Connect-Info."""
        with self._changed:
            return [packet for packet in self._seen if serial is None or packet.text(CONNECT_INFO) == serial]

    def await_seen(self, serial: str, number: int = 1, within_s: float = 4.0) -> list[Packet]:
        """The same, once there are so many."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.seen(serial)) >= number, within_s)
        found = self.seen(serial)
        assert len(found) >= number, f"AAA saw {len(found)} of {number} packets of {serial!r}"
        return found

    def one(self, serial: str) -> Packet:
        """The only packet under that Connect-Info."""
        (packet,) = self.await_seen(serial)
        return packet

    def _run(self) -> None:
        while True:
            ready, _, _ = select.select([*self._sockets, self._woken], [], [])
            if self._woken in ready:
                return
            for opened in ready:
                octets, peer = opened.recvfrom(4097)
                self._take(opened, Packet(octets), peer)

    def _take(self, opened: socket.socket, packet: Packet, peer: tuple[str, int]) -> None:
        if packet.code == ACCESS_REQUEST:
            first = next(packet.attributes(), (0, b""))[0]
            if first != MESSAGE_AUTHENTICATOR:
                self.faults.append("Access-Request does not start with a Message-Authenticator")
            elif not message_authenticator_fits(packet, packet.authenticator, self.secret):
                self.faults.append("Message-Authenticator of an Access-Request does not fit")
            reply = reply_to(packet, ACCESS_ACCEPT, self.grants(packet), self.secret)
        else:
            if not accounting_fits(packet, self.secret):
                self.faults.append("authenticator of an Accounting-Request does not fit")
            reply = reply_to(packet, ACCOUNTING_RESPONSE, b"", self.secret)
        with self._changed:
            self._seen.append(packet)
            self._changed.notify_all()
        if self.silent:
            return
        for octets in self.noise(packet):
            self._answer(opened, octets, peer)
        if self.delay_s:
            later = threading.Timer(self.delay_s, self._answer, (opened, reply, peer))
            later.daemon = True
            later.start()
        else:
            self._answer(opened, reply, peer)

    @staticmethod
    def _answer(opened: socket.socket, reply: bytes, peer: tuple[str, int]) -> None:
        with contextlib.suppress(OSError):  # closed meanwhile
            opened.sendto(reply, peer)


def wait_until(true: Callable[[], bool], within_s: float, what: str) -> None:
    """Poll until it holds; fails the test, naming what did not happen."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(0.02)
