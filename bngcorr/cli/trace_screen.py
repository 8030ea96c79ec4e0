"""One traced request as people read it: the verdict, then each packet and what is new in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from bngcorr.cli.tables import Row, moment, plain
from bngcorr.cli.timeline_screen import STYLE

_LEG: Final = {
    "probe": "probe → bngcorr", "from_bng": "BNG → bngcorr", "to_aaa": "bngcorr → AAA", "from_aaa": "AAA → bngcorr",
    "to_bng": "bngcorr → BNG", "answer": "bngcorr → probe",
}  # fmt: skip
_COPY_OF: Final = {  # whose attributes a packet has, but for what was changed on the way
    "from_bng": "probe", "to_aaa": "from_bng", "to_bng": "from_aaa", "answer": "to_bng",
}  # fmt: skip
_INDENT: Final = " " * 13

Pairs = list[tuple[str, str]]


def print_request(console: Console, request: Row, *, attributes: bool) -> None:
    """A heading and its packets. Without `attributes` a packet that was passed on shows only what was changed."""
    print_verdict(console, request)
    print_packets(console, request["packets"], attributes=attributes)
    console.print()


def print_verdict(console: Console, request: Row) -> None:
    """When, whose, how it was judged, and its end."""
    far = "" if request["distance_ms"] is None else f"{request['distance_ms']} ms"
    decided = ", ".join(str(part) for part in (request["rung"], request["key"], far, request["line"]) if part)
    console.print(
        Text.assemble(
            (f"{moment(request['at'])[:-1]}.{request['at'][20:23]}Z  {request['bng']}  {request['trigger']}  ", "bold"),
            (request["outcome"] or "no verdict", STYLE.get(request["outcome"] or "", "red")),
            f"  {decided}" if decided else "",
            f"  → {request['end']}",
        ),
        soft_wrap=True,
    )


def print_packets(console: Console, packets: Sequence[Row], *, attributes: bool) -> None:
    """Each packet, and its attributes: all of them, or what differs from the packet that it was made of."""
    seen: dict[str, Pairs] = {}
    for packet in packets:
        console.print(
            Text.assemble(
                f"  +{packet['after_ms']:>5} ms  ", (f"{_LEG[packet['leg']]:15}", "bold"),
                f"  {packet['peer']}  {packet['code']} Id {packet['identifier']}, {packet['octets']} octets",
            ),
            soft_wrap=True,
        )  # fmt: skip
        pairs = _pairs(packet)
        before = None if attributes else seen.get(_COPY_OF.get(packet["leg"], ""))
        for line in _attributes(pairs, before):
            console.print(Text(line), soft_wrap=True)
        if packet["cut"]:
            console.print(f"{_INDENT}…")
        seen[packet["leg"]] = pairs


def _attributes(pairs: Pairs, before: Pairs | None) -> Iterator[str]:
    """`before`: what the packet was made of."""
    if before is None:
        yield from (f"{_INDENT}{name} = {value}" for name, value in pairs)
        return
    yield from (f"{_INDENT}- {name} = {value}" for name, value in before if (name, value) not in pairs)
    yield from (f"{_INDENT}+ {name} = {value}" for name, value in pairs if (name, value) not in before)


def _pairs(packet: Row) -> Pairs:
    return [(one["name"], "‹secret›" if one["value"] is None else plain(one["value"])) for one in packet["attributes"]]
