"""What is wrong in a file: contradictions between keys, and how a key and its value are told without its secrets."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_network

from pydantic import BaseModel

from bngcorr.config.accounting import COST_TABLES, Capacity, CostTableSettings, History, Limits, Spool
from bngcorr.config.control import Control
from bngcorr.config.dynauth import BngDynauth, Dynauth, DynauthClient, Remedy
from bngcorr.config.monitors import Monitor
from bngcorr.config.secret import SECRET_KEYS, read_secret
from bngcorr.config.settings import (
    Alias,
    Bng,
    Config,
    EnterpriseNumbers,
    Health,
    Identity,
    Listen,
    Log,
    Store,
)
from bngcorr.config.tap import Tap, check_taps
from bngcorr.config.upstream import SEVERAL, SINGLE, UPSTREAM_SECTIONS, Pool, Upstream, check_pools
from bngcorr.config.web import Rate, Tls, Token, Web, check_web
from bngcorr.errors import ConfigFault
from bngcorr.profiles.catalogue import ProfileFault, SignalData, WriteData, overridden, packaged


def contradictions(data: dict[str, object]) -> list[ConfigFault]:
    """Faults between keys, found in the raw data so that they are told together with those inside single keys."""
    faults: list[ConfigFault] = []

    def fault(key: str, got: str, expected: str) -> None:
        faults.append(ConfigFault(key=key, got=got, expected=expected))

    def check_secret(section: dict[str, object], path: str) -> None:
        given = [name for name in SECRET_KEYS if section.get(name) is not None]
        try:
            read_secret(section)
        except ValueError as error:
            if len(given) != 1:
                fault(f"{path}.secret", " and ".join(given) or "nothing", str(error))
            else:
                fault(f"{path}.{given[0]}", shown(section[given[0]], f"{path}.{given[0]}"), str(error))

    listen, upstream = _section(data, "listen"), _section(data, "upstream")
    entries = data.get("bngs")
    entries = entries if isinstance(entries, list) else []
    bng_names = [str(bng.get("name")) for bng in entries if isinstance(bng, dict)]
    check_pools(upstream, listen, bng_names, fault, check_secret)
    _check_listeners(listen, _section(data, "dynauth"), fault)
    check_web(_section(data, "web"), fault)
    clients = _section(data, "dynauth").get("clients")
    for index, client in enumerate(clients if isinstance(clients, list) else []):
        if isinstance(client, dict):
            check_secret(client, f"dynauth.clients[{index}]")
    monitors = data.get("monitors")
    for index, monitor in enumerate(monitors if isinstance(monitors, list) else []):
        if isinstance(monitor, dict):
            check_secret(monitor, f"monitors[{index}]")
    check_taps(data.get("tap"), entries, fault)
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
    tables = _section(data, "cost_tables")
    for table in tables:
        if table in COST_TABLES:
            fault(f"cost_tables.{table}", repr(table), f"a name other than {', '.join(COST_TABLES)}")
    names: set[object] = set()
    owners: dict[tuple[str, str], object] = {}
    bngs = data.get("bngs")
    for index, bng in enumerate(bngs if isinstance(bngs, list) else []):
        if not isinstance(bng, dict):
            continue
        path = f"bngs[{index}]"
        check_secret(bng, path)
        dynauth = bng.get("dynauth")
        if isinstance(dynauth, dict) and any(dynauth.get(key) is not None for key in SECRET_KEYS):
            check_secret(dynauth, f"{path}.dynauth")
        name, profile, addresses = bng.get("name"), bng.get("profile", "generic"), bng.get("address", [])
        if not isinstance(profile, str) or profile not in known:
            fault(f"{path}.profile", repr(profile), f"one of {', '.join(map(str, known))}")
        costs = bng.get("cost_table")
        if isinstance(costs, str) and costs not in COST_TABLES and costs not in tables:
            fault(f"{path}.cost_table", repr(costs), f"one of {', '.join((*COST_TABLES, *map(str, tables)))}")
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


def _check_listeners(
    listen: dict[str, object], dynauth: dict[str, object], fault: Callable[[str, str, str], None]
) -> None:
    """With reuse_port the kernel would take two sockets on one address, and give each half of what comes."""
    owners: dict[str, str] = {}
    for key, given in (
        ("listen.auth", listen.get("auth", [str(one) for one in Listen().auth])),
        ("listen.acct", listen.get("acct", [str(one) for one in Listen().acct])),
        ("dynauth.listen", dynauth.get("listen")),
    ):
        for index, endpoint in enumerate(given if isinstance(given, list) else []):
            if not isinstance(endpoint, str) or endpoint.endswith(":0"):
                continue
            if endpoint in owners:
                fault(f"{key}[{index}]", repr(endpoint), f"an address that {owners[endpoint]} does not have already")
            owners[endpoint] = key


def _called(bng: dict[str, object]) -> list[str]:
    """What tells a BNG from others in its network; "" if nothing does."""
    key = bng.get("bng_from", "source")
    value = bng.get(key) if key in ("nas_ip", "nas_identifier") else None
    names = value if isinstance(value, list) else [value]
    return [str(name) if name is not None else "" for name in names]


def _section(data: dict[str, object], name: str) -> dict[str, object]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def key_path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        if part in _FORMS:
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "(file)"


_SHOWN_KEYS = re.compile(
    r"(.*\.)?(address(\[\d+\])?|listen|auth\[\d+\]|acct\[\d+\]|name|profile|mode|domain|vlan_model|window|hold|timeout"
    r"|sockets|budget|remember|events|write_backlog|receive_buffer|cost_table|host_resources|level|format|ceiling"
    r"|accept(\[\d+\])?|enterprise_number|v4_always_has_id|require_message_authenticator|data_dir"
    r"|ports|remembered|fresh|(keys|rungs)(\[\d+\])?|line_id_source\.(dhcpv4|dhcpv6|ppp)|on_unmatched|v6_lost_after"
    r"|prefixes_from_accept|cpe_address|cost_tables\.[^.]+\..+|(cards|ports)\..*|thresholds(\[\d+\])?|tolerance|sample_every"
    r"|listen\[\d+\]|source_address(\[\d+\])?|replay_window|v6_lost|remedy|per_minute|once_in|port|require_event_timestamp"
    r"|policy|weight|response_within|dead_after|alive_after|revive|suspect|dead|idle|on_no_upstream"
    r"|routes\[\d+\]\.(bng(\[\d+\])?|auth|acct|attribute|equals|matches)"
    r"|reuse_port|lameduck|log\.(mac|user)|control\.socket|timeline\.entries"
    r"|tls\.(certificate|key)|behind_proxy|scopes(\[\d+\])?|per_second|burst|session_lifetime"
    r"|tap\[\d+\]\.(interface|bng|box|vlans\[\d+\]|relayed_mac|outgoing|ledger|diagnose)"
    r"|enabled|path|url_file|max_records|max_octets|rate|drain|directory|keep|backlog)"
)


def shown(value: object, path: str) -> str:
    """The value as written, short: only of keys that hold no secret, and only if it is a single plain value."""
    if value is None:
        return "nothing"
    if not isinstance(value, str | int | float):
        return f"a {'list' if isinstance(value, list | tuple) else 'mapping' if isinstance(value, dict) else 'value'}"
    if _SHOWN_KEYS.fullmatch(path) is None:
        return "a value that is not shown, for it may hold a secret"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def keys_of(location: tuple[int | str, ...], parent: str) -> str:
    """Names that would be known where an unknown key stood."""
    model: type[BaseModel] = Config
    for part in location:
        if part in _FORMS:
            model = _FORMS[part]
        elif isinstance(part, str):
            annotation = model.model_fields[part].annotation if part in model.model_fields else None
            model = next((m for m in _SECTIONS if m.__name__ in str(annotation)), model)
    return f"one of {', '.join(model.model_fields)}" + (f" under {parent}" if location else "")


_FORMS: dict[int | str, type[BaseModel]] = {SINGLE: Upstream, SEVERAL: Pool}  # which of them a pool was taken for
_SECTIONS = (
    Alias,
    Identity,
    SignalData,
    WriteData,
    *UPSTREAM_SECTIONS,
    Listen,
    Health,
    Tls,
    Token,
    Rate,
    Web,
    Control,
    Store,
    EnterpriseNumbers,
    Limits,
    Capacity,
    CostTableSettings,
    History,
    Spool,
    Remedy,
    DynauthClient,
    BngDynauth,
    Dynauth,
    Bng,
    Tap,
    Monitor,
    Log,
)
