"""Who has to sign, who is asked whether the service is alive, and what is counted of those who do not sign."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.service.aaa import Aaa, wait_until
from tests.service.process import Service, Settings, upstream
from tests.service.radius import (
    ACCESS_ACCEPT,
    ACCESS_REQUEST,
    ACCOUNTING_RESPONSE,
    MESSAGE_AUTHENTICATOR,
    PROXY_STATE,
    START,
    Bng,
    Packet,
    attribute,
    message_authenticator_fits,
    reply_to,
    status_server,
)
from tests.service.settings import Cpe

STRICT, LAX, MONITOR, STRANGER = "127.0.0.1", "127.0.0.2", "127.0.0.20", "127.0.0.9"
SECRETS = {
    STRICT: b"between-strict-and-proxy",
    LAX: b"between-lax-and-proxy",
    MONITOR: b"between-monitor-and-proxy",
    STRANGER: b"guessed",
}
COA_ACK = 44


@pytest.fixture(scope="module")
def service(aaa: Aaa, start_service: Callable[[Settings], Service]) -> Service:
    """One BNG has to sign, another need not; AAA has to; a monitor may ask."""
    servers = {kind: {**server, "require_message_authenticator": True} for kind, server in upstream(aaa).items()}
    bngs = [
        {"name": name, "address": host, "secret": SECRETS[host].decode(), "hold": "0s", **required}
        for name, host, required in (("strict", STRICT, {"require_message_authenticator": True}), ("lax", LAX, {}))
    ]  # fmt: skip
    monitors = [{"address": MONITOR, "secret": SECRETS[MONITOR].decode()}]
    return start_service({"upstream": servers, "bngs": bngs, "monitors": monitors})


def at(service: Service, host: str) -> Bng:
    """A socket there."""
    return service.bng(host, SECRETS[host])


def dropped(service: Service, reason: str) -> float:
    """So many datagrams, for that reason."""
    return service.metric("bngcorr_radius_discards_total", reason=reason)


@pytest.mark.parametrize("host", [STRICT, LAX, MONITOR])
def test_status_server_is_answered_here(aaa: Aaa, service: Service, host: str) -> None:
    """On both ports, signed, with the Proxy-States of the question; AAA hears nothing, and it counts as no request."""
    requests, answers = service.metric("bngcorr_radius_requests_total"), service.metric("bngcorr_status_answers_total")
    heard = len(aaa.seen())
    bng = at(service, host)
    for port, code in ((service.auth_port, ACCESS_ACCEPT), (service.acct_port, ACCOUNTING_RESPONSE)):
        asked = Packet(status_server(bng.next_identifier(), attribute(PROXY_STATE, "there"), SECRETS[host]))
        bng.send(asked.octets, port)
        answer = bng.receive(asked, 4.0)

        assert answer is not None
        assert (code, [b"there"]) == (answer.code, answer.all(PROXY_STATE))
        assert MESSAGE_AUTHENTICATOR == next(answer.attributes())[0]
        assert message_authenticator_fits(answer, asked.authenticator, SECRETS[host])
    assert heard == len(aaa.seen())
    assert requests == service.metric("bngcorr_radius_requests_total")
    assert answers + 2 == service.metric("bngcorr_status_answers_total")


@pytest.mark.parametrize(
    ("host", "signed", "reason"),
    [
        (STRANGER, True, "unknown-client"),
        (LAX, False, "missing-message-authenticator"),
        (MONITOR, False, "missing-message-authenticator"),
    ],
)
def test_an_unsigned_status_server_or_a_strangers_is_not_answered(
    service: Service, host: str, signed: bool, reason: str
) -> None:
    """RFC 5997 §3 has it signed, whatever is required of requests."""
    before = dropped(service, reason)
    bng = at(service, host)
    octets = status_server(bng.next_identifier(), b"", SECRETS[host])
    if not signed:
        octets = octets[:2] + (20).to_bytes(2, "big") + octets[4:20]
    bng.send(octets, service.auth_port)
    wait_until(lambda: dropped(service, reason) == before + 1, 4, "it is counted")

    assert None is bng.receive(Packet(octets), 0.05)


def test_a_monitor_may_ask_nothing_else(aaa: Aaa, service: Service) -> None:
    """Its secret opens no door for requests."""
    before = dropped(service, "unknown-client")
    monitor = at(service, MONITOR)
    monitor.send(Cpe(1).access(monitor, "monitor", Cpe(1).line).octets)
    wait_until(lambda: dropped(service, "unknown-client") == before + 1, 4, "it is counted")

    assert [] == aaa.seen("monitor")


def test_unsigned_requests_are_dropped_where_signing_is_required_and_counted_elsewhere(
    aaa: Aaa, service: Service
) -> None:
    """What has to be known before it is required: who does not sign, and whether a Proxy-State came along."""
    cpe = Cpe(2)
    lax, strict = at(service, LAX), at(service, STRICT)
    before = dropped(service, "missing-message-authenticator")
    for serial, state in (("lax-1", b""), ("lax-2", attribute(PROXY_STATE, "forged"))):
        request = lax.access(cpe.attributes(serial) + cpe.line + state, signed=False)
        assert ACCESS_ACCEPT == lax.ask(request).code
    strict.send(strict.access(cpe.attributes("strict") + cpe.line, signed=False).octets)
    wait_until(lambda: dropped(service, "missing-message-authenticator") == before + 1, 4, "it is counted")

    assert [] == aaa.seen("strict")
    assert 2 == service.metric("bngcorr_unsigned_requests_total", bng="lax")
    assert 1 == service.metric("bngcorr_unsigned_proxy_states_total", bng="lax")
    assert 0 == service.metric("bngcorr_unsigned_requests_total", bng="strict")


def test_replies_that_do_not_sign_or_are_of_a_wrong_code_have_no_effect(aaa: Aaa, service: Service) -> None:
    """In front of the right Accept come an unsigned one, and well signed packets that answer no Access-Request."""

    def noise(request: Packet) -> list[bytes]:
        return [
            reply_to(request, ACCESS_ACCEPT, attribute(18, "unsigned"), aaa.secret, signed=False),
            *(reply_to(request, code, b"", aaa.secret) for code in (ACCESS_REQUEST, ACCOUNTING_RESPONSE, COA_ACK)),
        ]

    refused = {reason: dropped(service, reason) for reason in ("missing-message-authenticator", "bad-reply-code")}
    bng, cpe = at(service, STRICT), Cpe(3)
    aaa.grants, aaa.noise = (lambda _: attribute(18, "right")), noise
    try:
        reply = bng.ask(cpe.access(bng, "noise", cpe.line))
    finally:
        aaa.grants, aaa.noise = (lambda _: b""), (lambda _: [])

    assert [b"right"] == reply.all(18)
    assert refused["missing-message-authenticator"] + 1 == dropped(service, "missing-message-authenticator")
    assert refused["bad-reply-code"] + 3 == dropped(service, "bad-reply-code")


def test_accounting_replies_need_no_message_authenticator(aaa: Aaa, service: Service) -> None:
    """No RFC asks AAA to sign them so, whatever is required of its other replies."""
    bng, cpe = at(service, STRICT), Cpe(4)

    assert ACCOUNTING_RESPONSE == bng.ask(bng.account(START, "signing-1", cpe.attributes("acct") + cpe.line)).code
