"""A BNG and its clients: what is asked, what is told, and when nothing is."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from bngcorr.simulate.agenda import Agenda
from bngcorr.simulate.gateway import SOLICITS, Gateway
from bngcorr.simulate.packet import Code, Form, Packet
from bngcorr.simulate.population import Cpe, Kind, Line
from bngcorr.simulate.timeline import DAY, HOUR, MINUTE, SECOND, Act, Do, Story

from .scene import OTHER_MAC, box, line, site

INTERVAL_S = 900


def _yes(_: Packet) -> bool:
    return True


def _no(_: Packet) -> bool:
    return False


def play(
    acts: list[Act],
    *lines: Line,
    of: str = "sros-host",
    seed: int = 1,
    accepts: Callable[[Packet], bool] = _yes,
    watched: dict[int, tuple[int, ...]] | None = None,
    until: int = DAY,
) -> list[tuple[int, Packet]]:
    """What the box sends, with the instants, while AAA answers as told after 20 ms."""
    agenda: Agenda[None] = Agenda()
    sent: list[tuple[int, Packet]] = []

    def deliver(at: int, packet: Packet) -> None:
        sent.append((at, packet))
        if packet.code is Code.ACCESS:
            gateway.answered(packet, at + 20, accepted=accepts(packet), interval_s=INTERVAL_S)

    there = box(site(of), tuple(one.number for one in lines))
    numbers = tuple(one.number for one in lines)
    story = Story(box=there, end_ms=until, acts=tuple(acts), lines=numbers, watched=watched or {})
    gateway = Gateway(story, lines, agenda.at, deliver, seed)
    while (due := agenda.next_ms) is not None and due <= until:
        at, do = agenda.pop()
        do(at)
    return sent


def on(at: int = 0, **more: Cpe | None) -> Act:
    """The CPE of line 0 is switched on."""
    return Act(at_ms=at, do=Do.SWITCH_ON, line=0, cpe=more.get("cpe"))


def _two(kind: Kind) -> tuple[Line, Line]:
    return line(0, kind=kind), line(1, kind=kind)


def _codes(sent: list[tuple[int, Packet]]) -> list[tuple[Code, bool]]:
    return [(packet.code, packet.v6) for _, packet in sent]


def test_each_stack_asks_and_gets_a_session() -> None:
    """Host by host: DISCOVER and SOLICIT each ask AAA once, and each accepted one is told as a session of its own."""
    sent = play([on()], line())

    assert sorted(_codes(sent)) == sorted(
        [(Code.ACCESS, False), (Code.START, False), (Code.ACCESS, True), (Code.START, True)]
    )
    assert [Form.PLAIN, Form.NONE] == [packet.form for _, packet in sent if packet.code is Code.ACCESS]


def test_a_start_has_the_session_id_of_its_request() -> None:
    """Access-Request and Start of a session go by one Acct-Session-Id."""
    sent = play([on()], line(kind=Kind.V4_ONLY))

    assert [Code.ACCESS, Code.START] == [packet.code for _, packet in sent]
    assert 1 == len({packet.session for _, packet in sent})


def test_a_client_that_is_refused_sends_again_ever_more_rarely() -> None:
    """A rejected SOLICIT comes again after about 1, 2, 4 … s, each time with a new request, and then no more."""
    sent = play([on()], line(kind=Kind.V6_ONLY), accepts=_no)
    instants = [at for at, _ in sent]
    gaps = [after - before for before, after in pairwise(instants)]

    assert SOLICITS == len(sent)
    assert len(sent) == len({packet.session for _, packet in sent})
    assert all(0.85 <= gap / (SECOND << at) <= 1.15 for at, gap in enumerate(gaps))


def test_v6_first_is_some_30_ms_ahead() -> None:
    """On a v6-first line the SOLICIT's request comes 10 to 60 ms before the DISCOVER's."""
    sent = play([on()], line(kind=Kind.V6_FIRST))
    (v6,) = (at for at, packet in sent if packet.code is Code.ACCESS and packet.v6)
    (v4,) = (at for at, packet in sent if packet.code is Code.ACCESS and not packet.v6)

    assert 10 <= v4 - v6 <= 60


def test_a_careful_line_brings_up_v6_after_v4() -> None:
    """Where only the order tells two lines apart, the SOLICIT comes after v4 was accepted."""
    sent = play([on()], line(kind=Kind.V6_FIRST, careful=True))

    assert [(Code.ACCESS, False), (Code.START, False), (Code.ACCESS, True)] == _codes(sent)[:3]


def test_with_one_request_for_all_stacks_the_second_joins_in_silence() -> None:
    """An IPoE session: only the SOLICIT asks; the DISCOVER's Option 82 is seen in the Start for the first time."""
    sent = play([on()], line(kind=Kind.ONE_REQUEST), of="sros-session")

    assert [Code.ACCESS, Code.START] == [packet.code for _, packet in sent]
    assert [Form.NONE, Form.PLAIN] == [packet.form for _, packet in sent]
    assert [True, True] == [sent[-1][1].v4_host, sent[-1][1].v6_host]


def test_a_host_that_joins_later_is_told_by_an_interim() -> None:
    """An IPoE session that is up already gets its v6 host later: an Interim-Update says so."""
    v6_on = Act(at_ms=HOUR, do=Do.V6_ON, line=1)
    first = Act(at_ms=0, do=Do.SWITCH_ON, line=1)
    off = Act(at_ms=1, do=Do.V6_OFF, line=1)
    sent = play([first, off, v6_on], *_two(Kind.ONE_REQUEST), of="sros-session")

    assert [Code.ACCESS, Code.START, Code.INTERIM] == [packet.code for _, packet in sent]
    assert [(True, False), (True, True)] == [(packet.v4_host, packet.v6_host) for _, packet in sent[1:]]


def test_a_refused_first_trigger_lets_the_other_ask() -> None:
    """The SOLICIT without an id is refused; the DISCOVER that waited for it asks at once, and its session is both's."""
    sent = play(
        [on()], line(kind=Kind.ONE_REQUEST), of="sros-session", accepts=lambda packet: packet.form is Form.PLAIN
    )

    assert [(Code.ACCESS, True), (Code.ACCESS, False)] == _codes(sent)[:2]
    assert sent[1][0] - sent[0][0] < 100
    assert any(packet.v4_host and packet.v6_host for _, packet in sent if packet.code is Code.INTERIM)


def test_a_cpe_that_goes_is_noticed_when_its_lease_runs_out() -> None:
    """Switched off at noon, its sessions stop when the BNG notices."""
    off = Act(at_ms=HOUR, do=Do.SWITCH_OFF, line=0, grace_ms=10 * MINUTE)
    sent = play([on(), off], line())
    stops = [packet for _, packet in sent if packet.code is Code.STOP]

    assert {HOUR + 10 * MINUTE} == {packet.event_ms for packet in stops}
    assert {False, True} == {packet.v6 for packet in stops}


def test_a_cpe_that_boots_again_ends_its_old_session() -> None:
    """A power cycle: when the new request is accepted, the old session stops and a new one starts."""
    sent = play([on(), on(HOUR)], line(kind=Kind.V4_ONLY))

    assert [Code.ACCESS, Code.START, Code.ACCESS, Code.STOP, Code.START] == [packet.code for _, packet in sent]
    assert sent[1][1].session == sent[3][1].session != sent[4][1].session


def test_another_cpe_comes_with_its_own_mac() -> None:
    """A swapped CPE asks with its own MAC on the same line."""
    sent = play([on(), on(HOUR, cpe=Cpe(OTHER_MAC, OTHER_MAC))], line(kind=Kind.V4_ONLY))

    assert [line().cpe.mac, OTHER_MAC] == [packet.mac for _, packet in sent if packet.code is Code.ACCESS]


def test_a_restart_forgets_the_sessions_and_everybody_comes_back() -> None:
    """No Stop after a restart: Accounting-On, and then the clients' requests anew, within a minute."""
    reboot = Act(at_ms=HOUR, do=Do.REBOOT, grace_ms=3 * MINUTE)
    sent = play([on(), reboot], line(kind=Kind.V4_ONLY))
    after = [(at, packet) for at, packet in sent if at > HOUR + MINUTE]

    assert [Code.ON, Code.ACCESS, Code.START] == [packet.code for _, packet in after]
    assert HOUR + 3 * MINUTE <= after[0][0] < after[1][0] <= HOUR + 4 * MINUTE + SECOND


def test_interims_of_a_quiet_line_come_before_something_happens() -> None:
    """Of a line that nothing happens to for hours only those Interims are sent that tell that it is still there."""
    quiet = play([on()], line(kind=Kind.V4_ONLY), watched={0: (10 * HOUR,)})
    every = play([on()], line(kind=Kind.V4_ONLY, closely=True), watched={0: (10 * HOUR,)})
    interims = {packet.event_ms for _, packet in quiet if packet.code is Code.INTERIM}

    assert 1 <= len(interims) <= 2
    assert all(10 * HOUR - 30 * MINUTE <= at <= 10 * HOUR for at in interims)
    assert 90 <= sum(packet.code is Code.INTERIM for _, packet in every)


def test_records_are_late_twice_and_lost_as_often_as_documented() -> None:
    """Of many records some come late with Acct-Delay-Time, some twice, some never."""
    lines = [line(number, kind=Kind.V4_ONLY, closely=True) for number in range(30)]
    acts = [Act(at_ms=number, do=Do.SWITCH_ON, line=number) for number in range(30)]
    sent = [packet for _, packet in play(acts, *lines) if packet.code is Code.INTERIM]
    told = {(packet.line, packet.event_ms) for packet in sent}
    due = 30 * (DAY // (INTERVAL_S * SECOND))

    assert 0.95 <= len(told) / due < 1.0
    assert 0.01 <= (len(sent) - len(told)) / due <= 0.04
    assert 0.01 <= sum(packet.delay_s > 0 and packet.delay_s != 5 for packet in sent) / due <= 0.04
    assert any(packet.delay_s > 600 for packet in sent)
