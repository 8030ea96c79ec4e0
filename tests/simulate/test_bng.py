"""What the simulated BNGs write reads, with the product's rules, as what they meant."""

from __future__ import annotations

import pytest

from bngcorr.model.attachment import Attachment
from bngcorr.model.vocabulary import MacSource, Outcome, Trigger
from bngcorr.proxy.admit import own_verdict
from bngcorr.proxy.request import Request
from bngcorr.simulate.bng import Bng
from bngcorr.simulate.packet import Code, Form, Packet
from bngcorr.simulate.population import Line
from bngcorr.simulate.product import Product
from bngcorr.simulate.sites import SITES, Place, Site
from bngcorr.simulate.timeline import EPOCH_MS
from bngcorr.wire import attributes as a

from .scene import MAC, PLACE, box, line, packet, profile, site

EACH = pytest.mark.parametrize("of", SITES, ids=[one.name for one in SITES])
SHARED = Place(1, 100, None)


def _place(of: Site) -> Place | None:
    return None if not of.tells_port else PLACE if of.per_line else SHARED


def _read(of: Site, sent: Packet, about: Line) -> Request:
    there = box(of)
    return Product(there, profile(of.profile)).take(Bng(there).write(sent, about), 1_000)


def _discover(of: Site) -> tuple[Packet, Line]:
    return packet(place=_place(of)), line(place=_place(of))


def _solicit(of: Site, *, ldra: bool) -> tuple[Packet, Line]:
    form = Form.OPTION37 if ldra else Form.NONE
    return packet(place=_place(of), v6=True, form=form), line(place=_place(of), ldra=ldra)


@EACH
def test_a_discover_names_its_line(of: Site) -> None:
    """An Access-Request triggered by DHCPv4 names its line by Option 82, on every BNG."""
    sent, about = _discover(of)
    request = _read(of, sent, about)

    assert (about.remote_id, about.circuit_id) == (request.identity.ids.remote_id, request.identity.ids.circuit_id)
    assert request.classification.trigger in ((Trigger.DHCPV4,) if of.raw else (Trigger.DHCPV4, Trigger.UNKNOWN))
    verdict = own_verdict(request)
    assert verdict is not None
    assert Outcome.OWN is verdict.outcome


@EACH
def test_a_solicit_without_ldra_names_none(of: Site) -> None:
    """An Access-Request triggered by DHCPv6 has no line id, and says v6 only where raw options are in it."""
    request = _read(of, *_solicit(of, ldra=False))

    assert (None, None) == (request.identity.ids.remote_id, request.identity.ids.circuit_id)
    assert (Trigger.DHCPV6 if of.raw else Trigger.UNKNOWN) is request.classification.trigger
    assert of.holds(v6=True) == (request.hold_s > 0)


@EACH
def test_a_solicit_behind_an_ldra_names_its_line_without_the_number(of: Site) -> None:
    """Option 37 comes with the enterprise number, which the rules take off: the line is that of DHCPv4."""
    sent, about = _solicit(of, ldra=True)
    request = _read(of, sent, about)

    assert Trigger.DHCPV6 is request.classification.trigger
    assert (about.remote_id, about.circuit_id) == (request.identity.ids.remote_id, request.identity.ids.circuit_id)
    assert about.enterprise == request.identity.enterprise_number


@EACH
def test_port_and_mac_are_told(of: Site) -> None:
    """Port, VLANs and MAC read the same for both stacks; who vouches for the MAC is as the site says."""
    readings = [_read(of, *sent).identity for sent in (_discover(of), _solicit(of, ldra=False))]

    assert [MAC, MAC] == [one.mac for one in readings]
    assert {MacSource.CLAIMED if of.claims_mac else MacSource.SEEN} == {one.mac_source for one in readings}
    assert readings[0].attachment == readings[1].attachment
    if of.tells_port:
        attachment = readings[0].attachment
        assert attachment is not None
        assert (100, 7 if of.per_line else None) == (attachment.outer, attachment.inner)
    else:
        assert (None, b"") == (readings[0].attachment, readings[0].place)


def test_the_port_of_a_disaggregated_bng_has_its_user_plane_in_front() -> None:
    """MAG-c writes a prefix, the user plane's address and a blank behind; prefix and blank are no part of the port."""
    request = _read(site("magc"), *_discover(site("magc")))

    assert Attachment("1.1.1.103/1/1/c2/1", 100, 7) == request.identity.attachment


@EACH
def test_access_requests_are_signed_where_the_family_does(of: Site) -> None:
    """The Message-Authenticator fits where there is one, and makes the request authentic."""
    assert of.signs is _read(of, *_discover(of)).authentic


@EACH
def test_a_start_tells_the_session(of: Site) -> None:
    """An Accounting-Request is authentic and tells session, instant, hosts and, of v4, the line."""
    about = line(place=_place(of))
    request = _read(of, packet(Code.START, place=_place(of), event_ms=250), about)

    record = request.record
    assert record is not None
    assert (b"S1", EPOCH_MS) == (record.session_id, record.event_ms)
    assert ["10.0.0.1"] == [host.address for host in record.hosts or ()]
    assert about.remote_id == request.identity.ids.remote_id
    assert request.authentic


@EACH
def test_a_v6_start_has_no_line_id(of: Site) -> None:
    """The record of a v6 session without LDRA names no line; its prefixes are another line's never."""
    prefixes = []
    for number in (0, 1, 255, 256):
        sent = packet(Code.START, place=_place(of), line=number, v6=True, form=Form.NONE)
        request = _read(of, sent, line(number, place=_place(of)))
        assert request.identity.ids.remote_id is None
        assert request.record is not None
        prefixes += [host.address for host in request.record.hosts or ()]

    assert 8 == len(set(prefixes))


@EACH
def test_the_session_id_is_in_access_requests_where_the_family_has_it(of: Site) -> None:
    """Acct-Session-Id joins Access-Request and Start only on families that send it so early."""
    assert of.early_session is _read(of, *_discover(of)).view.has(a.ACCT_SESSION_ID)


def test_a_box_that_restarts_says_so() -> None:
    """Accounting-On is a restart, at the instant when it happened, however long the box has been trying to tell."""
    there = box(site("sros-host"))
    on = Packet(code=Code.ON, box=3, event_ms=5_000, delay_s=10)
    request = Product(there, profile("nokia-sros")).take(Bng(there).write(on, None), 15_000)

    assert request.record is not None
    assert (True, EPOCH_MS + 5_000) == (request.record.restart, request.record.event_ms)


def test_huawei_takes_the_number_off_by_the_length_of_the_option() -> None:
    """A six-octet id comes without its enterprise number from Huawei, a longer one with it."""
    of = site("huawei")
    short = line(remote_id=b"\x00\x00\x0c\x00\x00\x01", ldra=True)
    there = box(of)
    octets = Bng(there).write(packet(v6=True, form=Form.OPTION37), short)

    assert b"\x00\x00\x07\xdb" + short.remote_id not in octets
    assert short.remote_id in octets
