"""The operator's file, on CoA and Disconnect (RFC 5176): who may send them, and where BNGs take them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretBytes, model_validator

from bngcorr.config.fields import Duration, EndpointField, Name, Seconds, Span, networks_field
from bngcorr.config.secret import SECRET_KEYS, WithSecret, read_secret
from bngcorr.config.section import Section


def _remedy(value: object) -> object:
    """YAML reads a bare `off` as false."""
    return "off" if value is False else value


RemedyKind = Annotated[Literal["off", "disconnect"], BeforeValidator(_remedy)]


class DynauthClient(WithSecret):
    """One AAA server that may send CoA and Disconnect, or several alike behind one network."""

    name: Name
    """Name in logs and metrics."""
    address: Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(networks_field)]
    """Source addresses or networks of its requests. The longest match wins."""
    require_message_authenticator: bool = False
    """Drop its requests that lack a Message-Authenticator."""
    require_event_timestamp: bool = False
    """Drop its requests that lack an Event-Timestamp: one that was recorded could be sent again at any time."""


class Remedy(Section):
    """What is done about a finding without asking anybody."""

    v6_lost: RemedyKind = "off"
    """disconnect: end the IPv4 sessions of a line whose prefix leads nowhere, so that the CPE asks for both anew."""
    per_minute: int = Field(default=2, ge=1, le=600)
    """Lines disconnected at most in a minute at one BNG; the others are left to people."""
    once_in: Span = Seconds(3_600.0)
    """A line is not disconnected again within this time."""


class Dynauth(Section):
    """CoA and Disconnect from AAA to the BNGs, and of our own."""

    listen: tuple[EndpointField, ...] = ()
    """UDP addresses for CoA-Requests and Disconnect-Requests, by custom on port 3799. Empty: none are taken."""
    clients: tuple[DynauthClient, ...] = ()
    """The AAA servers that may send them; needed with `listen`."""
    source_address: tuple[IPv4Address | IPv6Address, ...] = ()
    """What we send to the BNGs from, one for each IP version at most. Empty: the system chooses."""
    timeout: Span = Seconds(5.0)
    """How long a request of AAA's waits for the BNG's answer."""
    replay_window: Annotated[Duration, Field(ge=1, le=86_400)] = Seconds(300.0)
    """A request whose Event-Timestamp is further than this from our clock is dropped (RFC 5176 §6.3), "1s" to "1d"."""
    remedy: Remedy = Remedy()
    """What is done about a finding without asking anybody."""

    @model_validator(mode="after")
    def _whole(self) -> Dynauth:
        if self.listen and not self.clients:
            raise ValueError("dynauth.clients, for what arrives at dynauth.listen")
        names = [client.name for client in self.clients]
        if len(set(names)) < len(names):
            raise ValueError("a name under dynauth.clients that no other client has")
        networks = [network for client in self.clients for network in client.address]
        if len(set(networks)) < len(networks):
            raise ValueError("addresses under dynauth.clients that no other client has")
        versions = [address.version for address in self.source_address]
        if len(set(versions)) < len(versions):
            raise ValueError("one source_address for each IP version")
        return self


class BngDynauth(Section):
    """Where a BNG takes CoA and Disconnect."""

    address: IPv4Address | IPv6Address | None = None
    """Where they are sent to. None: where its requests come from; needed behind another proxy or SNAT."""
    port: int = Field(default=3799, ge=1, le=65_535)
    """UDP port."""
    secret: SecretBytes | None = None
    """The shared secret for them; also as secret_file or secret_env. None of the three: the BNG's own."""
    secret_file: Path | None = None
    """A file whose first line is that secret."""
    secret_env: str | None = None
    """An environment variable that holds that secret."""
    remedy: RemedyKind | None = None
    """off or disconnect, here, for dynauth.remedy.v6_lost. None: as it says there."""

    @model_validator(mode="after")
    def _at_most_one_secret(self) -> BngDynauth:
        given = {name: getattr(self, name) for name in SECRET_KEYS}
        inline = given["secret"].get_secret_value() if given["secret"] is not None else None
        none = all(value is None for value in given.values())
        octets = None if none else read_secret({**given, "secret": inline})
        object.__setattr__(self, "_shared_secret", octets)
        return self

    @property
    def shared_secret(self) -> bytes | None:
        """The octets, wherever they came from; None: the BNG's own. Never log them."""
        octets: bytes | None = object.__getattribute__(self, "_shared_secret")
        return octets


__all__ = ["BngDynauth", "Dynauth", "DynauthClient", "Remedy"]
