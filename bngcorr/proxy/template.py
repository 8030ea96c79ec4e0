"""Templates for what is written into a request: text with fields in braces. Pure."""

from __future__ import annotations

import re
from typing import Final

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac, format_mac

_FIELD: Final = re.compile(r"\{([^{}]*)\}")


def fill(template: str, ids: LineIds, mac: Mac | None, attachment: Attachment | None, bng: str) -> bytes | None:
    """The octets, or None if a field has no value: half an identity is none. Ids go in as the octets they are."""
    values: dict[str, bytes | None] = {
        "remote_id": ids.remote_id,
        "circuit_id": ids.circuit_id,
        "remote_id.hex": None if ids.remote_id is None else ids.remote_id.hex().encode(),
        "circuit_id.hex": None if ids.circuit_id is None else ids.circuit_id.hex().encode(),
        "mac": None if mac is None else format_mac(mac).encode(),
        "port": None if attachment is None else attachment.port.encode(),
        "outer": _tag(attachment.outer if attachment is not None else None),
        "inner": _tag(attachment.inner if attachment is not None else None),
        "bng": bng.encode(),
    }
    parts = _FIELD.split(template)  # text, field, text, field, …, text
    out = []
    for index, part in enumerate(parts):
        if index % 2 == 0:
            out.append(part.encode())
            continue
        value = values[part]
        if value is None:
            return None
        out.append(value)
    return b"".join(out)


def _tag(tag: int | None) -> bytes | None:
    return None if tag is None else str(tag).encode()
