"""What the log of a running service says of requests: every hop by one name, customers as the operator allows."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import pytest

from tests.service.aaa import Aaa, wait_until
from tests.service.process import Service, Settings
from tests.service.radius import USER_PASSWORD, attribute
from tests.service.settings import SECRET, Cpe, one_bng

CPE = Cpe(7)
USER = "joe@example.net"


@pytest.fixture(scope="module")
def service(aaa: Aaa, start_service: Callable[[Settings], Service]) -> Service:
    """bngcorr that tells every hop, but not who the customers are."""
    log = {"level": "debug", "format": "json", "mac": "hashed", "user": "hidden"}
    return start_service({**one_bng(aaa), "log": log})


def test_every_hop_of_a_request_is_told_under_one_name(aaa: Aaa, service: Service) -> None:
    """In the phrases of FreeRADIUS, by the request's authenticator, which a packet capture shows as well."""
    bng = service.bng("127.0.0.1", SECRET)
    request = CPE.access(bng, USER, CPE.line + attribute(USER_PASSWORD, os.urandom(16)))
    reply = bng.ask(request)
    name = request.authenticator.hex()
    wait_until(lambda: len(service.events(corr_id=name)) == 5, 4, "five lines")

    number, ours = request.identifier, f"127.0.0.1:{service.auth_port}"
    expected = [
        rf"Received Access-Request Id {number} from 127\.0\.0\.1:\d+ to {ours} length {len(request.octets)}",
        f"Judged Access-Request Id {number}: own",
        rf"Sent Access-Request Id \d+ to 127\.0\.0\.1:{aaa.auth_port} length \d+",
        rf"Received Access-Accept Id \d+ from 127\.0\.0\.1:{aaa.auth_port} length \d+",
        rf"Sent Access-Accept Id {number} from {ours} to 127\.0\.0\.1:\d+ length {len(reply.octets)}",
    ]
    lines = service.events(corr_id=name)
    assert [] == [
        line["event"] for line, text in zip(lines, expected, strict=True) if not re.fullmatch(text, line["event"])
    ]
    assert ("own", "(hidden)") == (lines[1]["corr_result"], lines[1]["remote_id"])
    assert lines[0]["mac"].startswith("00:0e:8f:~")


def test_neither_customers_nor_secrets_are_in_the_log(aaa: Aaa, service: Service) -> None:
    """Whatever happened: a request that AAA never saw, one with another secret, and the start."""
    bng, stranger = service.bng("127.0.0.1", SECRET), service.bng("127.0.0.1", b"another secret")
    stranger.send(stranger.account(1, "session-of-joe", CPE.attributes(USER)).octets)
    bng.ask(CPE.access(bng, USER, CPE.line))
    wait_until(lambda: bool(service.events(reason="bad-authenticator")), 4, "the line about another secret")

    (refused,) = service.events(reason="bad-authenticator")
    assert ("Discarding request", 32) == (refused["event"], len(refused["corr_id"]))
    personal = (USER, CPE.mac, CPE.remote_id.decode(), CPE.circuit_id.decode(), "session-of-joe")
    secret = (SECRET.decode(), aaa.secret.decode())
    assert [] == [text for text in (*personal, *secret) if text in service.log()]


def test_what_a_request_took_is_measured(service: Service) -> None:
    """From its receipt to its answer, by its BNG and kind; and nothing is left in flight."""
    labels = {"bng": "bng1", "code": "Access-Request"}

    assert service.metric("bngcorr_radius_requests_total", **labels) == service.metric(
        "bngcorr_radius_request_duration_seconds_count", **labels
    )
    assert 0 < service.metric("bngcorr_radius_request_duration_seconds_sum", **labels) < 4
    assert 0 == service.metric("bngcorr_radius_inflight")
    assert 1 == service.metric("bngcorr_ready")
    wait_until(lambda: 0 < service.metric("bngcorr_event_loop_lag_seconds_count"), 4, "the lag was looked at")
    assert 0 < service.metric("bngcorr_store_call_seconds_count", op="write")
    assert 0 < service.metric("process_resident_memory_bytes")
