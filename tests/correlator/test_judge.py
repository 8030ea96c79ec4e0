"""The judge: one round trip for a vector, the hold, and the breaker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from bngcorr.correlator.breaker import PROBE_EVERY_S
from bngcorr.correlator.hold import ENOUGH
from bngcorr.correlator.judge import Judge, recall_of
from bngcorr.correlator.question import Question
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.verdict import UNKNOWN, Verdict
from bngcorr.model.vocabulary import Key, Outcome, Rung, VlanModel
from bngcorr.store import packing
from bngcorr.store.contract import Told
from bngcorr.store.lesson import Lesson, Sighting
from bngcorr.store.questions import Questions
from bngcorr.store.recollection import Candidate, KeyRecord, Recall, Recollection

from .questions import DAY, NOW, PORT, candidate, handle, live, question, ring

HASH = handle(ring(), Key.ATTACHMENT_MAC).hash
SEEN = Candidate(line="A", ids=LineIds(b"LINE-A"), sighted_ms=NOW, sighted_v6_ms=0, attached=True)


@dataclass(eq=False)
class Waiting:
    """A request as the judge sees it."""

    question: Question
    hold_s: float = 0.0
    bng: str = "bng1"


@dataclass
class Store:
    """A store that knows what the test tells it, and whose nodes can be away."""

    known: dict[str, tuple[Candidate, ...]] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)  # domains
    takes_s: float = 0.0
    mad: bool = False
    recalls: list[int] = field(default_factory=list)
    probes: list[str] = field(default_factory=list)

    async def recall(self, questions: Sequence[Recall], now_ms: int) -> list[Recollection | None]:
        """Answer from memory; None for domains that are away."""
        assert now_ms == NOW
        self.recalls.append(len(questions))
        await asyncio.sleep(self.takes_s)
        if self.mad:
            raise ValueError("what nobody foresaw")
        return [
            None
            if one.domain in self.away
            else Recollection(
                records={key: KeyRecord(candidates=self.known.get(key, ())) for key in one.keys},
                mac_lines=1,
                session=None,
                epochs={},
            )
            for one in questions
        ]

    async def write(
        self, lessons: Sequence[Lesson], now_ms: int, taken: Callable[[list[str]], None] = lambda _: None
    ) -> list[str]:
        """Nothing is written here."""
        raise AssertionError(lessons, now_ms, taken)

    async def ping(self, domain: str) -> bool:
        """Whether it is there."""
        self.probes.append(domain)
        return domain not in self.away


@dataclass
class Calling(Store):
    """One that calls back, when the test wants it."""

    asked: list[Told] = field(default_factory=list)

    def ask(self, questions: Sequence[Recall], now_ms: int, told: Told) -> None:
        """Note who is to be told."""
        assert now_ms == NOW
        self.recalls.append(len(questions))
        self.asked.append(told)


def _unreadable(asked: Recall) -> list[Recollection | None]:
    """What a store tells of a line whose only session is of another version."""
    record: list[object] = [b""] * 21
    record[3], record[15] = 1, packing.pack([LineIds(b"LINE-A").encode()])
    for instant in (11, 12, 16, 17):
        record[instant] = NOW + 1
    name, on_key = bytes(12), [bytes(12), NOW - DAY, 0, 0, NOW + DAY, 0]
    record += [bytes(12), b"bng1|", 0, "never", 1, NOW, bytes.fromhex(asked.keys[0])[:4], b""]
    questions = Questions([asked], NOW)
    domains = questions.domains
    questions.arguments(domains)
    questions.take(domains, [packing.pack([[], [on_key], [name, record], [], [], []])])
    return questions.answers()


@dataclass
class Noon:
    """A clock that stands, and is steady unless told otherwise."""

    steady: bool = True

    def now_ms(self) -> int:
        """Always the same."""
        return NOW


@dataclass
class Court:
    """A judge, its store, and the verdicts that were given."""

    store: Store = field(default_factory=Store)
    clock: Noon = field(default_factory=Noon)
    given: list[tuple[Waiting, Verdict, float]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.judge: Judge[Waiting] = Judge(self.store, self.clock)

    def then(self, requests: list[Waiting], verdicts: list[Verdict]) -> None:
        """Note verdicts and when they came."""
        for request, verdict in zip(requests, verdicts, strict=True):
            self.given.append((request, verdict, time.monotonic() - self.started))

    def ask(self, *requests: Waiting) -> None:
        """Ask now."""
        self.started = time.monotonic()
        self.judge.ask(list(requests), self.then)

    @property
    def outcomes(self) -> list[Outcome]:
        """What was said so far."""
        return [verdict.outcome for _, verdict, _ in self.given]


async def _until(condition: Callable[[], bool], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110  # any condition, of many parts
            await asyncio.sleep(0.002)


def _request(last_octet: int = 0x17, hold_s: float = 0.0, *, domain: str = "bng1") -> Waiting:
    keys = ring(PORT, Mac(bytes.fromhex("3ca62f0000") + bytes((last_octet,))))
    return Waiting(question(keys, domain=domain), hold_s)


def _sighting(*, attachment_mac: str | None = None, bng_mac: str | None = None) -> Sighting:
    return Sighting(
        domain="bng1", bng="bng1", attachment_mac=attachment_mac, bng_mac=bng_mac, line="A", ids=LineIds(b"LINE-A"),
        at_ms=NOW, until_ms=NOW + 1000,
    )  # fmt: skip


@pytest.mark.asyncio
async def test_a_vector_costs_one_round_trip() -> None:
    """All questions of a vector go to the store together, and every request gets one verdict."""
    court = Court()
    requests = [_request(octet) for octet in range(1, 41)]
    court.store.known[handle(requests[3].question.keyring, Key.ATTACHMENT_MAC).hash] = (SEEN,)
    court.ask(*requests)
    await _until(lambda: len(court.given) == 40)
    await asyncio.sleep(0.02)

    assert [40] == court.store.recalls
    assert requests == [request for request, _, _ in court.given]
    assert [Outcome.MATCHED if at == 3 else Outcome.UNMATCHED for at in range(40)] == court.outcomes
    await court.judge.close()


@pytest.mark.asyncio
async def test_several_vectors_are_in_flight_at_once() -> None:
    """A second vector does not wait for the answer to the first."""
    court = Court(Store(takes_s=0.2))
    court.ask(_request(1))
    court.judge.ask([_request(2)], court.then)
    await asyncio.sleep(0.05)
    asked = list(court.store.recalls)
    await _until(lambda: len(court.given) == 2)

    assert [1, 1] == asked
    await court.judge.close()


@pytest.mark.asyncio
async def test_a_request_without_hold_is_answered_after_one_round() -> None:
    """With a hold of 0 the first verdict stands."""
    court = Court()
    court.ask(_request())
    await _until(lambda: bool(court.given))
    await asyncio.sleep(0.05)

    assert [1] == court.store.recalls
    assert 0 == court.given[0][1].held_ms
    await court.judge.close()


@pytest.mark.asyncio
async def test_a_held_request_is_woken_by_its_sighting() -> None:
    """When the sighting reaches the store, the held request is asked again at once and matched."""
    court = Court()
    held = _request(hold_s=20.0)
    court.ask(held)
    await asyncio.sleep(0.4)  # beyond the instants at which it is asked again anyway
    assert [] == court.given
    assert 1 == court.judge.held
    asked_before = len(court.store.recalls)
    court.store.known[HASH] = (SEEN,)
    court.judge.sighted([_sighting(attachment_mac=HASH)])
    await _until(lambda: bool(court.given))

    (request, verdict, after_s) = court.given[0]
    assert request is held
    assert (Outcome.MATCHED, "A") == (verdict.outcome, verdict.line)
    assert 380 <= verdict.held_ms <= after_s * 1000 + 5
    assert asked_before + 1 == len(court.store.recalls)
    await _until(lambda: court.judge.held == 0)
    await court.judge.close()


@pytest.mark.asyncio
async def test_sightings_of_others_do_not_wake() -> None:
    """A sighting on other keys costs no round trip."""
    court = Court()
    court.ask(_request(hold_s=20.0))
    await asyncio.sleep(0.5)
    asked = len(court.store.recalls)
    court.judge.sighted([_sighting(attachment_mac="ff" * 12, bng_mac="ee" * 12)])
    await asyncio.sleep(0.05)

    assert asked == len(court.store.recalls)
    assert [] == court.given
    await court.judge.close()


@pytest.mark.asyncio
async def test_a_sighting_of_another_replica_is_found_by_asking_again() -> None:
    """Without a wake-up, the store is asked again at a few instants, so a sighting written elsewhere is found."""
    court = Court()
    court.ask(_request(hold_s=20.0))
    await asyncio.sleep(0.01)
    court.store.known[HASH] = (SEEN,)
    await _until(lambda: bool(court.given))

    assert Outcome.MATCHED is court.given[0][1].outcome
    await court.judge.close()


@pytest.mark.asyncio
async def test_a_hold_ends_in_time() -> None:
    """A request is held no longer than its hold and is then answered unmatched: never swallowed."""
    court = Court()
    court.ask(_request(1, hold_s=0.1), _request(2, hold_s=0.25))
    await _until(lambda: len(court.given) == 2)

    assert [Outcome.UNMATCHED] * 2 == court.outcomes
    first, second = court.given
    assert 0.1 <= first[2] < second[2] < 1.0
    assert 0.25 <= second[2]
    assert 95 <= first[1].held_ms < 1000
    assert len(court.store.recalls) <= 8
    await _until(lambda: court.judge.held == 0)
    await court.judge.close()


@pytest.mark.asyncio
async def test_only_the_undecided_are_held() -> None:
    """A match or a doubt is told at once; of a vector only the unmatched wait."""
    court = Court()
    matched, doubtful, open_ = (_request(octet, hold_s=0.2) for octet in (1, 2, 3))
    other = Candidate(line="B", ids=LineIds(b"LINE-B"), sighted_ms=NOW, sighted_v6_ms=0, attached=True)
    court.store.known[handle(matched.question.keyring, Key.ATTACHMENT_MAC).hash] = (SEEN,)
    court.store.known[handle(doubtful.question.keyring, Key.ATTACHMENT_MAC).hash] = (SEEN, other)
    court.ask(matched, doubtful, open_)
    await _until(lambda: len(court.given) == 3)

    assert [Outcome.MATCHED, Outcome.AMBIGUOUS, Outcome.UNMATCHED] == court.outcomes
    assert court.given[1][2] < court.given[2][2]
    assert court.given[2][2] >= 0.2
    await court.judge.close()


@pytest.mark.asyncio
async def test_a_store_that_fails_opens_the_breaker() -> None:
    """The vector that met the failure is unknown, and from then on every request is unknown at once, unasked."""
    court = Court(Store(away={"bng1"}))
    court.ask(_request(1, hold_s=1.0), _request(2))
    await _until(lambda: len(court.given) == 2)
    assert court.judge.broken
    assert 1 == court.judge.away
    court.judge.ask([_request(3, hold_s=1.0)], court.then)

    assert [UNKNOWN] * 3 == [verdict for _, verdict, _ in court.given]
    assert [2] == court.store.recalls
    await court.judge.close()


@pytest.mark.asyncio
async def test_a_node_that_is_away_takes_nothing_from_other_domains() -> None:
    """Of one vector only the requests of its domain are unknown; the others are judged, now and while it is away."""
    court = Court(Store(away={"metro"}))
    lost, other = _request(1, hold_s=20.0, domain="metro"), _request(2, domain="rural")
    court.ask(lost, other)
    await _until(lambda: len(court.given) == 2)
    assert 1 == court.judge.away
    court.judge.ask([_request(3, domain="metro"), _request(4, domain="rural")], court.then)
    assert Outcome.UNKNOWN is court.outcomes[2]  # at once: nobody waits for what is away
    await _until(lambda: len(court.given) == 4)

    assert {id(lost): Outcome.UNKNOWN, id(other): Outcome.UNMATCHED} == {
        id(request): verdict.outcome for request, verdict, _ in court.given[:2]
    }
    assert Outcome.UNMATCHED is court.outcomes[3]
    assert [2, 1] == court.store.recalls
    await court.judge.close()


@pytest.mark.asyncio
async def test_the_window_is_suspended_while_the_clock_is_unsteady() -> None:
    """After a jump of the clock nobody knows how far apart two instants are; a live session says it all the same."""
    court = Court(clock=Noon(steady=False))
    court.store.known[HASH] = (candidate("A", sighted=-100),)
    court.ask(_request())
    await _until(lambda: len(court.given) == 1)
    court.store.known[HASH] = (candidate("A", sighted=-100, sessions=(live(),)),)
    court.ask(_request())
    await _until(lambda: len(court.given) == 2)
    court.clock.steady = True
    court.ask(_request())
    await _until(lambda: len(court.given) == 3)

    assert [None, Rung.LIVE, Rung.WINDOW] == [verdict.rung for _, verdict, _ in court.given]
    await court.judge.close()


@pytest.mark.asyncio
async def test_a_bng_where_holding_does_not_pay_is_not_held() -> None:
    """After many holds in vain the next requests of that BNG go on at once; other BNGs are held as before."""
    court = Court()
    in_vain = [_request(octet, hold_s=0.01) for octet in range(1, 2 * ENOUGH + 1)]
    court.ask(*in_vain)
    await _until(lambda: len(court.given) == 2 * ENOUGH)
    assert (False, True) == (court.judge.holds("bng1"), court.judge.holds("bng2"))
    elsewhere = _request(1, hold_s=20.0)
    elsewhere.bng = "bng2"
    court.judge.ask([_request(1, hold_s=20.0), elsewhere], court.then)
    await _until(lambda: len(court.given) == 2 * ENOUGH + 1)
    await _until(lambda: court.judge.held == 1)

    assert 0 == court.given[-1][1].held_ms
    assert "bng1" == court.given[-1][0].bng
    await court.judge.release()
    await court.judge.close()


def test_what_a_question_needs_to_know() -> None:
    """The keys, the MAC, the place; BNG and MAC and the session only of a request that has to climb."""
    keys = ring(PORT, model=VlanModel.PER_LINE)
    climbs = recall_of(question(keys, session="5" * 24))
    checked = recall_of(question(keys, session="5" * 24, own=LineIds(b"LINE-A")))

    every = tuple(one.hash for one in keys.handles)
    here = (keys.attachment_mac, keys.attachment)
    for asked, hashes, session in ((climbs, every, "5" * 24), (checked, here, None)):
        assert ("bng1", hashes, keys.mac, session, keys.place) == (
            asked.domain, asked.keys, asked.mac, asked.session, asked.place,
        )  # fmt: skip


@pytest.mark.asyncio
async def test_the_probe_closes_the_breaker() -> None:
    """A background probe finds the store back, and correlation is back without a restart."""
    court = Court(Store(away={"bng1"}))
    court.ask(_request(1))
    await _until(lambda: court.judge.broken)
    await asyncio.sleep(PROBE_EVERY_S * 1.5)
    assert court.judge.broken
    assert {"bng1"} == set(court.store.probes)
    court.store.away.clear()
    await _until(lambda: not court.judge.broken)
    court.store.known[HASH] = (SEEN,)
    court.ask(_request())
    await _until(lambda: len(court.given) == 2)

    assert [Outcome.UNKNOWN, Outcome.MATCHED] == court.outcomes
    probes = len(court.store.probes)
    await asyncio.sleep(PROBE_EVERY_S * 1.5)
    assert probes == len(court.store.probes)  # nobody asks a store that is there
    await court.judge.close()


@pytest.mark.asyncio
async def test_a_store_that_goes_away_releases_the_held() -> None:
    """Requests on hold are unknown as soon as the store fails them: they don't wait for their hold to end."""
    court = Court()
    court.ask(_request(hold_s=20.0))
    await asyncio.sleep(0.03)
    court.store.away.add("bng1")
    await _until(lambda: bool(court.given))

    assert Outcome.UNKNOWN is court.given[0][1].outcome
    assert court.judge.broken
    await court.judge.close()


@pytest.mark.asyncio
async def test_a_bug_does_not_swallow_requests() -> None:
    """Should an answer of the store be unreadable, its vector goes on as unknown, the held included."""
    court = Court()
    court.ask(_request(1), _request(2, hold_s=20.0))
    await asyncio.sleep(0.005)
    court.store.mad = True
    court.judge.ask([_request(3), _request(4, hold_s=20.0)], court.then)
    await _until(lambda: len(court.given) == 4)
    assert {Outcome.UNMATCHED, Outcome.UNKNOWN} == set(court.outcomes)
    assert not court.judge.broken
    court.store.mad = False
    court.judge.ask([_request(5)], court.then)
    await _until(lambda: len(court.given) == 5)

    assert Outcome.UNMATCHED is court.outcomes[-1]
    assert 0 == court.judge.held
    await court.judge.close()


@pytest.mark.asyncio
async def test_a_store_that_calls_back_is_not_waited_for() -> None:
    """Its answer brings the verdicts at once, an error that nobody foresaw makes them unknown."""
    store = Calling()
    court = Court(store)
    court.ask(_request(1))
    court.judge.ask([_request(2), _request(3)], court.then)
    nothing = Recollection(records={}, mac_lines=2, session=None, epochs={})
    assert [] == court.given

    store.asked[1]([nothing, nothing])
    assert [Outcome.AMBIGUOUS] * 2 == court.outcomes
    store.asked[0](ValueError("what nobody foresaw"))
    assert Outcome.UNKNOWN is court.outcomes[-1]
    assert not court.judge.broken
    await court.judge.close()


@pytest.mark.asyncio
async def test_what_a_store_says_after_the_end_is_heard_by_nobody() -> None:
    """A judge that is closed tells no verdict any more; one that lets go waits for those under way."""
    store = Calling()
    court = Court(store)
    court.ask(_request(1))
    court.judge.ask([_request(2)], court.then)
    letting_go = asyncio.create_task(court.judge.release())
    await asyncio.sleep(0.01)
    assert not letting_go.done()
    store.asked[0]([None])
    await court.judge.close()
    store.asked[1]([None])
    await letting_go

    assert 1 == len(court.given)


@pytest.mark.asyncio
async def test_what_matters_and_cannot_be_read_is_as_good_as_no_answer() -> None:
    """A line whose sessions are of another version may be live: the request is unknown, and nothing is said of it."""
    store = Calling()
    court = Court(store)
    request = _request(1)
    court.ask(request)
    asked = recall_of(request.question)
    asked = Recall(domain=asked.domain, keys=asked.keys[:1], mac=None, session=None)
    store.asked[0](_unreadable(asked))

    assert [UNKNOWN] == [verdict for _, verdict, _ in court.given]
    assert court.judge.broken
    await court.judge.close()


@pytest.mark.asyncio
async def test_a_shutdown_releases_the_held() -> None:
    """Before the process ends, whoever is on hold gets the verdict of that moment, and nobody is held any more."""
    court = Court()
    court.ask(_request(1, hold_s=20.0), _request(2, hold_s=20.0))
    await _until(lambda: court.judge.held == 2)
    court.store.known[handle(_request(1).question.keyring, Key.ATTACHMENT_MAC).hash] = (SEEN,)
    await court.judge.release()

    assert [Outcome.MATCHED, Outcome.UNMATCHED] == court.outcomes
    court.judge.ask([_request(3, hold_s=20.0)], court.then)
    await _until(lambda: len(court.given) == 3)
    await court.judge.close()


@pytest.mark.asyncio
async def test_every_request_gets_one_verdict() -> None:
    """Through holds, wake-ups, failures and repairs, `then` is called exactly once for each request."""
    court = Court(Store(takes_s=0.002))
    requests = [_request(octet, hold_s=0.02 * (octet % 5)) for octet in range(1, 121)]
    for at in range(0, 120, 8):
        court.judge.ask(requests[at : at + 8], court.then)
        court.store.away = {"bng1"} if at in (40, 48) else set()
        court.judge.sighted([_sighting(attachment_mac=requests[at].question.keyring.handles[0].hash)])
        await asyncio.sleep(0.02)
    await _until(lambda: len(court.given) >= 120)
    await asyncio.sleep(0.15)

    assert len(requests) == len(court.given)
    assert set(map(id, requests)) == {id(request) for request, _, _ in court.given}
    assert {Outcome.UNKNOWN, Outcome.UNMATCHED} == set(court.outcomes)
    assert 0 == court.judge.held
    await court.judge.close()


class Unaskable(Store):
    """A question can't even be put to it."""

    def recall(self, questions: Sequence[Recall], now_ms: int) -> Awaitable[list[Recollection | None]]:  # type: ignore[override]
        """An error at once, not once it is waited for."""
        raise RuntimeError(questions, now_ms)


@pytest.mark.asyncio
async def test_requests_go_on_if_the_store_can_not_even_be_asked() -> None:
    """An error that nobody foresaw costs the verdicts of its vector, and loses none of its requests."""
    court = Court(store=Unaskable())
    court.ask(_request(1), _request(2))

    assert [UNKNOWN, UNKNOWN] == [verdict for _, verdict, _ in court.given]
