"""What is learnt from Accepts: no less than if each lesson were made and compared with what the store was told."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from bngcorr.accountant.grant import granted
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.verdict import CONFLICT, UNMATCHED, Verdict
from bngcorr.model.vocabulary import Outcome, Rung, VlanModel
from bngcorr.proxy import lessons
from bngcorr.proxy.admit import describe
from bngcorr.proxy.expecting import REPEATED_MS, Expecting
from bngcorr.proxy.line_id import Identity
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.nas import Nas
from bngcorr.proxy.notes import Notes
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Request
from bngcorr.store.lesson import Fill, Lesson, Restart, SessionChange, SessionStep
from bngcorr.wire.radius import Layout, PacketView
from tests.lab_parts import nas
from tests.wire.radius_packets import Piece, plain, vsa

from .families import NOKIA, profile, remote_id, request

NOW = 1_800_000_000_000
DAY_MS = 86_400_000
LINE, OTHER = "ab" * 12, "cd" * 12
MAC = vsa(6527, (27, b"02:00:01:00:00:01"))
PORT = plain(87, b"1/1/4:100.20")
LONG, SHORT = (600).to_bytes(4, "big"), (60).to_bytes(4, "big")
BNGS: list[Nas] = [
    nas("bng1", profile(NOKIA), vlan_model=VlanModel.PER_LINE, ports="ring"),
    nas("bng1", profile(NOKIA), vlan_model=VlanModel.PER_LINE, ports="ring", fill=Fill.NEVER),
    nas("bng1", profile(NOKIA), vlan_model=VlanModel.PER_LINE, ports="ring", domain="metro"),
    nas("bng2", profile(NOKIA), vlan_model=VlanModel.PER_LINE, ports="ring"),
    replace(nas("bng1", profile(NOKIA), vlan_model=VlanModel.PER_LINE, ports="ring"), one_box=False),
]
# of each part of a request first what it nearly always is
MACS: list[list[Piece]] = [[MAC], [vsa(6527, (27, b"02:00:01:00:00:02"))], []]
PORTS: list[list[Piece]] = [[PORT], [plain(87, b"1/1/4:100.21")], []]
USERS: list[list[Piece]] = [[plain(1, b"user")], [plain(1, b"USER")], []]
NAMED: list[list[Piece]] = [[], [plain(44, b"0A")], [plain(44, b"0B")]]
REMOTES = [b"LINE-7", b"LINE-8"]
ACCEPTS: list[list[Piece]] = [
    [],
    [plain(18, b"hello")],
    [plain(27, LONG)],
    [plain(27, SHORT)],
    [plain(27, LONG), plain(29, (1).to_bytes(4, "big"))],
    [plain(27, LONG), plain(29, (0).to_bytes(4, "big"))],
    [plain(85, LONG)],
    [plain(85, SHORT)],
    [plain(123, b"\0\x38\x20\x01\x0d\xb8\0\0\0")],
    [plain(123, b"\0\x38\x20\x01\x0d\xb8\0\1\0")],
    [plain(97, b"\0\x40\x20\x01\x0d\xb8\0\0\0\0")],
    [plain(168, bytes(15) + b"\1")],
    [vsa(6527, (99, bytes(15) + b"\1"))],
    [vsa(6527, (99, bytes(15) + b"\2"))],
    [plain(99, b"2001:db8::/56 :: 1 type pd-host")],
]
LAYOUTS: dict[tuple[tuple[int, int, int], ...], Layout] = {}
VERDICTS = [
    Verdict(outcome=Outcome.OWN, line=LINE),
    Verdict(outcome=Outcome.MATCHED, line=LINE, ids=LineIds(b"LINE-7"), rung=Rung.WINDOW),
    Verdict(outcome=Outcome.MATCHED, line=LINE, ids=LineIds(b"LINE-7", b"eth 7"), rung=Rung.LIVE),
    Verdict(outcome=Outcome.OWN, line=OTHER),
    Verdict(outcome=Outcome.MATCHED, line=OTHER, ids=LineIds(b"LINE-7"), rung=Rung.WINDOW),
    UNMATCHED,
    CONFLICT,
]


class Clock:
    """Stands still until it is set."""

    steady = True

    def __init__(self) -> None:
        self.at_ms = NOW

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return self.at_ms


class Scene:
    """Notes, beside whoever makes every lesson and compares it with what was told."""

    def __init__(self) -> None:
        self.learnt: list[Lesson] = []
        self.clock = Clock()
        self.notes = Notes(self.learnt.append, self.clock, Meters(CollectorRegistry()), DAY_MS)
        self.expecting = Expecting()
        self.expected: list[Lesson] = []

    def accepted(self, asked: Request, verdict: Verdict, accept: PacketView) -> None:
        """AAA accepts a request."""
        asked.verdict = verdict
        self.notes.accepted(asked, accept)
        for lesson in lessons.accepted(asked, verdict, self.clock.at_ms, DAY_MS, granted(accept)):
            if not isinstance(lesson, SessionChange) or not self.expecting.knows(lesson):
                self.expected.append(lesson)

    def told(self, lesson: Lesson) -> None:
        """Accounting tells something of a session."""
        self.notes._expecting.told(lesson)
        self.expecting.told(lesson)


def asked_of(
    *, of: int = 0, mac: int = 0, port: int = 0, user: int = 0, named: int = 0, remote: int = 0, authentic: bool = True,
    host: str = "192.0.2.1",
) -> Request:  # fmt: skip
    """A request by the numbers of its parts."""
    view = request(*MACS[mac], *PORTS[port], *USERS[user], *NAMED[named], remote_id(REMOTES[remote]))
    return describe(BNGS[of], view, host, at_ms=NOW, authentic=authentic, numbers=Numbers())


def accept_of(number: int = 0) -> PacketView:
    """One of the Accepts."""
    return accept_with(ACCEPTS[number])


def accept_with(pieces: list[Piece]) -> PacketView:
    """An Accept; those that are alike but for their values share a layout, as where packets are decoded in C."""
    view = request(*pieces, plain(80, bytes(16)), code=2)
    shape = tuple((span.key, span.start, span.end) for span in view.spans)
    return PacketView(view.octets, LAYOUTS.setdefault(shape, Layout(view.spans, shared=True)))


def record(line: str | None) -> SessionChange:
    """Of a session of that line, or of none."""
    return SessionChange(
        domain="bng1", bng="bng1", session="ff" * 12, nas="bng1|", step=SessionStep.STOP, at_ms=NOW, until_ms=NOW,
        line=line,
    )  # fmt: skip


PARTS = st.fixed_dictionaries(
    {},
    optional={
        "of": st.integers(1, len(BNGS) - 1), "mac": st.integers(1, 2), "port": st.integers(1, 2),
        "user": st.integers(1, 2), "named": st.integers(1, 2), "remote": st.just(1), "authentic": st.just(False),
        "host": st.just("192.0.2.2"),
    },
)  # fmt: skip
FEW: st.SearchStrategy[dict[str, Any]] = st.just({}) | PARTS.filter(lambda parts: len(parts) < 2)
ACTS = st.tuples(
    FEW, st.sampled_from([0, 0, 1, *range(len(VERDICTS))]), st.sampled_from([0, 0, 0, *range(len(ACCEPTS))]),
    st.sampled_from([0, 0, 1, 5_000, REPEATED_MS - 1, REPEATED_MS, -1]),
    st.sampled_from([None, None, None, None, record(LINE), record(OTHER), record(None),
                     Restart(domain="bng1", bng="bng1", nas="bng1|", at_ms=NOW)]),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(ACTS, max_size=12))
def test_no_less_is_told_than_if_each_lesson_were_compared(
    acts: list[tuple[dict[str, Any], int, int, int, Lesson | None]],
) -> None:
    """Whatever requests, verdicts, Accepts and accounting come, in any order."""
    scene = Scene()
    for parts, verdict, accept, later, told in acts:
        scene.clock.at_ms += later
        scene.accepted(asked_of(**parts), VERDICTS[verdict], accept_of(accept))
        if told is not None:
            scene.told(told)
    assert scene.expected == scene.learnt


VARIED: list[tuple[dict[str, Any], int, int]] = [
    *(({"of": of}, 0, 0) for of in range(1, len(BNGS))),
    *(({part: number}, 0, 0) for part in ("mac", "port", "user", "named") for number in (1, 2)),
    ({"remote": 1}, 0, 0),
    *(({}, verdict, 0) for verdict in range(2, len(VERDICTS))),
    *(({}, 0, accept) for accept in range(2, len(ACCEPTS))),
]


@pytest.mark.parametrize(("parts", "verdict", "accept"), VARIED)
def test_an_accept_repeats_another_only_if_nothing_differs(parts: dict[str, Any], verdict: int, accept: int) -> None:
    """Each part of a request, each verdict, and each attribute of an Accept that is read."""
    scene = Scene()
    scene.accepted(asked_of(), VERDICTS[0], accept_of())
    known = scene.notes._expecting

    assert known.repeats(asked_of(), VERDICTS[0], accept_of(), NOW)
    assert known.repeats(asked_of(), VERDICTS[1], accept_of(), NOW + REPEATED_MS - 1)
    other = asked_of(**parts)
    assert not known.repeats(other, VERDICTS[verdict], accept_of(accept), NOW)


@pytest.mark.parametrize("accept", range(2, len(ACCEPTS)))
def test_an_accept_that_says_something_is_repeated_as_well(accept: int) -> None:
    """By the same octets, and by no others."""
    scene = Scene()
    scene.accepted(asked_of(), VERDICTS[0], accept_of(accept))
    others = [other for other in range(len(ACCEPTS)) if other != accept]

    assert scene.notes._expecting.repeats(asked_of(), VERDICTS[0], accept_of(accept), NOW)
    assert not any(scene.notes._expecting.repeats(asked_of(), VERDICTS[0], accept_of(other), NOW) for other in others)


def test_a_lines_own_word_repeats_no_match() -> None:
    """It vouches on keys, a match on none; and a request without a line repeats nothing."""
    scene = Scene()
    known = scene.notes._expecting
    scene.accepted(asked_of(), VERDICTS[1], accept_of())
    assert [False, True] == [known.repeats(asked_of(), verdict, accept_of(), NOW) for verdict in VERDICTS[:2]]

    scene.accepted(asked_of(named=1), UNMATCHED, accept_of())
    assert not known.repeats(asked_of(named=1), UNMATCHED, accept_of(), NOW)


def test_boxes_of_one_bng_and_readings_of_one_text_are_told_apart() -> None:
    """Though keys and fingerprint are the same."""
    scene = Scene()
    known, asked = scene.notes._expecting, asked_of(of=4)
    scene.accepted(asked, VERDICTS[0], accept_of())
    other = asked_of(of=4, host="192.0.2.2")
    assert asked.keyring is other.keyring
    assert [True, False] == [known.repeats(one, VERDICTS[0], accept_of(), NOW) for one in (asked, other)]

    said = asked.identity
    asked.identity = Identity(
        said.ids, said.raw_remote_id, said.strips, said.aliases, said.enterprise_number, said.only_raw, said.suspect,
        said.contradictory, said.mac, said.mac_source, Attachment("1/1/4:100.20"), said.place,
    )  # fmt: skip
    assert not known.repeats(asked, VERDICTS[0], accept_of(), NOW)


def test_what_others_were_told_is_not_repeated() -> None:
    """Two instances in one process know nothing of each other, though a CPE has but one keyring."""
    Scene().accepted(asked_of(), VERDICTS[0], accept_of())
    scene = Scene()
    assert not scene.notes._expecting.repeats(asked_of(), VERDICTS[0], accept_of(), NOW)


def test_an_address_that_aaa_gives_anew_each_time_is_no_difference() -> None:
    """The store is not told of IPv4 by Accepts; among more hosts than are kept it may take the place of another."""
    few, many = [plain(27, LONG)], [plain(97, bytes((0, 64, 32, 1, 13, 184, 0, 0, 0, n))) for n in range(32)]
    for rest, same in ((few, True), (many[:31], True), (many, False)):
        scene = Scene()
        known = scene.notes._expecting
        first, second = (accept_with([plain(8, bytes((10, 0, 0, last))), *rest]) for last in (1, 2))
        scene.accepted(asked_of(), VERDICTS[0], first)
        assert known.repeats(asked_of(), VERDICTS[0], first, NOW)
        assert same is known.repeats(asked_of(), VERDICTS[0], second, NOW)


@pytest.mark.parametrize("name", ["session", "line"])
def test_what_accounting_could_not_find_any_more_is_not_repeated(name: str) -> None:
    """Sessions and lines are remembered in a bounded number; a record must find whatever is taken for told."""
    known, asked = Expecting(4), asked_of()
    told = lessons.expected(asked, VERDICTS[0], NOW, granted(accept_of()))
    assert told is not None
    known.knows(told)
    known.keep(told, asked, accept_of())
    repeats = [known.repeats(asked, VERDICTS[0], accept_of(), NOW)]
    for number in range(12):
        other = record(None)
        setattr(other, name, f"{number:024x}")
        known.knows(other)
        repeats.append(known.repeats(asked, VERDICTS[0], accept_of(), NOW))

    assert [True] * 8 + [False] * 5 == repeats


def test_what_was_told_ahead_of_restarts_does_not_last() -> None:
    """A CPE that asked once and never again keeps no more than its own."""
    scene, crowd, accept = Scene(), 20, accept_of()

    def accepted(number: int) -> None:
        of_cpe = vsa(6527, (27, b"02:00:0a:00:00:%02x" % number))
        view = request(of_cpe, PORT, remote_id(b"LINE-%d" % number))
        asked = describe(BNGS[0], view, "192.0.2.1", at_ms=NOW, authentic=True, numbers=Numbers())
        scene.accepted(asked, Verdict(outcome=Outcome.OWN, line=f"{number:024x}"), accept)

    before = _told()
    for number in range(crowd):
        accepted(number)
    scene.told(Restart(domain="bng1", bng="bng1", nas="bng1|", at_ms=NOW))
    for number in range(1, crowd):
        accepted(number)

    assert _told() - before <= 2 * crowd  # those of `scene.notes`, and of its twin


def _told() -> int:
    """How many are kept of what stores were told of sessions."""
    gc.collect()
    return sum(
        type(one).__name__ == "_Told" and type(one).__module__ == Expecting.__module__ for one in gc.get_objects()
    )
