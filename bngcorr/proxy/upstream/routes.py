"""Which pool of AAA servers a request goes to: the first route that fits it, else the pool of its kind. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from bngcorr.wire.radius import PacketView

if TYPE_CHECKING:
    from bngcorr.proxy.upstream.pool import Pool

T = TypeVar("T")


class Route:
    """What is asked of a request; all that is asked for has to hold."""

    __slots__ = ("bngs", "equals", "key", "matches")

    def __init__(
        self,
        *,
        bngs: frozenset[str] | None = None,
        key: int | None = None,
        equals: bytes | None = None,
        matches: re.Pattern[bytes] | None = None,
    ) -> None:
        """`bngs`: names; None: any. `key` of an attribute (see wire.attributes): one of that key has to be `equals`, or
        to have `matches` found in it; with neither it has to be there.
        """
        self.bngs: Final = bngs
        self.key: Final = key
        self.equals: Final = equals
        self.matches: Final = matches

    def holds(self, bng: str, view: PacketView) -> bool:
        """Whether it holds for a request of that BNG."""
        if self.bngs is not None and bng not in self.bngs:
            return False
        if self.key is None:
            return True
        if self.equals is None and self.matches is None:
            return view.has(self.key)
        for value in view.all(self.key):
            if value == self.equals or (self.matches is not None and self.matches.search(value) is not None):
                return True
        return False


class Way(Generic[T]):
    """The pools for one kind of request."""

    __slots__ = ("_default", "_routes")

    def __init__(self, default: Pool[T], routes: Sequence[tuple[Route, Pool[T]]] = ()) -> None:
        self._default: Final = default
        self._routes: Final = tuple(routes)

    def pool(self, bng: str, view: PacketView) -> Pool[T]:
        """The pool of a request of that BNG."""
        for route, pool in self._routes:
            if route.holds(bng, view):
                return pool
        return self._default

    @property
    def routed(self) -> bool:
        """Whether it depends on the request."""
        return bool(self._routes)

    @property
    def default(self) -> Pool[T]:
        """Where requests go that fit no route."""
        return self._default
