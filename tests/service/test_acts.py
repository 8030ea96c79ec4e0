"""Acts of the web process on two real packet processes, a test BNG and AAA; one of the two has a spool."""

from __future__ import annotations

import hashlib
import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pyrad.dictionary import Dictionary

from bngcorr.resources import resource
from tests.dynauth.test_service import Box
from tests.service.aaa import Aaa, wait_until
from tests.service.ports import free_port
from tests.service.process import Service, Settings, Valkey
from tests.service.radius import START, attribute, v4_host
from tests.service.settings import SECRET, Cpe, one_bng

TOKEN = "bngcorr_" + "t" * 43
PASSWORD = bytes(range(64, 80))
CPE = Cpe(7)


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """The BNG's CoA port."""
    one = Box(Dictionary(str(resource("dictionaries") / "dictionary")), "127.0.0.1")
    yield one
    one.close()


@pytest.fixture(scope="module")
def services(
    aaa: Aaa, start_service: Callable[[Settings], Service], start_valkey: Callable[[], Valkey], box: Box,
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Service]:  # fmt: skip
    """Two packet processes at one store, the first with a web process; the second has a spool."""
    port = free_port()
    digest = "sha256:" + hashlib.sha256(TOKEN.encode()).hexdigest()
    web = {"listen": f"127.0.0.1:{port}", "tokens": [{"name": "noc", "hash": digest, "scopes": ["read", "act"]}]}
    settings = {**one_bng(aaa, dynauth={"port": box.port}), "store": {"url": start_valkey().url}, "web": web}
    started = [
        start_service({**settings, "spool": spool})
        for spool in ({"enabled": False}, {"enabled": True, "path": str(tmp_path_factory.mktemp("spool") / "spool.db")})
    ]
    started[0].web_port = port
    started[0].start_web()
    return started


def call(services: list[Service], method: str, path: str, body: object = None) -> tuple[int, Any]:
    """What the API answers to somebody who may act."""
    connection = http.client.HTTPConnection("127.0.0.1", services[0].web_port, timeout=10)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    connection.request(method, "/v1" + path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    return answer.status, told


def act(services: list[Service], method: str, path: str, body: object = None) -> Any:
    """An audit record."""
    status, told = call(services, method, path, body)
    assert 200 == status, told
    return told


def up(services: list[Service], number: int, session: str) -> str:
    """A session of a CPE, accepted and started at one of the processes; its id."""
    bng = services[number].bng("127.0.0.1", SECRET)
    bng.ask(CPE.access(bng, "acts", CPE.line))
    bng.ask(bng.account(START, session, CPE.attributes("acts") + CPE.line + v4_host("203.0.113.9")))
    services[number].written()
    (found,) = [
        one for one in call(services, "GET", f"/sessions?mac={CPE.mac}")[1]["items"] if one["session_id"] == session
    ]
    return str(found["id"])


def test_a_drain_reaches_both_processes(services: list[Service], aaa: Aaa) -> None:
    """Both answer, both say it of themselves; nothing goes there until it is up again."""
    (server,) = [one for one in call(services, "GET", "/upstreams")[1]["items"] if one["pool"] == "auth"]
    drained = act(services, "PUT", f"/upstreams/{server['name']}", {"admin": "drain"})
    (shown,) = [one for one in call(services, "GET", "/upstreams")[1]["items"] if one["pool"] == "auth"]
    act(services, "PUT", f"/upstreams/{server['name']}", {"admin": "up"})

    assert ("done", "2 of 2 packet processes did it") == (drained["outcome"], drained["said"])
    assert ("drain", 2) == (shown["admin"], len(shown["processes"]))
    assert {one["id"] for one in call(services, "GET", "/processes")[1]["items"]} == {
        one["process"] for one in drained["answers"]
    }
    for service in services:
        (switched, *_) = [one for one in service.events() if "switched by an operator" in one["event"]]
        assert "drain" == switched.get("admin"), switched


def test_a_session_is_changed_and_ended_at_its_bng(services: list[Service], box: Box) -> None:
    """Once each, by whichever process is first, with the attributes asked for; a refusal is told with its cause."""
    session = up(services, 0, "s-acts")
    box.seen.clear()
    changed = act(
        services, "POST", f"/sessions/{session}/coa", {"attributes": [{"name": "Filter-Id", "value": "slow"}]}
    )
    ended = act(services, "POST", f"/sessions/{session}/disconnect")
    box.refuse = 504
    refused = act(services, "POST", f"/sessions/{session}/disconnect", {})
    box.refuse = None

    assert [("done", 1), ("done", 1), ("refused", 1)] == [
        (one["outcome"], len(one["answers"])) for one in (changed, ended, refused)
    ]
    assert [(["s-acts"], ["slow"]), (["s-acts"], None), (["s-acts"], None)] == [
        (seen["Acct-Session-Id"], seen.get("Filter-Id")) for seen in box.seen
    ]
    assert 504 == refused["answers"][0]["sessions"][0]["error_cause"]
    assert ["refused", "done", "done"] == [one["outcome"] for one in call(services, "GET", "/acts?limit=3")[1]["items"]]


def test_a_trace_shows_every_hop_at_both_processes_and_no_secret(services: list[Service]) -> None:
    """Also of a record that the spool acknowledged, and delivered afterwards."""
    trace = act(services, "POST", "/traces", {"mac": CPE.mac, "lasts_s": 60})["subject"]
    for number, service in enumerate(services):
        bng = service.bng("127.0.0.1", SECRET)
        bng.ask(bng.access(CPE.attributes("traced") + CPE.line + attribute(2, PASSWORD)))
        bng.ask(bng.account(START, f"s-{number}", CPE.attributes("traced") + CPE.line + v4_host("203.0.113.9")))
    wait_until(lambda: call(services, "GET", f"/traces/{trace}")[1]["trace"]["requests"] >= 5, 4, "all are kept")
    kept = call(services, "GET", f"/traces/{trace}")[1]
    act(services, "DELETE", f"/traces/{trace}")

    whole = ["from_bng", "to_aaa", "from_aaa", "to_bng"]
    story = {(one["end"], *(packet["leg"] for packet in one["packets"])) for one in kept["items"]}
    assert {
        ("answered", *whole), ("acknowledged", "from_bng", "to_bng"), ("delivered", "to_aaa", "from_aaa"),
    } == story  # fmt: skip
    assert 2 == len({one["process"] for one in kept["items"]})
    attributes = kept["items"][0]["packets"][0]["attributes"]
    assert {"name": "User-Name", "value": "traced", "hex": b"traced".hex()} in attributes
    assert {"name": "User-Password", "value": None, "hex": None} in attributes
    for word in (PASSWORD, SECRET, b"between-proxy-and-aaa"):
        assert word.hex() not in json.dumps(kept)
        assert word.decode() not in json.dumps(kept)


def test_whoever_may_not_act_does_not(services: list[Service]) -> None:
    """Nothing is written down, nothing is done."""
    connection = http.client.HTTPConnection("127.0.0.1", services[0].web_port, timeout=10)
    before = call(services, "GET", "/acts?limit=1")[1]["items"][0]["id"]
    connection.request("POST", "/v1/ledger/repair", "{}", {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    connection.close()

    assert 401 == answer.status
    assert before == call(services, "GET", "/acts?limit=1")[1]["items"][0]["id"]
