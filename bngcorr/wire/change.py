"""Attributes of a CoA-Request from names and values as operators write them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.values import Named, octets_of

MOST: Final = 16
MOST_OCTETS: Final = 3_072  # of all of them: a packet has room for what else is in it

# which session is meant, how the packet is signed and where it goes is not the operator's to say
_NOT_HIS: Final = frozenset((
    a.USER_PASSWORD, a.CHAP_PASSWORD, a.NAS_IP_ADDRESS, a.NAS_IPV6_ADDRESS, a.NAS_IDENTIFIER, a.STATE,
    a.VENDOR_SPECIFIC, a.PROXY_STATE, a.ACCT_SESSION_ID, a.ACCT_MULTI_SESSION_ID, a.EVENT_TIMESTAMP, a.EAP_MESSAGE,
    a.MESSAGE_AUTHENTICATOR,
))  # fmt: skip


class Vocabulary:
    """Attributes by their names, in whatever case."""

    def __init__(self, named: Mapping[int, Named]) -> None:
        self._by_name: Final = {one.name.lower(): one for one in named.values()}

    def change(self, wanted: Sequence[tuple[str, str]]) -> bytes:
        """Octets of (name, value), in their order. Raises ValueError, naming the attribute and its value."""
        if not 0 < len(wanted) <= MOST:
            raise ValueError(f"attributes: got {len(wanted)}; expected 1 … {MOST}")
        octets = b"".join(self._one(name, value) for name, value in wanted)
        if len(octets) > MOST_OCTETS:
            raise ValueError(f"attributes: got {len(octets)} octets; expected at most {MOST_OCTETS} together")
        return octets

    def _one(self, name: str, value: str) -> bytes:
        named = self._by_name.get(name.lower())
        if named is None:
            raise ValueError(f"{name[:64]!r}: expected the name of an attribute, as the dictionaries have it")
        if named.key in _NOT_HIS:
            raise ValueError(f"{named.name}: it is set by bngcorr")
        if named.secret:
            raise ValueError(f"{named.name}: its value is secret, and is not sent from here")
        try:
            octets = octets_of(named, value)
        except ValueError as error:
            raise ValueError(f"{named.name}: {error}") from None
        return radius.attribute(named.key, octets) if named.key < 256 else radius.vendor_attribute(named.key, octets)
