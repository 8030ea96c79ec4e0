"""What operations are told of, from a packet of a BNG to the API and the command line; and what trust does on the
wire.
"""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from collections.abc import Callable

import pytest

from tests.service.aaa import Aaa, wait_until
from tests.service.process import Json, Service, Settings, bngcorr, upstream
from tests.service.radius import ACCESS_REJECT, START, Packet, prefix_host, prefixed
from tests.service.radius import DELEGATED_IPV6_PREFIX as PREFIX
from tests.service.radius import line as line_ids
from tests.service.settings import SECRET, Cpe

TRUSTING, WARY, REJECTING = "127.0.0.2", "127.0.0.3", "127.0.0.4"
NUMBER = 32473  # RFC 5612: for documentation


@pytest.fixture(scope="module")
def service(aaa: Aaa, start_service: Callable[[Settings], Service]) -> Service:
    """bngcorr between three BNGs: one believes ids of v6, one does not, one rejects v6 requests that nobody knows."""
    common = {"secret": SECRET.decode(), "vlan_model": "per_line", "hold": "0s", "profile": "nokia-sros"}
    service = start_service(
        {
            "upstream": upstream(aaa),
            "bngs": [
                {"name": "trusting", "address": TRUSTING, **common},
                {"name": "wary", "address": WARY, "line_id_source": {"dhcpv6": "untrusted"}, **common},
                {"name": "rejecting", "address": REJECTING, "on_unmatched": "reject", **common},
            ],
        }
    )
    service.start_web()
    return service


class Home(Cpe):
    """A subscriber on a VLAN pair of his own."""

    @property
    def port(self) -> str:
        """A pair for each."""
        return f"1/1/4:100.{self.number}"


def found(service: Service, kind: str) -> list[Json]:
    """Findings of that kind, once there are any."""
    wait_until(lambda: bool(service.items(f"/v1/findings?finding={kind}")), 4, f"finding {kind}")
    return service.items(f"/v1/findings?finding={kind}")


def forged(victim: Cpe) -> bytes:
    """A customer's own Option 37 that names the victim's line, as the BNG copies it."""
    return line_ids(prefixed(victim.remote_id, NUMBER))


def asked(service: Service, source: str, home: Cpe, serial: str, ids: bytes = b"") -> Packet:
    """The answer to an Access-Request."""
    bng = service.bng(source, SECRET)
    answer = bng.ask(home.access(bng, serial, ids))
    service.written()
    return answer


def test_a_forged_option_37_is_a_conflict_and_keeps_its_number(aaa: Aaa, service: Service) -> None:
    """The forger's own line is live on his port: what he claims is not stripped, so AAA does not know it."""
    victim, forger = Home(1), Home(2)
    asked(service, TRUSTING, victim, "victim-v4", victim.line)
    asked(service, TRUSTING, forger, "forger-v4", forger.line)
    asked(service, TRUSTING, forger, "forger-v6", forged(victim))
    (finding,) = found(service, "conflict")

    assert [prefixed(victim.remote_id, NUMBER)] == aaa.one("forger-v6").remote_ids
    assert "1/1/4:100.2" == finding["detail"]["port"]
    assert 1 == service.metric("bngcorr_findings_total", bng="trusting", finding="conflict")


def test_where_no_access_node_writes_ids_for_v6_aaa_is_not_shown_them(aaa: Aaa, service: Service) -> None:
    """The forger is put on his own line, and nothing of what he claims is left; with nothing known, it is just gone."""
    victim, forger, stranger = Home(11), Home(12), Home(13)
    asked(service, WARY, victim, "wary-victim", victim.line)
    asked(service, WARY, forger, "wary-forger", forger.line)
    asked(service, WARY, forger, "wary-forged", forged(victim))
    asked(service, WARY, stranger, "wary-stranger", forged(victim))

    assert [forger.remote_id] == aaa.one("wary-forged").remote_ids
    assert [] == aaa.one("wary-stranger").remote_ids


def test_a_v6_request_that_nobody_knows_can_be_rejected_at_once(aaa: Aaa, service: Service) -> None:
    """Only that: a request that names its line, and one that is matched, go to AAA."""
    known, stranger = Home(21), Home(22)
    answer = asked(service, REJECTING, stranger, "rejected")
    asked(service, REJECTING, known, "known-v4", known.line)
    asked(service, REJECTING, known, "known-v6")

    assert ACCESS_REJECT == answer.code
    assert [] == aaa.seen("rejected")
    assert [known.remote_id] == aaa.one("known-v6").remote_ids


def test_a_prefix_that_is_live_on_two_bngs_is_found(service: Service) -> None:
    """The line moved and the old session lives on: whoever asks for the prefix, one of them gets no traffic."""
    for source, home, name in ((TRUSTING, Home(31), "dup-1"), (REJECTING, Home(32), "dup-2")):
        bng = service.bng(source, SECRET)
        record = home.attributes(name) + home.line + prefix_host(PREFIX, "2001:db8:31::/56")
        bng.ask(bng.account(START, name, record))
        service.written()
    (finding,) = found(service, "duplicate")

    assert ("2001:db8:31::/56", "rejecting", "open") == (finding["subject"], finding["bng"], finding["state"])
    assert finding["reason"]
    assert finding["next_step"]


@pytest.mark.parametrize("output", ["table", "json", "jsonl", "csv"])
def test_the_command_line_tells_findings(service: Service, output: str) -> None:
    """A table for people; JSON, JSON lines and CSV for programs; all with the reason."""
    found(service, "duplicate")
    told = subprocess.run(
        bngcorr("findings", "--api", f"http://127.0.0.1:{service.web_port}", "--finding", "duplicate", "-o", output),
        capture_output=True, text=True, timeout=20, check=True, env={**os.environ, "COLUMNS": "200"},
    ).stdout  # fmt: skip

    rows: list[Json] = []
    match output:
        case "json":
            rows = json.loads(told)
        case "jsonl":
            rows = [json.loads(row) for row in told.splitlines()]
        case "csv":
            rows = list(csv.DictReader(io.StringIO(told)))
        case _:
            assert "2001:db8:31::/56" in told
            assert "olt7/32" in told
            return
    assert ["2001:db8:31::/56"] == [row["subject"] for row in rows]


def test_findings_without_an_api_is_told_in_a_sentence(service: Service) -> None:
    """Exit code 3, the address, and what to look at."""
    told = subprocess.run(
        bngcorr("findings", "--api", f"http://127.0.0.1:{service.auth_port}"),
        capture_output=True, text=True, timeout=20,
    )  # fmt: skip

    assert 3 == told.returncode
    assert f"127.0.0.1:{service.auth_port}" in told.stderr
    assert "bngcorr web" in told.stderr


def test_the_distances_of_matches_are_told_by_bng(service: Service) -> None:
    """Each match within the window counts in one bucket."""
    home = Home(41)
    before = distances(service)
    asked(service, TRUSTING, home, "distance-v4", home.line)
    asked(service, TRUSTING, home, "distance-v6")
    wait_until(lambda: distances(service) == before + 1, 4, "one match more")


def test_the_distances_are_told_before_the_end(service: Service) -> None:
    """What was counted since they were told last is not lost."""
    home = Home(42)
    before = distances(service)
    asked(service, TRUSTING, home, "distance-last-v4", home.line)
    asked(service, TRUSTING, home, "distance-last-v6")
    assert 0 == service.stop()
    service.start()

    assert before + 1 == distances(service)


def distances(service: Service) -> int:
    """Matches within the window at the first BNG."""
    (bng,) = [item for item in service.items("/v1/bngs") if item["name"] == "trusting"]
    return sum(bucket["matches"] for bucket in bng["window"]["distances"])
