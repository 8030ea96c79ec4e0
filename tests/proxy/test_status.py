"""Status-Server: who is answered, how, and how often."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Final

import pytest

from bngcorr.errors import WireError
from bngcorr.proxy.nas import NasTable
from bngcorr.proxy.status import StatusServer
from bngcorr.wire import attributes as a
from bngcorr.wire import radius_auth
from bngcorr.wire.radius import PacketView, decode
from tests.lab_parts import SECRET as BNG_SECRET
from tests.lab_parts import nas
from tests.wire.radius_packets import tlv

from .families import NOKIA, profile

BNG_HOST, MONITOR_HOST, BOTH_HOST, STRANGER = "192.0.2.1", "192.0.2.20", "192.0.2.30", "203.0.113.1"
MONITOR_SECRET: Final = b"between-monitor-and-proxy"
VECTOR: Final = bytes(range(16))
BNG = nas("bng1", profile(NOKIA))
LOOKALIKE: Final = bytes((12, 1, 0, 40)) + VECTOR + tlv(26, bytes(4) + tlv(80, bytes(12)))  # a vendor's own 80
TABLE = NasTable(
    [(ip_network(BNG_HOST), BNG), (ip_network(BOTH_HOST), BNG)],
    [(ip_network("192.0.2.16/28"), MONITOR_SECRET), (ip_network("2001:db8::/64"), MONITOR_SECRET)],
)


def question(secret: bytes, attributes: bytes = b"") -> bytes:
    """A Status-Server."""
    return radius_auth.sign_request(12, 77, VECTOR, attributes, secret)


def asked(octets: bytes, host: str, code: int = 1, *, server: StatusServer | None = None, now: float = 5.0) -> bytes:
    """The answer, or the reason why there is none."""
    server = StatusServer() if server is None else server
    try:
        return server.answer(octets, host, TABLE.find(host), TABLE.monitor_secrets(host), code, now)
    except WireError as error:
        return str(error.reason).encode()


def fits(answer: PacketView, secret: bytes) -> bool:
    """Whether it is signed twice over."""
    return radius_auth.response_authenticator_fits(answer, VECTOR, secret) and radius_auth.message_authenticator_fits(
        answer, secret, VECTOR
    )


@pytest.mark.parametrize(("code", "expected"), [(1, 2), (4, 5)], ids=["auth", "acct"])
@pytest.mark.parametrize(
    ("host", "secret"),
    [
        (BNG_HOST, BNG_SECRET),
        (MONITOR_HOST, MONITOR_SECRET),
        ("::ffff:192.0.2.20", MONITOR_SECRET),
        ("2001:db8::7%eth0", MONITOR_SECRET),
    ],
)
def test_bngs_and_monitors_are_answered_on_both_ports(host: str, secret: bytes, code: int, expected: int) -> None:
    """Access-Accept or Accounting-Response (RFC 5997 §3), Message-Authenticator first, over the question's vector."""
    answer = decode(asked(question(secret), host, code))

    assert (expected, 77) == (answer.code, answer.identifier)
    assert a.MESSAGE_AUTHENTICATOR == answer.spans[0].key
    assert fits(answer, secret)


def test_proxy_states_come_back() -> None:
    """All of them, in order, and nothing else."""
    states = tlv(33, b"one") + tlv(33, b"") + tlv(33, b"one")
    answer = decode(asked(question(BNG_SECRET, tlv(4, bytes(4)) + states), BNG_HOST))

    assert states == answer.octets[38:]


def test_a_host_that_is_a_bng_and_a_monitor_may_use_either_secret() -> None:
    """A check on the BNG's own address does not have to know the BNG's secret."""
    table = NasTable([(ip_network(BNG_HOST), BNG)], [(ip_network(BNG_HOST), MONITOR_SECRET)])
    for secret in (BNG_SECRET, MONITOR_SECRET):
        octets = StatusServer().answer(
            question(secret), BNG_HOST, table.find(BNG_HOST), table.monitor_secrets(BNG_HOST), 1, 0.0
        )
        assert fits(decode(octets), secret)


@pytest.mark.parametrize(
    ("octets", "host", "reason"),
    [
        (question(MONITOR_SECRET), STRANGER, "unknown-client"),
        (question(b"guessed"), MONITOR_HOST, "bad-message-authenticator"),
        (question(MONITOR_SECRET), BNG_HOST, "bad-message-authenticator"),
        (bytes((12, 1, 0, 20)) + VECTOR, BNG_HOST, "missing-message-authenticator"),
        (LOOKALIKE, BNG_HOST, "missing-message-authenticator"),
        (b"\x0c", BNG_HOST, "too-short"),
        (b"\x0c", STRANGER, "unknown-client"),
    ],
    ids=["stranger", "guessed", "another's secret", "unsigned", "vendor's 80", "short", "short of a stranger"],
)  # fmt: skip
def test_anything_else_is_dropped_by_name(octets: bytes, host: str, reason: str) -> None:
    """Nobody learns from silence whether the address or the secret was wrong."""
    assert reason.encode() == asked(octets, host)


def test_a_bng_in_a_shared_network_says_who_it_is() -> None:
    """With its NAS-Identifier, as in its requests; a question without one could be anybody's."""
    named = nas("bng1", profile(NOKIA))
    object.__setattr__(named, "identifiers", frozenset((b"mag1",)))
    server = StatusServer()

    answer = server.answer(question(BNG_SECRET, tlv(32, b"mag1")), BNG_HOST, [named], [], 1, 0.0)
    assert fits(decode(answer), BNG_SECRET)
    with pytest.raises(WireError) as refusal:
        server.answer(question(BNG_SECRET), BNG_HOST, [named], [], 1, 0.0)
    assert "unknown-nas" == refusal.value.reason


def test_a_host_is_answered_so_often_a_second() -> None:
    """The next second it is answered again; another host is never affected."""
    server = StatusServer()
    octets = question(BNG_SECRET)
    within = [asked(octets, BNG_HOST, server=server, now=5.0 + at / 100) for at in range(server.MOST_PER_S + 1)]

    assert [b"overload"] == [answer for answer in within if answer == b"overload"]
    assert b"overload" == within[-1]
    assert fits(decode(asked(question(MONITOR_SECRET), MONITOR_HOST, server=server, now=5.9)), MONITOR_SECRET)
    assert fits(decode(asked(octets, BNG_HOST, server=server, now=6.0)), BNG_SECRET)
