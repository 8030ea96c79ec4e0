"""The RADIUS dictionaries, read through pyrad: names to keys, and which attributes are hidden.

The typed door to pyrad's parser; pyrad never sees octets from the network here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyrad.dictionary import Dictionary as PyradDictionary

from bngcorr.wire import attributes as a
from bngcorr.wire.hiding import Hidden
from bngcorr.wire.values import Named


class Dictionary:
    """Names and numbers of attributes. Look-ups raise KeyError for a name the files do not define."""

    def __init__(self, root: Path) -> None:
        """Read `root` and all it includes. Raises OSError or pyrad's ParseError."""
        self._pyrad: Any = PyradDictionary(str(root))
        self._keys: dict[str, int] = {}
        self.hidden: dict[int, Hidden] = {}  # but for User-Password, which stands in Access-Requests only
        self.named: dict[int, Named] = {}  # by key
        for name, attribute in self._pyrad.attributes.items():
            if attribute.is_sub_attribute:
                continue
            vendor = int(self._pyrad.vendors.GetForward(attribute.vendor)) if attribute.vendor else 0
            key = a.vendor_key(vendor, int(attribute.code)) if vendor else int(attribute.code)
            self._keys[str(name)] = key
            if attribute.encrypt and key != a.USER_PASSWORD:
                self.hidden[key] = Hidden(int(attribute.encrypt), bool(attribute.has_tag))
            self.named[key] = Named(
                key, str(name), str(attribute.type),
                {str(word): int.from_bytes(octets, "big") for word, octets in attribute.values.forward.items()},
                hidden=bool(attribute.encrypt), tagged=bool(attribute.has_tag),
            )  # fmt: skip

    def key(self, name: str) -> int:
        """Key of the attribute (see wire.attributes)."""
        return self._keys[name]

    def value(self, name: str, value: str) -> int:
        """Number of a named value, e.g. ``("Framed-Protocol", "PPP")`` → 1; a decimal number stands for itself."""
        if value.isdecimal():
            return int(value)
        values = self._pyrad.attributes[name].values
        if not values.HasForward(value):
            raise KeyError(f"{name} has no value named {value!r}")
        return int.from_bytes(values.GetForward(value), "big")
