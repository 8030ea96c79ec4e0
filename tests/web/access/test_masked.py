"""A masked caller on the whole service: whatever can be read there names no customer."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bngcorr.config.web import Scope
from bngcorr.web.access.routes import ROUTES
from tests.service.aaa import Aaa, wait_until
from tests.service.ports import free_port
from tests.service.process import Service, Settings
from tests.service.radius import DELEGATED_IPV6_PREFIX, START, line, prefix_host, prefixed, v4_host
from tests.service.settings import SECRET, Cpe, one_bng
from tests.web.access.stage import TOKENS, guarded, whole

ZOE = Cpe(7)
USER, SESSION = "zoe@isp.example", "S-4711-zoe"
EVENTS = 4  # that have happened
SECRETS = (
    ZOE.mac, ZOE.mac.replace(":", ""), "00:07", USER, SESSION, USER.encode().hex(), SESSION.encode().hex(),
    ZOE.remote_id.decode(), ZOE.remote_id.hex(), ZOE.circuit_id.decode(), ZOE.circuit_id.hex(),
    "203.0.113.9", "0.113", "cb007109", "2001:db8:4711", "20010db84711",
)  # fmt: skip


@pytest.fixture(scope="module")
def service(aaa: Aaa, start_service: Callable[[Settings], Service]) -> Service:
    """Both processes, with a token of each kind."""
    tokens = [{"name": one.name, "hash": one.hash, "scopes": sorted(map(str, one.scopes))} for one in guarded().tokens]
    port = free_port()
    started = start_service({**one_bng(aaa), "web": {"listen": f"127.0.0.1:{port}", "tokens": tokens}})
    started.web_port = port
    started.start_web()
    return started


def ask(service: Service, path: str, name: str, method: str = "GET", body: object = None) -> tuple[int, str]:
    """Status and text; of a stream what it begins with."""
    connection = http.client.HTTPConnection("127.0.0.1", service.web_port, timeout=10)
    headers = {"Authorization": f"Bearer {TOKENS[name]}", "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    if answer.headers.get("Content-Type", "").startswith("text/event-stream"):
        lines: list[bytes] = []
        while sum(line.startswith(b"data:") for line in lines) < EVENTS:
            lines.append(answer.readline())
        text = b"".join(lines)
    else:
        text = answer.read()
    connection.close()
    return answer.status, text.decode()


def named(service: Service) -> dict[str, str]:
    """Names of what there is, by the collection that holds it: of a customer whose line is up with both families, whose
    requests are traced, and of whom something was done.
    """
    trace = json.loads(ask(service, "/v1/traces", "both", "POST", {"bng": "bng1", "lasts_s": 60})[1])
    bng = service.bng("127.0.0.1", SECRET)
    ids, raw = ZOE.line, line(prefixed(ZOE.remote_id), ZOE.circuit_id)
    prefix = prefix_host(DELEGATED_IPV6_PREFIX, "2001:db8:4711::/56")
    bng.ask(ZOE.access(bng, USER, ids))
    bng.ask(bng.account(START, SESSION, ZOE.attributes(USER) + ids + v4_host("203.0.113.9")))
    bng.ask(ZOE.access(bng, USER, raw))
    bng.ask(bng.account(START, SESSION + "6", ZOE.attributes(USER) + raw + prefix))
    service.written()
    wait_until(
        lambda: json.loads(ask(service, f"/v1/traces/{trace['subject']}", "reader")[1])["trace"]["requests"] >= 4,
        5, "all four are kept",
    )  # fmt: skip
    sessions = json.loads(ask(service, f"/v1/sessions?mac={ZOE.mac}", "reader")[1])["items"]
    return {
        "sessions": sessions[0]["id"], "lines": sessions[0]["line"], "bngs": "bng1", "traces": trace["subject"],
        "acts": trace["id"],
    }  # fmt: skip


def places(names: dict[str, str]) -> Iterator[str]:
    """Every path under which something can be read, and a search that finds the customer without naming him."""
    for one in whole()[ROUTES].values():
        collection = one.path.removeprefix("/v1/").strip("/").split("/")[0]
        if one.method == "GET" and one.scope is Scope.READ:
            path = re.sub(r"{[a-z]+}", names.get(collection, ""), one.path)
            yield path + {"/v1/what-if": "?bng=bng1", "/v1/events": "?after=0-0"}.get(path, "")
    yield f"/v1/lookup?q={names['lines']}"


def told(text: str) -> list[str]:
    """Which of the customer's secrets stand there."""
    return [secret for secret in SECRETS if secret in text]


def test_nothing_that_can_be_read_names_the_customer(service: Service) -> None:
    """Lists, single things, pages, live events, traces with all their packets; who is not masked finds him."""
    paths = [path for path in dict.fromkeys(places(named(service))) if path not in ("/v1/lookup", "/search")]
    found: dict[str, Any] = {path: ask(service, path, "desk") for path in paths}

    assert {} == {path: status for path, (status, _) in found.items() if status != 200}
    assert {} == {path: told(text) for path, (_, text) in found.items() if told(text)}
    open_ = [path for path in paths if told(ask(service, path, "reader")[1])]
    assert {"/v1/events?after=0-0", "/v1/sessions", "/v1/lines", "/v1/correlations", "/lines", "/live"} <= {*open_}
    assert {"traces", "lines", "sessions", "lookup"} <= {
        path.removeprefix("/v1").split("/")[1].partition("?")[0] for path in open_ if "~" in path or "traces/" in path
    }
