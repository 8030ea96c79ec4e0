"""The operator's file, on AAA: servers, pools of them, and which requests go to which pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Final

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from bngcorr.config.fields import Duration, EndpointField, Name, Seconds, Span, switched
from bngcorr.config.secret import WithSecret
from bngcorr.config.section import Section
from bngcorr.model.vocabulary import OnNoUpstream, PoolPolicy

SINGLE: Final = "(one server)"
SEVERAL: Final = "(pool)"
KINDS: Final = ("auth", "acct")


class Probe(Section):
    """Status-Server (RFC 5997) to servers that are not heard of."""

    enabled: bool = False
    """Whether to ask. Set it if the servers answer Status-Server."""
    suspect: Span = Seconds(2.0)
    """Pause between probes of a server that is suspect."""
    dead: Span = Seconds(10.0)
    """Pause between probes of a server that is dead."""
    idle: Span = Seconds(30.0)
    """A server that is alive is probed when it was not heard of for so long."""


class Server(WithSecret):
    """One AAA server."""

    name: Name | None = None
    """Name in logs, metrics and verbs. None: its address and port."""
    address: EndpointField
    """UDP address of the AAA server."""
    source_address: IPv4Address | IPv6Address | None = None
    """Address to send from. None: the system's choice."""
    timeout: Span = Seconds(5.0)
    """How long a request waits for the AAA server's answer."""
    sockets: int = Field(default=64, ge=1, le=1024)
    """Most UDP sockets towards this server; each has 256 identifiers, opened as needed."""
    weight: int = Field(default=1, ge=1, le=1000)
    """Its share of the requests, with policy load_balance."""
    require_message_authenticator: bool = False
    """Refuse replies to Access-Requests that lack a Message-Authenticator (BlastRADIUS); set it if the server signs."""

    @model_validator(mode="after")
    def _one_family(self) -> Server:
        source = self.source_address
        if source is not None and (source.version == 6) != (":" in self.address.host):
            raise ValueError(f"a source_address of the family of {self.address}")
        return self

    @property
    def title(self) -> str:
        """What it is called."""
        return self.name or str(self.address)


class Care(Section):
    """How the servers of a pool are watched, and what holds when none is left."""

    response_within: Span = Seconds(1.5)
    """A server that was sent something and has said nothing for so long is suspect: others are used if any are."""
    dead_after: Span = Seconds(10.0)
    """A server that has said nothing for so long is dead."""
    alive_after: int = Field(default=3, ge=1, le=100)
    """Answers in a row after which a server that was suspect or dead is trusted again."""
    revive: Span = Seconds(30.0)
    """How often a request is sent to a dead server to see whether it is back, where nothing probes it."""
    probe: Annotated[Probe, BeforeValidator(switched)] = Probe()
    """Status-Server to servers that are not heard of."""
    on_no_upstream: OnNoUpstream = OnNoUpstream.SILENT
    """What becomes of an Access-Request while all servers are dead or taken out."""

    @model_validator(mode="after")
    def _in_order(self) -> Care:
        if self.dead_after < self.response_within:
            raise ValueError("dead_after of at least response_within")
        return self


class Upstream(Care, Server):
    """One AAA server alone: short for a pool of one."""

    @property
    def servers(self) -> tuple[Server, ...]:
        """Itself."""
        return (self,)

    @property
    def policy(self) -> PoolPolicy:
        """There is nothing to choose."""
        return PoolPolicy.FAILOVER


class Pool(Care):
    """Several AAA servers that stand in for each other."""

    policy: PoolPolicy = PoolPolicy.FAILOVER
    """failover: the first usable one. load_balance: all usable ones, by weight."""
    servers: tuple[Server, ...] = Field(min_length=1)
    """The servers, in the order of preference."""


def _form(value: object) -> str:
    given = isinstance(value, Pool) or (isinstance(value, dict) and ("servers" in value or "policy" in value))
    return SEVERAL if given else SINGLE


AnyPool = Annotated[
    Annotated[Upstream, Tag(SINGLE)] | Annotated[Pool, Tag(SEVERAL)],
    Discriminator(_form),
]


def names_field(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Route(Section):
    """Requests that go to pools of their own."""

    bng: Annotated[tuple[Name, ...], BeforeValidator(names_field)] = ()
    """Names of BNGs. Empty: all of them."""
    attribute: str | None = None
    """Attribute that has to be there, by its name in dictionaries/."""
    equals: str | None = None
    """What its value has to be."""
    matches: str | None = None
    """Regular expression that is found in its value."""
    auth: Name | None = None
    """Pool for Access-Requests. None: they go on to the next route."""
    acct: Name | None = None
    """Pool for Accounting-Requests. None: they go on to the next route."""


class Upstreams(Section):
    """The AAA servers behind bngcorr."""

    auth: AnyPool | None = None
    """For Access-Requests; needed if listen.auth is not empty."""
    acct: AnyPool | None = None
    """For Accounting-Requests; needed if listen.acct is not empty."""
    pools: dict[Name, AnyPool] = Field(default={})
    """Further pools, for routes."""
    routes: tuple[Route, ...] = ()
    """Which requests go to which of them, the first route that fits; the others go to auth and acct."""

    @property
    def every(self) -> dict[str, Upstream | Pool]:
        """All pools by name."""
        own = {name: pool for name, pool in (("auth", self.auth), ("acct", self.acct)) if pool is not None}
        return {**own, **self.pools}

    @property
    def longest_timeout(self) -> Duration:
        """Of all servers, in seconds; 0 if there are none."""
        return max((server.timeout for pool in self.every.values() for server in pool.servers), default=0.0)


UPSTREAM_SECTIONS: Final = (Upstreams, Upstream, Pool, Server, Probe, Route)


def check_pools(
    upstream: Mapping[str, object],
    listen: Mapping[str, object],
    bngs: Sequence[str],
    fault: Callable[[str, str, str], None],
    check_secret: Callable[[dict[str, object], str], None],
) -> None:
    """Contradictions in the raw section: kinds without a pool, names that stand twice, routes that lead nowhere.

    `bngs` are the names of all BNGs. `fault(key, got, expected)` is told each; `check_secret(mapping, path)` looks at a
    server's secret.
    """
    for kind in KINDS:
        if upstream.get(kind) is None and listen.get(kind, True):
            fault(f"upstream.{kind}", "nothing", f"the AAA server for what arrives at listen.{kind}")
        else:
            _check_pool(upstream.get(kind), f"upstream.{kind}", fault, check_secret)
    given = upstream.get("pools")
    pools = given if isinstance(given, dict) else {}
    for name, pool in pools.items():
        if name in KINDS:
            fault(f"upstream.pools.{name}", repr(name), "a name other than auth and acct, which are pools already")
        else:
            _check_pool(pool, f"upstream.pools.{name}", fault, check_secret)
    routes = upstream.get("routes")
    kinds: dict[str, str] = {}
    for index, route in enumerate(routes if isinstance(routes, list) else []):
        if isinstance(route, dict):
            _check_route(route, f"upstream.routes[{index}]", pools, kinds, bngs, fault)


def _check_pool(
    pool: object,
    path: str,
    fault: Callable[[str, str, str], None],
    check_secret: Callable[[dict[str, object], str], None],
) -> None:
    if not isinstance(pool, dict):
        return
    if _form(pool) == SINGLE:
        check_secret(pool, path)
        return
    servers = pool.get("servers")
    called: set[object] = set()
    for index, server in enumerate(servers if isinstance(servers, list) else []):
        if not isinstance(server, dict):
            continue
        check_secret(server, f"{path}.servers[{index}]")
        key = "name" if server.get("name") is not None else "address"
        name = server.get(key)
        if isinstance(name, str) and name in called:
            fault(f"{path}.servers[{index}].{key}", repr(name), "a name that no other server of the pool has")
        if isinstance(name, str):
            called.add(name)


def _check_route(
    route: Mapping[str, object],
    path: str,
    pools: Mapping[object, object],
    kinds: dict[str, str],
    bngs: Sequence[str],
    fault: Callable[[str, str, str], None],
) -> None:
    """`kinds`: what each pool is used for by the routes in front of this one."""
    if all(route.get(kind) is None for kind in KINDS):
        fault(path, "neither auth nor acct", "the pool for its Access-Requests, its Accounting-Requests, or both")
    asked = route.get("bng")
    for name in asked if isinstance(asked, list) else [asked]:
        if isinstance(name, str) and name not in bngs:
            fault(f"{path}.bng", repr(name), f"one of {', '.join(bngs)}")
    values = [key for key in ("equals", "matches") if route.get(key) is not None]
    if values and route.get("attribute") is None:
        fault(f"{path}.{values[0]}", "a value", "an attribute beside it")
    if len(values) > 1:
        fault(f"{path}.matches", "both equals and matches", "one of them")
    for kind in KINDS:
        name = route.get(kind)
        if not isinstance(name, str) or name == kind:
            continue
        if name not in pools:
            fault(f"{path}.{kind}", repr(name), f"one of {', '.join((kind, *map(str, pools)))}")
        elif kinds.setdefault(name, kind) != kind:
            fault(f"{path}.{kind}", repr(name), f"a pool that is not for {kinds[name]} already")
