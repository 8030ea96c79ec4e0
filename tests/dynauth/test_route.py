"""Which BNG a request is for."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest

from bngcorr.proxy.dynauth.route import Anywhere, At, Directory, Refused
from tests.dynauth.parts import directory, request, view
from tests.service.radius import attribute

NAS_IP, NAS_IDENTIFIER, NAS_IPV6, EXTENDED_1 = 4, 32, 95, 241


@pytest.fixture(scope="module")
def bngs() -> Directory:
    """One box, a network of boxes, one behind SNAT, and one that says where it takes CoA."""
    snat: dict[str, object] = {"address": "198.51.100.1", "bng_from": "nas_identifier", "nas_identifier": ["core-7"]}
    return directory(
        {"address": ["192.0.2.1", "2001:db8::1"], "nas_ip": ["10.0.0.1"]},
        {"address": "203.0.113.0/24"},
        snat,
        {"dynauth": {"address": "192.0.2.99", "port": 1700, "secret": "own"}},
    )


def ip(address: str) -> bytes:
    """NAS-IP-Address or NAS-IPv6-Address."""
    if ":" in address:
        return attribute(NAS_IPV6, IPv6Address(address).packed)
    return attribute(NAS_IP, IPv4Address(address).packed)


def operator(name: str) -> bytes:
    """Operator-NAS-Identifier (RFC 8559 §3.4)."""
    return attribute(EXTENDED_1, b"\x08" + name.encode())


@pytest.mark.parametrize(
    ("said", "bng", "box"),
    [
        (ip("192.0.2.1"), "bng1", "bng1|"),
        (ip("2001:db8::1"), "bng1", "bng1|"),
        (ip("10.0.0.1"), "bng1", "bng1|"),
        (ip("203.0.113.9"), "bng2", "bng2|203.0.113.9"),
        (attribute(NAS_IDENTIFIER, "core-7"), "bng3", "bng3|"),
        (attribute(NAS_IDENTIFIER, "bng1"), "bng1", "bng1|"),
        (attribute(NAS_IDENTIFIER, "bng2"), "bng2", None),
        (operator("bng4"), "bng4", "bng4|"),
        (operator("core-7") + attribute(NAS_IDENTIFIER, "who knows"), "bng3", "bng3|"),
        (attribute(NAS_IDENTIFIER, "bng2") + ip("203.0.113.9"), "bng2", "bng2|203.0.113.9"),
    ],
    ids=["v4", "v6", "NAS-IP of its own", "network", "identifier", "name", "several boxes", "8559", "both", "narrowed"],
)
def test_what_it_says_of_the_nas_names_the_bng(bngs: Directory, said: bytes, bng: str, box: str | None) -> None:
    """Addresses, identifiers and the proxies' own name for the NAS all lead to the BNG."""
    assert At(bngs.bngs[bng], box) == bngs.place(view(request(said)))


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (ip("192.0.2.200"), 502),
        (ip("198.51.100.1"), 502),
        (attribute(NAS_IDENTIFIER, "who knows"), 502),
        (attribute(NAS_IP, b"\1\2\3"), 502),
        (ip("192.0.2.1") + attribute(NAS_IDENTIFIER, "core-7"), 403),
        (ip("203.0.113.9") + operator("bng1"), 403),
    ],
    ids=["unknown", "of the NAT", "unknown name", "no address", "two BNGs", "two by 8559"],
)
def test_a_nas_that_nobody_knows_is_no_guess(bngs: Directory, said: bytes, cause: int) -> None:
    """An Acct-Session-Id is unique on one box only: sent to another it might end a stranger's session."""
    assert Refused(cause) == bngs.place(view(request(said)))  # type: ignore[arg-type]


def test_without_a_nas_the_session_has_to_tell(bngs: Directory) -> None:
    """Portals know sessions, not BNGs."""
    assert Anywhere() == bngs.place(view(request(attribute(44, "s1") + attribute(NAS_IDENTIFIER, ""))))


@pytest.mark.parametrize(
    ("box", "way"),
    [
        ("bng1|", ("192.0.2.1", 3799, b"between-bng-and-proxy")),
        ("bng2|203.0.113.9", ("203.0.113.9", 3799, b"between-bng-and-proxy")),
        ("bng3|", None),
        ("bng4|", ("192.0.2.99", 1700, b"own")),
    ],
)
def test_a_request_goes_where_the_bng_is_or_says(bngs: Directory, box: str, way: tuple[str, int, bytes] | None) -> None:
    """The source of its requests, port 3799 and its own secret, unless configured; nowhere behind a NAT."""
    found = bngs.bngs[box.partition("|")[0]].way(box)

    assert way == (None if found is None else (found.host, found.port, found.secret))
    assert "own" not in repr(found)
