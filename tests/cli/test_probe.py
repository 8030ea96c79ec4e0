"""`bngcorr probe`: what it sends, what it makes of answers, and what it tells of the hops between."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bngcorr.model.vocabulary import ActKind, ActOutcome
from bngcorr.wire import attributes as a
from bngcorr.wire.hiding import reveal
from bngcorr.wire.radius import PacketView, decode
from bngcorr.wire.radius_auth import message_authenticator_fits, sign_reply
from tests.cli.canned import Canned, Ran, run
from tests.cli.subscribers import act

SECRET, PASSWORD = "between-us", "correct horse battery staple"
REMOTE_ID = "ADSL-Agent-Remote-Id=0x0000197f6f6c74372f3132"


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment, where a command line does not show them."""
    monkeypatch.setenv("BNGCORR_PROBE_SECRET", SECRET)
    monkeypatch.setenv("BNGCORR_PROBE_PASSWORD", PASSWORD)


@contextmanager
def proxy(answer: Callable[[PacketView], bytes | None]) -> Iterator[tuple[str, list[bytes]]]:
    """Something that answers requests; its address, and what came."""
    came: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(0.05)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    octets, host = opened.recvfrom(4096)
                except TimeoutError:
                    continue
                came.append(octets)
                reply = answer(decode(octets))
                if reply is not None:
                    opened.sendto(reply, host)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{opened.getsockname()[1]}", came
        finally:
            over.set()
            thread.join(5)


def says(code: a.Code, secret: str = SECRET) -> Callable[[PacketView], bytes]:
    """An answer of that code."""

    def answer(view: PacketView) -> bytes:
        return sign_reply(code, view.identifier, view.authenticator, b"", secret.encode(), with_message=True)

    return answer


def probed(to: str, *words: str) -> Ran:
    """Without a trace."""
    return run("probe", "--to", to, "--no-trace", "--timeout", "0.2", *words)


@pytest.mark.parametrize(
    ("code", "exit_code"), [(a.Code.ACCESS_ACCEPT, 0), (a.Code.ACCESS_REJECT, 1), (a.Code.ACCESS_CHALLENGE, 1)]
)
def test_the_answer_is_the_exit_code(code: a.Code, exit_code: int) -> None:
    """And it is told, with how long it took."""
    with proxy(says(code)) as (to, _):
        ran = probed(to, "-u", "me")

    assert exit_code == ran.code
    assert f"{code.title} in " in ran.out


def test_a_password_goes_hidden_and_the_request_is_signed() -> None:
    """PAP (RFC 2865 §5.2), the attributes as they were named, NAS-IP-Address by itself; nothing secret is shown."""
    with proxy(says(a.Code.ACCESS_ACCEPT)) as (to, came):
        ran = probed(to, "-u", "me", REMOTE_ID)
    view = decode(came[0])
    hidden = view.first(a.USER_PASSWORD) or b""

    assert message_authenticator_fits(view, SECRET.encode(), view.authenticator)
    assert PASSWORD.encode() == reveal(hidden, SECRET.encode(), view.authenticator).rstrip(b"\0")
    assert (b"me", b"\0\0\x19\x7folt7/12") == (view.first(a.USER_NAME), view.first(a.AGENT_REMOTE_ID))
    assert b"\x7f\0\0\1" == view.first(a.NAS_IP_ADDRESS)
    assert not [secret for secret in (SECRET, PASSWORD, hidden.hex()) if secret in ran.out]


def test_chap_brings_a_challenge_of_its_own() -> None:
    """A proxy gives the request another authenticator, so that cannot be the challenge (RFC 2865 §5.3)."""
    with proxy(says(a.Code.ACCESS_ACCEPT)) as (to, came):
        probed(to, "-u", "me", "--chap")
    view = decode(came[0])
    given, challenge = view.first(a.CHAP_PASSWORD) or b"", view.first(a.CHAP_CHALLENGE) or b""

    assert given[1:] == hashlib.md5(given[:1] + PASSWORD.encode() + challenge).digest()
    assert challenge != view.authenticator
    assert not view.has(a.USER_PASSWORD)


def test_a_status_server_asks_the_proxy_alone() -> None:
    """No user and no password in it; any answer is a good one."""
    with proxy(says(a.Code.ACCESS_ACCEPT)) as (to, came):
        ran = probed(to, "--status")

    assert (0, a.Code.STATUS_SERVER) == (ran.code, came[0][0])
    assert not decode(came[0]).has(a.USER_PASSWORD)


def test_silence_is_retransmitted_octet_for_octet_and_exits_3() -> None:
    """As a BNG would; where to look is said."""
    with proxy(lambda _: None) as (to, came):
        ran = probed(to, "-u", "me", "--tries", "2")

    assert (3, 2, 1) == (ran.code, len(came), len(set(came)))
    assert "no answer to 2 tries" in ran.err


def test_an_answer_signed_with_another_secret_is_none() -> None:
    """It may be anybody's."""
    with proxy(says(a.Code.ACCESS_ACCEPT, "another")) as (to, _):
        ran = probed(to, "-u", "me", "--tries", "1")

    assert 3 == ran.code
    assert "not signed with this secret" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("No-Such=1",), "'No-Such': expected the name of an attribute"),
        (("User-Password=x",), "User-Password: the password is read from a file or the environment"),
        (("NAS-Port-Type=Nonsense",), "NAS-Port-Type: got 'Nonsense'; expected a number"),
        (("--to", "aaa:1812"), "--to 'aaa:1812' is not an address and a port"),
        (("--secret-file", "/nowhere"), "--secret-file /nowhere: No such file"),
        (("--timeout", "nan"), "--timeout nan is not"),
        (("--tries", "0"), "--tries 0 is not 1 … 10"),
    ],
)
def test_what_can_not_be_sent_exits_2(words: tuple[str, ...], said: str) -> None:
    """Key and value are named."""
    ran = run("probe", *words)

    assert (2, "") == (ran.code, ran.out)
    assert said in ran.err


def test_a_trace_tells_of_the_hops_between(api: Canned) -> None:
    """It is known by the Request Authenticator, shows what was changed on the way, and is ended behind it."""
    packet = {"after_ms": 1, "peer": "192.0.2.10:1812", "identifier": 1, "octets": 60, "cut": False, "at": ""}
    hops: dict[str, Any] = {
        "at": "2026-11-25T19:12:46.939Z", "bng": "bng1", "trigger": "dhcpv6", "outcome": "own", "rung": None,
        "key": None, "distance_ms": None, "line": None, "end": "answered",
        "packets": [
            {**packet, "leg": "from_bng", "code": "Access-Request",
             "attributes": [{"name": "ADSL-Agent-Remote-Id", "value": "0x0000197f6f", "hex": ""}]},
            {**packet, "leg": "to_aaa", "code": "Access-Request",
             "attributes": [{"name": "ADSL-Agent-Remote-Id", "value": "o", "hex": ""}]},
        ],
    }  # fmt: skip
    api.tell("POST /v1/traces", act(ActOutcome.DONE, kind=ActKind.TRACE, subject="5f0c9be1d2a4"))
    api.tell("DELETE /v1/traces/5f0c9be1d2a4", act(ActOutcome.DONE))
    at = {"process": "pod-1", "source": "10.1.2.3"}
    api.tell("GET /v1/upstreams", {"items": [{"pool": "auth", "name": "aaa1", "processes": [at]}], "next": None})

    def answer(view: PacketView) -> bytes:
        kept = [{**hops, "request": "00"}, {**hops, "request": view.authenticator.hex()}]
        api.tell("GET /v1/traces/5f0c9be1d2a4", {"trace": {"state": "running"}, "items": kept, "next": None})
        return says(a.Code.ACCESS_ACCEPT)(view)

    with proxy(answer) as (to, _):
        ran = api.run("probe", "--to", to, "-u", "me", REMOTE_ID)

    assert {"user_name": "me", "lasts_s": 300} == api.asked[0].body
    assert "- ADSL-Agent-Remote-Id = 0x0000197f6f + ADSL-Agent-Remote-Id = o" in ran.words
    assert "AAA servers are asked from 10.1.2.3 (auth/aaa1)" in ran.words
    assert "DELETE" == api.asked[-1].method


def test_without_leave_to_trace_both_ends_are_shown(api: Canned) -> None:
    """And why no more."""
    api.tell("POST /v1/traces", {"title": "Forbidden", "detail": "needs act"}, status=403)
    with proxy(says(a.Code.ACCESS_ACCEPT)) as (to, _):
        ran = api.run("probe", "--to", to, "-u", "me", "-o", "json")
    told = json.loads(ran.out)

    assert (0, ["probe", "answer"]) == (ran.code, [packet["leg"] for packet in told["packets"]])
    assert "Forbidden: needs act" in told["no_hops"]
