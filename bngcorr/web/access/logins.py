"""Who is logged in at the pages. Pure: instants and random texts come from outside."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

MOST: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A login: of which token, until when, and the text that its forms have to bring."""

    token_hash: str
    csrf: str = field(repr=False)
    until: float


class Logins:
    """At most `MOST`; a further one ends the oldest. They end with the process."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._logins: OrderedDict[bytes, Login] = OrderedDict()  # by the cookie's hash: a look-up tells nothing of it

    def __len__(self) -> int:
        return len(self._logins)

    def begin(self, cookie: str, login: Login) -> None:
        """`cookie`: a random text that nobody else knows."""
        self._logins[_name(cookie)] = login
        if len(self._logins) > self._most:
            self._logins.popitem(last=False)

    def find(self, cookie: str, now: float) -> Login | None:
        """The login of a cookie, unless it is over."""
        login = self._logins.get(_name(cookie))
        if login is not None and login.until <= now:
            self.end(cookie)
            return None
        return login

    def end(self, cookie: str) -> None:
        """There need not be one."""
        self._logins.pop(_name(cookie), None)


def _name(cookie: str) -> bytes:
    return sha256(cookie.encode("utf-8", "surrogateescape")).digest()
