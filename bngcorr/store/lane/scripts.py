"""Our Lua, as the server is sent it: what all scripts share stands in front of each of them."""

from __future__ import annotations

import re
from hashlib import sha1
from importlib import resources
from typing import Final

_PRELUDE: Final = ("prelude",)
_RECORDS: Final = ("prelude", "lines", "records")
# within a function of the last one's name: to make dozens of functions in every call takes as long as some lessons
_SELDOM: Final = ("batch", "records", "entries", "sight", "session", "seldom")
_BEFORE: Final = {  # what stands in front of a script; of others the prelude alone
    "write": ("prelude", "lines", "just_so", *_SELDOM),
    "upkeep": _RECORDS,
    "audit": _RECORDS,
    "forget": _RECORDS,
    "timeline": (*_PRELUDE, "entries"),
    "claim": (),
}
_CONSTANTS: Final = re.compile(r"^local ([A-Z][A-Z0-9_, ]*) = (\d[\d, ]*)(?= +--|$)", re.MULTILINE)
_WORDS: Final = re.compile(r"--.*|'[^'\n]*'|\w+")  # of Lua; comments and texts count for one


def _with_numbers(text: str) -> str:
    """A script with its constants written out: Lua 5.1 has none, and each function that uses such a local has to be
    given it in every call.
    """
    numbers: dict[str, str] = {}
    for names, values in _CONSTANTS.findall(text):
        for name, number in zip(names.split(", "), values.rstrip().split(", "), strict=True):
            if numbers.setdefault(name, number) != number:
                raise ValueError(f"{name} is {numbers[name]} and {number}")
    return _WORDS.sub(lambda word: numbers.get(word[0], word[0]), _CONSTANTS.sub("", text))


def _texts() -> dict[str, bytes]:
    folder = resources.files("bngcorr.store").joinpath("scripts")
    files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".lua"))
    texts = {name.removesuffix(".lua"): folder.joinpath(name).read_text("utf-8") for name in files}
    texts[_SELDOM[0]] = f"local function {_SELDOM[-1]}()\n{texts[_SELDOM[0]]}"
    texts[_SELDOM[-1]] += "end\n"
    parts = {*_PRELUDE, *(part for before in _BEFORE.values() for part in before)}
    return {
        name: _with_numbers("".join(texts[part] for part in (*_BEFORE.get(name, _PRELUDE), name))).encode()
        for name in texts
        if name not in parts
    }


TEXTS: Final = _texts()  # by name
DIGESTS: Final = {name: sha1(text).hexdigest() for name, text in TEXTS.items()}  # by which EVALSHA calls them
NAMES: Final = {digest: name for name, digest in DIGESTS.items()}
LOADS: Final = tuple(("SCRIPT", "LOAD", text) for text in TEXTS.values())  # commands that make them known to a server
SCRIPTS: Final = tuple(TEXTS)
