"""Commands, their octets, and the key that tells where each belongs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from bngcorr.store import row_core

Argument = str | bytes | int | float
Command = tuple[Argument, ...]
Packed = bytes  # the octets of one command, as `pack` makes them: for the only server that there is
Sent = Command | Packed
Reply = Any  # what redis-py parsed, or an error in its place; turned into values on the line after it is read

pack: Final[Callable[[Command], bytes]] = row_core.command


def packed(commands: Sequence[Sent]) -> bytes:
    """The octets of all of them."""
    return b"".join([one if isinstance(one, bytes) else pack(one) for one in commands])


_KEYLESS: Final = frozenset({
    "ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DBSIZE", "DEBUG", "ECHO", "FLUSHALL", "FLUSHDB", "FUNCTION",
    "HELLO", "INFO", "KEYS", "LASTSAVE", "LATENCY", "PING", "PUBLISH", "RANDOMKEY", "ROLE", "SCAN", "SCRIPT",
    "SENTINEL", "SLOWLOG", "TIME", "WAIT",
})  # fmt: skip
_AFTER_A_WORD: Final = frozenset({"MEMORY", "OBJECT", "XGROUP", "XINFO"})
_SCRIPTS: Final = frozenset({"EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"})


def key_of(command: Command) -> bytes | None:
    """The first key of a command, which decides its slot; None if it has none and any node may answer."""
    name = command[0].upper() if isinstance(command[0], str) else command[0]
    if name in _SCRIPTS:
        at = 3 if int(command[2]) > 0 else len(command)
    elif name in _KEYLESS:
        return None
    else:
        at = 2 if name in _AFTER_A_WORD else 1
    if at >= len(command):
        return None
    key = command[at]
    return key if isinstance(key, bytes) else str(key).encode()
