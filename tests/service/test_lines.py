"""What `bngcorr web` says of one line: found by whatever is known of it, with diagnosis and timeline; live events."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.service.aaa import Aaa
from tests.service.process import Json, Service, Settings, upstream
from tests.service.radius import DELEGATED_IPV6_PREFIX, START, STOP, Bng, prefix_host, v4_host
from tests.service.settings import SECRET, Cpe

HOME, OTHER = Cpe(200), Cpe(201)
PREFIX = "2001:db8:400:4200::/56"


@pytest.fixture(scope="module")
def service(aaa: Aaa, start_service: Callable[[Settings], Service]) -> Service:
    """Two BNGs; on the first one a line with both families, and one whose only session has ended."""
    bngs = [
        {"name": name, "address": f"127.0.4.{at}", "secret": SECRET.decode(), "hold": "0s"}
        for at, name in enumerate(("bng1", "bng2"), start=1)
    ]
    service = start_service({"upstream": upstream(aaa), "bngs": bngs})
    service.start_web()
    bng = service.bng("127.0.4.1", SECRET)
    for cpe in (HOME, OTHER):
        bng.ask(cpe.access(bng, f"user{cpe.number}", cpe.line))
    about = HOME.attributes("user200") + HOME.line
    bng.ask(bng.account(START, "s4", about + v4_host("198.51.100.7")))
    bng.ask(bng.account(START, "s6", about + prefix_host(DELEGATED_IPV6_PREFIX, PREFIX)))
    gone = OTHER.attributes("user201") + OTHER.line
    bng.ask(bng.account(START, "gone", gone + v4_host("198.51.100.8")))
    bng.ask(bng.account(STOP, "gone", gone + v4_host("198.51.100.8")))
    service.written()
    return service


def looked_up(service: Service, text: str) -> Json:
    """The answer to what somebody types."""
    answer = service.api(f"/v1/lookup?q={quote(text)}")
    assert 200 == answer.status
    return answer.body


def line_of(service: Service, text: str) -> Json:
    """The line that a text leads to."""
    return service.api(f"/v1/lines/{looked_up(service, text)['hit']['id']}").body


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("00-0E-8F-00-00-C8", "mac"), ("olt7/200", "remote_id"), (HOME.remote_id.hex(), "remote_id"),
        ("0x000007db" + HOME.remote_id.hex(), "remote_id"), ("olt7 eth 1/200", "circuit_id"), ("USER200", "user_name"),
        ("198.51.100.7", "address"), ("2001:db8:400:42ff::1", "address"), (PREFIX, "prefix"), ("s6", "session_id"),
    ],
)  # fmt: skip
def test_a_line_is_found_by_whatever_somebody_has_at_hand(service: Service, text: str, meaning: str) -> None:
    """One box; it says as what it took the text, and leads to the line."""
    found = looked_up(service, text)
    (line,) = service.items("/v1/lines?remote_id=olt7/200")

    assert {"kind": "line", "id": line["id"]} == found["hit"]
    assert meaning == found["readings"][0]["meaning"]


def test_a_bng_and_its_ports_are_found(service: Service) -> None:
    """The BNG itself; and all that is attached to a port."""
    assert {"kind": "bng", "id": "bng2"} == looked_up(service, "bng2")["hit"]

    on_port = looked_up(service, "bng1 1/1/4")["readings"][0]

    assert ("port", {"olt7/200", "olt7/201"}) == (
        on_port["meaning"], {line["remote_id"]["text"] for line in on_port["lines"]},
    )  # fmt: skip
    assert {"s4", "s6", "gone"} <= {session["session_id"] for session in on_port["sessions"]}


def test_what_nobody_knows_is_told_with_all_that_it_was_taken_for(service: Service) -> None:
    """No hit, and not an empty page without a word."""
    found = looked_up(service, "2001:db8:ffff::1")

    assert found["hit"] is None
    assert "address" in {one["meaning"] for one in found["readings"]}


def test_a_line_tells_how_it_is_and_how_it_came_to_that(service: Service) -> None:
    """Diagnosis, addresses of both sessions, and its requests, the newest first."""
    line = line_of(service, "olt7/200")
    accepted = [one for one in line["timeline"] if one["kind"] == "request" and one["code"] == "Access-Request"]

    assert ("well", "well") == (line["diagnosis"]["state"], line["diagnosis"]["case"])
    assert {"198.51.100.7", PREFIX} == {one["address"] for one in line["addresses"]}
    assert {"s4", "s6"} <= {one["session_id"] for one in line["sessions"]}
    assert [("own", "Access-Accept", HOME.remote_id.decode())] == [
        (one["verdict"], one["answer"], one["raw"]["remote_id"]["text"]) for one in accepted
    ]
    assert line["timeline"] == sorted(line["timeline"], key=lambda one: one["at"], reverse=True)


def test_a_line_whose_session_has_ended_says_so(service: Service) -> None:
    """With the time, and what to look at."""
    diagnosis = line_of(service, "olt7/201")["diagnosis"]

    assert ("bad", "stopped") == (diagnosis["state"], diagnosis["case"])


def test_a_session_is_told_by_its_name_with_its_line(service: Service) -> None:
    """The same as in the list, and how it is."""
    (item,) = service.items("/v1/sessions?address=198.51.100.7")
    body = service.api(f"/v1/sessions/{item['id']}").body

    assert item == {name: body[name] for name in item}
    assert "well" == body["diagnosis"]["case"]


@pytest.mark.parametrize("path", ["lines/bng1~" + "0" * 24, "lines/nonsense", "sessions/west~" + "0" * 24, "bngs/bng9"])
def test_what_is_not_there_is_not_found(service: Service, path: str) -> None:
    """404, also for a name that can't be one."""
    answer = service.api(f"/v1/{path}")

    assert (404, "application/problem+json") == (answer.status, answer.content_type)


def test_requests_are_read_newest_first_and_by_what_became_of_them(service: Service) -> None:
    """From the latest one back, and page after page to the first one kept."""
    newest = service.api("/v1/correlations?order=newest&limit=2").body
    older = service.api(f"/v1/correlations?order=newest&after={newest['next']}").body
    every = service.items("/v1/correlations?limit=1000")

    assert [one["id"] for one in [*newest["items"], *older["items"]]] == [one["id"] for one in reversed(every)]
    assert older["next"] is None
    assert {HOME.mac} == {one["mac"] for one in service.items(f"/v1/correlations?mac={HOME.mac}&outcome=own&since=5m")}
    assert [] == service.items("/v1/correlations?bng=bng2")


def test_a_request_is_heard_live_by_those_who_asked_for_its_mac(service: Service) -> None:
    """Server-sent events: the cursor is the id, the verdict the data."""
    connection = http.client.HTTPConnection("127.0.0.1", service.web_port, timeout=8)
    connection.request("GET", f"/v1/events?kind=request&mac={Cpe(210).mac}")
    answer = connection.getresponse()
    lines = [answer.readline()]  # the stream is open
    bng: Bng = service.bng("127.0.4.1", SECRET)
    bng.ask(HOME.access(bng, "not-asked-for", HOME.line))
    bng.ask(Cpe(210).access(bng, "asked-for", Cpe(210).line))
    while not lines[-1].startswith(b"data: "):
        lines.append(answer.readline())
    connection.close()
    event = json.loads(lines[-1].removeprefix(b"data: "))

    assert "text/event-stream" == answer.getheader("Content-Type")
    assert ("request", "own", Cpe(210).mac) == (event["kind"], event["verdict"], event["mac"])
    assert f"id: {event['id']}\n".encode() in lines
