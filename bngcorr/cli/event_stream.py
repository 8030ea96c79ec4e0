"""Server-Sent Events as a client reads them (WHATWG HTML, "Parsing an event stream"), from lines that it is fed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

MOST_OCTETS: Final = 1_048_576  # of one event


class Lines(Protocol):
    """An answer that comes line by line."""

    def readline(self, limit: int = -1, /) -> bytes:
        """The next line with its end; empty at the end of all."""
        ...


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event."""

    cursor: str | None  # its id, to go on behind
    kind: str  # "message" unless it is named
    data: str


def read_events(lines: Lines) -> Iterator[StreamEvent]:
    """Events until the end; comments are passed over. An event of more than a mebibyte is cut off where it gets there.

    Raises what reading raises.
    """
    cursor: str | None = None
    kind, data, octets = "", list[str](), 0
    while line := lines.readline(MOST_OCTETS):
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            if data:
                yield StreamEvent(cursor, kind or "message", "\n".join(data))
            kind, data, octets = "", [], 0
            continue
        field, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if field == "data" and octets < MOST_OCTETS:
            data.append(value)
            octets += len(line)
        elif field == "event":
            kind = value
        elif field == "id" and "\0" not in value:
            cursor = value
