"""A held host ⇄ a line of the history's files. Pure.

A line is one JSON object in ASCII, `address` first: whoever looks for an address need not parse the others.
"""

from __future__ import annotations

import json
from typing import Any, Final

from bngcorr.accountant.history.held import EXPIRED, Held
from bngcorr.accountant.history.instants import read_instant
from bngcorr.model.attachment import Attachment
from bngcorr.model.mac import Mac, format_mac
from bngcorr.model.shown import instant_shown, octets_shown

FIRST: Final = b'{"address":"'  # every line begins so
MOST_OCTETS: Final = 65_536  # of a line; a real one has 4096 at most

JsonObject = dict[str, Any]
_encoded: Final = json.JSONEncoder(separators=(",", ":")).encode


def as_json(held: Held) -> JsonObject:
    """The object; octets as the API tells them."""
    port = held.port
    return {
        "address": held.address,
        "kind": held.kind,
        "service": held.service,
        "from": instant_shown(held.from_ms),
        "to": instant_shown(held.to_ms),
        "end": held.end or None,
        "bng": held.bng,
        "box": held.box,
        "port": None if port is None else port.port,
        "outer": None if port is None else port.outer,
        "inner": None if port is None else port.inner,
        "mac": None if held.mac is None else format_mac(held.mac),
        "line": held.line,
        "domain": held.domain,
        "remote_id": octets_shown(held.remote_id),
        "circuit_id": octets_shown(held.circuit_id),
        "session_id": octets_shown(held.session_id),
        "user_name": held.user_name,
        "source": held.source,
        "noted": instant_shown(held.noted_ms),
    }


def as_line(held: Held) -> bytes:
    """With the newline that ends it."""
    return _encoded(as_json(held)).encode() + b"\n"


def read_line(line: bytes) -> Held | None:
    """Inverse of `as_line`, without the newline; None for anything else, such as a line that was torn off."""
    try:
        told = json.loads(line)
        port = told["port"]
        end = told["end"] or ""
        to_ms = read_instant(told["to"])
        return Held(
            address=_text(told["address"]), kind=_text(told["kind"]), service=_text(told["service"]),
            from_ms=read_instant(told["from"]), to_ms=to_ms, end=_text(end),
            bng=_text(told["bng"]), box=_text(told["box"]),
            port=None if port is None else Attachment(_text(port), _vlan(told["outer"]), _vlan(told["inner"])),
            mac=None if told["mac"] is None else _mac(told["mac"]),
            line=_text_or_none(told["line"]), domain=_text(told["domain"]),
            remote_id=_octets(told["remote_id"]), circuit_id=_octets(told["circuit_id"]),
            session_id=_octets(told["session_id"]) or b"", user_name=_text_or_none(told["user_name"]),
            source=_text(told["source"]), heard_ms=to_ms if end == EXPIRED else None,
            noted_ms=read_instant(told["noted"]) or 0,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _vlan(value: object) -> int | None:
    if value is not None and not isinstance(value, int):
        raise TypeError("no VLAN")
    return value


def _mac(text: str) -> Mac:
    octets = bytes.fromhex(text.replace(":", ""))
    if len(octets) != 6:
        raise ValueError("no MAC")
    return Mac(octets)


def _octets(value: JsonObject | None) -> bytes | None:
    return None if value is None else bytes.fromhex(value["hex"])
