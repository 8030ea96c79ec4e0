"""BNGs of several makes as they speak in accounting: octets in, usage and sessions out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, IPv6Network

from bngcorr.model.usage import Traffic, Usage
from bngcorr.model.vocabulary import Trigger, VlanModel
from bngcorr.store.lesson import Fill
from bngcorr.store.rows import Page, SessionQuery, SessionRow
from bngcorr.wire import radius_auth
from bngcorr.wire.attributes import AcctStatus
from tests.lab import Lab
from tests.lab_parts import SECRET, Told, nas
from tests.proxy.families import profile
from tests.wire.radius_packets import Piece, plain, vsa

START, INTERIM, STOP = AcctStatus.START, AcctStatus.INTERIM, AcctStatus.STOP
MAC = "00:00:5e:00:53:01"
V4, NA = "203.0.113.9", "2001:db8::9"
PD, SLAAC = "2001:db8:100::/56", "2001:db8:200:1::/64"


def number(kind: int, value: int) -> Piece:
    """A 4-octet attribute."""
    return plain(kind, value.to_bytes(4, "big"))


def vendor_number(vendor: int, kind: int, value: int) -> Piece:
    """A 4-octet attribute of a vendor."""
    return vsa(vendor, (kind, value.to_bytes(4, "big")))


def v4(address: str = V4) -> Piece:
    """Framed-IP-Address."""
    return plain(8, IPv4Address(address).packed)


def na(address: str = NA) -> Piece:
    """Framed-IPv6-Address."""
    return plain(168, IPv6Address(address).packed)


def alc_na(address: str = NA) -> Piece:
    """Alc-Ipv6-Address."""
    return vsa(6527, (99, IPv6Address(address).packed))


def _prefix(kind: int, text: str) -> Piece:
    prefix = IPv6Network(text)
    return plain(kind, bytes((0, prefix.prefixlen)) + prefix.network_address.packed)


def pd(prefix: str = PD) -> Piece:
    """Delegated-IPv6-Prefix, all 18 octets as SR OS sends them."""
    return _prefix(123, prefix)


def slaac(prefix: str = SLAAC) -> Piece:
    """Framed-IPv6-Prefix."""
    return _prefix(97, prefix)


def pd_route(prefix: str = PD) -> Piece:
    """Framed-IPv6-Route of SR OS with pd-managed-route."""
    return plain(99, f"{prefix} :: 0 type pd-host".encode())


def octets(into: int, out: int, *, into_high: int = 0) -> tuple[Piece, ...]:
    """Acct-Input-Octets, Acct-Output-Octets, Acct-Input-Gigawords."""
    return number(42, into), number(43, out), number(52, into_high)


# how each make names CPE, port and line
SROS = (
    plain(1, MAC.encode()), plain(87, b"1/1/4:100.20"), vsa(6527, (27, MAC.encode())),
    vsa(3561, (1, b"olt7 eth 1/12"), (2, b"olt7/12")),
)  # fmt: skip
MX = (
    plain(1, b"cpe"), plain(87, b"ge-1/0/0.100:100-20"), vsa(4874, (56, b"0000.5e00.5301")),
    vsa(3561, (1, b"ge-1/0/0.0:43"), (2, b"olt7/12")),
)  # fmt: skip
ISG = (
    plain(1, b"cpe"), plain(87, b"0/0/2/50.1957"), vsa(9, (1, b"client-mac-address=0000.5e00.5301")),
    vsa(9, (1, b"remote-id-tag=" + b"olt7/12".hex().encode())),
)  # fmt: skip
PPP = (*SROS, number(7, 1))  # Framed-Protocol PPP


@dataclass(kw_only=True)
class Bng:
    """One box, and one subscriber behind it."""

    lab: Lab
    family: str
    subscriber: tuple[Piece, ...]
    fill: Fill = Fill.AUTO
    untrusted: frozenset[Trigger] = frozenset()
    secret: bytes = SECRET
    name: str = "bng1"
    _sent: int = 0

    def __post_init__(self) -> None:
        one = nas(
            self.name, profile(self.family), vlan_model=VlanModel.PER_LINE, fill=self.fill, untrusted=self.untrusted
        )  # fmt: skip
        self.lab.add(replace(one, secret=self.secret))

    def asks(self, *pieces: Piece, session: str | None = None) -> Told:
        """An Access-Request for the subscriber."""
        self._sent += 1
        named = () if session is None else (plain(44, session.encode()),)
        body = b"".join(piece.octets for piece in (*self.subscriber, *named, *pieces))
        octets = radius_auth.sign_access_request(self._sent % 256, self._sent.to_bytes(16, "big"), body, self.secret)
        return self.lab.receive(self.name, octets)

    def tells(
        self, status: AcctStatus, session: str, *pieces: Piece, ago_s: int = 0, delay_s: int = 0,
        subscriber: tuple[Piece, ...] | None = None,
    ) -> Told:  # fmt: skip
        """A record of what happened `ago_s` ago; of that time it was `delay_s` on its way (Acct-Delay-Time)."""
        own = self.subscriber if subscriber is None else subscriber
        stamp = number(55, self.lab.clock.ms // 1000 - ago_s)
        delay = (number(41, delay_s),) if delay_s else ()
        head = (number(40, status), plain(44, session.encode()), stamp, *delay)
        body = b"".join(piece.octets for piece in (*head, *own, *pieces))
        return self.lab.receive(
            self.name, radius_auth.sign_accounting_request(9, body, self.secret, with_message=False)
        )  # fmt: skip

    @property
    def usage(self) -> Usage:
        """What it spends."""
        return self.lab.run(self.lab.store.queries.usage(self.name, [self.name]))[self.name]

    @property
    def traffic(self) -> Traffic:
        """Octets that it has accounted for."""
        return self.lab.run(self.lab.store.queries.traffic(self.name, [self.name]))[self.name]

    @property
    def sessions(self) -> dict[str, SessionRow]:
        """Its sessions by Acct-Session-Id."""
        query = SessionQuery(domains=((self.name, (self.name,)),), page=Page(limit=1000))
        rows, _ = self.lab.run(self.lab.store.queries.sessions(query))
        return {row.session_id.decode(): row for row in rows}

    def holds(self, session: str) -> set[str]:
        """What a session holds, as "kind address"."""
        parts = (host.split("|") for host in self.sessions[session].hosts)
        return {f"{kind} {address}" for kind, _, address in parts}


def multi(session: str) -> Piece:
    """Acct-Multi-Session-Id."""
    return plain(50, session.encode())


def triggered(reason: int) -> Piece:
    """Alc-Acct-Triggered-Reason."""
    return vendor_number(6527, 163, reason)


def requested(reasons: int) -> Piece:
    """ERX-Acct-Request-Reason."""
    return vendor_number(4874, 210, reasons)
