"""Instants of frames compared: they may be missing, and need not rise. Pure."""

from __future__ import annotations

from typing import Final

SECOND_NS: Final = 1_000_000_000
_DISORDER_NS: Final = 10 * SECOND_NS  # further back is another capture, or a clock that was set


def overtaken(at_ns: int | None, last_ns: int | None) -> bool:
    """Whether a frame that comes later in the file was on the wire before the last one."""
    return at_ns is not None and last_ns is not None and 0 < last_ns - at_ns <= _DISORDER_NS


def within(at_ns: int | None, since_ns: int | None, span_ns: int) -> bool:
    """Whether it was 0 … `span_ns` after; False if either is not known."""
    return at_ns is not None and since_ns is not None and 0 <= at_ns - since_ns <= span_ns


def over(at_ns: int | None, until_ns: int | None) -> bool:
    """Whether it was after; False if either is not known, or `until_ns` is never."""
    return at_ns is not None and until_ns is not None and at_ns > until_ns
