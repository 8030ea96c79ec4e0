"""The configuration in force."""

from __future__ import annotations

from typing import Any

from bngcorr.web.models.model import Model


class ConfigShown(Model):
    """What the file says, with all defaults; secrets are left out."""

    hash: str
    """first 12 hexadecimal digits of the file's SHA-256"""
    config: dict[str, Any]
