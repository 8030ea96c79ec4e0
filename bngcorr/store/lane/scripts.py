"""Our Lua, as the server is sent it: what all scripts share stands in front of each of them."""

from __future__ import annotations

from hashlib import sha1
from importlib import resources
from typing import Final

_BEFORE: Final = {  # what stands in front of a script; of others the prelude alone
    "write": ("prelude", "ring", "batch", "sight", "session"),
    "timeline": ("prelude", "ring"),
    "claim": (),
}
_PRELUDE: Final = ("prelude",)


def _texts() -> dict[str, bytes]:
    folder = resources.files("bngcorr.store").joinpath("scripts")
    files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".lua"))
    texts = {name.removesuffix(".lua"): folder.joinpath(name).read_bytes() for name in files}
    parts = {*_PRELUDE, *(part for before in _BEFORE.values() for part in before)}
    return {
        name: b"".join(texts[part] for part in (*_BEFORE.get(name, _PRELUDE), name))
        for name in texts
        if name not in parts
    }


TEXTS: Final = _texts()  # by name
DIGESTS: Final = {name: sha1(text).hexdigest() for name, text in TEXTS.items()}  # by which EVALSHA calls them
NAMES: Final = {digest: name for name, digest in DIGESTS.items()}
LOADS: Final = tuple(("SCRIPT", "LOAD", text) for text in TEXTS.values())  # commands that make them known to a server
SCRIPTS: Final = tuple(TEXTS)
