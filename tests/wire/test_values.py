"""Values of attributes as people read and write them."""

from __future__ import annotations

import pytest

from bngcorr.wire import attributes as a
from bngcorr.wire.change import MOST, Vocabulary
from bngcorr.wire.values import Named, key_name, octets_of, shown, without_secrets
from tests.web.acting import dictionary


def named(name: str) -> Named:
    """An attribute of the dictionaries."""
    return dictionary().named[dictionary().key(name)]


@pytest.mark.parametrize(
    ("name", "octets", "text"),
    [
        ("Framed-IP-Address", bytes((203, 0, 113, 9)), "203.0.113.9"),
        ("Acct-Status-Type", (2).to_bytes(4, "big"), "Stop"),
        ("Session-Timeout", (3600).to_bytes(4, "big"), "3600"),
        ("Delegated-IPv6-Prefix", bytes((0, 56)) + bytes.fromhex("20010db80001") + bytes(10), "2001:db8:1::/56"),
        ("Framed-IPv6-Address", bytes.fromhex("20010db8" + "00" * 11 + "01"), "2001:db8::1"),
        ("Filter-Id", b"throttled", "throttled"),
        ("ADSL-Agent-Remote-Id", b"olt7/12", "olt7/12"),
        ("Alc-Subsc-ID-Str", b"sub-1", "sub-1"),
        ("Framed-Interface-Id", bytes.fromhex("00000000000000ff"), "0000:0000:0000:00ff"),
    ],
)
def test_a_value_reads_as_operators_write_it(name: str, octets: bytes, text: str) -> None:
    """By the type that the dictionaries give the attribute; and what can be written comes back."""
    assert text == shown(named(name), octets)
    if named(name).kind not in ("ifid",):
        assert octets == octets_of(named(name), text)


@pytest.mark.parametrize(
    ("name", "octets"),
    [("Framed-IP-Address", b"\1"), ("Filter-Id", b"\xff\0"), ("Session-Timeout", b""), (None, b"\1a")],
)
def test_what_has_not_its_types_form_is_told_as_octets(name: str | None, octets: bytes) -> None:
    """Peers send anything; nobody has to guess."""
    assert f"0x{octets.hex()}" == shown(None if name is None else named(name), octets)


def test_attributes_that_nobody_knows_are_told_by_number() -> None:
    """Standard ones and vendors' ones."""
    assert ("Attr-241", "Vendor-9-Attr-252") == (key_name(241), key_name(a.vendor_key(9, 252)))


@pytest.mark.parametrize(
    "name",
    ["User-Password", "CHAP-Password", "CHAP-Challenge", "EAP-Message", "Message-Authenticator", "Tunnel-Password",
     "MS-CHAP2-Response", "MS-MPPE-Send-Key", "Alc-LI-Action", "Huawei-User-Password"],
)  # fmt: skip
def test_secrets_and_interceptions_are_known_as_such(name: str) -> None:
    """Whether the dictionaries hide them or only their names tell."""
    one = named(name)
    assert None is without_secrets(one.key, b"value", one.secret)


def test_a_password_within_a_vendors_pair_is_not_shown() -> None:
    """Vendors put anything into text; of a vendor's attribute that can't be read only the vendor is left."""
    key = named("Cisco-AVPair").key if "Cisco-AVPair" in {one.name for one in dictionary().named.values()} else 2305
    assert None is without_secrets(key, b"ppp:Password=hello", False)
    assert b"ip:inacl=7" == without_secrets(key, b"ip:inacl=7", False)
    assert bytes.fromhex("000060b5") == without_secrets(a.VENDOR_SPECIFIC, bytes.fromhex("000060b5") + b"secret", False)


def test_a_change_is_written_in_the_order_asked_for() -> None:
    """Names in any case; vendors' attributes in a Vendor-Specific of their own."""
    wanted = [("filter-id", "slow"), ("Alc-Subsc-Prof-Str", "p1"), ("Session-Timeout", "60")]

    octets = Vocabulary(dictionary().named).change(wanted)

    assert (
        b"\x0b\x06slow\x1a\x0a" + (6527).to_bytes(4, "big") + b"\x0c\x04p1\x1b\x06" + (60).to_bytes(4, "big") == octets
    )


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ([], "expected 1"),
        ([("Filter-Id", "x")] * (MOST + 1), "expected 1"),
        ([("Nonsense", "x")], "'Nonsense': expected the name of an attribute"),
        ([("Acct-Session-Id", "x")], "Acct-Session-Id: it is set by bngcorr"),
        ([("User-Password", "x")], "User-Password: it is set by bngcorr"),
        ([("Tunnel-Password", "x")], "secret"),
        ([("Session-Timeout", "soon")], "Session-Timeout: got 'soon'; expected a number of 4 octets"),
        ([("Framed-IP-Address", "2001:db8::1")], "expected an address"),
        ([("Filter-Id", "x" * 248)], "expected 1 … 247"),
        ([("Filter-Id", "0xzz")], "hexadecimal"),
        ([("Filter-Id", "x" * 247)] * 16, "together"),
    ],
)
def test_a_change_that_can_not_be_is_refused_by_name(wanted: list[tuple[str, str]], said: str) -> None:
    """Whoever asks reads which attribute, what it was given, and what was expected."""
    with pytest.raises(ValueError, match=said):
        Vocabulary(dictionary().named).change(wanted)
