"""The packet socket of a tap: frames as they were sent, with their tags; nothing of our own; drops counted."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bngcorr.capture import bpf
from bngcorr.capture.live import Link, TapSocket
from bngcorr.wire import frames
from tests.tap.lab import namespace, needs_tap, packet_socket, run, veth
from tests.tap.test_bpf import ARP, DISCOVER, SOLICIT, nd, pppoe, tagged

FRAMES = [DISCOVER, tagged(DISCOVER, 0x8100), tagged(SOLICIT, 0x88A8, 0x8100), tagged(pppoe(SOLICIT), 0x8100)]


@pytest.fixture
def wire() -> Iterator[socket.socket]:
    """Where frames are sent so that they arrive at t1."""
    needs_tap()
    with namespace():
        veth("t0", "t1")
        with packet_socket("t0") as sender:
            yield sender


@pytest.fixture
def tap(wire: socket.socket) -> Iterator[TapSocket]:
    """On t1."""
    opened = TapSocket("t1", 3, bpf.program(neighbours=False))
    assert Link.UP is opened.look()
    yield opened
    opened.close()


def test_frames_are_read_as_they_were_sent(wire: socket.socket, tap: TapSocket) -> None:
    """Also the tag that the kernel takes off, with its type; instants are the kernel's."""
    before = time.time_ns()
    for frame in (FRAMES[0], ARP, nd(134), *FRAMES[1:]):
        wire.send(frame)
    records = tap.read(16)

    assert FRAMES == [record.octets for record in records]
    assert [1, 2, 3, 4] == [record.number for record in records]
    assert all(before <= (record.at_ns or 0) <= time.time_ns() for record in records)
    assert {(3, 1)} == {(record.interface, record.link) for record in records}
    assert [(), (7,), (7, 7), (7,)] == [frames.decode(one.octets, one.link, one.length).vlans for one in records]


def test_no_more_are_read_than_asked_for(wire: socket.socket, tap: TapSocket) -> None:
    """So that nobody else has to wait; the rest stays for the next turn."""
    for _ in range(5):
        wire.send(DISCOVER)

    assert [2, 2, 1, 0] == [len(tap.read(2)) for _ in range(4)]


def test_frames_of_our_own_are_left_out_unless_asked_for(wire: socket.socket, tap: TapSocket) -> None:
    """What this host sends on the interface."""
    keeps = TapSocket("t1", 0, bpf.program(neighbours=False), outgoing=True)
    keeps.look()
    with packet_socket("t1") as ours:
        ours.send(DISCOVER)

    assert (0, 1) == (len(tap.read(4)), len(keeps.read(4)))
    keeps.close()


def test_frames_without_room_are_counted(wire: socket.socket, tap: TapSocket) -> None:
    """Once each time they are asked for."""
    tap.opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    for _ in range(50):
        wire.send(DISCOVER)

    assert 50 == tap.more_drops() + len(tap.read(50))
    assert 0 == tap.more_drops()


def test_an_interface_that_goes_down_or_away_is_noticed(wire: socket.socket, tap: TapSocket) -> None:
    """And heard again when it is back, under the same name."""
    run("ip link set t1 down")
    assert Link.DOWN is tap.look()
    assert [] == tap.read(4)
    run("ip link set t1 up")
    assert Link.UP is tap.look()
    run("ip link del t1")
    assert Link.ABSENT is tap.look()
    veth("t0", "t1")
    assert Link.UP is tap.look()
    with packet_socket("t0") as sender:
        sender.send(DISCOVER)

    assert [DISCOVER] == [record.octets for record in tap.read(4)]


def test_what_is_no_ethernet_is_refused(wire: socket.socket) -> None:
    """Its frames would be read as what they are not."""
    if not Path("/dev/net/tun").exists():
        pytest.skip("no /dev/net/tun")
    run("ip tuntap add mode tun name tun7")
    opened = TapSocket("tun7", 0, bpf.program(neighbours=False))

    assert Link.FOREIGN is opened.look()
    opened.close()


def test_an_interface_that_has_another_name_is_not_listened_to(wire: socket.socket, tap: TapSocket) -> None:
    """Its name says of which BNG its frames are; under that name it is heard again."""

    def renamed(old: str, new: str) -> None:
        for command in (f"set dev {old} down", f"set dev {old} name {new}", f"set dev {new} up"):
            run(f"ip link {command}")

    renamed("t1", "t9")
    absent = tap.look()
    tap.read(16)
    wire.send(DISCOVER)
    elsewhere = tap.read(16)
    renamed("t9", "t1")
    there = tap.look()
    tap.read(16)
    wire.send(DISCOVER)

    assert (Link.ABSENT, [], Link.UP) == (absent, elsewhere, there)
    assert [DISCOVER] == [record.octets for record in tap.read(16)]
