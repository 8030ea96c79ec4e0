"""Accounting through the spool: answered at once, sent on in order, kept through a restart."""

from __future__ import annotations

import hmac
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from bngcorr.accountant.spool.file import Bounds, SpoolFile
from bngcorr.app.spool import look_into
from bngcorr.config import parse
from tests.accountant.spool.rows import row
from tests.service.aaa import Aaa, wait_until
from tests.service.nursery import Nursery
from tests.service.process import Service, Settings, upstream
from tests.service.radius import (
    ACCOUNTING_RESPONSE,
    ACCT_SESSION_ID,
    ACCT_STATUS_TYPE,
    EVENT_TIMESTAMP,
    INTERIM,
    MESSAGE_AUTHENTICATOR,
    PROXY_STATE,
    START,
    Bng,
    Packet,
    accounting_request,
    attribute,
    message_authenticator_fits,
    v4_host,
)
from tests.service.settings import SECRET, Cpe, one_bng

ACCT_DELAY_TIME = 41
PROMPT_S = 1.0


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The spool's file."""
    return tmp_path_factory.mktemp("spool") / "spool.db"


@pytest.fixture(scope="module")
def service(aaa: Aaa, path: Path, start_service: Callable[[Settings], Service]) -> Service:
    """bngcorr with a spool, on its own store."""
    return start_service(
        {**one_bng(aaa), "upstream": upstream(aaa, "1s"), "spool": {"enabled": True, "path": str(path)}}
    )


@pytest.fixture
def bng(service: Service) -> Bng:
    """The BNG."""
    return service.bng("127.0.0.1", SECRET)


def record(bng: Bng, serial: str, status: int = INTERIM, *, more: bytes = b"", at: int | None = None) -> Packet:
    """A record of a session of its own."""
    cpe = Cpe(1)
    return bng.account(
        status, f"session-{serial}", cpe.attributes(serial) + cpe.line + v4_host("192.0.2.1") + more, at=at
    )


def test_a_record_is_answered_without_aaa_and_delivered_later(aaa: Aaa, service: Service, bng: Bng) -> None:
    """AAA is away: answered at once; when it is back it gets the record with its age, and the time when it happened."""
    aaa.silent = True
    bng.ask(record(bng, "late", START, more=attribute(ACCT_DELAY_TIME, 7), at=1_700_000_000), PROMPT_S)
    aaa.await_seen("late")
    waiting = service.metric("bngcorr_spool_records")
    aaa.silent = False
    first, *_, last = aaa.await_seen("late", 2, within_s=8.0)
    wait_until(lambda: service.metric("bngcorr_spool_records") == 0, 4, "the spool is empty")

    delays = [int.from_bytes(packet.all(ACCT_DELAY_TIME)[0], "big") for packet in (first, last)]
    assert 1 == waiting
    assert 7 == delays[0]
    assert 7 + 2 <= delays[1] <= 7 + 8
    assert first.all(EVENT_TIMESTAMP) == last.all(EVENT_TIMESTAMP) == [(1_700_000_000).to_bytes(4, "big")]
    assert [Cpe(1).remote_id] == last.remote_ids


def test_the_answer_carries_what_the_bng_needs_to_believe_it(aaa: Aaa, bng: Bng) -> None:
    """Its Proxy-States in their order; a Message-Authenticator if its record had one, and none if not."""
    states = attribute(PROXY_STATE, b"one") + attribute(PROXY_STATE, b"two")
    plain = bng.ask(record(bng, "states", more=states), PROMPT_S)
    body = attribute(ACCT_STATUS_TYPE, INTERIM) + attribute(ACCT_SESSION_ID, "signed") + states
    empty = attribute(MESSAGE_AUTHENTICATOR, bytes(16))
    length = (20 + len(body) + len(empty)).to_bytes(2, "big")
    identifier = bng.next_identifier()
    digest = hmac.digest(SECRET, bytes((4, identifier)) + length + bytes(16) + body + empty, "md5")
    request = Packet(accounting_request(identifier, body + empty[:2] + digest, SECRET))
    signed = bng.ask(request, PROMPT_S)

    assert (ACCOUNTING_RESPONSE, [b"one", b"two"], []) == (
        plain.code, plain.all(PROXY_STATE), plain.all(MESSAGE_AUTHENTICATOR),
    )  # fmt: skip
    assert [b"one", b"two"] == signed.all(PROXY_STATE)
    assert message_authenticator_fits(signed, bytes(16), SECRET)
    seen = aaa.one("states")
    assert [b"one", b"two"] == seen.all(PROXY_STATE)[:2]


def test_a_retransmission_is_answered_again_and_sent_once(aaa: Aaa, service: Service, bng: Bng) -> None:
    """The same octets get the same answer from memory; AAA sees one record."""
    request = record(bng, "twice")
    first, second = bng.ask(request, PROMPT_S), bng.ask(request, PROMPT_S)
    wait_until(lambda: service.metric("bngcorr_spool_records") == 0, 4, "the spool is empty")

    assert first.octets == second.octets
    assert 1 == len(aaa.seen("twice"))


def test_what_was_answered_outlives_sigterm(aaa: Aaa, service: Service, bng: Bng) -> None:
    """AAA is away when the service ends: the next one sends what this one answered, each record in its turn."""
    aaa.silent = True
    serials = [f"kept-{number}" for number in range(5)]
    for serial in serials:
        bng.ask(record(bng, serial), PROMPT_S)
    assert 0 == service.stop()
    aaa.silent = False
    before = len(aaa.seen())
    service.start()
    wait_until(lambda: service.metric("bngcorr_spool_records") == 0, 8, "the spool is empty")

    again = [packet.text(77) for packet in aaa.seen()[before:]]
    assert serials == sorted(set(serials) & set(again))
    assert 5 == service.metric("bngcorr_spool_sent_total")


def test_the_end_waits_for_what_aaa_does_not_have(
    aaa: Aaa, start_service: Callable[[Settings], Service], tmp_path: Path
) -> None:
    """With spool.drain a host may go for good: AAA was away at SIGTERM, and has the record when the process is gone."""
    spool = {"enabled": True, "path": str(tmp_path / "spool.db"), "drain": "8s"}
    leaving = start_service({**one_bng(aaa), "upstream": upstream(aaa, "500ms"), "spool": spool})
    aaa.silent = True
    leaving.bng("127.0.0.1", SECRET).ask(record(leaving.bng("127.0.0.1", SECRET), "drained"), PROMPT_S)
    assert leaving.serve is not None
    leaving.serve.send_signal(signal.SIGTERM)
    wait_until(lambda: bool(leaving.events(event="ending")), 4, "it is about to end")
    aaa.silent = False

    assert 0 == leaving.serve.wait(8)
    assert 0 == SpoolFile(tmp_path / "spool.db", Bounds(records=10, octets=1 << 24)).records


def test_a_spool_that_was_switched_off_is_not_forgotten(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its records were acknowledged: the start says that they are there, and leaves them."""
    file = SpoolFile(tmp_path / "spool.db", Bounds(records=10, octets=1 << 24))
    file.insert([row(1), row(2)])
    file.close()
    look_into(parse({**service.settings, "spool": {"enabled": False, "path": str(tmp_path / "spool.db")}}))
    said = capsys.readouterr().out

    assert "spool is off, and its file holds records" in said
    assert "records=2" in said
    assert 2 == SpoolFile(tmp_path / "spool.db", Bounds(records=10, octets=1 << 24)).records


def test_a_second_process_does_not_take_the_same_spool(
    service: Service, path: Path, nursery: Nursery, tmp_path: Path
) -> None:
    """It ends with exit code 1, naming the key, the file and what to do."""
    settings = {
        **service.settings,
        "listen": {"auth": [], "acct": ["127.0.0.1:0"]},
        "health": {"listen": "127.0.0.1:0"},
        "store": {"url": "redis://127.0.0.1:1/0"},
    }
    config = tmp_path / "second.yaml"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    done = nursery.run(["serve", "-c", str(config)], 20)

    assert 1 == done.returncode
    assert f"spool.path {path}: another process has it open; each packet process needs a file of its own" in done.stderr
