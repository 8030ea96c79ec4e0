"""Tokens and what they are known by. Pure.

A token is 32 random octets. Its SHA-256 stands in the configuration, without salt and without the slowness that
passwords need: nobody guesses 256 random bits, however fast a hash is computed, and a slow one would let anybody keep
the process busy by sending wrong tokens. For this to hold, only what has a token's form is ever compared: whoever puts
the hash of a word of his own into the configuration can't get in with it.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from bngcorr.config.web import Token

OCTETS: Final = 32
PREFIX: Final = "bngcorr_"  # by which scanners find one that was published
_FORM: Final = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")


def new_token(octets: bytes) -> str:
    """The token of 32 random octets. Raises ValueError for any other number of them."""
    if len(octets) != OCTETS:
        raise ValueError(f"{OCTETS} octets")
    return PREFIX + urlsafe_b64encode(octets).rstrip(b"=").decode()


def hash_of(token: str) -> str:
    """What stands in the configuration."""
    return "sha256:" + sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class Tokens:
    """Those of the configuration."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens = tuple(tokens)
        self._by_hash = {token.hash: token for token in self._tokens}

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def find(self, presented: str) -> Token | None:
        """Whose it is. It takes as long for a wrong one as for a right one."""
        if _FORM.fullmatch(presented) is None:
            return None
        computed, found = hash_of(presented), None
        for token in self._tokens:
            if compare_digest(token.hash, computed):
                found = token
        return found

    def with_hash(self, known: str) -> Token | None:
        """The one of a login, if it still holds."""
        return self._by_hash.get(known)
