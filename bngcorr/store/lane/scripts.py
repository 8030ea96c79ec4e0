"""Our Lua, as the server is sent it: what all scripts share stands in front of each of them."""

from __future__ import annotations

from hashlib import sha1
from importlib import resources
from typing import Final

_PRELUDE: Final = "prelude"
_PARTS: Final = {"write": ("batch", "sight", "session")}  # what stands between the prelude and a script


def _texts() -> dict[str, bytes]:
    folder = resources.files("bngcorr.store").joinpath("scripts")
    files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".lua"))
    texts = {name.removesuffix(".lua"): folder.joinpath(name).read_bytes() for name in files}
    prelude = texts.pop(_PRELUDE, b"")
    parts = {name: texts.pop(name) for of in _PARTS.values() for name in of}
    between = {name: b"".join(parts[part] for part in of) for name, of in _PARTS.items()}
    return {name: prelude + between.get(name, b"") + text for name, text in texts.items()}


TEXTS: Final = _texts()  # by name
DIGESTS: Final = {name: sha1(text).hexdigest() for name, text in TEXTS.items()}  # by which EVALSHA calls them
LOADS: Final = tuple(("SCRIPT", "LOAD", text) for text in TEXTS.values())  # commands that make them known to a server
SCRIPTS: Final = tuple(TEXTS)
