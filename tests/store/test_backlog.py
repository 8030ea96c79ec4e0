"""What waits for the store: whatever comes and goes, each domain is told in order and nothing twice."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.model.line import LineIds
from bngcorr.store.backlog import Backlog, Domain
from bngcorr.store.lesson import NumberSeen, Restart, Sighting
from bngcorr.store.waiting import BATCH, Kept, Queue

DOMAINS = ("a1", "a2", "b1")


def _seen(domain: str, number: int, *, line: int | None = None, v6: bool = False) -> Sighting:
    of = number if line is None else line
    return Sighting(
        domain=domain, bng="bng1", line=f"line{of}", ids=LineIds(b"%d" % of), at_ms=number, until_ms=number, v6=v6
    )  # fmt: skip


def _number(domain: str, number: int) -> NumberSeen:
    return NumberSeen(domain=domain, bng="bng1", number=number, at_ms=number)


def _restart(domain: str, number: int) -> Restart:
    return Restart(domain=domain, bng="bng1", nas="bng1", at_ms=number)


def test_sightings_of_a_line_by_either_family_join_those_of_their_own() -> None:
    """The two requests of a dual-stack CPE alternate: each joins the one of its family, in any case only in its domain.

    What was joined speaks of the latest instant; once it has gone out, the next one waits for itself.
    """
    backlog = Backlog(100, lambda _: "")
    first = [_seen("a1", 1, line=1), _seen("a1", 2, line=1, v6=True)]
    for seen in first:
        assert not backlog.joined(seen)
        backlog.put(seen)
    later = [backlog.joined(_seen("a1", 7, line=1)), backlog.joined(_seen("a1", 8, line=1, v6=True))]
    elsewhere = backlog.joined(_seen("a2", 9, line=1))
    lessons, _ = backlog.next(backlog.road(""))

    assert ([True, True], False) == (later, elsewhere)
    assert first == lessons
    assert [7, 8] == [seen.at_ms for seen in first]
    assert not backlog.joined(_seen("a1", 10, line=1, v6=True))


def test_little_keeps_its_order_whatever_its_kinds() -> None:
    """A domain that has not more to tell than one write takes is told as it happened."""
    told: list[Kept] = [(_seen, _number, _restart)[number % 3]("a1", number) for number in range(BATCH)]
    queue = Queue()
    for lesson in told:
        queue.append(lesson)

    assert told == queue.take(BATCH)
    assert 0 == len(queue)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.sampled_from(DOMAINS), st.sampled_from((_seen, _number, _restart))),
            st.tuples(st.just("many"), st.sampled_from(DOMAINS), st.sampled_from((_seen, _number, _restart))),
            st.tuples(st.sampled_from(("take", "refuse")), st.sampled_from("ab"), st.just(_seen)),
        ),
        max_size=30,
    )
)
def test_each_lesson_goes_out_once_and_each_kind_in_order(acts: list[tuple[str, str, object]]) -> None:
    """Through refusals, turns and batches that are full: per domain and kind as it was put, and the counts agree."""
    backlog = Backlog(100_000, lambda domain: domain[0])
    put: list[Kept] = []
    told: list[Kept] = []

    def take(node: str, refused: bool) -> int:
        road = backlog.road(node)
        lessons, domains = backlog.next(road)
        assert len(lessons) <= BATCH
        if refused:
            backlog.put_back(lessons)
        else:
            told.extend(lessons)
        for domain in domains:
            backlog.release(domain)
        return len(lessons)

    for what, where, make in acts:
        if what in ("put", "many"):
            for _ in range(1 if what == "put" else BATCH - 3):
                lesson = make(where, len(put))  # type: ignore[operator]
                put.append(lesson)
                backlog.put(lesson)
        else:
            take(where, what == "refuse")
        assert backlog.count == len(put) - len(told) == sum(road.waiting for road in backlog.roads.values())
        assert backlog.count == sum(backlog.waiting(domain) for domain in DOMAINS)
    while take("a", False) or take("b", False):
        pass

    assert 0 == backlog.count
    for domain in DOMAINS:
        for kind in (Sighting, NumberSeen, Restart):
            assert [one for one in put if one.domain == domain and isinstance(one, kind)] == [
                one for one in told if one.domain == domain and isinstance(one, kind)
            ]


def test_a_domain_under_way_stands_in_no_line() -> None:
    """What comes meanwhile waits until the writer lets it go on, and then behind the other domains."""
    backlog = Backlog(100, lambda _: "")
    road = backlog.road("")
    backlog.put(_number("a1", 1))
    _, (under_way,) = backlog.next(road)
    held_back = backlog.put(_number("a1", 2))
    backlog.put(_number("a2", 3))
    backlog.release(under_way)

    assert isinstance(under_way, Domain)
    assert None is held_back
    assert [3, 2] == [lesson.at_ms for lesson in backlog.next(road)[0] if isinstance(lesson, NumberSeen)]
