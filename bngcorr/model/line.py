"""An access line and the ids that name it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from bngcorr.model.vocabulary import LineIdPolicy


@dataclass(slots=True, unsafe_hash=True)  # never changed; not frozen, for one is made for every request
class LineIds:
    """The two ids of a line as AAA should see them: opaque octets, never assumed to be text.

    A zero-length id is no id (domain: BT FTTC sends ``02 00``): it is None here.
    """

    remote_id: bytes | None = None  # without enterprise number, 1 … 247 octets
    circuit_id: bytes | None = None  # 1 … 247 octets

    def encode(self) -> bytes:
        """One octet ``len + 1`` (0: absent) and the octets, for remote_id, then circuit_id."""
        return b"".join(
            bytes((len(value) + 1,)) + value if value is not None else b"\0"
            for value in (self.remote_id, self.circuit_id)
        )

    @classmethod
    def decode(cls, octets: bytes) -> LineIds:
        """Inverse of `encode`. Raises ValueError on anything `encode` does not produce."""
        values: list[bytes | None] = []
        at = 0
        for _ in range(2):
            if at >= len(octets):
                raise ValueError("line ids: truncated")
            size = octets[at] - 1
            at += 1
            if size < 0:
                values.append(None)
                continue
            if size == 0 or at + size > len(octets):
                raise ValueError("line ids: bad length")
            values.append(octets[at : at + size])
            at += size
        if at != len(octets):
            raise ValueError("line ids: trailing octets")
        return cls(values[0], values[1])

    def names_line(self, policy: LineIdPolicy) -> bool:
        """Whether these ids name a line under the profile's policy."""
        match policy:
            case LineIdPolicy.REMOTE:
                return self.remote_id is not None
            case LineIdPolicy.CIRCUIT:
                return self.circuit_id is not None
            case LineIdPolicy.BOTH:
                return self.remote_id is not None or self.circuit_id is not None


def line_key(ids: LineIds, policy: LineIdPolicy) -> str:
    """Opaque name of the line in its domain: 24 hex digits over the ids that the policy counts (absent ≠ equal)."""
    if policy is LineIdPolicy.REMOTE:
        ids = LineIds(ids.remote_id, None)
    elif policy is LineIdPolicy.CIRCUIT:
        ids = LineIds(None, ids.circuit_id)
    return blake2b(ids.encode(), digest_size=12, person=b"bngcorr-line").hexdigest()


def contradict(one: LineIds, other: LineIds) -> bool:
    """Whether two sets of ids can't be of one line: a Remote-Id, else a Circuit-Id, that both have and that differs.

    The texts of a Circuit-Id and of a DHCPv6 Interface-Id differ by nature: with equal Remote-Ids they say nothing.
    """
    if one.remote_id is not None and other.remote_id is not None:
        return one.remote_id != other.remote_id
    return one.circuit_id is not None and other.circuit_id is not None and one.circuit_id != other.circuit_id
