"""Which values of a model are about a person: marked where they are declared, masked on the way out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a personal value is, which says what of it may be left."""

    MAC = "mac"  # text aa:bb:cc:dd:ee:ff
    OCTETS = "octets"  # Remote-Id, Circuit-Id, as text
    HEX = "hex"  # the same, or other octets, in hexadecimal
    USER_NAME = "user_name"
    SESSION_ID = "session_id"  # Acct-Session-Id
    ADDRESS = "address"  # text of an IP address or prefix
    SUBJECT = "subject"  # of a finding: a MAC, an address, a line, a port, a number
    TEXT = "text"  # a sentence in which any of these may stand
    VALUE = "value"  # of an attribute, whose `name` beside it says whether it may be anybody's
    DETAIL = "detail"  # a JSON object in which any of these may stand


@dataclass(frozen=True, slots=True)
class Personal:
    """Annotation of a field: ``mac: Annotated[str, Personal(Kind.MAC)]``, also inside a tuple or a mapping."""

    kind: Kind
