"""Reading the documentation: headings, tables, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "dictionaries" / "README.md", *sorted(DOCS.glob("*.md")))

_FENCE = re.compile(r"^ *```")
_HEADING = re.compile(r"(#{1,6}) (.+)")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`]+)`")


def prose(page: Path) -> Iterator[str]:
    """Lines outside fenced code."""
    fenced = False
    for line in page.read_text("utf-8").splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield line


def headings(page: Path, level: int | None = None) -> list[str]:
    """Headings in order, of one level or of all."""
    found = [match for line in prose(page) if (match := _HEADING.fullmatch(line))]
    return [match[2] for match in found if level in (None, len(match[1]))]


def anchors(page: Path) -> set[str]:
    """What a link may name behind ``#``, by the rules of the usual code hosts."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(page)}


def links(page: Path) -> list[str]:
    """Targets of all links in the prose."""
    return [target for line in prose(page) for target in _LINK.findall(line)]


def first_column(page: Path, *, under: str | None = None) -> list[str]:
    """The code spans that open the rows of tables, one or more a row; only those under a heading, if one is given."""
    found: list[str] = []
    here = under is None
    for line in prose(page):
        heading = _HEADING.fullmatch(line)
        if heading is not None and under is not None:
            here = heading[2] == under
        if here and line.startswith("| `"):
            found.extend(_CODE.findall(line.split("|")[1]))
    return found
