"""Kinds of values in the operator's file: durations, endpoints, networks, names, the store's URL."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Annotated

from pydantic import BeforeValidator, Field

from bngcorr.config.store_url import read_store_url

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(ms|s|m|h|d)")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Seconds(float):
    """A duration of ours; a bare number in the file has no unit and is refused."""


def _duration(value: object) -> object:
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return float(match[1]) * _UNIT_SECONDS[match[2]]
    if isinstance(value, Seconds):  # a default
        return float(value)
    raise ValueError('a duration with its unit, such as "300ms", "5s", "2m", "24h" or "7d"')


Duration = Annotated[float, BeforeValidator(_duration)]  # seconds, 0 or more
Span = Annotated[Duration, Field(gt=0)]  # seconds, more than 0

_ENDPOINT = re.compile(r"(?:\[([0-9A-Fa-f:.%]+)\]|([0-9.]+)):(\d{1,5})")


def read_endpoint(value: object) -> Endpoint:
    """Raises ValueError saying what was expected."""
    if isinstance(value, Endpoint):
        return value
    match = _ENDPOINT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('an address and port, such as "0.0.0.0:1812" or "[::]:1812"')
    host, port = match[1] or match[2], int(match[3])
    try:
        ip_address(host)
    except ValueError:
        raise ValueError(f"an IP address in front of the port; {host!r} is none") from None
    if port > 65535:
        raise ValueError("a port of 0 … 65535")
    return Endpoint(host, port)


class Endpoint(tuple[str, int]):
    """Address and UDP or TCP port."""

    __slots__ = ()

    def __new__(cls, host: str, port: int) -> Endpoint:
        return super().__new__(cls, (host, port))

    def __getnewargs__(self) -> tuple[str, int]:
        return self.host, self.port

    @property
    def host(self) -> str:
        """IPv4 or IPv6 address, without brackets."""
        return self[0]

    @property
    def port(self) -> int:
        """0 … 65535; 0 lets the system choose."""
        return self[1]

    def __str__(self) -> str:
        return f"[{self[0]}]:{self[1]}" if ":" in self[0] else f"{self[0]}:{self[1]}"


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def _name(value: object) -> object:
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    raise ValueError("a name of 1 … 64 letters, digits, dots, dashes and underscores, letter or digit first")


Name = Annotated[str, BeforeValidator(_name)]
EndpointField = Annotated[Endpoint, BeforeValidator(read_endpoint)]


def networks_field(value: object) -> object:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError('an address, a network, or a list of them, such as ["192.0.2.1", "2001:db8::/48"]')
    networks = []
    for item in value:
        if not isinstance(item, str):
            raise ValueError("addresses or networks, each as text")  # noqa: TRY004 - pydantic wants a ValueError
        try:
            networks.append(ip_network(item, strict=True))
        except ValueError as error:
            raise ValueError(f"addresses or networks; {error}") from None
    return tuple(networks)


def store_url(value: object) -> object:
    if value == "embedded":
        return value
    if not isinstance(value, str):
        raise ValueError('"embedded", or a URL such as "redis://127.0.0.1:6379/0"')  # noqa: TRY004 - as above
    try:
        read_store_url(value)
    except ValueError as error:
        raise ValueError(f'"embedded", or {error}') from None
    return value


def switched(value: object) -> object:
    """`on` and `off` in place of a section."""
    return {"enabled": value} if isinstance(value, bool) else value


def interface_id(value: object) -> object:
    if value is None:
        return None
    try:
        low = isinstance(value, str) and int(IPv6Address(value)) < 1 << 64
    except ValueError:
        low = False
    if not low:
        raise ValueError('the lower 64 bits of an address, such as "::1"')
    return value
