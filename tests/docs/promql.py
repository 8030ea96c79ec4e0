"""As much of PromQL as says which series and which labels a query names: no evaluation."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"")
_SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\})?")
_MATCHER = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)")
_GROUPED = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_WORDS = frozenset(
    {"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset",
     "sum", "count", "avg", "max", "min", "topk"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """What a query names."""

    series: dict[str, frozenset[str]]  # with the labels that are matched on
    grouped: frozenset[str]  # labels in by (…), on (…) and the like


def named(query: str) -> Named:
    """Raises ValueError for parentheses that do not pair."""
    plain = _STRING.sub('""', query)
    for opened, closed in ("()", "{}", "[]"):
        if plain.count(opened) != plain.count(closed):
            raise ValueError(f"{opened} {closed} do not pair: {query}")
    grouped = frozenset(
        label.strip() for found in _GROUPED.finditer(plain) for label in found[1].split(",") if label.strip()
    )
    plain = _GROUPED.sub(" ", re.sub(r"\[[^\]]*\]", " ", plain))
    series: dict[str, set[str]] = {}  # functions are seen by the parenthesis behind them
    for found in _SELECTOR.finditer(plain):
        name, matchers = found[1], found[2] or ""
        follows = plain[found.end() :].lstrip()
        is_function = not matchers and follows.startswith("(")
        if name in _WORDS or is_function or _is_unit(plain, found.start(), name):
            continue
        series.setdefault(name, set()).update(_MATCHER.findall(matchers))
    return Named({name: frozenset(labels) for name, labels in series.items()}, grouped)


def _is_unit(text: str, start: int, name: str) -> bool:
    """Whether the letters belong to a duration or a number: ``24h``, ``1e6``."""
    return start > 0 and text[start - 1].isdigit() and len(name) <= 2
