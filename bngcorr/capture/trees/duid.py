"""A DUID as a tree (RFC 8415 §11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from bngcorr.capture.trees.node import Node, broken
from bngcorr.errors import Malformed
from bngcorr.wire.duid import EN, LL, LLT, UUID, Duid

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_ETHERNET: Final = 1


def duid(name: str, octets: bytes, code: int | None = None) -> Node:
    """One DUID, taken apart."""
    try:
        read = Duid(octets)
    except Malformed as error:
        return broken(name, error.reason, octets, code)
    node = Node(name, read.title, code=code, octets=octets)
    if read.kind in (LLT, LL):
        node.add("hardware type", read.hardware)
        node.add("address", read.address.hex(":") if read.hardware == _ETHERNET else read.address.hex())
        if read.kind == LLT:
            node.add("time", (_EPOCH + timedelta(seconds=read.seconds)).isoformat().replace("+00:00", "Z"))
    elif read.kind == EN:
        node.add("enterprise", read.enterprise)
        node.add("identifier", read.identifier.hex())
    elif read.kind == UUID:
        node.add("UUID", read.identifier.hex())
    return node
