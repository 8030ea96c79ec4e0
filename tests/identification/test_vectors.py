"""Every labelled packet of tests/vectors is identified as its label says, and rewritten only where it may be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice, permutations

import pytest

from bngcorr.model.mac import format_mac
from bngcorr.profiles.catalogue import packaged
from bngcorr.proxy import carriers
from bngcorr.proxy.explain import explain
from bngcorr.proxy.line_id import Identity
from bngcorr.proxy.trigger import Classification
from bngcorr.wire import radius

from .forwarding import forwarded, identified, unchanged
from .vectors import Attribute, Expected, Vector, packet, rules, vectors
from .vectors import encoded as encode

VECTORS = vectors()
ORDERED = [vector for vector in VECTORS if vector.any_order]
NOT_V6 = [vector for vector in VECTORS if vector.asked in ("dhcpv4", "ppp")]
DOCUMENTED = [vector for vector in VECTORS if vector.documented]

each = pytest.mark.parametrize("vector", VECTORS, ids=[vector.name for vector in VECTORS])


def _found(classification: Classification, identity: Identity) -> Expected:
    ids = identity.ids
    return Expected(
        trigger=str(classification.trigger),
        strength=None if classification.strength is None else str(classification.strength),
        stripped=identity.enterprise_number is not None,
        enterprise_number=identity.enterprise_number,
        remote_id=ids.remote_id,
        circuit_id=ids.circuit_id,
        mac=None if identity.mac is None else format_mac(identity.mac),
        mac_source=None if identity.mac_source is None else str(identity.mac_source),
        attachment=None if identity.attachment is None else str(identity.attachment),
        contradictory=identity.contradictory,
    )


def test_there_are_enough_packets_of_every_kind() -> None:
    """At least 150 packets in all and 10 a profile, each name once, of every protocol and every outcome."""
    names = Counter(vector.name for vector in VECTORS)
    profiles = Counter(vector.profile for vector in VECTORS)

    assert len(VECTORS) >= 150
    assert 1 == max(names.values())
    assert set(packaged()) == set(profiles)
    assert min(profiles.values()) >= 10, profiles
    assert {"dhcpv4", "dhcpv6", "ppp", "unknown"} == {vector.asked for vector in VECTORS}
    assert {"dhcpv4", "dhcpv6", "ppp", "unknown", "conflict"} == {vector.expected.trigger for vector in VECTORS}
    assert {"proof", "strong", "hint", None} == {vector.expected.strength for vector in VECTORS}
    assert {(True, True), (True, False), (False, False)} == {(v.expected.stripped, v.altered) for v in VECTORS}
    assert all(len(vector.source) > 5 for vector in VECTORS)


@each
def test_a_packet_is_what_its_label_says(vector: Vector) -> None:
    """Trigger, strength, ids, enterprise number, MAC and attachment are those of the label."""
    assert vector.expected == _found(*identified(radius.decode(vector.octets), *rules(vector)))


@each
def test_a_packet_is_altered_where_its_label_says(vector: Vector) -> None:
    """What goes on to AAA differs in an attribute that was there already, or in none, as the label says."""
    before = unchanged(vector.octets).octets[20:]
    after = forwarded(vector.octets, *rules(vector)).octets[20:]

    assert vector.altered == (not after.startswith(before))
    assert vector.altered == (before != forwarded(vector.octets, *rules(vector), only_strip=True).octets[20:])


@pytest.mark.parametrize("vector", NOT_V6, ids=[vector.name for vector in NOT_V6])
def test_no_packet_of_another_protocol_is_altered(vector: Vector) -> None:
    """Precision 1: a request that DHCPv4 or PPP triggered keeps every octet of its attributes."""
    before = unchanged(vector.octets).octets[20:]
    profile, numbers = rules(vector)

    assert not vector.altered
    assert forwarded(vector.octets, profile, numbers).octets[20:].startswith(before)
    assert before == forwarded(vector.octets, profile, numbers, only_strip=True).octets[20:]


@pytest.mark.parametrize("vector", DOCUMENTED, ids=[vector.name for vector in DOCUMENTED])
def test_every_documented_v6_case_is_normalised(vector: Vector) -> None:
    """AAA finds the line's id, and nothing else, in every carrier that the profile knows."""
    profile, numbers = rules(vector)
    view = forwarded(vector.octets, profile, numbers)

    assert "dhcpv6" == vector.asked
    assert vector.expected.remote_id is not None
    assert {vector.expected.remote_id} == {one.value for one in carriers.ids(view, profile.remote_ids) if one.value}
    assert vector.expected.circuit_id == next((one.value for one in carriers.ids(view, profile.circuit_ids)), None)


@each
def test_explain_agrees_with_the_request_path(vector: Vector) -> None:
    """`explain` tells the same trigger and ids, and exactly the changes that are made."""
    profile, numbers = rules(vector)
    explanation = explain(vector.octets, profile, numbers)
    before, after = unchanged(vector.octets).octets[20:], forwarded(vector.octets, profile, numbers).octets[20:]
    for _, old, new in explanation.changes:
        before = before.replace(old, new, 1) if old else before + new

    assert vector.expected == _found(explanation.classification, explanation.identity)
    assert vector.expected.stripped == explanation.stripped
    assert after == before


def _orders(vector: Vector) -> list[Vector]:
    """The vector with its attributes, and the sub-attributes of each, in every order (at most 400 of them)."""
    choices: list[list[Attribute]] = [
        [attribute] if isinstance(attribute, str) else [list(order) for order in permutations(attribute)]
        for attribute in vector.attributes
    ]
    found = []
    for chosen in permutations(choices):
        widest = max(len(choice) for choice in chosen)
        for index in range(widest):
            attributes = tuple(choice[index % len(choice)] for choice in chosen)
            found.append(replace(vector, attributes=attributes))
    return list(islice(found, 400))


@pytest.mark.parametrize("vector", ORDERED, ids=[vector.name for vector in ORDERED])
def test_the_order_of_attributes_does_not_matter(vector: Vector) -> None:
    """Wherever the id stands among attributes and sub-attributes, it is found, and only it is shortened."""
    profile, numbers = rules(vector)
    for one in _orders(vector):
        view = forwarded(one.octets, profile, numbers)
        kept = [value for value in _attributes(one) if value not in _attributes_of(view.octets)]

        assert vector.expected == _found(*identified(radius.decode(one.octets), profile, numbers))
        assert vector.altered == bool(kept)
        if vector.altered:
            assert {vector.expected.remote_id} == {o.value for o in carriers.ids(view, profile.remote_ids) if o.value}


def _attributes(vector: Vector) -> list[bytes]:
    return [encode(attribute) for attribute in vector.attributes]


def _attributes_of(octets: bytes) -> list[bytes]:
    found = []
    at = 20
    while at < len(octets):
        found.append(octets[at : at + octets[at + 1]])
        at += octets[at + 1]
    return found


@pytest.mark.parametrize("vector", ORDERED, ids=[vector.name for vector in ORDERED])
def test_a_strip_takes_four_octets_and_mends_every_length(vector: Vector) -> None:
    """Each prefixed copy makes sub-attribute, attribute and packet shorter by four; all other octets stay in order."""
    profile, numbers = rules(vector)
    view = radius.decode(vector.octets)
    _, identity = identified(view, profile, numbers)
    forward = forwarded(vector.octets, profile, numbers, only_strip=True)

    assert len(view.octets) - 4 * len(identity.strips) == len(forward.octets)
    assert [span.key for span in view.spans] == [span.key for span in forward.spans]
    shortened = {change.span.start for change in identity.strips}
    for old, new in zip(view.spans, forward.spans, strict=True):
        value = view.value(old)
        assert forward.value(new) == (value[4:] if old.start in shortened else value)


def test_a_vector_can_be_assembled_by_hand() -> None:
    """The loader writes what RFC 2865 says: type, length and value, vendor and sub-attributes."""
    octets = packet(1, [encode("User-Name=ab"), encode(['26/3561/2:=000007db "0"', "26/3561/1=x"])])

    assert bytes.fromhex("01 07 0028") == octets[:4]
    assert bytes.fromhex("0104 6162 1a10 00000de9 0207 000007db30 0103 78".replace(" ", "")) == octets[20:]
