"""One identity per line, with a real FreeRADIUS whose `users` file knows lines by v4-style Remote-Ids only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.freeradius import eapol
from tests.freeradius.eapol import eapol_test
from tests.freeradius.server import FreeRadius, octets, radclient
from tests.service.ports import has_ipv6
from tests.service.process import Service, Settings, settle
from tests.service.radius import (
    ACCESS_ACCEPT,
    ACCOUNTING_REQUEST,
    ACCOUNTING_RESPONSE,
    MESSAGE_AUTHENTICATOR,
    PROXY_STATE,
    START,
    USER_NAME,
    attribute,
    cpe,
    line,
    message_authenticator_fits,
    prefixed,
)

pytestmark = [pytest.mark.freeradius, pytest.mark.usefixtures("requires_freeradius")]

BNG_SECRET, AAA_SECRET = "between-bng-and-proxy", "between-proxy-and-aaa"
REMOTE_ID, CIRCUIT_ID = "olt7/12", "olt7 eth 1/1/4:100.20"

USERS = f"""
{"" if eapol.missing() else eapol.USERS}
DEFAULT ADSL-Agent-Remote-Id == {octets(REMOTE_ID)}, Auth-Type := Accept
	Class = 0x6c696e65

alice Cleartext-Password := "correct horse battery staple"

bob Cleartext-Password := "short"

keys Auth-Type := Accept
	Tunnel-Type:1 := L2TP,
	Tunnel-Password:1 := "tunnel secret",
	Tunnel-Type:2 := L2TP,
	Tunnel-Password:2 := "another one, longer than sixteen octets",
	MS-CHAP-MPPE-Keys := 0x000102030405060708090a0b0c0d0e0f1011121314151617,
	MS-MPPE-Send-Key := 0x000102030405060708090a0b0c0d0e0f,
	Alc-LI-Action := enable,
	LCS-IKEv2-Local-Password:3 := "local",
	Ascend-Send-Secret := "ascend secret",
	Lucent-Send-Secret := "lucent secret",
	WiMAX-MSK := 0x00112233

DEFAULT Auth-Type := Reject
"""


def settings(server: FreeRadius, **changes: str) -> Settings:
    """bngcorr in front of that FreeRADIUS, radclient being its BNG."""
    return {
        "upstream": {
            "auth": {"address": f"127.0.0.1:{server.auth_port}", "secret": AAA_SECRET, **changes},
            "acct": {"address": f"127.0.0.1:{server.acct_port}", "secret": AAA_SECRET, **changes},
        },
        "bngs": [{"name": "bng1", "address": ["127.0.0.1", "::1"], "secret": BNG_SECRET, "profile": "nokia-sros"}],
    }


@pytest.fixture(scope="module")
def start_freeradius(
    requires_freeradius: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], FreeRadius]]:
    """Starts a FreeRADIUS; it is ended with the module."""
    servers: list[FreeRadius] = []

    def start() -> FreeRadius:
        server = FreeRadius(tmp_path_factory.mktemp("freeradius"), AAA_SECRET, USERS, eap=not eapol.missing())
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def freeradius(start_freeradius: Callable[[], FreeRadius]) -> FreeRadius:
    """The AAA."""
    return start_freeradius()


@pytest.fixture(scope="module")
def service(freeradius: FreeRadius, start_service: Callable[[Settings], Service]) -> Service:
    """bngcorr in front of it, over IPv4 and IPv6."""
    return start_service(settings(freeradius))


def who(user: str, mac: str, port: str = "1/1/4:100.20") -> dict[str, str]:
    """A subscriber as SR OS describes him."""
    return {"User-Name": user, "User-Password": "bng", "Alc-Client-Hardware-Addr": mac, "NAS-Port-Id": port}


def line_id(remote_id: str | bytes) -> dict[str, str]:
    """The line's ids as a BNG copies them."""
    return {"ADSL-Agent-Remote-Id": octets(remote_id), "ADSL-Agent-Circuit-Id": octets(CIRCUIT_ID)}


V4 = line_id(REMOTE_ID)
V6 = line_id(prefixed(REMOTE_ID))


def test_straight_to_aaa_the_v6_request_of_a_line_is_rejected(freeradius: FreeRadius) -> None:
    """Without the proxy AAA sees two lines: the enterprise number makes the same Remote-Id an unknown one."""
    mac = "02:00:00:00:01:01"
    v4 = radclient(freeradius.auth_port, AAA_SECRET, {**who("straight-v4", mac), **V4})
    v6 = radclient(freeradius.auth_port, AAA_SECRET, {**who("straight-v6", mac), **V6})

    assert ("Access-Accept", "Access-Reject") == (v4.name, v6.name)


def test_through_the_proxy_both_are_accepted_with_one_remote_id(freeradius: FreeRadius, service: Service) -> None:
    """AAA sees one identity, whether DHCPv4 or DHCPv6 made the BNG ask."""
    mac = "02:00:00:00:01:02"
    v4 = radclient(service.auth_port, BNG_SECRET, {**who("both-v4", mac), **V4})
    v6 = radclient(service.auth_port, BNG_SECRET, {**who("both-v6", mac), **V6})

    assert ("Access-Accept", "Access-Accept") == (v4.name, v6.name)
    ((seen_v4,), (seen_v6,)) = (freeradius.requests("both-v4"), freeradius.requests("both-v6"))
    assert [octets(REMOTE_ID)] == seen_v4["ADSL-Agent-Remote-Id"] == seen_v6["ADSL-Agent-Remote-Id"]
    assert [octets(CIRCUIT_ID)] == seen_v4["ADSL-Agent-Circuit-Id"] == seen_v6["ADSL-Agent-Circuit-Id"]
    assert ["0x6c696e65"] == v6.attributes["Class"]


def test_a_request_without_any_id_is_matched_by_the_one_of_the_same_cpe_a_second_ago(
    freeradius: FreeRadius, service: Service
) -> None:
    """SR OS without LDRA: the SOLICIT's request has no Remote-Id, nor has its accounting; AAA sees the line in both."""
    mac = "02:00:00:00:01:03"
    assert "Access-Accept" == radclient(service.auth_port, BNG_SECRET, {**who("bare-v4", mac), **V4}).name
    settle(1.0)
    answer = radclient(service.auth_port, BNG_SECRET, who("bare-v6", mac))
    start = {**who("bare-v6", mac), "Acct-Status-Type": "Start", "Acct-Session-Id": "bare-1"}
    del start["User-Password"]
    acknowledged = radclient(service.acct_port, BNG_SECRET, start, code=ACCOUNTING_REQUEST)

    assert ("Access-Accept", "Accounting-Response") == (answer.name, acknowledged.name)
    for (seen,) in (freeradius.requests("bare-v6"), freeradius.accounting("bare-1")):
        assert [octets(REMOTE_ID)] == seen["ADSL-Agent-Remote-Id"]
        assert [octets(CIRCUIT_ID)] == seen["ADSL-Agent-Circuit-Id"]


def test_another_cpe_behind_the_same_port_is_not_given_the_line(freeradius: FreeRadius, service: Service) -> None:
    """Unmatched means untouched: nothing is injected, so AAA rejects what it does not know."""
    assert "Access-Accept" == radclient(service.auth_port, BNG_SECRET, {**who("one", "02:00:00:00:01:04"), **V4}).name
    answer = radclient(service.auth_port, BNG_SECRET, who("other", "02:00:00:00:01:05"))

    assert "Access-Reject" == answer.name
    (seen,) = freeradius.requests("other")
    assert not {"ADSL-Agent-Remote-Id", "ADSL-Agent-Circuit-Id"} & seen.keys()


@pytest.mark.parametrize(
    ("user", "password", "expected"),
    [
        ("alice", "correct horse battery staple", "Access-Accept"),
        ("alice", "correct horse battery stable", "Access-Reject"),
        ("bob", "short", "Access-Accept"),
        ("bob", "shor", "Access-Reject"),
    ],
)
def test_passwords_cross_two_hops_with_different_secrets(
    service: Service, user: str, password: str, expected: str
) -> None:
    """PAP, in one block and in two: hidden anew for AAA, neither lost nor changed."""
    given = {"User-Name": user, "User-Password": f'"{password}"', "NAS-Port-Id": "1/1/9:9"}

    assert expected == radclient(service.auth_port, BNG_SECRET, given).name


@pytest.mark.parametrize(("password", "expected"), [("short", "Access-Accept"), ("shirt", "Access-Reject")])
def test_chap_survives_the_proxy(service: Service, password: str, expected: str) -> None:
    """The challenge is the Request Authenticator unless CHAP-Challenge is there, so it must reach AAA as it came."""
    given = {"User-Name": "bob", "CHAP-Password": password, "NAS-Port-Id": "1/1/9:9"}

    assert expected == radclient(service.auth_port, BNG_SECRET, given).name


def test_chap_with_a_challenge_attribute_survives_the_proxy(service: Service) -> None:
    """With CHAP-Challenge the authenticator is free to change and CHAP still verifies."""
    given = {
        "User-Name": "bob",
        "CHAP-Challenge": "0x00112233445566778899aabbccddeeff",
        "CHAP-Password": "short",
        "NAS-Port-Id": "1/1/9:9",
    }

    assert "Access-Accept" == radclient(service.auth_port, BNG_SECRET, given).name


def test_hidden_attributes_of_a_reply_are_readable_at_the_bng(freeradius: FreeRadius, service: Service) -> None:
    """All schemes and layouts, hidden with each hop's own secret, are what radclient reads from FreeRADIUS itself."""
    asked = {"User-Name": "keys", "User-Password": "any"}
    straight = radclient(freeradius.auth_port, AAA_SECRET, asked)
    answer = radclient(service.auth_port, BNG_SECRET, asked)

    assert ("Access-Accept", "Access-Accept") == (straight.name, answer.name)
    assert ["tunnel secret"] == answer.attributes["Tunnel-Password:1"]
    assert ["another one, longer than sixteen octets"] == answer.attributes["Tunnel-Password:2"]
    assert ["0x000102030405060708090a0b0c0d0e0f"] == answer.attributes["MS-MPPE-Send-Key"]
    assert ["enable"] == answer.attributes["Alc-LI-Action"]
    assert ["local"] == answer.attributes["LCS-IKEv2-Local-Password:3"]
    assert ["ascend secret"] == answer.attributes["Ascend-Send-Secret"]
    assert ["0x00112233"] == answer.attributes["WiMAX-MSK"]
    assert {name: values for name, values in straight.attributes.items() if name != "Message-Authenticator"} == {
        name: values for name, values in answer.attributes.items() if name != "Message-Authenticator"
    }


@pytest.mark.usefixtures("requires_eapol_test")
def test_eap_ttls_arrives_with_its_keys(service: Service, freeradius: FreeRadius, tmp_path: Path) -> None:
    """Fragments of TLS in both directions, State between them, and MPPE keys that are the ones of the TLS session."""
    said = eapol_test(service.auth_port, BNG_SECRET, freeradius, tmp_path, eapol.PASSWORD)

    assert "SUCCESS" == said.strip().splitlines()[-1]
    assert ["MPPE keys OK: 1  mismatch: 0"] == re.findall("MPPE keys OK.*", said)
    assert 1 == len(freeradius.requests(eapol.INNER))
    assert 3 <= len(freeradius.requests(eapol.OUTER))


@pytest.mark.usefixtures("requires_eapol_test")
def test_a_wrong_password_inside_the_tunnel_is_rejected(
    service: Service, freeradius: FreeRadius, tmp_path: Path
) -> None:
    """The Access-Reject, with its EAP-Failure, arrives too."""
    said = eapol_test(service.auth_port, BNG_SECRET, freeradius, tmp_path, "wrong horse")

    assert "FAILURE" == said.strip().splitlines()[-1]
    assert re.search(r"code=3 \(Access-Reject\)", said) is not None


@pytest.mark.skipif(not has_ipv6(), reason="this host has no IPv6 loopback")
def test_a_bng_may_speak_over_ipv6(freeradius: FreeRadius, service: Service) -> None:
    """The transport towards the BNG is IPv6, the one towards AAA is IPv4; authentication and accounting both."""
    mac = "02:00:00:00:01:06"
    answer = radclient(service.auth_port, BNG_SECRET, {**who("six", mac), **V6}, server="[::1]")
    start = {**who("six", mac), **V6, "Acct-Status-Type": "Start", "Acct-Session-Id": "six-1"}
    del start["User-Password"]
    acknowledged = radclient(service.acct_port, BNG_SECRET, start, code=ACCOUNTING_REQUEST, server="[::1]")

    assert ("Access-Accept", "Accounting-Response") == (answer.name, acknowledged.name)
    (seen,) = freeradius.accounting("six-1")
    assert [octets(REMOTE_ID)] == seen["ADSL-Agent-Remote-Id"]


@pytest.mark.parametrize("known", [True, False])
def test_replies_are_signed_and_bring_back_the_bngs_proxy_states_only(service: Service, known: bool) -> None:
    """Accept and Reject start with a valid Message-Authenticator; Proxy-States come back in order, without ours."""
    bng = service.bng("127.0.0.1", BNG_SECRET.encode())
    states = [b"first", b"\x00\xff second", b"first"]
    attributes = attribute(USER_NAME, "signed") + cpe("02:00:00:00:01:07", "1/1/4:100.21")
    attributes += line(REMOTE_ID if known else "nobody/1", CIRCUIT_ID)
    request = bng.access(b"".join(attribute(PROXY_STATE, state) for state in states) + attributes)
    reply = bng.ask(request)

    assert known is (reply.code == ACCESS_ACCEPT)
    assert MESSAGE_AUTHENTICATOR == next(iter(reply.attributes()))[0]
    assert message_authenticator_fits(reply, request.authenticator, BNG_SECRET.encode())
    assert states == reply.all(PROXY_STATE)


def test_while_aaa_is_down_nothing_is_answered_and_afterwards_all_is_as_before(
    start_freeradius: Callable[[], FreeRadius], start_service: Callable[[Settings], Service]
) -> None:
    """A dead AAA is silence towards the BNG, for accounting too: a record that nobody has is not acknowledged."""
    server = start_freeradius()
    service = start_service(settings(server, timeout="500ms"))
    bng = service.bng("127.0.0.1", BNG_SECRET.encode())

    def asks() -> bool:
        given = {**who("down", "02:00:00:00:01:08"), **V4}
        return radclient(service.auth_port, BNG_SECRET, given, within_s=1).name == "Access-Accept"

    assert asks()
    server.kill()
    assert not asks()
    start = bng.account(START, "down-1", line(REMOTE_ID, CIRCUIT_ID))
    bng.send(start.octets)
    assert None is bng.receive(start, 1.0)
    assert 2 == service.metric("bngcorr_radius_discards_total", reason="no-reply")
    assert service.alive

    server.start()
    assert asks()
    assert ACCOUNTING_RESPONSE == bng.ask(start).code  # sent again by the BNG, it is a fresh try
    assert 1 == len(server.accounting("down-1"))
