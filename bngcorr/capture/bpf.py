"""The filter of a live tap, as the kernel runs it: classic BPF (Linux, Documentation/networking/filter.rst). Pure.

It passes DHCPv4, DHCPv6 and, if asked, ARP and Neighbor Discovery, behind up to two VLAN tags and in PPPoE sessions.
X holds how far the headers have shifted what follows; A the value that is looked at.
"""

from __future__ import annotations

import struct
from typing import Final

from bngcorr.wire.frame import ARP, ICMPV6, IPV4, IPV6, PPP_IPV4, PPP_IPV6, PPPOE_SESSION, TAGS, UDP

KEEP: Final = 2_048  # octets of a frame that are kept: more than DHCP and Neighbor Discovery need
MOST_TAGS: Final = 2

LD_HALF: Final = 0x28  # A = 2 octets at k
LD_HALF_X: Final = 0x48  # A = 2 octets at X + k
LD_BYTE_X: Final = 0x50  # A = the octet at X + k
LDX: Final = 0x01  # X = k
ADD: Final = 0x04  # A += k
ADD_X: Final = 0x0C  # A += X
AND: Final = 0x54  # A &= k
SHIFT: Final = 0x64  # A <<= k
JUMP: Final = 0x05
IF_EQUAL: Final = 0x15
IF_AT_LEAST: Final = 0x35
IF_BITS: Final = 0x45  # A & k
RETURN: Final = 0x06  # so many octets pass; 0: none
TO_X: Final = 0x07  # X = A
TO_A: Final = 0x87  # A = X

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, k

_DHCP4: Final = (67, 68)
_DHCP6: Final = (546, 547)
_FIRST_ND: Final = 133  # Router Solicitation … Neighbor Advertisement
_LAST_ND: Final = 136
_TYPE: Final = 12  # offsets in an untagged frame
_NEXT: Final = 14
_PPP_OCTETS: Final = 8  # PPPoE header and PPP protocol
_UNDER: Final = ""  # label of the instruction that follows


class _Program:
    """Instructions with labels for jumps, until all of them are known."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, str, str, int]] = []
        self._labels: dict[str, int] = {}

    def add(self, code: int, k: int = 0, true: str = _UNDER, false: str = _UNDER) -> None:
        self._lines.append((code, true, false, k))

    def label(self, name: str) -> None:
        self._labels[name] = len(self._lines)

    def assembled(self) -> list[Instruction]:
        found: list[Instruction] = []
        for at, (code, true, false, k) in enumerate(self._lines):
            over_true, over_false = self._over(at, true), self._over(at, false)
            found.append((code, 0, 0, over_true) if code == JUMP else (code, over_true, over_false, k))
        return found

    def _over(self, at: int, name: str) -> int:
        return 0 if name == _UNDER else self._labels[name] - at - 1


def program(*, neighbours: bool) -> list[Instruction]:
    """The filter for frames of Ethernet; `neighbours`: ARP and Neighbor Discovery pass, too."""
    p = _Program()
    p.add(LDX, 0)
    for tag in range(MOST_TAGS):
        p.add(LD_HALF_X, _TYPE)
        for kind in sorted(TAGS)[:-1]:
            p.add(IF_EQUAL, kind, true=f"tag {tag}")
        p.add(IF_EQUAL, max(TAGS), true=f"tag {tag}", false="type")
        p.label(f"tag {tag}")
        p.add(LDX, 4 * (tag + 1))
    p.label("type")
    p.add(LD_HALF_X, _TYPE)
    p.add(IF_EQUAL, IPV4, true="IPv4")
    p.add(IF_EQUAL, IPV6, true="IPv6")
    if neighbours:
        p.add(IF_EQUAL, ARP, true="pass")
    p.add(IF_EQUAL, PPPOE_SESSION, false="drop")
    p.add(TO_A)
    p.add(ADD, _PPP_OCTETS)
    p.add(TO_X)
    p.add(LD_HALF_X, _NEXT - 2)
    p.add(IF_EQUAL, PPP_IPV4, true="IPv4")
    p.add(IF_EQUAL, PPP_IPV6, true="IPv6", false="drop")

    p.label("IPv4")
    p.add(LD_BYTE_X, _NEXT + 9)
    p.add(IF_EQUAL, UDP, false="drop")
    p.add(LD_HALF_X, _NEXT + 6)
    p.add(IF_BITS, 0x1FFF, true="drop")  # a later fragment has no ports
    p.add(LD_BYTE_X, _NEXT)
    p.add(AND, 0x0F)
    p.add(SHIFT, 2)
    p.add(ADD_X)
    p.add(TO_X)
    _ports(p, _NEXT, _DHCP4, "drop")

    p.label("IPv6")
    p.add(LD_BYTE_X, _NEXT + 6)
    p.add(IF_EQUAL, UDP, true="UDP over IPv6", false="no UDP")
    p.label("UDP over IPv6")
    _ports(p, _NEXT + 40, _DHCP6, "drop")
    p.label("no UDP")
    if neighbours:
        p.add(IF_EQUAL, ICMPV6, false="drop")
        p.add(LD_BYTE_X, _NEXT + 40)
        p.add(IF_AT_LEAST, _FIRST_ND, false="drop")
        p.add(IF_AT_LEAST, _LAST_ND + 1, true="drop")
        p.label("pass")
        p.add(RETURN, KEEP)
    p.label("drop")
    p.add(RETURN, 0)
    return p.assembled()


def _ports(p: _Program, at: int, ports: tuple[int, int], otherwise: str) -> None:
    """Pass if one of UDP's ports at X + `at` is one of these."""
    passes = f"pass {at}"
    p.add(LD_HALF_X, at)
    p.add(IF_EQUAL, ports[0], true=passes)
    p.add(IF_EQUAL, ports[1], true=passes)
    p.add(LD_HALF_X, at + 2)
    p.add(IF_EQUAL, ports[0], true=passes)
    p.add(IF_EQUAL, ports[1], true=passes, false=otherwise)
    p.label(passes)
    p.add(RETURN, KEEP)


def packed(instructions: list[Instruction]) -> bytes:
    """As an array of struct sock_filter."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)


__all__ = ["KEEP", "Instruction", "packed", "program"]
