"""Why a request stays without a line, and why a message taught nothing: reasons that can be counted. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bngcorr.correlator.dhcp import Told
from bngcorr.correlator.keys import Keyring
from bngcorr.correlator.question import Question, is_alone, says_anything
from bngcorr.model.vocabulary import Key, SessionState
from bngcorr.store.recollection import Recollection
from bngcorr.wire import relays

_NOWHERE4: Final = bytes(4)
_SESSION: Final = Key.SESSION


class Why(StrEnum):
    """The first four are of a MAC that is no key by itself."""

    NO_MAC = "no-mac"  # none is told, nor is the VLAN pair one line
    CLAIMED_MAC = "claimed-mac"  # the customer's word: a DUID, an EUI-64, a chaddr that the frame did not come from
    RELAYED_MAC = "relayed-mac"  # chaddr or Option 79 of what a router has relayed, and nobody says that it compares
    MADE_UP_MAC = "made-up-mac"  # locally administered, at no known port
    KEYS_OFF = "keys-off"  # the configuration asks no key that it has
    NOTHING_SEEN = "nothing-seen"  # no line was ever seen on its keys
    TOO_FAR = "too-far"  # one was, but not within the window, and nothing is live
    SESSION_WITHOUT_LINE = "session-without-line"  # accounting of a session that began without one
    NO_CUSTOMER = "no-customer"  # an Accounting-On or -Off
    LIMITED = "limited"  # its port had asked too much
    # of messages of DHCP alone
    NO_LINE_ID = "no-line-id"  # names no line
    ROUTER_PORT = "router-port"  # an Interface-Id alone, of a relay that routes
    UNTRUSTED = "untrusted"  # ids of a protocol that only the customer can have written
    CONTRADICTORY = "contradictory"  # two different ids of one kind
    CUT = "cut"  # its options are not all there


def unusable(ring: Keyring) -> Why:
    """Why a request or sighting that no key of which tells anything is such a one."""
    if ring.fingerprint.endswith("."):
        return Why.NO_MAC
    if ring.claimed:
        return Why.CLAIMED_MAC
    return Why.KEYS_OFF if ring.free else Why.MADE_UP_MAC


def unmatched(question: Question, recalled: Recollection) -> Why:
    """Why a climb ended with nothing."""
    ring, session = question.keyring, recalled.session
    began = session is not None and session.line is None and session.state is not SessionState.EXPECTED
    if question.accounting and began:
        return Why.SESSION_WITHOUT_LINE
    alone, tainted = is_alone(ring, recalled), recalled.mac_lines > 1
    usable = False
    for handle in ring.handles:
        if handle.key is _SESSION or not says_anything(handle.key, ring, alone=alone, tainted=tainted):
            continue
        usable = True
        if recalled.records[handle.hash].candidates:
            return Why.TOO_FAR
    return Why.NOTHING_SEEN if usable else unusable(ring)


def untaught(namer: Told | None, best: Told) -> Why | None:
    """Why a message that asks taught nothing: `namer` is its sight that names the line, `best` that of the CPE."""
    if namer is None:
        return _unnamed(best)
    if namer.contradictory:
        return Why.CONTRADICTORY
    return of_dhcp(unusable(best.keyring), best) if best.keyring.bare else None


def of_dhcp(why: Why, told: Told) -> Why:
    """The same, where it is known who told the MAC."""
    return Why.RELAYED_MAC if why is Why.CLAIMED_MAC and _relayed(told) else why


def _relayed(told: Told) -> bool:
    """Whether the MAC is one that its router may have compared with the frame."""
    if told.four is not None:
        return told.four.giaddr != _NOWHERE4
    return told.six is not None and not told.local and told.mac == relays.reported_mac(told.six)


def _unnamed(told: Told) -> Why:
    if not told.whole:
        return Why.CUT
    if told.trigger in told.place.untrusted:
        return Why.UNTRUSTED
    six, outermost = told.six, told.place.outermost
    if six is None or relays.naming_layer(six, outermost=outermost) is None:
        return Why.NO_LINE_ID
    own = relays.naming_layer(six, outermost=outermost, routers=False) is None
    return Why.ROUTER_PORT if own else Why.NO_LINE_ID
