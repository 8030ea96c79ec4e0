"""A tap on a mirror port, with a real DHCP client and server behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bngcorr.app.capability import NET_RAW, give_up
from bngcorr.capture import reader
from tests.service.aaa import Aaa, wait_until
from tests.service.nursery import nursery as open_nursery
from tests.service.process import Service, Settings, get
from tests.service.radius import START, v4_host
from tests.service.settings import SECRET, Cpe, one_bng
from tests.tap.lab import AccessNode, Room, namespace, needs_tap, run, veth

CAPTURES = Path(__file__).parents[1] / "captures" / "real"
CPE = Cpe(300)
SERVER_MAC = "00:0e:8f:ff:00:01"
SUB_OPTIONS = bytes((1, len(CPE.circuit_id))) + CPE.circuit_id + bytes((2, len(CPE.remote_id))) + CPE.remote_id


class Lab:
    """The network, the service with its tap, a BNG and an AAA."""

    def __init__(self, service: Service, settings: Settings, aaa: Aaa, client: Room, node: AccessNode) -> None:
        self.service, self.settings, self.aaa, self.client, self.node = service, settings, aaa, client, node
        self.folder = service.folder
        self.bng = service.bng("127.0.0.1", SECRET)

    def ask_for_lease(self, family: str) -> None:
        """The CPE boots, with Debian's dhclient."""
        folder = self.folder
        self.client.start(
            folder / f"dhclient{family}.log", "dhclient", family, "-1", "-d", "-cf", "/dev/null",
            "-lf", str(folder / f"leases{family}"), "-pf", str(folder / f"pid{family}"), "-sf", "/bin/true", "c0",
        )  # fmt: skip

    def tapped(self, metric: str, **labels: str) -> float:
        """What a metric of the tap says."""
        return self.service.metric(metric, interface="m1", **labels)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Everything in a network of its own."""
    needs_tap()
    folder = tmp_path_factory.mktemp("tap")
    with namespace(), open_nursery() as nursery:
        client, server = Room(), Room()
        client.wire("c0", "a0", CPE.mac)
        server.wire("d0", "a1", SERVER_MAC)
        server.run("ip address add 198.51.100.1/24 dev d0")
        server.run("ip address add 2001:db8:7::1/64 dev d0 nodad")
        veth("m0", "m1")
        server.start(
            folder / "dnsmasq.log", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0",
            "--interface=d0", "--user=root", "--pid-file", "--leasefile-ro", "--no-ping", "--no-hosts", "--no-resolv",
            "--dhcp-authoritative", "--dhcp-range=198.51.100.10,198.51.100.50,10m",
            "--dhcp-range=2001:db8:7::10,2001:db8:7::50,64,10m",
        )  # fmt: skip
        node, aaa = AccessNode(SUB_OPTIONS), Aaa(b"between-proxy-and-aaa")
        mirror = {"bng": "bng1", "port": "1/1/4", "vlans": [100, 20], "ledger": True, "diagnose": True}
        taps = [{"interface": "m1", **mirror}, {"interface": "later0", "bng": "bng1"}]
        settings = {**one_bng(aaa, hold="1500ms", v4_always_has_id=True), "tap": taps}
        service = Service(folder, settings, nursery)
        try:
            service.start()
            yield Lab(service, settings, aaa, client, node)
        finally:
            service.close()
            aaa.close()
            node.close()
            client.close()
            server.close()
    assert [] == aaa.faults


def test_a_request_without_line_id_is_matched_through_the_discover_on_the_wire(lab: Lab) -> None:
    """The BNG asks about the SOLICIT first; the DISCOVER that the tap sees meanwhile ends the hold, and AAA sees the
    line.
    """
    request = CPE.access(lab.bng, "solicit")
    lab.bng.send(request.octets)
    lab.ask_for_lease("-4")

    seen = lab.aaa.one("solicit")

    assert ([CPE.remote_id], [CPE.circuit_id]) == (seen.remote_ids, seen.circuit_ids)
    assert lab.bng.receive(request, 4) is not None
    assert 1 == lab.service.metric("bngcorr_correlations_total", outcome="matched", rung="window")
    assert 1 <= lab.tapped("bngcorr_tap_sightings_total", protocol="dhcpv4")


def test_leases_are_in_the_ledger_and_counted_once(lab: Lab) -> None:
    """An IPv4 address and an IA_NA; accounting that names the IPv4 address too makes it no second host, nor a
    duplicate.
    """
    lab.ask_for_lease("-6")
    wait_until(lambda: lab.tapped("bngcorr_tap_leases_total", done="given") >= 2, 8, "both leases were seen")
    lab.service.written()
    leased = lab.service.usage("bng1")
    text = (lab.folder / "leases-4").read_text()
    address = text.split("fixed-address ")[1].split(";")[0]

    about = CPE.attributes("start") + CPE.line + v4_host(address)
    lab.bng.ask(lab.bng.account(START, "s1", about))
    lab.service.written()
    both = lab.service.usage("bng1")

    assert (1, 1) == (leased.v4, leased.ia_na)
    assert (1, 1) == (both.v4, both.ia_na)
    assert 0 == lab.service.metric("bngcorr_findings_total", finding="duplicate")


def test_the_privilege_is_given_up_once_sockets_are_open(lab: Lab) -> None:
    """CAP_NET_RAW is in none of the process's sets."""
    assert lab.service.serve is not None
    status = Path(f"/proc/{lab.service.serve.pid}/status").read_text()
    sets = [int(line.split()[1], 16) for line in status.splitlines() if line.startswith("Cap")]

    assert 5 == len(sets)
    assert not any(one >> NET_RAW & 1 for one in sets)


def test_an_interface_is_waited_for_and_missed(lab: Lab) -> None:
    """One that comes later is heard without another start; each change is told once, and by /readyz."""

    def state() -> str:
        return str(get(f"http://127.0.0.1:{lab.service.health_port}/readyz").body["tap"])

    assert "degraded" == state()
    veth("later0", "later1")
    wait_until(lambda: state() == "ok", 4, "the tap hears later0")
    run("ip link del later0")
    wait_until(lambda: state() == "degraded", 4, "later0 is missed")

    told = [(event["event"], event.get("link")) for event in lab.service.events(interface="later0")]
    assert [
        ("tap opened", None), ("tap hears nothing", "absent"), ("tap listens", None), ("tap hears nothing", "absent"),
    ] == told  # fmt: skip


def test_faults_on_the_wire_become_findings(lab: Lab) -> None:
    """A router that withdraws itself is a finding of the BNG, with what it means."""
    for record in reader.records(CAPTURES / "12-ra-lifetime-0.pcap"):
        lab.node.mirror.send(record.octets)

    def told() -> bool:
        found = lab.service.events(finding="wire_fault", bng="bng1")
        return any(event["subject"].startswith("router_gone fe80::") for event in found)

    wait_until(told, 8, "the router's end is told")

    assert 1 <= lab.service.metric("bngcorr_findings_total", finding="wire_fault")
    assert 1 <= lab.tapped("bngcorr_tap_faults_total")
    assert 0 < lab.tapped("bngcorr_tap_frames_total", protocol="neighbour")


def test_without_the_capability_the_rest_of_the_service_runs(lab: Lab, tmp_path: Path) -> None:
    """One message that says how to grant it, a degraded part in /readyz, and requests are answered."""
    with open_nursery() as poor:
        service = Service(tmp_path, lab.settings, poor)

        def start() -> None:
            give_up()  # of this thread, and of what it starts
            service.start()

        starter = threading.Thread(target=start)
        starter.start()
        starter.join(30)
        try:
            ready = get(f"http://127.0.0.1:{service.health_port}/readyz")
            bng = service.bng("127.0.0.1", SECRET)
            bng.ask(CPE.access(bng, "poor", CPE.line))

            assert (200, "degraded") == (ready.status, ready.body["tap"])
            (told,) = service.events(level="error")
            assert "setcap" in told["hint"]
            assert "CAP_NET_RAW" in told["event"]
            assert 0 == service.metric("bngcorr_tap_up", interface="m1")
        finally:
            service.close()
