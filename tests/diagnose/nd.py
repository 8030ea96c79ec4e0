"""Messages of Neighbor Discovery and ARP as devices send them, each in its Ethernet frame."""

from __future__ import annotations

from ipaddress import IPv6Address

from tests.diagnose.stage import advertisement, arp, ethernet, ip6, link_layer, neighbor, solicitation

ALL_NODES = "33:33:00:00:00:01"
EVERYBODY = "ff:ff:ff:ff:ff:ff"
NOBODY = "00:00:00:00:00:00"
ROUTER = "02:bb:00:00:00:01"
OTHER_ROUTER = "02:bb:00:00:00:02"
HOST = "3c:a6:2f:00:00:0a"
OTHER_HOST = "3c:a6:2f:00:00:0b"
IS_ROUTER, SOLICITED, OVERRIDE = 0x80, 0x40, 0x20  # flags of an NA


def local(mac: str) -> str:
    """The link-local address that a MAC makes (RFC 4291 appendix A)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    made = bytes((octets[0] ^ 2,)) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return str(IPv6Address(b"\xfe\x80" + bytes(6) + made))


def ra(router: str, lifetime: int, *options: bytes, to: str = ALL_NODES, vlans: tuple[int, ...] = ()) -> bytes:
    """A Router Advertisement with its source's link-layer address, to all nodes."""
    message = advertisement(lifetime, link_layer(1, router), *options)
    return ethernet(router, to, 0x86DD, ip6(local(router), "ff02::1", 58, message), *vlans)


def probe(mac: str, target: str, *options: bytes, vlans: tuple[int, ...] = ()) -> bytes:
    """A solicitation of duplicate address detection (RFC 4862 §5.4.2)."""
    tail = IPv6Address(target).packed[13:]
    group = str(IPv6Address(bytes.fromhex("ff0200000000000000000001ff") + tail))
    return ethernet(
        mac, f"33:33:ff:{tail.hex(':')}", 0x86DD, ip6("::", group, 58, solicitation(target, *options)), *vlans
    )


def na(mac: str, target: str, flags: int, named: str = "", to: str = "ff02::1", vlans: tuple[int, ...] = ()) -> bytes:
    """A Neighbor Advertisement; `named`: in the option target link-layer address, by default the sender."""
    message = neighbor(target, flags, link_layer(2, named or mac))
    return ethernet(mac, ALL_NODES if to == "ff02::1" else HOST, 0x86DD, ip6(target, to, 58, message), *vlans)


def ns(mac: str, target: str, named: str = "") -> bytes:
    """A Neighbor Solicitation of a host that looks for the target; `named`: its source link-layer address."""
    message = solicitation(target, link_layer(1, named or mac))
    return ethernet(mac, ALL_NODES, 0x86DD, ip6(local(named or mac), "ff02::1:ff00:1", 58, message))


def data(mac: str, to: str, source: str, destination: str) -> bytes:
    """A UDP datagram without a payload."""
    return ethernet(mac, to, 0x86DD, ip6(source, destination, 17, bytes.fromhex("1000100000080000"), 64))


def asks(mac: str, sender: str, target: str, to: str = EVERYBODY, frame: str = "") -> bytes:
    """An ARP request; `frame`: the Ethernet source, if it is another."""
    return ethernet(frame or mac, to, 0x0806, arp(1, mac, sender, NOBODY, target))


def answers(mac: str, sender: str, to: str, target: str, frame: str = "") -> bytes:
    """An ARP reply."""
    return ethernet(frame or mac, to, 0x0806, arp(2, mac, sender, to, target))
