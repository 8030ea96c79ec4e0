"""RADIUS written and read by the tests themselves, so that nothing of the product vouches for the product."""

from __future__ import annotations

import hmac
import ipaddress
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import md5
from itertools import count

ACCESS_REQUEST, ACCESS_ACCEPT, ACCESS_REJECT, ACCOUNTING_REQUEST, ACCOUNTING_RESPONSE = 1, 2, 3, 4, 5
USER_NAME, USER_PASSWORD, NAS_IP_ADDRESS, FRAMED_IP_ADDRESS, VENDOR_SPECIFIC = 1, 2, 4, 8, 26
CALLING_STATION_ID, PROXY_STATE, ACCT_STATUS_TYPE, ACCT_SESSION_ID, EVENT_TIMESTAMP = 31, 33, 40, 44, 55
CONNECT_INFO, MESSAGE_AUTHENTICATOR, NAS_PORT_ID, FRAMED_IPV6_PREFIX, DELEGATED_IPV6_PREFIX = 77, 80, 87, 97, 123
FRAMED_IPV6_ADDRESS = 168
BROADBAND_FORUM, CIRCUIT_ID, REMOTE_ID = 3561, 1, 2
START, STOP, INTERIM, ACCOUNTING_ON, ACCOUNTING_OFF = 1, 2, 3, 7, 8


def attribute(kind: int, value: bytes | str | int) -> bytes:
    """One attribute; text as UTF-8, numbers in four octets."""
    if isinstance(value, str):
        value = value.encode()
    elif isinstance(value, int):
        value = value.to_bytes(4, "big")
    return bytes((kind, len(value) + 2)) + value


def vendor(number: int, kind: int, value: bytes | str) -> bytes:
    """One VSA with one sub-attribute."""
    return attribute(VENDOR_SPECIFIC, number.to_bytes(4, "big") + attribute(kind, value))


def prefixed(remote_id: str | bytes, enterprise_number: int = 3561) -> bytes:
    """A Remote-Id as DHCPv6 carries it: the relay's enterprise number in front (RFC 4649 §3)."""
    tail = remote_id.encode() if isinstance(remote_id, str) else remote_id
    return enterprise_number.to_bytes(4, "big") + tail


def line(remote_id: str | bytes | None = None, circuit_id: str | bytes | None = None) -> bytes:
    """Agent-Circuit-Id and Agent-Remote-Id, those that are given."""
    octets = b"" if circuit_id is None else vendor(BROADBAND_FORUM, CIRCUIT_ID, circuit_id)
    return octets + (b"" if remote_id is None else vendor(BROADBAND_FORUM, REMOTE_ID, remote_id))


def cpe(mac: str, port: str) -> bytes:
    """Whose request it is, as a BNG says it: MAC and attachment."""
    return attribute(CALLING_STATION_ID, mac) + attribute(NAS_PORT_ID, port)


def v4_host(address: str) -> bytes:
    """Framed-IP-Address."""
    return attribute(FRAMED_IP_ADDRESS, ipaddress.IPv4Address(address).packed)


def ia_na_host(address: str) -> bytes:
    """Framed-IPv6-Address (RFC 6911 §3.1)."""
    return attribute(FRAMED_IPV6_ADDRESS, ipaddress.IPv6Address(address).packed)


def prefix_host(kind: int, prefix: str) -> bytes:
    """Framed-IPv6-Prefix or Delegated-IPv6-Prefix (RFC 3162 §2.3, RFC 4818 §3)."""
    network = ipaddress.IPv6Network(prefix)
    return attribute(kind, bytes((0, network.prefixlen)) + network.network_address.packed)


@dataclass(frozen=True, slots=True)
class Packet:
    """A RADIUS packet as octets, and what they say."""

    octets: bytes

    @property
    def code(self) -> int:
        """Packet type."""
        return self.octets[0]

    @property
    def identifier(self) -> int:
        """Matches requests and replies."""
        return self.octets[1]

    @property
    def authenticator(self) -> bytes:
        """Request or Response Authenticator."""
        return self.octets[4:20]

    def attributes(self) -> Iterator[tuple[int, bytes]]:
        """Type and value of each attribute, in order."""
        assert len(self.octets) == int.from_bytes(self.octets[2:4], "big")
        at = 20
        while at < len(self.octets):
            size = self.octets[at + 1]
            assert size >= 2
            assert at + size <= len(self.octets)
            yield self.octets[at], self.octets[at + 2 : at + size]
            at += size

    def all(self, kind: int) -> list[bytes]:
        """Values of every attribute of that type."""
        return [value for found, value in self.attributes() if found == kind]

    def text(self, kind: int) -> str | None:
        """First value of that type as text."""
        values = self.all(kind)
        return values[0].decode(errors="replace") if values else None

    def vendor(self, number: int, kind: int) -> list[bytes]:
        """Values of every such sub-attribute."""
        found = []
        for value in self.all(VENDOR_SPECIFIC):
            if int.from_bytes(value[:4], "big") != number:
                continue
            at = 4
            while at < len(value):
                if value[at] == kind:
                    found.append(value[at + 2 : at + value[at + 1]])
                at += value[at + 1]
        return found

    @property
    def remote_ids(self) -> list[bytes]:
        """Every Agent-Remote-Id."""
        return self.vendor(BROADBAND_FORUM, REMOTE_ID)

    @property
    def circuit_ids(self) -> list[bytes]:
        """Every Agent-Circuit-Id."""
        return self.vendor(BROADBAND_FORUM, CIRCUIT_ID)


def _packet(code: int, identifier: int, authenticator: bytes, attributes: bytes) -> bytes:
    return bytes((code, identifier)) + (20 + len(attributes)).to_bytes(2, "big") + authenticator + attributes


def _signed(code: int, identifier: int, authenticator: bytes, attributes: bytes, secret: bytes) -> bytes:
    """With a Message-Authenticator in front (RFC 3579 §3.2)."""
    empty = attribute(MESSAGE_AUTHENTICATOR, bytes(16))
    digest = hmac.digest(secret, _packet(code, identifier, authenticator, empty + attributes), "md5")
    return _packet(code, identifier, authenticator, empty[:2] + digest + attributes)


def access_request(identifier: int, attributes: bytes, secret: bytes, *, signed: bool = True) -> bytes:
    """An Access-Request with a random authenticator."""
    authenticator = os.urandom(16)
    if signed:
        return _signed(ACCESS_REQUEST, identifier, authenticator, attributes, secret)
    return _packet(ACCESS_REQUEST, identifier, authenticator, attributes)


def status_server(identifier: int, attributes: bytes, secret: bytes) -> bytes:
    """A Status-Server (RFC 5997 §2)."""
    return _signed(12, identifier, os.urandom(16), attributes, secret)


def accounting_request(identifier: int, attributes: bytes, secret: bytes) -> bytes:
    """An Accounting-Request (RFC 2866 §3)."""
    digest = md5(_packet(ACCOUNTING_REQUEST, identifier, bytes(16), attributes) + secret).digest()
    return _packet(ACCOUNTING_REQUEST, identifier, digest, attributes)


def reply_to(request: Packet, code: int, attributes: bytes, secret: bytes, *, signed: bool = True) -> bytes:
    """A reply as AAA sends it: signed, Proxy-States copied in order; `signed`: to an Access-Request."""
    states = b"".join(attribute(PROXY_STATE, state) for state in request.all(PROXY_STATE))
    octets = _packet(code, request.identifier, request.authenticator, attributes + states)
    if request.code == ACCESS_REQUEST and signed:
        octets = _signed(code, request.identifier, request.authenticator, attributes + states, secret)
    return octets[:4] + md5(octets + secret).digest() + octets[20:]


def message_authenticator_fits(packet: Packet, authenticator: bytes, secret: bytes) -> bool:
    """Whether there is exactly one Message-Authenticator and it is right; `authenticator` stands in the header."""
    zeroed, found = b"", []
    for kind, value in packet.attributes():
        zeroed += attribute(kind, bytes(16) if kind == MESSAGE_AUTHENTICATOR else value)
        if kind == MESSAGE_AUTHENTICATOR:
            found.append(value)
    return found == [hmac.digest(secret, packet.octets[:4] + authenticator + zeroed, "md5")]


def reply_fits(reply: Packet, request: Packet, secret: bytes) -> bool:
    """Whether the Response Authenticator is right (RFC 2865 §3)."""
    digest = md5(reply.octets[:4] + request.authenticator + reply.octets[20:] + secret).digest()
    return reply.identifier == request.identifier and reply.authenticator == digest


def accounting_fits(request: Packet, secret: bytes) -> bool:
    """Whether the Request Authenticator of an Accounting-Request is right."""
    return request.authenticator == md5(request.octets[:4] + bytes(16) + request.octets[20:] + secret).digest()


class Bng:
    """The RADIUS client end of a BNG: one socket, one secret."""

    def __init__(self, source: str, secret: bytes, *, auth_port: int, acct_port: int) -> None:
        self.source, self.secret = source, secret
        self._server = "::1" if ":" in source else "127.0.0.1"
        self._ports = {ACCESS_REQUEST: auth_port, ACCOUNTING_REQUEST: acct_port}
        self._socket = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((source, 0))
        self._identifiers = count()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def __enter__(self) -> Bng:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def next_identifier(self) -> int:
        """0 … 255, in turn."""
        return next(self._identifiers) % 256

    def access(self, attributes: bytes, *, signed: bool = True) -> Packet:
        """A new Access-Request, not sent yet."""
        return Packet(access_request(self.next_identifier(), attributes, self.secret, signed=signed))

    def account(self, status: int, session: str, attributes: bytes = b"", *, at: int | None = None) -> Packet:
        """A new Accounting-Request, not sent yet; `at` is its Event-Timestamp."""
        head = attribute(ACCT_STATUS_TYPE, status)
        head += attribute(NAS_IP_ADDRESS, socket.inet_aton(self.source)) if ":" not in self.source else b""
        head += attribute(ACCT_SESSION_ID, session) if session else b""
        head += attribute(EVENT_TIMESTAMP, at) if at is not None else b""
        return Packet(accounting_request(self.next_identifier(), head + attributes, self.secret))

    def send(self, octets: bytes, port: int | None = None) -> None:
        """Any octets; to the port of their code unless told otherwise."""
        self._socket.sendto(octets, (self._server, self._ports[octets[0]] if port is None else port))

    def receive(self, request: Packet, within_s: float) -> Packet | None:
        """The reply to that request, or None; replies to others are passed over."""
        deadline = time.monotonic() + within_s
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                reply = Packet(self._socket.recv(4097))
            except TimeoutError:
                return None
            if reply_fits(reply, request, self.secret):
                return reply
        return None

    def received(self) -> Packet | None:
        """The next reply that has come already, or None."""
        self._socket.settimeout(0.0)
        try:
            return Packet(self._socket.recv(4097))
        except BlockingIOError:
            return None

    def ask(self, request: Packet, within_s: float = 4.0) -> Packet:
        """Send and await the reply, verified; an Access reply has to carry a Message-Authenticator that is right."""
        self.send(request.octets)
        reply = self.receive(request, within_s)
        assert reply is not None, f"no answer within {within_s} s"
        if request.code == ACCESS_REQUEST:
            assert message_authenticator_fits(reply, request.authenticator, self.secret)
        return reply

    def timed(self, request: Packet) -> float:
        """Ask, and tell how many seconds the answer took."""
        started = time.monotonic()
        self.ask(request)
        return time.monotonic() - started
