"""Which record may go next: sessions in order, restarts first, and nobody waits for ever."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bngcorr.accountant.spool.order import FIRST_PAUSE_S, IGNORED_AFTER, LONGEST_PAUSE_S, TRIAL_AFTER, Order, Waiting

BOXES = st.sampled_from(["a", "b"])
LANES = st.integers(0, 3)
RECORDS = st.lists(st.tuples(BOXES, LANES, st.sampled_from([False] * 5 + [True])), max_size=40)


def record(seq: int, box: str, lane: int, restart: bool = False, at: float = 0.0) -> Waiting:
    """A record of a session of a box; lane 0 is what has no session."""
    return Waiting(seq, box, box if not lane else f"{box}{lane}", restart, at)


@dataclass
class Aaa:
    """Answers, or not; sees that the order is kept."""

    order: Order = field(default_factory=Order)
    now: float = 0.0
    records: dict[int, Waiting] = field(default_factory=dict)
    got: list[int] = field(default_factory=list)
    out: list[int] = field(default_factory=list)
    tries: dict[int, int] = field(default_factory=dict)

    def add(self, waiting: Waiting) -> None:
        """One more record."""
        self.records[waiting.seq] = waiting
        self.order.add(waiting)

    def take(self) -> int | None:
        """The next record, which has to be one that may go."""
        seq = self.order.take(self.now)
        if seq is None:
            return None
        mine = self.records[seq]
        waiting = [other for other in self.records.values() if other.seq < seq and other.seq not in self.got]
        ours = [other for other in waiting if other.box == mine.box]
        restarts = [other.seq for other in ours if other.restart]
        if mine.restart:
            assert not restarts, "a restart overtook an earlier one of its box"
        else:
            before = [one.seq for one in self.records.values() if one.seq < seq and one.box == mine.box and one.restart]
            tried = max((self.tries.get(one, 0) for one in before), default=0)
            released = tried >= min(TRIAL_AFTER, IGNORED_AFTER)
            assert released or not restarts, "a record overtook a restart of its box"
            lanes = [other.lane for other in ours if not other.restart]
            assert mine.lane not in lanes, "a record overtook an earlier one of its session"
        assert seq not in self.out
        self.tries[seq] = self.tries.get(seq, 0) + 1
        self.out.append(seq)
        return seq

    def answer(self, seq: int) -> None:
        """AAA has it."""
        self.out.remove(seq)
        self.got.append(seq)
        self.order.delivered(seq)

    def ignore(self, seq: int, *, ignored: bool) -> None:
        """It does not answer."""
        self.out.remove(seq)
        self.order.unanswered(seq, self.now, ignored=ignored)


@settings(max_examples=50)
@given(RECORDS, st.data())
def test_whatever_is_answered_and_whenever_the_order_is_kept(
    records: list[tuple[str, int, bool]], data: st.DataObject
) -> None:
    """Records come, are sent, answered and not answered in any interleaving: no session is out of order, no record of a
    box goes before a restart that arrived before it, and in the end AAA has each of them once."""
    aaa = Aaa()
    coming = [record(seq, *of) for seq, of in enumerate(records, 1)]
    for _ in range(data.draw(st.integers(0, 60))):
        aaa.now += data.draw(st.sampled_from([0.0, 0.3, 5.0]))
        match data.draw(st.integers(0, 4)):
            case 0 if coming:
                aaa.add(coming.pop(0))
            case 1:
                aaa.take()
            case 2 if aaa.out:
                aaa.answer(data.draw(st.sampled_from(aaa.out)))
            case 3 if aaa.out:
                aaa.ignore(data.draw(st.sampled_from(aaa.out)), ignored=data.draw(st.booleans()))
            case _:
                aaa.order.resume()
    for waiting in coming:
        aaa.add(waiting)
    while len(aaa.order):
        aaa.now += LONGEST_PAUSE_S
        while aaa.take() is not None:
            pass
        for seq in list(aaa.out):
            aaa.answer(seq)

    assert sorted(aaa.records) == sorted(aaa.got)
    assert (0, None) == (aaa.order.out, aaa.order.wakes_at())


@settings(max_examples=40)
@given(RECORDS, st.sets(st.integers(1, 40), max_size=4))
@example([("a", 0, False), ("a", 0, True), ("a", 1, True)], {2})
def test_a_record_that_aaa_never_answers_holds_up_its_own_session_only(
    records: list[tuple[str, int, bool]], poison: set[int]
) -> None:
    """All other sessions get through within a bounded number of rounds; so do boxes whose Accounting-On is ignored."""
    aaa = Aaa()
    for seq, of in enumerate(records, 1):
        aaa.add(record(seq, *of))
    # restarts of a box go one after the other
    behind = {seq: ("", mine.box) if mine.restart else (mine.lane, mine.box) for seq, mine in aaa.records.items()}
    held_up = {behind[seq]: seq for seq in reversed(aaa.records) if seq in poison}
    for _ in range(len(records) + 30):
        aaa.now += LONGEST_PAUSE_S
        while aaa.take() is not None:
            pass
        answered = [seq for seq in aaa.out if seq not in poison]
        for seq in answered:
            aaa.answer(seq)
        for seq in list(aaa.out):
            aaa.ignore(seq, ignored=bool(answered))
    others = {seq for seq in aaa.records if held_up.get(behind[seq], seq + 1) > seq}

    assert set() == others - set(aaa.got)


def test_a_box_does_not_wait_for_ever_for_an_on_that_is_never_answered() -> None:
    """The only box there is: after some tries one record goes beside each further one, and once AAA has answered those
    while it ignored the On, the box is held up no longer."""
    aaa = Aaa()
    aaa.add(record(1, "a", 0, restart=True))
    for seq in range(2, 12):
        aaa.add(record(seq, "a", seq))
    rounds = 0
    while len(aaa.got) < 10:
        rounds += 1
        aaa.now += LONGEST_PAUSE_S
        while aaa.take() is not None:
            pass
        beside = [seq for seq in aaa.out if seq != 1]
        for seq in beside:
            aaa.answer(seq)
        aaa.ignore(1, ignored=bool(beside))

    assert rounds <= TRIAL_AFTER + 5


def test_restarts_overtake_everything_that_waits() -> None:
    """A BNG that reboots is told to AAA before thousands of older Interims."""
    aaa = Aaa()
    for seq in range(1, 50):
        aaa.add(record(seq, "a", seq))
    aaa.add(record(50, "b", 0, restart=True))

    assert 50 == aaa.take()


def test_pauses_grow_for_an_ignored_record_and_not_while_aaa_is_away() -> None:
    """1, 2, 4 … 60 s if AAA answers others meanwhile; a steady second if it answers nobody, for it may be back soon."""
    pauses: dict[bool, list[float]] = {}
    for ignored in (True, False):
        aaa = Aaa()
        aaa.add(record(1, "a", 1))
        for _ in range(8):
            seq = aaa.take()
            assert seq is not None
            aaa.ignore(seq, ignored=ignored)
            wakes_at = aaa.order.wakes_at()
            assert wakes_at is not None
            assert aaa.order.take(wakes_at - 0.001) is None
            pauses.setdefault(ignored, []).append(wakes_at - aaa.now)
            aaa.now = wakes_at

    assert [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0] == pauses[True]
    assert [FIRST_PAUSE_S] * 8 == pauses[False]


def test_all_sessions_take_turns() -> None:
    """A session with a thousand records does not hold up one with a single record."""
    aaa = Aaa()
    for seq in range(1, 1_000):
        aaa.add(record(seq, "a", 1))
    aaa.add(record(1_000, "a", 2))
    seen = []
    for _ in range(2):
        taken = aaa.take()
        assert taken is not None
        aaa.answer(taken)
        seen.append(taken)

    assert [1, 1_000] == seen


def test_what_has_waited_a_while_is_backlog() -> None:
    """Records that go at once are none, however many; those that an outage left are."""
    order = Order()
    order.add(record(1, "a", 1, at=100.0))

    assert (False, True) == (order.backlog(100.5), order.backlog(101.5))
