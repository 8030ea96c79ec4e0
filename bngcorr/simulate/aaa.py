"""What AAA makes of the requests that reach it: it knows its lines by their ids, and rejects what it can't place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bngcorr.simulate.population import Line

INTERIM_S: Final = 900  # Acct-Interim-Interval of its Access-Accepts, unless told otherwise

_CIRCUIT: Final = b"circuit-id-tag="
_REMOTE: Final = b"remote-id-tag="


@dataclass(frozen=True, slots=True)
class Reading:
    """The ids that AAA found in a request."""

    remote_id: bytes | None
    circuit_id: bytes | None


def read(attributes: bytes) -> Reading:
    """Line ids in the attributes of a request, wherever one of the families has them."""
    remote: bytes | None = None
    circuit: bytes | None = None
    at, size = 0, len(attributes)
    while at < size:
        end = at + attributes[at + 1]
        if attributes[at] == 26:
            vendor = int.from_bytes(attributes[at + 2 : at + 6], "big")
            number, value = attributes[at + 6], attributes[at + 8 : end]
            if vendor == 3561 and number in (1, 2):
                remote, circuit = (value, circuit) if number == 2 else (remote, value)
            elif vendor == 2352 and number in (96, 97):
                remote, circuit = (value, circuit) if number == 96 else (remote, value)
            elif vendor == 2011 and number == 150:
                remote = remote or value
            elif vendor == 9 and number == 1 and value.startswith(_REMOTE):
                remote = bytes.fromhex(value[len(_REMOTE) :].decode("ascii"))
            elif vendor == 9 and number == 1 and value.startswith(_CIRCUIT):
                circuit = bytes.fromhex(value[len(_CIRCUIT) :].decode("ascii"))
        at = end
    return Reading(remote or None, circuit or None)


class Aaa:
    """The directory of lines."""

    def __init__(self, lines: Sequence[Line], interim_s: int = INTERIM_S) -> None:
        """`interim_s`: the Acct-Interim-Interval of its Access-Accepts."""
        self.interim_s = interim_s
        self._by_remote_id = {line.remote_id: line.number for line in lines}
        self._by_circuit_id = {line.circuit_id: line.number for line in lines}

    def names(self, reading: Reading) -> tuple[int, ...]:
        """Lines that the ids name, each once; ids that are nobody's name none."""
        found = []
        if reading.remote_id is not None:
            found.append(self._by_remote_id.get(reading.remote_id))
        if reading.circuit_id is not None:
            found.append(self._by_circuit_id.get(reading.circuit_id))
        return tuple(dict.fromkeys(line for line in found if line is not None))

    def places(self, reading: Reading) -> bool:
        """Whether AAA can place the request: the Remote-Id is one that was provisioned."""
        return reading.remote_id in self._by_remote_id
