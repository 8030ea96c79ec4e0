"""The operator's file: every key with its default, checked whole; all faults are reported at once."""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretBytes, ValidationError, model_validator

from bngcorr.errors import ConfigError, ConfigFault
from bngcorr.model.vocabulary import LineIdPolicy, Mode, PenPolicy, VlanModel
from bngcorr.profiles.catalogue import ProfileData, ProfileFault, SignalData, WriteData, overridden, packaged
from bngcorr.profiles.profile import Relay

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class _Seconds(float):
    """A duration of ours; a bare number in the file has no unit and is refused."""


def _duration(value: object) -> object:
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return float(match[1]) * _UNIT_SECONDS[match[2]]
    if isinstance(value, _Seconds):  # a default
        return float(value)
    raise ValueError('a duration with its unit, such as "300ms", "5s", "2m", "24h" or "7d"')


Duration = Annotated[float, BeforeValidator(_duration)]  # seconds, 0 or more
Span = Annotated[Duration, Field(gt=0)]  # seconds, more than 0

_ENDPOINT = re.compile(r"(?:\[([0-9A-Fa-f:.%]+)\]|([0-9.]+)):(\d{1,5})")


def _endpoint(value: object) -> object:
    if isinstance(value, Endpoint):
        return value
    match = _ENDPOINT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('an address and port, such as "0.0.0.0:1812" or "[::]:1812"')
    host, port = match[1] or match[2], int(match[3])
    try:
        ip_address(host)
    except ValueError:
        raise ValueError(f"an IP address in front of the port; {host!r} is none") from None
    if port > 65535:
        raise ValueError("a port of 0 … 65535")
    return Endpoint(host, port)


class Endpoint(tuple[str, int]):
    """Address and UDP or TCP port."""

    __slots__ = ()

    def __new__(cls, host: str, port: int) -> Endpoint:
        return super().__new__(cls, (host, port))

    def __getnewargs__(self) -> tuple[str, int]:
        return self.host, self.port

    @property
    def host(self) -> str:
        """IPv4 or IPv6 address, without brackets."""
        return self[0]

    @property
    def port(self) -> int:
        """0 … 65535; 0 lets the system choose."""
        return self[1]

    def __str__(self) -> str:
        return f"[{self[0]}]:{self[1]}" if ":" in self[0] else f"{self[0]}:{self[1]}"


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def _name(value: object) -> object:
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    raise ValueError("a name of 1 … 64 letters, digits, dots, dashes and underscores, letter or digit first")


Name = Annotated[str, BeforeValidator(_name)]
EndpointField = Annotated[Endpoint, BeforeValidator(_endpoint)]


def _networks(value: object) -> object:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError('an address, a network, or a list of them, such as ["192.0.2.1", "2001:db8::/48"]')
    networks = []
    for item in value:
        if not isinstance(item, str):
            raise ValueError("addresses or networks, each as text")  # noqa: TRY004 - pydantic wants a ValueError
        try:
            networks.append(ip_network(item, strict=True))
        except ValueError as error:
            raise ValueError(f"addresses or networks; {error}") from None
    return tuple(networks)


def _store_url(value: object) -> object:
    if value == "embedded":
        return value
    if isinstance(value, str) and value.startswith(("redis://", "rediss://", "unix://")):
        try:
            _ = urlsplit(value).port
        except ValueError:
            raise ValueError("a port of 0 … 65535 in the URL") from None
        return value
    raise ValueError('"embedded", or a URL that starts with redis://, rediss:// or unix://')


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, validate_default=True, use_attribute_docstrings=True
    )


def _read_secret(given: Mapping[str, object]) -> bytes:
    """The octets of a shared secret from one of `_SECRET_KEYS`. Raises ValueError saying what was expected."""
    present = [name for name in _SECRET_KEYS if given.get(name) is not None]
    if len(present) != 1:
        raise ValueError("exactly one of secret, secret_file and secret_env")
    value = given[present[0]]
    match present[0]:
        case "secret":
            octets = value if isinstance(value, bytes) else str(value).encode()
        case "secret_file":
            try:
                octets = Path(str(value)).read_bytes().split(b"\n", 1)[0].rstrip(b"\r")
            except OSError as error:
                raise ValueError(f"a file that can be read ({error.strerror})") from None
        case _:
            octets = os.environb.get(str(value).encode(), b"")
            if not octets:
                raise ValueError("an environment variable that is set and not empty")
    if not octets:
        raise ValueError("a secret of at least one octet (RFC 2865 §3)")
    return octets


_SECRET_KEYS = ("secret", "secret_file", "secret_env")


class _WithSecret(_Model):
    secret: SecretBytes | None = None
    """The shared secret itself. One of secret, secret_file and secret_env is needed."""
    secret_file: Path | None = None
    """A file whose first line is the shared secret."""
    secret_env: str | None = None
    """An environment variable that holds the shared secret."""

    @model_validator(mode="after")
    def _one_secret(self) -> _WithSecret:
        given = {name: getattr(self, name) for name in _SECRET_KEYS}
        inline = given["secret"].get_secret_value() if given["secret"] is not None else None
        object.__setattr__(self, "_shared_secret", _read_secret({**given, "secret": inline}))
        return self

    @property
    def shared_secret(self) -> bytes:
        """The octets, wherever they came from. Never log them."""
        octets: bytes = object.__getattribute__(self, "_shared_secret")
        return octets


class Listen(_Model):
    """Where BNGs send their requests."""

    auth: tuple[EndpointField, ...] = (Endpoint("0.0.0.0", 1812), Endpoint("::", 1812))  # noqa: S104
    """UDP addresses for Access-Requests. May be empty."""
    acct: tuple[EndpointField, ...] = (Endpoint("0.0.0.0", 1813), Endpoint("::", 1813))  # noqa: S104
    """UDP addresses for Accounting-Requests. May be empty."""
    receive_buffer: int = Field(default=4_194_304, ge=65_536)
    """SO_RCVBUF asked for, in octets; the kernel's net.core.rmem_max caps it, the granted size is logged."""

    @model_validator(mode="after")
    def _something(self) -> Listen:
        if not self.auth and not self.acct:
            raise ValueError("at least one address under listen.auth or listen.acct")
        return self


class Health(_Model):
    """HTTP of the packet process: /healthz, /readyz, /metrics."""

    listen: EndpointField = Endpoint("127.0.0.1", 9812)
    """TCP address."""


class Web(_Model):
    """HTTP of `bngcorr web`: the API."""

    listen: EndpointField = Endpoint("127.0.0.1", 8080)
    """TCP address. Keep it on loopback or behind something that authenticates: there is no access control yet."""


class Store(_Model):
    """Redis or Valkey, where sessions and sightings live."""

    url: Annotated[str, BeforeValidator(_store_url)] = Field(default="redis://127.0.0.1:6379/0", repr=False)
    """redis://, rediss:// or unix:// URL, or "embedded": a real Valkey run by `bngcorr serve` (extra "embedded")."""
    data_dir: Path = Path("var")
    """Folder of the embedded store: its socket and append-only file."""
    budget: Span = _Seconds(0.05)
    """How long one round trip on the request path may take before the verdict is "unknown"."""
    write_backlog: int = Field(default=50_000, ge=100)
    """Writes kept in memory while the store is away; beyond it the oldest sightings go first, accounting last."""
    remember: Span = _Seconds(86_400.0)
    """How long a line that was seen is remembered."""
    events: int = Field(default=10_000, ge=0)
    """Recent verdicts kept for /v1/correlations."""


class Upstream(_WithSecret):
    """One AAA server."""

    address: EndpointField
    """UDP address of the AAA server."""
    timeout: Span = _Seconds(5.0)
    """How long a request waits for the AAA server's answer."""
    sockets: int = Field(default=64, ge=1, le=1024)
    """Most UDP sockets towards this server; each has 256 identifiers, opened as needed."""
    require_message_authenticator: bool = False
    """Refuse replies to Access-Requests that lack a Message-Authenticator (BlastRADIUS); set it if the server signs."""


class Upstreams(_Model):
    """The AAA servers behind bngcorr."""

    auth: Upstream | None = None
    """For Access-Requests; needed if listen.auth is not empty."""
    acct: Upstream | None = None
    """For Accounting-Requests; needed if listen.acct is not empty."""


class EnterpriseNumbers(_Model):
    """Which enterprise numbers may be stripped from a Remote-Id."""

    accept: frozenset[Annotated[int, Field(ge=1, le=0xFFFFFFFE)]] = frozenset()
    """Numbers of the access nodes in this network. Empty: every number up to the ceiling."""
    ceiling: int = Field(default=131_071, ge=1, le=0xFFFFFF)
    """Highest number taken for one; IANA's list stood at 62331 in mid-2024 and grows by some 1,500 a year."""


class Alias(_Model):
    """An id of one family, beyond the enterprise number, put into the words of the other."""

    id: Literal["remote_id", "circuit_id"]
    """Which id."""
    family: Literal["dhcpv4", "dhcpv6", "ppp"] = "dhcpv6"
    """Only in requests of this protocol."""
    matches: str
    """Regular expression for the whole id, behind the enterprise number."""
    template: str
    """What it becomes; \\1 or \\g<name> stand for groups of the expression."""


class Identity(_Model):
    """Where AAA finds the line."""

    write: tuple[WriteData, ...] | None = None
    """Attributes and templates. None: the profile's, only in requests that lack the line."""
    keep_raw: str | None = None
    """Attribute that gets the Remote-Id as it came whenever it was changed. None: it is not kept."""


class Limits(_Model):
    """What the BNG can bear."""

    host_resources: int | None = Field(default=None, ge=1)
    """Host resources of the box, in the unit of its cost table. None: not known."""


class Bng(_WithSecret):
    """One BNG, or several alike behind one network."""

    name: Name
    """Name in logs, metrics and the API."""
    address: Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_networks)]
    """Source addresses or networks of its requests. The longest match wins."""
    profile: str = "generic"
    """Which family of BNGs it is."""
    bng_from: Literal["source", "nas_ip", "nas_identifier"] = "source"
    """What tells it from others in the same network (another proxy, SNAT): nothing else, or what it calls itself."""
    nas_ip: tuple[IPv4Address | IPv6Address, ...] = ()
    """Its NAS-IP-Addresses, with bng_from: nas_ip."""
    nas_identifier: tuple[str, ...] = ()
    """Its NAS-Identifiers, with bng_from: nas_identifier."""
    mode: Mode = Mode.FULL
    """observe: change nothing. strip: only the enterprise number. full: strip and correlate."""
    domain: Name | None = None
    """Correlation domain: BNGs that share lines and MAC addresses; ports stay each BNG's own. Default: its name."""
    vlan_model: VlanModel = VlanModel.SHARED
    """per_line: the VLAN pair on a port is one line. shared: many lines behind one pair (N:1)."""
    window: Duration = _Seconds(5.0)
    """A sighting of the same CPE this near in time matches."""
    hold: Duration = _Seconds(0.3)
    """How long a v6 request may wait for its line's v4 one; "0s" switches it off. Keep ≤ 1/3 of the BNG's timeout."""
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
    cost_table: Literal["sros-classic", "sros-r12-shared", "sros-pd-managed-route", "session"] = "sros-classic"
    """How hosts add up to host resources."""
    limits: Limits = Limits()
    """What the BNG can bear."""

    @property
    def domain_name(self) -> str:
        """The correlation domain it belongs to."""
        return self.domain or self.name


class Log(_Model):
    """Logs go to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severity written."""
    format: Literal["console", "json"] = "console"
    """console: for people. json: one object a line."""


class Config(_Model):
    """The whole file."""

    listen: Listen = Listen()
    """Where BNGs send their requests."""
    health: Health = Health()
    """HTTP of the packet process."""
    web: Web = Web()
    """HTTP of the API process."""
    store: Store = Store()
    """Redis or Valkey."""
    upstream: Upstreams = Upstreams()
    """The AAA servers."""
    enterprise_numbers: EnterpriseNumbers = EnterpriseNumbers()
    """Which enterprise numbers may be stripped."""
    profiles: dict[Name, dict[str, object]] = {}
    """Profiles of your own, or changes to those that come with bngcorr: docs/profiles.md."""
    bngs: tuple[Bng, ...] = Field(min_length=1)
    """The BNGs that may ask."""
    log: Log = Log()
    """Logs."""


def _contradictions(data: dict[str, object]) -> list[ConfigFault]:
    """Faults between keys, found in the raw data so that they are told together with those inside single keys."""
    faults: list[ConfigFault] = []

    def fault(key: str, got: str, expected: str) -> None:
        faults.append(ConfigFault(key=key, got=got, expected=expected))

    def check_secret(section: dict[str, object], path: str) -> None:
        given = [name for name in _SECRET_KEYS if section.get(name) is not None]
        try:
            _read_secret(section)
        except ValueError as error:
            if len(given) != 1:
                fault(f"{path}.secret", " and ".join(given) or "nothing", str(error))
            else:
                fault(f"{path}.{given[0]}", _shown(section[given[0]], f"{path}.{given[0]}"), str(error))

    listen, upstream = _section(data, "listen"), _section(data, "upstream")
    for port in ("auth", "acct"):
        server = upstream.get(port)
        if isinstance(server, dict):
            check_secret(server, f"upstream.{port}")
        elif server is None and listen.get(port, True):
            fault(f"upstream.{port}", "nothing", f"the AAA server for what arrives at listen.{port}")
    known = packaged()
    own = _section(data, "profiles")
    for title, changes in own.items():
        if not isinstance(changes, dict):
            continue
        try:
            known[title] = overridden(known, title, changes)
        except ProfileFault as error:
            fault(f"profiles.{title}.{error.key}", error.got, error.expected)
            known.setdefault(title, next(iter(known.values())))
    names: set[object] = set()
    owners: dict[tuple[str, str], object] = {}
    bngs = data.get("bngs")
    for index, bng in enumerate(bngs if isinstance(bngs, list) else []):
        if not isinstance(bng, dict):
            continue
        path = f"bngs[{index}]"
        check_secret(bng, path)
        name, profile, addresses = bng.get("name"), bng.get("profile", "generic"), bng.get("address", [])
        if not isinstance(profile, str) or profile not in known:
            fault(f"{path}.profile", repr(profile), f"one of {', '.join(known)}")
        if isinstance(name, str):
            if name in names:
                fault(f"{path}.name", repr(name), "a name that no other BNG has")
            names.add(name)
        for address in addresses if isinstance(addresses, list) else [addresses]:
            if not isinstance(address, str):
                continue  # told as a fault of the key itself
            try:
                network = str(ip_network(address))
            except ValueError:
                continue  # told as a fault of the key itself
            shared = [owner for (other, called), owner in owners.items() if other == network and bool(called)]
            if shared and "" in _called(bng):
                expected = f"bng_from: nas_ip or nas_identifier, as {shared[0]!r} has in the same network"
                fault(f"{path}.bng_from", repr(bng.get("bng_from", "source")), expected)
            for called in _called(bng):
                if (network, called) in owners:
                    expected = f"a network that {owners[network, called]!r} does not have already"
                    fault(f"{path}.address", network + (f" ({called})" if called else ""), expected)
                owners[network, called] = name
        key = bng.get("bng_from", "source")
        if key in ("nas_ip", "nas_identifier") and not bng.get(key):
            fault(f"{path}.{key}", "nothing", f"what the BNG calls itself, for bng_from: {key}")
    return faults


def _called(bng: dict[str, object]) -> list[str]:
    """What tells a BNG from others in its network; "" if nothing does."""
    key = bng.get("bng_from", "source")
    value = bng.get(key) if key in ("nas_ip", "nas_identifier") else None
    names = value if isinstance(value, list) else [value]
    return [str(name) if name is not None else "" for name in names]


def _section(data: dict[str, object], name: str) -> dict[str, object]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _key_path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "(file)"


_SHOWN_KEYS = re.compile(
    r"(.*\.)?(address(\[\d+\])?|listen|auth\[\d+\]|acct\[\d+\]|name|profile|mode|domain|vlan_model|window|hold|timeout"
    r"|sockets|budget|remember|events|write_backlog|receive_buffer|cost_table|host_resources|level|format|ceiling"
    r"|accept(\[\d+\])?|enterprise_number|v4_always_has_id|require_message_authenticator|data_dir)"
)


def _shown(value: object, path: str) -> str:
    """The value as written, short: only of keys that hold no secret, and only if it is a single plain value."""
    if value is None:
        return "nothing"
    if not isinstance(value, str | int | float):
        return f"a {'list' if isinstance(value, list | tuple) else 'mapping' if isinstance(value, dict) else 'value'}"
    if _SHOWN_KEYS.fullmatch(path) is None:
        return "a value that is not shown, for it may hold a secret"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def parse(data: object) -> Config:
    """Config from the YAML file's data. Raises ConfigError with every fault."""
    if not isinstance(data, dict):
        raise ConfigError((ConfigFault(key="(file)", got=type(data).__name__, expected="a mapping of settings"),))
    data = {key: {} if value is None else value for key, value in data.items()}  # a section with every key commented
    faults = _contradictions(data)
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            path = _key_path(item["loc"])
            if any(known.key in [f"{path}.{name}" for name in _SECRET_KEYS] for known in faults):
                continue  # told already, with the key
            if item["type"] == "too_short" and item["input"]:
                continue  # every entry has a fault of its own, told beside this one
            if item["type"] == "missing":
                faults.append(ConfigFault(key=path, got="nothing", expected="a value: this key is needed"))
            elif item["type"] == "extra_forbidden":
                parent = _key_path(item["loc"][:-1])
                faults.append(ConfigFault(key=path, got="an unknown key", expected=_keys_of(item["loc"][:-1], parent)))
            else:
                expected = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
                faults.append(ConfigFault(key=path, got=_shown(item["input"], path), expected=expected))
        raise ConfigError(tuple(faults)) from None
    if faults:
        raise ConfigError(tuple(faults))
    return config


def _keys_of(location: tuple[int | str, ...], parent: str) -> str:
    """Names that would be known where an unknown key stood."""
    model: type[BaseModel] = Config
    for part in location:
        if isinstance(part, str):
            annotation = model.model_fields[part].annotation if part in model.model_fields else None
            model = next((m for m in _SECTIONS if m.__name__ in str(annotation)), model)
    return f"one of {', '.join(model.model_fields)}" + (f" under {parent}" if location else "")


_SECTIONS = (
    Alias,
    Identity,
    SignalData,
    WriteData,
    Upstreams,
    Upstream,
    Listen,
    Health,
    Web,
    Store,
    EnterpriseNumbers,
    Limits,
    Bng,
    Log,
)


def profiles_of(config: Config) -> dict[str, ProfileData]:
    """All profiles by name, the operator's own included."""
    known = packaged()
    for name, changes in config.profiles.items():
        known[name] = overridden(known, name, changes)
    return known


class _TwiceError(yaml.constructor.ConstructorError):
    """A key stands twice."""


class _Loader(yaml.SafeLoader):
    """YAML in which a key that stands twice is a fault: the first one would silently be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node)
            if not isinstance(key, Hashable):
                continue  # refused below
            if key in seen:
                raise _TwiceError(None, None, f"key {key!r} stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def load(path: Path) -> Config:
    """Config from a YAML file. Raises ConfigError, also for a file that is absent or no YAML."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        fault = ConfigFault(key=str(path), got=error.strerror or "an error", expected="a readable file")
        raise ConfigError((fault,)) from None
    except UnicodeDecodeError:
        raise ConfigError((ConfigFault(key=str(path), got="octets", expected="UTF-8 text"),)) from None
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        place = f"line {where.line + 1}, column {where.column + 1}" if where else "the file"
        twice = isinstance(error, _TwiceError)
        got = f"{'a key that stands twice' if twice else 'no YAML'} at {place}"  # the parser's words may quote a secret
        expected = "each key once" if twice else "valid YAML; put values that start with ! * & @ % in quotes"
        raise ConfigError((ConfigFault(key=str(path), got=got, expected=expected),)) from None
    return parse(data)
