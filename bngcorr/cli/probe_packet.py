"""A test request and the reading of its answer. Pure: randomness and secrets are arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from bngcorr.errors import WireError
from bngcorr.wire import attributes as a
from bngcorr.wire import radius, radius_auth
from bngcorr.wire.hiding import hide
from bngcorr.wire.radius import PacketView
from bngcorr.wire.values import Named, key_name, octets_of, shown, without_secrets

MOST_OCTETS: Final = 4_096 - radius.HEADER_OCTETS - radius_auth.MESSAGE_OCTETS  # of all attributes
LONGEST_PASSWORD: Final = 128  # RFC 2865 §5.2
RANDOM_OCTETS: Final = 33  # what `access_request` takes

_OWN: Final = {
    a.USER_PASSWORD: "the password is read from a file or the environment",
    a.CHAP_PASSWORD: "--chap makes it",
    a.CHAP_CHALLENGE: "--chap makes it",
    a.EAP_MESSAGE: "a conversation by EAP can't be probed",
    a.MESSAGE_AUTHENTICATOR: "every request has it",
    a.VENDOR_SPECIFIC: "name the vendor's attribute itself",
}

Shown = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request on its way out."""

    octets: bytes
    authenticator: bytes
    identifier: int


def encoded(named: Mapping[int, Named], pairs: Sequence[tuple[str, str]]) -> bytes:
    """Attributes by name and value, in their order. Raises ValueError, naming the attribute and what was expected."""
    by_name = {one.name.lower(): one for one in named.values()}
    parts = []
    for name, value in pairs:
        known = by_name.get(name.lower())
        if known is None:
            raise ValueError(f"{name[:64]!r}: expected the name of an attribute, as the dictionaries have it")
        if known.key in _OWN:
            raise ValueError(f"{known.name}: {_OWN[known.key]}")
        try:
            octets = octets_of(known, value)
        except ValueError as error:
            raise ValueError(f"{known.name}: {error}") from None
        key = known.key
        parts.append(radius.attribute(key, octets) if key < 256 else radius.vendor_attribute(key, octets))
    whole = b"".join(parts)
    if len(whole) > MOST_OCTETS - LONGEST_PASSWORD - 40:
        raise ValueError(f"attributes: got {len(whole)} octets; they don't fit into one packet")
    return whole


def with_source(attributes: bytes, source: IPv4Address | IPv6Address) -> bytes:
    """NAS-IP-Address or NAS-IPv6-Address in front, unless the request says by itself where it is from
    (RFC 2865 §4.1: one of these or NAS-Identifier).
    """
    kinds, at = set[int](), 0
    while at < len(attributes):
        kinds.add(attributes[at])
        at += attributes[at + 1]
    if kinds & {a.NAS_IP_ADDRESS, a.NAS_IPV6_ADDRESS, a.NAS_IDENTIFIER}:
        return attributes
    kind = a.NAS_IP_ADDRESS if source.version == 4 else a.NAS_IPV6_ADDRESS
    return radius.attribute(kind, source.packed) + attributes


def access_request(attributes: bytes, password: bytes | None, secret: bytes, random: bytes, *, chap: bool) -> Request:
    """An Access-Request, PAP or CHAP, with Message-Authenticator. `random`: 33 octets. Raises ValueError for a
    password of more than 128 octets.
    """
    identifier, authenticator, challenge = random[0], random[1:17], random[17:33]
    if password is None:
        secrets = b""
    elif chap:  # with a challenge of its own (RFC 2865 §5.40): a proxy gives the request another authenticator
        digest = md5(bytes((identifier,)) + password + challenge, usedforsecurity=False).digest()
        secrets = radius.attribute(a.CHAP_PASSWORD, bytes((identifier,)) + digest)
        secrets += radius.attribute(a.CHAP_CHALLENGE, challenge)
    else:
        if len(password) > LONGEST_PASSWORD:
            raise ValueError(f"the password has {len(password)} octets; at most {LONGEST_PASSWORD}")
        padded = password.ljust(max(16, -len(password) % 16 + len(password)), b"\0")
        secrets = radius.attribute(a.USER_PASSWORD, hide(padded, secret, authenticator))
    octets = radius_auth.sign_access_request(identifier, authenticator, attributes + secrets, secret)
    return Request(octets=octets, authenticator=authenticator, identifier=identifier)


def status_request(attributes: bytes, secret: bytes, random: bytes) -> Request:
    """A Status-Server (RFC 5997): answered by bngcorr itself."""
    octets = radius_auth.sign_request(a.Code.STATUS_SERVER, random[0], random[1:17], attributes, secret)
    return Request(octets=octets, authenticator=random[1:17], identifier=random[0])


def answer_to(request: Request, datagram: bytes, secret: bytes) -> PacketView | None:
    """The answer, if a datagram is one: None unless it reads, is for this request and signed with the secret."""
    try:
        view = radius.decode(datagram)
    except WireError:
        return None
    if view.identifier != request.identifier:
        return None
    digest = radius_auth.response_authenticator_fits(view, request.authenticator, secret)
    signed = not view.has(a.MESSAGE_AUTHENTICATOR) or radius_auth.message_authenticator_fits(
        view, secret, request.authenticator
    )
    return view if digest and signed else None


def attributes_shown(view: PacketView, named: Mapping[int, Named]) -> list[Shown]:
    """Attributes as a trace tells them: name, value, hexadecimal; null where that is secret."""
    rows: list[Shown] = []
    for span in view.spans:
        known, value = named.get(span.key), view.value(span)
        open_value = without_secrets(span.key, value, known is not None and known.secret)
        rows.append({
            "name": key_name(span.key) if known is None else known.name,
            "value": None if open_value is None else shown(known, open_value),
            "hex": None if open_value is None else open_value.hex(),
        })  # fmt: skip
    return rows
