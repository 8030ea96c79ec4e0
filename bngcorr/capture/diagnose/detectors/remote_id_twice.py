"""A Remote-Id that several access ports send: it names the node, not the line. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.capture.diagnose.client import bare, shown
from bngcorr.capture.diagnose.copies import Copies
from bngcorr.capture.diagnose.detector import Concern
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.memory import Recent, of_one
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.model.mac import Mac

_MOST_PORTS: Final = 1_000  # of one Remote-Id


class RemoteIdTwice:
    """Remembers the Circuit-Ids, or Interface-Ids, of each Remote-Id, and the CPE that was first behind each.

    One CPE behind two of them was moved: that is no fault.
    """

    concerns = frozenset((Concern.DHCP4, Concern.DHCP6))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._copies: Final = Copies()
        self._most: Final = of_one(_MOST_PORTS)
        self._ports: Final[Recent[tuple[int, bool, bytes], dict[bytes, tuple[Mac, int]]]] = Recent()

    def see(self, seen: Seen) -> None:
        """One more port, or one that is known."""
        client = seen.client
        if client is None or client.mac is None or not client.remote_id or not client.circuit_id:
            return
        key = (seen.interface, client.v6, client.remote_id)
        ports = self._ports.get(key)
        if ports is None:
            ports = {}
            self._ports.put(key, ports)
        if client.circuit_id in ports or len(ports) > self._most:
            return
        others = [(circuit, number) for circuit, (mac, number) in ports.items() if mac != client.mac]
        ports[client.circuit_id] = (client.mac, seen.number)
        if not others:
            return
        subject = shown(bare(client.remote_id) if client.v6 else client.remote_id)
        where = self._copies.place(seen, Fault.REMOTE_ID_TWICE, subject, client.exchange)
        if where is None:
            return
        circuit, number = others[0]
        word = "Interface-Ids" if client.v6 else "Circuit-Ids"
        found = Found(
            Fault.REMOTE_ID_TWICE, subject, where,
            f"it came with {len(ports)} {word} from different CPEs: {shown(circuit)}, {shown(client.circuit_id)}"
            f"{', …' if len(ports) > 2 else ''}",
            (number, seen.number), seen.at_ns,
        )  # fmt: skip
        found.count = len(ports) if len(ports) == 2 else 1  # ports, all in all
        self._faults.add(found)

    def end(self) -> None:
        """Nothing waits."""
