"""DHCPv6 options and relay layers as BNGs copy them into RADIUS (RFC 8415 §8, §9, §21).

option:   +-----------+-----------+-- … --+      relay:  +------+-----+--------------+--------------+-- … --+
          | code (2)  | len (2)   | data  |              | type | hop | link-address | peer-address | options
          +-----------+-----------+-- … --+              | 1    | 1   | 16           | 16           |
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Final

CLIENT_ID: Final = 1
RELAY_MESSAGE: Final = 9
INTERFACE_ID: Final = 18
REMOTE_ID: Final = 37
CLIENT_LINKLAYER: Final = 79

RELAY_FORW: Final = 12
RELAY_REPL: Final = 13
RELAY_HEADER_OCTETS: Final = 34
CLIENT_HEADER_OCTETS: Final = 4
HOP_COUNT_LIMIT: Final = 8  # RFC 8415 §7.6: the highest hop-count, hence of the ninth relay
MOST_RELAYS: Final = HOP_COUNT_LIMIT + 1  # nesting beyond it is not followed


@dataclass(frozen=True, slots=True)
class Layer:
    """Options of one layer: a relay's or, innermost, the client's."""

    values: dict[int, bytes]  # first option of each code
    relay: bool
    peer_address: bytes  # of a relay header, 16 octets; empty otherwise


@dataclass(frozen=True, slots=True)
class Message6:
    """Layers from the outermost to the innermost that could be read."""

    layers: tuple[Layer, ...]
    whole: bool  # False: truncated, or nested deeper than the hop limit
    cut: int | None = None  # code of an outermost option that claims more octets than there are


def options(octets: bytes) -> Message6:
    """A run of options without its message's header, followed into relay messages.

    Never raises: what does not fit is left out. Whether a relay wrote the outermost options must be told from them: a
    relay's are whole and hold a message, and no Client Identifier, which each client's message has (RFC 8415 §16).
    """
    values, whole, cut = _walk(octets)
    message = _followed(Layer(values, whole and _of_relay(values), b""), whole)
    return replace(message, cut=cut) if cut is not None else message


def message(octets: bytes) -> Message6:
    """A whole message with its header."""
    read = _layer(octets)
    return _followed(*read) if read is not None else Message6((), whole=False)


def merged(parts: list[Message6]) -> Message6:
    """Options that came in pieces, each with its own layers: the outermost options are one layer, the rest follows.

    A relay message that is cut, in a piece of its own, still says that the others are a relay's.
    """
    outer: dict[int, bytes] = {}
    inner: tuple[Layer, ...] = ()
    codes: set[int] = set()
    for part in parts:
        for code, value in part.layers[0].values.items():
            outer.setdefault(code, value)
        codes.update(part.layers[0].values)
        if part.cut is not None:
            codes.add(part.cut)
        inner = inner or part.layers[1:]
    relay = _of_relay(codes)
    return Message6((Layer(outer, relay, b""), *(inner if relay else ())), all(part.whole for part in parts))


def _of_relay(codes: Container[int]) -> bool:
    return RELAY_MESSAGE in codes and CLIENT_ID not in codes


def _layer(octets: bytes) -> tuple[Layer, bool] | None:
    """One message's own options and whether they are whole; None if not even its header is."""
    relay = bool(octets) and octets[0] in (RELAY_FORW, RELAY_REPL)
    header = RELAY_HEADER_OCTETS if relay else CLIENT_HEADER_OCTETS
    if len(octets) < header:
        return None
    values, whole, _ = _walk(octets[header:])
    return Layer(values, relay, octets[18:34] if relay else b""), whole


def _followed(outermost: Layer, whole: bool) -> Message6:
    layers = [outermost]
    while whole and layers[-1].relay and RELAY_MESSAGE in layers[-1].values:
        read = _layer(layers[-1].values[RELAY_MESSAGE]) if len(layers) <= MOST_RELAYS else None
        if read is None or (read[0].relay and len(layers) == MOST_RELAYS):
            return Message6(tuple(layers), whole=False)
        layers.append(read[0])
        whole = read[1]
    return Message6(tuple(layers), whole)


def _walk(octets: bytes) -> tuple[dict[int, bytes], bool, int | None]:
    """Options by code, whether they are whole, and the code of the one that is not."""
    values: dict[int, bytes] = {}
    at = 0
    size = len(octets)
    while at < size:
        if at + 4 > size:
            return values, False, None
        code = octets[at] << 8 | octets[at + 1]
        end = at + 4 + (octets[at + 2] << 8 | octets[at + 3])
        if end > size:
            return values, False, code
        values.setdefault(code, octets[at + 4 : end])
        at = end
    return values, True, None
