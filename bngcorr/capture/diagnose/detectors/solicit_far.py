"""SOLICITs further from the DISCOVER of the same CPE than the window that joins them. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.capture.diagnose.client import Client, bare, is_discover, is_solicit
from bngcorr.capture.diagnose.detector import Concern
from bngcorr.capture.diagnose.distances import Distances
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.memory import Recent, Waiting
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.model.mac import Mac
from bngcorr.wire import dhcp4

SECOND_NS: Final = 1_000_000_000
RELATED_NS: Final = 86_400 * SECOND_NS  # further apart, one says nothing of the other
_MOST_TIMES: Final = 16  # transmissions remembered of either

_Key = tuple[tuple[int, ...], Mac]
_Times = list[tuple[int, int]]  # instant and number, as they came; a list is smaller than a deque


class _Solicit:
    """One exchange with all its transmissions."""

    __slots__ = ("client", "key", "times", "waits", "where")

    def __init__(self, key: bytes, client: Client, where: str) -> None:
        self.key: Final = key
        self.client = client
        self.where: Final = where
        self.times: Final[_Times] = []
        self.waits = False  # to be decided when its window is over


class _Boot:
    __slots__ = ("discovers", "ids", "lease_until_ns", "solicit")

    def __init__(self) -> None:
        self.discovers: Final[_Times] = []
        self.ids: Client | None = None  # those of the last DISCOVER
        self.lease_until_ns = 0
        self.solicit: _Solicit | None = None  # the last, until it is decided


class SolicitFar:
    """The least distance between any two transmissions counts: each of them reaches the BNG.

    A SOLICIT that names the same line as the DISCOVER needs no window; its distance is counted, and is no fault.
    """

    concerns = frozenset((Concern.DHCP4, Concern.DHCP6))

    def __init__(self, faults: Faults, window_s: float) -> None:
        self._faults: Final = faults
        self._window_ns: Final = round(window_s * SECOND_NS)
        self._boots: Final[Recent[_Key, _Boot]] = Recent()
        self._waiting: Final[Waiting[_Key]] = Waiting()
        self._judged: Final[Recent[tuple[Mac, bytes], tuple[int, ...]]] = Recent()  # exchanges, and on which segment
        self.distances: Final = Distances()

    def see(self, seen: Seen) -> None:
        """A DISCOVER, a SOLICIT, or an ACK that gives a lease."""
        if seen.at_ns is None:
            return
        self._decide(self._waiting.due(seen.interface, seen.at_ns), seen.at_ns)
        client = seen.client
        if client is None or client.mac is None:
            return
        key = (seen.segment, client.mac)
        if is_discover(client):
            self._discover(key, seen.at_ns, seen.number, client)
        elif is_solicit(client):
            self._solicit(key, seen, seen.at_ns, client)
        elif client.message_type == dhcp4.ACK and seen.dhcp4 is not None:
            lease_s = seen.dhcp4.number(dhcp4.LEASE_TIME)
            if lease_s is not None:
                self._boot(key).lease_until_ns = seen.at_ns + lease_s * SECOND_NS

    def elapsed(self, now_ns: int) -> None:
        """The window of some is over."""
        self._decide(self._waiting.elapsed(now_ns), now_ns)

    def end(self) -> None:
        """No DISCOVER comes any more."""
        self._decide(self._waiting.all(), None)

    def _boot(self, key: _Key) -> _Boot:
        known = self._boots.get(key)
        if known is None:
            known = _Boot()
            self._boots.put(key, known)
        return known

    def _discover(self, key: _Key, at_ns: int, number: int, client: Client) -> None:
        boot = self._boot(key)
        _add(boot.discovers, at_ns, number)
        if client.whole and (client.names_line or boot.ids is None):
            boot.ids = client
        solicit = boot.solicit
        if solicit is None:
            return
        if at_ns - solicit.times[-1][0] > self._window_ns:
            self._judge(key, boot, solicit)
        else:
            self._wait(key, solicit)

    def _solicit(self, key: _Key, seen: Seen, at_ns: int, client: Client) -> None:
        boot = self._boot(key)
        inner = seen.dhcp6.inner if seen.dhcp6 is not None else None
        exchange = inner.transaction_id if inner is not None else b""
        if self._known(key, exchange):
            return
        solicit = boot.solicit
        if solicit is None or solicit.key != exchange:
            if solicit is not None and boot.discovers:
                self._judge(key, boot, solicit)
            solicit = boot.solicit = _Solicit(exchange, client, seen.where)
        if client.names_line:
            solicit.client = client
        _add(solicit.times, at_ns, seen.number)
        self._wait(key, solicit)

    def _known(self, key: _Key, exchange: bytes) -> bool:
        """It was judged: this is sent again, or a copy at another interface; on another VLAN it is another CPE."""
        segment = self._judged.get((key[1], exchange))
        return segment is not None and (segment == key[0] or segment[0] != key[0][0])

    def _wait(self, key: _Key, solicit: _Solicit) -> None:
        if not solicit.waits:
            solicit.waits = True
            self._waiting.add(key[0][0], solicit.times[-1][0] + self._window_ns, key)

    def _decide(self, keys: list[_Key], now_ns: int | None) -> None:
        for key in keys:
            boot = self._boots.get(key)
            solicit = boot.solicit if boot is not None else None
            if boot is None or solicit is None:
                continue
            solicit.waits = False
            due_ns = solicit.times[-1][0] + self._window_ns
            if now_ns is not None and due_ns > now_ns:  # it was sent again
                self._wait(key, solicit)
            elif boot.discovers:  # else a later DISCOVER will tell how far it is
                self._judge(key, boot, solicit)

    def _judge(self, key: _Key, boot: _Boot, solicit: _Solicit) -> None:
        boot.solicit = None
        distance, number, discover = min(
            ((at - other, number, discover) for at, number in solicit.times for other, discover in boot.discovers),
            key=lambda pair: abs(pair[0]),
        )
        if abs(distance) > RELATED_NS or self._known(key, solicit.key):
            return
        self._judged.put((key[1], solicit.key), key[0])
        self.distances.add(distance)
        if abs(distance) <= self._window_ns or _joined(solicit.client, boot.ids):
            return
        leased = boot.lease_until_ns >= solicit.times[0][0] > boot.discovers[0][0]
        rest = "; its IPv4 lease was valid, so that a look-up by live session finds the line" if leased else ""
        self._faults.add(
            Found(
                Fault.SOLICIT_FAR, solicit.client.name, solicit.where,
                f"the SOLICIT came {abs(distance) / SECOND_NS:.3f} s {'before' if distance < 0 else 'after'} the"
                f" DISCOVER, the window is {self._window_ns / SECOND_NS:g} s{rest}",
                (discover, number) if distance > 0 else (number, discover), solicit.times[-1][0],
                Severity.NOTICE if leased else None,
            )
        )  # fmt: skip


def _add(times: _Times, at_ns: int, number: int) -> None:
    times.append((at_ns, number))
    if len(times) > _MOST_TIMES:
        del times[0]


def _joined(solicit: Client, discover: Client | None) -> bool:
    """Whether both name the same line."""
    if discover is None:
        return False
    return (
        (bool(discover.remote_id) and discover.remote_id in (bare(solicit.remote_id), solicit.remote_id))
        or (bool(discover.circuit_id) and discover.circuit_id == solicit.circuit_id)
        or (bool(discover.subscriber_id) and discover.subscriber_id == solicit.subscriber_id)
    )
