"""One line id that very many CPEs are said to be on. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.capture.diagnose.client import bare, shown
from bngcorr.capture.diagnose.detector import Concern
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.memory import Recent, of_one
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.model.mac import Mac

_MOST_COUNTED: Final = 1_000  # CPEs of one line id


class LineIdShared:
    """Counts the CPEs behind each pair of ids; more than `most` are no household."""

    concerns = frozenset((Concern.DHCP4, Concern.DHCP6))

    def __init__(self, faults: Faults, most: int) -> None:
        self._faults: Final = faults
        self._most: Final = most
        self._most_counted: Final = max(of_one(_MOST_COUNTED), most + 1)
        self._macs: Final[Recent[tuple[int, bool, bytes, bytes], set[Mac]]] = Recent()

    def see(self, seen: Seen) -> None:
        """One more CPE, or one that is known."""
        client = seen.client
        if client is None or client.mac is None or not (client.circuit_id or client.remote_id):
            return
        key = (seen.interface, client.v6, client.circuit_id, client.remote_id)
        macs = self._macs.get(key)
        if macs is None:
            macs = set()
            self._macs.put(key, macs)
        if client.mac in macs or len(macs) > self._most_counted:
            return
        macs.add(client.mac)
        if len(macs) <= self._most:
            return
        many = f"more than {self._most_counted:,}" if len(macs) > self._most_counted else f"{len(macs)}"
        remote = bare(client.remote_id) if client.v6 else client.remote_id
        circuit = f"{'Interface-Id' if client.v6 else 'Circuit-Id'} {shown(client.circuit_id)}"
        parts = [circuit] if client.circuit_id else []
        parts += [f"Remote-Id {shown(remote)}"] if remote else []
        found = Found(
            Fault.LINE_ID_SHARED, ", ".join(parts), seen.said(seen.segment[:1]),
            f"{many} CPEs are on one line id", (seen.number,), seen.at_ns,
        )  # fmt: skip
        found.count = len(macs) if len(macs) == self._most + 1 else 1  # CPEs, all in all
        self._faults.add(found)

    def end(self) -> None:
        """Nothing waits."""
