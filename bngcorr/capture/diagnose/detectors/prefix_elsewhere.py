"""A prefix that one server delegated, while another is asked to renew it, or RADIUS accounts another one. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.capture.diagnose.client import Client
from bngcorr.capture.diagnose.delegation import granted, prefix_text, prefixes
from bngcorr.capture.diagnose.detector import Concern
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.model.mac import Mac, usable
from bngcorr.wire import attributes as a
from bngcorr.wire import dhcp6, radius
from bngcorr.wire.dhcp6 import Layer
from bngcorr.wire.mac import read_mac
from bngcorr.wire.radius import PacketView

SECOND_NS: Final = 1_000_000_000
SETTLED_NS: Final = 10 * SECOND_NS  # so long accounting may lag behind a delegation
_MOST_HELD: Final = 8  # prefixes of one CPE
_MOST_SERVERS: Final = 8  # that answer one exchange
_MAC_TEXTS: Final = (
    a.CALLING_STATION_ID,
    6527 << 8 | 27,
    4874 << 8 | 56,
)  # Alc-Client-Hardware-Addr, ERX-Dhcp-Mac-Addr
_STOP: Final = 2

_Prefix = tuple[bytes, int]  # 16 octets, length


class _Held:
    """A prefix that a CPE was delegated."""

    __slots__ = ("accounted", "at_ns", "number", "server", "told", "until_ns", "where")

    def __init__(self, server: bytes, seen: Seen, valid_s: int) -> None:
        self.server: Final = server
        self.number: Final = seen.number
        self.at_ns: Final = seen.at_ns or 0
        self.until_ns: Final = self.at_ns + valid_s * SECOND_NS
        self.where: Final = seen.where
        self.accounted = False
        self.told = False


class PrefixElsewhere:
    """Remembers which server delegated each prefix last, and what each CPE holds."""

    concerns = frozenset((Concern.DHCP6, Concern.RADIUS))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        # the exchange by which it was delegated last, and its REPLYs: by server, their numbers. Servers that share
        # their leases may answer a REBIND both, and the CPE goes on with either
        self._owners: Final[Recent[_Prefix, tuple[bytes, dict[bytes, int]]]] = Recent()
        self._solicits: Final[Recent[Mac, bytes]] = Recent()  # transaction id of the last
        self._held: Final[Recent[Mac, dict[_Prefix, _Held]]] = Recent()

    def see(self, seen: Seen) -> None:
        """A REPLY delegates, a RENEW names its server, accounting says what the BNG routes."""
        if seen.radius is not None:
            if seen.radius.code == a.Code.ACCOUNTING_REQUEST:
                self._account(seen, seen.radius)
            return
        client = seen.client
        inner = seen.dhcp6.inner if seen.dhcp6 is not None else None
        if client is None or inner is None:
            return
        if inner.type == dhcp6.REPLY:
            self._reply(seen, client, inner)
        elif inner.type == dhcp6.RENEW:
            self._renew(seen, client, inner)
        elif client.mac is not None:
            if inner.type == dhcp6.SOLICIT:
                if self._solicits.get(client.mac) != inner.transaction_id:  # a new boot: what it held, it forgot
                    self._solicits.put(client.mac, inner.transaction_id)
                    self._held.pop(client.mac)
            elif inner.type == dhcp6.RELEASE:
                held = self._held.get(client.mac) or {}
                for one in prefixes(inner):
                    held.pop((one.prefix, one.length), None)

    def end(self) -> None:
        """Nothing waits."""

    def _reply(self, seen: Seen, client: Client, inner: Layer) -> None:
        server = inner.values.get(dhcp6.SERVER_ID, b"")
        if not server:
            return
        for one in granted(inner):
            prefix = (one.prefix, one.length)
            owners = self._owners.get(prefix)
            if owners is None or owners[0] != client.exchange:
                owners = (client.exchange, {})
                self._owners.put(prefix, owners)
            if len(owners[1]) < _MOST_SERVERS:
                owners[1].setdefault(server, seen.number)
            if client.mac is None:
                continue
            held = self._held.get(client.mac)
            if held is None:
                held = {}
                self._held.put(client.mac, held)
            if prefix in held or len(held) < _MOST_HELD:
                before = held.get(prefix)
                held[prefix] = _Held(server, seen, one.valid)
                held[prefix].accounted = before is not None and before.accounted

    def _renew(self, seen: Seen, client: Client, inner: Layer) -> None:
        server = inner.values.get(dhcp6.SERVER_ID, b"")
        for one in prefixes(inner):
            owners = self._owners.get((one.prefix, one.length))
            if owners is not None and server and server not in owners[1]:
                owner, number = next(iter(owners[1].items()))
                self._faults.add(
                    Found(
                        Fault.PREFIX_ELSEWHERE, client.name, seen.where,
                        f"{prefix_text(one.prefix, one.length)} was delegated by server {owner.hex()}, and server"
                        f" {server.hex()} is asked to renew it",
                        (number, seen.number), seen.at_ns,
                    )
                )  # fmt: skip

    def _account(self, seen: Seen, view: PacketView) -> None:
        if view.integer(a.ACCT_STATUS_TYPE) == _STOP or seen.at_ns is None:
            return
        mac = _mac(view)
        held = self._held.get(mac) if mac is not None else None
        if mac is None or held is None:
            return
        accounted = {
            (network.network_address.packed, network.prefixlen)
            for value in view.all(a.DELEGATED_IPV6_PREFIX)
            if (network := radius.ipv6_prefix(value)) is not None
        }
        if not accounted:
            return
        for prefix, one in held.items():
            if prefix in accounted:
                one.accounted = True
                if one.told:
                    self._faults.clear(Fault.PREFIX_ELSEWHERE, mac.hex(":"), one.where, seen.number)
            elif not one.accounted and one.at_ns + SETTLED_NS <= seen.at_ns <= one.until_ns:
                one.told = True
                others = ", ".join(sorted(prefix_text(*other) for other in accounted))
                self._faults.add(
                    Found(
                        Fault.PREFIX_ELSEWHERE, mac.hex(":"), one.where,
                        f"{prefix_text(*prefix)} was delegated by server {one.server.hex()}, and accounting tells of"
                        f" {others} alone",
                        (one.number, seen.number), seen.at_ns,
                    )
                )  # fmt: skip


def _mac(view: PacketView) -> Mac | None:
    for key in _MAC_TEXTS:
        value = view.first(key)
        if value:
            mac = usable(value) if len(value) == 6 else read_mac(value)
            if mac is not None:
                return mac
    return None
