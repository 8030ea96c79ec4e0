"""Names of everything in the store, in one place: our own names, numbers and hashes, never raw peer octets.

The correlation domain is the hash tag: whatever belongs to one domain lives in one slot of a cluster. Records are small
and many, so they lie in buckets: hashes whose fields are the ids of records and whose values are packed
(`store.packing`); what stays below 64 octets costs hardly more than itself there. Behind ``bngcorr:{domain}:``

============================  ========================================================================================
``e``                         boxes: value "epoch instant" of each, and the sum of those kinds of hosts that it names in
                              accounting: 1 IA_NA, 2 IA_PD, 4 SLAAC, 8 PD route; field ``plan``: the version of
                              the operator's plan in force
``k:bucket``                  correlation keys: the lines that were seen on each
``m:bucket``                  MACs: the lines that each was seen on
``l:bucket``                  lines, and the sessions that vouch for each
``s:bucket``                  sessions
``i:bucket``                  index: field hash of a term (8 octets), value entries of 13: "l" + line or "s" + session
``h:box:bucket``              references to hosts: field 16 hex digits of their SHA-1, value "epoch count@port …"
``y:line``                    list: timeline of a line, whose name stands there as octets (`store.timeline`)
``b:kind``                    of each kind of record but ``i``: a bit for each bucket that may have something in it
``u:box``                     usage: "kind" of the box, "port|kind" of one port, and the epoch that it is of
``v:box``, ``j:box:bucket``   usage and references, as an audit recounts them beside these (`store.audit`)
``o:box``                     ports of the box, numbered as they come; 0 stands for none
``d:box:port``                sessions on a port by its number: 128 fields, names one behind the other in each
``t:box``                     octets of all its sessions so far: v4, v6, either
``c``, ``cw``                 list of closed sessions that nobody wrote down yet, the oldest first; who writes them now
``w``                         lines whose IPv6 has to come back, by the instant at which to look
``q``                         how far the upkeep and an audit have walked, what the upkeep counted, and how many closed
                              sessions were lost and how many written
``n:bng``                     enterprise numbers, and when each was first seen
``f``, ``g``                  findings, and the instant at which each was last seen
``x:bng``                     distances of matches: field number of the histogram's bucket
``zf:bng``, ``zh:bng``        usage over time, fine and hourly (`store.capacity`)
``zp``, ``zo``                peaks, and what boxes say of themselves, by BNG
``p:version:bucket``          entries of the operator's plan by place
``pm``, ``pv``, ``pl``        of the plan: when and what was imported, versions beside it, who imports now
============================  ========================================================================================

Beside the domains stand ``bngcorr:events`` (recent verdicts) and ``bngcorr:{aN}:a`` (which sessions hold an address).
``bngcorr:{~acts}:`` is told in `store.valkey_acts`, ``bngcorr:schema`` in `store.schema`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

EVENTS: Final = "bngcorr:events"
BUCKETS: Final = 4096  # of one kind and domain


class DomainKeys:
    """Names within one correlation domain."""

    __slots__ = ("closed", "epochs", "findings", "findings_by_age", "prefix", "timelines", "walk")

    def __init__(self, domain: str) -> None:
        self.prefix = f"bngcorr:{{{domain}}}:"
        self.epochs = self.prefix + "e"
        self.closed = self.prefix + "c"
        self.findings = self.prefix + "f"
        self.findings_by_age = self.prefix + "g"
        self.walk = self.prefix + "q"
        self.timelines = self.prefix + "y:"  # and the octets of a line's name

    def record(self, kind: str, name: bytes) -> str:
        """The bucket of a record: `kind` is one of k, m, l, s, i, or p:version."""
        return self.bucket(kind, name[0] * 16 + name[1] // 16)

    def bucket(self, kind: str, number: int) -> str:
        """A bucket by its number, 0 … BUCKETS - 1."""
        return f"{self.prefix}{kind}:{bucket_name(number)}"

    def occupied(self, kind: str) -> str:
        """Which buckets of a kind may have something in them: see `buckets_of`."""
        return f"{self.prefix}b:{kind}"

    def numbers(self, bng: str) -> str:
        """Enterprise numbers seen on a BNG, and when first."""
        return f"{self.prefix}n:{bng}"

    def distances(self, bng: str) -> str:
        """Histogram of the distances of a BNG's matches."""
        return f"{self.prefix}x:{bng}"

    def usage(self, box: str) -> str:
        """Usage counters of a box."""
        return f"{self.prefix}u:{box}"

    def ports(self, box: str) -> str:
        """Numbers of a box's ports."""
        return f"{self.prefix}o:{box}"

    def on_port(self, box: str, number: int) -> str:
        """Sessions on a box's port."""
        return f"{self.prefix}d:{box}:{number}"

    def traffic(self, box: str) -> str:
        """Octets of a box."""
        return f"{self.prefix}t:{box}"


class PlanKeys(DomainKeys):
    """Names of the plan in one domain."""

    __slots__ = ("claim", "meta", "versions")

    def __init__(self, domain: str) -> None:
        super().__init__(domain)
        self.meta = self.prefix + "pm"
        self.versions = self.prefix + "pv"
        self.claim = self.prefix + "pl"

    def entries(self, version: str, number: int) -> str:
        """Entries of one version; `number` is the one that `record` spreads a place to."""
        return self.bucket(f"p:{version}", number)


class HistoryKeys(DomainKeys):
    """Names of the history in one domain."""

    __slots__ = ("writer",)

    def __init__(self, domain: str) -> None:
        super().__init__(domain)
        self.writer = self.closed + "w"


def bucket_name(number: int) -> str:
    """Six bits each as a character from ";" to "z": neither a colon nor a brace is among them."""
    return chr(59 + number // 64) + chr(59 + number % 64)


def plans(domains: Iterable[str]) -> list[str]:
    """`PlanKeys.meta` of each of them: the key by which ``write.lua`` knows its domain, and whether that has a plan."""
    return [f"bngcorr:{{{domain}}}:pm" for domain in domains]


def epochs(domains: Iterable[str]) -> list[str]:
    """`DomainKeys.epochs` of each of them: the key by which a script knows its domain."""
    return [f"bngcorr:{{{domain}}}:e" for domain in domains]


def buckets_of(bits: bytes, first: int = 0) -> Iterator[int]:
    """Numbers of the bits that are set, from `first` on; the first bit of an octet is its highest, as SETBIT has it."""
    for at in range(first // 8, len(bits)):
        if octet := bits[at]:
            for number in range(max(8 * at, first), 8 * at + 8):
                if octet & 128 >> number % 8:
                    yield number


def seats(outer: int | None, inner: int | None) -> tuple[bytes, ...]:
    """In which fields of `on_port` the sessions of a pair of VLANs stand, among others."""
    vlans = ((outer or 0) * 7 + (inner or 0)) % 32
    return tuple(bytes((vlans, part)) for part in range(4))


def holders(term: bytes) -> str:
    """Where it stands which sessions hold an address, given by its term's hash; spread over the whole cluster."""
    return f"bngcorr:{{a{term[0] * 256 + term[1]}}}:a"
