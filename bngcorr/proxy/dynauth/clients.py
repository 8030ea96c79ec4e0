"""The AAA servers that may send CoA and Disconnect: who they are, and whether a request is theirs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from bngcorr.errors import Malformed, Unauthentic
from bngcorr.model.vocabulary import DropReason
from bngcorr.proxy.dynauth.numbers import REQUESTS
from bngcorr.wire import attributes as a
from bngcorr.wire import radius_auth
from bngcorr.wire.radius import PacketView


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One of them, or several alike."""

    name: str
    networks: tuple[IPv4Network | IPv6Network, ...]
    secret: bytes = field(repr=False)
    require_message_authenticator: bool = False
    require_event_timestamp: bool = False


class Clients:
    """Look-up by source address; the longest network wins."""

    def __init__(self, clients: Sequence[Client]) -> None:
        entries = [(network, client) for client in clients for network in client.networks]
        self._entries = sorted(entries, key=lambda entry: entry[0].prefixlen, reverse=True)

    def find(self, host: str) -> Client | None:
        """Who sends from that address; None: nobody who may."""
        address = ip_address(host.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        for network, client in self._entries:
            if address.version == network.version and address in network:
                return client
        return None


def authenticate(view: PacketView, client: Client, *, now_s: float, window_s: float) -> None:
    """Raises Malformed or Unauthentic unless it is a request of this client's, made now.

    Authenticator and Message-Authenticator are those of an Accounting-Request (RFC 5176 §2.3, §3.4: both over a header
    with zeros). `now_s` is our clock in epoch seconds, `window_s` how far from it an Event-Timestamp may be (RFC 5176
    §6.3).
    """
    if view.code not in REQUESTS:
        raise Malformed(DropReason.BAD_CODE)
    if not radius_auth.accounting_authenticator_fits(view, client.secret):
        raise Unauthentic(DropReason.BAD_AUTHENTICATOR)
    if view.has(a.MESSAGE_AUTHENTICATOR):
        if not radius_auth.message_authenticator_fits(view, client.secret, radius_auth.ZEROS):
            raise Unauthentic(DropReason.BAD_MESSAGE_AUTHENTICATOR)
    elif client.require_message_authenticator:
        raise Unauthentic(DropReason.MISSING_MESSAGE_AUTHENTICATOR)
    stamp = view.integer(a.EVENT_TIMESTAMP)
    if stamp is None:
        if client.require_event_timestamp:
            raise Unauthentic(DropReason.MISSING_EVENT_TIMESTAMP)
    elif abs(stamp - now_s) > window_s:
        raise Unauthentic(DropReason.STALE_EVENT_TIMESTAMP)
