"""What leaves for AAA in each mode; whatever is not touched on purpose is the same, octet for octet."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import md5

import pytest

from tests.service.aaa import Aaa
from tests.service.process import Service, Settings, upstream
from tests.service.radius import (
    ACCESS_REQUEST,
    BROADBAND_FORUM,
    CIRCUIT_ID,
    MESSAGE_AUTHENTICATOR,
    PROXY_STATE,
    REMOTE_ID,
    START,
    USER_PASSWORD,
    VENDOR_SPECIFIC,
    Bng,
    Packet,
    attribute,
    line,
    prefixed,
    vendor,
)
from tests.service.settings import SECRET, Cpe

MODES = {"observe": "127.0.0.2", "strip": "127.0.0.3", "full": "127.0.0.4"}

# What a proxy that decodes and encodes would reorder, regroup or lose.
ODDITIES = (
    attribute(VENDOR_SPECIFIC, (4874).to_bytes(4, "big") + attribute(57, "two in") + attribute(58, "one VSA"))
    + attribute(PROXY_STATE, "of the BNG")
    + attribute(241, b"\x1a\x00\x00\x19\x7f\x01extended")
    + vendor(32473, 1, "unknown vendor")
    + attribute(VENDOR_SPECIFIC, (429).to_bytes(4, "big") + b"\x00\x00\x00\x02no length octet")
    + attribute(VENDOR_SPECIFIC, b"\x00\x00")
    + attribute(200, b"")
    + attribute(25, b"\x00\xff\xfe")
)


@pytest.fixture(scope="module")
def service(aaa: Aaa, start_service: Callable[[Settings], Service]) -> Service:
    """bngcorr with one BNG in each mode."""
    bngs = [
        {"name": mode, "address": source, "secret": SECRET.decode(), "mode": mode, "hold": "0s"}
        for mode, source in MODES.items()
    ]
    return start_service({"upstream": upstream(aaa), "bngs": bngs})


def carried(packet: Packet) -> list[tuple[int, bytes]]:
    """All attributes in order, but for the signature."""
    return [(kind, value) for kind, value in packet.attributes() if kind != MESSAGE_AUTHENTICATOR]


def sent_and_seen(aaa: Aaa, bng: Bng, request: Packet, serial: str) -> tuple[Packet, Packet]:
    """The request, and what became of it at AAA."""
    bng.ask(request)
    return request, aaa.one(serial)


def assert_unchanged(request: Packet, seen: Packet) -> None:
    """The same attributes in the same order, and one Proxy-State more, at the end."""
    attributes = carried(seen)
    assert carried(request) == attributes[:-1]
    assert PROXY_STATE == attributes[-1][0]


@pytest.mark.parametrize("mode", list(MODES))
@pytest.mark.parametrize("signed", [True, False])
def test_what_needs_no_change_is_not_changed(aaa: Aaa, service: Service, mode: str, signed: bool) -> None:
    """A request that names its line the v4 way keeps every attribute, in every mode."""
    bng, cpe = service.bng(MODES[mode], SECRET), Cpe(1)
    serial = f"same-{mode}-{signed}"
    request = bng.access(cpe.attributes(serial) + ODDITIES + cpe.line, signed=signed)
    assert_unchanged(*sent_and_seen(aaa, bng, request, serial))


@pytest.mark.parametrize("mode", list(MODES))
def test_accounting_that_needs_no_change_is_not_changed(aaa: Aaa, service: Service, mode: str) -> None:
    """The same for Accounting-Requests."""
    bng, cpe = service.bng(MODES[mode], SECRET), Cpe(2)
    serial = f"same-accounting-{mode}"
    request = bng.account(START, serial, cpe.attributes(serial) + ODDITIES + cpe.line)
    assert_unchanged(*sent_and_seen(aaa, bng, request, serial))


V6_LINE = line(prefixed(Cpe(3).remote_id), Cpe(3).circuit_id)


@pytest.mark.parametrize(("mode", "stripped"), [("observe", False), ("strip", True), ("full", True)])
def test_the_enterprise_number_goes_unless_the_mode_is_observe(
    aaa: Aaa, service: Service, mode: str, stripped: bool
) -> None:
    """Where it goes, nothing else changes: the same attributes with the v4 value in the same place."""
    bng, cpe = service.bng(MODES[mode], SECRET), Cpe(3)
    serial = f"number-{mode}"
    common = cpe.attributes(serial) + ODDITIES
    strips = service.metric("bngcorr_remote_id_strips_total", bng=mode)
    _, seen = sent_and_seen(aaa, bng, bng.access(common + V6_LINE), serial)
    expected = bng.access(common + (cpe.line if stripped else V6_LINE))

    assert_unchanged(expected, seen)
    assert strips + 1 == service.metric("bngcorr_remote_id_strips_total", bng=mode)  # observe: found, and left


@pytest.mark.parametrize(("mode", "injected"), [("observe", False), ("strip", False), ("full", True)])
@pytest.mark.parametrize("code", ["access", "accounting"])
def test_a_line_is_written_into_a_request_in_mode_full_only(
    aaa: Aaa, service: Service, mode: str, injected: bool, code: str
) -> None:
    """Observe reaches the verdict and changes nothing; strip does not correlate; full puts the ids behind the rest."""
    bng, cpe = service.bng(MODES[mode], SECRET), Cpe(4 if code == "access" else 5)
    serial = f"bare-{code}-{mode}"
    bng.ask(cpe.access(bng, f"{serial}-v4", cpe.line))
    service.written()
    matched = service.metric("bngcorr_correlations_total", bng=mode, outcome="matched")
    body = cpe.attributes(serial) + ODDITIES
    request = bng.access(body) if code == "access" else bng.account(START, serial, body)
    _, seen = sent_and_seen(aaa, bng, request, serial)

    if injected:
        attributes = carried(seen)
        ids = [(VENDOR_SPECIFIC, octets[2:]) for octets in (line(circuit_id=cpe.circuit_id), line(cpe.remote_id))]
        assert carried(request) == attributes[:-3]
        assert sorted(ids) == sorted(attributes[-3:-1])
        assert PROXY_STATE == attributes[-1][0]
    else:
        assert_unchanged(request, seen)
    found = service.metric("bngcorr_correlations_total", bng=mode, outcome="matched") - matched
    assert (mode != "strip") == found


def test_an_empty_id_gives_way_to_the_lines_own(aaa: Aaa, service: Service) -> None:
    """A zero-length Remote-Id is none: it is replaced, so that AAA does not see two."""
    bng, cpe = service.bng(MODES["full"], SECRET), Cpe(6)
    bng.ask(cpe.access(bng, "empty-v4", cpe.line))
    service.written()
    _, seen = sent_and_seen(aaa, bng, cpe.access(bng, "empty", vendor(BROADBAND_FORUM, REMOTE_ID, b"")), "empty")

    assert ([cpe.remote_id], [cpe.circuit_id]) == (seen.remote_ids, seen.circuit_ids)


def test_two_ids_that_differ_are_a_contradiction_and_stay(aaa: Aaa, service: Service) -> None:
    """Which of two lines is meant nobody knows: nothing is stripped, injected or learned."""
    bng, cpe = service.bng(MODES["full"], SECRET), Cpe(7)
    both = V6_LINE + line("olt7/999") + vendor(BROADBAND_FORUM, CIRCUIT_ID, "another")
    assert_unchanged(*sent_and_seen(aaa, bng, cpe.access(bng, "contradiction", both), "contradiction"))
    service.written()
    assert_unchanged(*sent_and_seen(aaa, bng, cpe.access(bng, "contradiction-bare"), "contradiction-bare"))


def hide(octets: bytes, secret: bytes, authenticator: bytes) -> bytes:
    """One block of a User-Password, hidden or made readable again (RFC 2865 §5.2)."""
    return bytes(a ^ b for a, b in zip(octets, md5(secret + authenticator).digest(), strict=True))


@pytest.mark.parametrize("mode", list(MODES))
def test_a_password_is_hidden_for_aaa_in_every_mode(aaa: Aaa, service: Service, mode: str) -> None:
    """The hidden octets change with secret and authenticator; what they hide does not."""
    bng, cpe, serial, password = service.bng(MODES[mode], SECRET), Cpe(8), f"password-{mode}", b"sixteen octets!!"
    authenticator = os.urandom(16)
    body = cpe.attributes(serial) + attribute(USER_PASSWORD, hide(password, SECRET, authenticator)) + cpe.line
    head = bytes((ACCESS_REQUEST, bng.next_identifier())) + (20 + len(body)).to_bytes(2, "big")
    bng.ask(Packet(head + authenticator + body))
    seen = aaa.one(serial)
    (hidden,) = seen.all(USER_PASSWORD)

    assert password == hide(hidden, aaa.secret, seen.authenticator)
