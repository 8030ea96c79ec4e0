"""DHCPv4 options as BNGs copy them into RADIUS (RFC 2132 layout, without the fixed part and the magic cookie).

+------+-----+-- … --+
| code | len | data  |    code 0 is padding, 255 the end; both stand alone
+------+-----+-- … --+
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PAD: Final = 0
RELAY_AGENT: Final = 82
END: Final = 255

CIRCUIT_ID: Final = 1
REMOTE_ID: Final = 2
ID_OCTETS: Final = 247  # a longer id fits no attribute of RADIUS (RFC 2865 §5.26)


@dataclass(frozen=True, slots=True)
class Options4:
    """Options by code, repeats of one code joined (RFC 3396 §7)."""

    values: dict[int, bytes]
    whole: bool  # False: the last option claims more octets than there are; it is left out

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
        value = _walk(option, padded=False).values.get(code) if option else None
        return value if value and len(value) <= ID_OCTETS else None


def options(octets: bytes) -> Options4:
    """All options up to the end mark or the end of the octets. Never raises: what does not fit is left out."""
    return _walk(octets, padded=True)


def _walk(octets: bytes, *, padded: bool) -> Options4:
    """`padded`: codes 0 and 255 stand alone, as among options; sub-options of option 82 know neither."""
    values: dict[int, bytes] = {}
    at = 0
    size = len(octets)
    while at < size:
        code = octets[at]
        if padded and code == PAD:
            at += 1
            continue
        if padded and code == END:
            break
        if at + 2 > size or at + 2 + octets[at + 1] > size:
            return Options4(values, whole=False)
        end = at + 2 + octets[at + 1]
        values[code] = values.get(code, b"") + octets[at + 2 : end]
        at = end
    return Options4(values, whole=True)
