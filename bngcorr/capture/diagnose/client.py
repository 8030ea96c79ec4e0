"""Whose DHCP message a frame carries, and which line it names. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.model.mac import Mac, usable
from bngcorr.wire import dhcp4, dhcp6, relays
from bngcorr.wire.dhcp4 import Message4
from bngcorr.wire.dhcp6 import Layer, Message6
from bngcorr.wire.frame import Frame


class Client:
    """The CPE of one message, and the ids that access node or relay put into it."""

    __slots__ = ("circuit_id", "duid", "exchange", "mac", "message_type", "remote_id", "subscriber_id", "v6", "whole")

    def __init__(self, v6: bool, message_type: int | None, mac: Mac | None, whole: bool) -> None:
        self.v6: Final = v6
        self.message_type: Final = message_type  # of the client's own message, whoever relayed it
        self.mac: Final = mac
        self.whole: Final = whole  # False: what is not there may have been cut off
        self.duid = b""
        self.exchange = b""  # what copies of one message have in common: xid and chaddr, DUID and transaction id
        self.circuit_id = (
            b""  # sub-option 1 of Option 82; Interface-Id, Option 18, of the innermost relay that names one
        )
        self.remote_id = b""  # sub-option 2; Option 37 with its enterprise number
        self.subscriber_id = b""  # sub-option 6; Option 38

    @property
    def names_line(self) -> bool:
        """Whether the network put any id into it."""
        return bool(self.circuit_id or self.remote_id or self.subscriber_id)

    @property
    def name(self) -> str:
        """Its MAC, else its DUID, for people."""
        return self.mac.hex(":") if self.mac is not None else f"DUID {self.duid.hex()}" if self.duid else "a client"


def of4(message: Message4) -> Client:
    """The client of a DHCPv4 message."""
    client = Client(False, message.type, message.mac, message.options.whole and not message.cut)
    client.exchange = message.xid + message.chaddr
    relay = message.relay
    if relay is not None:
        client.circuit_id = relay.circuit_id or b""
        client.remote_id = relay.remote_id or b""
        client.subscriber_id = relay.subscriber_id or b""
    return client


def of6(message: Message6, frame: Frame) -> Client:
    """The client of a DHCPv6 message; its MAC is that of the frame if no relay passed it on.

    Of answers without a relay, that of the DUID: their frames come from the server.
    """
    inner = message.inner
    kind = inner.type if inner is not None else None
    relayed = message.layers[0].relay
    mac = None
    if not relayed:
        mac = usable(frame.link_destination if kind in _ANSWERS else frame.link_source)
    client = Client(True, kind, mac or relays.claimed_mac(message), message.whole)
    if inner is not None:
        client.duid = inner.values.get(dhcp6.CLIENT_ID, b"")
        client.exchange = inner.transaction_id + client.duid
    layer = relays.naming_layer(message, outermost=False)
    if layer is not None:
        client.circuit_id = layer.values.get(dhcp6.INTERFACE_ID, b"")
        client.remote_id = layer.values.get(dhcp6.REMOTE_ID, b"")
    client.subscriber_id = _subscriber(message.relays)
    return client


_ANSWERS: Final = (dhcp6.ADVERTISE, dhcp6.REPLY, dhcp6.RECONFIGURE)


def _subscriber(layers: tuple[Layer, ...]) -> bytes:
    for layer in reversed(layers):
        if layer.values.get(dhcp6.SUBSCRIBER_ID):
            return layer.values[dhcp6.SUBSCRIBER_ID]
    return b""


def is_discover(client: Client) -> bool:
    """A DHCPDISCOVER."""
    return not client.v6 and client.message_type == dhcp4.DISCOVER


def is_solicit(client: Client) -> bool:
    """A SOLICIT, relayed or not."""
    return client.v6 and client.message_type == dhcp6.SOLICIT


def bare(remote_id: bytes) -> bytes:
    """Option 37 without its enterprise number (RFC 4649 §3); empty if there is nothing behind it."""
    return remote_id[4:]


def shown(octets: bytes) -> str:
    """An id for people: as text if it is text, else hexadecimal."""
    return octets.decode("ascii") if octets and all(0x20 <= one <= 0x7E for one in octets) else f"0x{octets.hex()}"
