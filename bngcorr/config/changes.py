"""What a running process takes from a new file, and what has to wait for a restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bngcorr.config.section import Section
from bngcorr.config.settings import Config
from bngcorr.errors import ConfigError, ConfigFault

FIXED: Final = (
    "listen.auth", "listen.acct", "listen.receive_buffer", "listen.reuse_port", "health", "web", "control", "store",
    "findings", "spool", "history", "dynauth.listen", "dynauth.source_address", "tap", "log",
)  # fmt: skip
"""Sections, and keys of sections, that hold until the process ends: what is open, and what others rely on."""


WEB_TAKES: Final = ("tokens", "rate", "session_lifetime")
"""Keys of `web:` that `bngcorr web` takes while it runs; all else that concerns it holds until the process ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """From one configuration to the next."""

    effective: Config  # what holds from now on: the new one, with all that is fixed as it was
    taken: tuple[str, ...]  # what changed: keys, and BNGs by their names: "upstream.auth", "bngs.edge"
    needs_restart: tuple[str, ...]  # keys whose new value does not hold


def changes(running: Config, new: Config) -> Changes:
    """Of the file read now, `new`, against what holds. Raises ConfigError where the two can't be had together."""
    held = _with_fixed(running, new)
    for kind in ("auth", "acct"):
        if getattr(running.listen, kind) and getattr(new.upstream, kind) is None:
            expected = f"the AAA server for what arrives at listen.{kind}, which is listened to until a restart"
            raise ConfigError((ConfigFault(key=f"upstream.{kind}", got="nothing", expected=expected),))
    return Changes(
        effective=held,
        taken=tuple(_differing(running, held)),
        # `web` is another process's, which takes it by itself
        needs_restart=tuple(key for key in _differing(held, new) if not key.startswith(("bngs.", "web."))),
    )


def web_changes(running: Config, new: Config) -> Changes:
    """The same for `bngcorr web`."""
    taken = running.web.model_copy(update={key: getattr(new.web, key) for key in WEB_TAKES})
    held = running.model_copy(update={"web": taken})
    return Changes(effective=held, taken=tuple(_differing(running, held)), needs_restart=tuple(_differing(held, new)))


def _with_fixed(running: Config, new: Config) -> Config:
    kept: dict[str, object] = {}
    for name in Config.model_fields:
        old = getattr(running, name)
        keys = [key.partition(".")[2] for key in FIXED if key.split(".")[0] == name]
        if keys == [""]:
            kept[name] = old
        elif keys:
            kept[name] = getattr(new, name).model_copy(update={key: getattr(old, key) for key in keys})
    return new.model_copy(update=kept)


def _differing(one: Config, other: Config) -> list[str]:
    """Keys of the first two levels, in the order of the models; of `bngs` the names."""
    found: list[str] = []
    for name in Config.model_fields:
        left, right = getattr(one, name), getattr(other, name)
        if _same(left, right):
            continue
        if name == "bngs":
            found.extend(f"bngs.{bng}" for bng in _bngs_differing(one, other))
        elif isinstance(left, Section):
            keys = type(left).model_fields
            found.extend(f"{name}.{key}" for key in keys if not _same(getattr(left, key), getattr(right, key)))
        else:
            found.append(name)
    return found


def _bngs_differing(one: Config, other: Config) -> list[str]:
    """Names of those that are new, gone or changed; of all if only their order is another."""
    left, right = ({bng.name: bng for bng in config.bngs} for config in (one, other))
    names = [name for name in {**left, **right} if not _same(left.get(name), right.get(name))]
    return names or list(right)


def _same(one: object, other: object) -> bool:
    """With the octets of secrets, which may be others although the keys that say where they are have not changed."""
    if isinstance(one, Section) and isinstance(other, Section):
        left, right = vars(one), vars(other)
        return left.keys() == right.keys() and all(_same(value, right[key]) for key, value in left.items())
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    return one == other
