"""The simulated access network: which BNGs there are, and the lines on them."""

import random
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from bngcorr.demo.truth import Line, Policy

WINDOW_MS = 1000
HOLD_MS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class BngSpec:
    """One BNG as it is built, and as the operator configured it."""

    name: str
    address: str  # its own source address on the loopback network
    secret: str = field(default_factory=lambda: secrets.token_hex(12), repr=False)
    profile: str = "nokia-sros"
    per_line: bool = True  # vlan_model: per_line, else shared
    v4_always_has_id: bool = True
    raw_options: bool = False  # copies DHCP options into its Access-Requests, so v4 requests prove their family
    signs: bool = False  # Access-Requests carry a Message-Authenticator; SR OS sends none
    lag: bool = False  # ports are LAGs
    cost_table: str = "sros-classic"
    host_resources: int | None = 65536
    domain: str | None = None

    @property
    def policy(self) -> Policy:
        """What the truth needs to know of the configuration."""
        return Policy(
            per_line=self.per_line, window_ms=WINDOW_MS, hold_ms=HOLD_MS, v4_always_has_id=self.v4_always_has_id
        )


def gateways() -> tuple[BngSpec, ...]:
    """The BNGs of the demonstration, with secrets of this run."""
    return (
        BngSpec(name="bng1", address="127.0.1.1", raw_options=True),
        BngSpec(name="bng2", address="127.0.1.2", v4_always_has_id=False, cost_table="sros-r12-shared"),
        BngSpec(name="bng3", address="127.0.1.3", raw_options=True, cost_table="sros-pd-managed-route"),
        BngSpec(name="bng4", address="127.0.1.4", per_line=False),
        BngSpec(name="bng5", address="127.0.1.5", host_resources=128),
        BngSpec(
            name="bng6", address="127.0.1.6", profile="generic", signs=True, cost_table="session", host_resources=32768
        ),
        BngSpec(name="bng7", address="127.0.1.7", lag=True, domain="pop7"),
    )


class Network:
    """Hands out lines nobody else has: identity, place, MAC and addresses are new for each."""

    def __init__(self, specs: Iterable[BngSpec], *, seed: int) -> None:
        self.specs = {spec.name: spec for spec in specs}
        self._random = random.Random(seed)
        self._oui = self._random.randrange(256)
        self._lines = 0
        self._shared = 0

    def line(
        self,
        bng: str,
        *,
        sap: int | None = None,
        mac: str | None = None,
        remote_id: bytes | None = None,
        tells_port: bool = True,
        provisioned: bool = True,
    ) -> Line:
        """A new line. ``sap``: the number of a shared VLAN from `shared_sap`; ``mac``: a cloned one."""
        spec = self.specs[bng]
        self._lines += 1
        number = self._lines
        outer, inner = (100 + number // 4000, 2 + number % 4000) if sap is None else (1000 + sap % 3000, None)
        slot = 1 + (number if sap is None else sap) % 8
        port = f"lag-{10 + slot}" if spec.lag else f"1/1/{slot}"
        return Line(
            remote_id=remote_id or f"L{number:07d}/{self._random.choice(('home', 'office', 'shop'))}".encode(),
            circuit_id=f"olt{1 + number % 9} eth 1/{slot}/{number}:{outer}".encode(),
            bng=bng,
            domain=spec.domain or bng,
            port=port if tells_port else None,
            outer=outer if tells_port else None,
            inner=inner if tells_port else None,
            mac=mac or self.mac(number),
            number=number,
            provisioned=provisioned,
        )

    def shared_sap(self) -> int:
        """A new N:1 VLAN, to put several lines on."""
        self._shared += 1
        return self._shared

    def mac(self, number: int) -> str:
        """The MAC of the CPE with this number: a maker's, for a locally administered one is no key on its own."""
        octets = bytes.fromhex("a491b1") + ((self._oui << 16) + number & 0xFFFFFF).to_bytes(3, "big")
        return octets.hex(":")
