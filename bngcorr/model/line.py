"""An access line and the ids that name it."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from bngcorr.model.vocabulary import LineIdPolicy

_REMOTE: Final = LineIdPolicy.REMOTE
_CIRCUIT: Final = LineIdPolicy.CIRCUIT
_KEY: Final = blake2b(digest_size=12, person=b"bngcorr-line")
_LENGTHS: Final = tuple(bytes((length,)) for length in range(256))


class LineIds:
    """The two ids of a line as AAA should see them: opaque octets, never assumed to be text. Never changed.

    A zero-length id is no id (domain: BT FTTC sends ``02 00``): it is None here.
    """

    __slots__ = ("circuit_id", "remote_id")  # a plain class: one is made for every request

    def __init__(self, remote_id: bytes | None = None, circuit_id: bytes | None = None) -> None:
        self.remote_id: Final = remote_id  # without enterprise number, 1 … 247 octets
        self.circuit_id: Final = circuit_id  # 1 … 247 octets

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LineIds):
            return NotImplemented
        return self.remote_id == other.remote_id and self.circuit_id == other.circuit_id

    def __hash__(self) -> int:
        return hash((self.remote_id, self.circuit_id))

    def __repr__(self) -> str:
        return f"LineIds({self.remote_id!r}, {self.circuit_id!r})"

    def encode(self) -> bytes:
        """One octet ``len + 1`` (0: absent) and the octets, for remote_id, then circuit_id."""
        return _encoded(self.remote_id) + _encoded(self.circuit_id)

    @classmethod
    def decode(cls, octets: bytes) -> LineIds:
        """Inverse of `encode`. Raises ValueError on anything `encode` does not produce."""
        between = _end(octets, 0)
        end = _end(octets, between)
        if end != len(octets):
            raise ValueError("line ids: trailing octets")
        return LineIds(_decoded(octets, 0, between), _decoded(octets, between, end))

    def names_line(self, policy: LineIdPolicy) -> bool:
        """Whether these ids name a line under the profile's policy."""
        if policy is _REMOTE:
            return self.remote_id is not None
        if policy is _CIRCUIT:
            return self.circuit_id is not None
        return self.remote_id is not None or self.circuit_id is not None


def _encoded(value: bytes | None) -> bytes:
    return b"\0" if value is None else _LENGTHS[len(value) + 1] + value


def _end(octets: bytes, at: int) -> int:
    """Where the id ends that begins there."""
    if at >= len(octets):
        raise ValueError("line ids: truncated")
    size = octets[at]  # with this octet; an empty id is not told as 1, but as none
    if size == 1 or at + size > len(octets):
        raise ValueError("line ids: bad length")
    return at + size if size else at + 1


def _decoded(octets: bytes, at: int, end: int) -> bytes | None:
    return octets[at + 1 : end] if end - at > 1 else None


def line_key(ids: LineIds, policy: LineIdPolicy) -> str:
    """Opaque name of the line in its domain: 24 hex digits over the ids that the policy counts (absent ≠ equal)."""
    octets = (b"\0" if policy is _CIRCUIT else _encoded(ids.remote_id)) + (
        b"\0" if policy is _REMOTE else _encoded(ids.circuit_id)
    )
    state = _KEY.copy()  # costs less than to make one
    state.update(octets)
    return state.hexdigest()


def contradict(one: LineIds, other: LineIds) -> bool:
    """Whether two sets of ids can't be of one line: a Remote-Id, else a Circuit-Id, that both have and that differs.

    The texts of a Circuit-Id and of a DHCPv6 Interface-Id differ by nature: with equal Remote-Ids they say nothing.
    """
    if one.remote_id is not None and other.remote_id is not None:
        return one.remote_id != other.remote_id
    return one.circuit_id is not None and other.circuit_id is not None and one.circuit_id != other.circuit_id
