"""What the relays of a DHCPv6 message say of line and CPE, whether it came from the wire or in a BNG's attribute."""

from __future__ import annotations

from typing import Final

from bngcorr.model.duid import mac_of_duid, mac_of_eui64, mac_of_link_layer
from bngcorr.model.mac import Mac
from bngcorr.wire import dhcp6
from bngcorr.wire.dhcp6 import Layer, Message6

_NO_ADDRESS: Final = bytes(16)


def naming_layer(message: Message6, *, outermost: bool, routers: bool = True) -> Layer | None:
    """The relay's layer that carries an id; what stands in the client's own message, the customer wrote.

    `routers` False: none if that is an Interface-Id alone of a relay that routes: the relay's own name for its port, to
    be echoed to it (RFC 8415 §21.18). An access node has no address on the link (RFC 6221 §5.1).
    """
    layers = message.layers
    if not outermost and layers and layers[-1].relay:
        return None  # cut before the client's message: the innermost relay is not there
    for layer in layers if outermost else layers[::-1]:
        if not layer.relay:
            continue
        if layer.values.get(dhcp6.REMOTE_ID):
            return layer
        if layer.values.get(dhcp6.INTERFACE_ID):
            return layer if routers or layer.link_address == _NO_ADDRESS else None
    return None


def reported_mac(message: Message6) -> Mac | None:
    """Option 79 of the innermost relay (RFC 6939 §5): the source address that it saw; None if it was cut off."""
    layers = message.layers
    if len(layers) < 2 or layers[-1].relay:
        return None
    return mac_of_link_layer(layers[-2].values.get(dhcp6.CLIENT_LINKLAYER, b""))


def claimed_mac(message: Message6) -> Mac | None:
    """Option 79 of the innermost relay, else an EUI-64 in its peer-address, else the DUID."""
    layers = message.layers
    mac = None
    if len(layers) > 1 and not layers[-1].relay:  # else the peer of the last relay may be another relay
        mac = reported_mac(message) or mac_of_eui64(layers[-2].peer_address)
    return mac or (mac_of_duid(layers[-1].values.get(dhcp6.CLIENT_ID, b"")) if layers else None)
