"""A line that DHCPv4 and DHCPv6 of the same CPE name differently. Pure."""

from __future__ import annotations

import re
from typing import Final

from bngcorr.capture.diagnose.client import Client, bare, shown
from bngcorr.capture.diagnose.copies import Copies
from bngcorr.capture.diagnose.detector import Concern
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.model.mac import Mac

TOGETHER_NS: Final = 30_000_000_000  # messages further apart may be from before and after the CPE was moved
_DIGITS: Final = re.compile(rb"[0-9]+")

_Pair = tuple[bytes, bytes, bytes, bytes]


class _Cpe:
    __slots__ = ("told", "v4", "v6")

    def __init__(self) -> None:
        self.v4: tuple[Client, int, int] | None = None  # that carried an id last; instant, number
        self.v6: tuple[Client, int, int] | None = None
        self.told: _Pair | None = None


class IdsDiffer:
    """Compares Option 37 behind its enterprise number with sub-option 2 of Option 82, and Option 18 with 1.

    Interface-Ids and Circuit-Ids are compared only if both have the same form: an Option 18 is often a number that
    means nothing outside the relay (RFC 8415 §21.18).
    """

    concerns = frozenset((Concern.DHCP4, Concern.DHCP6))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._copies: Final = Copies()
        self._cpes: Final[Recent[tuple[tuple[int, ...], Mac], _Cpe]] = Recent()

    def see(self, seen: Seen) -> None:
        """A message with ids is compared with the last of the other family."""
        client = seen.client
        if client is None or client.mac is None or not (client.remote_id or client.circuit_id):
            return
        key = (seen.segment, client.mac)
        cpe = self._cpes.get(key)
        if cpe is None:
            cpe = _Cpe()
            self._cpes.put(key, cpe)
        this = (client, seen.at_ns or 0, seen.number)
        if client.v6:
            cpe.v6 = this
        else:
            cpe.v4 = this
        if cpe.v4 is not None and cpe.v6 is not None and abs(cpe.v4[1] - cpe.v6[1]) <= TOGETHER_NS:
            self._compare(cpe, cpe.v4, cpe.v6, seen)

    def end(self) -> None:
        """Nothing waits."""

    def _compare(self, cpe: _Cpe, v4: tuple[Client, int, int], v6: tuple[Client, int, int], seen: Seen) -> None:
        one, other = v4[0], v6[0]
        pair = (one.circuit_id, one.remote_id, other.circuit_id, other.remote_id)
        if pair == cpe.told:
            return
        cpe.told = pair
        if one.remote_id and one.remote_id == other.remote_id:
            self._add(
                Fault.REMOTE_ID_WITHOUT_NUMBER, seen, v4, v6,
                f"Option 37 is {shown(other.remote_id)}, octet for octet sub-option 2 of Option 82", None,
            )  # fmt: skip
        elif one.remote_id and other.remote_id and one.remote_id != bare(other.remote_id):
            alike = _form(one.remote_id) == _form(bare(other.remote_id))
            self._add(
                Fault.IDS_DIFFER, seen, v4, v6,
                f"Remote-Id is {shown(one.remote_id)} in Option 82, and {shown(bare(other.remote_id))} in Option 37"
                f" behind enterprise number {int.from_bytes(other.remote_id[:4], 'big')}",
                Severity.WARNING if alike else None,
            )  # fmt: skip
        elif (
            one.circuit_id
            and other.circuit_id
            and one.circuit_id != other.circuit_id
            and (form := _form(one.circuit_id)) is not None
            and form == _form(other.circuit_id)
        ):
            self._add(
                Fault.IDS_DIFFER, seen, v4, v6,
                f"Circuit-Id is {shown(one.circuit_id)} in Option 82, Interface-Id {shown(other.circuit_id)}"
                " in Option 18", Severity.WARNING,
            )  # fmt: skip

    def _add(
        self, fault: Fault, seen: Seen, v4: tuple[Client, int, int], v6: tuple[Client, int, int], detail: str,
        severity: Severity | None,
    ) -> None:  # fmt: skip
        where = self._copies.place(seen, fault, v4[0].name, v4[0].exchange + v6[0].exchange)
        if where is None:
            return
        packets = (v4[2], v6[2]) if v6[2] == seen.number else (v6[2], v4[2])
        self._faults.add(Found(fault, v4[0].name, where, detail, packets, seen.at_ns, severity))


def _form(value: bytes) -> bytes | None:
    """Text with every number made the same; None of what is no text."""
    return _DIGITS.sub(b"0", value) if value and all(0x20 <= one <= 0x7E for one in value) else None
