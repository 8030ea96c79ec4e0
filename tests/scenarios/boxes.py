"""BNGs as they speak in the stories: SR OS, with and without the knobs that show DHCP options."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network

from bngcorr.wire import radius_auth
from bngcorr.wire.attributes import AcctStatus
from tests.lab import Lab
from tests.lab_parts import SECRET, Told
from tests.wire.radius_packets import Piece, plain, tlv, vsa

DISCOVER = vsa(6527, (102, b"\x35\x01\x01"))  # Alc-ToServer-Dhcp-Options: message type DISCOVER
ELAPSED = b"\x00\x08\x00\x02\x00\x00"  # DHCPv6 option 8


def option(code: int, value: bytes) -> bytes:
    """A DHCPv6 option (RFC 8415 §21.1)."""
    return code.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value


def duid_ll(mac: str) -> bytes:
    """A Client Identifier made of a MAC (RFC 8415 §11.4), as the customer's device likes."""
    return option(1, b"\x00\x03\x00\x01" + bytes.fromhex(mac.replace(":", "")))


def relay_forward(peer: str, *options: bytes) -> bytes:
    """A Relay-forward message (RFC 8415 §9.1)."""
    return b"\x0c\x00" + bytes(16) + IPv6Address(peer).packed + b"".join(options)


def number(kind: int, value: int) -> Piece:
    """A 4-octet attribute."""
    return plain(kind, value.to_bytes(4, "big"))


@dataclass(kw_only=True)
class Box:
    """One BNG that sends what its subscribers make it send."""

    lab: Lab
    name: str
    shows_options: bool = True  # include-radius-attribute dhcp-options: the request tells its protocol
    signs: bool = True  # Message-Authenticator in Access-Requests
    _sent: int = field(default=0)

    # ---- Access-Requests

    def discover(
        self, *, mac: str | None, port: str | None, remote_id: str | None = None, circuit_id: str | None = None,
        session: str | None = None, multi: str | None = None,
    ) -> Told:  # fmt: skip
        """DHCPv4 came first; Option 82 of the access node is in it."""
        shown = (DISCOVER,) if self.shows_options else ()
        return self._access(
            *_cpe(mac, port), *_ids(remote_id, circuit_id), *_session(session, multi), *shown
        )  # fmt: skip

    def solicit(
        self, *, mac: str | None, port: str | None, remote_id: bytes | None = None, circuit_id: str | None = None,
        session: str | None = None, multi: str | None = None, options: bytes = ELAPSED,
    ) -> Told:  # fmt: skip
        """A SOLICIT; `remote_id` is Option 37 as it stands there, `options` what the BNG shows of the message."""
        shown = (vsa(6527, (191, options)),) if self.shows_options else ()
        ids = _ids(None, circuit_id) if remote_id is None else (vsa(3561, (2, remote_id)), *_ids(None, circuit_id))
        return self._access(*_cpe(mac, port), *ids, *_session(session, multi), *shown)

    def dial(self, *, mac: str | None, port: str | None, remote_id: str | None = None) -> Told:
        """A PPPoE session; the intermediate agent's tag is in it."""
        return self._access(*_cpe(mac, port), *_ids(remote_id, None), number(7, 1))

    def _access(self, *pieces: Piece) -> Told:
        self._sent += 1
        identifier = self._sent % 256
        authenticator = self._sent.to_bytes(16, "big")
        body = b"".join(piece.octets for piece in pieces)
        if self.signs:
            octets = radius_auth.sign_access_request(identifier, authenticator, body, SECRET)
        else:
            octets = bytes((1, identifier)) + (20 + len(body)).to_bytes(2, "big") + authenticator + body
        return self.lab.receive(self.name, octets)

    # ---- Accounting-Requests

    def account(
        self, status: AcctStatus, session: str | None = None, *, mac: str | None = None, port: str | None = None,
        remote_id: str | None = None, v4: str | None = None, pd: str | None = None,
        octets: tuple[int, int] | None = None, event_ms: int | None = None, interval_s: int = 0,
        multi: str | None = None,
    ) -> Told:  # fmt: skip
        """A record; it happened at `event_ms`, or now."""
        stamp = self.lab.clock.ms if event_ms is None else event_ms
        pieces = [
            number(40, status), *_session(session, multi), *_cpe(mac, port), *_ids(remote_id, None),
            number(55, stamp // 1000),
        ]  # fmt: skip
        if v4 is not None:
            pieces.append(plain(8, IPv4Address(v4).packed))
        if pd is not None:
            prefix = IPv6Network(pd)
            pieces.append(plain(123, bytes((0, prefix.prefixlen)) + prefix.network_address.packed))
        if octets is not None:
            total, six = sum(octets), octets[1]
            pieces += [number(42, total), vsa(6527, (195, six.to_bytes(4, "big")))]
        if interval_s:
            pieces.append(number(85, interval_s))
        body = b"".join(piece.octets for piece in pieces)
        return self.lab.receive(
            self.name, radius_auth.sign_accounting_request(9, body, SECRET, with_message=False)
        )  # fmt: skip

    def boots(self) -> Told:
        """Accounting-On."""
        return self.account(AcctStatus.ON)


START, INTERIM, STOP = AcctStatus.START, AcctStatus.INTERIM, AcctStatus.STOP


def _cpe(mac: str | None, port: str | None) -> tuple[Piece, ...]:
    seen = () if mac is None else (plain(1, mac.encode()), vsa(6527, (27, mac.encode())))
    return seen if port is None else (*seen, plain(87, port.encode()))


def _ids(remote_id: str | None, circuit_id: str | None) -> tuple[Piece, ...]:
    subs = [(kind, text.encode()) for kind, text in ((1, circuit_id), (2, remote_id)) if text is not None]
    return (vsa(3561, *subs),) if subs else ()


def _session(session: str | None, multi: str | None) -> tuple[Piece, ...]:
    return tuple(plain(kind, text.encode()) for kind, text in ((44, session), (50, multi)) if text is not None)


__all__ = [
    "DISCOVER", "ELAPSED", "INTERIM", "START", "STOP", "Box", "duid_ll", "option", "relay_forward", "tlv",
]  # fmt: skip
