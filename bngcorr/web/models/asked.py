"""Values of query parameters: how each is written, read and refused."""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from bngcorr.accountant.trend import MOST_DAYS
from bngcorr.model.mac import Mac, format_mac, parse_mac
from bngcorr.web.models.names import SHAPE, read_record_name

MOST_ROWS: Final = 1000
MOST_OCTETS: Final = 247  # of an id
LONGEST: Final = 600  # characters of one value: an id in hexadecimal is the longest


_SPAN: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h|d)")
_UNIT_MS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def refused(expected: str) -> PydanticCustomError:
    """A value that can't be; `expected` goes on after ``name=value``: "is no MAC address"."""
    return PydanticCustomError("asked", "{expected}", {"expected": expected})


def _mac(value: object) -> object:
    if isinstance(value, bytes):
        return value
    mac = parse_mac(value) if isinstance(value, str) else None
    if mac is None:
        raise refused("is no MAC address")
    return mac


def octets_asked(value: object) -> bytes:
    """An id as text, or as hex with ``0x`` in front."""
    if isinstance(value, bytes):
        return value
    text = str(value)
    if text.startswith("0x"):
        try:
            octets = bytes.fromhex(text[2:])
        except ValueError:
            raise refused("is not hexadecimal") from None
    else:
        octets = text.encode("utf-8", "surrogatepass")
    if not 0 < len(octets) <= MOST_OCTETS:
        raise refused(f"is not 1 … {MOST_OCTETS} octets")
    return octets


def _address(value: object) -> object:
    """As it was written, but for the IPv4 address of ::ffff:203.0.113.9, as servers write it."""
    text = str(value)
    try:
        if "/" in text:
            ipaddress.ip_network(text, strict=False)
            return text
        address = ipaddress.ip_address("" if "%" in text else text)
    except ValueError:
        raise refused("is no IP address or prefix") from None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return text if mapped is None else str(mapped)


def _limit(value: object) -> object:
    text = str(value)
    if re.fullmatch(r"[1-9][0-9]{0,3}", text) is None or int(text) > MOST_ROWS:
        raise refused(f"is not 1 … {MOST_ROWS}")
    return int(text)


def _days(value: object) -> object:
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= MOST_DAYS):
        raise refused(f"is not 1 … {MOST_DAYS}")
    return int(text)


def _since(value: object) -> object:
    """Instant in epoch milliseconds, or a span before now as a negative number."""
    text = str(value)
    if match := _SPAN.fullmatch(text):
        return -round(float(match[1]) * _UNIT_MS[match[2]])
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise refused('is no instant such as "2026-11-25T14:00:00Z" and no span such as "15m"') from None
    return max(round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000), 0)


def _line(value: object) -> object:
    try:
        read_record_name(str(value))
    except ValueError as error:
        raise refused(f"is not {error}") from None
    return value


def _flag(value: object) -> object:
    if value in ("true", True):
        return True
    if value in ("false", False):
        return False
    raise refused("is neither true nor false")


def _schema(**more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST, **more})


MacAsked = Annotated[
    Mac,
    BeforeValidator(_mac),
    PlainSerializer(format_mac),
    _schema(pattern="^[0-9A-Fa-f]{1,2}([:-]?[0-9A-Fa-f]{1,2}){5}$|^([0-9A-Fa-f]{4}[.]){2}[0-9A-Fa-f]{4}$",
            examples=["00:00:5e:00:53:01"]),
]  # fmt: skip
OctetsAsked = Annotated[
    bytes, BeforeValidator(octets_asked), PlainSerializer(lambda value: "0x" + value.hex()),
    _schema(examples=["olt7/12", "0x6f6c74372f3132"]),
]  # fmt: skip
AddressAsked = Annotated[str, BeforeValidator(_address), _schema(examples=["203.0.113.9", "2001:db8:100::/56"])]
LineAsked = Annotated[str, BeforeValidator(_line), _schema(pattern=f"^{SHAPE}$")]
BngAsked = Annotated[str, Field(max_length=LONGEST)]
LimitAsked = Annotated[
    int, BeforeValidator(_limit), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST_ROWS})
]
DaysAsked = Annotated[
    int, BeforeValidator(_days), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST_DAYS})
]
SinceAsked = Annotated[int, BeforeValidator(_since), _schema(examples=["2026-11-25T14:00:00Z", "15m"])]
CursorAsked = Annotated[str, Field(max_length=64)]
FlagAsked = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
