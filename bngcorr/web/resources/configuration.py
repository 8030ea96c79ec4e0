"""The configuration in force."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel, SecretBytes, SecretStr

from bngcorr.config import Config
from bngcorr.web.models.config import ConfigShown

HIDDEN: Final = "(not shown)"
_LOGIN: Final = re.compile(r"//[^@/]*@")  # of a URL: user and password
_SECRET_OPTION: Final = re.compile(r"([?&][^=&]*(?:password|username)=)[^&]*")


class Configuration:
    """What this process runs by."""

    def __init__(self, config: Config, digest: str) -> None:
        """`digest`: hash of the file."""
        self._shown = ConfigShown(hash=digest, config=_plain_fields(config))

    async def shown(self) -> ConfigShown:
        """With all defaults, without secrets."""
        return self._shown


def _plain_fields(section: BaseModel) -> dict[str, Any]:
    shown = {}
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, str) and name == "url":
            shown[name] = _SECRET_OPTION.sub(rf"\1{HIDDEN}", _LOGIN.sub(f"//{HIDDEN}@", value))
        elif value is not None and (field.repr is False or isinstance(value, SecretBytes | SecretStr)):
            shown[name] = HIDDEN
        else:
            shown[name] = _plain(value)
    return shown


def _plain(value: object) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case BaseModel():
            return _plain_fields(value)
        case SecretBytes() | SecretStr() | bytes():
            return HIDDEN
        case Enum():
            return value.value
        case Mapping():
            return {str(name): _plain(inner) for name, inner in value.items()}
        case set() | frozenset():
            return sorted((_plain(one) for one in value), key=str)
        case list():
            return [_plain(one) for one in value]
        case tuple() if type(value) is tuple:
            return [_plain(one) for one in value]
    return str(value)  # endpoints, networks, paths
