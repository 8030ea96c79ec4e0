"""What one DHCP message on the wire says of line and CPE, and what it may teach."""

from __future__ import annotations

import re

import pytest

from bngcorr.correlator.place import Place
from bngcorr.correlator.question import Rules
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import LineIdPolicy, MacSource, Trigger, VlanModel
from bngcorr.profiles.profile import Alias, Relay
from bngcorr.proxy.admit import describe
from bngcorr.proxy.place import place_of
from bngcorr.proxy.remote_id import Numbers
from bngcorr.wire import radius
from tests.lab_parts import SECRET, nas
from tests.proxy.families import profile
from tests.service.radius import access_request, cpe, line
from tests.tap.wire import (
    BNG,
    CPE,
    OTHER,
    ROUTED,
    frame4,
    frame6,
    line4,
    message6,
    option6,
    place,
    relay6,
    remote6,
    said,
    told,
)

DISCOVER, OFFER, REQUEST, RELEASE = 1, 2, 3, 7
SOLICIT, REPLY, V6_RELEASE = 1, 7, 8
DAY = 86_400_000
LDRA = relay6(message6(SOLICIT), option6(18, b"eth 1/1") + remote6(b"olt7/9"))


def test_a_discover_and_a_solicit_of_one_cpe_have_the_same_keys() -> None:
    """The window and the hold find one by the other: attachment and MAC are those of the frame."""
    discover = said(frame4(DISCOVER, line4(b"olt7/9"), tags=(100, 20)))
    solicit = said(frame6(message6(SOLICIT), tags=(100, 20)))

    assert Attachment("1/1/4", 100, 20) == discover.attachment == solicit.attachment
    assert discover.keyring.hashes == solicit.keyring.hashes
    assert (MacSource.SEEN, MacSource.SEEN) == (discover.mac_source, solicit.mac_source)
    assert (True, False) == (discover.teaches, solicit.teaches)


def test_a_tap_and_the_bng_name_one_place_alike() -> None:
    """A request of the BNG's with NAS-Port-Id and Calling-Station-Id has the keys and the line of the DISCOVER."""
    bng = nas("bng1", profile("generic"))
    octets = access_request(1, cpe("00:0e:8f:00:01:01", "1/1/4:100.20") + line(b"olt7/9", b"olt7 e1"), SECRET)
    request = describe(bng, radius.decode(octets), "192.0.2.1", at_ms=0, authentic=True, numbers=Numbers())
    seen = said(frame4(DISCOVER, line4(b"olt7/9", b"olt7 e1"), tags=(100, 20)), place_of(bng, port="1/1/4"))

    assert request.keyring.hashes == seen.keyring.hashes
    assert request.identity.ids == seen.ids


def test_the_enterprise_number_of_option_37_is_taken_off_whatever_it_is() -> None:
    """On the wire it is always there, also one that no attribute would be believed to hold."""
    for number in (9, 3561, 0xFF000000):
        octets = frame6(relay6(message6(SOLICIT), remote6(b"\0\1\2\3binary", number)))

        assert (LineIds(b"\0\1\2\3binary"), number) == (said(octets).ids, said(octets).enterprise_number)


def test_an_ldra_keeps_the_place_and_a_router_does_not() -> None:
    """An access node writes options and leaves address and frame as they are; behind a router nothing tells the
    port.
    """
    near = said(frame6(LDRA, tags=(7,)))
    far = said(frame6(relay6(message6(SOLICIT), remote6(b"olt7/9"), link=ROUTED), ip_source=ROUTED, source=BNG))

    assert (Attachment("1/1/4", 7), True, MacSource.SEEN) == (near.attachment, near.teaches, near.mac_source)
    assert (None, False, MacSource.CLAIMED) == (far.attachment, far.teaches, far.mac_source)


@pytest.mark.parametrize(("relay", "expected"), [(Relay.OUTERMOST, b"outer"), (Relay.INNERMOST, b"inner")])
def test_the_relay_that_names_the_line_is_configurable(relay: Relay, expected: bytes) -> None:
    """As for the options that a BNG copies."""
    octets = relay6(relay6(message6(SOLICIT), remote6(b"inner")), remote6(b"outer"), link=ROUTED)

    assert LineIds(expected) == said(frame6(octets), place(relay=relay)).ids


def test_a_routers_name_for_its_port_is_no_line() -> None:
    """Interface-Id alone of a relay with an address of its own, nor what a customer's relay layer inside of it says."""
    circuit = place(rules=Rules(line_id=LineIdPolicy.CIRCUIT))
    forged = relay6(message6(SOLICIT), option6(18, b"victim"))

    assert LineIds() == said(frame6(relay6(forged, option6(18, b"\1\0\0\0"), link=ROUTED)), circuit).ids
    assert LineIds(None, b"eth 1/1") == said(frame6(relay6(message6(SOLICIT), option6(18, b"eth 1/1"))), circuit).ids


def test_ids_in_the_clients_own_message_are_none() -> None:
    """A customer writes what he likes there."""
    assert LineIds() == said(frame6(message6(SOLICIT, remote6(b"victim") + option6(18, b"eth 9/9")))).ids


@pytest.mark.parametrize("family", [Trigger.DHCPV4, Trigger.DHCPV6])
def test_ids_of_a_family_that_is_not_trusted_are_none(family: Trigger) -> None:
    """Where no access node inserts them, only the customer can have."""
    where = place(untrusted=frozenset((family,)))
    messages = {Trigger.DHCPV4: frame4(DISCOVER, line4(b"olt7/9")), Trigger.DHCPV6: frame6(LDRA)}

    named = {trigger for trigger, octets in messages.items() if said(octets, where).line is not None}

    assert {Trigger.DHCPV4, Trigger.DHCPV6} - {family} == named


@pytest.mark.parametrize(
    "octets",
    [
        frame4(DISCOVER, line4(b"victim"), giaddr="192.0.2.1"),
        frame6(relay6(message6(SOLICIT), remote6(b"victim"), link=ROUTED), ip_source=ROUTED),
    ],
)
def test_on_a_port_nothing_teaches_that_claims_to_have_been_routed(octets: bytes) -> None:
    """There are customers on it, and no routers."""
    on_port, on_uplink = said(octets), said(octets, place(port=None))

    assert (False, True) == (on_port.teaches, on_uplink.teaches)
    assert on_port.sighting(0, DAY) is None


def test_a_server_teaches_no_line() -> None:
    """Anybody can write an OFFER."""
    offer = said(frame4(OFFER, line4(b"olt7/9"), to_server=False, source=BNG, destination=CPE))

    assert offer.line is not None
    assert not offer.teaches


def test_a_mac_that_the_frame_does_not_show_is_claimed() -> None:
    """A unicast renewal behind a router has the router's source; a chaddr that differs is the CPE's word alone."""
    renewal = said(frame4(REQUEST, ciaddr="198.51.100.9", source=BNG, ip_source="198.51.100.9"))
    forged = said(frame4(DISCOVER, chaddr=OTHER, source=CPE))

    assert (CPE, MacSource.CLAIMED, None) == (renewal.mac, renewal.mac_source, renewal.attachment)
    assert (OTHER, MacSource.CLAIMED) == (forged.mac, forged.mac_source)
    assert forged.keyring.bng_mac is None


def test_a_relay_that_compares_macs_can_be_vouched_for() -> None:
    """Then chaddr and option 79 are as good as the frame; an EUI-64 and a DUID never are."""
    where = place(port=None, relayed_mac=MacSource.SEEN)
    link_layer = option6(79, b"\0\1" + CPE)
    messages = {
        "chaddr": frame4(DISCOVER, line4(b"l"), giaddr="192.0.2.1", source=BNG),
        "option 79": frame6(relay6(message6(SOLICIT), remote6(b"l") + link_layer, link=ROUTED), ip_source=ROUTED),
        "EUI-64": frame6(relay6(message6(SOLICIT), remote6(b"l"), link=ROUTED), ip_source=ROUTED, source=BNG),
    }

    vouched = {name: said(octets, where).mac_source for name, octets in messages.items()}

    assert {"chaddr": MacSource.SEEN, "option 79": MacSource.SEEN, "EUI-64": MacSource.CLAIMED} == vouched


def test_tags_that_the_mirror_takes_off_are_put_in_front() -> None:
    """A frame of S-VLAN 100, mirrored without it."""
    assert Attachment("1/1/4", 100, 20) == said(frame4(DISCOVER, tags=(20,)), place(vlans=(100,))).attachment
    assert said(frame4(DISCOVER, tags=(20, 21)), place(vlans=(100,))).attachment is None


def test_aliases_put_ids_into_the_words_of_the_other_family() -> None:
    """As for requests."""
    alias = Alias(remote=True, family=Trigger.DHCPV6, pattern=re.compile(rb"(.+)-v6"), template=rb"\1")
    octets = frame6(relay6(message6(SOLICIT), remote6(b"olt7/9-v6")))

    assert LineIds(b"olt7/9") == said(octets, place(aliases=(alias,))).ids


def test_what_is_cut_names_no_line() -> None:
    """An id that may be only its beginning is none."""
    octets = frame4(DISCOVER, line4(b"olt7/9"))

    assert said(octets[:-4]).line is None


def test_a_solicit_that_names_a_line_is_compared_with_what_is_live() -> None:
    """As a request that is surely v6; one that does not has to climb, by v6 sightings, too."""
    named, nameless = said(frame6(LDRA)).question(5), said(frame6(message6(SOLICIT))).question(5)

    assert (LineIds(b"olt7/9", b"eth 1/1"), True) == (named.own, named.checked)
    assert (None, True) == (nameless.own, nameless.match_v6)
    assert not said(frame4(DISCOVER)).question(5).match_v6


@pytest.mark.parametrize(
    "octets",
    [
        frame4(10),
        frame4(DISCOVER, to_server=False),
        frame4(OFFER),
        frame6(relay6(message6(SOLICIT), b"", kind=13)),
        frame6(message6(13)),
        frame6(message6(14)),
    ],
)
def test_other_messages_say_nothing(octets: bytes) -> None:
    """LEASEQUERY, a server's word from a client, a request in a relay's reply, a relay without a message."""
    assert told(octets) is None


def test_a_lone_solicit_on_a_line_of_its_own_has_the_attachment_for_a_key() -> None:
    """VLANs that are one line each."""
    where: Place = place(vlan_model=VlanModel.PER_LINE, rules=Rules())

    assert said(frame6(message6(SOLICIT), tags=(100, 20)), where).keyring.attachment is not None
