"""Which sessions a request means, and what of it their BNG must not see."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import SessionState
from bngcorr.proxy.dynauth.route import Directory, Refused
from bngcorr.proxy.dynauth.selectors import Chosen, Selectors, choose, read
from bngcorr.store.rows import SessionRow
from bngcorr.store.terms import address_term, circuit_id_term, mac_term, remote_id_term
from bngcorr.wire.radius import PacketView
from tests.dynauth.parts import LINE, MAC, NOW_MS, SESSION_ID, directory, request, session, view
from tests.service.radius import (
    CALLING_STATION_ID,
    DELEGATED_IPV6_PREFIX,
    FRAMED_IP_ADDRESS,
    NAS_PORT_ID,
    USER_NAME,
    attribute,
    line,
    prefix_host,
    v4_host,
)

WRITES: dict[str, Any] = {
    "identity": {
        "write": [
            {"attribute": "User-Name", "template": "line-{remote_id}", "when": "always"},
            {"attribute": "Calling-Station-Id", "template": "{circuit_id.hex}"},
        ],
        "keep_raw": "Reply-Message",
    }
}
HEX = b"olt7 eth 1/12".hex()
V4, V6 = session("v4", "203.0.113.9"), session("v6", "2001:db8:1::/56")


def chosen(bngs: Directory, attributes: bytes, *rows: SessionRow) -> tuple[PacketView, Sequence[Chosen] | Refused]:
    """Which of the rows a request with these attributes means."""
    octets = view(request(attributes))

    def of_bng(name: str) -> Selectors | None:
        bng = bngs.bngs.get(name)
        return None if bng is None else read(octets, bng.profile, bng.mode)

    return octets, choose(rows, of_bng, NOW_MS)


def names(bngs: Directory, attributes: bytes, *rows: SessionRow) -> list[str] | int:
    """Their Acct-Session-Ids, or the Error-Cause."""
    _, found = chosen(bngs, attributes, *rows)
    return int(found.cause) if isinstance(found, Refused) else [one.row.session_id.decode() for one in found]


def cut(bngs: Directory, attributes: bytes, *rows: SessionRow) -> list[list[int]]:
    """For each session that is meant: keys of the attributes that its BNG does not see, in packet order."""
    _, found = chosen(bngs, attributes, *rows)
    assert not isinstance(found, Refused), found.cause
    return [[span.key for span in sorted(one.cut, key=lambda span: span.start)] for one in found]


@pytest.fixture(scope="module")
def plain() -> Directory:
    """A BNG with all defaults."""
    return directory({})


@pytest.fixture(scope="module")
def writing() -> Directory:
    """A BNG whose User-Name and Calling-Station-Id we write."""
    return directory(WRITES)


CIRCUIT_KEY, REMOTE_KEY = 3561 << 8 | 1, 3561 << 8 | 2


def test_the_line_means_all_its_sessions(plain: Directory) -> None:
    """IPv4 and IPv6 of one line may be two sessions: both are meant, and neither BNG sees ids that it never sent."""
    assert ["v4", "v6"] == names(plain, LINE, V4, V6)
    assert [[CIRCUIT_KEY, REMOTE_KEY]] * 2 == cut(plain, LINE, V4, V6)


def test_an_address_means_the_session_that_holds_it(plain: Directory) -> None:
    """A prefix of the session holds all addresses in it."""
    assert ["v4"] == names(plain, v4_host("203.0.113.9"), V4, V6)
    assert ["v6"] == names(plain, prefix_host(DELEGATED_IPV6_PREFIX, "2001:db8:1::/56"), V4, V6)
    assert ["v6"] == names(plain, prefix_host(97, "2001:db8:1:1::/64"), V4, V6)


def test_each_session_sees_its_own_addresses_only(plain: Directory) -> None:
    """An IPv6 session that is asked for by an IPv4 address as well would not be found by its BNG."""
    both = v4_host("203.0.113.9") + prefix_host(DELEGATED_IPV6_PREFIX, "2001:db8:1::/56")

    assert [[DELEGATED_IPV6_PREFIX], [FRAMED_IP_ADDRESS]] == cut(plain, both, V4, V6)


@pytest.mark.parametrize(
    ("attributes", "rows"),
    [
        (v4_host("203.0.113.9") + prefix_host(DELEGATED_IPV6_PREFIX, "2001:db8:2::/56"), [V4, V6]),
        (v4_host("203.0.113.10"), [V4, V6]),
        (line("olt7/13", "olt7 eth 1/12"), [V4]),
        (line("olt7/12", "olt7 eth 1/13"), [V4]),
        (LINE + attribute(SESSION_ID, "v5"), [V4, V6]),
        (LINE + attribute(USER_NAME, "somebody"), [V4]),
        (LINE + attribute(CALLING_STATION_ID, "00:0e:8f:00:00:02"), [V4]),
        (LINE, [dataclasses.replace(V4, ids=None)]),
        (LINE, [dataclasses.replace(V4, state=SessionState.STOPPED)]),
        (LINE, [dataclasses.replace(V4, state=SessionState.EXPECTED, until_ms=NOW_MS - 1)]),
        (LINE, [dataclasses.replace(V4, session_id=b"")]),
        (LINE, [dataclasses.replace(V4, nas="bng9|")]),
        (LINE, []),
    ],
    ids=["half held", "not held", "remote", "circuit", "session", "user", "mac", "no ids", "stopped", "ran out",
         "no name", "other bng", "none"],
)  # fmt: skip
def test_whatever_contradicts_rules_a_session_out(plain: Directory, attributes: bytes, rows: list[SessionRow]) -> None:
    """Everything that AAA says must hold, else the session context is not found (503)."""
    assert 503 == names(plain, attributes, *rows)


def test_sessions_of_two_lines_are_never_ended_together(plain: Directory) -> None:
    """A cloned MAC, or a Remote-Id that is a switch's: AAA is told to say more (508)."""
    other = dataclasses.replace(V6, line="b" * 24)
    lineless = [dataclasses.replace(one, line=None) for one in (V4, V6)]

    assert 508 == names(plain, line("olt7/12"), V4, other)
    assert 508 == names(plain, attribute(CALLING_STATION_ID, "00-0e-8f-00-00-01"), *lineless)


def test_a_name_in_two_domains_is_two_lines() -> None:
    """Access nodes of two regions may have the same names."""
    bngs = directory({}, {})

    assert 508 == names(bngs, line("olt7/12"), V4, dataclasses.replace(V4, domain="bng2", nas="bng2|"))


def test_sessions_of_before_a_restart_count_if_there_are_no_others(plain: Directory) -> None:
    """The BNG is asked before AAA is told that there is none."""
    suspect = dataclasses.replace(V6, state=SessionState.SUSPECT)

    assert ["v4"] == names(plain, LINE, V4, suspect)
    assert ["v6"] == names(plain, LINE, suspect)


def test_what_we_wrote_is_taken_out_and_what_the_bng_wrote_stays(writing: Directory) -> None:
    """The BNG knows neither the User-Name of ours nor the raw Remote-Id that we added."""
    ours = attribute(USER_NAME, "line-olt7/12") + attribute(CALLING_STATION_ID, HEX)
    raw = attribute(18, b"\0\0\x0d\xe9olt7/12")

    assert [[USER_NAME, CALLING_STATION_ID, 18]] == cut(writing, ours + raw, V4)
    assert [[USER_NAME]] == cut(
        writing, attribute(USER_NAME, "line-olt7/12") + attribute(CALLING_STATION_ID, "000e.8f00.0001"), V4
    )
    assert [[]] == cut(writing, attribute(USER_NAME, "raw-user") + attribute(18, "goodbye"), V4)


def test_a_name_that_is_neither_ours_nor_the_bngs_means_nobody(writing: Directory) -> None:
    """A template that fits with another line's id is another line's."""
    assert 503 == names(writing, attribute(USER_NAME, "line-olt7/13"), V4)
    assert 503 == names(writing, attribute(USER_NAME, "whoever"), V4)


@pytest.mark.parametrize(
    ("attributes", "terms"),
    [
        (v4_host("203.0.113.9") + LINE, (address_term("203.0.113.9"),)),
        (LINE, (remote_id_term(b"olt7/12"),)),
        (line(None, "olt7 eth 1/12"), (circuit_id_term(b"olt7 eth 1/12"),)),
        (attribute(USER_NAME, "line-olt7/12"), (remote_id_term(b"olt7/12"),)),
        (attribute(CALLING_STATION_ID, HEX), (circuit_id_term(b"olt7 eth 1/12"),)),
        (attribute(CALLING_STATION_ID, "00:0e:8f:00:00:01"), (mac_term(MAC),)),
        (attribute(USER_NAME, "somebody@isp") + attribute(NAS_PORT_ID, "1/1/4:100"), ()),
        (attribute(SESSION_ID, "v4"), ()),
    ],
    ids=["address", "line", "circuit", "template", "hex template", "mac", "name alone", "session"],
)
def test_the_most_telling_selector_is_looked_up(writing: Directory, attributes: bytes, terms: tuple[str, ...]) -> None:
    """One index is asked; the rest is compared with what it gives."""
    bng = writing.bngs["bng1"]

    assert terms == read(view(request(attributes)), bng.profile, bng.mode).terms()


@pytest.mark.parametrize(
    ("mode", "ours"),
    [("observe", [False, False, False]), ("strip", [True, False, False]), ("full", [True, True, True])],
)
def test_only_what_the_mode_lets_us_change_can_be_ours(mode: str, ours: list[bool]) -> None:
    """In mode observe AAA and BNG speak of the same, so that nothing is looked up and nothing changed."""
    bng = directory({**WRITES, "mode": mode}).bngs["bng1"]
    told = (line("olt7/12"), line(None, "eth"), attribute(USER_NAME, "line-olt7/12"))

    assert ours == [read(view(request(one)), bng.profile, bng.mode).ours for one in told]


def test_a_vendors_session_keys_are_the_bngs_own(plain: Directory) -> None:
    """Session, address, port and MAC pass as they are: no store is needed for them."""
    bng = plain.bngs["bng1"]
    own = attribute(SESSION_ID, "s") + v4_host("203.0.113.9") + attribute(NAS_PORT_ID, "1/1/4:100.20")

    assert not read(view(request(own + attribute(USER_NAME, "raw-user"))), bng.profile, bng.mode).ours


def test_an_interface_id_may_differ_where_the_remote_id_alone_names_the_line() -> None:
    """Their texts differ by nature; AAA may send either."""
    bngs = directory({"line_id": "remote"})

    assert ["v6"] == names(bngs, line("olt7/12", "ge-1"), dataclasses.replace(V6, ids=LineIds(b"olt7/12", b"ge-2")))
