"""The operator's file: every key with its default, its unit and a sentence."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from bngcorr.config.accounting import Capacity, CostTableSettings, History, Limits, Spool
from bngcorr.config.control import Control
from bngcorr.config.dynauth import BngDynauth, Dynauth
from bngcorr.config.fields import (
    Duration,
    Endpoint,
    EndpointField,
    Name,
    Seconds,
    Span,
    interface_id,
    networks_field,
    store_url,
    switched,
)
from bngcorr.config.monitors import Monitor
from bngcorr.config.secret import WithSecret
from bngcorr.config.section import Section
from bngcorr.config.tap import Tap
from bngcorr.config.upstream import Upstreams
from bngcorr.config.web import Web
from bngcorr.model.box import box_name, shared_ports
from bngcorr.model.vocabulary import IdSource, Key, LineIdPolicy, Mode, OnUnmatched, PenPolicy, Rung, VlanModel
from bngcorr.profiles.catalogue import SignalData, WriteData
from bngcorr.profiles.profile import Relay


class Listen(Section):
    """Where BNGs send their requests."""

    auth: tuple[EndpointField, ...] = (Endpoint("0.0.0.0", 1812), Endpoint("::", 1812))  # noqa: S104
    """UDP addresses for Access-Requests. May be empty."""
    acct: tuple[EndpointField, ...] = (Endpoint("0.0.0.0", 1813), Endpoint("::", 1813))  # noqa: S104
    """UDP addresses for Accounting-Requests. May be empty."""
    receive_buffer: int = Field(default=4_194_304, ge=65_536)
    """Receive buffer asked for, in octets; net.core.rmem_max caps it unless the process may go beyond. The granted size
    is logged."""
    reuse_port: bool = False
    """Let several processes of the same user listen on the same addresses, all of them with this set."""
    lameduck: Duration = Seconds(5.0)
    """How long requests are still answered after SIGTERM, while /readyz says that the process is not ready."""

    @model_validator(mode="after")
    def _something(self) -> Listen:
        if not self.auth and not self.acct:
            raise ValueError("at least one address under listen.auth or listen.acct")
        return self


class Health(Section):
    """HTTP of the packet process: /healthz, /readyz, /metrics."""

    listen: EndpointField = Endpoint("127.0.0.1", 9812)
    """TCP address."""


class Store(Section):
    """Redis or Valkey, where sessions and sightings live."""

    url: Annotated[str, BeforeValidator(store_url)] = Field(default="redis://127.0.0.1:6379/0", repr=False)
    """redis://, rediss:// or unix:// URL, or "embedded": a real Valkey run by `bngcorr serve` (extra "embedded")."""
    url_file: Path | None = None
    """A file whose first line is the URL, in place of `url`: for a URL with a password."""
    data_dir: Path = Path("var")
    """Folder of the embedded store: its socket and append-only file."""
    budget: Span = Seconds(0.05)
    """How long one round trip on the request path may take before the verdict is "unknown"."""
    write_backlog: int = Field(default=50_000, ge=100)
    """Writes kept in memory while the store is away; beyond it the oldest sightings go first, accounting last."""
    remember: Span = Seconds(86_400.0)
    """How long a line that was seen is remembered."""
    events: int = Field(default=10_000, ge=0)
    """Recent verdicts kept for /v1/correlations."""

    @model_validator(mode="before")
    @classmethod
    def _url_from_file(cls, given: object) -> object:
        if not isinstance(given, dict) or given.get("url_file") is None:
            return given
        if given.get("url") is not None:
            raise ValueError("one of url and url_file")
        try:
            lines = Path(str(given["url_file"])).read_text().splitlines()
        except (OSError, UnicodeDecodeError):
            raise ValueError("in url_file a file of text that can be read") from None
        return {**given, "url": lines[0].strip() if lines else ""}


class Timeline(Section):
    """What is kept of each line's latest requests and steps of accounting."""

    entries: int = Field(default=16, ge=0, le=255)
    """How many of each line; 0: none."""


class Findings(Section):
    """What operations are told of."""

    v6_lost_after: Span = Seconds(600.0)
    """A line whose IPv4 session began anew has so long to get the IPv6 back that it had."""


class EnterpriseNumbers(Section):
    """Which enterprise numbers may be stripped from a Remote-Id."""

    accept: frozenset[Annotated[int, Field(ge=1, le=0xFFFFFFFE)]] = frozenset()
    """Numbers of the access nodes in this network. Empty: every number up to the ceiling."""
    ceiling: int = Field(default=131_071, ge=1, le=0xFFFFFF)
    """Highest number taken for one; IANA's list stood at 62331 in mid-2024 and grows by some 1,500 a year."""


class Alias(Section):
    """An id of one family, beyond the enterprise number, put into the words of the other."""

    id: Literal["remote_id", "circuit_id"]
    """Which id."""
    family: Literal["dhcpv4", "dhcpv6", "ppp"] = "dhcpv6"
    """Only in requests of this protocol."""
    matches: str
    """Regular expression for the whole id, behind the enterprise number."""
    template: str
    """What it becomes; \\1 or \\g<name> stand for groups of the expression."""


class Identity(Section):
    """Where AAA finds the line."""

    write: tuple[WriteData, ...] | None = None
    """Attributes and templates. None: the profile's, only in requests that lack the line."""
    keep_raw: str | None = None
    """Attribute that gets the Remote-Id as it came whenever it was changed. None: it is not kept."""


class LineIdSource(Section):
    """Who can have written the line ids in requests of each protocol."""

    dhcpv4: IdSource = IdSource.TRUSTED
    """Option 82."""
    dhcpv6: IdSource = IdSource.TRUSTED
    """Options 18 and 37; untrusted where no access node inserts them (LDRA), for then only the customer can have."""
    ppp: IdSource = IdSource.TRUSTED
    """The PPPoE intermediate agent's tag."""


class Bng(WithSecret):
    """One BNG, or several alike behind one network."""

    name: Name
    """Name in logs, metrics and the API."""
    address: Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(networks_field)]
    """Source addresses or networks of its requests. The longest match wins."""
    profile: str = "generic"
    """Which family of BNGs it is."""
    bng_from: Literal["source", "nas_ip", "nas_identifier"] = "source"
    """What tells it from others in the same network (another proxy, SNAT): nothing else, or what it calls itself."""
    nas_ip: tuple[IPv4Address | IPv6Address, ...] = ()
    """Its NAS-IP-Addresses, with bng_from: nas_ip; CoA that names one of them goes to this BNG."""
    nas_identifier: tuple[str, ...] = ()
    """Its NAS-Identifiers, with bng_from: nas_identifier; CoA that names one of them goes to this BNG."""
    mode: Mode = Mode.FULL
    """observe: change nothing. strip: only the enterprise number. full: strip and correlate."""
    domain: Name | None = None
    """Correlation domain: BNGs that share lines and MAC addresses. Default: its name."""
    ports: Literal["own", "shared"] = "own"
    """own: its ports are no other BNG's. shared: the same port and VLANs are the same line on all BNGs of its domain
    that share theirs (SRRP, multi-chassis)."""
    vlan_model: VlanModel = VlanModel.SHARED
    """per_line: the VLAN pair on a port is one line. shared: many lines behind one pair (N:1)."""
    window: Duration = Seconds(5.0)
    """A sighting of the same CPE this near in time matches."""
    remembered: Duration = Seconds(86_400.0)
    """How long a CPE that was seen on a VLAN pair of its own is remembered without a session; "0s" switches it off."""
    fresh: Duration = Seconds(3_600.0)
    """How long after its last word a session counts where another customer's CPE could stand in its place by then."""
    hold: Duration = Seconds(0.3)
    """How long a v6 request may wait for its line's v4 one; "0s" switches it off. Keep ≤ 1/3 of the BNG's timeout."""
    keys: frozenset[Key] = frozenset(Key)
    """What is compared: session, attachment+mac, attachment, bng+mac. Those left out are neither asked nor learnt."""
    rungs: frozenset[Rung] = frozenset(Rung)
    """Where the line may be found: inventory, window, live, remembered. The window alone is what BNGs do themselves."""
    line_id_source: LineIdSource = LineIdSource()
    """Who can have written the line ids in requests of each protocol."""
    on_unmatched: OnUnmatched = OnUnmatched.FORWARD
    """forward: AAA decides. reject: an Access-Reject to v6 requests whose line nobody knows, for BNGs that authenticate
    the first stack of a session only: the DISCOVER then does."""
    v4_always_has_id: bool | None = None
    """Whether DHCPv4 always brings a line id here, so that an id-less request is worth a hold. None: the profile's."""
    line_id: LineIdPolicy | None = None
    """Which ids name a line: remote, circuit or both (v6 must then bring the same two as v4). None: the profile's."""
    enterprise_number: PenPolicy | None = None
    """auto, always or never strip. None: the profile's."""
    relay: Relay | None = None
    """Which of nested DHCPv6 relays names the line: outermost or innermost. None: the profile's."""
    match: tuple[SignalData, ...] = ()
    """Further attributes that say which protocol asked, beside the profile's."""
    alias: tuple[Alias, ...] = ()
    """For v6 ids that differ from the v4 ones beyond the enterprise number."""
    identity: Identity = Identity()
    """Where AAA finds the line."""
    require_message_authenticator: bool = False
    """Drop Access-Requests that lack a Message-Authenticator."""
    dynauth: BngDynauth = BngDynauth()
    """Where it takes CoA and Disconnect."""
    prefixes_from_accept: Literal["auto", "always", "never"] = "auto"
    """IPv6 hosts that the Access-Accept gives and accounting does not name. auto: count them unless this box was seen
    to name hosts of that kind. always, never: whatever it was seen to do."""
    cpe_address: Annotated[str | None, BeforeValidator(interface_id)] = "::1"
    """What a CPE without a WAN address of its own answers to: this, within its delegated prefix. None: not known."""
    cost_table: Name | None = None
    """How hosts add up to host resources: sros-classic, sros-r12-shared, sros-pd-managed-route, session, or one of
    `cost_tables`. None: the profile's."""
    limits: Limits = Limits()
    """What the BNG can bear."""

    @property
    def domain_name(self) -> str:
        """The correlation domain it belongs to."""
        return self.domain or self.name

    @property
    def one_box(self) -> bool:
        """Whether all its addresses are one box's; else it is a network of boxes, told apart by source addresses."""
        return self.bng_from != "source" or all(network.num_addresses == 1 for network in self.address)

    def ports_name(self, host: str = "") -> str:
        """What its ports are known by: its own name, with the box's address in a network of boxes; or the domain's."""
        if self.ports == "shared":
            return shared_ports(self.domain_name)
        return box_name(self.name, "" if self.one_box else host)


class Log(Section):
    """Logs go to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severity written."""
    format: Literal["console", "json"] = "console"
    """console: for people. json: one object a line."""
    mac: Literal["original", "hashed", "hidden"] = "original"
    """MAC addresses. hashed: the vendor's half and a keyed hash, the same for the same address in one process."""
    user: Literal["original", "hashed", "hidden"] = "original"
    """User-Names, ids of lines and sessions, addresses of customers. hashed: a keyed hash, likewise."""


class Config(Section):
    """The whole file."""

    listen: Listen = Listen()
    """Where BNGs send their requests."""
    health: Health = Health()
    """HTTP of the packet process."""
    web: Web = Web()
    """HTTP of `bngcorr web`: the API and the pages."""
    control: Control = Control()
    """The control socket of the packet process."""
    store: Store = Store()
    """Redis or Valkey."""
    timeline: Timeline = Timeline()
    """What is kept of each line's latest requests and steps of accounting."""
    findings: Findings = Findings()
    """What operations are told of."""
    upstream: Upstreams = Upstreams()
    """The AAA servers."""
    spool: Annotated[Spool, BeforeValidator(switched)] = Spool()
    """Accounting on disk, acknowledged before AAA has answered."""
    cost_tables: dict[Name, CostTableSettings] = Field(default={})
    """Cost tables of your own: how hosts add up to host resources."""
    capacity: Capacity = Capacity()
    """When a BNG is nearly full, and what is kept to see it coming."""
    history: History = History()
    """Who held which address: closed sessions, on disk."""
    dynauth: Dynauth = Dynauth()
    """CoA and Disconnect from AAA to the BNGs, and of our own."""
    enterprise_numbers: EnterpriseNumbers = EnterpriseNumbers()
    """Which enterprise numbers may be stripped."""
    profiles: dict[Name, dict[str, object]] = Field(default={})
    """Profiles of your own, or changes to those that come with bngcorr: docs/profiles.md."""
    bngs: tuple[Bng, ...] = Field(min_length=1)
    """The BNGs that may ask."""
    tap: tuple[Tap, ...] = ()
    """Interfaces on which DHCP is seen as it passes."""
    monitors: tuple[Monitor, ...] = ()
    """Further hosts that may send Status-Server."""
    log: Log = Log()
    """Logs."""
