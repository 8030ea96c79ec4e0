"""The operator's file, on those who only ask whether the service is alive."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import BeforeValidator

from bngcorr.config.fields import networks_field
from bngcorr.config.secret import WithSecret


class Monitor(WithSecret):
    """A host that may send Status-Server."""

    address: Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(networks_field)]
    """Source addresses or networks of its questions, one or a list."""
