"""The operator's file: what is accepted, and how every fault is told."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bngcorr.accountant.cost import CostTable
from bngcorr.bng_profiles import costs_of
from bngcorr.config import Config, Endpoint, load, parse
from bngcorr.errors import ConfigError, ConfigFault
from bngcorr.model.vocabulary import Mode, PenPolicy, VlanModel
from bngcorr.profiles.catalogue import packaged

SECRET = "hunter2-do-not-show"
BNG: dict[str, Any] = {"name": "bng1", "address": "192.0.2.1", "secret": SECRET}
AAA: dict[str, Any] = {"address": "192.0.2.100:1812", "secret": SECRET}
MONITOR: dict[str, Any] = {"address": "192.0.2.20", "secret": SECRET}


def _data(**changes: object) -> dict[str, object]:
    """The smallest file that is right, changed."""
    return {"upstream": {"auth": dict(AAA), "acct": dict(AAA)}, "bngs": [dict(BNG)], **changes}


def _with_bng(**changes: object) -> dict[str, object]:
    return _data(bngs=[{**BNG, **changes}])


def _faults(data: object) -> list[ConfigFault]:
    with pytest.raises(ConfigError) as refusal:
        parse(data)
    return list(refusal.value.faults)


def _fault(data: object) -> ConfigFault:
    (fault,) = _faults(data)
    return fault


# ---- what is right


def test_the_smallest_file_has_documented_defaults() -> None:
    """Two AAA servers and one BNG are enough; everything else has its default."""
    config = parse(_data())
    (bng,) = config.bngs

    assert (Endpoint("0.0.0.0", 1812), Endpoint("::", 1812)) == config.listen.auth
    assert (Endpoint("0.0.0.0", 1813), Endpoint("::", 1813)) == config.listen.acct
    assert Endpoint("127.0.0.1", 9812) == config.health.listen
    assert 0.05 == config.store.budget
    assert 86_400.0 == config.store.remember
    assert 131_071 == config.enterprise_numbers.ceiling
    assert frozenset() == config.enterprise_numbers.accept
    assert ("generic", Mode.FULL, VlanModel.SHARED, 5.0, 0.3) == (
        bng.profile,
        bng.mode,
        bng.vlan_model,
        bng.window,
        bng.hold,
    )
    assert "bng1" == bng.domain_name
    assert bng.limits.host_resources is None


def test_every_key_of_a_bng_is_taken() -> None:
    """Addresses, profile, mode, domain, durations, policies and limits arrive as they were written."""
    config = parse(
        _with_bng(
            address=["192.0.2.0/24", "2001:db8::/48", "198.51.100.1"],
            profile="nokia-sros",
            mode="observe",
            domain="pair-1",
            vlan_model="per_line",
            window="2m",
            hold="0s",
            v4_always_has_id=False,
            enterprise_number="never",
            require_message_authenticator=True,
            cost_table="session",
            limits={"host_resources": 64_000},
        )
    )
    (bng,) = config.bngs

    assert tuple(map(ip_network, ("192.0.2.0/24", "2001:db8::/48", "198.51.100.1/32"))) == bng.address
    assert ("nokia-sros", Mode.OBSERVE, "pair-1", VlanModel.PER_LINE) == (
        bng.profile,
        bng.mode,
        bng.domain_name,
        bng.vlan_model,
    )
    assert (120.0, 0.0, False, PenPolicy.NEVER, True) == (
        bng.window,
        bng.hold,
        bng.v4_always_has_id,
        bng.enterprise_number,
        bng.require_message_authenticator,
    )
    assert ("session", 64_000) == (bng.cost_table, bng.limits.host_resources)


def test_a_bng_may_have_a_cost_table_of_ones_own_and_limits_of_cards_and_ports() -> None:
    """What a table leaves out costs nothing; what is not named has the limit of "*"."""
    limits = {"host_resources": 500, "cards": {"*": 200}, "ports": {"1/1/4": 50}}
    config = parse({**_with_bng(cost_table="own", limits=limits), "cost_tables": {"own": {"v4": 1, "ia_pd": 2}}})
    (bng,) = config.bngs

    assert {bng.name: CostTable(name="own", v4=1, ia_pd=2)} == costs_of(config)
    assert (500, {"*": 200}, {"1/1/4": 50}) == (bng.limits.host_resources, bng.limits.cards, bng.limits.ports)


def test_without_a_cost_table_the_profile_says_how_a_bng_counts() -> None:
    """A Juniper counts sessions, a Nokia hosts; the BNG's own word stands before it."""
    found = [
        costs_of(parse(_with_bng(**of_bng)))["bng1"].name
        for of_bng in (
            {"profile": "juniper-mx"},
            {"profile": "nokia-sros"},
            {"profile": "juniper-mx", "cost_table": "sros-r12-shared"},
        )
    ]

    assert ["session", "sros-classic", "sros-r12-shared"] == found


def test_what_accounting_bounds_may_be_reached() -> None:
    """The dearest host, the largest limit, the shortest and the longest spans are good."""
    bng = {**BNG, "limits": {"host_resources": 2**31, "cards": {"*": 1}}}
    for every in ("60s", "1d"):
        config = parse(
            _data(
                bngs=[bng], cost_tables={"dear": {"v4": 1000}}, capacity={"sample_every": every}, history={"keep": "1d"}
            )
        )

        assert (1000, 2**31, 86_400) == (
            config.cost_tables["dear"].v4,
            config.bngs[0].limits.host_resources,
            config.history.keep,
        )


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("300ms", 0.3), ("5s", 5.0), ("2m", 120.0), ("24h", 86_400.0), ("7d", 604_800.0), ("1.5s", 1.5), (" 5 s ", 5.0)],
)
def test_durations_carry_their_unit(written: str, seconds: float) -> None:
    """Milliseconds to days, whole or with a fraction."""
    assert seconds == pytest.approx(parse(_with_bng(window=written)).bngs[0].window)


@pytest.mark.parametrize("written", [5, "5", "", "5 sec", "-5s", "s", "5S", None, True, ["5s"], "5s5s", "1e3s"])
def test_a_duration_without_its_unit_is_a_fault(written: object) -> None:
    """A bare number is refused: nobody should have to guess whether it is seconds or milliseconds."""
    fault = _fault(_with_bng(window=written))

    assert "bngs[0].window" == fault.key
    shown = "nothing" if written is None else "a list" if isinstance(written, list) else repr(written)
    assert shown == fault.got
    assert '"300ms"' in fault.expected


@pytest.mark.parametrize(
    ("written", "host", "port", "shown"),
    [
        ("127.0.0.1:1812", "127.0.0.1", 1812, "127.0.0.1:1812"),
        ("[::]:1812", "::", 1812, "[::]:1812"),
        ("[2001:db8::1]:0", "2001:db8::1", 0, "[2001:db8::1]:0"),
        ("0.0.0.0:65535", "0.0.0.0", 65535, "0.0.0.0:65535"),
    ],
)
def test_endpoints_are_address_and_port(written: str, host: str, port: int, shown: str) -> None:
    """IPv4 as it is, IPv6 in brackets; written back they read the same."""
    endpoint = parse(_data(health={"listen": written})).health.listen

    assert (host, port, shown) == (endpoint.host, endpoint.port, str(endpoint))


@pytest.mark.parametrize(
    "written",
    [
        "localhost:1812",
        "127.0.0.1",
        ":1812",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "::1:1812",
        "[::1]",
        "300.0.0.1:1",
        1812,
        None,
    ],
)
def test_what_is_no_endpoint_is_a_fault(written: object) -> None:
    """Names, missing ports and impossible addresses are refused."""
    fault = _fault(_data(health={"listen": written}))

    assert ("health.listen", "nothing" if written is None else repr(written)) == (fault.key, fault.got)
    assert "address" in fault.expected or "port" in fault.expected


# ---- secrets


def test_a_secret_may_stand_in_file_or_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inline, the first line of a file, or an environment variable: the octets are the same."""
    for content in (SECRET, SECRET + "\n", SECRET + "\r\n", SECRET + "\nsecond line\n"):
        (tmp_path / "secret").write_text(content)
        (bng,) = parse(_with_bng(secret=None, secret_file=str(tmp_path / "secret"))).bngs
        assert SECRET.encode() == bng.shared_secret
    monkeypatch.setenv("BNG1_SECRET", SECRET)
    (bng,) = parse(_with_bng(secret=None, secret_env="BNG1_SECRET")).bngs

    assert SECRET.encode() == bng.shared_secret
    assert SECRET.encode() == parse(_data()).bngs[0].shared_secret


def test_secrets_may_be_any_text() -> None:
    """A secret is octets: blanks and letters beyond ASCII are kept."""
    (bng,) = parse(_with_bng(secret=" Schlüssel mit Leerzeichen ")).bngs

    assert " Schlüssel mit Leerzeichen ".encode() == bng.shared_secret


@pytest.mark.parametrize(
    ("changes", "got"),
    [
        ({"secret": None}, "nothing"),
        ({"secret_env": "X"}, "secret and secret_env"),
        ({"secret_file": "/x", "secret_env": "X"}, "secret and secret_file and secret_env"),
    ],
)
def test_exactly_one_secret_is_wanted(changes: dict[str, object], got: str) -> None:
    """None or two of secret, secret_file and secret_env are a fault that says which were given."""
    fault = _fault(_with_bng(**changes))

    assert ("bngs[0].secret", got) == (fault.key, fault.got)
    assert "exactly one of secret, secret_file and secret_env" in fault.expected


def test_a_secret_that_is_not_there_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unreadable or empty file and an unset or empty variable are told at their own keys."""
    monkeypatch.delenv("BNG1_SECRET", raising=False)
    monkeypatch.setenv("BNG2_SECRET", "")
    (tmp_path / "empty").write_text("\n")
    for name in ("missing", "empty"):
        fault = _fault(_with_bng(secret=None, secret_file=str(tmp_path / name)))
        assert "bngs[0].secret_file" == fault.key
    for name in ("BNG1_SECRET", "BNG2_SECRET"):
        fault = _fault(_with_bng(secret=None, secret_env=name))
        assert "bngs[0].secret_env" == fault.key
        assert "set and not empty" in fault.expected
    assert "bngs[0].secret" == _fault(_with_bng(secret="")).key


def test_the_stores_url_may_be_in_a_file(tmp_path: Path) -> None:
    """For one that has a password. It is the first line, as with secrets."""
    (tmp_path / "url").write_text("redis://user:pass@192.0.2.9:6379/0\nnothing\n")

    assert "redis://user:pass@192.0.2.9:6379/0" == parse(_data(store={"url_file": str(tmp_path / "url")})).store.url


@pytest.mark.parametrize(
    ("store", "told"),
    [
        ({"url_file": "/nonexistent"}, "in url_file a file of text that can be read"),
        ({"url_file": "/dev/null"}, '"embedded", or a URL that starts with'),
        ({"url_file": "/dev/null", "url": "embedded"}, "one of url and url_file"),
    ],
)
def test_a_file_of_the_stores_url_that_is_no_use_is_told(store: dict[str, str], told: str) -> None:
    """Absent, without a URL, or beside one."""
    with pytest.raises(ConfigError) as refused:
        parse(_data(store=store))

    assert told in str(refused.value)


def test_a_configuration_shows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the configuration nor any of its parts shows a secret or the store's password, wherever they stood."""
    (tmp_path / "secret").write_text(SECRET)
    monkeypatch.setenv("BNG2_SECRET", SECRET)
    config = parse(
        _data(
            bngs=[
                BNG,
                {"name": "bng2", "address": "192.0.2.2", "secret_file": str(tmp_path / "secret")},
                {"name": "bng3", "address": "192.0.2.3", "secret_env": "BNG2_SECRET"},
            ],
            store={"url": f"redis://user:{SECRET}@192.0.2.9:6379/0"},
        )
    )
    parts: list[object] = [config, config.upstream, config.upstream.auth, config.store, *config.bngs]

    for part in parts:
        assert SECRET not in repr(part)
        assert SECRET not in str(part)
        assert SECRET not in f"{part}"


@pytest.mark.parametrize(
    "data",
    [
        _with_bng(secret=[SECRET]),
        _with_bng(secret={"value": SECRET}),
        _with_bng(secret_env="X"),
        _with_bng(address="nonsense"),
        _with_bng(sekret=SECRET, secret=None),
        _with_bng(mode="nonsense"),
        _data(bngs=[BNG, BNG]),
        _data(upstream={"auth": {**AAA, "timeout": 5}, "acct": AAA}),
        _data(upstream={"auth": {**AAA, "address": "nonsense"}, "acct": {"secret": SECRET}}),
        _data(bngs={"bng1": BNG}),
        _data(bngs=[[BNG]]),
        _data(upstream=[AAA]),
        _data(store={"url": f"http://user:{SECRET}@192.0.2.9"}),
        _data(store={"url": f"redis://user:{SECRET}@192.0.2.9", "budget": 5}),
        _data(monitors=[{"address": "any", "secret": SECRET}]),
    ],
)
def test_faults_show_no_secret(data: dict[str, object]) -> None:
    """Whatever is wrong around a secret, the faults do not repeat it."""
    faults = _faults(data)

    assert faults
    assert all(SECRET not in str(fault) for fault in faults)
    assert SECRET not in str(ConfigError(tuple(faults)))


# ---- faults


@pytest.mark.parametrize(
    ("data", "key", "got", "expected"),
    [
        (_with_bng(mode="loud"), "bngs[0].mode", "'loud'", "observe"),
        (_with_bng(profile="acme"), "bngs[0].profile", "'acme'", "nokia-sros"),
        (_with_bng(name="no blanks, please"), "bngs[0].name", "'no blanks, please'", "letters, digits"),
        (_with_bng(name=7), "bngs[0].name", "7", "letters, digits"),
        (_with_bng(domain="{x}"), "bngs[0].domain", "'{x}'", "letters, digits"),
        (_with_bng(address="192.0.2.1/24"), "bngs[0].address", "'192.0.2.1/24'", "host bits"),
        (_with_bng(address=[]), "bngs[0].address", "a list", "an address"),
        (_with_bng(address="bng1.example"), "bngs[0].address", "'bng1.example'", "addresses or networks"),
        (_with_bng(vlan_model="some"), "bngs[0].vlan_model", "'some'", "per_line"),
        (_with_bng(enterprise_number="maybe"), "bngs[0].enterprise_number", "'maybe'", "auto"),
        (_with_bng(cost_table="free"), "bngs[0].cost_table", "'free'", "sros-classic"),
        (_with_bng(limits={"host_resources": 0}), "bngs[0].limits.host_resources", "0", "1"),
        (_with_bng(limits={"cards": {"1": 0}}), "bngs[0].limits.cards.1", "0", "1"),
        (_with_bng(limits={"ports": {"1/1/4": "many"}}), "bngs[0].limits.ports.1/1/4", "'many'", "integer"),
        (_data(cost_tables={"free": {"v4": -1}}), "cost_tables.free.v4", "-1", "0"),
        (_data(cost_tables={"session": {"v4": 1}}), "cost_tables.session", "'session'", "a name other than"),
        (_data(capacity={"thresholds": [80, 0]}), "capacity.thresholds[1]", "0", "1"),
        (_data(cost_tables={"free": {"v4": 1001}}), "cost_tables.free.v4", "1001", "1000"),
        (_with_bng(limits={"host_resources": 2**31 + 1}), "bngs[0].limits.host_resources", "2147483649", "2147483648"),
        (_with_bng(limits={"cards": {"": 1}}), "bngs[0].limits.cards.", "''", "the name of a card or port"),
        (_with_bng(limits={"ports": {" ": 1}}), "bngs[0].limits.ports. ", "' '", "the name of a card or port"),
        (_data(capacity={"sample_every": "59s"}), "capacity.sample_every", "'59s'", '"60s" to "1d"'),
        (_data(capacity={"sample_every": "25h"}), "capacity.sample_every", "'25h'", '"60s" to "1d"'),
        (_data(history={"keep": "23h"}), "history.keep", "'23h'", 'at least "1d"'),
        (
            _with_bng(require_message_authenticator="please"),
            "bngs[0].require_message_authenticator",
            "'please'",
            "bool",
        ),
        (_data(bngs=[]), "bngs", "a list", "at least 1"),
        (_data(monitors=[{**MONITOR, "address": "any"}]), "monitors[0].address", "'any'", "addresses or networks"),
        (_data(monitors=[{"address": "192.0.2.20"}]), "monitors[0].secret", "nothing", "exactly one of secret"),
        (_data(listen={"receive_buffer": 1}), "listen.receive_buffer", "1", "65536"),
        (_data(enterprise_numbers={"accept": [0]}), "enterprise_numbers.accept[0]", "0", "1"),
        (_data(enterprise_numbers={"ceiling": 0}), "enterprise_numbers.ceiling", "0", "1"),
        (_data(store={"budget": "0s"}), "store.budget", "'0s'", "greater than 0"),
        (_with_bng(address=[5]), "bngs[0].address", "a list", "as text"),
        (_data(store={"write_backlog": 1}), "store.write_backlog", "1", "100"),
        (
            _data(store={"url": "http://x"}),
            "store.url",
            "a value that is not shown, for it may hold a secret",
            "redis://",
        ),
        (_data(log={"level": "loud"}), "log.level", "'loud'", "debug"),
        (_data(upstream={"auth": AAA}), "upstream.acct", "nothing", "listen.acct"),
        (_data(upstream={"acct": AAA}), "upstream.auth", "nothing", "listen.auth"),
        (_data(upstream={"auth": {**AAA, "sockets": 0}, "acct": AAA}), "upstream.auth.sockets", "0", "1"),
        (_data(upstream={"auth": {**AAA, "timeout": "5"}, "acct": AAA}), "upstream.auth.timeout", "'5'", '"5s"'),
        (_data(listen={"auth": [], "acct": []}), "listen", "a mapping", "at least one address"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_a_fault_names_key_value_and_expectation(data: dict[str, object], key: str, got: str, expected: str) -> None:
    """One thing wrong is one fault: where it stands, what was written, and what would have been right."""
    fault = _fault(data)

    assert (key, got) == (fault.key, fault.got)
    assert expected in fault.expected
    assert str(fault) == f"{key}: got {got}; expected {fault.expected}"


@pytest.mark.parametrize(
    ("data", "key", "known"),
    [
        (_data(colour="red"), "colour", ("bngs", "upstream", "listen")),
        (_with_bng(adress="192.0.2.1"), "bngs[0].adress", ("address", "profile", "under bngs[0]")),
        (_with_bng(limits={"hosts": 1}), "bngs[0].limits.hosts", ("host_resources", "under bngs[0].limits")),
        (_data(cost_tables={"own": {"v6": 1}}), "cost_tables.own.v6", ("ia_na", "na_or_pd", "under cost_tables.own")),
        (_data(store={"uri": "x"}), "store.uri", ("url", "data_dir", "under store")),
        (_data(listen={"coa": []}), "listen.coa", ("auth", "acct", "under listen")),
        (_data(upstream={"auth": {**AAA, "adress": "x"}, "acct": AAA}), "upstream.auth.adress", ("address", "timeout")),
        (_data(health={"port": 1}), "health.port", ("listen",)),
        (_data(monitors=[{**MONITOR, "name": "nagios"}]), "monitors[0].name", ("address", "secret_file")),
    ],
)
def test_an_unknown_key_is_a_fault_with_the_known_ones(
    data: dict[str, object], key: str, known: tuple[str, ...]
) -> None:
    """A key that nobody reads is refused, and those that are read there are listed."""
    fault = _fault(data)

    assert (key, "an unknown key") == (fault.key, fault.got)
    assert all(name in fault.expected for name in known)


def test_a_needed_key_is_missed() -> None:
    """Name and address of a BNG and the address of a server have no default."""
    assert {"bngs[0].name", "bngs[0].address"} == {fault.key for fault in _faults(_data(bngs=[{"secret": SECRET}]))}
    assert "bngs" == _fault({"upstream": {"auth": AAA, "acct": AAA}}).key
    assert "upstream.auth.address" == _fault(_data(upstream={"auth": {"secret": "s"}, "acct": AAA})).key


def test_bngs_do_not_share_names_or_networks() -> None:
    """Two BNGs of one name or one network can't be told apart; networks within networks can."""
    other = {**BNG, "address": "192.0.2.2"}

    assert ("bngs[1].name", "'bng1'") == (lambda f: (f.key, f.got))(_fault(_data(bngs=[BNG, other])))
    twice = _fault(_data(bngs=[BNG, {**BNG, "name": "bng2", "address": ["192.0.2.7", "192.0.2.1"]}]))
    assert ("bngs[1].address", "192.0.2.1/32") == (twice.key, twice.got)
    assert "bng1" in twice.expected
    assert 2 == len(parse(_data(bngs=[BNG, {**BNG, "name": "bng2", "address": "192.0.2.0/24"}])).bngs)


def test_no_address_is_listened_on_twice() -> None:
    """With reuse_port the kernel would bear it, and give each socket half of the requests."""
    faults = _faults(
        _data(
            listen={"auth": ["192.0.2.1:1812", "192.0.2.1:1812"], "acct": ["192.0.2.1:1812"], "reuse_port": True},
            dynauth={
                "listen": ["192.0.2.1:3799", "192.0.2.1:1812"],
                "clients": [{"name": "aaa1", "address": "192.0.2.9", "secret": SECRET}],
            },
        )
    )

    assert ["listen.auth[1]", "listen.acct[0]", "dynauth.listen[1]"] == [fault.key for fault in faults]
    assert "0.0.0.0:1812" in _fault(_data(listen={"acct": ["0.0.0.0:1812"]})).got
    assert parse(_data(listen={"auth": ["127.0.0.1:0", "127.0.0.1:0"]}))


def test_all_faults_are_told_at_once() -> None:
    """An operator who made ten mistakes reads about ten mistakes, not about the first."""
    faults = _faults(
        {
            "colour": "red",
            "listen": {"auth": ["localhost:1812"]},
            "store": {"budget": 50},
            "upstream": {"auth": {"address": "aaa:1812"}},
            "bngs": [
                {"name": "bng1", "address": "192.0.2.1/24", "secret": SECRET, "window": 5},
                {"name": "bng1", "address": "192.0.2.2", "profile": "acme", "mode": "loud"},
            ],
        }
    )

    assert {
        "colour",
        "listen.auth[0]",
        "store.budget",
        "upstream.auth.address",
        "upstream.auth.secret",
        "upstream.acct",
        "bngs[0].address",
        "bngs[0].window",
        "bngs[1].name",
        "bngs[1].secret",
        "bngs[1].profile",
        "bngs[1].mode",
    } == {fault.key for fault in faults}
    assert len(faults) == len({fault.key for fault in faults})


def test_a_port_that_is_not_listened_on_needs_no_server() -> None:
    """Without addresses for accounting there need be no accounting server."""
    config = parse(_data(listen={"acct": []}, upstream={"auth": AAA}))

    assert config.upstream.acct is None


def test_every_profile_may_be_named() -> None:
    """The names that the fault lists are those of the profiles in the package."""
    assert {"generic", "nokia-sros"} <= set(packaged())
    for name in packaged():
        assert name == parse(_with_bng(profile=name)).bngs[0].profile


# ---- files


def test_a_file_is_read(tmp_path: Path) -> None:
    """A YAML file becomes a configuration."""
    path = tmp_path / "bngcorr.yaml"
    path.write_text(
        "upstream:\n"
        "  auth: {address: '192.0.2.100:1812', secret: s}\n"
        "  acct: {address: '192.0.2.100:1813', secret: s}\n"
        "bngs:\n  - {name: bng1, address: [192.0.2.1], secret: s, window: 3s}\n"
    )

    assert 3.0 == load(path).bngs[0].window


def test_a_key_that_stands_twice_is_a_fault(tmp_path: Path) -> None:
    """A section written twice would silently lose its first half; the place is told instead."""
    path = tmp_path / "bngcorr.yaml"
    path.write_text("bngs: []\nlog: {}\nbngs: []\n")
    with pytest.raises(ConfigError, match="stands twice at line 3"):
        load(path)


def test_a_section_whose_keys_are_all_commented_out_is_empty() -> None:
    """`store:` with nothing behind it means the defaults."""
    assert parse(_data()).store == parse(_data(store=None)).store


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"bngs: [", "no YAML at line"),
        (b"a: b: c\n", "line 1"),
        (b"\xff\xfe", "octets"),
        (b"", "NoneType"),
        (b"- 1\n", "list"),
        (b"a: 2020-13-45\n", "line 1, column 4"),
        (b"a:\n - !!int x\n", "line 2"),
        (b"a: !!bool x\n", "line 1"),
        (b"a: " + b"9" * 5000, "line 1"),
        (b"a: !!timestamp x\n", "line 1"),
    ],
    ids=lambda one: repr(one)[:20],
)
def test_a_file_that_is_no_configuration_is_a_fault(tmp_path: Path, content: bytes, got: str) -> None:
    """Broken YAML, other encodings, empty files and lists are told with the place, not with a traceback."""
    path = tmp_path / "bngcorr.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as refusal:
        load(path)
    (fault,) = refusal.value.faults

    assert got in fault.got


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    """A missing file, or a folder in its place, is named."""
    for path in (tmp_path / "missing.yaml", tmp_path):
        with pytest.raises(ConfigError) as refusal:
            load(path)
        (fault,) = refusal.value.faults

        assert str(path) == fault.key
        assert "a readable file" == fault.expected


# ---- anything at all

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 70_000), st.floats(), st.text(max_size=12), st.sampled_from(("5s", "::1"))
)
nested = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | st.integers(0, 3), inner, max_size=3)
    ),
    max_leaves=8,
)
sections = st.fixed_dictionaries(
    {},
    optional={
        name: st.one_of(
            nested,
            st.dictionaries(st.sampled_from(keys), nested, max_size=4),
            st.lists(st.dictionaries(st.sampled_from(keys), nested, max_size=4), max_size=2),
        )
        for name, keys in {
            "listen": ("auth", "acct", "receive_buffer", "reuse_port", "lameduck"),
            "control": ("socket",),
            "store": ("url", "budget", "data_dir", "events"),
            "upstream": ("auth", "acct"),
            "enterprise_numbers": ("accept", "ceiling"),
            "bngs": (
                "name",
                "address",
                "secret",
                "profile",
                "domain",
                "limits",
                "window",
                "bng_from",
                "nas_ip",
                "match",
            ),
            "profiles": ("extends", "signals", "signals+", "title", "port"),
            "log": ("level", "format"),
        }.items()
    },
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(sections, nested))
@example({"profiles": {0: {}, "": {}}})
def test_any_file_is_a_configuration_or_its_faults(data: object) -> None:
    """Whatever YAML an operator writes, the answer is a configuration or a list of faults, never a traceback."""
    try:
        config = parse(data)
    except ConfigError as refusal:
        faults = refusal.faults
    else:
        assert isinstance(config, Config)
        return

    assert faults
    assert all(fault.key and fault.got and fault.expected for fault in faults)
