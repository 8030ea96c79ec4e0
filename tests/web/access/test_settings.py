"""The section `web:` of the configuration."""

from __future__ import annotations

from typing import Any

import pytest

from bngcorr.config import parse
from bngcorr.config.changes import changes, web_changes
from bngcorr.config.settings import Config
from bngcorr.config.web import Scope
from bngcorr.errors import ConfigError
from bngcorr.web.access.tokens import hash_of, new_token

TOKEN = new_token(bytes(32))
NOC = {"name": "noc", "hash": hash_of(TOKEN), "scopes": ["read", "act"]}
SERVER = {"address": "192.0.2.10:1812", "secret": "x"}


def config(**web: Any) -> Config:
    """A sound file with this section."""
    bngs = [{"name": "bng1", "address": "192.0.2.1", "secret": "s"}]
    return parse({"upstream": {"auth": SERVER, "acct": SERVER}, "bngs": bngs, "web": web})


def test_by_default_only_this_machine_reads() -> None:
    """On loopback, without tokens; and it says so of itself."""
    web = config().web

    assert ((), True, False) == (web.tokens, web.on_loopback, web.in_the_clear)


@pytest.mark.parametrize(
    ("web", "key"),
    [
        ({"listen": "0.0.0.0:8080"}, "web.tokens"),
        ({"listen": "[::]:8080", "tokens": []}, "web.tokens"),
        ({"listen": "192.0.2.1:8080", "tls": {"certificate": "c", "key": "k"}}, "web.tokens"),
        ({"behind_proxy": True}, "web.tokens"),
        ({"listen": "nowhere"}, "web.listen"),
        ({"tls": {"certificate": "c"}}, "web.tls.key"),
        ({"tls": {"key": "k"}}, "web.tls.certificate"),
        ({"tokens": [NOC, {**NOC, "name": "other"}]}, "web.tokens[1].hash"),
        ({"tokens": [NOC, {**NOC, "hash": hash_of("x")}]}, "web.tokens[1].name"),
        ({"tokens": [{**NOC, "hash": TOKEN}]}, "web.tokens[0].hash"),
        ({"tokens": [{**NOC, "scopes": ["root"]}]}, "web.tokens[0].scopes[0]"),
        ({"tokens": [{**NOC, "scopes": []}]}, "web.tokens[0].scopes"),
        ({"tokens": [{**NOC, "name": "n c"}]}, "web.tokens[0].name"),
        ({"rate": {"per_second": 0}}, "web.rate.per_second"),
        ({"session_lifetime": "5s"}, "web.session_lifetime"),
    ],
)
def test_what_cannot_be_is_told_by_its_key(web: dict[str, Any], key: str) -> None:
    """And a token that stands where its hash belongs is not repeated."""
    with pytest.raises(ConfigError) as refused:
        config(**web)

    assert [key] == [fault.key for fault in refused.value.faults]
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize(
    ("web", "clear"),
    [
        ({"listen": "0.0.0.0:8080", "tokens": [NOC]}, True),
        ({"listen": "0.0.0.0:8080", "tokens": [NOC], "behind_proxy": True}, False),
        ({"listen": "0.0.0.0:8080", "tokens": [NOC], "tls": {"certificate": "c", "key": "k"}}, False),
        ({"listen": "127.0.0.2:8080"}, False),
        ({"listen": "[::1]:8080", "tokens": [NOC]}, False),
    ],
)
def test_it_is_known_whether_tokens_go_in_the_clear(web: dict[str, Any], clear: bool) -> None:
    """Then the process warns when it starts."""
    assert clear is config(**web).web.in_the_clear


def test_what_a_running_process_takes() -> None:
    """Tokens, rates and the lifetime of logins; all else of the file waits for a restart. To the packet process the
    section is nothing.
    """
    before = config()
    after = config(listen="127.0.0.1:1", tokens=[NOC], rate={"burst": 7}, session_lifetime="1h")
    found = web_changes(before, after)

    assert ("web.tokens", "web.rate", "web.session_lifetime") == found.taken
    assert ("web.listen",) == found.needs_restart
    assert before.web.listen == found.effective.web.listen
    assert {Scope.READ, Scope.ACT} == found.effective.web.tokens[0].scopes
    assert ((), ()) == ((packets := changes(before, after)).taken, packets.needs_restart)
