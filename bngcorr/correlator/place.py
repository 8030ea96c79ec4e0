"""Where a tap sees frames, and the rules of the BNG whose customers they are. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bngcorr.correlator.keys import EVERY_KEY
from bngcorr.correlator.question import Rules
from bngcorr.model.vocabulary import Key, MacSource, Trigger, VlanModel
from bngcorr.profiles.profile import Alias, Relay


class Place:
    """Where frames are captured, and the rules of the BNG whose customers they are. Never changed."""

    __slots__ = (
        "aliases", "anywhere", "bng", "box", "domain", "keys", "outermost", "port", "ports", "relayed_mac", "rules",
        "untrusted", "v4_matched_by_v6", "vlan_model", "vlans",
    )  # fmt: skip

    def __init__(
        self,
        *,
        domain: str,
        bng: str,
        box: str,
        ports: str,
        rules: Rules,
        vlan_model: VlanModel,
        keys: frozenset[Key] = EVERY_KEY,
        port: str | None = None,
        vlans: tuple[int, ...] = (),
        untrusted: frozenset[Trigger] = frozenset(),
        relay: Relay = Relay.OUTERMOST,
        aliases: Sequence[Alias] = (),
        v4_matched_by_v6: bool = False,
        relayed_mac: MacSource = MacSource.CLAIMED,
        anywhere: bool = True,
    ) -> None:
        """`rules.line_id` says which ids name a line."""
        self.domain: Final = domain
        self.bng: Final = bng
        self.box: Final = box  # as the store names it
        self.ports: Final = ports  # the set of ports that `port` is one of
        self.rules: Final = rules
        self.vlan_model: Final = vlan_model
        self.keys: Final = keys
        self.port: Final = port  # as the BNG's NAS-Port-Id is read; None: frames tell no port
        self.vlans: Final = vlans  # ids that the mirror takes off, the outermost first
        self.untrusted: Final = untrusted  # protocols whose line ids only the customer can have written
        self.outermost: Final = relay is Relay.OUTERMOST
        self.aliases: Final = aliases
        self.v4_matched_by_v6: Final = v4_matched_by_v6
        # who vouches for chaddr and Option 79 of what a router has relayed: `seen` if that compares with the frame
        self.relayed_mac: Final = relayed_mac
        # without a port: whether frames that nobody routed tell by MAC of requests that come from some port. A customer
        # can send as another one's CPE, from his own VLAN
        self.anywhere: Final = anywhere


__all__ = ["Place"]
