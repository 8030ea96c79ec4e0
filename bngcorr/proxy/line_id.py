"""What a request says of its line: the ids, the CPE's MAC, the attachment."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac, parse_mac
from bngcorr.model.vocabulary import MacSource, PenPolicy, Trigger
from bngcorr.profiles import Profile
from bngcorr.proxy import remote_id
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.trigger import Classification
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import PacketView, Span

# [prefix ]port[:outer[.inner]][ suffix]; SR OS: NAS-Port-Id attribute details of its RADIUS reference guide 22.2.
# Port: 1/1/4, 1/2/c1/2, 2/x1/1/c4/1, lag-12, pw-2, eth1.100, ge-1/0/0. The MAG-c form puts "address/" in front of it.
_PORT_ID = re.compile(r"(?:^|\s)((?:[A-Za-z]+-?)?\d[\w./-]{0,63})(?::(\d{1,4})(?:[.:-](\d{1,4}))?)?(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Identity:
    """A request's own words about its line."""

    ids: LineIds  # normalised: no enterprise number, no empty ids
    strips: tuple[Span, ...]  # sub-attributes that lose their first 4 octets
    enterprise_number: int | None
    contradictory: bool  # two different ids of one kind in one packet
    mac: Mac | None
    mac_source: MacSource | None
    attachment: Attachment | None


def parse_port_id(text: str) -> Attachment | None:
    """Port and VLANs from a NAS-Port-Id, prefix and suffix removed.

    The first word that looks like a port counts: ``bert 1/1/c2/1:201.100 remote-id`` → 1/1/c2/1, 201, 100. VLAN
    numbers above 4095 are none. Text without such a word is no attachment: a label would tie strangers together.
    """
    for match in _PORT_ID.finditer(text):
        outer = int(match[2]) if match[2] else None
        inner = int(match[3]) if match[3] else None
        if "/" not in match[1] and outer is None and "-" not in match[1]:
            continue  # a bare number or word: no port
        if (outer or 0) > 4095 or (inner or 0) > 4095:
            continue
        return Attachment(match[1], outer, inner)
    return None


def identify(
    view: PacketView, profile: Profile, classification: Classification, numbers: Numbers, policy: PenPolicy
) -> Identity:
    """Everything the rules need to know of the line, from one packet. An empty id is no id."""
    remote: set[bytes] = set()
    circuit: set[bytes] = set()
    strips: list[Span] = []
    number = None
    for span in view.spans:
        if span.key in profile.remote_ids:
            value = view.value(span)
            prefixed = remote_id.strip(value, numbers, policy, classification.trigger, classification.strength)
            if prefixed is not None:
                strips.append(span)
                value, number = prefixed.remote_id, prefixed.enterprise_number
            if value:
                remote.add(value)
        elif span.key in profile.circuit_ids:
            value = view.value(span)
            if value:
                circuit.add(value)
    mac = source = None
    for carrier in profile.macs:
        if carrier.key == a.USER_NAME and classification.trigger in (Trigger.PPP, Trigger.CONFLICT):
            continue  # a PPP client chooses its own user name: somebody else's MAC, if it likes
        text = view.first(carrier.key)
        if text and len(text) <= 32 and (mac := parse_mac(text.decode("latin-1"))) is not None:
            source = carrier.source
            break
    attachment = None
    for key in profile.port_ids:
        text = view.first(key)
        if text and (attachment := parse_port_id(text.decode("latin-1"))) is not None:
            break
    contradictory = len(remote) > 1 or len(circuit) > 1
    ids = LineIds() if contradictory else LineIds(next(iter(remote), None), next(iter(circuit), None))
    return Identity(ids, tuple(strips), number, contradictory, mac, source, attachment)
