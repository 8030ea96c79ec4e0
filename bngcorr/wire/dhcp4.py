"""DHCPv4 (RFC 2131 §2, RFC 2132): whole messages from the wire, and bare options as BNGs copy them into RADIUS.

message:  op (1) htype (1) hlen (1) hops (1) xid (4) secs (2) flags (2) ciaddr yiaddr siaddr giaddr (4 each)
          chaddr (16) sname (64) file (128) cookie (4), options

          +------+-----+-- … --+
options:  | code | len | data  |    code 0 is padding, 255 the end; both stand alone
          +------+-----+-- … --+

Addresses stay the four octets that they are: a message is looked at far more often than it is shown.
"""

from __future__ import annotations

from typing import Final

from bngcorr.errors import Malformed
from bngcorr.model.mac import Mac, usable
from bngcorr.wire.refusal import Refusal

PAD: Final = 0
HOST_NAME: Final = 12
REQUESTED_ADDRESS: Final = 50
LEASE_TIME: Final = 51
OVERLOAD: Final = 52
MESSAGE_TYPE: Final = 53
SERVER_ID: Final = 54
PARAMETER_LIST: Final = 55
TEXT: Final = 56
VENDOR_CLASS: Final = 60
CLIENT_ID: Final = 61
RELAY_AGENT: Final = 82
END: Final = 255

CIRCUIT_ID: Final = 1
REMOTE_ID: Final = 2
LINK_SELECTION: Final = 5
SUBSCRIBER_ID: Final = 6
VENDOR: Final = 9
SERVER_OVERRIDE: Final = 11
RELAY_ID: Final = 12
CISCO_LINK_SELECTION: Final = 150
SUBNET_SELECTION: Final = 151
SUBNET_CONTROL: Final = 152
LONGEST: Final = 255  # octets of one option
ID_OCTETS: Final = 247  # a longer id fits no attribute of RADIUS (RFC 2865 §5.26)

DISCOVER: Final = 1
OFFER: Final = 2
REQUEST: Final = 3
DECLINE: Final = 4
ACK: Final = 5
NAK: Final = 6
RELEASE: Final = 7
INFORM: Final = 8
TYPES: Final = {
    1: "DISCOVER", 2: "OFFER", 3: "REQUEST", 4: "DECLINE", 5: "ACK", 6: "NAK", 7: "RELEASE", 8: "INFORM",
    9: "FORCERENEW", 10: "LEASEQUERY", 11: "LEASEUNASSIGNED", 12: "LEASEUNKNOWN", 13: "LEASEACTIVE",
    14: "BULKLEASEQUERY", 15: "LEASEQUERYDONE", 16: "ACTIVELEASEQUERY", 17: "LEASEQUERYSTATUS", 18: "TLS",
}  # fmt: skip

COOKIE: Final = b"\x63\x82\x53\x63"
HEADER_OCTETS: Final = 240  # cookie included
_TO_CHADDR: Final = 44  # what a snaplen must leave for the client to be known
_ETHERNET: Final = 1


class Options4:
    """Options by code, repeats of one code joined (RFC 3396 §7)."""

    __slots__ = ("values", "whole")

    def __init__(self, values: dict[int, bytes], whole: bool) -> None:
        self.values: Final = values
        self.whole: Final = whole  # False: the last option claims more octets than there are; it is left out

    @property
    def circuit_id(self) -> bytes | None:
        """Option 82.1 (RFC 3046 §3.1); empty is none."""
        return self._relay(CIRCUIT_ID)

    @property
    def remote_id(self) -> bytes | None:
        """Option 82.2 (RFC 3046 §3.2), never with an enterprise number; empty is none (``02 00`` of BT's FTTC)."""
        return self._relay(REMOTE_ID)

    def _relay(self, code: int) -> bytes | None:
        option = self.values.get(RELAY_AGENT)
        if not option:
            return None
        values: dict[int, bytes] = {}
        _walk(option, 0, len(option), values, padded=False)
        value = values.get(code)
        return value if value and len(value) <= ID_OCTETS else None


class RelayAgent:
    """Option 82 (RFC 3046): its sub-options by code, repeats joined as the options themselves are."""

    __slots__ = ("values", "whole")

    def __init__(self, option: bytes) -> None:
        self.values: Final[dict[int, bytes]] = {}
        self.whole: Final = _walk(option, 0, len(option), self.values, padded=False)

    def _address(self, code: int) -> bytes | None:
        value = self.values.get(code)
        return value if value is not None and len(value) == 4 else None

    @property
    def circuit_id(self) -> bytes | None:
        """Sub-option 1; empty is none."""
        return self.values.get(CIRCUIT_ID) or None

    @property
    def remote_id(self) -> bytes | None:
        """Sub-option 2; empty is none."""
        return self.values.get(REMOTE_ID) or None

    @property
    def link_selection(self) -> bytes | None:
        """Sub-option 5 (RFC 3527), else 150 as Cisco had it before: an address of the client's subnet."""
        return self._address(LINK_SELECTION) or self._address(CISCO_LINK_SELECTION)

    @property
    def subscriber_id(self) -> bytes | None:
        """Sub-option 6 (RFC 3993); empty is none."""
        return self.values.get(SUBSCRIBER_ID) or None

    @property
    def server_override(self) -> bytes | None:
        """Sub-option 11 (RFC 5107): the relay that is to be taken for the server."""
        return self._address(SERVER_OVERRIDE)

    @property
    def relay_id(self) -> bytes | None:
        """Sub-option 12 (RFC 6925): a DUID of the relay; empty is none."""
        return self.values.get(RELAY_ID) or None

    @property
    def subnet_selection(self) -> tuple[int, bytes] | None:
        """Sub-option 151 (RFC 6607 §3.4): type (0 a name, 1 a VPN-ID of 7 octets, 255 the global VPN), and which."""
        value = self.values.get(SUBNET_SELECTION)
        return (value[0], value[1:]) if value else None


class Message4:
    """One message; made by `decode` only."""

    __slots__ = (
        "chaddr", "ciaddr", "cut", "flags", "giaddr", "hardware", "hops", "octets", "operation", "options", "overload",
        "secs", "siaddr", "xid", "yiaddr",
    )  # fmt: skip

    def __init__(self, octets: bytes, options: Options4, cut: bool, overload: int) -> None:
        self.octets: Final = octets
        self.operation: Final = octets[0]  # 1 from a client, 2 to it
        self.hardware: Final = octets[1]  # IANA's number, 1 is Ethernet
        self.hops: Final = octets[3]
        self.xid: Final = octets[4:8]
        self.secs: Final = octets[8] << 8 | octets[9]
        self.flags: Final = octets[10] << 8 | octets[11]  # 0x8000: answer by broadcast
        self.ciaddr: Final = octets[12:16]
        self.yiaddr: Final = octets[16:20]
        self.siaddr: Final = octets[20:24]
        self.giaddr: Final = octets[24:28]
        self.chaddr: Final = octets[28 : 28 + min(octets[2], 16)]
        self.options: Final = options
        self.cut: Final = cut  # the capture does not hold all of it
        self.overload: Final = overload  # 1 `file`, 2 `sname`, 3 both hold options (RFC 2132 §9.3)

    @property
    def type(self) -> int | None:
        """Option 53, 0 … 255; None without one (BOOTP), or of another length than 1."""
        value = self.options.values.get(MESSAGE_TYPE)
        return value[0] if value is not None and len(value) == 1 else None

    @property
    def mac(self) -> Mac | None:
        """The client's MAC as it claims it; None if it names nobody."""
        return usable(self.chaddr) if self.hardware == _ETHERNET else None

    @property
    def relay(self) -> RelayAgent | None:
        """Option 82."""
        option = self.options.values.get(RELAY_AGENT)
        return RelayAgent(option) if option is not None else None

    def address(self, code: int) -> bytes | None:
        """An option that is one address, or None."""
        value = self.options.values.get(code)
        return value if value is not None and len(value) == 4 else None

    def number(self, code: int) -> int | None:
        """An option that is a number of 1, 2 or 4 octets, or None; times are seconds."""
        value = self.options.values.get(code)
        return int.from_bytes(value, "big") if value is not None and len(value) in (1, 2, 4) else None


def decode(octets: bytes, *, cut: bool = False) -> Message4:
    """A message, read as far as it goes; `cut`: the capture holds only its beginning.

    The options are those of the options field, then of `file`, then of `sname` if option 52 says so (RFC 3396 §5).
    Raises Malformed: too-short (without its cookie; cut, without its chaddr), bad-operation, no-cookie.
    """
    size = len(octets)
    if size < (_TO_CHADDR if cut else HEADER_OCTETS):
        raise Malformed(Refusal.TOO_SHORT, size)
    if octets[0] not in (1, 2):
        raise Malformed(Refusal.BAD_OPERATION, 0)
    values: dict[int, bytes] = {}
    if size < HEADER_OCTETS:
        return Message4(octets, Options4(values, False), True, 0)
    if octets[236:240] != COOKIE:
        raise Malformed(Refusal.NO_COOKIE, 236)
    whole = _walk(octets, HEADER_OCTETS, size, values, padded=True)
    said = values.get(OVERLOAD)
    overload = said[0] if said is not None and len(said) == 1 and 1 <= said[0] <= 3 else 0
    if overload & 1:
        whole = _walk(octets, 108, 236, values, padded=True) and whole
    if overload & 2:
        whole = _walk(octets, 44, 108, values, padded=True) and whole
    return Message4(octets, Options4(values, whole), cut, overload)


def options(octets: bytes) -> Options4:
    """All options up to the end mark or the end of the octets. Never raises: what does not fit is left out."""
    values: dict[int, bytes] = {}
    return Options4(values, _walk(octets, 0, len(octets), values, padded=True))


def is_pieced(message: Message4) -> bool:
    """Whether Option 82, or what tells the line in it, is joined from several although one could hold it.

    They are of several writers then, as of a customer and an access node that appends its own: an agent splits only
    what is too long (RFC 3396 §5).
    """
    octets = message.octets
    found = [*_each(octets, HEADER_OCTETS, len(octets), RELAY_AGENT, padded=True)]
    if message.overload & 1:
        found += _each(octets, 108, 236, RELAY_AGENT, padded=True)
    if message.overload & 2:
        found += _each(octets, 44, 108, RELAY_AGENT, padded=True)
    return _pieced(found)


def has_pieces(octets: bytes) -> bool:
    """As `is_pieced`, of bare options."""
    return octets.count(RELAY_AGENT) > 0 and _pieced(_each(octets, 0, len(octets), RELAY_AGENT, padded=True))


def _pieced(found: list[bytes]) -> bool:
    """Of all Options 82 of a message."""
    option = b"".join(found)
    if len(found) > 1 and len(option) <= LONGEST:
        return True
    return any(len(_each(option, 0, len(option), code, padded=False)) > 1 for code in (CIRCUIT_ID, REMOTE_ID))


def _each(octets: bytes, at: int, size: int, wanted: int, *, padded: bool) -> list[bytes]:
    """Every value of one code, as `_walk` reads them."""
    values: list[bytes] = []
    while at < size:
        code = octets[at]
        if padded and code == PAD:
            at += 1
            continue
        if padded and code == END:
            break
        end = at + 2 + octets[at + 1] if at + 2 <= size else size + 1
        if end > size:
            break
        if code == wanted:
            values.append(octets[at + 2 : end])
        at = end
    return values


def vendor_parts(value: bytes) -> list[tuple[int, bytes]]:
    """Sub-option 9 of option 82 (RFC 4243 §2), likewise option 124 and 125 (RFC 3925): enterprise and its data.

    Raises Malformed: overrun.
    """
    parts: list[tuple[int, bytes]] = []
    at, size = 0, len(value)
    while at < size:
        if at + 5 > size or at + 5 + value[at + 4] > size:
            raise Malformed(Refusal.OVERRUN, at)
        end = at + 5 + value[at + 4]
        parts.append((int.from_bytes(value[at : at + 4], "big"), value[at + 5 : end]))
        at = end
    return parts


def _walk(octets: bytes, at: int, size: int, values: dict[int, bytes], *, padded: bool) -> bool:
    """Options of octets `at` … `size` into `values`; whether all fit.

    `padded`: codes 0 and 255 stand alone, as among options; sub-options of option 82 know neither.
    """
    whole = True
    repeated: dict[int, list[bytes]] | None = None  # joined at the end: thousands of repeats cost no more than one
    while at < size:
        code = octets[at]
        if padded and code == PAD:
            at += 1
            continue
        if padded and code == END:
            break
        end = at + 2 + octets[at + 1] if at + 2 <= size else size + 1
        if end > size:
            whole = False
            break
        value = octets[at + 2 : end]
        if code not in values:
            values[code] = value
        else:
            if repeated is None:
                repeated = {}
            if code in repeated:
                repeated[code].append(value)
            else:
                repeated[code] = [values[code], value]
        at = end
    if repeated is not None:
        for code, parts in repeated.items():
            values[code] = b"".join(parts)
    return whole
