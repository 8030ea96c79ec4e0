"""Names of everything in the store, in one place: our own names, numbers and hashes, never raw peer octets.

The correlation domain is the hash tag: whatever belongs to one domain lives in one slot of a cluster.
"""

from __future__ import annotations

from hashlib import blake2b

EVENTS = "bngcorr:events"


class DomainKeys:
    """Names within one correlation domain."""

    __slots__ = ("_prefix", "epochs", "lines")

    def __init__(self, domain: str) -> None:
        self._prefix = f"bngcorr:{{{domain}}}:"
        self.epochs = self._prefix + "e"
        self.lines = self._prefix + "L"

    def key(self, key: str) -> str:
        """Correlation key."""
        return f"{self._prefix}k:{key}"

    def mac(self, mac: str) -> str:
        """Lines a MAC was seen on."""
        return f"{self._prefix}m:{mac}"

    def session(self, session: str) -> str:
        """Session record."""
        return f"{self._prefix}s:{session}"

    def line(self, line: str) -> str:
        """Line record."""
        return f"{self._prefix}l:{line}"

    def line_macs(self, line: str) -> str:
        """MACs that a line taught."""
        return f"{self._prefix}x:{line}"

    def deadlines(self, bng: str) -> str:
        """Sessions of a BNG by deadline."""
        return f"{self._prefix}d:{bng}"

    def numbers(self, bng: str) -> str:
        """Enterprise numbers seen on a BNG, and when first."""
        return f"{self._prefix}n:{bng}"

    def hosts(self, nas: str) -> str:
        """Reference counts of hosts, without the epoch."""
        return f"{self._prefix}h:{nas}"

    def usage(self, nas: str) -> str:
        """Usage counters, without the epoch."""
        return f"{self._prefix}u:{nas}"


def session_index(term: str) -> str:
    """Sessions that answer to an index term such as ``mac:aa:bb:…``; spans domains."""
    return "bngcorr:is:" + _hash(term)


def line_index(term: str) -> str:
    """Lines that answer to an index term; spans domains."""
    return "bngcorr:il:" + _hash(term)


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
