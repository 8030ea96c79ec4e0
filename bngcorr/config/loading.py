"""From the file to a checked `Config`, or to all its faults at once."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from bngcorr.config.control import Control
from bngcorr.config.faults import contradictions, key_path, keys_of, shown
from bngcorr.config.secret import SECRET_KEYS
from bngcorr.config.settings import Config, Store
from bngcorr.errors import ConfigError, ConfigFault
from bngcorr.profiles.catalogue import ProfileData, overridden, packaged

if TYPE_CHECKING or not yaml.__with_libyaml__:
    from yaml import SafeLoader
else:
    from yaml import CSafeLoader as SafeLoader  # ten times as fast: a reload must not keep requests waiting


_FILE_KEYS = ("secret_file", "url_file")


def parse(data: object) -> Config:
    """Config from the YAML file's data. Raises ConfigError with every fault."""
    if not isinstance(data, dict):
        raise ConfigError((ConfigFault(key="(file)", got=type(data).__name__, expected="a mapping of settings"),))
    data = {key: {} if value is None else value for key, value in data.items()}  # a section with every key commented
    faults = contradictions(data)
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            where = item["loc"][:-1] if item["loc"][-1:] == ("[key]",) else item["loc"]  # a key that can't be one
            path = key_path(where)
            if any(known.key in [f"{path}.{name}" for name in SECRET_KEYS] for known in faults):
                continue  # told already, with the key
            if item["type"] == "too_short" and item["input"]:
                continue  # every entry has a fault of its own, told beside this one
            if item["type"] == "missing":
                faults.append(ConfigFault(key=path, got="nothing", expected="a value: this key is needed"))
            elif item["type"] == "extra_forbidden":
                parent = key_path(item["loc"][:-1])
                faults.append(ConfigFault(key=path, got="an unknown key", expected=keys_of(item["loc"][:-1], parent)))
            else:
                expected = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
                faults.append(ConfigFault(key=path, got=shown(item["input"], path), expected=expected))
        raise ConfigError(tuple(faults)) from None
    if faults:
        raise ConfigError(tuple(faults))
    return config


def profiles_of(config: Config) -> dict[str, ProfileData]:
    """All profiles by name, the operator's own included."""
    known = packaged()
    for name, changes in config.profiles.items():
        known[name] = overridden(known, name, changes)
    return known


class _TwiceError(yaml.constructor.ConstructorError):
    """A key stands twice."""


class _Loader(SafeLoader):
    """YAML in which a key that stands twice is a fault: the first one would silently be lost."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """As the parser has it; a date that no calendar has, or a number beyond all bounds, has its place told, too."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, RecursionError):  # whatever it meets in int(), date() …
            raise yaml.constructor.ConstructorError(None, None, "no value of its kind", node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node)
            if not isinstance(key, Hashable):
                continue  # refused below
            if key in seen:
                raise _TwiceError(None, None, f"key {key!r} stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A sound file."""

    config: Config
    digest: str  # the first 12 hexadecimal digits of its SHA-256, as `sha256sum` tells it


def load(path: Path) -> Config:
    """Config from a YAML file. Raises ConfigError, also for a file that is absent or no YAML."""
    return load_with_digest(path).config


def load_with_digest(path: Path) -> Loaded:
    """The same, and what tells the file from others."""
    octets, data = _read(path)
    return Loaded(parse(data), hashlib.sha256(octets).hexdigest()[:12])


def control_of(path: Path) -> tuple[Control, Path]:
    """`control` and `store.data_dir` of a file, whatever else is wrong with it: what it says has faults here may have
    none where the process runs, whose environment and folder are others. Where they are faulty, too: the defaults.
    """
    try:
        data = _read(path)[1]
    except ConfigError:
        data = None
    sections = data if isinstance(data, dict) else {}
    try:
        control = Control.model_validate(sections.get("control") or {})
    except ValidationError:
        control = Control()
    store = sections.get("store")
    folder = store.get("data_dir") if isinstance(store, dict) else None
    return control, Path(folder) if isinstance(folder, str) else Store().data_dir


def files_named(octets: bytes) -> list[Path]:
    """The files that the configuration reads besides itself (secret_file, url_file); none of a text that is no YAML."""
    try:
        data = yaml.load(octets, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError):
        return []
    found: list[Path] = []
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
            found.extend(Path(value[key]) for key in _FILE_KEYS if isinstance(value.get(key), str))
    return sorted(set(found))


def _read(path: Path) -> tuple[bytes, Any]:
    """Octets of a YAML file, and what they say. Raises ConfigError."""
    try:
        octets = path.read_bytes()
        text = octets.decode()
    except OSError as error:
        fault = ConfigFault(key=str(path), got=error.strerror or "an error", expected="a readable file")
        raise ConfigError((fault,)) from None
    except UnicodeDecodeError:
        raise ConfigError((ConfigFault(key=str(path), got="octets", expected="UTF-8 text"),)) from None
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        place = f"line {where.line + 1}, column {where.column + 1}" if where else "the file"
        twice = isinstance(error, _TwiceError)
        got = f"{'a key that stands twice' if twice else 'no YAML'} at {place}"  # the parser's words may quote a secret
        expected = "each key once" if twice else "valid YAML; put values that start with ! * & @ % in quotes"
        raise ConfigError((ConfigFault(key=str(path), got=got, expected=expected),)) from None
    return octets, data
