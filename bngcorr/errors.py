"""What may be raised, and by whom. Expected outcomes are return values; these are for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BngcorrError(Exception):
    """Root of everything bngcorr raises on purpose."""


class WireError(BngcorrError):
    """The peer's octets are wrong. Raised in ``wire`` only, caught once per entry point."""

    def __init__(self, reason: StrEnum, offset: int = 0) -> None:
        super().__init__(f"{reason} at octet {offset}")
        self.reason = reason  # slug of vocabulary.DropReason
        self.offset = offset  # octets from the start of the packet


class Malformed(WireError):
    """Lengths, bounds or ranges are wrong (RFC 2865 §3, §5)."""


class Unauthentic(WireError):
    """An authenticator does not fit: silently discarded (RFC 2865 §3, RFC 3579 §3.2)."""


class StoreError(BngcorrError):
    """The store refused, was silent beyond its budget, or is not there. Becomes the verdict ``unknown``."""


class AuditUnderwayError(BngcorrError):
    """Another audit of the same domain is under way."""


class IdentifierExhausted(BngcorrError):
    """All 256 identifiers of every socket towards an upstream are in flight."""


class NoUpstream(BngcorrError):
    """Every AAA server of a pool is dead, or taken out by the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFault:
    """One thing wrong in the operator's file."""

    key: str  # path into the file: "bngs[0].address"
    got: str  # the value as written; secrets are never shown
    expected: str  # what would have been right, in a sentence

    def __str__(self) -> str:
        return f"{self.key}: got {self.got}; expected {self.expected}"


class ConfigError(BngcorrError):
    """The configuration has faults: all of them at once."""

    def __init__(self, faults: tuple[ConfigFault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults
