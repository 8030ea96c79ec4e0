"""How values are told to people and programs, the same in the API and on the command line."""

from __future__ import annotations


def octets_shown(value: bytes | None) -> dict[str, str | None] | None:
    """Opaque octets: ``{"hex": …, "text": … or null}``; text only if every octet is printable ASCII."""
    if value is None:
        return None
    text = value.decode("ascii") if all(0x20 <= octet <= 0x7E for octet in value) else None
    return {"hex": value.hex(), "text": text}
