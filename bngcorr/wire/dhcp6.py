"""DHCPv6 options and relay layers as BNGs copy them into RADIUS (RFC 8415 §8, §9, §21).

option:   +-----------+-----------+-- … --+      relay:  +------+-----+--------------+--------------+-- … --+
          | code (2)  | len (2)   | data  |              | type | hop | link-address | peer-address | options
          +-----------+-----------+-- … --+              | 1    | 1   | 16           | 16           |
"""

from __future__ import annotations

from dataclasses import dataclass
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
HOP_COUNT_LIMIT: Final = 8  # RFC 8415 §7.6; nesting beyond it is not followed


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

    def first(self, code: int, *, outermost: bool = True) -> bytes | None:
        """Value of an option in the outermost (or innermost) layer that has it; empty is none."""
        for layer in self.layers if outermost else reversed(self.layers):
            value = layer.values.get(code)
            if value:
                return value
        return None


def options(octets: bytes) -> Message6:
    """A run of options, followed into relay messages. Never raises: what does not fit is left out."""
    layers: list[Layer] = []
    values, whole = _walk(octets)
    layers.append(Layer(values, RELAY_MESSAGE in values, b""))
    while whole and RELAY_MESSAGE in values:
        if len(layers) > HOP_COUNT_LIMIT:
            return Message6(tuple(layers), whole=False)
        message = values[RELAY_MESSAGE]
        relay = bool(message) and message[0] in (RELAY_FORW, RELAY_REPL)
        header = RELAY_HEADER_OCTETS if relay else CLIENT_HEADER_OCTETS
        if len(message) < header:
            return Message6(tuple(layers), whole=False)
        values, whole = _walk(message[header:])
        layers.append(Layer(values, relay, message[18:34] if relay else b""))
        if not relay:
            break
    return Message6(tuple(layers), whole)


def message(octets: bytes) -> Message6:
    """A whole message with its header."""
    relay = bool(octets) and octets[0] in (RELAY_FORW, RELAY_REPL)
    header = RELAY_HEADER_OCTETS if relay else CLIENT_HEADER_OCTETS
    if len(octets) < header:
        return Message6((), whole=False)
    inner = options(octets[header:])
    first = Layer(inner.layers[0].values, relay, octets[18:34] if relay else b"")
    return Message6((first, *inner.layers[1:]), inner.whole)


def _walk(octets: bytes) -> tuple[dict[int, bytes], bool]:
    values: dict[int, bytes] = {}
    at = 0
    size = len(octets)
    while at < size:
        if at + 4 > size:
            return values, False
        code = octets[at] << 8 | octets[at + 1]
        end = at + 4 + (octets[at + 2] << 8 | octets[at + 3])
        if end > size:
            return values, False
        values.setdefault(code, octets[at + 4 : end])
        at = end
    return values, True


def merged(parts: list[Message6]) -> Message6:
    """Options that came in pieces, each with its own layers: the outermost options are one layer, the rest follows."""
    outer: dict[int, bytes] = {}
    inner: tuple[Layer, ...] = ()
    for part in parts:
        for code, value in part.layers[0].values.items():
            outer.setdefault(code, value)
        inner = inner or part.layers[1:]
    first = Layer(outer, RELAY_MESSAGE in outer, b"")
    return Message6((first, *inner), all(part.whole for part in parts))
