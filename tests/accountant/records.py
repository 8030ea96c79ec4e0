"""Accounting-Requests to be read."""

from __future__ import annotations

from bngcorr.wire.radius import PacketView, decode
from tests.wire.radius_packets import Piece, packet, plain

ARRIVED = 1_800_000_000_000  # epoch milliseconds, a whole second


def number(kind: int, value: int) -> Piece:
    """A 4-octet attribute."""
    return plain(kind, value.to_bytes(4, "big"))


def accounting(*pieces: Piece) -> PacketView:
    """An Accounting-Request."""
    return decode(packet(4, 9, bytes(16), pieces).octets)
