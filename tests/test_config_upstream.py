"""The operator's file, on AAA: one server or several, pools and routes, and how their faults are told."""

from __future__ import annotations

from typing import Any

import pytest

from bngcorr.config import Config, parse
from bngcorr.errors import ConfigError, ConfigFault
from bngcorr.model.vocabulary import OnNoUpstream, PoolPolicy
from bngcorr.proxy.upstream.routing import routing_of
from bngcorr.resources import resource
from bngcorr.wire import attributes as a
from bngcorr.wire.dictionary import Dictionary

SECRET = "hunter2-do-not-show"
ONE: dict[str, Any] = {"address": "192.0.2.100:1812", "secret": SECRET}
TWO: dict[str, Any] = {"address": "192.0.2.101:1812", "secret": SECRET}


def config(**upstream: object) -> Config:
    """A file with these servers."""
    bng = {"name": "bng1", "address": "192.0.2.1", "secret": SECRET}
    given: dict[str, object] = {"auth": ONE, "acct": ONE, **upstream}
    return parse({"upstream": given, "bngs": [bng]})


def faults(**upstream: object) -> list[ConfigFault]:
    """What is wrong with it."""
    with pytest.raises(ConfigError) as refusal:
        config(**upstream)
    return list(refusal.value.faults)


def test_one_server_alone_is_a_pool_of_one() -> None:
    """The short form takes the keys of a server and those of a pool."""
    pool = config(auth={**ONE, "probe": True, "on_no_upstream": "reject", "dead_after": "4s"}).upstream.every["auth"]

    assert ["192.0.2.100:1812"] == [server.title for server in pool.servers]
    assert (PoolPolicy.FAILOVER, OnNoUpstream.REJECT) == (pool.policy, pool.on_no_upstream)
    assert (True, 2.0, 4.0) == (pool.probe.enabled, pool.probe.suspect, pool.dead_after)


def test_a_pool_has_servers_in_their_order() -> None:
    """With names, weights and addresses to send from; what is left out has its default."""
    servers = [{**ONE, "name": "a", "weight": 3, "source_address": "192.0.2.2"}, {**TWO, "timeout": "2s"}]
    upstream = config(auth={"policy": "load_balance", "servers": servers}).upstream
    found = upstream.every["auth"].servers

    assert [("a", 3), ("192.0.2.101:1812", 1)] == [(server.title, server.weight) for server in found]
    assert "192.0.2.2" == str(found[0].source_address)
    assert 5.0 == upstream.longest_timeout


def test_routes_lead_to_pools_of_their_kind() -> None:
    """In the order of the file; a route that names no pool for a kind leaves its requests to the others."""
    dictionary = Dictionary(resource("dictionaries") / "dictionary")
    routes = [
        {"bng": "bng1", "auth": "other"},
        {"attribute": "User-Name", "matches": "@x$", "acct": "books", "auth": "auth"},
    ]
    routing = routing_of(config(pools={"other": ONE, "books": TWO, "unused": ONE}, routes=routes).upstream, dictionary)
    auth, acct = routing["auth"], routing["acct"]

    assert ["other", "auth"] == [pool.name for _, pool in auth.routes]
    assert [(a.USER_NAME, "books")] == [(route.key, pool.name) for route, pool in acct.routes]
    assert (["auth", "other"], ["acct", "books"]) == (
        [pool.name for pool in auth.pools],
        [pool.name for pool in acct.pools],
    )


@pytest.mark.parametrize(
    ("upstream", "key", "got", "expected"),
    [
        ({"auth": {"servers": []}}, "upstream.auth.servers", "a list", "at least 1"),
        ({"auth": {"policy": "failover"}}, "upstream.auth.servers", "nothing", "needed"),
        ({"auth": {"servers": [ONE], "policy": "best"}}, "upstream.auth.policy", "'best'", "failover"),
        ({"auth": {"servers": [{**ONE, "adress": 1}]}}, "upstream.auth.servers[0].adress", "unknown", "address"),
        ({"auth": {"servers": [{"address": "192.0.2.1:1"}]}}, "upstream.auth.servers[0].secret", "nothing", "exactly"),
        ({"auth": {"servers": [ONE, ONE]}}, "upstream.auth.servers[1].address", "192.0.2.100:1812", "no other server"),
        ({"auth": {**ONE, "weight": 0}}, "upstream.auth.weight", "0", "1"),
        ({"auth": {**ONE, "source_address": "::1"}}, "upstream.auth", "a mapping", "family of 192.0.2.100:1812"),
        ({"auth": {**ONE, "dead_after": "1s"}}, "upstream.auth", "a mapping", "at least response_within"),
        ({"pools": {"auth": ONE}}, "upstream.pools.auth", "'auth'", "other than auth and acct"),
        ({"pools": {"p": {**ONE, "timeout": 5}}}, "upstream.pools.p.timeout", "5", '"5s"'),
        ({"pools": {"p": {"address": "192.0.2.1:1"}}}, "upstream.pools.p.secret", "nothing", "exactly one"),
        ({"routes": [{"auth": "p"}]}, "upstream.routes[0].auth", "'p'", "one of auth"),
        ({"routes": [{"bng": ["bng1", "bng2"], "auth": "auth"}]}, "upstream.routes[0].bng", "'bng2'", "one of bng1"),
        ({"routes": [{"bng": "bng1"}]}, "upstream.routes[0]", "neither", "pool"),
        ({"routes": [{"equals": "x", "auth": "auth"}]}, "upstream.routes[0].equals", "a value", "an attribute"),
        (
            {"routes": [{"attribute": "Class", "equals": "x", "matches": "x", "auth": "auth"}]},
            "upstream.routes[0].matches", "both", "one of them",
        ),
        (
            {"pools": {"p": ONE}, "routes": [{"auth": "p"}, {"acct": "p"}]},
            "upstream.routes[1].acct", "'p'", "not for auth",
        ),
    ],
)  # fmt: skip
def test_a_fault_tells_key_value_and_what_was_expected(
    upstream: dict[str, object], key: str, got: str, expected: str
) -> None:
    """One fault for one mistake, under the key as it stands in the file, and no secret in it."""
    (fault,) = faults(**upstream)

    assert key == fault.key
    assert got in fault.got
    assert expected in fault.expected
    assert SECRET not in str(fault)


def test_faults_that_need_the_dictionaries_are_told_together() -> None:
    """Attributes that nobody defines, and expressions that are none."""
    routes = [{"attribute": "No-Such", "auth": "auth"}, {"attribute": "Class", "matches": "(", "auth": "auth"}]
    with pytest.raises(ConfigError) as refusal:
        routing_of(config(routes=routes).upstream, Dictionary(resource("dictionaries") / "dictionary"))

    assert ["upstream.routes[0].attribute", "upstream.routes[1].matches"] == [f.key for f in refusal.value.faults]
