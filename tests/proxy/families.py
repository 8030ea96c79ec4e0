"""Profiles as the product loads them, and requests to show them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from bngcorr.model.vocabulary import PenPolicy
from bngcorr.profiles.catalogue import compile_profile, packaged
from bngcorr.profiles.profile import Profile
from bngcorr.proxy import carriers, line_id, trigger
from bngcorr.proxy.line_id import Identity
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.trigger import Classification
from bngcorr.resources import resource
from bngcorr.wire.dictionary import Dictionary
from bngcorr.wire.radius import PacketView, decode
from tests.wire.radius_packets import Piece, packet, plain, vsa

AUTHENTICATOR = bytes(range(100, 116))
NOKIA, GENERIC = "nokia-sros", "generic"

DHCPV4_PROOF = vsa(6527, (102, b"\x35\x01\x01"))  # Alc-ToServer-Dhcp-Options: option 53, DISCOVER
DHCPV6_PROOF = vsa(6527, (191, b"\x00\x08\x00\x02\x00\x00"))  # Alc-ToServer-Dhcp6-Options: elapsed time
PPP_PROOF = plain(7, b"\0\0\0\x01")  # Framed-Protocol PPP


@cache
def dictionary() -> Dictionary:
    """The dictionaries of the source tree."""
    return Dictionary(resource("dictionaries") / "dictionary")


@cache
def profile(name: str) -> Profile:
    """One of the profiles."""
    return compile_profile(packaged()[name], dictionary())


def request(*pieces: Piece, code: int = 1) -> PacketView:
    """A request with these attributes."""
    return decode(packet(code, 5, AUTHENTICATOR, pieces).octets)


def remote_id(value: bytes) -> Piece:
    """ADSL-Agent-Remote-Id."""
    return vsa(3561, (2, value))


def circuit_id(value: bytes) -> Piece:
    """ADSL-Agent-Circuit-Id."""
    return vsa(3561, (1, value))


def _classify(view: PacketView, of: Profile) -> Classification:
    return trigger.classify(view, of.reading(view.layout), Numbers(), carriers.ids(view, of.remote_ids))


def classified(*pieces: Piece, family: str = NOKIA) -> Classification:
    """What the trigger of a request is taken for."""
    return _classify(request(*pieces), profile(family))


def identified(*pieces: Piece, family: str = NOKIA, policy: PenPolicy = PenPolicy.AUTO) -> Identity:
    """What a request says of its line."""
    view, of = request(*pieces), replace(profile(family), pen=policy)
    remote = carriers.ids(view, of.remote_ids)
    return line_id.identify(view, of.reading(view.layout), _classify(view, of), Numbers(), remote)
