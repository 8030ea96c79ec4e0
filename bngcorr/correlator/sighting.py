"""What was seen of a line, whoever saw it: a request of a BNG and a DHCP message on the wire become the same. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.correlator.keys import Keyring
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.vocabulary import MacSource, Strength, Trigger
from bngcorr.store.lesson import Sighting

# named here once: looking a member up in its class costs more than the comparison
_CLAIMED: Final = MacSource.CLAIMED
_DHCPV4: Final = Trigger.DHCPV4
_DHCPV6: Final = Trigger.DHCPV6
_PROOF: Final = Strength.PROOF
_STRONG: Final = Strength.STRONG


def sighting_of(
    *,
    domain: str,
    bng: str,
    ring: Keyring,
    line: str,
    ids: LineIds,
    trigger: Trigger,
    strength: Strength | None,
    port: Attachment | None,
    mac: Mac | None,
    mac_source: MacSource | None,
    at_ms: int,
    remember_ms: int,
) -> Sighting:
    """The lesson of one request of a CPE that names its `line`, from a source that may teach (`trust.teaches`).

    It counts for `remember_ms` from when it was seen (`at_ms`).
    """
    return Sighting(
        domain=domain,
        bng=bng,
        attachment_mac=ring.attachment_mac,
        attachment=ring.attachment,
        bng_mac=ring.bng_mac,
        multi_session=ring.session,
        mac=ring.mac,
        claimed=mac_source is _CLAIMED,
        line=line,
        ids=ids,
        at_ms=at_ms,
        v6=trigger is _DHCPV6,
        v4_evident=trigger is _DHCPV4 and (strength is _PROOF or strength is _STRONG),
        attached=ring.attached,
        place=ring.place,
        until_ms=at_ms + remember_ms,
        port=port,
        address=mac,
    )
