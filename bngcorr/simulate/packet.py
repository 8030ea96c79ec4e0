"""What a BNG sends, before it is octets: the truth of one request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bngcorr.simulate.sites import Place


class Code(StrEnum):
    """Kinds of requests."""

    ACCESS = "access"
    START = "start"
    INTERIM = "interim"
    STOP = "stop"
    ON = "on"  # Accounting-On
    OFF = "off"  # Accounting-Off


class Form(StrEnum):
    """How the line's id stands in a request."""

    NONE = "none"
    PLAIN = "plain"  # as Option 82 has it
    OPTION37 = "option37"  # behind the enterprise number of the access node


@dataclass(slots=True, kw_only=True, eq=False)  # not frozen: one is made for every request
class Packet:
    """One request. `line`, and the place and CPE behind it, are the truth; not all of it can be read from the
    octets.
    """

    code: Code
    box: int
    line: int = -1  # -1: the box speaks of itself
    place: Place | None = None
    mac: bytes = b""  # what its DHCP packets come from
    v6: bool = False  # DHCPv6 made the box ask; of a record: its session is of DHCPv6 alone
    form: Form = Form.NONE
    session: bytes = b""  # Acct-Session-Id
    event_ms: int = 0  # when it happened
    delay_s: int = 0  # how long the box has been trying to tell
    v4_host: bool = False  # records: which hosts the session holds
    v6_host: bool = False
    ticket: int = -1  # Access-Requests: by this the box finds what it asked for
