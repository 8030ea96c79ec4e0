"""Where a line is attached: a port of a BNG and its VLANs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attachment:
    """Port and VLANs as parsed from NAS-Port-Id, free of prefixes and suffixes that differ between v4 and v6."""

    port: str  # "1/1/4", "lag-12", "1/1/c2/1"
    outer: int | None = None  # S-tag or only tag, 0 … 4095; None: untagged or unknown
    inner: int | None = None  # C-tag, 0 … 4095

    def __str__(self) -> str:
        tags = [str(tag) for tag in (self.outer, self.inner) if tag is not None]
        return self.port + (":" + ".".join(tags) if tags else "")
