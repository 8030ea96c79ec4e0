"""Opaque octets."""

from __future__ import annotations

from typing import Annotated

from bngcorr.web.models.model import Model
from bngcorr.web.models.personal import Kind, Personal


class Octets(Model):
    """An id as it is on the wire."""

    hex: Annotated[str, Personal(Kind.HEX)]
    text: Annotated[str | None, Personal(Kind.OCTETS)]
    """null unless all of it is printable ASCII"""


class Ids(Model):
    """The two ids of a line."""

    remote_id: Octets | None
    circuit_id: Octets | None
