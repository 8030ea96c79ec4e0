"""Templates for what is written into a request: text with fields in braces. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac, format_mac

_OF_ATTACHMENT: Final = ("port", "outer", "inner")
_FIELD: Final = re.compile(r"\{([^{}]*)\}")


def fill(template: str, ids: LineIds, mac: Mac | None, attachment: Attachment | None, bng: str) -> bytes | None:
    """The octets, or None if a field has no value: half an identity is none. Ids go in as the octets they are.

    Raises KeyError for a field that there is not.
    """
    out = b""
    for text, field in _parts(template):
        if text:
            out += text
        if field:
            value = _value(field, ids, mac, attachment, bng)
            if value is None:
                return None
            out = out + value if out else value
    return out


def _taken_apart(template: str) -> tuple[tuple[bytes, str], ...]:
    """Each text with the field behind it; of the last, without one."""
    words = [*_FIELD.split(template), ""]  # text, field, text, field, …, text
    return tuple((text.encode(), field) for text, field in zip(words[::2], words[1::2], strict=True))


# of the profiles and of the configuration; bound once: compiled code looks a decorated function up at every call
_parts: Final[Callable[[str], tuple[tuple[bytes, str], ...]]] = lru_cache(maxsize=1024)(_taken_apart)


def _value(field: str, ids: LineIds, mac: Mac | None, attachment: Attachment | None, bng: str) -> bytes | None:
    if field == "remote_id":
        return ids.remote_id
    if field == "circuit_id":
        return ids.circuit_id
    if field == "remote_id.hex":
        return None if ids.remote_id is None else ids.remote_id.hex().encode()
    if field == "circuit_id.hex":
        return None if ids.circuit_id is None else ids.circuit_id.hex().encode()
    if field == "mac":
        return None if mac is None else format_mac(mac).encode()
    if field == "bng":
        return bng.encode()
    if field not in _OF_ATTACHMENT:
        raise KeyError(field)
    if attachment is None:
        return None
    if field == "port":
        return attachment.port.encode()
    tag = attachment.outer if field == "outer" else attachment.inner
    return None if tag is None else str(tag).encode()
