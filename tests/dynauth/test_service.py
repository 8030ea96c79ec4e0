"""The real process between pyrad as AAA and pyrad as the BNG, and FreeRADIUS's radclient as another AAA."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from pyrad import packet as pyrad_packet
from pyrad.dictionary import Dictionary
from pyrad.packet import CoAPacket

from bngcorr.cli import app
from bngcorr.resources import resource
from tests.freeradius.server import _PATH
from tests.service.aaa import Aaa
from tests.service.ports import free_port
from tests.service.process import Service, Settings, upstream
from tests.service.radius import DELEGATED_IPV6_PREFIX, START, line, prefix_host, prefixed, v4_host
from tests.service.settings import SECRET, Cpe

BNG_AT, FAR_AT, AAA_SECRET = "127.0.0.2", "127.0.0.70", "between-aaa-and-dynauth"
ACK, NAK = pyrad_packet.DisconnectACK, pyrad_packet.DisconnectNAK


class Box:
    """A BNG's CoA port: pyrad verifies and decodes what comes, and answers."""

    def __init__(self, dictionary: Dictionary, at: str) -> None:
        self._dictionary = dictionary
        self._at = at
        self.seen: list[dict[str, list[Any]]] = []
        self.refuse: int | None = None  # Error-Cause of a NAK
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((at, 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            octets, peer = self._socket.recvfrom(4096)
            if not octets:
                return
            request = CoAPacket(packet=octets, secret=SECRET, dict=self._dictionary)
            if not request.VerifyCoARequest():
                continue
            self.seen.append({str(key): list(request[key]) for key in request.keys()})  # noqa: SIM118 -- no mapping
            reply = request.CreateReply()
            if self.refuse is not None:
                reply.code = NAK if request.code == pyrad_packet.DisconnectRequest else pyrad_packet.CoANAK
                reply.AddAttribute("Error-Cause", self.refuse)
            self._socket.sendto(reply.ReplyPacket(), peer)

    def close(self) -> None:
        """End the thread."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (self._at, self.port))
        self._thread.join(5)
        self._socket.close()


class Operator:
    """AAA's end of CoA, by pyrad, and the control socket."""

    def __init__(self, service: Service, port: int, dictionary: Dictionary) -> None:
        self.service, self.port, self._dictionary = service, port, dictionary

    def ask(self, code: int, within_s: float = 4.0, **attributes: object) -> CoAPacket:
        """A request, and the verified reply."""
        request = CoAPacket(code=code, secret=AAA_SECRET.encode(), dict=self._dictionary)
        for name, value in attributes.items():
            request.AddAttribute(name.replace("_", "-"), value)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(within_s)
            asking.sendto(request.RequestPacket(), ("127.0.0.1", self.port))
            octets = asking.recv(4096)
        reply = request.CreateReply(packet=octets)
        assert request.VerifyReply(reply, octets)
        return reply

    def control(self, body: dict[str, object]) -> tuple[int, dict[str, Any]]:
        """POST /disconnect: status and answer."""
        connection = http.client.HTTPConnection("localhost", timeout=10)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.connect(str(self.service.data_dir / "control.sock"))
        connection.request("POST", "/disconnect", json.dumps(body))
        answer = connection.getresponse()
        told = answer.status, json.loads(answer.read())
        connection.close()
        return told


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    """Ours, read by pyrad."""
    return Dictionary(str(resource("dictionaries") / "dictionary"))


@pytest.fixture(scope="module")
def box(dictionary: Dictionary) -> Iterator[Box]:
    """The BNG's CoA port."""
    box = Box(dictionary, BNG_AT)
    yield box
    box.close()


@pytest.fixture(scope="module")
def far_box(dictionary: Dictionary) -> Iterator[Box]:
    """That of a box in a network of several."""
    box = Box(dictionary, FAR_AT)
    yield box
    box.close()


@pytest.fixture(scope="module")
def operator(
    aaa: Aaa, box: Box, far_box: Box, dictionary: Dictionary, start_service: Callable[[Settings], Service]
) -> Operator:
    """bngcorr with one BNG, on which two subscribers are online with both stacks."""
    port = free_port()
    bng = {"name": "edge", "address": BNG_AT, "secret": SECRET.decode(), "hold": "0s", "dynauth": {"port": box.port}}
    far = {**bng, "name": "far", "address": "127.0.0.64/26", "dynauth": {"port": far_box.port}}
    client = {"name": "aaa1", "address": "127.0.0.1", "secret": AAA_SECRET}
    service = start_service(
        {
            "upstream": upstream(aaa),
            "bngs": [bng, far],
            "dynauth": {"listen": [f"127.0.0.1:{port}"], "clients": [client]},
        }
    )
    edge = service.bng(BNG_AT, SECRET)
    far_edge, away = service.bng(FAR_AT, SECRET), Cpe(3)
    far_edge.ask(far_edge.account(START, "far-3", away.attributes("far-3") + away.line + v4_host("203.0.113.3")))
    for home in (Cpe(1), Cpe(2)):
        v4 = f"v4-{home.number}"
        edge.ask(home.access(edge, v4, home.line))
        edge.ask(edge.account(START, v4, home.attributes(v4) + home.line + v4_host(f"203.0.113.{home.number}")))
    service.written()
    for home in (Cpe(1), Cpe(2)):
        v6 = f"v6-{home.number}"
        raw = line(prefixed(home.remote_id), home.circuit_id) if home.number == 1 else b""  # else it inherits its line
        prefix = prefix_host(DELEGATED_IPV6_PREFIX, f"2001:db8:{home.number}::/56")
        edge.ask(home.access(edge, v6, raw))
        edge.ask(edge.account(START, v6, home.attributes(v6) + raw + prefix))
    service.written()
    return Operator(service, port, dictionary)


def sessions(box: Box) -> list[list[str]]:
    """Acct-Session-Ids of what the BNG got since the last look."""
    seen, box.seen = box.seen, []
    return sorted(one.get("Acct-Session-Id", []) for one in seen)


@pytest.mark.parametrize("number", [1, 2], ids=["own v6 id", "inherited"])
def test_aaa_disconnects_a_line_by_the_id_it_knows(operator: Operator, box: Box, number: int) -> None:
    """The stripped Remote-Id names both sessions; the BNG is asked for each by the id it gave itself."""
    remote_id = Cpe(number).remote_id

    reply = operator.ask(pyrad_packet.DisconnectRequest, ADSL_Agent_Remote_Id=remote_id, Proxy_State=b"theirs")

    assert ACK == reply.code
    assert [b"theirs"] == reply["Proxy-State"]
    assert not any("ADSL-Agent-Remote-Id" in one for one in box.seen)
    assert [[f"v4-{number}"], [f"v6-{number}"]] == sessions(box)


def test_an_address_finds_the_bng_without_a_nas(operator: Operator, box: Box) -> None:
    """A portal knows the customer's address and no more; the attributes of a CoA arrive as they were."""
    reply = operator.ask(pyrad_packet.CoARequest, Framed_IP_Address="203.0.113.2", Filter_Id="slow", Session_Timeout=60)

    assert pyrad_packet.CoAACK == reply.code
    (seen,) = box.seen
    assert (["slow"], [60], ["203.0.113.2"]) == (seen["Filter-Id"], seen["Session-Timeout"], seen["Framed-IP-Address"])
    assert [["v4-2"]] == sessions(box)


def test_the_bngs_refusal_is_aaas_answer(operator: Operator, box: Box) -> None:
    """With its Error-Cause."""
    box.refuse = 504
    try:
        reply = operator.ask(pyrad_packet.DisconnectRequest, NAS_IP_Address=BNG_AT, Acct_Session_Id="v4-1")
    finally:
        box.refuse = None

    assert (NAK, ["Session-Context-Not-Removable"]) == (reply.code, reply["Error-Cause"])
    assert [["v4-1"]] == sessions(box)


def test_who_is_nobody_is_told_so(operator: Operator, box: Box) -> None:
    """An unknown line (503), an unknown NAS (502); the BNG hears of neither."""
    nobody = operator.ask(pyrad_packet.DisconnectRequest, ADSL_Agent_Remote_Id=b"olt9/9")
    nowhere = operator.ask(pyrad_packet.DisconnectRequest, NAS_Identifier="who", Acct_Session_Id="v4-1")

    assert ["Session-Context-Not-Found"] == nobody["Error-Cause"]
    assert ["Proxy-Request-Not-Routable"] == nowhere["Error-Cause"]
    assert [] == sessions(box)


def test_a_session_is_found_by_its_id_on_whichever_box_it_is(operator: Operator, box: Box, far_box: Box) -> None:
    """Without a NAS, every box that has had sessions is looked through."""
    assert ACK == operator.ask(pyrad_packet.DisconnectRequest, Acct_Session_Id="far-3").code
    assert [["far-3"]] == sessions(far_box)
    assert [] == sessions(box)


def test_radclient_is_understood(operator: Operator, box: Box) -> None:
    """FreeRADIUS's own client, with a Message-Authenticator and the time of sending."""
    program = shutil.which("radclient", path=_PATH)
    if program is None:
        pytest.skip("radclient is not installed (Debian: freeradius-utils)")
    done = subprocess.run(
        [program, "-x", "-r", "1", "-t", "3", f"127.0.0.1:{operator.port}", "disconnect", AAA_SECRET],
        input=f'User-Name = "x"\nNAS-IP-Address = {BNG_AT}\nAcct-Session-Id = "v4-1"\n'
        f"Event-Timestamp = {int(time.time())}\nMessage-Authenticator = 0x00\n",
        capture_output=True, text=True, timeout=10, check=False,
    )  # fmt: skip

    assert "Received Disconnect-ACK" in done.stdout, done.stdout + done.stderr
    assert [["v4-1"]] == sessions(box)


def test_an_operator_disconnects_through_the_control_socket(operator: Operator, box: Box) -> None:
    """The whole line, after a look at what that would be."""
    status, told = operator.control({"address": "203.0.113.1", "dry_run": True})
    (one,) = told["sessions"]

    assert (200, "shown", "v4-1", []) == (status, told["outcome"], one["session_id"], sessions(box))
    status, told = operator.control({"line": one["line"]})
    assert (200, "done") == (status, told["outcome"])
    assert [["v4-1"], ["v6-1"]] == sessions(box)
    assert 400 == operator.control({"line": "olt7/1"})[0]
    assert 400 == operator.control({"session": "v4-1", "bng": "nobody"})[0]


@pytest.mark.parametrize(
    ("words", "code", "said", "ended"),
    [
        (["--address", "203.0.113.2", "--dry-run"], 0, "These would be disconnected.", []),
        (["--address", "203.0.113.2", "--yes"], 0, "Disconnected.", [["v4-2"]]),
        (["v9", "--yes"], 1, "No live session is known by that.", []),
        (["--mac", "00:0e:8f:00:00:01"], 2, "nobody is there to be asked; give --yes or --dry-run", []),
        (["--line", "olt7/1", "--yes"], 2, "line: 'olt7/1' is no key of a line", []),
        (["--yes"], 2, "say whom: exactly one of SESSION, --line, --address and --mac", []),
    ],
    ids=["dry run", "address", "nobody", "not asked", "no key", "nothing"],
)
def test_the_verb_says_what_came_of_it(
    operator: Operator, box: Box, words: list[str], code: int, said: str, ended: list[list[str]]
) -> None:
    """0 for a BNG that acknowledged, 1 for nobody to disconnect, 2 for a question that can't be."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told), pytest.raises(SystemExit) as exited:
        app(["session", "disconnect", *words, "-c", str(operator.service.config)])

    assert said in told.getvalue()
    assert code == exited.value.code
    assert ended == sessions(box)


def test_the_verb_asks_first(operator: Operator, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom it would be is shown; what is no yes is a no."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for answer, code, ended in (("n", 1, []), ("yes", 0, [["v6-1"]])):
        told = io.StringIO()
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr("sys.stdin", Terminal(answer + "\n"))
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told), pytest.raises(SystemExit) as exited:
            app(["session", "disconnect", "--address", "2001:db8:1::1", "-c", str(operator.service.config)])

        assert "2001:db8:1::/56" in told.getvalue()
        assert code == exited.value.code
        assert ended == sessions(box)


def test_a_reload_brings_new_clients_and_secrets(operator: Operator, box: Box) -> None:
    """CoA goes on under the new configuration at once; the socket stays."""
    service = operator.service
    settings = yaml.safe_load(service.config.read_text())
    settings["dynauth"]["clients"][0]["secret"] = "changed"
    assert service.serve is not None
    service.config.write_text(yaml.safe_dump(settings))
    connection = http.client.HTTPConnection("localhost", timeout=10)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.connect(str(service.data_dir / "control.sock"))
    connection.request("POST", "/reload", "{}")
    assert 200 == connection.getresponse().status
    connection.close()

    with pytest.raises(TimeoutError):
        operator.ask(pyrad_packet.DisconnectRequest, 0.5, NAS_IP_Address=BNG_AT, Acct_Session_Id="v4-1")
    assert 1 == service.metric("bngcorr_radius_discards_total", reason="bad-authenticator")
    assert [] == sessions(box)
