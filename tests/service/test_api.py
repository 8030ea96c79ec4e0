"""What accounting says becomes usage of BNGs, sessions and lines in the API of `bngcorr web`."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.service.aaa import Aaa, wait_until
from tests.service.process import Json, Service, Settings, Valkey, upstream
from tests.service.radius import (
    ACCOUNTING_ON,
    DELEGATED_IPV6_PREFIX,
    FRAMED_IPV6_PREFIX,
    INTERIM,
    START,
    STOP,
    USER_NAME,
    Bng,
    Packet,
    attribute,
    ia_na_host,
    line,
    prefix_host,
    v4_host,
)
from tests.service.radius import cpe as cpe_of
from tests.service.settings import SECRET, Cpe, one_bng

DUAL_STACK = (
    v4_host("192.0.2.10")
    + ia_na_host("2001:db8:0:1::10")
    + prefix_host(DELEGATED_IPV6_PREFIX, "2001:db8:100:4200::/56")
    + prefix_host(FRAMED_IPV6_PREFIX, "2001:db8:200:1::/64")
)
COSTS = {"sros-classic": 4, "sros-r12-shared": 3, "sros-pd-managed-route": 3, "session": 1}
LIMIT = 1000
HOST_KINDS = ("v4", "ia_na", "ia_pd", "slaac")
SOURCES = {table: f"127.0.1.{number}" for number, table in enumerate(COSTS, start=1)}
NOTHING = {"v4": 0, "ia_na": 0, "ia_pd": 0, "slaac": 0, "pd_route": 0, "sessions": 0, "na_or_pd": 0}


def bng_settings(name: str, address: str, **more: object) -> Settings:
    """One BNG of the configuration."""
    return {"name": name, "address": address, "secret": SECRET.decode(), "hold": "0s", **more}


@pytest.fixture(scope="module")
def service(aaa: Aaa, start_service: Callable[[Settings], Service]) -> Service:
    """bngcorr with a BNG for each cost table, one for each story of the ledger, and two with subscribers."""
    tables = [
        bng_settings(table, SOURCES[table], cost_table=table, limits={"host_resources": LIMIT}) for table in COSTS
    ]
    stories = [bng_settings(f"story{number}", f"127.0.2.{number}") for number in range(1, 10)]
    found = [bng_settings("found", "127.0.3.1"), bng_settings("other", "127.0.3.2")]
    gauged = bng_settings("gauged", "127.0.3.3", cost_table="sros-r12-shared", limits={"host_resources": LIMIT})
    limits = {"host_resources": 50, "cards": {"1": 40}, "ports": {"1/1/4": 8, "*": 100}}
    carded = bng_settings("carded", "127.0.3.4", limits=limits)
    service = start_service({"upstream": upstream(aaa), "bngs": [*tables, *stories, *found, gauged, carded]})
    service.start_web()
    return service


def usage(service: Service, name: str) -> Json:
    """What a BNG uses, as the API tells it."""
    (item,) = [item for item in service.items("/v1/bngs") if item["name"] == name]
    return item["usage"]


def uses(**hosts: int) -> dict[str, int]:
    """Usage with these figures and nothing else, IA_NA and IA_PD being of one session."""
    return {**NOTHING, "na_or_pd": int("ia_na" in hosts or "ia_pd" in hosts), **hosts}


def tell(service: Service, bng: Bng, *records: Packet) -> None:
    """Send accounting records in this order and wait until the store has them."""
    for record in records:
        bng.ask(record)
    service.written()


@pytest.mark.parametrize("table", list(COSTS))
def test_hosts_cost_what_the_table_of_the_bng_says(service: Service, table: str) -> None:
    """One dual-stack session: v4, IA_NA, IA_PD and SLAAC each counted once; cost, limit and headroom follow."""
    bng, cpe = service.bng(SOURCES[table], SECRET), Cpe(1)
    tell(service, bng, bng.account(START, "cost", cpe.attributes("cost") + cpe.line + DUAL_STACK))
    (item,) = [item for item in service.items("/v1/bngs") if item["name"] == table]

    assert uses(v4=1, ia_na=1, ia_pd=1, slaac=1, sessions=1) == item["usage"]
    assert (COSTS[table], LIMIT, LIMIT - COSTS[table]) == (item["host_resources"], item["limit"], item["headroom"])
    assert table == item["cost_table"]


def test_cards_and_ports_spend_what_their_sessions_hold(service: Service) -> None:
    """Two ports of card 1, each with its own limit: an address on both counts for each, and once for the BNG."""
    bng, first, second = service.bng("127.0.3.4", SECRET), Cpe(3), Cpe(4)
    elsewhere = attribute(USER_NAME, "there") + cpe_of(second.mac, "1/1/10:100.20")
    tell(
        service, bng,
        bng.account(START, "here", first.attributes("here") + first.line + DUAL_STACK),
        bng.account(START, "there", elsewhere + second.line + v4_host("192.0.2.10") + v4_host("192.0.2.11")),
    )  # fmt: skip

    def spent(by: str) -> list[tuple[str, int, int]]:
        rows = service.items(f"/v1/hosts?bng=carded&by={by}")
        return [(row["name"], row["host_resources"], row["limit"]) for row in rows]

    assert [("1/1/4", 4, 8), ("1/1/10", 2, 100)] == spent("port")
    assert [("1", 6, 40)] == spent("card")
    assert [("carded", 5, 50)] == spent("bng")


def test_gauges_follow_the_usage(service: Service) -> None:
    """Prometheus is told the same as the API, a few seconds later."""
    bng, cpe = service.bng("127.0.3.3", SECRET), Cpe(2)
    tell(service, bng, bng.account(START, "gauge", cpe.attributes("gauge") + cpe.line + DUAL_STACK))
    wait_until(lambda: service.metric("bngcorr_host_resources", bng="gauged") == 3, 8, "the gauge follows")

    assert [1] * 4 == [service.metric("bngcorr_hosts", bng="gauged", type=kind) for kind in HOST_KINDS]
    assert LIMIT == service.metric("bngcorr_host_limit", bng="gauged")


class Story:
    """The accounting of one BNG, on a time line of its own."""

    def __init__(self, service: Service, number: int) -> None:
        self.service, self.name = service, f"story{number}"
        self.bng = service.bng(f"127.0.2.{number}", SECRET)
        self._begin = int(time.time()) - 3600
        self._cpe = Cpe(100 + number)

    def record(self, status: int, at: int, hosts: bytes = b"", session: str = "s") -> Packet:
        """One record, `at` seconds into the story."""
        if status == ACCOUNTING_ON:
            return self.bng.account(status, "", at=self._begin + at)
        body = self._cpe.attributes(self.name) + self._cpe.line + hosts
        return self.bng.account(status, session, body, at=self._begin + at)

    def tell(self, *records: Packet) -> dict[str, int]:
        """Send them in this order; what is used then."""
        tell(self.service, self.bng, *records)
        found: dict[str, int] = usage(self.service, self.name)
        return found


V4, PD = v4_host("192.0.2.20"), prefix_host(DELEGATED_IPV6_PREFIX, "2001:db8:300::/56")


def test_hosts_come_and_go_with_start_interim_and_stop(service: Service) -> None:
    """Start holds v4, an Interim adds the prefix, another drops v4, Stop frees all."""
    story = Story(service, 1)

    assert uses(v4=1, sessions=1) == story.tell(story.record(START, 0, V4))
    assert uses(v4=1, ia_pd=1, sessions=1) == story.tell(story.record(INTERIM, 10, V4 + PD))
    assert uses(ia_pd=1, sessions=1) == story.tell(story.record(INTERIM, 20, PD))
    assert uses() == story.tell(story.record(STOP, 30, PD))


def test_records_told_twice_change_nothing(service: Service) -> None:
    """Retransmissions under a new Identifier, as after a change of servers, count once."""
    story = Story(service, 2)
    start, interim, stop = (START, 0, V4), (INTERIM, 10, V4 + PD), (STOP, 20, V4 + PD)

    def told(*records: tuple[int, int, bytes]) -> dict[str, int]:
        return story.tell(*(story.record(*record) for record in records))

    assert uses(v4=1, ia_pd=1, sessions=1) == told(start, start, interim, interim)
    assert uses(v4=1, ia_pd=1, sessions=1) == told(start, interim)
    assert uses() == told(stop, stop)
    assert uses() == told(start, interim, stop)


def test_records_out_of_order_end_as_if_they_had_been_in_order(service: Service) -> None:
    """The newest word counts: a Stop before its Start leaves nothing behind, an old Interim takes nothing back."""
    story = Story(service, 3)

    assert uses(v4=1, ia_pd=1, sessions=1) == story.tell(story.record(INTERIM, 20, V4 + PD))
    assert uses(v4=1, ia_pd=1, sessions=1) == story.tell(story.record(INTERIM, 10, V4), story.record(START, 0, V4))
    assert uses() == story.tell(story.record(STOP, 30))
    assert uses() == story.tell(story.record(STOP, 30, session="t"), story.record(START, 25, V4, session="t"))


def test_an_address_in_two_sessions_is_one_host(service: Service) -> None:
    """A BNG may run two accounting modes at once: hosts are distinct addresses, and free when nobody holds them."""
    story = Story(service, 4)

    assert uses(v4=1, sessions=2) == story.tell(
        story.record(START, 0, V4, session="queue"), story.record(START, 0, V4, session="host")
    )
    assert uses(v4=1, sessions=1) == story.tell(story.record(STOP, 10, V4, session="queue"))
    assert uses() == story.tell(story.record(STOP, 10, V4, session="host"))


def test_accounting_on_frees_everything_until_sessions_speak_again(service: Service) -> None:
    """After a reboot nothing is counted; sessions that survived it are, once they speak; a stale On is none."""
    story = Story(service, 5)

    assert uses(v4=1, ia_pd=1, sessions=1) == story.tell(story.record(START, 0, V4 + PD))
    assert uses() == story.tell(story.record(ACCOUNTING_ON, 10))
    assert uses() == story.tell(story.record(INTERIM, 5, V4 + PD))  # sent before the reboot
    assert uses(v4=1, ia_pd=1, sessions=1) == story.tell(story.record(INTERIM, 20, V4 + PD))
    assert uses(v4=1, ia_pd=1, sessions=1) == story.tell(story.record(ACCOUNTING_ON, 10))
    assert uses() == story.tell(story.record(STOP, 30))


# ---- look-ups

CPE = Cpe(200)
BINARY = bytes.fromhex("00ff7f41")
PREFIX = "2001:db8:400:4200::/56"
ADDRESSES = {
    "v4": "198.51.100.7",
    "IA_NA": "2001:db8:0:9::7",
    "delegated prefix": PREFIX,
    "an address in the delegated prefix": "2001:db8:400:42ff::1",
    "the SLAAC prefix": "2001:db8:500:1::/64",
    "an address in the SLAAC prefix": "2001:db8:500:1:20e:8fff:fe00:c8",
}


@pytest.fixture(scope="module")
def subscribers(service: Service) -> Service:
    """One session that everything is known of, one of another CPE and BNG, one that has stopped."""
    found, other = service.bng("127.0.3.1", SECRET), service.bng("127.0.3.2", SECRET)
    hosts = v4_host(ADDRESSES["v4"]) + ia_na_host(ADDRESSES["IA_NA"]) + prefix_host(DELEGATED_IPV6_PREFIX, PREFIX)
    hosts += prefix_host(FRAMED_IPV6_PREFIX, ADDRESSES["the SLAAC prefix"])
    tell(service, found, found.account(START, "wanted", CPE.attributes("wanted") + CPE.line + hosts))
    ids = line(BINARY, CPE.circuit_id + b"0")
    tell(
        service,
        other,
        other.account(START, "unwanted", Cpe(201).attributes("unwanted") + ids + v4_host("198.51.100.8")),
    )
    gone = Cpe(202).attributes("gone") + Cpe(202).line
    tell(service, found, found.account(START, "gone", gone), found.account(STOP, "gone", gone))
    return service


FILTERS = [
    *(f"mac={text}" for text in ("00:0e:8f:00:00:c8", "00-0E-8F-00-00-C8", "000e.8f00.00c8", "000E8F0000C8")),
    "remote_id=olt7/200",
    "remote_id=0x" + CPE.remote_id.hex(),
    "circuit_id=" + quote(CPE.circuit_id),
    "circuit_id=0x" + CPE.circuit_id.hex(),
    *(f"address={quote(address)}" for address in ADDRESSES.values()),
    "bng=found&state=up",
    "bng=found&mac=00:0e:8f:00:00:c8&remote_id=olt7/200&state=up&address=198.51.100.7",
]


@pytest.mark.parametrize("filters", FILTERS)
def test_a_session_is_found_by_whatever_is_known_of_it(subscribers: Service, filters: str) -> None:
    """MAC in any notation, ids as text or hex, addresses, addresses within its prefixes, BNG and state."""
    (item,) = subscribers.items(f"/v1/sessions?{filters}")

    assert ("wanted", "found", "up", CPE.mac) == (item["session_id"], item["bng"], item["state"], item["mac"])
    assert {"hex": CPE.remote_id.hex(), "text": CPE.remote_id.decode()} == item["remote_id"]
    assert {("v4", ADDRESSES["v4"]), ("ia_na", ADDRESSES["IA_NA"]), ("ia_pd", PREFIX)} < {
        (host["kind"], host["address"]) for host in item["addresses"]
    }


@pytest.mark.parametrize(
    "filters",
    [
        "mac=00:0e:8f:00:00:ff",
        "remote_id=olt7/20",
        "remote_id=OLT7/200",
        "address=198.51.100.9",
        "address=2001:db8:400:4300::1",
        "address=2001:db8:400:4200::/57",
        "bng=other&mac=00:0e:8f:00:00:c8",
        "state=stopped&mac=00:0e:8f:00:00:c8",
        "state=suspect&bng=found",
    ],
)
def test_what_does_not_fit_is_not_found(subscribers: Service, filters: str) -> None:
    """Every filter has to hold: near misses and contradictions give an empty list."""
    assert [] == subscribers.items(f"/v1/sessions?{filters}")


def test_binary_ids_are_told_and_found_as_hex(subscribers: Service) -> None:
    """Ids are opaque octets: what is no text has none."""
    (item,) = subscribers.items("/v1/sessions?remote_id=0x" + BINARY.hex())

    assert {"hex": BINARY.hex(), "text": None} == item["remote_id"]
    assert "unwanted" == item["session_id"]


def test_a_stopped_session_is_told_as_such(subscribers: Service) -> None:
    """It is remembered for a while, to know its late records by."""
    assert ["gone"] == [item["session_id"] for item in subscribers.items("/v1/sessions?state=stopped&bng=found")]


def test_all_sessions_are_told_page_by_page(subscribers: Service) -> None:
    """Following `next` from page to page tells every session once."""
    keys: list[str] = []
    cursor = ""
    while True:
        body = subscribers.api(f"/v1/sessions?limit=1&cursor={cursor}").body
        keys += [item["id"] for item in body["items"]]
        if body["next"] is None:
            break
        cursor = body["next"]

    assert len(set(keys)) == len(keys)
    assert {item["id"] for item in subscribers.items("/v1/sessions")} == set(keys)


@pytest.mark.parametrize(
    "filters", ["remote_id=olt7/200", "remote_id=0x" + CPE.remote_id.hex(), "circuit_id=" + quote(CPE.circuit_id)]
)
def test_a_line_is_found_by_either_id(subscribers: Service, filters: str) -> None:
    """A look-up by id gives a list; this line is alone in it."""
    (item,) = subscribers.items(f"/v1/lines?{filters}")

    assert CPE.remote_id.hex() == item["remote_id"]["hex"]
    assert CPE.circuit_id.hex() == item["circuit_id"]["hex"]
    assert CPE.mac == item["last"]["mac"]
    assert item["id"] in {found["id"] for found in subscribers.items("/v1/lines")}


def test_a_session_shows_since_when_it_holds_what_and_where_its_cpe_answers(subscribers: Service) -> None:
    """Each address with its age and who says so; octets by family; an IA_NA is where the CPE answers."""
    (item,) = subscribers.items("/v1/sessions?mac=" + CPE.mac)

    assert {"accounting"} == {host["source"] for host in item["addresses"]}
    assert {item["began_at"]} == {host["since"] for host in item["addresses"]}
    assert {"address": ADDRESSES["IA_NA"], "from": "ia_na"} == item["cpe_address"]
    assert {"v4": 0, "v6": 0, "either": 0} == item["traffic"]


def test_a_line_shows_what_all_its_sessions_hold(service: Service, aaa: Aaa, monkeypatch: pytest.MonkeyPatch) -> None:
    """v4 and a prefix that only the Access-Accept names: both are the line's, and helpdesk is told where to ping."""
    bng, cpe = service.bng("127.0.2.9", SECRET), Cpe(250)
    prefix = prefix_host(DELEGATED_IPV6_PREFIX, "2001:db8:700::/56")
    monkeypatch.setattr(aaa, "grants", lambda _: prefix)
    bng.ask(cpe.access(bng, "promised", cpe.line))
    service.written()
    record = cpe.attributes("promised") + cpe.line
    tell(service, bng, bng.account(START, "p4", record + v4_host("192.0.2.50")))
    queue = record + v4_host("192.0.2.50") + prefix_host(FRAMED_IPV6_PREFIX, "2001:db8:701:1::/64")
    tell(service, bng, bng.account(START, "q", queue), bng.account(START, "over", queue))
    tell(service, bng, bng.account(STOP, "over", queue))
    (item,) = service.items("/v1/lines?remote_id=olt7/250")

    assert [
        ("story9", "v4", "192.0.2.50", "accounting"),
        ("story9", "ia_pd", "2001:db8:700::/56", "accept"),
        ("story9", "slaac", "2001:db8:701:1::/64", "accounting"),
    ] == [(host["bng"], host["kind"], host["address"], host["source"]) for host in item["addresses"]]
    assert {"address": "2001:db8:700::1", "from": "delegated_prefix"} == item["cpe_address"]

    tell(service, bng, bng.account(STOP, "p4", record), bng.account(STOP, "q", record))
    (item,) = service.items("/v1/lines?remote_id=olt7/250")

    assert ([], None) == (item["addresses"], item["cpe_address"])


@pytest.mark.parametrize(
    "path",
    [
        "/v1/sessions?hwaddr=00:0e:8f:00:00:c8",
        "/v1/sessions?mac=00:0e:8f",
        "/v1/sessions?address=198.51.100",
        "/v1/sessions?address=2001:db8::/129",
        "/v1/sessions?state=down",
        "/v1/sessions?bng=nobody",
        "/v1/sessions?remote_id=0xabc",
        "/v1/sessions?limit=0",
        "/v1/sessions?limit=many",
        "/v1/sessions?cursor=abc",
        "/v1/sessions?cursor=1.2",
        "/v1/sessions?cursor=.",
        "/v1/sessions?cursor=0.0.99999999999999999999",
        "/v1/sessions?cursor=1",
        "/v1/sessions?mac=00:0e:8f:00:00:c8&cursor=1.5.0",
        "/v1/lines?mac=00:0e:8f:00:00:c8",
        "/v1/lines?cursor=.",
        "/v1/lines?remote_id=0xzz",
        "/v1/correlations?limit=-1",
        "/v1/correlations?after=-",
    ],
)
def test_a_question_that_makes_no_sense_is_a_problem(service: Service, path: str) -> None:
    """400 as application/problem+json, saying what is wrong; never an empty list that looks like an answer."""
    answer = service.api(path)

    assert (400, "application/problem+json") == (answer.status, answer.content_type), answer.body
    assert 400 == answer.body["status"]
    assert answer.body["title"]
    assert answer.body["detail"]


def test_a_page_that_does_not_exist_is_a_problem_too(service: Service) -> None:
    """404 in the same format."""
    answer = service.api("/v1/nothing")

    assert (404, "application/problem+json") == (answer.status, answer.content_type)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/sessions", "/v1/sessions?mac=00:0e:8f:00:00:c8", "/v1/lines", "/v1/bngs", "/v1/hosts", "/v1/hosts?by=port",
        "/v1/what-if?bng=bng1", "/v1/lookup?q=olt7/12", "/v1/correlations", "/v1/findings", "/v1/bngs/bng1",
        "/v1/enterprise-numbers", "/v1/lines/bng1~" + "0" * 24, "/v1/sessions/bng1~" + "0" * 24, "/v1/processes",
    ],
)  # fmt: skip
def test_without_the_store_the_api_says_so(dead_store: Service, path: str) -> None:
    """503 as application/problem+json, with a hint when to come again; the process itself is alive."""
    answer = dead_store.api(path)

    assert (503, "application/problem+json") == (answer.status, answer.content_type)
    assert 503 == answer.body["status"]
    assert 200 == dead_store.api("/healthz").status


@pytest.fixture(scope="module")
def dead_store(aaa: Aaa, start_service: Callable[[Settings], Service], start_valkey: Callable[[], Valkey]) -> Service:
    """bngcorr whose store was killed."""
    valkey = start_valkey()
    service = start_service({**one_bng(aaa), "store": {"url": valkey.url}})
    service.start_web()
    assert [] == service.items("/v1/sessions")
    valkey.kill()
    return service
