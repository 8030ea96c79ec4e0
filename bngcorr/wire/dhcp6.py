"""DHCPv6 messages and their relay layers, from the wire and as BNGs copy them into RADIUS (RFC 8415 §8, §9, §21).

What single options hold is in `bngcorr.wire.dhcp6_values`.

option:   +-----------+-----------+-- … --+      relay:  +------+-----+--------------+--------------+-- … --+
          | code (2)  | len (2)   | data  |              | type | hop | link-address | peer-address | options
          +-----------+-----------+-- … --+              | 1    | 1   | 16           | 16           |
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from bngcorr.errors import Malformed
from bngcorr.wire.refusal import Refusal

CLIENT_ID: Final = 1
SERVER_ID: Final = 2
IA_NA: Final = 3
IA_TA: Final = 4
IA_ADDRESS: Final = 5
OPTION_REQUEST: Final = 6
PREFERENCE: Final = 7
ELAPSED_TIME: Final = 8
RELAY_MESSAGE: Final = 9
STATUS_CODE: Final = 13
RAPID_COMMIT: Final = 14
USER_CLASS: Final = 15
VENDOR_CLASS: Final = 16
VENDOR_OPTIONS: Final = 17
INTERFACE_ID: Final = 18
DNS_SERVERS: Final = 23
DOMAIN_LIST: Final = 24
IA_PD: Final = 25
IA_PREFIX: Final = 26
REMOTE_ID: Final = 37
SUBSCRIBER_ID: Final = 38
RELAY_ID: Final = 53
CLIENT_LINKLAYER: Final = 79

SOLICIT: Final = 1
ADVERTISE: Final = 2
REQUEST: Final = 3
CONFIRM: Final = 4
RENEW: Final = 5
REBIND: Final = 6
REPLY: Final = 7
RELEASE: Final = 8
DECLINE: Final = 9
RECONFIGURE: Final = 10
INFORMATION_REQUEST: Final = 11
RELAY_FORW: Final = 12
RELAY_REPL: Final = 13
TYPES: Final = {
    1: "SOLICIT", 2: "ADVERTISE", 3: "REQUEST", 4: "CONFIRM", 5: "RENEW", 6: "REBIND", 7: "REPLY", 8: "RELEASE",
    9: "DECLINE", 10: "RECONFIGURE", 11: "INFORMATION-REQUEST", 12: "RELAY-FORW", 13: "RELAY-REPL", 14: "LEASEQUERY",
    15: "LEASEQUERY-REPLY", 16: "LEASEQUERY-DONE", 17: "LEASEQUERY-DATA", 18: "RECONFIGURE-REQUEST",
    19: "RECONFIGURE-REPLY", 20: "DHCPV4-QUERY", 21: "DHCPV4-RESPONSE",
}  # fmt: skip
RELAY_HEADER_OCTETS: Final = 34
CLIENT_HEADER_OCTETS: Final = 4
HOP_COUNT_LIMIT: Final = 8  # RFC 8415 §7.6: the highest hop-count, hence of the ninth relay
MOST_RELAYS: Final = HOP_COUNT_LIMIT + 1  # nesting beyond it is not followed


class Layer:
    """Options of one layer: a relay's or, innermost, the client's."""

    __slots__ = ("header", "more", "relay", "values")

    def __init__(
        self, values: dict[int, bytes], relay: bool, header: bytes = b"", more: tuple[tuple[int, bytes], ...] = ()
    ) -> None:
        self.values: Final = values  # first option of each code
        self.relay: Final = relay
        self.header: Final = header  # 34 octets of a relay, else 4; empty if the layer came without
        self.more: Final = more  # options whose code was there before, in packet order

    @property
    def type(self) -> int | None:
        """Message type, 0 … 255; None without a header."""
        return self.header[0] if self.header else None

    @property
    def transaction_id(self) -> bytes:
        """Of a client's or server's message, 3 octets; empty of a relay's and without a header."""
        return b"" if self.relay or not self.header else self.header[1:4]

    @property
    def hop_count(self) -> int | None:
        """Of a relay header: the number of relays before this one, 0 … 255."""
        return self.header[1] if self.relay and self.header else None

    @property
    def link_address(self) -> bytes:
        """Of a relay header, 16 octets, ``::`` from an LDRA (RFC 6221 §5.1); empty otherwise."""
        return self.header[2:18] if self.relay and self.header else b""

    @property
    def peer_address(self) -> bytes:
        """Of a relay header, 16 octets; empty otherwise."""
        return self.header[18:34] if self.relay and self.header else b""

    def all(self, code: int) -> list[bytes]:
        """Every option of that code, in packet order."""
        if code not in self.values:
            return []
        return [self.values[code], *(value for other, value in self.more if other == code)]


class Message6:
    """Layers from the outermost to the innermost that could be read."""

    __slots__ = ("cut", "layers", "whole")

    def __init__(self, layers: tuple[Layer, ...], whole: bool, cut: int | None = None) -> None:
        self.layers: Final = layers
        self.whole: Final = whole  # False: truncated, or nested deeper than the hop limit
        self.cut: Final = cut  # code of an outermost option that claims more octets than there are

    @property
    def relays(self) -> tuple[Layer, ...]:
        """Relay layers, the outermost first."""
        return tuple(layer for layer in self.layers if layer.relay)

    @property
    def inner(self) -> Layer | None:
        """The message that the relays carry, or that came without any; None if it could not be read."""
        return self.layers[-1] if self.layers and not self.layers[-1].relay else None


def options(octets: bytes) -> Message6:
    """A run of options without its message's header, followed into relay messages.

    Never raises: what does not fit is left out. Whether a relay wrote the outermost options must be told from them: a
    relay's are whole and hold a message, and no Client Identifier, which each client's message has (RFC 8415 §16).
    """
    values, more, whole, cut = _walk(octets, 0)
    layers, whole = _followed(Layer(values, whole and _of_relay(values), b"", tuple(more)), whole)
    return Message6(layers, whole, cut)


def message(octets: bytes) -> Message6:
    """A whole message with its header."""
    read = _layer(octets)
    if read is None:
        return Message6((), False)
    layers, whole = _followed(read[0], read[1])
    return Message6(layers, whole)


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
    return Message6((Layer(outer, relay), *(inner if relay else ())), all(part.whole for part in parts))


def _of_relay(codes: Container[int]) -> bool:
    return RELAY_MESSAGE in codes and CLIENT_ID not in codes


def _layer(octets: bytes) -> tuple[Layer, bool] | None:
    """One message's own options and whether they are whole; None if not even its header is."""
    relay = bool(octets) and octets[0] in (RELAY_FORW, RELAY_REPL)
    header = RELAY_HEADER_OCTETS if relay else CLIENT_HEADER_OCTETS
    if len(octets) < header:
        return None
    values, more, whole, _ = _walk(octets, header)
    return Layer(values, relay, octets[:header], tuple(more)), whole


def _followed(outermost: Layer, whole: bool) -> tuple[tuple[Layer, ...], bool]:
    if not outermost.relay:
        return (outermost,), whole
    layers = [outermost]
    while whole and layers[-1].relay and RELAY_MESSAGE in layers[-1].values:
        read = _layer(layers[-1].values[RELAY_MESSAGE]) if len(layers) <= MOST_RELAYS else None
        if read is None or (read[0].relay and len(layers) == MOST_RELAYS):
            return tuple(layers), False
        layers.append(read[0])
        whole = read[1]
    return tuple(layers), whole


def decode(octets: bytes, *, cut: bool = False) -> Message6:
    """A message from the wire, followed into its relays; `cut`: the capture holds only its beginning.

    A message whose options or relays are not whole says so. Raises Malformed: too-short (of the outermost header),
    unknown-kind (message type 0, which is reserved).
    """
    read = message(octets)
    if not read.layers:
        raise Malformed(Refusal.TOO_SHORT, len(octets))
    if not octets[0]:
        raise Malformed(Refusal.UNKNOWN_KIND, 0)
    return Message6(read.layers, False) if cut and read.whole else read


def _walk(octets: bytes, at: int) -> tuple[dict[int, bytes], list[tuple[int, bytes]], bool, int | None]:
    """Options from octet `at` by code, their repeats, whether all are whole, and the code of the one that is not."""
    values: dict[int, bytes] = {}
    more: list[tuple[int, bytes]] = []
    size = len(octets)
    while at < size:
        if at + 4 > size:
            return values, more, False, None
        code = octets[at] << 8 | octets[at + 1]
        end = at + 4 + (octets[at + 2] << 8 | octets[at + 3])
        if end > size:
            return values, more, False, code
        if code in values:
            more.append((code, octets[at + 4 : end]))
        else:
            values[code] = octets[at + 4 : end]
        at = end
    return values, more, True, None
