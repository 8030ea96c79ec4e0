"""Templates of `identity.write` read backwards: what a value that we may have written says of its line. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_FIELD: Final = re.compile(r"\{([^{}]*)\}")
_SHAPES: Final = {
    "remote_id.hex": rb"(?:[0-9a-f]{2})+",
    "circuit_id.hex": rb"(?:[0-9a-f]{2})+",
    "mac": rb"[0-9a-f:]{17}",
    "outer": rb"\d{1,4}",
    "inner": rb"\d{1,4}",
}


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[bytes]:
    """A template turned round. What it finds is only where to look: the sessions found are compared with the whole."""
    parts = _FIELD.split(text)  # text, field, text, field, …, text
    seen: set[str] = set()
    out = []
    for index, part in enumerate(parts):
        if index % 2 == 0:
            out.append(re.escape(part.encode()))
            continue
        shape = _SHAPES.get(part, rb".+")
        out.append(shape if part in seen else b"(?P<" + part.replace(".", "_").encode() + b">" + shape + b")")
        seen.add(part)
    return re.compile(b"".join(out), re.DOTALL)


def guess(text: str, value: bytes) -> dict[str, bytes]:
    """What the fields of a template may have been; empty if the value is none of the template's."""
    match = _pattern(text).fullmatch(value)
    return {} if match is None else match.groupdict()
