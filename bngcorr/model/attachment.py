"""Where a line is attached: a port of a BNG and its VLANs."""

from __future__ import annotations

from typing import Final


class Attachment:
    """Port and VLANs as parsed from NAS-Port-Id, free of prefixes and suffixes that differ between v4 and v6.

    Never changed.
    """

    __slots__ = ("inner", "outer", "port", "text")

    def __init__(self, port: str, outer: int | None = None, inner: int | None = None) -> None:
        self.port: Final = port  # "1/1/4", "lag-12", "1/1/c2/1"
        self.outer: Final = outer  # S-tag or only tag, 0 … 4095; None: untagged or unknown
        self.inner: Final = inner  # C-tag, 0 … 4095
        text = port if outer is None else port + ":" + str(outer)
        if inner is not None:
            text += (":" if outer is None else ".") + str(inner)
        self.text: Final = text  # "1/1/4:100.20"

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Attachment):
            return NotImplemented
        return self.port == other.port and self.outer == other.outer and self.inner == other.inner

    def __hash__(self) -> int:
        return hash((self.port, self.outer, self.inner))

    def __repr__(self) -> str:
        return f"Attachment({self.port!r}, {self.outer}, {self.inner})"
