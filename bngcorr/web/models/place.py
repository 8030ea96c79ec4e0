"""Where something is attached, and what it holds there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from bngcorr.model.vocabulary import HostKind
from bngcorr.web.models.model import Instant, Model
from bngcorr.web.models.personal import Kind, Personal

Address = Annotated[str, Personal(Kind.ADDRESS)]
MacText = Annotated[str, Personal(Kind.MAC)]


class Attached(Model):
    """A port of a BNG, and VLANs."""

    port: str
    outer: int | None
    """S-tag or only tag"""
    inner: int | None
    """C-tag"""


class Host(Model):
    """An address or prefix."""

    kind: HostKind
    service: str
    """VRF or service; "" for the base router"""
    address: Address


class HeldAddress(Host):
    """An address or prefix that a session holds."""

    since: Instant | None
    """by the box's clock"""
    source: Literal["accounting", "accept", "lease"]
    """who says so; accept: only the Access-Accept; lease: the DHCP server, as a tap saw it"""


class LineAddress(HeldAddress):
    """An address or prefix that one of a line's sessions holds."""

    bng: str


class CpeAddress(Model):
    """Where the CPE answers over IPv6."""

    address: Address
    from_: Annotated[Literal["ia_na", "delegated_prefix"], Field(alias="from")]
    """by custom within its delegated prefix, unless it was given an address"""

    model_config = ConfigDict(validate_by_name=True)
