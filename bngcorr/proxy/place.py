"""A BNG of the configuration as the rules for DHCP on the wire need it. Pure."""

from __future__ import annotations

from bngcorr.correlator.place import Place
from bngcorr.model.vocabulary import MacSource
from bngcorr.proxy.nas import Nas


def place_of(
    nas: Nas,
    *,
    host: str = "",
    port: str | None = None,
    vlans: tuple[int, ...] = (),
    relayed_mac: MacSource = MacSource.CLAIMED,
    anywhere: bool = False,
) -> Place:
    """Where frames of a BNG's customers are captured.

    `host` is the address that the box's requests come from, where the entry is a network of boxes; `port`, `vlans`,
    `relayed_mac` and `anywhere` are those of `Place`.
    """
    profile, box = nas.profile, nas.box(host)
    return Place(
        domain=nas.domain,
        bng=nas.name,
        box=box,
        ports=nas.ports_of(box),
        rules=nas.rules,
        vlan_model=nas.vlan_model,
        keys=nas.keys,
        port=port,
        vlans=vlans,
        untrusted=nas.untrusted,
        relay=profile.relay,
        aliases=profile.aliases,
        v4_matched_by_v6=profile.v4_matched_by_v6,
        relayed_mac=relayed_mac,
        anywhere=anywhere,
    )
