"""A packet's tree on a screen."""

from __future__ import annotations

from functools import cache

from rich.markup import escape
from rich.tree import Tree

from bngcorr.capture.trees.node import MOST_PARTS, Node
from bngcorr.capture.trees.reading import Words
from bngcorr.profiles.catalogue import compile_profile, packaged
from bngcorr.resources import resource
from bngcorr.wire.dictionary import Dictionary


@cache
def words() -> Words:
    """Names of attributes, and those that hold DHCP options with any family of BNGs."""
    dictionary = Dictionary(resource("dictionaries") / "dictionary")
    raw = {
        carrier.key: carrier.form for data in packaged().values() for carrier in compile_profile(data, dictionary).raw
    }
    return Words(dictionary.named, raw)


def grow(drawn: Tree, node: Node) -> None:
    """The node and what is in it, as a branch."""
    branch = drawn.add(node_line(node))
    for part in node.parts[:MOST_PARTS]:
        grow(branch, part)
    if len(node.parts) > MOST_PARTS:
        branch.add(f"[dim]… and {len(node.parts) - MOST_PARTS} more[/dim]")


def node_line(node: Node) -> str:
    """One node without its parts, with rich's markup."""
    line = f"[bold]{escape(node.name)}[/bold]"
    if node.code is not None:
        line = f"[dim]{node.code}[/dim] {line}"
    if node.value is not None:
        line += f" {escape(str(node.value))}"
    if (
        node.octets is not None
        and (node.value is None or not node.parts)
        and str(node.value) != f"0x{node.octets.hex()}"
    ):
        line += f" [dim]{_hex(node.octets)}[/dim]"
    if node.fault is not None:
        line += f" [red]✗ {escape(node.fault)}[/red]"
    return line


def _hex(octets: bytes) -> str:
    return octets.hex() if len(octets) <= 64 else f"{octets[:64].hex()}… ({len(octets)} octets)"
