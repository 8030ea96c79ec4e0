"""The BNGs of a configuration, as a line plan is about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Final

from bngcorr.config import Config
from bngcorr.correlator.plan import Site
from bngcorr.model.vocabulary import Rung, VlanModel
from bngcorr.profiles.profile import Profile
from bngcorr.proxy.port_id import GRAMMARS

# NAS-Port-Ids with a VLAN that the grammars of `proxy.port_id` read, around the port
_WRITTEN: Final[Mapping[str, str]] = {
    "sros": "{port}:1",
    "junos": "{port}:1",
    "cisco": "{port}/1",
    "huawei": "slot={0};subslot={1};port={2};vlanid=1",
    "plain": "{port}:1",
}


def sites(config: Config, profiles: Mapping[str, Profile]) -> dict[str, Site]:
    """By name of the BNG; `profiles` likewise."""
    return {
        bng.name: Site(
            name=bng.name,
            domain=bng.domain_name,
            networks=bng.address,
            many_boxes=not bng.one_box and bng.ports == "own",
            ports_name=bng.ports_name,
            line_id=profiles[bng.name].line_id,
            port_shown=partial(port_shown, profiles[bng.name]),
        )
        for bng in config.bngs
    }


def port_shown(profile: Profile, port: str) -> str | None:
    """A port of a plan as requests would show it: if that differs, no request will ever be at such a place.

    None: no NAS-Port-Id or NAS-Port that the profile reads is about such a port.
    """
    for carrier in profile.ports:
        if carrier.grammar.startswith("*"):  # a layout of NAS-Port: numbers of slot, MDA and port, or some of them
            if re.fullmatch(r"\d{1,10}(?:/\d{1,10}){0,2}", port):
                return port
            continue
        pattern = _WRITTEN[carrier.grammar]
        parts = port.split("/")
        if "{port}" not in pattern and len(parts) != 3:
            continue
        attachment = GRAMMARS[carrier.grammar](pattern.format(*parts, port=port))
        if attachment is not None:
            return attachment.port
    return None


def cautions(config: Config, places: Mapping[str, int]) -> list[str]:
    """What in the settings of BNGs speaks against the places that a plan gives them."""
    told = []
    for bng in config.bngs:
        count = places.get(bng.name, 0)
        if not count:
            continue
        if Rung.INVENTORY not in bng.rungs:
            told.append(f"{bng.name} does not climb the rung inventory (rungs): its {count} places are not asked for")
        elif bng.vlan_model is VlanModel.SHARED:
            told.append(
                f"{bng.name} has vlan_model: shared: whoever sends from one of its {count} places without a line id is"
                " put on the line there, so list only places that have a single line"
            )
    return told
