"""The simulated parties speak RADIUS to each other over loopback."""

import asyncio
import dataclasses

import pytest

from bngcorr.demo.aaa import Aaa
from bngcorr.demo.dhcp import discover_options, remote_id_option, solicit_options
from bngcorr.demo.nas_socket import NasSocket
from bngcorr.demo.network import Network, gateways
from bngcorr.demo.radius import Code, ReceivedRequest, Request, Unreadable, Value, Vocabulary
from bngcorr.demo.truth import Line
from bngcorr.resources import resource

SECRET = b"between us"


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    """The dictionary of this installation."""
    return Vocabulary(resource("dictionaries") / "dictionary")


@pytest.fixture
def line() -> Line:
    """A provisioned line."""
    return Network(gateways(), seed=1).line("bng1")


@pytest.fixture
def aaa(vocabulary: Vocabulary, line: Line) -> Aaa:
    """An AAA that knows one line."""
    aaa = Aaa(vocabulary=vocabulary, secrets={"127.0.0.1": SECRET}, password="right", needs_signature=False)
    aaa.provision(line)
    return aaa


def access(
    vocabulary: Vocabulary,
    remote_id: bytes | None,
    circuit_id: bytes | None = None,
    *,
    password: str = "right",  # noqa: S107 - of a simulated AAA
    signed: bool = False,
    identifier: int = 7,
) -> Request:
    """An Access-Request with these ids."""
    attributes: list[tuple[str, Value]] = [("User-Name", "02:00:00:00:00:01"), ("Connect-Info", "demo-1")]
    if circuit_id is not None:
        attributes.append(("ADSL-Agent-Circuit-Id", circuit_id))
    if remote_id is not None:
        attributes.append(("ADSL-Agent-Remote-Id", remote_id))
    return vocabulary.access_request(attributes, identifier=identifier, secret=SECRET, password=password, signed=signed)


def code_of(aaa: Aaa, request: Request) -> Code | None:
    """What AAA answers, verified."""
    octets = aaa.answer(request.octets, "127.0.0.1")
    return None if octets is None else request.read_reply(octets).code


def test_aaa_accepts_a_line_by_its_v4_style_id_only(vocabulary: Vocabulary, aaa: Aaa, line: Line) -> None:
    """The id alone or with its own Circuit-Id is accepted; prefixed, missing, foreign or unknown ones are rejected."""
    prefixed = remote_id_option(enterprise=637, remote_id=line.remote_id)

    assert Code.ACCESS_ACCEPT is code_of(aaa, access(vocabulary, line.remote_id))
    assert Code.ACCESS_ACCEPT is code_of(aaa, access(vocabulary, line.remote_id, line.circuit_id, signed=True))
    assert Code.ACCESS_REJECT is code_of(aaa, access(vocabulary, prefixed, line.circuit_id))
    assert Code.ACCESS_REJECT is code_of(aaa, access(vocabulary, None))
    assert Code.ACCESS_REJECT is code_of(aaa, access(vocabulary, line.remote_id, b"another"))
    assert Code.ACCESS_REJECT is code_of(aaa, access(vocabulary, b"unknown"))
    assert [] == aaa.faults


def test_aaa_signs_its_answers(vocabulary: Vocabulary, aaa: Aaa, line: Line) -> None:
    """An Access-Accept carries a valid Message-Authenticator, even for an unsigned request."""
    request = access(vocabulary, line.remote_id)
    octets = aaa.answer(request.octets, "127.0.0.1")

    assert octets is not None
    assert request.read_reply(octets).signed


def test_an_unsigned_access_request_has_no_message_authenticator(vocabulary: Vocabulary) -> None:
    """SR OS sends none, so the simulated one sends none."""
    unsigned, signed = (access(vocabulary, b"x", signed=flag) for flag in (False, True))

    assert not ReceivedRequest(unsigned.octets, secret=SECRET, dictionary=vocabulary).signed
    assert ReceivedRequest(signed.octets, secret=SECRET, dictionary=vocabulary).signed


def test_aaa_notes_what_no_proxy_should_send(vocabulary: Vocabulary, aaa: Aaa, line: Line) -> None:
    """A garbled password, an empty id and octets that are no packet are faults."""
    code_of(aaa, access(vocabulary, line.remote_id, password="wrong"))
    code_of(aaa, access(vocabulary, b""))
    aaa.answer(b"\x01\x02\x00", "127.0.0.1")
    aaa.answer(b"", "127.0.0.9")

    assert 4 == len(aaa.faults)


def test_a_tampered_accounting_request_is_unreadable(vocabulary: Vocabulary) -> None:
    """The authenticator of accounting covers the packet."""
    request = vocabulary.accounting_request([("Acct-Status-Type", 1)], identifier=1, secret=SECRET)
    octets = request.octets[:-1] + b"\x02"

    with pytest.raises(Unreadable):
        ReceivedRequest(octets, secret=SECRET, dictionary=vocabulary)


def test_a_reply_to_another_request_is_refused(vocabulary: Vocabulary, aaa: Aaa, line: Line) -> None:
    """Same identifier, other authenticator: not our answer."""
    first, second = access(vocabulary, line.remote_id), access(vocabulary, line.remote_id)
    octets = aaa.answer(second.octets, "127.0.0.1")

    assert octets is not None
    with pytest.raises(Unreadable):
        first.read_reply(octets)


def test_dhcp_octets_are_what_the_standards_say() -> None:
    """Option 82 with its two sub-options; option 37 behind its enterprise number; a DUID-LL from the MAC."""
    assert discover_options(circuit_id=b"c", remote_id=b"id").endswith(b"\x52\x07\x01\x01c\x02\x02id\xff")
    assert bytes.fromhex("0000027d6964") == remote_id_option(enterprise=637, remote_id=b"id")

    options = solicit_options(mac="02:00:00:00:00:01", option37=b"\x00\x00\x02\x7did")

    assert bytes.fromhex("0001000a00030001020000000001") in options
    assert options.endswith(bytes.fromhex("00250006 0000027d6964"))


@pytest.mark.asyncio
async def test_a_bng_repeats_its_octets_until_it_is_answered(
    vocabulary: Vocabulary, aaa: Aaa, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first datagram is lost; the timer sends it again, with the same authenticator."""
    monkeypatch.setattr("bngcorr.demo.nas_socket.REPEAT_AFTER_S", 0.05)
    heard: list[bytes] = []
    answer = aaa.answer

    def deaf_at_first(octets: bytes, source: str) -> bytes | None:
        heard.append(octets)
        return answer(octets, source) if len(heard) > 1 else None

    monkeypatch.setattr(aaa, "answer", deaf_at_first)
    await aaa.open()
    socket = await NasSocket.open("127.0.0.1", ("127.0.0.1", aaa.ports[0]))
    sent: list[Request] = []
    reply = await socket.ask(lambda i: access(vocabulary, line.remote_id, identifier=i), on_sent=sent.append)
    socket.close()
    aaa.close()

    assert reply is not None
    assert Code.ACCESS_ACCEPT is reply.code
    assert 2 == len(sent)
    assert heard[0] == heard[1]


@pytest.mark.asyncio
async def test_a_bng_gives_up_after_its_last_timer(vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers: three transmissions, then None, and the identifier is free again."""
    monkeypatch.setattr("bngcorr.demo.nas_socket.REPEAT_AFTER_S", 0.02)
    silent, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    socket = await NasSocket.open("127.0.1.1", silent.get_extra_info("sockname"))
    sent: list[Request] = []
    reply = await socket.ask(lambda i: access(vocabulary, b"x", identifier=i), on_sent=sent.append)
    socket.close()
    silent.close()

    assert reply is None
    assert 3 == len(sent)


def test_every_line_has_a_place_of_its_own() -> None:
    """No two lines share an id, a MAC or an attachment, unless the scenario wants it."""
    network = Network(gateways(), seed=7)
    lines = [network.line(spec.name) for _ in range(700) for spec in gateways()]

    assert len(lines) == len({one.remote_id for one in lines}) == len({one.mac for one in lines})
    assert len(lines) == len({one.attachment for one in lines})
    assert dataclasses.replace(lines[0]) == lines[0]
