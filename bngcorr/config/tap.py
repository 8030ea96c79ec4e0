"""The operator's file, on taps: interfaces on which DHCP is seen as it passes (docs/tap.md)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Annotated

from pydantic import Field

from bngcorr.config.fields import Name
from bngcorr.config.section import Section
from bngcorr.model.vocabulary import MacSource


class Tap(Section):
    """One interface, as a rule that of a mirror port."""

    interface: Annotated[str, Field(min_length=1, max_length=15, pattern=r"^[^/\s]+$")]
    """Name of the interface."""
    bng: Name
    """The BNG, one of `bngs`, whose customers are seen there."""
    box: IPv4Address | IPv6Address | None = None
    """Which box, by the source address of its requests; needed where the entry of the BNG is a network of them."""
    port: str | None = Field(default=None, min_length=1, max_length=64)
    """The BNG's port that is mirrored, as /v1/lines shows it: "1/1/4", "lag-12". None: frames are not of one port."""
    vlans: tuple[Annotated[int, Field(ge=0, le=4095)], ...] = Field(default=(), max_length=2)
    """VLANs that the frames lack because the switch took their tags off, the outermost first."""
    relayed_mac: MacSource = MacSource.CLAIMED
    """Who vouches for the MAC in messages that a router has relayed. seen: the relay compares it with the frame."""
    outgoing: bool = False
    """Frames that this host sends count, too: for a relay or server on the same machine."""
    ledger: bool = False
    """Leases are noted in the ledger, as sessions of their own: for a BNG that sends no accounting."""
    diagnose: bool = False
    """What breaks a dual stack on the wire becomes a finding: ARP and Neighbor Discovery are looked at, too."""
    receive_buffer: int = Field(default=4_194_304, ge=65_536)
    """Receive buffer asked for, in octets; net.core.rmem_max caps it unless the process may go beyond."""


def check_taps(taps: object, bngs: object, fault: Callable[[str, str, str], None]) -> None:
    """What the taps and BNGs of the raw data say together."""
    entries: dict[str, dict[str, object]] = {}
    for bng in bngs if isinstance(bngs, list) else []:
        if isinstance(bng, dict) and isinstance(called := bng.get("name"), str):
            entries[called] = bng
    owners: dict[str, int] = {}
    for index, tap in enumerate(taps if isinstance(taps, list) else []):
        if not isinstance(tap, dict):
            continue
        path, name, interface = f"tap[{index}]", tap.get("bng"), tap.get("interface")
        if isinstance(interface, str):
            if interface in owners:
                fault(f"{path}.interface", repr(interface), f"an interface that tap[{owners[interface]}] does not have")
            owners[interface] = index
        if not isinstance(name, str):
            continue  # told as a fault of the key itself
        if name not in entries:
            fault(f"{path}.bng", repr(name), f"one of {', '.join(entries)}")
        elif tap.get("box") is None and tap.get("port") is not None and _is_network(entries[name]):
            fault(f"{path}.box", "nothing", f"the address of one box, for {name!r} is a network of them")


def _is_network(bng: dict[str, object]) -> bool:
    """Whether a BNG's entry has several boxes, each with ports of its own."""
    if bng.get("bng_from", "source") != "source" or bng.get("ports") == "shared":
        return False
    given = bng.get("address", [])
    for address in given if isinstance(given, list) else [given]:
        try:
            if ip_network(str(address)).num_addresses > 1:
                return True
        except ValueError:
            continue  # told as a fault of the key itself
    return False


__all__ = ["Tap", "check_taps"]
