"""Names of sessions and lines in paths and in JSON: the correlation domain, "~", and 24 hexadecimal digits."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import Field

SHAPE: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}~[0-9a-f]{24}"
_NAME: Final = re.compile(SHAPE)

RecordName = Annotated[str, Field(pattern=f"^{SHAPE}$", examples=["bng1~9812a4522a3113c3e6174811"])]


def record_name(domain: str, record: str) -> str:
    """``bng1~9812a4522a3113c3e6174811``; a domain's name has no "~"."""
    return f"{domain}~{record}"


def read_record_name(text: str) -> tuple[str, str]:
    """(domain, record). Raises ValueError."""
    if _NAME.fullmatch(text) is None:
        raise ValueError('a name such as "bng1~9812a4522a3113c3e6174811"')
    domain, _, record = text.partition("~")
    return domain, record
