"""Datagrams that nobody should send: dropped by name, counted, and the next good request is served."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.service.aaa import Aaa, wait_until
from tests.service.process import Service, Settings
from tests.service.radius import ACCESS_ACCEPT, ACCESS_REQUEST, ACCOUNTING_REQUEST, PROXY_STATE, Packet, reply_to
from tests.service.settings import SECRET, Cpe, one_bng

HOSTILE = Path(__file__).parents[1] / "wire" / "hostile.tsv"
RANDOM_DATAGRAMS = 2_000
STRANGER = "127.0.0.9"

# What each row that can't be carried on is counted as, sent to the authentication port.
REFUSED = {
    "rad-01-one-byte": "too-short",
    "rad-05-length-0": "bad-length",
    "rad-09-4097-bytes": "bad-length",
    "rad-13-attr-len-1": "bad-attribute-length",
    "rad-15-lone-type-octet": "truncated-attribute",
    "rad-37-msgauth-0": "bad-message-authenticator-length",
    "rad-39-msgauth-twice": "duplicate-message-authenticator",
    "rad-43-eap-without-msgauth": "missing-message-authenticator",
    "rad-45-password-15": "bad-password-length",
    "rad-47-password-144": "bad-password-length",
    "rad-65-code-0": "bad-code",
}


def rows() -> list[tuple[str, bytes]]:
    """Name and octets of each RADIUS row."""
    lines = [line.split("\t") for line in HOSTILE.read_text().splitlines()]
    return [(fields[0], bytes.fromhex(fields[2])) for fields in lines if fields[1] == "RADIUS"]


@pytest.fixture(scope="module")
def service(aaa: Aaa, start_service: Callable[[Settings], Service]) -> Service:
    """bngcorr with one BNG, at 127.0.0.1."""
    return start_service(one_bng(aaa))


@pytest.fixture
def served(aaa: Aaa, service: Service) -> Iterator[Callable[[], None]]:
    """Checks that a good request is answered and that nothing was an error of our own."""
    bng, cpe = service.bng("127.0.0.1", SECRET), Cpe(1)

    def check() -> None:
        assert ACCESS_ACCEPT == bng.ask(cpe.access(bng, "good", cpe.line)).code

    check()
    yield check
    check()
    assert service.alive
    assert 0 == service.metric("bngcorr_radius_discards_total", reason="internal-error")
    assert [] == service.events(level="error")


def handled(service: Service) -> float:
    """Datagrams admitted, refused, or known for copies of earlier ones."""
    return sum(
        service.metric(name)
        for name in (
            "bngcorr_radius_requests_total",
            "bngcorr_radius_discards_total",
            "bngcorr_radius_duplicates_total",
        )
    )


def test_a_stranger_is_dropped_counted_and_told_of_once(service: Service, served: Callable[[], None]) -> None:
    """An address that is no BNG of ours: one line in the log, with a hint at NAT, however much it sends."""
    stranger, cpe = service.bng(STRANGER, SECRET), Cpe(2)
    for _ in range(10):
        stranger.send(cpe.access(stranger, "stranger", cpe.line).octets)
        stranger.send(stranger.account(1, "stranger", cpe.line).octets)
    wait_until(
        lambda: service.metric("bngcorr_radius_discards_total", reason="unknown-client") == 20, 4, "20 are counted"
    )

    (event,) = service.events(reason="unknown-client")
    assert STRANGER == event["client"]
    assert "NAT" in event["hint"]
    assert None is stranger.receive(cpe.access(stranger, "none"), 0.05)


@pytest.mark.parametrize(("name", "octets"), [pytest.param(name, octets, id=name) for name, octets in rows()])
def test_hostile_octets_are_refused_by_name_or_decoded(
    aaa: Aaa, service: Service, served: Callable[[], None], name: str, octets: bytes
) -> None:
    """Each row, sent to both ports by a known BNG: what must not be carried on is counted by its reason."""
    before = handled(service)
    reason = REFUSED.get(name)
    counted = service.metric("bngcorr_radius_discards_total", reason=reason) if reason else 0.0
    bng = service.bng("127.0.0.1", SECRET)
    bng.send(octets, service.auth_port)
    wait_until(lambda: handled(service) == before + 1, 4, "the first is counted")
    if reason:
        assert counted + 1 == service.metric("bngcorr_radius_discards_total", reason=reason)
    bng.send(octets, service.acct_port)
    wait_until(lambda: handled(service) == before + 2, 4, "the second is counted")
    served()


def test_random_octets_are_all_counted_and_none_does_harm(
    aaa: Aaa, service: Service, served: Callable[[], None]
) -> None:
    """Noise, half of it with a RADIUS header that fits, sent to both ports by a known BNG."""
    chance = random.Random(20_26)
    bng = service.bng("127.0.0.1", SECRET)
    ports = (service.auth_port, service.acct_port)
    before = handled(service)
    for number in range(RANDOM_DATAGRAMS):
        octets = chance.randbytes(chance.randrange(0, 300))
        if number % 2 and len(octets) >= 20:
            code = (ACCESS_REQUEST, ACCOUNTING_REQUEST)[number // 2 % 2]
            octets = bytes((code, octets[1])) + len(octets).to_bytes(2, "big") + octets[4:]
        bng.send(octets, ports[number // 2 % 2])
        if number % 50 == 49:  # a kernel's default receive buffer holds some hundred small datagrams
            expected = before + number + 1
            wait_until(lambda: handled(service) == expected, 4, "all are counted")  # noqa: B023 -- called at once
    served()


def test_junk_from_aaa_does_not_stand_in_for_its_answer(aaa: Aaa, service: Service) -> None:
    """Forged, mutilated and stray replies in front of the right one are refused; the BNG gets the right one."""
    junk = [octets for _, octets in rows() if len(octets) >= 2]

    def noise(request: Packet) -> list[bytes]:
        forged = reply_to(request, ACCESS_ACCEPT, b"", b"not the secret")
        good = reply_to(request, ACCESS_ACCEPT, b"", aaa.secret)
        foreign = Packet(request.octets.replace(request.all(PROXY_STATE)[-1], os.urandom(8)))
        assert foreign.all(PROXY_STATE) != request.all(PROXY_STATE)
        return [
            forged,
            good[:-1],
            good[:30] + b"\xff" + good[31:],
            bytes((ACCOUNTING_REQUEST + 1,)) + good[1:],
            reply_to(foreign, ACCESS_ACCEPT, b"", aaa.secret),
            *(octets[:1] + request.octets[1:2] + octets[2:] for octets in junk),
            *junk,
        ]

    bng, cpe = service.bng("127.0.0.1", SECRET), Cpe(3)
    aaa.grants, aaa.noise = (lambda _: b"\x12\x07right"), noise
    try:
        reply = bng.ask(cpe.access(bng, "junk", cpe.line))
    finally:
        aaa.grants, aaa.noise = (lambda _: b""), (lambda _: [])

    assert [b"right"] == reply.all(18)
    assert 1 <= service.metric("bngcorr_radius_discards_total", reason="foreign-proxy-state")
    assert 2 <= service.metric("bngcorr_radius_discards_total", reason="bad-authenticator")
    assert service.events(event="Discarding reply from AAA", pool="auth", server=f"127.0.0.1:{aaa.auth_port}")
    assert 0 == service.metric("bngcorr_radius_discards_total", reason="internal-error")
    assert service.alive
