"""What was seen of a line, whoever saw it: a request of a BNG and a DHCP message on the wire become the same. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bngcorr.correlator.keys import Keyring
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.vocabulary import Key, MacSource, Strength, Trigger
from bngcorr.store.lesson import Sighting


@dataclass(slots=True, kw_only=True)  # not frozen: one is made for every request, and that costs a call a field
class Seen:
    """One request of a CPE that names its line, from a source that may teach (`trust.teaches`)."""

    domain: str
    bng: str
    ring: Keyring
    line: str  # line key
    ids: LineIds
    trigger: Trigger
    strength: Strength | None
    port: Attachment | None
    mac: Mac | None
    mac_source: MacSource | None
    at_ms: int


def sighting_of(seen: Seen, remember_ms: int) -> Sighting:
    """The lesson; it counts for `remember_ms` from when it was seen."""
    ring = seen.ring
    v4_evident = seen.trigger is Trigger.DHCPV4 and seen.strength in (Strength.PROOF, Strength.STRONG)
    return Sighting(
        domain=seen.domain,
        bng=seen.bng,
        attachment_mac=ring.hash_of(Key.ATTACHMENT_MAC),
        attachment=ring.hash_of(Key.ATTACHMENT),
        bng_mac=ring.hash_of(Key.BNG_MAC),
        multi_session=ring.hash_of(Key.SESSION),
        mac=ring.mac,
        claimed=seen.mac_source is MacSource.CLAIMED,
        line=seen.line,
        ids=seen.ids,
        at_ms=seen.at_ms,
        v6=seen.trigger is Trigger.DHCPV6,
        v4_evident=v4_evident,
        attached=ring.attached,
        place=ring.place,
        until_ms=seen.at_ms + remember_ms,
        port=seen.port,
        address=seen.mac,
    )
