"""What log lines show of customers, and that they show no secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from bngcorr import logs
from bngcorr.config import Log
from bngcorr.log_privacy import HIDDEN, Privacy

KEY = bytes(range(32))
MAC = "00:1a:4c:01:02:03"


def said(mac: Any = "original", user: Any = "original", /, **fields: object) -> dict[str, Any]:
    """A line as it is written."""
    return Privacy(mac, user, KEY).of(fields)


@pytest.mark.parametrize("text", [MAC, "00-1A-4C-01-02-03", "001a.4c01.0203"], ids=["colons", "hyphens", "dots"])
def test_a_hashed_mac_keeps_its_vendor_and_is_the_same_however_it_is_written(text: str) -> None:
    """An operator follows one device through the log without learning which it is."""
    one, other = said("hashed", mac=text)["mac"], said("hashed", event=f"finding of {text} here")["event"]

    assert one.startswith("00:1a:4c:~")
    assert f"finding of {one} here" == other
    assert said("hashed", mac=MAC)["mac"] == one


def test_a_mac_that_a_device_made_up_has_no_vendor() -> None:
    """The first half of a random MAC is as good as the whole of it."""
    assert said("hashed", mac="02:1a:4c:01:02:03")["mac"].startswith("local:~")


def test_what_is_hidden_is_not_there() -> None:
    """In no field, nor deep in one; what is no MAC address stays."""
    line = said(
        "hidden", "hidden", event=f"saw {MAC}", user_name="joe", remote_id={"hex": "6f6c74", "text": "olt"},
        sessions=[{"session_id": "0xabc", "mac": MAC, "addresses": ["192.0.2.7"], "bng": "bng1"}],
        client="192.0.2.1", at="2026-11-26T01:02:03Z",
    )  # fmt: skip

    assert {
        "event": f"saw {HIDDEN}",
        "user_name": HIDDEN,
        "remote_id": {"hex": HIDDEN, "text": HIDDEN},
        "sessions": [{"session_id": HIDDEN, "mac": HIDDEN, "addresses": [HIDDEN], "bng": "bng1"}],
        "client": "192.0.2.1",
        "at": "2026-11-26T01:02:03Z",
    } == line


@pytest.mark.parametrize(
    ("subject", "kept"), [("2001:db8:7::/56", False), ("203.0.113.9", False), ("bng1 card 1 80 %", True)]
)
def test_the_subject_of_a_finding_is_a_customers_if_it_is_an_address(subject: str, kept: bool) -> None:
    """A duplicate prefix leads to a household; a full card does not."""
    assert kept is (said("original", "hashed", subject=subject)["subject"] == subject)


def test_pseudonyms_need_the_key() -> None:
    """All MAC addresses can be tried in a day: without a key a hash would hide nothing."""
    other = Privacy("hashed", "hashed", bytes(32))

    assert other.of({"user_name": "joe"}) != said("hashed", "hashed", user_name="joe")


def test_a_field_that_is_called_a_secret_is_never_shown() -> None:
    """Whatever the switches say, and however it came into a line."""
    assert {"secret": HIDDEN, "User-Password": HIDDEN, "api_token": HIDDEN} == said(
        secret="s", **{"User-Password": "p"}, api_token="t"
    )


@pytest.fixture
def set_up() -> Iterator[Callable[[Log], None]]:
    """Configures logs for one test."""
    yield logs.set_up
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_no_variables_and_obeys_the_switches(
    form: Any, set_up: Callable[[Log], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Secrets and packets stand in local variables where errors happen."""
    set_up(Log(format=form, mac="hidden"))
    secret = "between-bng-and-proxy"
    try:
        int(f"a value of {MAC}")
    except ValueError as error:
        structlog.get_logger().error("internal error, request dropped", exc_info=error, id=0, more=0, client=None)

    written = capsys.readouterr().err
    assert "a value of (hidden)" in written
    assert secret not in written
    if form == "json":
        line = json.loads(written)
        assert {"event": "internal error, request dropped", "level": "error", "id": 0} == {
            key: line[key] for key in line.keys() - {"timestamp", "exception"}
        }
