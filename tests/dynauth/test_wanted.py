"""What may be asked for through the control socket."""

from __future__ import annotations

import pytest

from bngcorr.proxy.dynauth.wanted import Outcome, Result, Told, Wanted
from tests.dynauth.parts import session


@pytest.mark.parametrize(
    "asked",
    [
        {"session": "s1", "bng": "bng1"},
        {"session": "octets\udcff"},
        {"line": "a" * 24},
        {"address": "2001:db8::/56", "dry_run": True},
        {"address": "203.0.113.9"},
        {"mac": "00-0E-8F-00-00-01", "bng": None},
    ],
    ids=lambda asked: next(iter(asked)),
)
def test_one_thing_is_named(asked: dict[str, object]) -> None:
    """Session, line, address or MAC, and perhaps the BNG."""
    wanted = Wanted.read(asked)

    assert {key: value for key, value in asked.items() if value} == {
        key: value for key in ("session", "line", "address", "mac", "bng", "dry_run") if (value := getattr(wanted, key))
    }


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({}, "exactly one of session, line, address and mac"),
        ({"line": "a" * 24, "mac": "00:0e:8f:00:00:01"}, "exactly one of session, line, address and mac"),
        ({"line": "olt7/12"}, "line: 'olt7/12' is no key of a line: 24 hexadecimal digits, as in /v1/lines"),
        ({"mac": "ff:ff:ff:ff:ff:ff"}, "mac: 'ff:ff:ff:ff:ff:ff' is no MAC address"),
        ({"address": "203.0.113"}, "address: '203.0.113' is no IP address or prefix"),
        ({"session": "s\ud800"}, "session: a text that is Unicode"),
        ({"session": 7}, "session: a text of 1 … 1024 characters"),
        ({"session": "s", "dry_run": "no"}, "dry_run: true or false"),
        ({"everything": True}, "'everything': none of session, line, address, mac, bng, dry_run"),
        ([], "an object that names what to disconnect"),
    ],
    ids=["nothing", "two", "line", "mac", "address", "half a character", "number", "dry run", "unknown key", "list"],
)
def test_anything_else_is_refused_by_key_and_value(asked: object, fault: str) -> None:
    """A typing error must not disconnect somebody else."""
    with pytest.raises(ValueError) as caught:
        Wanted.read(asked)

    assert fault == str(caught.value)


def test_what_came_of_it_is_told_session_by_session() -> None:
    """As JSON: who it was, and what the BNG said."""
    told = Told(row=session("s1", "203.0.113.9"), outcome=Outcome.REFUSED, cause=504)

    shown = Result(outcome=Outcome.REFUSED, sessions=(told,)).shown()

    sessions = shown["sessions"]
    assert isinstance(sessions, list)
    (one,) = sessions
    assert "refused" == shown["outcome"]
    assert ("bng1", "s1", "refused", 504) == (one["bng"], one["session_id"], one["outcome"], one["error_cause"])
    assert ["203.0.113.9"] == one["addresses"]
