"""Packets of real clients and servers (tests/captures/radius) decode, and their authenticators fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bngcorr.wire import attributes as a
from bngcorr.wire import hiding, radius_auth
from bngcorr.wire.radius import PacketView, decode

FOLDER = Path(__file__).parents[1] / "captures" / "radius"
FILES = sorted(FOLDER.glob("*.pcap"))
SECRETS = {4: b"bng-Lab_Secret-2026", 6: b"v6-secret-Lab"}  # PROVENANCE.md


@dataclass(frozen=True)
class Captured:
    """One UDP datagram."""

    version: int  # of IP
    flow: tuple[bytes, bytes, int, int]  # source, destination, source port, destination port
    payload: bytes


def _datagrams(path: Path) -> Iterator[Captured]:
    """UDP datagrams of a classic little-endian pcap file of Ethernet frames (draft-ietf-opsawg-pcap)."""
    octets = path.read_bytes()
    assert octets[:4] == b"\xd4\xc3\xb2\xa1"
    assert int.from_bytes(octets[20:24], "little") == 1
    at = 24
    while at < len(octets):
        size = int.from_bytes(octets[at + 8 : at + 12], "little")
        packet = octets[at + 16 + 14 : at + 16 + size]  # behind record header and Ethernet
        at += 16 + size
        version = packet[0] >> 4
        if version == 4:
            source, destination, udp = packet[12:16], packet[16:20], packet[(packet[0] & 15) * 4 :]
        else:
            source, destination, udp = packet[8:24], packet[24:40], packet[40:]
        ports = int.from_bytes(udp[:2], "big"), int.from_bytes(udp[2:4], "big")
        yield Captured(version, (source, destination, *ports), udp[8 : int.from_bytes(udp[4:6], "big")])


def _requests_and_replies(path: Path) -> Iterator[tuple[bytes, PacketView, PacketView | None]]:
    """Secret, packet, and for a reply the request that it answers."""
    asked: dict[tuple[bytes, bytes, int, int, int], PacketView] = {}
    for datagram in _datagrams(path):
        view = decode(datagram.payload)
        source, destination, source_port, destination_port = datagram.flow
        if view.code in (a.Code.ACCESS_REQUEST, a.Code.ACCOUNTING_REQUEST, a.Code.STATUS_SERVER):
            asked[(*datagram.flow, view.identifier)] = view
            yield SECRETS[datagram.version], view, None
        else:
            request = asked[(destination, source, destination_port, source_port, view.identifier)]
            yield SECRETS[datagram.version], view, request


def test_every_capture_is_there() -> None:
    """The four captures that PROVENANCE.md describes are in the folder."""
    assert ["50-auth-pap-chap", "51-acct-start-interim-stop-on-off", "54-ipv6-transport", "56-burst-200-acct"] == [
        path.stem for path in FILES
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_every_packet_of_real_implementations_decodes(path: Path) -> None:
    """Each datagram is a packet, and its attributes fill it to the last octet."""
    for datagram in _datagrams(path):
        view = decode(datagram.payload)

        assert datagram.payload == view.octets
        assert not view.spans or len(view.octets) == max(span.outer_end for span in view.spans)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_every_authenticator_of_real_implementations_fits(path: Path) -> None:
    """Accounting, Response and Message-Authenticators all fit with the lab's secrets, and with no other secret."""
    checked: Counter[str] = Counter()
    for secret, view, request in _requests_and_replies(path):
        wrong = secret + b"?"
        if request is not None:
            assert radius_auth.response_authenticator_fits(view, request.authenticator, secret)
            assert not radius_auth.response_authenticator_fits(view, request.authenticator, wrong)
            checked["reply"] += 1
        elif view.code == a.Code.ACCOUNTING_REQUEST:
            assert radius_auth.accounting_authenticator_fits(view, secret)
            assert not radius_auth.accounting_authenticator_fits(view, wrong)
            checked["accounting"] += 1
        if view.has(a.MESSAGE_AUTHENTICATOR):
            vector = view.authenticator if request is None else request.authenticator
            if view.code == a.Code.ACCOUNTING_REQUEST:
                vector = radius_auth.ZEROS
            assert radius_auth.message_authenticator_fits(view, secret, vector)
            assert not radius_auth.message_authenticator_fits(view, wrong, vector)
            checked["message"] += 1

    assert {
        "50-auth-pap-chap": {"reply": 7, "message": 4},
        "51-acct-start-interim-stop-on-off": {"reply": 8, "accounting": 8, "message": 1},
        "54-ipv6-transport": {"reply": 2, "accounting": 1},
        "56-burst-200-acct": {"reply": 200, "accounting": 200},
    }[path.stem] == dict(checked)


def test_a_real_password_is_revealed() -> None:
    """The User-Password of the first PAP request is the one that the client was given."""
    secret, view, _ = next(_requests_and_replies(FOLDER / "50-auth-pap-chap.pcap"))
    hidden = view.first(a.USER_PASSWORD)

    assert hidden is not None
    assert b"s3cret-Pass" == hiding.reveal(hidden, secret, view.authenticator).rstrip(b"\0")


def test_a_real_burst_names_two_hundred_lines() -> None:
    """200 Starts of 200 lines give 200 Remote-Ids and 200 sessions, one-octet ids included."""
    starts = [view for _, view, request in _requests_and_replies(FOLDER / "56-burst-200-acct.pcap") if request is None]

    assert 200 == len(starts)
    assert 200 == len({view.first(a.AGENT_REMOTE_ID) for view in starts})
    assert 200 == len({view.first(a.ACCT_SESSION_ID) for view in starts})
    assert {b"LINE-000001", b"LINE-000200"} < {view.first(a.AGENT_REMOTE_ID) for view in starts}
