"""The running service keeps to its own OpenAPI description, whatever is asked of it."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Callable
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.service.aaa import Aaa
from tests.service.ports import free_port
from tests.service.process import Service, Settings
from tests.service.radius import START, v4_host
from tests.service.settings import SECRET, Cpe, one_bng

TOKEN = "bngcorr_" + "s" * 43
BEARER = {"Authorization": f"Bearer {TOKEN}"}
CHECKS: Final = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance, negative_data_rejection,
]  # fmt: skip
EXAMPLES: Final = 2  # of each operation
LONGEST: Final = 8_000  # characters of a URL: a longer one is refused before it is read
CPE = Cpe(77)

load_all_checks()


@pytest.fixture(scope="module")
def service(aaa: Aaa, start_service: Callable[[Settings], Service]) -> Service:
    """A packet process with a session, and a web process whose caller may do everything."""
    port = free_port()
    digest = "sha256:" + hashlib.sha256(TOKEN.encode()).hexdigest()
    web = {
        "listen": f"127.0.0.1:{port}", "rate": {"per_second": 10_000, "burst": 10_000},
        "tokens": [{"name": "noc", "hash": digest, "scopes": ["read", "act"]}],
    }  # fmt: skip
    service = start_service({**one_bng(aaa), "web": web})
    service.web_port = port
    service.start_web()
    bng = service.bng("127.0.0.1", SECRET)
    bng.ask(CPE.access(bng, "described", CPE.line))
    bng.ask(bng.account(START, "s1", CPE.attributes("described") + CPE.line + v4_host("203.0.113.77")))
    service.written()
    return service


def ask(service: Service, path: str, method: str = "GET", body: object = None) -> Any:
    """A good answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {**BEARER, "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{service.web_port}{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        return json.loads(answer.read())


@pytest.fixture(scope="module")
def described(service: Service) -> Any:
    """The description, as the service gives it."""
    return schemathesis.openapi.from_url(f"http://127.0.0.1:{service.web_port}/openapi.json")


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_whatever_is_asked_is_answered_as_described(described: Any, mode: schemathesis.GenerationMode) -> None:
    """No fault of ours, no status, type or member that the description does not have; what it forbids is refused."""
    asked = []
    for found in described.exclude(path="/v1/events").get_all_operations():
        operation = found.ok()

        @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask_it(case: schemathesis.Case[Any]) -> None:
            answer = case.call(headers=BEARER, timeout=20)
            if len(answer.request.url or "") < LONGEST:
                case.validate_response(answer, checks=CHECKS)
            else:
                assert 400 == answer.status_code

        try:
            ask_it()
        except Unsatisfiable:
            continue  # nothing can be wrong where there is nothing to choose
        asked.append(operation.label)

    assert len(asked) >= 20


def test_what_is_there_is_told_as_described(service: Service, described: Any) -> None:
    """A session, its line, its BNG, a trace and an act, each by its name."""
    (session,) = ask(service, "/v1/sessions?state=up")["items"]
    act = ask(service, "/v1/traces", "POST", {"mac": CPE.mac, "lasts_s": 60})
    names = {
        "session": session["id"], "line": session["line"], "bng": "bng1", "trace": act["subject"], "act": act["id"],
    }  # fmt: skip
    told = []
    for path, operations in described.raw_schema["paths"].items():
        if "get" in operations and "{" in path:
            name = path.rpartition("{")[2][:-1]
            case = described[path]["GET"].Case(path_parameters={name: names[name]})
            answer = case.call(headers=BEARER)
            assert 200 == answer.status_code, answer.text
            described[path]["GET"].validate_response(answer)
            told.append(name)

    assert sorted(names) == sorted(told)
