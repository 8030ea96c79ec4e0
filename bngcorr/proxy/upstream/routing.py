"""From the operator's file to pools and routes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bngcorr.config.upstream import KINDS, Care, Pool, Upstream, Upstreams
from bngcorr.config.upstream import Route as RouteSettings
from bngcorr.errors import ConfigError, ConfigFault
from bngcorr.model.vocabulary import OnNoUpstream, PoolPolicy
from bngcorr.proxy.upstream.health import Patience
from bngcorr.proxy.upstream.routes import Route
from bngcorr.proxy.upstream.settings import Settings
from bngcorr.wire.dictionary import Dictionary


class PoolSettings:
    """What the operator says of one pool."""

    __slots__ = ("name", "on_no_upstream", "patience", "policy", "servers")

    def __init__(
        self,
        name: str,
        servers: Sequence[Settings],
        patience: Patience,
        policy: PoolPolicy = PoolPolicy.FAILOVER,
        on_no_upstream: OnNoUpstream = OnNoUpstream.SILENT,
    ) -> None:
        """`servers` in the order of the file, at least one."""
        self.name = name
        self.servers = tuple(servers)
        self.patience = patience
        self.policy = policy
        self.on_no_upstream = on_no_upstream


class Routing:
    """The pools for one kind of request, and which requests go where."""

    __slots__ = ("default", "routes")

    def __init__(self, default: PoolSettings, routes: Sequence[tuple[Route, PoolSettings]] = ()) -> None:
        """The first of `routes` that fits, else `default`."""
        self.default = default
        self.routes = tuple(routes)

    @property
    def pools(self) -> list[PoolSettings]:
        """All of them, each once."""
        found = {pool.name: pool for pool in (self.default, *(pool for _, pool in self.routes))}
        return list(found.values())


def routing_of(upstream: Upstreams, dictionary: Dictionary) -> dict[str, Routing]:
    """By kind of request, auth and acct, those that have a pool. Raises ConfigError with every fault of the routes."""
    faults: list[ConfigFault] = []
    routes = [_route(route, f"upstream.routes[{index}]", dictionary, faults) for index, route in
              enumerate(upstream.routes)]  # fmt: skip
    if faults:
        raise ConfigError(tuple(faults))
    found: dict[str, Routing] = {}
    settings = {name: pool_settings(name, pool) for name, pool in upstream.every.items()}
    for kind in KINDS:
        if kind not in settings:
            continue
        named = [(route, getattr(given, kind)) for route, given in zip(routes, upstream.routes, strict=True)]
        found[kind] = Routing(
            settings[kind], [(route, settings[name]) for route, name in named if route is not None and name is not None]
        )
    return found


def pool_settings(name: str, pool: Upstream | Pool) -> PoolSettings:
    """One pool, as the file has it."""
    return PoolSettings(
        name,
        [
            Settings(
                pool=name,
                name=server.title,
                address=(server.address.host, server.address.port),
                secret=server.shared_secret,
                source=None if server.source_address is None else str(server.source_address),
                timeout_s=server.timeout,
                sockets=server.sockets,
                weight=server.weight,
                require_message_authenticator=server.require_message_authenticator,
            )
            for server in pool.servers
        ],
        _patience(pool),
        pool.policy,
        pool.on_no_upstream,
    )


def _patience(care: Care) -> Patience:
    return Patience(
        response_within_s=care.response_within,
        dead_after_s=care.dead_after,
        alive_after=care.alive_after,
        revive_s=care.revive,
        probing=care.probe.enabled,
        probe_suspect_s=care.probe.suspect,
        probe_dead_s=care.probe.dead,
        probe_alive_s=care.probe.idle,
    )


def _route(given: RouteSettings, path: str, dictionary: Dictionary, faults: list[ConfigFault]) -> Route | None:
    key = matches = None
    before = len(faults)
    if given.attribute is not None:
        try:
            key = dictionary.key(given.attribute)
        except KeyError:
            expected = "an attribute that dictionaries/ define"
            faults.append(ConfigFault(key=f"{path}.attribute", got=repr(given.attribute), expected=expected))
    if given.matches is not None:
        try:
            matches = re.compile(given.matches.encode())
        except re.error as error:
            expected = f"a regular expression; {error}"
            faults.append(ConfigFault(key=f"{path}.matches", got=repr(given.matches), expected=expected))
    if len(faults) > before:
        return None
    return Route(
        bngs=frozenset(given.bng) or None,
        key=key,
        equals=None if given.equals is None else given.equals.encode(),
        matches=matches,
    )
