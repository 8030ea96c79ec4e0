"""How old a record is by the time it is sent (RFC 2866 §5.2). Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.wire import attributes as a
from bngcorr.wire import radius

ADDED_OCTETS: Final = 6  # of an Acct-Delay-Time
_MOST_S: Final = 0xFFFFFFFF


def delayed(attributes: bytes, spent_s: int) -> bytes:
    """Attributes with Acct-Delay-Time raised by the seconds spent here, added at the end if it is not there.

    Less than a second changes nothing, nor does an Acct-Delay-Time that is not four octets long. `attributes` are well
    formed; all else stays octet for octet, Event-Timestamp among it: that is when it happened.
    """
    if spent_s < 1:
        return attributes
    at, size = 0, len(attributes)
    while at + 2 <= size:
        length = attributes[at + 1]
        if attributes[at] == a.ACCT_DELAY_TIME:
            if length != 6:
                return attributes
            told = int.from_bytes(attributes[at + 2 : at + 6], "big")
            return attributes[: at + 2] + min(told + spent_s, _MOST_S).to_bytes(4, "big") + attributes[at + 6 :]
        at += max(length, 2)
    return attributes + radius.attribute(a.ACCT_DELAY_TIME, min(spent_s, _MOST_S).to_bytes(4, "big"))
