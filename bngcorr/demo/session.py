"""An accounting session at a simulated BNG, and the addresses it holds."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from bngcorr.demo.journal import NO_IDS, Ids
from bngcorr.demo.radius import Value
from bngcorr.demo.truth import Line

KINDS = ("v4", "ia_na", "ia_pd", "slaac")
"""The kinds of host a session can hold, as the API names them."""

_V4, _NA, _SLAAC, _PD = (
    int(IPv4Address("100.64.0.0")),
    int(IPv6Address("2001:db8:f::")),
    int(IPv6Address("2001:db8:1000::")),
    int(IPv6Address("2001:db8:8000::")),
)


def address_of(line: Line, kind: str) -> str:
    """The address or prefix this line gets: a documentation prefix or CGN address (RFC 3849, RFC 6598)."""
    n = line.number
    match kind:
        case "v4":
            return str(IPv4Address(_V4 + n % (1 << 22)))
        case "ia_na":
            return str(IPv6Address(_NA + n))
        case "slaac":
            return f"{IPv6Address(_SLAAC + (n << 64))}/64"
        case "ia_pd":
            return f"{IPv6Address(_PD + (n << 72))}/56"
        case _:
            raise ValueError(kind)


@dataclass(slots=True, kw_only=True)
class Session:
    """One accounting session; in host mode of one host, in session mode of all stacks."""

    session_id: str
    line: Line
    ids: Ids = NO_IDS  # as its accounting shows them
    ppp_user: str | None = None  # a PPPoE session's User-Name
    hosts: dict[str, str] = field(default_factory=dict)  # kind → address
    class_: bytes | None = None  # from the Access-Accept
    started_at: float = 0.0  # monotonic seconds of the Start

    def add(self, kind: str) -> None:
        """The session holds one more host."""
        self.hosts[kind] = address_of(self.line, kind)

    def address_attributes(self, *, nokia: bool) -> list[tuple[str, Value]]:
        """Its hosts as accounting attributes; SR OS reports IA_NA in an attribute of its own."""
        names = {
            "v4": "Framed-IP-Address",
            "ia_na": "Alc-Ipv6-Address" if nokia else "Framed-IPv6-Address",
            "slaac": "Framed-IPv6-Prefix",
            "ia_pd": "Delegated-IPv6-Prefix",
        }
        return [(names[kind], address) for kind, address in self.hosts.items()]
