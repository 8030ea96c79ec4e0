"""A small notation for octets, so that packets in data files can be read by people.

    hexadecimal     000007db302f332f30
    text            "0/3/0"
    repeat          "A"*247, 00*5
    DHCPv4 option   v4 82[ v4 1["eth 0/1"] v4 2["LINE-1"] ]          code and length of one octet each
    DHCPv6 option   v6 37[ 000007db "0/3/0" ]                         code and length of two octets each
    relay message   relay[ … ], relay fe80…[ … ]                      RELAY-FORW: header, peer-address if given, options
    client message  solicit[ … ]                                      SOLICIT with a transaction id of 000001
    cut             cut 20[ … ]                                       the first 20 octets of it

Blanks mean nothing. Built from the RFCs, not with bngcorr's own encoders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_TOKEN: Final = re.compile(r'\s*((?:v4|v6|relay|solicit|cut)(?=[\s\[])|"[^"]*"|\*\d+|[\[\]]|[0-9a-f]+)')
_WORDS: Final = ("v4", "v6", "relay", "solicit", "cut")


def octets(text: str) -> bytes:
    """The octets that an expression stands for. Raises ValueError."""
    tokens = list(_tokens(text))
    value, rest = _run(tokens)
    if rest:
        raise ValueError(f"{rest[0]!r} does not fit in {text!r}")
    return value


def _tokens(text: str) -> Iterator[str]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"no octets at {text[at : at + 20]!r}")
        yield match[1]
        at = match.end()


def _run(tokens: list[str]) -> tuple[bytes, list[str]]:
    """Everything up to a closing bracket or the end, and what follows."""
    value = b""
    while tokens and tokens[0] != "]":
        part, tokens = _item(tokens)
        if tokens and tokens[0].startswith("*"):
            part *= int(tokens[0][1:])
            tokens = tokens[1:]
        value += part
    return value, tokens


def _item(tokens: list[str]) -> tuple[bytes, list[str]]:
    word, *tokens = tokens
    if word.startswith('"'):
        return word[1:-1].encode(), tokens
    if word not in _WORDS:
        return bytes.fromhex(word), tokens
    argument = ""
    if tokens[0] != "[":
        argument, *tokens = tokens
    if tokens[0] != "[":
        raise ValueError(f"[ expected behind {word}")
    inside, tokens = _run(tokens[1:])
    if not tokens:
        raise ValueError(f"] expected behind {word}")
    return _wrapped(word, argument, inside), tokens[1:]


def _wrapped(word: str, argument: str, inside: bytes) -> bytes:
    match word:
        case "v4":
            return bytes((int(argument), len(inside))) + inside
        case "v6":
            return int(argument).to_bytes(2, "big") + len(inside).to_bytes(2, "big") + inside
        case "relay":  # RFC 8415 §9: type, hop-count, link-address, peer-address
            return b"\x0c\x00" + bytes(16) + bytes.fromhex(argument or "fe80" + "00" * 14) + inside
        case "cut":
            return inside[: int(argument)]
        case _:  # RFC 8415 §8: type, transaction id
            return b"\x01\x00\x00\x01" + inside
