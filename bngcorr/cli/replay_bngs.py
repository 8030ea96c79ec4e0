"""Whose packets a replay plays: what its options say of BNGs and secrets."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import NoReturn

from bngcorr.bng_profiles import check_grammar, compile_all, nas_of
from bngcorr.cli import exits
from bngcorr.cli.process import exit_with_faults, load_or_exit
from bngcorr.errors import ConfigError
from bngcorr.model.vocabulary import MacSource, Trigger, VlanModel
from bngcorr.profiles.catalogue import compile_profile, packaged
from bngcorr.proxy.nas import NasTable
from bngcorr.proxy.remote_id import Numbers
from bngcorr.replay.bngs import Bngs, Network
from bngcorr.resources import resource
from bngcorr.wire.dictionary import Dictionary


def refuse(why: str) -> NoReturn:
    """Say what is wrong with the options, and exit 2."""
    print(f"bngcorr replay: {why}", file=sys.stderr)
    sys.exit(exits.REFUSED)


def lines_of(path: Path | None) -> tuple[str, ...]:
    """The secrets in a file."""
    if path is None:
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"--secret-file {path}: {getattr(error, 'strerror', None) or 'it is no UTF-8 text'}")
    found = tuple(line for line in lines if line)
    if not found:
        refuse(f"--secret-file {path} is empty")
    return found


def _secrets(texts: Iterable[str]) -> tuple[bytes | None, list[tuple[Network, bytes]]]:
    """The secret for all, and those of networks, the longest prefix first."""
    everybody: bytes | None = None
    some: list[tuple[Network, bytes]] = []
    for text in texts:
        where, found, rest = text.partition("=")
        if found:
            try:
                some.append((ip_network(where, strict=False), rest.encode()))
                continue
            except ValueError:
                pass  # a secret with "=" in it
        if everybody is not None:
            refuse("--secret: more than one for all BNGs; ADDRESS=SECRET is for some of them")
        everybody = text.encode()
    return everybody, sorted(some, key=lambda one: -one[0].prefixlen)


def own(
    name: str,
    secrets: Iterable[str],
    vlan_model: VlanModel,
    untrusted: Iterable[Trigger],
    relayed_mac: MacSource,
    bng: str | None,
) -> Bngs:
    """Each source a BNG of its own, with that profile; `bng` is the address of the one that DHCP is of."""
    known = packaged()
    if name not in known:
        refuse(f"--profile {name!r} is none of {', '.join(known)}")
    everybody, some = _secrets(secrets)
    compiled = compile_profile(known[name], Dictionary(resource("dictionaries") / "dictionary"))
    for carrier in compiled.ports:
        check_grammar(carrier.grammar)
    bngs = Bngs(
        profile=compiled, numbers=Numbers(), secret=everybody, secrets=some, vlan_model=vlan_model,
        untrusted=frozenset(untrusted), relayed_mac=relayed_mac,
    )  # fmt: skip
    if bng is not None:
        bngs.name(_address(bng))
    return bngs


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        refuse(f"--bng {text!r}: expected the address of a BNG; names go with --config")


def configured(path: Path, name: str | None, relayed_mac: MacSource) -> Bngs:
    """Those of a configuration; `name` is the one that DHCP is of."""
    settings = load_or_exit(path)
    dictionary = Dictionary(resource("dictionaries") / "dictionary")
    try:
        profiles = compile_all(settings, dictionary)
    except ConfigError as error:
        exit_with_faults(error)
    by_name = {bng.name: nas_of(bng, profiles[bng.name]) for bng in settings.bngs}
    if name is not None and name not in by_name:
        refuse(f"--bng {name!r} is none of {', '.join(by_name)}")
    numbers = settings.enterprise_numbers
    return Bngs(
        profile=compile_profile(packaged()["generic"], dictionary),
        numbers=Numbers(numbers.accept, numbers.ceiling),
        table=NasTable([(network, by_name[bng.name]) for bng in settings.bngs for network in bng.address]),
        named=None if name is None else by_name[name],
        relayed_mac=relayed_mac,
        remember_ms=round(settings.store.remember * 1000),
    )
