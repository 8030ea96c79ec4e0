"""An access network in network namespaces: a real DHCP client and server, an access node between them, a mirror port.

    client c0 ── a0 [access node] a1 ── d0 server
                        │
                        m0 ── m1   what is tapped

The access node is a thread of the test. It inserts option 82 (RFC 3046) into what the client sends, and copies every
frame to the mirror.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.aaa import wait_until

CLONE_NEWNET = 0x40000000
ALL = 0x0003
PROGRAMS = ("ip", "unshare", "nsenter", "dhclient", "dnsmasq")
_LIBC = ctypes.CDLL(None, use_errno=True)


def needs_tap() -> None:
    """Skip where no network namespaces can be made, or a program is missing; fail if they are required."""
    missing = [program for program in PROGRAMS if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    reason = f"not installed: {', '.join(missing)}" if missing else ""
    tried = ["unshare", "-n", "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/lo/disable_ipv6"]
    if not reason and subprocess.run(tried, check=False, capture_output=True).returncode:
        reason = "network namespaces can't be made here"
    if reason:
        if os.environ.get("BNGCORR_REQUIRE_TAP"):
            pytest.fail(reason)
        pytest.skip(reason)


@contextlib.contextmanager
def namespace() -> Iterator[None]:
    """This thread, and all threads and processes that it starts, in a network of their own."""
    with Path("/proc/thread-self/ns/net").open("rb") as before:
        if _LIBC.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        try:
            run("ip link set lo up")
            yield
        finally:
            _LIBC.setns(before.fileno(), CLONE_NEWNET)


def run(command: str) -> None:
    """A command of the test's own."""
    environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    subprocess.run(command.split(), check=True, env=environment, capture_output=True, timeout=10)


def veth(one: str, other: str) -> None:
    """Two interfaces that are one wire, without addresses."""
    run(f"ip link add dev {one} type veth peer name {other}")
    for name in (one, other):
        Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")
        run(f"ip link set dev {name} up")


class Room:
    """A network namespace with a process that keeps it."""

    def __init__(self) -> None:
        self._keeper = subprocess.Popen(["unshare", "-n", "sleep", "600"])
        self.children: list[subprocess.Popen[bytes]] = []
        ours = Path("/proc/self/ns/net").readlink()
        theirs = Path(f"/proc/{self._keeper.pid}/ns/net")
        wait_until(lambda: theirs.readlink() != ours and self._sleeps(), 5, "the room is there")
        self.run("ip link set lo up")

    def _sleeps(self) -> bool:
        return Path(f"/proc/{self._keeper.pid}/comm").read_text().strip() == "sleep"

    @property
    def command(self) -> list[str]:
        """What stands in front of a command that is to run here."""
        return ["nsenter", "-t", str(self._keeper.pid), "-n"]

    def run(self, command: str) -> None:
        """Run one to its end."""
        run(" ".join((*self.command, command)))

    def wire(self, name: str, peer: str, mac: str) -> None:
        """An interface in here whose other end is ours, with IPv6 at once."""
        run(f"ip link add dev {peer} type veth peer name {name} address {mac}")
        Path(f"/proc/sys/net/ipv6/conf/{peer}/disable_ipv6").write_text("1")
        run(f"ip link set dev {peer} up")
        run(f"ip link set dev {name} netns {self._keeper.pid}")
        subprocess.run(
            [*self.command, "sh", "-c", f"echo 0 >/proc/sys/net/ipv6/conf/{name}/accept_dad"], check=True, timeout=10
        )
        self.run(f"ip link set dev {name} up")

    def start(self, log: Path, *command: str) -> None:
        """Start one that goes on; it ends with the room."""
        environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
        with log.open("ab") as out:
            self.children.append(
                subprocess.Popen([*self.command, *command], stdout=out, stderr=out, env=environment)
            )  # fmt: skip

    def close(self) -> None:
        """End all that was started here."""
        for child in (*self.children, self._keeper):
            child.kill()
            child.wait(5)


def packet_socket(interface: str) -> socket.socket:
    """All frames of an interface that others send there."""
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    opened.bind((interface, ALL))
    return opened


class AccessNode:
    """Carries frames between client and server, and mirrors them."""

    def __init__(self, option82: bytes) -> None:
        """On a0, a1 and m0 of this network."""
        self._option = bytes((82, len(option82))) + option82
        self._client, self._server, self.mirror = (packet_socket(name) for name in ("a0", "a1", "m0"))
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            ready, _, _ = select.select([self._client, self._server, self._woken], [], [])
            if self._woken in ready:
                return
            for opened, other in ((self._client, self._server), (self._server, self._client)):
                if opened not in ready:
                    continue
                octets, address = opened.recvfrom(9000)
                if address[2] == socket.PACKET_OUTGOING:
                    continue
                octets = mended(with_option(octets, self._option) if opened is self._client else octets)
                with contextlib.suppress(OSError):
                    other.send(octets)
                    self.mirror.send(octets)

    def close(self) -> None:
        """End it."""
        self._wake.send(b"x")
        self._thread.join(5)
        for opened in (self._client, self._server, self.mirror, self._wake, self._woken):
            opened.close()


def with_option(octets: bytes, option: bytes) -> bytes:
    """A frame of a DHCPv4 client with one more option in front of the end mark; any other one as it is."""
    if octets[12:14] != b"\x08\x00" or octets[23] != 17 or octets[36:38] != b"\x00\x43":
        return octets
    end = octets.index(b"\xff", 42 + 240)
    return octets[:end] + option + octets[end:]


def mended(octets: bytes) -> bytes:
    """A UDP frame with lengths and checksums that fit; the kernel leaves them to network cards that are not there."""
    frame = bytearray(octets)
    if frame[12:14] == b"\x08\x00" and frame[23] == 17:
        struct.pack_into("!H", frame, 16, len(frame) - 14)
        struct.pack_into("!H", frame, 24, 0)
        struct.pack_into("!H", frame, 24, checksum(frame[14:34]))
        struct.pack_into("!HH", frame, 38, len(frame) - 34, 0)
    elif frame[12:14] == b"\x86\xdd" and frame[20] == 17:
        struct.pack_into("!H", frame, 60, 0)
        pseudo = bytes(frame[22:54]) + struct.pack("!II", len(frame) - 54, 17)
        struct.pack_into("!H", frame, 60, checksum(pseudo + bytes(frame[54:])) or 0xFFFF)
    return bytes(frame)


def checksum(octets: bytes | bytearray) -> int:
    """RFC 1071."""
    padded = bytes(octets) + b"\0" * (len(octets) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
