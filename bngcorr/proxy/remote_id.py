"""The enterprise number in front of a DHCPv6 Remote-ID: is it there, and may it go?

    octet   0         3 4                 n
           +-----------+-------------------+
           | enterprise| remote-id         |    RFC 4649 §3: uint32 in network order, then 1 or more opaque octets
           +-----------+-------------------+

DHCPv4's Option 82.2 (RFC 3046 §3.2) has no such number, and BNGs put both into the same RADIUS attribute. Values that
only look prefixed (MAC addresses, counters, packed VLANs; domain facts: enterprise numbers and look-alikes) stay whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bngcorr.model.vocabulary import PenPolicy, Strength, Trigger

NUMBER_OCTETS: Final = 4
MAC_OCTETS: Final = 6
# named here once: looking a member up in its class costs more than the comparison
_NEVER: Final = PenPolicy.NEVER
_ALWAYS: Final = PenPolicy.ALWAYS
_V6: Final = Trigger.DHCPV6
_PROOF: Final = Strength.PROOF
_STRONG: Final = Strength.STRONG


@dataclass(frozen=True, slots=True)
class Numbers:
    """Enterprise numbers that may stand in front."""

    accept: frozenset[int] = frozenset()  # empty: every number 1 … ceiling
    ceiling: int = 131_071

    def acceptable(self, number: int) -> bool:
        """Whether the number may be an access node's; 0 and 2**32-1 are reserved (RFC 9371)."""
        return number in self.accept if self.accept else 1 <= number <= self.ceiling


class Prefixed:
    """What a value would be if its first four octets were an enterprise number."""

    __slots__ = ("enterprise_number", "mac_sized", "printable", "remote_id")

    def __init__(self, enterprise_number: int, remote_id: bytes, printable: bool, mac_sized: bool) -> None:
        self.enterprise_number: Final = enterprise_number
        self.remote_id: Final = remote_id  # the rest, never empty
        self.printable: Final = printable  # the whole rest is printable ASCII
        self.mac_sized: Final = mac_sized  # the whole value is as long as a MAC address


def look(value: bytes, numbers: Numbers) -> Prefixed | None:
    """The value taken apart, or None if it can't be prefixed: too short, first octet not 0, number not acceptable."""
    if len(value) <= NUMBER_OCTETS or value[0] != 0:
        return None
    number = value[1] << 16 | value[2] << 8 | value[3]  # its first octet is 0
    if not numbers.acceptable(number):
        return None
    rest = value[NUMBER_OCTETS:]
    return Prefixed(number, rest, _is_printable(rest), len(value) == MAC_OCTETS)


def _is_printable(octets: bytes) -> bool:
    """Whether all of it is printable ASCII."""
    for octet in octets:  # noqa: SIM110 - a generator costs more than all of it
        if octet < 0x20 or octet > 0x7E:
            return False
    return True


def proves_itself(prefixed: Prefixed) -> bool:
    """Strong evidence for DHCPv6 by the value alone: a printable rest, and not the length of a MAC.

    A MAC with a low OUI (00:00:0c, Cisco) whose last two octets happen to be printable would pass otherwise, and
    so would text behind its own length.
    """
    return prefixed.printable and not prefixed.mac_sized and prefixed.enterprise_number != len(prefixed.remote_id)


def strip(
    value: bytes, numbers: Numbers, policy: PenPolicy, trigger: Trigger, strength: Strength | None
) -> Prefixed | None:
    """What is left after the strip and the number that was taken off, or None if the value stays as it is.

    `auto` asks for a DHCPv6 trigger by proof or strong evidence and an acceptable number; a rest that is not printable
    asks for proof, and in a value of six octets it is taken for a MAC and stays. `always` trusts the operator for every
    request that is not proved to be DHCPv4 or PPP. Values of up to 4 octets are never touched.
    """
    return decide(look(value, numbers), policy, trigger, strength)


def decide(
    prefixed: Prefixed | None, policy: PenPolicy, trigger: Trigger, strength: Strength | None
) -> Prefixed | None:
    """The rule of `strip`, for a value that has been taken apart already."""
    if prefixed is None or policy is _NEVER:
        return None
    if policy is _ALWAYS:
        other = trigger in (Trigger.DHCPV4, Trigger.PPP, Trigger.CONFLICT) and strength is Strength.PROOF
        return None if other else prefixed
    if trigger is not _V6 or (strength is not _PROOF and strength is not _STRONG):
        return None
    if not prefixed.printable and (strength is not _PROOF or prefixed.mac_sized):
        return None
    return prefixed
