"""A bounded memory for detectors. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOST: Final = 65_536


class Recent(Generic[K, V]):
    """A dict that forgets what was not touched for longest, beyond `most` entries; `forgot` counts."""

    def __init__(self, most: int = MOST) -> None:
        self._entries: Final[OrderedDict[K, V]] = OrderedDict()
        self._most: Final = most
        self.forgot = 0

    def get(self, key: K) -> V | None:
        """What is known, and it is touched."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Remember."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)
            self.forgot += 1

    def pop(self, key: K) -> V | None:
        """Forget one."""
        return self._entries.pop(key, None)

    def items(self) -> Iterator[tuple[K, V]]:
        """A snapshot, the longest untouched first."""
        return iter(list(self._entries.items()))

    def __contains__(self, key: K) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)
