"""Whose lines are to be forgotten. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bngcorr.accountant.history.held import Held
from bngcorr.model.mac import Mac, format_mac


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What names one customer; all that is given must fit, and something has to be."""

    remote_id: bytes | None = None
    circuit_id: bytes | None = None
    mac: Mac | None = None
    user_name: str | None = None
    line: str | None = None

    def fits(self, held: Held) -> bool:
        """Whether this host was the subject's."""
        return (
            self != Subject()
            and self.remote_id in (None, held.remote_id)
            and self.circuit_id in (None, held.circuit_id)
            and self.mac in (None, held.mac)
            and self.user_name in (None, held.user_name)
            and self.line in (None, held.line)
        )

    def needle(self) -> bytes:
        """Octets that stand in every line that fits, and in few others."""
        if self.mac is not None:
            return f'"mac":"{format_mac(self.mac)}"'.encode()
        if self.line is not None:
            return f'"line":"{self.line}"'.encode()
        if self.user_name is not None:
            return f'"user_name":{json.dumps(self.user_name)}'.encode()
        if self.remote_id is not None:
            return f'"remote_id":{{"hex":"{self.remote_id.hex()}"'.encode()
        return f'"circuit_id":{{"hex":"{(self.circuit_id or b"").hex()}"'.encode()
