"""MACs that several boxes answer for: named in ND and ARP from another Ethernet source, as they should be. Pure."""

from __future__ import annotations

from typing import Final

_PREFIXES: Final = (
    b"\x00\x00\x5e\x00\x01",  # VRRP, and SRRP (RFC 5798 §7.3)
    b"\x00\x00\x5e\x00\x02",  # VRRP of IPv6
    b"\x00\x00\x0c\x07\xac",  # HSRP
    b"\x00\x00\x0c\x9f",  # HSRP version 2
    b"\x00\x05\x73\xa0",  # HSRP of IPv6
    b"\x00\x07\xb4",  # GLBP
    b"\x02\xbf",  # Network Load Balancing
)


def is_virtual(mac: bytes) -> bool:
    """Whether a redundancy protocol or a load balancer made it up; a group address is such a one, too."""
    return bool(mac[0] & 1) or mac.startswith(_PREFIXES)
