"""Who may send CoA and Disconnect."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from bngcorr.errors import Malformed, WireError
from bngcorr.proxy.dynauth.clients import Client, Clients, authenticate
from tests.dynauth.parts import AAA_SECRET, COA, request, signed, view
from tests.service.radius import EVENT_TIMESTAMP, access_request, attribute

NOW_S = 1_700_000_000


def client(**settings: bool) -> Client:
    """One at 192.0.2.10."""
    return Client(name="aaa1", networks=(ip_network("192.0.2.10"),), secret=AAA_SECRET, **settings)


def stamp(at_s: int) -> bytes:
    """Event-Timestamp."""
    return attribute(EVENT_TIMESTAMP, at_s)


@pytest.mark.parametrize(
    "octets",
    [request(), request(code=COA), signed(b""), signed(stamp(NOW_S), code=COA), request(stamp(NOW_S - 300))],
    ids=["disconnect", "coa", "signed", "signed coa", "at the edge of the window"],
)
def test_a_request_that_proves_its_sender_is_taken(octets: bytes) -> None:
    """Authenticators are those of accounting, with a Message-Authenticator over zeros if there is one."""
    authenticate(view(octets), client(), now_s=NOW_S, window_s=300)


@pytest.mark.parametrize(
    ("octets", "settings", "reason"),
    [
        (request(secret=b"other"), {}, "bad-authenticator"),
        (signed(b"")[:22] + bytes(16) + signed(b"")[38:], {}, "bad-authenticator"),
        (request(attribute(80, bytes(16))), {}, "bad-message-authenticator"),
        (request(), {"require_message_authenticator": True}, "missing-message-authenticator"),
        (request(), {"require_event_timestamp": True}, "missing-event-timestamp"),
        (request(attribute(EVENT_TIMESTAMP, b"\1")), {"require_event_timestamp": True}, "missing-event-timestamp"),
        (request(stamp(NOW_S - 301)), {}, "stale-event-timestamp"),
        (request(stamp(NOW_S + 301)), {}, "stale-event-timestamp"),
        (access_request(1, b"", AAA_SECRET), {}, "bad-code"),
    ],
    ids=["secret", "changed", "message authenticator", "unsigned", "no stamp", "no time", "old", "early", "code"],
)
def test_a_request_that_does_not_is_refused_by_name(octets: bytes, settings: dict[str, bool], reason: str) -> None:
    """Each fault has its own drop reason, so that an operator knows what to set right."""
    with pytest.raises(WireError) as caught:
        authenticate(view(octets), client(**settings), now_s=NOW_S, window_s=300)

    assert reason == caught.value.reason
    assert (reason == "bad-code") is isinstance(caught.value, Malformed)


def test_the_longest_network_tells_who_asks() -> None:
    """A server inside a network of others has its own secret; an address of nobody's has none."""
    inner = Client(name="inner", networks=(ip_network("192.0.2.10/32"),), secret=b"i")
    outer = Client(name="outer", networks=(ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")), secret=b"o")
    table = Clients([outer, inner])

    found = [
        table.find(host) for host in ("192.0.2.10", "192.0.2.11", "::ffff:192.0.2.10", "2001:db8::1", "198.51.100.1")
    ]

    assert [inner, outer, inner, outer, None] == found
    assert "b'i'" not in repr(inner)
