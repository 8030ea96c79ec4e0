"""One AAA server as the operator wants it."""

from __future__ import annotations


class Settings:
    """What the operator says of one server."""

    __slots__ = ("address", "name", "pool", "require_message_authenticator", "secret", "sockets", "source", "timeout_s",
                 "weight")  # fmt: skip

    def __init__(
        self,
        *,
        pool: str,
        name: str,
        address: tuple[str, int],
        secret: bytes,
        source: str | None = None,
        timeout_s: float = 5.0,
        sockets: int = 64,
        weight: int = 1,
        require_message_authenticator: bool = False,
    ) -> None:
        """`source`: address to send from; None: the system's choice. `sockets`: most, each with 256 identifiers."""
        self.pool = pool
        self.name = name
        self.address = address
        self.secret = secret
        self.source = source
        self.timeout_s = timeout_s
        self.sockets = sockets
        self.weight = weight
        self.require_message_authenticator = require_message_authenticator

    @property
    def identity(self) -> tuple[str, str, tuple[str, int], str | None]:
        """What makes it the same server after a change of its other settings."""
        return self.pool, self.name, self.address, self.source

    @property
    def shown_address(self) -> str:
        """With its port, as people write it."""
        host, port = self.address
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def __repr__(self) -> str:
        return f"Settings({self.pool!r}, {self.name!r}, {self.shown_address!r})"
