"""Log lines about what goes wrong: each once, however often it does."""

from __future__ import annotations

from structlog.testing import capture_logs

from bngcorr.proxy.noise import Noise


def test_an_error_that_nobody_foresaw_is_told_once_for_each_kind() -> None:
    """With its traceback; a customer whose packets meet a bug of ours does not fill the log."""
    noise = Noise(interval_s=60.0)
    with capture_logs() as lines:
        for error in (KeyError("a"), KeyError("b"), ValueError("c"), KeyError("d")):
            noise.internal("request dropped", "192.0.2.1", error)

    assert ["internal error, request dropped"] * 2 == [line["event"] for line in lines]
    assert [KeyError, ValueError] == [type(line["exc_info"]) for line in lines]


def test_replies_of_each_aaa_server_are_told_apart() -> None:
    """One whose secret differs must not hide behind another's, nor leave open which it is."""
    noise = Noise(interval_s=60.0)
    with capture_logs() as lines:
        for server in ("aaa1", "aaa2", "aaa1"):
            noise.bad_reply("bad-authenticator", "auth", server)

    assert [("auth", "aaa1"), ("auth", "aaa2")] == [(line["pool"], line["server"]) for line in lines]
