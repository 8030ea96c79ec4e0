"""The operator's file, on the API and the pages: where they are, over what, and who may see and do what."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field

from bngcorr.config.fields import Endpoint, EndpointField, Name, Seconds, Span, read_endpoint
from bngcorr.config.section import Section

_HASH: Final = re.compile(r"sha256:[0-9a-f]{64}")


class Scope(StrEnum):
    """What a caller of the API may do."""

    READ = "read"  # see everything
    ACT = "act"  # change something: end a session, drain an upstream, start a trace
    MASKED = "masked"  # see everything but who is who; stronger than read


def _hash(value: object) -> object:
    if isinstance(value, str) and _HASH.fullmatch(value):
        return value
    raise ValueError("sha256: and 64 hexadecimal digits, as `bngcorr token new` prints it")


def _commented(value: object) -> object:
    """A section in which every key is a comment."""
    return {} if value is None else value


def _some(value: frozenset[Scope]) -> frozenset[Scope]:
    if not value:
        raise ValueError(f"at least one of {', '.join(Scope)}")
    return value


class Tls(Section):
    """HTTPS. Both files are taken anew when they change."""

    certificate: Path | None = None
    """PEM file: the certificate, and behind it those that lead up to the root. None: HTTP."""
    key: Path | None = None
    """PEM file: its private key, without a passphrase, for the user of the process only. Needed with `certificate`."""


class Token(Section):
    """Who may call."""

    name: Name
    """Who it is, in audit records and logs."""
    hash: Annotated[str, BeforeValidator(_hash)] = Field(repr=False)
    """What the token is known by: sha256:… as `bngcorr token new` prints it. The token itself is kept nowhere."""
    scopes: Annotated[frozenset[Scope], AfterValidator(_some)] = frozenset({Scope.READ})
    """read: see everything. masked: the same without personal data. act: end sessions, drain servers, start traces."""


class Rate(Section):
    """How often one caller, or one address, may ask."""

    per_second: float = Field(default=50.0, gt=0, le=100_000)
    """Requests a second in the long run."""
    burst: int = Field(default=200, ge=1, le=1_000_000)
    """Requests at once."""


class Web(Section):
    """HTTP of `bngcorr web`: the API and the pages."""

    listen: EndpointField = Endpoint("127.0.0.1", 8080)
    """TCP address. Anywhere but on loopback it needs `tokens`."""
    tls: Annotated[Tls, BeforeValidator(_commented)] = Tls()
    """HTTPS."""
    behind_proxy: bool = False
    """A proxy in front ends TLS, and nobody else reaches `listen`: it is believed who X-Forwarded-For says that asks,
    and cookies go over HTTPS only."""
    tokens: tuple[Token, ...] = ()
    """Who may call. Empty: everybody on this machine may read, nobody may act."""
    rate: Annotated[Rate, BeforeValidator(_commented)] = Rate()
    """How often one caller, or one address, may ask."""
    session_lifetime: Annotated[Span, Field(ge=60, le=30 * 86_400)] = Seconds(43_200.0)
    """How long a login holds, "1m" to "30d"."""

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return _is_loopback(self.listen.host)

    @property
    def in_the_clear(self) -> bool:
        """Whether tokens and customers' data go over a network unencrypted, as far as the file tells."""
        return self.tls.certificate is None and not self.behind_proxy and not self.on_loopback


def _is_loopback(host: str) -> bool:
    return ip_address(host.partition("%")[0]).is_loopback


def check_web(section: dict[str, object], fault: Callable[[str, str, str], None]) -> None:
    """Faults between the keys of `web:`, in the raw data. `fault` takes key, value and what was expected."""
    tls = section.get("tls")
    if isinstance(tls, dict):
        for key, other in (("certificate", "key"), ("key", "certificate")):
            if tls.get(key) is None and tls.get(other) is not None:
                fault(f"web.tls.{key}", "nothing", f"a file, for web.tls.{other} names one")
    tokens = section.get("tokens") or []
    known: dict[tuple[str, str], str] = {}
    for index, token in enumerate(tokens if isinstance(tokens, list) else []):
        for key in ("name", "hash") if isinstance(token, dict) else ():
            value = token.get(key)
            if not isinstance(value, str):
                continue  # told as a fault of the key itself
            other = known.setdefault((key, value), f"web.tokens[{index}]")
            if other != f"web.tokens[{index}]":
                got = repr(value) if key == "name" else "a value that is not shown, for it may hold a secret"
                fault(f"web.tokens[{index}].{key}", got, f"a {key} that {other} does not have already")
    if tokens:
        return
    if section.get("behind_proxy") is True:
        fault("web.tokens", "nothing", "a token (bngcorr token new), for a proxy lets in whoever reaches it")
    listen = section.get("listen")
    try:
        endpoint = read_endpoint(listen) if listen is not None else None
    except ValueError:
        return  # told as a fault of the key itself
    if endpoint is not None and not _is_loopback(endpoint.host):
        expected = f"a token (bngcorr token new), for web.listen {endpoint} can be reached from elsewhere"
        fault("web.tokens", "nothing", expected)
