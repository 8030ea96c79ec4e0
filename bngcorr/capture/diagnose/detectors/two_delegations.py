"""A CPE that accepted a prefix from each of two servers. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.capture.diagnose.copies import Copies
from bngcorr.capture.diagnose.delegation import granted, prefix_text
from bngcorr.capture.diagnose.detector import Concern
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.wire import dhcp6

_MOST_ASKED: Final = 8  # exchanges of one boot


class _Boot:
    """From one SOLICIT to the next."""

    __slots__ = ("asked", "granted", "solicit", "where")

    def __init__(self, solicit: bytes) -> None:
        self.solicit: Final = solicit  # its transaction id
        self.where = ""  # the place it was told at
        self.asked: Final[dict[bytes, int]] = {}  # REQUESTs by transaction id, the number of the frame
        self.granted: Final[dict[bytes, tuple[set[tuple[bytes, int]], int, int]]] = {}  # by server: prefixes, numbers


class TwoDelegations:
    """Looks at what a CPE's REQUESTs of one boot, or a SOLICIT with Rapid Commit, were granted.

    A CPE that starts anew, or gives one back, may have another prefix from another server.
    """

    concerns = frozenset((Concern.DHCP6,))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._copies: Final = Copies()
        self._boots: Final[Recent[tuple[tuple[int, ...], bytes], _Boot]] = Recent()

    def see(self, seen: Seen) -> None:
        """A message of the CPE's, or a REPLY."""
        client = seen.client
        inner = seen.dhcp6.inner if seen.dhcp6 is not None else None
        if client is None or inner is None or not client.duid:
            return
        key = (seen.segment, client.duid)
        exchange = inner.transaction_id
        boot = self._boots.get(key)
        if inner.type == dhcp6.SOLICIT:
            if boot is None or boot.solicit != exchange:
                boot = _Boot(exchange)
                self._boots.put(key, boot)
            boot.asked.setdefault(exchange, seen.number)
            return
        if boot is None:
            boot = _Boot(b"")
            self._boots.put(key, boot)
        server = inner.values.get(dhcp6.SERVER_ID, b"")
        if inner.type == dhcp6.REQUEST:
            if len(boot.asked) < _MOST_ASKED:
                boot.asked.setdefault(exchange, seen.number)
        elif inner.type == dhcp6.RELEASE:
            if boot.granted.pop(server, None) is not None:
                self._faults.clear(Fault.TWO_DELEGATIONS, client.name, boot.where, seen.number)
        elif inner.type == dhcp6.REPLY and exchange in boot.asked and server and server not in boot.granted:
            prefixes = {(one.prefix, one.length) for one in granted(inner)}
            if prefixes and len(boot.granted) < _MOST_ASKED:
                boot.granted[server] = (prefixes, boot.asked[exchange], seen.number)
                self._look(boot, server, client.name, seen)

    def end(self) -> None:
        """Nothing waits."""

    def _look(self, boot: _Boot, server: bytes, name: str, seen: Seen) -> None:
        prefixes, asked, number = boot.granted[server]
        for other, (others, first_asked, first_number) in boot.granted.items():
            if other != server and not prefixes & others:
                where = self._copies.place(seen, Fault.TWO_DELEGATIONS, name, server)
                if where is None:
                    return
                boot.where = where
                at_once = first_asked == asked
                rest = ": both committed to one SOLICIT, and the CPE uses one of them" if at_once else ""
                self._faults.add(
                    Found(
                        Fault.TWO_DELEGATIONS, name, where,
                        f"{_said(others)} from server {other.hex()}, and {_said(prefixes)} from server {server.hex()}"
                        f"{rest}",
                        tuple(dict.fromkeys((first_asked, first_number, asked, number))), seen.at_ns,
                        Severity.NOTICE if at_once else None,
                    )
                )  # fmt: skip
                return


def _said(prefixes: set[tuple[bytes, int]]) -> str:
    return ", ".join(sorted(prefix_text(prefix, length) for prefix, length in prefixes))
