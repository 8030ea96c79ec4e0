"""What a request says of its line: port and VLANs, MAC, ids."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import MacSource, PenPolicy
from tests.wire.radius_packets import Piece, plain, vsa

from .families import DHCPV6_PROOF, GENERIC, NOKIA, PPP_PROOF, circuit_id, identified, remote_id

MAC = bytes.fromhex("3ca62f000017")
PEN = (2011).to_bytes(4, "big")


def _port_id(text: str | bytes) -> Piece:
    return plain(87, text.encode("latin-1") if isinstance(text, str) else text)


def _hardware_address(text: str) -> Piece:
    return vsa(6527, (27, text.encode()))


# NAS-Port-Id of SR OS (RADIUS guide 22.2, NAS-Port-Id attribute details) and what it means
SROS_PORTS = {
    "1/1/4:501.1001": Attachment("1/1/4", 501, 1001),
    "1/2/c1/2:100": Attachment("1/2/c1/2", 100),
    "2/x1/1/c4/1:35.2": Attachment("2/x1/1/c4/1", 35, 2),
    "1/1/c2/1:201.100": Attachment("1/1/c2/1", 201, 100),
    "1/1/4": Attachment("1/1/4"),
    "1/1/4:0": Attachment("1/1/4", 0),
    "1/1/4:4095.4095": Attachment("1/1/4", 4095, 4095),
    "1/1/4:50:100": Attachment("1/1/4", 50, 100),  # as the 14.0 guide prints it
    "lag-12:1000.20": Attachment("lag-12", 1000, 20),
    "lag-12": Attachment("lag-12"),
    "pw-2:320.100": Attachment("pw-2", 320, 100),
    "bert 1/1/c2/1:201.100": Attachment("1/1/c2/1", 201, 100),  # prefix
    "1/1/c2/1:201.100 LINE-000017": Attachment("1/1/c2/1", 201, 100),  # suffix: the Remote-Id
    "1/1/c2/1:201.100 OLT-7 eth 1/2/3:4.100": Attachment("1/1/c2/1", 201, 100),  # suffix: the Circuit-Id
    "bert 1/1/c2/1:201.100 LINE-000017": Attachment("1/1/c2/1", 201, 100),
    "bng-1 1/1/4:100.20": Attachment("1/1/4", 100, 20),  # a prefix that looks like a port
    " 1/1/c2/1:201.100 ": Attachment("1/1/c2/1", 201, 100),
    "1/1/4:4096.1": None,
    "1/1/4:1.4096": None,
    "1/1/4:*.100": None,
    "LNS rtr-1#lip-10.0.0.1#rip-10.0.0.2#ltid-5#rtid-6#lsid-7#rsid-8#9": None,
    "GRE rtr-4#lip-50.1.1.1#rip-201.1.1.2": None,
    "": None,
    " ": None,
    "uplink": None,
    "100": None,
}
OTHER_PORTS = {
    "eth1.100:100.2": Attachment("eth1.100", 100, 2),  # osvbng
    "1/1/4:501.1001": Attachment("1/1/4", 501, 1001),
    "lag-12:1000.20": Attachment("lag-12", 1000, 20),
    "bng-1 1/1/4:100.20": Attachment("1/1/4", 100, 20),
    "eth-1 LINE-000017": None,  # which of them is the port?
    "lag-12:1000.20 1/1/9:5.5": None,  # a Remote-Id that reads like a port must not be taken for it
    "1/1/4 lag-9:5.5": None,
    "lag-12:1000.20 lag-12:1000.20": Attachment("lag-12", 1000, 20),
    "lag-12:1000.20 LINE-000017": Attachment("lag-12", 1000, 20),
    "": None,
    "uplink": None,
    "15": None,
}


@pytest.mark.parametrize(("text", "attachment"), SROS_PORTS.items())
def test_a_nas_port_id_of_sr_os_gives_port_and_vlans(text: str, attachment: Attachment | None) -> None:
    """Prefix, suffix and blanks go, port and VLANs stay; text without a port is no attachment."""
    assert attachment == identified(_port_id(text)).attachment


@pytest.mark.parametrize(("text", "attachment"), OTHER_PORTS.items())
def test_a_nas_port_id_of_other_boxes_gives_port_and_vlans(text: str, attachment: Attachment | None) -> None:
    """The generic profile reads port[:outer[.inner]] and takes no bare word or number for a port."""
    assert attachment == identified(_port_id(text), family=GENERIC).attachment


def test_a_line_has_one_attachment_with_and_without_suffix() -> None:
    """SR OS may append the Remote-Id for DHCPv4 and has none to append for DHCPv6: both are the same attachment."""
    v4 = identified(_port_id("bng1 lag-3:1000.20 LINE-000017"))
    v6 = identified(_port_id("bng1 lag-3:1000.20"))

    assert v4.attachment == v6.attachment == Attachment("lag-3", 1000, 20)


@pytest.mark.parametrize("family", [NOKIA, GENERIC])
@settings(max_examples=120, deadline=None)
@given(text=st.binary(max_size=253) | st.text("0123456789/.:-c lagpw#x*", max_size=60).map(str.encode))
def test_any_nas_port_id_is_an_attachment_or_none(family: str, text: bytes) -> None:
    """Whatever stands in NAS-Port-Id, VLANs are 0 to 4095 and a port is never empty."""
    attachment = identified(_port_id(text), family=family).attachment
    if attachment is not None:
        assert attachment.port
        assert all(tag is None or 0 <= tag <= 4095 for tag in (attachment.outer, attachment.inner))
        assert attachment.inner is None or attachment.outer is not None


# ---- MAC

MACS = {
    "3c:a6:2f:00:00:17": MAC,
    "3C:A6:2F:00:00:17": MAC,
    "3c-a6-2f-00-00-17": MAC,
    "3ca6.2f00.0017": MAC,
    "3ca62f000017": MAC,
    "3c:a6:2f:0:0:17": MAC,  # un-padded
    "1:3c:a6:2f:0:0:17": MAC,  # MikroTik's client-id
    " 3c:a6:2f:00:00:17 ": MAC,
    "2:3c:a6:2f:0:0:17": None,  # a client-id of another hardware type
    "3c:a6:2f:00:00": None,
    "3c:a6:2f:00:00:17:00:00": None,
    "3ca62f00001": None,
    "3ca6.2f00.001": None,
    "00:00:00:00:00:00": None,  # nobody
    "ff:ff:ff:ff:ff:ff": None,  # everybody
    "01:00:5e:00:00:01": None,  # a group
    "203.0.113.9": None,
    "user@isp.example": None,
    "": None,
}


@pytest.mark.parametrize(("text", "mac"), MACS.items())
def test_a_mac_is_read_in_every_format_of_the_field(text: str, mac: bytes | None) -> None:
    """Colons, dashes, Cisco's dots, bare hex and MikroTik's client-id are MACs; group and zero addresses are not."""
    assert mac == identified(_hardware_address(text)).mac
    assert mac == identified(plain(31, text.encode()), family=GENERIC).mac


def test_the_hardware_address_comes_before_the_user_name() -> None:
    """SR OS reports the layer-2 source in a VSA of its own, which is believed before a User-Name that is a MAC."""
    other = plain(1, b"02:00:01:00:00:01")

    assert MAC == identified(other, _hardware_address("3c:a6:2f:00:00:17")).mac
    assert bytes.fromhex("020001000001") == identified(other).mac
    assert bytes.fromhex("020001000001") == identified(other, _hardware_address("no MAC")).mac


def test_a_user_name_that_a_ppp_client_chose_is_no_mac() -> None:
    """A PPP client writes what it likes into its user name: somebody else's MAC, for one."""
    name = plain(1, b"3c:a6:2f:00:00:17")

    assert MAC == identified(name).mac
    assert identified(name, PPP_PROOF).mac is None
    assert identified(name, PPP_PROOF, DHCPV6_PROOF).mac is None
    assert MAC == identified(name, PPP_PROOF, _hardware_address("3c:a6:2f:00:00:17")).mac


def test_a_reported_mac_is_seen() -> None:
    """Alc-Client-Hardware-Addr and Calling-Station-Id come from the BNG: the MAC is `seen`."""
    assert MacSource.SEEN is identified(_hardware_address("3c:a6:2f:00:00:17")).mac_source
    assert MacSource.SEEN is identified(plain(31, b"3c:a6:2f:00:00:17"), family=GENERIC).mac_source
    assert identified().mac_source is None


# ---- ids


def test_ids_are_taken_from_the_broadband_forum_attributes() -> None:
    """Circuit- and Remote-Id may stand in one VSA or in two."""
    ids = LineIds(b"LINE-000017", b"eth 1/2/3:4.100")

    assert ids == identified(vsa(3561, (1, b"eth 1/2/3:4.100"), (2, b"LINE-000017"))).ids
    assert ids == identified(remote_id(b"LINE-000017"), circuit_id(b"eth 1/2/3:4.100")).ids


def test_an_empty_id_is_no_id() -> None:
    """A zero-length Remote-Id, as a wholesale DSLAM sends it, names nobody: empty is not equal to empty."""
    assert LineIds(None, b"eth 0/1/42:101") == identified(vsa(3561, (1, b"eth 0/1/42:101"), (2, b""))).ids
    assert LineIds() == identified(remote_id(b""), circuit_id(b"")).ids


def test_the_same_id_twice_is_one_id() -> None:
    """A packet that repeats its Remote-Id does not contradict itself."""
    identity = identified(remote_id(b"LINE-1"), remote_id(b"LINE-1"), remote_id(b""))

    assert not identity.contradictory
    assert LineIds(b"LINE-1") == identity.ids


def test_two_different_ids_contradict_each_other() -> None:
    """Two Remote-Ids or two Circuit-Ids in one packet name no line at all."""
    for pieces in (
        (remote_id(b"LINE-1"), remote_id(b"LINE-2")),
        (circuit_id(b"eth 1"), circuit_id(b"eth 2"), remote_id(b"LINE-1")),
        (vsa(3561, (2, b"LINE-1"), (2, b"LINE-2")),),
    ):
        identity = identified(*pieces)

        assert identity.contradictory
        assert LineIds() == identity.ids


def test_a_prefixed_and_a_bare_copy_of_one_id_agree() -> None:
    """The id of the line counts, so a copy with the enterprise number does not contradict one without."""
    identity = identified(remote_id(PEN + b"0/3/0"), remote_id(b"0/3/0"), DHCPV6_PROOF)

    assert not identity.contradictory
    assert LineIds(b"0/3/0") == identity.ids
    assert 1 == len(identity.strips)


def test_the_strip_is_noted_where_it_stands() -> None:
    """The span to be shortened is the Remote-Id's sub-attribute, also among others in one VSA."""
    identity = identified(vsa(3561, (1, b"eth 1"), (2, PEN + b"0/3/0"), (129, bytes(4))))

    assert [3561 << 8 | 2] == [change.span.key for change in identity.strips]
    assert 2011 == identity.enterprise_number
    assert LineIds(b"0/3/0", b"eth 1") == identity.ids


def test_a_circuit_id_is_never_stripped() -> None:
    """Option 18 has no enterprise number, so a Circuit-Id that looks prefixed stays, whatever the policy."""
    for policy in PenPolicy:
        identity = identified(circuit_id(PEN + b"eth 1"), DHCPV6_PROOF, policy=policy)

        assert PEN + b"eth 1" == identity.ids.circuit_id
        assert () == identity.strips
