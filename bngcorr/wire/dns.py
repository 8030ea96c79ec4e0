"""What a DNS query asks for (RFC 1035 §4.1): no more of DNS is read.

header:    id (2) flags (2: 0x8000 response, 0x7800 opcode) counts of questions, answers, … (2 each)
question:  labels, each with its length (1) in front, up to one of length 0; type (2) class (2)
"""

from __future__ import annotations

from typing import Final

PORT: Final = 53
AAAA: Final = 28  # RFC 3596 §2.1
_HEADER: Final = 12
_MOST_NAME: Final = 255  # octets (RFC 1035 §2.3.4)


def question_type(octets: bytes) -> int | None:
    """Type of a standard query's first question; None if it is a response, of another kind, or not well-formed."""
    if len(octets) < _HEADER or octets[2] & 0xF8 or not octets[4] << 8 | octets[5]:
        return None
    at, size = _HEADER, len(octets)
    while at < size and at - _HEADER < _MOST_NAME:
        length = octets[at]
        at += 1
        if not length:
            return octets[at] << 8 | octets[at + 1] if at + 4 <= size else None
        if length > 63:
            return None  # a pointer: there is nothing before the first question that it could point to
        at += length
    return None
