"""What the service says of itself."""

from __future__ import annotations

from typing import Literal

from bngcorr.web.models.model import Model


class Index(Model):
    """What there is."""

    service: Literal["bngcorr"] = "bngcorr"
    version: str
    resources: tuple[str, ...]


class Health(Model):
    """This process is alive."""

    status: Literal["alive"] = "alive"
