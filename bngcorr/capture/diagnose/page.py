"""A diagnosis as one page that needs nothing besides itself: no script, no font, no picture from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bngcorr.capture.diagnose.report import Report, by_kind, moment, packets_text, shown_distances, verdict
from bngcorr.capture.trees.node import MOST_PARTS, Node


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bngcorr.capture.diagnose", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["printable"] = printable
    return environment


def page(report: Report) -> str:
    """The page; it forbids itself everything but its own style (Content-Security-Policy by its hash)."""
    environment = _environment()
    style = environment.get_template("diagnosis.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    rows = shown_distances(report.distances)
    return environment.get_template("diagnosis.html").render(
        report=report,
        head=report.head_lines(),
        kinds=by_kind(report),
        verdict=verdict(report),
        # the octets between the tags are what is hashed: the style holds neither "<" nor "&"
        style=Markup(style),  # noqa: S704 -- ours
        style_hash=f"sha256-{digest}",
        packets_text=lambda packets: packets_text(packets, report),
        lines=lines,
        moment=moment,
        distances=rows,
        most=max((row["solicit_first"] + row["discover_first"] for row in rows), default=0),
    )


def lines(node: Node | None, depth: int = 0) -> Iterator[str]:
    """A packet's tree, a line each, indented."""
    if node is None:
        return
    words = [] if node.code is None else [str(node.code)]
    words.append(node.name)
    if node.value is not None:
        words.append(str(node.value))
    elif node.octets is not None and not node.parts:
        words.append(node.octets[:64].hex() + ("…" if len(node.octets) > 64 else ""))
    if node.fault is not None:
        words.append(f"✗ {node.fault}")
    yield "  " * depth + printable(" ".join(words))
    for part in node.parts[:MOST_PARTS]:
        yield from lines(part, depth + 1)
    if len(node.parts) > MOST_PARTS:
        yield "  " * (depth + 1) + f"… and {len(node.parts) - MOST_PARTS} more"


def printable(text: str) -> str:
    """A customer's text as a page may show it: what is not printable as escapes."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode() for one in text)
