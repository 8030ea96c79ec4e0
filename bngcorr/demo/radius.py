"""RADIUS for the simulated BNGs and the AAA: the one typed door to pyrad, which is untyped.

An implementation independent of the one under test. Only packets of this demonstration's own making pass here, so
pyrad may decode them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TypeAlias

from pyrad.dictionary import Dictionary
from pyrad.packet import AcctPacket, AuthPacket, PacketError

Value: TypeAlias = str | int | bytes
Attributes: TypeAlias = Iterable[tuple[str, Value]]

_BROADBAND_FORUM = 3561
_CIRCUIT_ID, _REMOTE_ID = (_BROADBAND_FORUM, 1), (_BROADBAND_FORUM, 2)
_USER_NAME, _USER_PASSWORD, _ACCT_STATUS_TYPE, _CONNECT_INFO, _MESSAGE_AUTHENTICATOR = 1, 2, 40, 77, 80


class Code(IntEnum):
    """Packet codes (RFC 2865 §3, RFC 2866 §3)."""

    ACCESS_REQUEST = 1
    ACCESS_ACCEPT = 2
    ACCESS_REJECT = 3
    ACCOUNTING_REQUEST = 4
    ACCOUNTING_RESPONSE = 5


class Status(IntEnum):
    """Acct-Status-Type (RFC 2866 §5.1)."""

    START = 1
    STOP = 2
    INTERIM_UPDATE = 3
    ACCOUNTING_ON = 7


STATUS_NAMES = {
    Status.START: "Start",
    Status.STOP: "Stop",
    Status.INTERIM_UPDATE: "Interim-Update",
    Status.ACCOUNTING_ON: "Accounting-On",
}


class Unreadable(Exception):
    """The datagram is no RADIUS packet, or not from who it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A verified answer, as the BNG reads it."""

    code: Code
    signed: bool  # carries a valid Message-Authenticator
    class_: bytes | None  # echoed in accounting (RFC 2865 §5.25)


class Request:
    """A request on its way out: its octets, and the means to verify the answer."""

    __slots__ = ("_packet", "authenticator", "identifier", "octets")

    def __init__(self, packet: AuthPacket | AcctPacket) -> None:
        self._packet = packet
        self.octets: bytes = packet.RequestPacket()
        self.authenticator: bytes = packet.authenticator
        self.identifier: int = packet.id

    def read_reply(self, octets: bytes) -> Reply:
        """The answer to this request, verified; raises Unreadable if it is not one."""
        try:
            reply = self._packet.CreateReply(packet=octets)
            genuine = self._packet.VerifyReply(reply)
        except (PacketError, IndexError, ValueError) as error:
            raise Unreadable(str(error)) from error
        if not genuine:
            raise Unreadable("authenticator, identifier or Proxy-State do not fit")
        classes = reply.get(25)
        return Reply(
            code=Code(reply.code),
            signed=reply.get(_MESSAGE_AUTHENTICATOR) is not None,
            class_=classes[0] if classes else None,
        )


class ReceivedRequest:
    """A request as AAA received and verified it."""

    __slots__ = ("_packet",)

    def __init__(self, octets: bytes, *, secret: bytes, dictionary: Vocabulary) -> None:
        accounting = octets[:1] == bytes([Code.ACCOUNTING_REQUEST])
        kind = AcctPacket if accounting else AuthPacket
        try:
            self._packet = kind(packet=octets, secret=secret, dict=dictionary.pyrad)
        except (PacketError, IndexError, ValueError) as error:
            raise Unreadable(str(error)) from error
        if self._packet.code not in (Code.ACCESS_REQUEST, Code.ACCOUNTING_REQUEST):
            raise Unreadable(f"packet code {self._packet.code}")
        if accounting and not self._packet.VerifyAcctRequest():
            raise Unreadable("Request Authenticator does not fit")
        if self.signed and not self._packet.verify_message_authenticator():
            raise Unreadable("Message-Authenticator does not fit")

    @property
    def code(self) -> Code:
        """Access-Request or Accounting-Request."""
        return Code(self._packet.code)

    @property
    def signed(self) -> bool:
        """Whether it carries a Message-Authenticator; it is valid then."""
        return self._packet.get(_MESSAGE_AUTHENTICATOR) is not None

    @property
    def remote_ids(self) -> tuple[bytes, ...]:
        """Every Agent-Remote-Id in the packet (26/3561/2)."""
        return tuple(self._packet.get(_REMOTE_ID) or ())

    @property
    def circuit_ids(self) -> tuple[bytes, ...]:
        """Every Agent-Circuit-Id in the packet (26/3561/1)."""
        return tuple(self._packet.get(_CIRCUIT_ID) or ())

    @property
    def serial(self) -> str | None:
        """Connect-Info: the demonstration's serial number of the request."""
        return self._text(_CONNECT_INFO)

    @property
    def user_name(self) -> str | None:
        """User-Name."""
        return self._text(_USER_NAME)

    @property
    def status(self) -> int | None:
        """Acct-Status-Type."""
        values = self._packet.get(_ACCT_STATUS_TYPE)
        return int.from_bytes(values[0], "big") if values else None

    @property
    def password(self) -> str | None:
        """User-Password in clear (RFC 2865 §5.2)."""
        hidden = self._packet.get(_USER_PASSWORD)
        return str(self._packet.PwDecrypt(hidden[0])) if hidden else None

    def answer(self, code: Code, attributes: Attributes = ()) -> bytes:
        """The octets of a signed answer; Proxy-State goes back as it came."""
        reply = self._packet.CreateReply()
        reply.code = int(code)
        for name, value in attributes:
            reply.AddAttribute(name, value)
        return bytes(reply.ReplyPacket())

    def _text(self, number: int) -> str | None:
        values = self._packet.get(number)
        return values[0].decode(errors="replace") if values else None


class Vocabulary:
    """The RADIUS dictionary, and the requests that can be written with it."""

    def __init__(self, path: Path) -> None:
        self.pyrad = Dictionary(str(path))

    def access_request(
        self, attributes: Attributes, *, identifier: int, secret: bytes, password: str, signed: bool
    ) -> Request:
        """An Access-Request with PAP; ``signed`` puts a Message-Authenticator in front."""
        packet = AuthPacket(id=identifier, secret=secret, authenticator=os.urandom(16), dict=self.pyrad)
        if signed:
            packet.add_message_authenticator()
        for name, value in attributes:
            packet.AddAttribute(name, value)
            if name == "User-Name":
                packet.AddAttribute("User-Password", packet.PwCrypt(password))
        return Request(packet)

    def accounting_request(self, attributes: Attributes, *, identifier: int, secret: bytes) -> Request:
        """An Accounting-Request; its authenticator is computed over the packet (RFC 2866 §3)."""
        packet = AcctPacket(id=identifier, secret=secret, dict=self.pyrad)
        for name, value in attributes:
            packet.AddAttribute(name, value)
        return Request(packet)
