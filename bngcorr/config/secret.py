"""The operator's file, on shared secrets: in the file itself, in a file of their own, or in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretBytes, model_validator

from bngcorr.config.section import Section

SECRET_KEYS = ("secret", "secret_file", "secret_env")


def read_secret(given: Mapping[str, object]) -> bytes:
    """The octets of a shared secret from one of `SECRET_KEYS`. Raises ValueError saying what was expected."""
    present = [name for name in SECRET_KEYS if given.get(name) is not None]
    if len(present) != 1:
        raise ValueError("exactly one of secret, secret_file and secret_env")
    value = given[present[0]]
    match present[0]:
        case "secret":
            octets = value if isinstance(value, bytes) else str(value).encode()
        case "secret_file":
            try:
                octets = Path(str(value)).read_bytes().split(b"\n", 1)[0].rstrip(b"\r")
            except OSError as error:
                raise ValueError(f"a file that can be read ({error.strerror})") from None
        case _:
            octets = os.environb.get(str(value).encode(), b"")
            if not octets:
                raise ValueError("an environment variable that is set and not empty")
    if not octets:
        raise ValueError("a secret of at least one octet (RFC 2865 §3)")
    return octets


class WithSecret(Section):
    """A section that holds one shared secret."""

    secret: SecretBytes | None = None
    """The shared secret itself. One of secret, secret_file and secret_env is needed."""
    secret_file: Path | None = None
    """A file whose first line is the shared secret."""
    secret_env: str | None = None
    """An environment variable that holds the shared secret."""

    @model_validator(mode="after")
    def _one_secret(self) -> WithSecret:
        given = {name: getattr(self, name) for name in SECRET_KEYS}
        inline = given["secret"].get_secret_value() if given["secret"] is not None else None
        object.__setattr__(self, "_shared_secret", read_secret({**given, "secret": inline}))
        return self

    @property
    def shared_secret(self) -> bytes:
        """The octets, wherever they came from. Never log them."""
        octets: bytes = object.__getattribute__(self, "_shared_secret")
        return octets
