"""`bngcorr decode`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from bngcorr.capture.packets import Kind, Packet
from bngcorr.capture.trees.node import Node
from bngcorr.capture.trees.reading import tree
from bngcorr.cli import exits
from bngcorr.cli.captures import Capture, packets
from bngcorr.cli.packet_tree import grow, words


def decode(
    *files: Capture,
    hex_: Annotated[tuple[str, ...], Parameter(name="--hex", negative="")] = (),
    as_: Annotated[Kind | None, Parameter(name="--as")] = None,
    only: Annotated[Kind | None, Parameter(name="--only")] = None,
    limit: Annotated[int | None, Parameter(name=("--limit", "-n"))] = None,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Show RADIUS, DHCPv4 and DHCPv6 packets as a tree: every option and attribute, and what is wrong with them.

    Passwords and other secrets in RADIUS are not shown. Exits 0, 1 if a packet is malformed or cut, 2 if a file is
    unreadable.

    Parameters
    ----------
    files:
        Captures (pcap, pcapng; gzip and zstd too), text files with a packet in hexadecimal a line, or one packet's
        octets; - is standard input.
    hex_:
        A packet in hexadecimal, from its first octet to its last; may be repeated.
    as_:
        What the packets are that are not from a capture; without, it is found out.
    only:
        Of captures, only packets of this protocol.
    limit:
        Stop after so many packets.
    json_:
        Print a list with an object for each packet.
    """
    if not files and not hex_:
        print("bngcorr decode: give --hex, a file, or - for standard input; see bngcorr decode --help", file=sys.stderr)
        sys.exit(exits.REFUSED)
    if limit is not None and limit < 1:
        print(f"bngcorr decode: --limit {limit}: expected 1 or more", file=sys.stderr)
        sys.exit(exits.REFUSED)
    named = words()
    console = Console(emoji=False, highlight=False)
    code = exits.DONE
    shown = 0
    for packet in packets(files, hex_, frozenset((only,)) if only else frozenset(Kind)):
        if isinstance(packet, str):
            print(f"bngcorr decode: {packet}", file=sys.stderr)
            code = exits.REFUSED
            continue
        if shown == limit:
            break
        node = tree(packet.octets, packet.kind or as_, named, cut=packet.cut)
        if code == exits.DONE and any(node.faults()):
            code = exits.NEGATIVE
        if json_:
            sys.stdout.write(("[\n" if not shown else ",\n") + json.dumps(_row(packet, node)))
        else:
            console.print(_drawn(packet, node))
        shown += 1
    if json_:
        sys.stdout.write("\n]\n" if shown else "[]\n")
    elif not shown and code == exits.DONE:
        print("No RADIUS or DHCP packet.")
    sys.exit(code)


def _context(packet: Packet) -> dict[str, Any]:
    shown: dict[str, Any] = {"packet": packet.number}
    if packet.at_ns is not None:
        shown["at"] = _instant(packet.at_ns)
    if packet.frame is not None:
        if packet.frame.link_source:
            shown["mac"] = packet.frame.link_source.hex(":")
        if packet.frame.tags:
            shown["vlans"] = list(packet.frame.vlans)
        if packet.frame.pppoe_session >= 0:
            shown["pppoe_session"] = packet.frame.pppoe_session
    if packet.source:
        shown |= {"source": packet.source, "destination": packet.destination}
    if packet.cut:
        shown["cut"] = True
    return shown


def _instant(at_ns: int) -> str:
    seconds, fraction = divmod(at_ns, 1_000_000_000)
    try:
        second = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{seconds}.{fraction:09}"
    return f"{second:%Y-%m-%dT%H:%M:%S}.{fraction:09}Z"


def _row(packet: Packet, node: Node) -> dict[str, Any]:
    return _context(packet) | {"tree": node.as_json()}


def _drawn(packet: Packet, node: Node) -> Tree:
    head = [f"packet {packet.number}"]
    context = _context(packet)
    if "at" in context:
        head.append(context["at"])
    if "vlans" in context:
        head.append("VLAN " + ".".join(map(str, context["vlans"])))
    if packet.source:
        head.append(f"{packet.source} → {packet.destination}")
    if packet.cut:
        head.append("cut")
    drawn = Tree(f"[dim]{escape('  '.join(head))}[/dim]", guide_style="dim")
    grow(drawn, node)
    return drawn
