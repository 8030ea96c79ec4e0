"""One thing in a packet, and what is inside it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

MOST_PARTS: Final = 1000  # shown of one thing; the rest is counted


class Node:
    """A message, option or field."""

    __slots__ = ("code", "fault", "name", "octets", "parts", "value")

    def __init__(
        self,
        name: str,
        value: str | int | bool | None = None,
        *,
        code: int | None = None,
        octets: bytes | None = None,
        fault: str | None = None,
    ) -> None:
        self.name: Final = name
        self.value: Final = value  # None: what there is to see are the octets, or the parts
        self.code: Final = code  # of an option
        self.octets: Final = octets  # as they came, where the value does not say all
        self.fault = fault  # why it could not be read further
        self.parts: list[Node] = []

    def add(self, name: str, value: str | int | bool | None = None, **more: Any) -> Node:
        """A part behind the others."""
        part = Node(name, value, **more)
        self.parts.append(part)
        return part

    def as_json(self) -> dict[str, Any]:
        """Objects with name, code, value, hex, fault, parts: those that are there."""
        shown: dict[str, Any] = {"name": self.name}
        if self.code is not None:
            shown["code"] = self.code
        if self.value is not None:
            shown["value"] = self.value
        if self.octets is not None:
            shown["hex"] = self.octets.hex()
        if self.fault is not None:
            shown["fault"] = self.fault
        if self.parts:
            shown["parts"] = [part.as_json() for part in self.parts[:MOST_PARTS]]
            if len(self.parts) > MOST_PARTS:
                shown["not_shown"] = len(self.parts) - MOST_PARTS
        return shown

    def faults(self) -> Iterator[str]:
        """Every fault in it."""
        if self.fault is not None:
            yield self.fault
        for part in self.parts:
            yield from part.faults()


def text(octets: bytes) -> str | None:
    """Octets as text if all are printable ASCII; a zero behind them does not count."""
    bare = octets.removesuffix(b"\0")
    return bare.decode("ascii") if bare and all(0x20 <= octet <= 0x7E for octet in bare) else None


def address(octets: bytes) -> str:
    """Four or sixteen octets as an address."""
    return str(IPv4Address(octets) if len(octets) == 4 else IPv6Address(octets))


def opaque(name: str, octets: bytes, code: int | None = None) -> Node:
    """Octets whose form nobody knows: as text if they look like it, and as they are."""
    return Node(name, text(octets), code=code, octets=octets)


def broken(name: str, reason: str, octets: bytes, code: int | None = None) -> Node:
    """What does not have the form it should have."""
    return Node(name, code=code, octets=octets, fault=str(reason))


def seconds(number: int) -> str:
    """``4500 s``; the largest number is for ever."""
    return "forever" if number == 0xFFFFFFFF else f"{number} s"
