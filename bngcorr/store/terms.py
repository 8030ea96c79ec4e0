"""Index terms: the words under which lines and sessions are found by people."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac, format_mac
from bngcorr.wire.mac import read_mac

SHORTEST_GIVEN: Final = 16  # length of the shortest prefix that a session may hold
_HASH: Final = blake2b(digest_size=8)


def mac_term(mac: Mac) -> str:
    """Of a CPE's MAC."""
    return f"mac:{format_mac(mac)}"


def remote_id_term(remote_id: bytes) -> str:
    """Of a Remote-Id, without enterprise number."""
    return f"remote_id:{remote_id.hex()}"


def circuit_id_term(circuit_id: bytes) -> str:
    """Of a Circuit-Id."""
    return f"circuit_id:{circuit_id.hex()}"


def address_term(address: IPv4Address | IPv6Address | IPv4Network | IPv6Network | str) -> str:
    """Of an address or prefix that a session holds."""
    return f"address:{address}"


def user_name_term(user_name: str) -> str:
    """Of a User-Name, whatever the case of its letters."""
    return f"user:{user_name.lower()}"


def user_name_terms(user_name: str) -> tuple[str, ...]:
    """Under one of these stand the sessions of a User-Name, among others: see `session_terms`."""
    octets = user_name.encode("utf-8", "surrogateescape")
    mac = read_mac(octets)
    own = user_name_term(user_name), remote_id_term(octets), circuit_id_term(octets)
    return own if mac is None else (*own, mac_term(mac))


def port_term(bng: str, port: str) -> str:
    """Of a port of a BNG's boxes, whatever the VLANs."""
    return f"port:{bng}|{port}"


def attachment_term(bng: str, at: Attachment) -> str:
    """Of a port of a BNG's boxes and just these VLANs."""
    return f"port:{bng}|{at.port}|{at.outer or 0}.{at.inner or 0}"


def read_port_term(term: str) -> tuple[str, str, tuple[int, int] | None]:
    """BNG, port and VLANs of either."""
    bng, port, *vlans = term.removeprefix("port:").split("|")
    if not vlans:
        return bng, port, None
    outer, _, inner = vlans[0].partition(".")
    return bng, port, (int(outer), int(inner))


def covering(network: IPv4Network | IPv6Network, shortest: int) -> tuple[str, ...]:
    """A prefix and those that hold it, the longest first, none shorter than so many bits."""
    lengths = range(network.prefixlen, shortest - 1, -1)
    if isinstance(network, IPv4Network):
        return tuple(str(network.supernet(new_prefix=length)) for length in lengths)
    bits = int(network.network_address)
    words = [f"{bits >> 112 - at & 0xFFFF:x}" for at in range(0, 128, 16)]
    return tuple(_written(bits, words, length) for length in lengths)


def _written(bits: int, words: Sequence[str], length: int) -> str:
    """A prefix of an IPv6 address, of whose 16 bits a piece the `words` are."""
    whole = length // 16
    kept = list(words[:whole])
    if length % 16:
        kept.append(f"{bits >> 112 - 16 * whole & 0xFFFF << 16 - length % 16 & 0xFFFF:x}")
    while kept and kept[-1] == "0":
        kept.pop()
    if kept and len(kept) < 7 and "0" not in kept:  # the zeros behind are the only ones (RFC 5952 §4.2)
        return f"{':'.join(kept)}::/{length}"
    return f"{IPv6Address(bits >> 128 - length << 128 - length)}/{length}"


def holding(network: IPv4Network | IPv6Network) -> tuple[str, ...]:
    """Texts under which a session may hold an address or prefix: the address itself, and prefixes that hold it.

    IPv4 is held by single addresses, so that an IPv4 prefix stands under none.
    """
    address = (str(network.network_address),) if network.num_addresses == 1 else ()
    return address if network.version == 4 else (*address, *covering(network, SHORTEST_GIVEN))


def line_terms(ids: LineIds | None, mac: Mac | None) -> tuple[str, ...]:
    """All terms of a line."""
    terms = []
    if mac is not None:
        terms.append(mac_term(mac))
    if ids is not None and ids.remote_id is not None:
        terms.append(remote_id_term(ids.remote_id))
    if ids is not None and ids.circuit_id is not None:
        terms.append(circuit_id_term(ids.circuit_id))
    return tuple(terms)


def session_terms(ids: LineIds | None, mac: Mac | None, user_name: str | None) -> tuple[str, ...]:
    """All terms of a session beside its addresses and its port.

    A User-Name that is the MAC or an id, as most are where nobody dials in, is found by that.
    """
    terms = line_terms(ids, mac)
    if not user_name:
        return terms
    octets = user_name.encode("utf-8", "surrogateescape")
    if ids is not None and octets in (ids.remote_id, ids.circuit_id):
        return terms
    if mac is not None and read_mac(octets) == mac:
        return terms
    return (*terms, user_name_term(user_name))


def term_hash(term: str) -> bytes:
    """Name of an index term such as ``mac:aa:bb:…``."""
    state = _HASH.copy()  # costs less than to make one
    state.update(term.encode("utf-8", "surrogateescape"))
    return state.digest()
