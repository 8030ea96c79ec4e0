"""A new configuration while the service runs: taken whole between two requests, or not at all."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bngcorr.cli.output import Output
from bngcorr.cli.parameters import ProcessAt
from bngcorr.cli.reload import reload
from bngcorr.cli.upstream import drain, list_
from tests.service.aaa import Aaa, wait_until
from tests.service.process import Service, Settings, upstream
from tests.service.settings import SECRET, Cpe, one_bng

NEW_SECRET = b"after-the-rollover"
Capture = pytest.CaptureFixture[str]
Change = Callable[[Settings], None]


@pytest.fixture(scope="module")
def service(aaa: Aaa, start_service: Callable[[Settings], Service]) -> Service:
    """bngcorr with one BNG, on its own store."""
    return start_service(one_bng(aaa))


@pytest.fixture
def write(service: Service) -> Iterator[Callable[[Change], None]]:
    """Writes the file with a change; afterwards it is as it was, and taken so."""

    def write(change: Change) -> None:
        settings = copy.deepcopy(service.settings)
        change(settings)
        service.config.write_text(yaml.safe_dump(settings), encoding="utf-8")

    yield write
    write(lambda _: None)
    reload(process=ProcessAt(config=service.config))


def taken(service: Service, capture: Capture) -> list[tuple[str, str]]:
    """Have the file taken; what the verb says of each key."""
    capture.readouterr()
    reload(process=ProcessAt(config=service.config), output=Output.JSON)
    return [(row["key"], row["state"]) for row in json.loads(capture.readouterr().out)]


def servers(service: Service, capture: Capture) -> dict[str, Any]:
    """The AAA servers for authentication by their names."""
    capture.readouterr()
    list_(process=ProcessAt(config=service.config), output=Output.JSON)
    return {row["name"]: row for row in json.loads(capture.readouterr().out) if row["pool"] == "auth"}


def test_a_secret_is_rolled_over_without_a_loss(
    aaa: Aaa, service: Service, write: Callable[[Change], None], capsys: Capture
) -> None:
    """A request under way is answered by the secret that it came with; from then on only the new one is taken."""
    old, new, cpe = service.bng("127.0.0.1", SECRET), service.bng("127.0.0.1", NEW_SECRET), Cpe(1)
    request = cpe.access(old, "rollover-under-way", cpe.line)
    aaa.delay_s = 1.0
    try:
        old.send(request.octets)
        aaa.await_seen("rollover-under-way")
        write(lambda settings: settings["bngs"][0].update(secret=NEW_SECRET.decode()))
        assert [("bngs.bng1", "taken")] == taken(service, capsys)
        assert old.receive(request, 4.0) is not None
    finally:
        aaa.delay_s = 0.0
    new.ask(cpe.access(new, "rollover-new", cpe.line))
    late = cpe.access(old, "rollover-old", cpe.line)
    old.send(late.octets)

    assert old.receive(late, 0.3) is None
    assert [] == aaa.seen("rollover-old")


def test_a_bng_is_added_and_taken_away(
    aaa: Aaa, service: Service, write: Callable[[Change], None], capsys: Capture
) -> None:
    """It is served as soon as it is configured, and a stranger again when it no longer is."""
    bng, cpe = service.bng("127.0.0.2", b"of-another"), Cpe(2)
    other = {"name": "bng2", "address": "127.0.0.2", "secret": "of-another", "hold": "0s"}
    write(lambda settings: settings["bngs"].append(other))
    assert [("bngs.bng2", "taken")] == taken(service, capsys)
    bng.ask(cpe.access(bng, "added", cpe.line))
    assert 1 == service.metric("bngcorr_hold_pays", bng="bng2")
    write(lambda _: None)
    assert [("bngs.bng2", "taken")] == taken(service, capsys)
    assert 0 == service.metric("bngcorr_hold_pays", bng="bng2")
    request = cpe.access(bng, "gone", cpe.line)
    bng.send(request.octets)

    assert bng.receive(request, 0.3) is None
    assert 1 == service.metric("bngcorr_radius_discards_total", reason="unknown-client")


def test_requests_go_to_another_aaa_after_a_hangup(
    aaa: Aaa, service: Service, write: Callable[[Change], None], capsys: Capture
) -> None:
    """SIGHUP does what the verb does; what the operator wanted of a server that stays still holds."""
    bng, cpe, other = service.bng("127.0.0.1", SECRET), Cpe(3), Aaa(b"between-proxy-and-other")
    try:
        write(lambda settings: settings["upstream"].update(auth=upstream(other)["auth"]))
        assert service.serve is not None
        service.serve.send_signal(signal.SIGHUP)
        wait_until(lambda: bool(service.events(event="new configuration taken", changed="upstream.auth")), 5, "taken")
        bng.ask(cpe.access(bng, "hung-up", cpe.line))
        ((name, row),) = servers(service, capsys).items()
        assert ("Z", False) == (row["since"][-1], "since_ms" in row)
        drain(name, process=ProcessAt(config=service.config), output=Output.JSON)
        write(lambda settings: settings["upstream"].update(auth={**upstream(other)["auth"], "timeout": "2s"}))
        taken(service, capsys)

        assert 1 == len(other.seen("hung-up"))
        assert [] == aaa.seen("hung-up") + other.faults
        assert "drain" == servers(service, capsys)[name]["admin"]
    finally:
        other.close()


def test_a_file_with_faults_changes_nothing(
    aaa: Aaa, service: Service, write: Callable[[Change], None], capsys: Capture
) -> None:
    """The verb says all of them and exits with 2; the process that is hung up on says the same, and serves on."""

    def spoil(settings: Settings) -> None:
        settings["bngs"][0].update(secret="other", mode="some")  # the secret must not be taken either
        settings["upstream"]["auth"]["timeout"] = "soon"

    bng, cpe = service.bng("127.0.0.1", SECRET), Cpe(4)
    write(spoil)
    with pytest.raises(SystemExit) as ended:
        reload(process=ProcessAt(config=service.config))
    told = capsys.readouterr().err
    successful = service.metric("bngcorr_config_last_reload_successful")
    assert service.serve is not None
    service.serve.send_signal(signal.SIGHUP)
    refusals = "new configuration refused, the old one holds"
    wait_until(lambda: len(service.events(event=refusals)) == 2, 5, "it is refused again")

    assert 2 == ended.value.code
    assert 0 == successful
    assert "The configuration has 2 faults:" in told
    for refused in service.events(event=refusals):
        assert all(f in "\n".join(refused["faults"]) and f in told for f in ("bngs[0].mode", "upstream.auth.timeout"))
    bng.ask(cpe.access(bng, "spoilt", cpe.line))


def test_a_file_is_judged_where_the_process_runs(
    service: Service, write: Callable[[Change], None], capsys: Capture, tmp_path: Path
) -> None:
    """A fault that only the operator's shell sees does not keep him from the process: it reads from its own folder."""
    (service.folder / "late.secret").write_bytes(SECRET)

    def change(settings: Settings) -> None:
        del settings["bngs"][0]["secret"]
        settings["bngs"][0]["secret_file"] = os.path.relpath(service.folder / "late.secret")

    write(change)
    with contextlib.chdir(tmp_path):
        assert [("bngs.bng1", "taken")] == taken(service, capsys)


def test_what_needs_a_restart_is_said_and_waits(
    aaa: Aaa, service: Service, write: Callable[[Change], None], capsys: Capture
) -> None:
    """All else in the file is taken; the process goes on with its sockets and its store."""
    bng, cpe = service.bng("127.0.0.1", SECRET), Cpe(5)

    def change(settings: Settings) -> None:
        settings["listen"]["auth"] = ["127.0.0.1:1"]
        settings["store"]["budget"] = "40ms"
        settings["capacity"] = {"tolerance": 3}

    write(change)

    assert [
        ("capacity.tolerance", "taken"), ("listen.auth", "needs a restart"), ("store.budget", "needs a restart")
    ] == taken(service, capsys)  # fmt: skip
    bng.ask(cpe.access(bng, "restart", cpe.line))
