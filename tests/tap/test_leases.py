"""Leases of real clients and of hand-made messages become sessions of the ledger, and end."""

from __future__ import annotations

from pathlib import Path

import pytest

from bngcorr.capture import reader
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.correlator import dhcp, leases
from bngcorr.correlator.dhcp import Told
from bngcorr.correlator.exchanges import COPY_MS, LASTS_MS, Exchanges, Noted
from bngcorr.correlator.inherited import Lines
from bngcorr.correlator.place import Place
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.usage import Host, Usage
from bngcorr.model.vocabulary import Finding, HostKind, SessionState
from bngcorr.store.lesson import DUPLICATE, SessionChange, SessionStep
from bngcorr.store.memory import MemoryStore
from tests.tap.wire import (
    BNG,
    CPE,
    DUID,
    LINK_LOCAL,
    OTHER,
    address6,
    association,
    frame4,
    frame6,
    line4,
    message6,
    option4,
    option6,
    place,
    prefix6,
    said,
)

CAPTURES = Path(__file__).parents[1] / "captures" / "real"
DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)
SOLICIT, ADVERTISE, V6_REQUEST, CONFIRM, RENEW, REBIND, REPLY, V6_RELEASE, V6_DECLINE, _, INFORMATION = range(1, 12)
NA, PD = 3, 25
NOW = 1_800_000_000_000
LEASE = option4(51, (600).to_bytes(4, "big"))
ADDRESS = "203.0.113.9"
V6, PREFIX = "2001:db8::9", "2001:db8:900::"
BOTH = association(NA, address6(V6, 600)) + association(PD, prefix6(PREFIX, 56, 900))


def answer4(kind: int = ACK, options: bytes = LEASE, yiaddr: str = ADDRESS) -> Told:
    """A server's word to the CPE."""
    return said(frame4(kind, options, to_server=False, yiaddr=yiaddr, source=BNG, destination=CPE))


def request6(kind: int, options: bytes = b"") -> Told:
    """The CPE's."""
    return said(frame6(message6(kind, options)))


def answer6(kind: int, options: bytes) -> Told:
    """The server's."""
    return said(
        frame6(
            message6(kind, options), to_server=False, source=BNG, destination=CPE, ip_source="fe80::1",
            ip_destination=LINK_LOCAL,
        )
    )  # fmt: skip


def hosts(noted: Noted) -> dict[str, int]:
    """What is granted, with the seconds that it lasts; a lease that is over under its name."""
    return {
        str(host): lease.life_ms // 1000 for lease in noted.leases for host in (lease.hosts or (lease.name.hex(),))
    }  # fmt: skip


def noted_in(capture: str, where: Place) -> list[tuple[int, Told, Noted, int]]:
    """Every DHCP message of a capture, with its number and instant in milliseconds."""
    exchanges, found = Exchanges(), []
    for record in reader.records(CAPTURES / capture):
        seen = Seen(record)
        at_ms = (record.at_ns or 0) // 1_000_000
        told = None
        if seen.dhcp4 is not None:
            told = dhcp.of4(seen.dhcp4, seen.frame, where)
        elif seen.dhcp6 is not None:
            told = dhcp.of6(seen.dhcp6, seen.frame, where)
        if told is not None:
            found.append((record.number, told, exchanges.note(told, at_ms), at_ms))
    return found


@pytest.mark.parametrize(
    ("asked", "kind", "options", "yiaddr", "expected"),
    [
        (REQUEST, ACK, LEASE, ADDRESS, {f"v4||{ADDRESS}": 600}),
        (REQUEST, ACK, option4(51, b"\xff" * 4), ADDRESS, {f"v4||{ADDRESS}": 30 * 86_400}),
        (REQUEST, OFFER, LEASE, ADDRESS, {}),
        (INFORM, ACK, b"", "0.0.0.0", {}),
        (REQUEST, ACK, b"", ADDRESS, {}),
        (DISCOVER, ACK, LEASE, ADDRESS, {}),
        (REQUEST, NAK, b"", "0.0.0.0", {f"v4||{ADDRESS}": 0}),
    ],
)
def test_an_ack_to_a_request_grants_an_address(
    asked: int, kind: int, options: bytes, yiaddr: str, expected: dict[str, int]
) -> None:
    """For its lease time, 30 days at most; a NAK takes it; an OFFER, an ACK to an INFORM or without time do nothing."""
    exchanges = Exchanges()
    exchanges.note(said(frame4(asked, option4(50, bytes((203, 0, 113, 9))))), 0)

    assert expected == hosts(exchanges.note(answer4(kind, options, yiaddr), 10))


@pytest.mark.parametrize(
    ("asked", "kind", "options", "expected"),
    [
        (V6_REQUEST, REPLY, BOTH, {f"ia_na||{V6}": 600, f"ia_pd||{PREFIX}/56": 900}),
        (RENEW, REPLY, BOTH, {f"ia_na||{V6}": 600, f"ia_pd||{PREFIX}/56": 900}),
        (REBIND, REPLY, association(NA, address6(V6, 0)), {"0369616964": 0}),
        (RENEW, REPLY, association(PD, option6(13, b"\0\3gone")), {"1969616964": 0}),
        (RENEW, REPLY, association(PD, option6(13, b"\0\1later")), {}),
        (V6_REQUEST, REPLY, association(PD, option6(13, b"\0\6none")), {"1969616964": 0}),
        (V6_REQUEST, REPLY, option6(13, b"\0\5") + BOTH, {}),
        (V6_REQUEST, ADVERTISE, BOTH, {}),
        (SOLICIT, REPLY, BOTH, {}),
        (SOLICIT, REPLY, BOTH + option6(14, b""), {f"ia_na||{V6}": 600, f"ia_pd||{PREFIX}/56": 900}),
        (V6_RELEASE, REPLY, BOTH, {}),
        (CONFIRM, REPLY, option6(13, b"\0\0"), {}),
        (INFORMATION, REPLY, b"", {}),
    ],
)
def test_a_reply_grants_what_was_asked_for(asked: int, kind: int, options: bytes, expected: dict[str, int]) -> None:
    """To REQUEST, RENEW, REBIND, or with rapid commit; lifetimes of 0 and status codes that say so take it back."""
    exchanges = Exchanges()
    exchanges.note(request6(asked), 0)

    assert expected == hosts(exchanges.note(answer6(kind, options), 10))


def test_an_answer_without_its_request_grants_nothing() -> None:
    """Nobody asked, or somebody else, or too long ago."""
    exchanges = Exchanges()
    other = said(frame4(REQUEST, chaddr=OTHER))

    assert {} == hosts(exchanges.note(answer4(), 0))
    exchanges.note(other, 0)
    assert {} == hosts(exchanges.note(answer4(), 10))
    exchanges.note(said(frame4(REQUEST)), 10)
    assert {} == hosts(exchanges.note(answer4(), 11 + LASTS_MS))


@pytest.mark.parametrize(
    "told",
    [
        said(frame4(RELEASE, ciaddr=ADDRESS, ip_source=ADDRESS)),
        said(frame4(DECLINE, option4(50, bytes((203, 0, 113, 9))))),
        request6(V6_RELEASE, BOTH),
        request6(V6_DECLINE, association(NA, address6(V6, 0))),
    ],
    ids=lambda told: told.name,
)
def test_what_the_client_gives_back_is_over(told: Told) -> None:
    """RELEASE and DECLINE, once."""
    exchanges = Exchanges()

    assert {0} == set(hosts(exchanges.note(told, 0)).values())
    assert {} == hosts(exchanges.note(told, 1_000))


def test_a_copy_is_told_from_a_client_that_asks_again() -> None:
    """A mirror shows a message twice at once; a retransmission comes later; one behind a relay may say more."""
    exchanges = Exchanges()
    bare, relayed = said(frame4(DISCOVER)), said(frame4(DISCOVER, line4(b"olt7/9")))

    noted = [
        exchanges.note(told, at)
        for told, at in ((bare, 0), (bare, 1), (relayed, 2), (relayed, 3), (bare, COPY_MS + 2))
    ]  # fmt: skip

    assert [False, True, True, True, True] == [one.again for one in noted]
    assert [False, True, False, True, False] == [one.copy for one in noted]


def test_what_is_remembered_is_bounded() -> None:
    """The exchange that nobody touched for longest goes."""
    exchanges = Exchanges(most=3)
    for number in range(9):
        exchanges.note(said(frame4(REQUEST, xid=bytes((0, 0, 0, number)))), 0)

    assert 3 == len(exchanges)


def test_a_real_client_renews_and_releases() -> None:
    """dhclient: 30 s leases renewed with the number of the first REQUEST, then given back; one session for each."""
    where = place(port="lag-1")
    steps = [
        leases.step(told, noted.owner, lease, at_ms)
        for _, told, noted, at_ms in noted_in("08-renew-rebind-release-access.pcap", where)
        if noted.owner is not None
        for lease in noted.leases
    ]
    kinds: dict[str, list[SessionStep]] = {}
    for one in steps:
        kinds.setdefault(one.session, []).append(one.step)

    assert 3 == len(kinds)  # IPv4, IA_NA, IA_PD
    assert {SessionStep.START} == {told[0] for told in kinds.values()}
    assert {SessionStep.STOP} == {told[-1] for told in kinds.values()}
    assert all(SessionStep.INTERIM in told for told in kinds.values())


def test_two_lines_with_the_same_mac_and_duid_have_leases_of_their_own() -> None:
    """QinQ: the VLAN pair tells them apart."""
    where = place()
    names = {
        leases.step(told, noted.owner, lease, at_ms).session
        for _, told, noted, at_ms in noted_in("10b-qinq-same-mac-two-lines.pcap", where)
        if noted.owner is not None
        for lease in noted.leases
    }

    assert 8 == len(names)  # v4 and PD of three lines, IA_NA of two


def lease_step(request: Told, answer: Told, at_ms: int) -> SessionChange:
    """The one lease that the answer grants."""
    exchanges = Exchanges()
    exchanges.note(request, at_ms)
    noted = exchanges.note(answer, at_ms)
    assert noted.owner is not None
    (lease,) = noted.leases
    return leases.step(answer, noted.owner, lease, at_ms)


def test_a_lease_without_line_id_is_of_the_line_that_its_cpe_named() -> None:
    """On the same port and VLANs, vouched for on no key. A CPE that named two lines has none, nor has another one."""
    lines = Lines()
    request, answer = request6(V6_REQUEST), answer6(REPLY, BOTH)
    discover, cloned = said(frame4(DISCOVER, line4(b"olt7/9"))), said(frame4(DISCOVER, line4(b"olt7/10")))
    lines.learn(discover, NOW)
    (lease, *_) = leases.granted(request, answer)
    step = leases.step(answer, request, lease, NOW, lines.of(request, NOW + 1_000))
    elsewhere = lines.of(said(frame6(message6(V6_REQUEST), tags=(9,))), NOW)
    late = lines.of(request, NOW + 90_000_000)
    lines.learn(cloned, NOW)

    assert (discover.line, LineIds(b"olt7/9"), False, ()) == (step.line, step.ids, step.own, step.keys)
    assert (None, None, None) == (elsewhere, late, lines.of(request, NOW))


def accounted(at_ms: int, host: Host, ids: LineIds, mac: bytes, line: str = "a" * 24) -> SessionChange:
    """A Start of the BNG's own accounting."""
    return SessionChange(
        domain="d", bng="bng1", session="5" * 24, nas="bng1|", step=SessionStep.START, at_ms=at_ms,
        until_ms=at_ms + 86_400_000, hosts=(host,), line=line, ids=ids, own=True, session_id=b"s1", address=Mac(mac),
    )  # fmt: skip


@pytest.mark.asyncio
async def test_a_lease_ends_with_its_time_unless_it_is_renewed() -> None:
    """The sweep ends it when the lease does; a renewal carries it on for as long again."""
    store = MemoryStore()
    request, renewal = said(frame4(REQUEST, line4(b"olt7/9"))), said(frame4(REQUEST, ciaddr=ADDRESS, xid=b"\0\0\0\7"))
    answer = said(
        frame4(ACK, LEASE, to_server=False, yiaddr=ADDRESS, source=BNG, destination=CPE, xid=b"\0\0\0\7")
    )  # fmt: skip
    first = lease_step(request, answer4(), NOW)
    second = lease_step(renewal, answer, NOW + 300_000)
    used = []
    for lesson, at_ms in ((first, NOW), (second, NOW + 300_000), (None, NOW + 899_000), (None, NOW + 901_000)):
        if lesson is not None:
            assert ["applied"] == await store.write([lesson], at_ms)
        await store.upkeep(["d"], at_ms, buckets=1, walk_ms=1)
        used.append((await store.usage("d", ["bng1"])).get("bng1", Usage()).v4)
    row = await store.session("d", first.session)

    assert row is not None
    assert first.session == second.session
    assert [1, 1, 1, 0] == used
    assert (SessionState.EXPIRED, LineIds(b"olt7/9")) == (row.state, row.ids)


@pytest.mark.asyncio
@pytest.mark.parametrize("mac", [CPE, OTHER])
async def test_a_lease_and_the_bngs_session_are_no_duplicate(mac: bytes) -> None:
    """Not even where they disagree on the ids or the MAC of the CPE: the address counts once."""
    store = MemoryStore()
    ours = lease_step(request6(V6_REQUEST), answer6(REPLY, association(PD, prefix6(PREFIX, 56, 900))), NOW)
    named = lease_step(said(frame4(REQUEST, line4(b"v4-id"))), answer4(), NOW)
    theirs = [
        accounted(NOW, Host(HostKind.IA_PD, f"{PREFIX}/56"), LineIds(b"other"), mac),
        accounted(NOW + 1_000, Host(HostKind.V4, ADDRESS), LineIds(b"other"), mac),
    ]
    words = await store.write([ours, named, theirs[0]], NOW)
    words += await store.write([theirs[1]], NOW + 1_000)
    usage = (await store.usage("d", ["bng1"]))["bng1"]

    assert not [word for word in words if DUPLICATE in word or Finding.DUPLICATE in word]
    assert (1, 1) == (usage.v4, usage.ia_pd)
    assert DUID == request6(V6_REQUEST).client
