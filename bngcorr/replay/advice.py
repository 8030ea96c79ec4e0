"""Why requests stayed without a line, and messages taught none, in a sentence with the next step for each reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from bngcorr.replay.run import Replay
from bngcorr.replay.why import Why

_TOO_FAR: Final = (
    "a line was seen on their MAC or VLANs, but not within the window, and no session of it is live. --window "
    "10s,30s,60s tells what wider ones find."
)
_KEYS_OFF: Final = "the configuration switches off every key that they have: look at its rungs and keys."
_LIMITED: Final = "their port asked about more requests without line id than the service looks up."

_DHCP: Final = {
    Why.NO_MAC: "they tell no MAC. Capture the access side, too.",
    Why.CLAIMED_MAC: (
        "their MAC is the customer's word: a DUID, an EUI-64, or a chaddr that the frame did not come from. Let "
        "the relay add Option 79 (RFC 6939) and say --relayed-mac seen, or capture the access side, too."
    ),
    Why.RELAYED_MAC: (
        "a router has relayed them, and nobody vouches for the MAC in them. Say --relayed-mac seen if it compares "
        "chaddr and Option 79 with the frame, or capture the access side, too."
    ),
    Why.MADE_UP_MAC: (
        "their MAC is locally administered, which several devices may share: it counts only at a known port. "
        "Capture the access side with its VLAN tags, too."
    ),
    Why.KEYS_OFF: _KEYS_OFF,
    Why.NOTHING_SEEN: (
        "no message had taught a line for their MAC or VLANs by then. Begin the capture earlier, and capture "
        "where Option 82 or 37 is inserted, too."
    ),
    Why.TOO_FAR: _TOO_FAR,
    Why.LIMITED: _LIMITED,
}
_RADIUS: Final = {
    Why.NO_MAC: (
        "they tell no MAC, and their VLAN pair is not said to be one line. Say --vlan-model per_line (vlan_model "
        "of the configuration) if it is, and --profile, which knows where a family of BNGs puts the MAC."
    ),
    Why.CLAIMED_MAC: (
        "their MAC is the customer's word (a DUID, an EUI-64), which counts only where a VLAN pair is one line: "
        "say --vlan-model per_line (vlan_model of the configuration) if it is."
    ),
    Why.MADE_UP_MAC: (
        "their MAC is locally administered, which several devices may share: it counts only at a known port. See "
        "that the BNG sends NAS-Port-Id, and that --profile is its family."
    ),
    Why.KEYS_OFF: _KEYS_OFF,
    Why.NOTHING_SEEN: (
        "nothing had taught a line for their MAC or VLANs by then. Begin the capture earlier, or name one of DHCP "
        "beside it: bngcorr replay radius.pcap dhcp.pcap."
    ),
    Why.TOO_FAR: _TOO_FAR,
    Why.SESSION_WITHOUT_LINE: (
        "the record before was unmatched, too, and those of one session agree. Look at its first one: --only unmatched."
    ),
    Why.NO_CUSTOMER: "an Accounting-On or -Off is about the BNG, and no line. Nothing is amiss.",
    Why.LIMITED: _LIMITED,
}
_UNTAUGHT: Final = {
    Why.NO_MAC: "they name a line, but no CPE. Capture the access side, too.",
    Why.CLAIMED_MAC: (
        "they name a line, but their MAC is the customer's word. Let the relay add Option 79 (RFC 6939) and "
        "say --relayed-mac seen, or capture the access side, too."
    ),
    Why.RELAYED_MAC: (
        "they name a line, but the MAC of what a router has relayed is the customer's word. Say --relayed-mac "
        "seen if it compares chaddr and Option 79 with the frame, or capture the access side, too."
    ),
    Why.MADE_UP_MAC: (
        "they name a line, but their MAC is locally administered, which several devices may share. Capture the "
        "access side with its VLAN tags, too."
    ),
    Why.KEYS_OFF: _KEYS_OFF,
    Why.ROUTER_PORT: (
        "an Interface-Id without a Remote-Id is the router's own name for its port, and no line. Let access nodes "
        "insert Option 37, or 18 as an LDRA (RFC 6221)."
    ),
    Why.UNTRUSTED: "the customer wrote their ids, as --untrusted or line_id_source says. Look whether that is so.",
    Why.CONTRADICTORY: "they name two lines, as if customer and access node had both written. See bngcorr decode.",
    Why.CUT: "they are cut before their options end. Capture with -s 0.",
}
_NO_LINE_ID: Final = (
    "no message of the capture names a line. Capture where access node or relay have inserted Option 82, 18 or 37, too."
)


class Advice(NamedTuple):
    """One reason, how often it was met, and what can be done."""

    about: str  # "access", "accounting", "dhcp": requests that are unmatched; "sightings": messages that taught nothing
    reason: Why
    times: int
    words: str

    @property
    def subject(self) -> str:
        """Whom the words are about."""
        one, more = _SUBJECTS[self.about]
        return one if self.times == 1 else more


_SUBJECTS: Final = {
    "access": ("unmatched Access-Request", "unmatched Access-Requests"),
    "accounting": ("unmatched Accounting-Request", "unmatched Accounting-Requests"),
    "dhcp": ("unmatched request of DHCP", "unmatched requests of DHCP"),
    "sightings": ("message of DHCP taught nothing", "messages of DHCP taught nothing"),
}


def advice(replay: Replay) -> list[Advice]:
    """The most frequent reason first, of requests before of messages; none if every request has its line."""
    radius, dhcp = replay.radius, replay.dhcp
    found = _of("access", radius.access.unmatched, _RADIUS) + _of("accounting", radius.accounting.unmatched, _RADIUS)
    if dhcp is None:
        return found
    found += _of("dhcp", dhcp.part.unmatched, _DHCP)
    wanted = any(one.reason is not Why.NO_CUSTOMER for one in found)
    if not wanted and (dhcp.taught or dhcp.decides):
        return found
    silent = _of("sightings", dhcp.untaught, _UNTAUGHT)
    nameless = dhcp.untaught[Why.NO_LINE_ID]
    if nameless and not dhcp.taught and not silent:
        silent.append(Advice("sightings", Why.NO_LINE_ID, nameless, _NO_LINE_ID))
    return found + silent


def _of(about: str, counted: Mapping[Why, int], words: Mapping[Why, str]) -> list[Advice]:
    found = [Advice(about, why, count, words[why]) for why, count in counted.items() if count and why in words]
    return sorted(found, key=lambda one: -one.times)
