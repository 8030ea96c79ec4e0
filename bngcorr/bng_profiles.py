"""From a BNG's entry in the config to what the request path needs: its profile, compiled, and its settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from bngcorr.accountant.cost import CostTable, tables_of
from bngcorr.config import Alias as AliasSettings
from bngcorr.config import Bng, Config, profiles_of
from bngcorr.correlator.keys import EVERY_KEY
from bngcorr.correlator.question import Rules
from bngcorr.errors import ConfigError, ConfigFault
from bngcorr.model.vocabulary import IdSource, Trigger
from bngcorr.profiles.catalogue import ProfileData, ProfileFault, compile_profile, compile_signal, compile_write
from bngcorr.profiles.profile import Alias, Profile
from bngcorr.proxy.nas import Nas
from bngcorr.proxy.port_id import GRAMMARS, nas_port
from bngcorr.store.lesson import Fill
from bngcorr.wire.dictionary import Dictionary


def compile_all(config: Config, dictionary: Dictionary) -> dict[str, Profile]:
    """Profiles by name of the BNG. Raises ConfigError with every fault."""
    faults: list[ConfigFault] = []
    compiled: dict[str, Profile] = {}
    alike: dict[Profile, Profile] = {}  # most BNGs of a kind are: what requests are read by is in few places then
    known = profiles_of(config)
    for index, bng in enumerate(config.bngs):
        try:
            profile = compile_one(known, bng, dictionary)
            compiled[bng.name] = alike.setdefault(profile, profile)
        except ProfileFault as error:
            inside = (
                error.key if error.key.split("[")[0].split(".")[0] in Bng.model_fields else f"profile {bng.profile}: "
            )
            key = f"bngs[{index}].{inside}" if inside == error.key else f"bngs[{index}].{inside}{error.key}"
            faults.append(ConfigFault(key=key, got=error.got, expected=error.expected))
    if faults:
        raise ConfigError(tuple(faults))
    return compiled


def compile_one(known: Mapping[str, ProfileData], bng: Bng, dictionary: Dictionary) -> Profile:
    """One BNG's. Raises ProfileFault."""
    base = compile_profile(known[bng.profile], dictionary)
    for port in base.ports:
        check_grammar(port.grammar)
    signals = tuple(compile_signal(row, dictionary, f"match[{index}]") for index, row in enumerate(bng.match))
    writes = base.writes
    if bng.identity.write is not None:
        writes = tuple(
            replace(compile_write(row, dictionary, f"identity.write[{index}]"), own=True)
            for index, row in enumerate(bng.identity.write)
        )
    keep_raw = None
    if bng.identity.keep_raw is not None:
        try:
            keep_raw = dictionary.key(bng.identity.keep_raw)
        except KeyError:
            got = repr(bng.identity.keep_raw)
            raise ProfileFault("identity.keep_raw", got, "an attribute that dictionaries/ define") from None
    return replace(
        base,
        signals=(*signals, *base.signals),
        writes=writes,
        aliases=tuple(_alias(row, f"alias[{index}]") for index, row in enumerate(bng.alias)),
        keep_raw=keep_raw,
        relay=bng.relay or base.relay,
        pen=bng.enterprise_number or base.pen,
        line_id=bng.line_id or base.line_id,
        v4_always_has_id=base.v4_always_has_id if bng.v4_always_has_id is None else bng.v4_always_has_id,
    )


def costs_of(config: Config) -> dict[str, CostTable]:
    """The cost table of each BNG, by its name: its own setting, else its profile's."""
    tables = tables_of(config.cost_tables)
    profiles = profiles_of(config)
    return {bng.name: tables[bng.cost_table or profiles[bng.profile].cost_table] for bng in config.bngs}


def check_grammar(grammar: str) -> None:
    """Raises ProfileFault unless it is a grammar of NAS-Port-Id or a bit layout of NAS-Port."""
    if grammar in GRAMMARS:
        return
    try:
        nas_port(0, grammar)
    except ValueError:
        expected = f'one of {", ".join(GRAMMARS)}, or a layout of 32 bits such as "*12o*10i*3s*2m*5p"'
        raise ProfileFault("port.grammar", repr(grammar), expected) from None


def _alias(row: AliasSettings, where: str) -> Alias:
    try:
        pattern = re.compile(row.matches.encode())
    except re.error as error:
        raise ProfileFault(f"{where}.matches", repr(row.matches), f"a regular expression; {error}") from None
    template = row.template.encode()
    try:
        pattern.sub(template, b"")  # the template is read before anything is matched
    except (re.error, IndexError) as error:
        raise ProfileFault(f"{where}.template", repr(row.template), f"text with groups of matches; {error}") from None
    return Alias(remote=row.id == "remote_id", family=Trigger(row.family), pattern=pattern, template=template)


def nas_of(bng: Bng, profile: Profile) -> Nas:
    """One BNG as the request path needs it; `profile` is its own, compiled."""
    by_address = bng.nas_ip if bng.bng_from == "nas_ip" else ()
    by_identifier = bng.nas_identifier if bng.bng_from == "nas_identifier" else ()
    return Nas(
        name=bng.name,
        domain=bng.domain_name,
        secret=bng.shared_secret,
        profile=profile,
        mode=bng.mode,
        vlan_model=bng.vlan_model,
        rules=Rules(
            window_ms=round(bng.window * 1000),
            remembered_ms=round(bng.remembered * 1000),
            fresh_ms=round(bng.fresh * 1000),
            rungs=bng.rungs,
            line_id=profile.line_id,
        ),
        keys=EVERY_KEY if bng.keys == EVERY_KEY else bng.keys,
        hold_s=bng.hold,
        on_unmatched=bng.on_unmatched,
        untrusted=frozenset(
            trigger
            for trigger in (Trigger.DHCPV4, Trigger.DHCPV6, Trigger.PPP)
            if getattr(bng.line_id_source, str(trigger)) is IdSource.UNTRUSTED
        ),
        ports=bng.ports_name() if bng.ports == "shared" else "",
        require_message_authenticator=bng.require_message_authenticator,
        fill=Fill(bng.prefixes_from_accept),
        identifiers=frozenset(name.encode() for name in by_identifier),
        addresses=frozenset(address.packed for address in by_address),
        one_box=bng.one_box,
    )
