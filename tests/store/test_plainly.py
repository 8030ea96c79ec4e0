"""Questions to Redis or Valkey by plain commands: the answers are those of the script, or the script is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from time import sleep
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from redis.exceptions import ResponseError

from bngcorr.errors import StoreError
from bngcorr.model.line import LineIds
from bngcorr.store import packing
from bngcorr.store.asking import Asker
from bngcorr.store.keys import DomainKeys, epochs
from bngcorr.store.lane import Command, Reply, Sent
from bngcorr.store.lesson import Lesson
from bngcorr.store.plainly import REMEMBERED, Plainly, Reads
from bngcorr.store.questions import Questions
from bngcorr.store.recollection import ALONE, Recall, Recollection, alone
from bngcorr.store.valkey import ValkeyStore

from .scene import Scene
from .subjects import DAY, NAS, NOW, START, STOP, ids_of, key, line

KEYS = ("a+m", "a", "bm")
asyncio = pytest.mark.asyncio


@pytest_asyncio.fixture
async def another(valkey_url: str) -> AsyncIterator[ValkeyStore]:
    """Another process at the same server."""
    one = ValkeyStore(valkey_url, budget_s=5.0, events=0)
    yield one
    await one.close()


def question(
    scene: Scene, keys: Sequence[str] = KEYS, *, number: int | None = None, mac: str | None = "m",
    place: str | None = "p", session: str | None = None,
) -> Recall:  # fmt: skip
    """With a `number` it names that line."""
    return Recall(
        domain=scene.domain, keys=tuple(map(key, keys)), mac=None if mac is None else key(mac),
        session=None if session is None else key(session), place=None if place is None else key(place),
        line=None if number is None else line(number),
    )  # fmt: skip


def sighting(scene: Scene, number: int = 1, *, at: int = 0, v6: bool = False, where: str = "a") -> Lesson:
    """Of a line on all its keys."""
    return scene.sighting(
        number, attachment=where, pair=f"{where}+m", bng_mac="bm", mac="m", place="p", v6=v6, at=at
    )  # fmt: skip


async def by_script(store: ValkeyStore, asked: Sequence[Recall], now: int = 0) -> list[Recollection | None]:
    """What `recall.lua` says, whatever plain commands would."""
    questions = Questions(asked, NOW + now)
    some = questions.domains
    (reply,) = await store.lane.run([store.lane.script("recall", epochs(some), questions.arguments(some))], 5.0)
    questions.take(some, reply)
    return questions.answers()


async def calls(store: ValkeyStore, *asked: Recall) -> dict[str, int]:
    """How often each command was called for these."""
    await store.lane.run([("CONFIG", "RESETSTAT")], 5.0)
    await store.recall(asked, NOW)
    (stats,) = await store.lane.run([("INFO", "commandstats")], 5.0)
    told = (row.removeprefix("cmdstat_").split(":calls=") for row in stats.decode().splitlines() if "cmdstat_" in row)
    return {name: int(rest.split(",")[0]) for name, rest in told if not name.startswith(("config", "info"))}


# ---- what is sent


@asyncio
async def test_the_line_that_stood_there_last_is_read_without_a_script(scene: Scene, store: ValkeyStore) -> None:
    """Its record, those of three keys and of the MAC, and the boxes; the first question about a key is the script's."""
    await scene.write(sighting(scene), scene.change(START, number=1))
    asked = question(scene)

    assert 1 == (await calls(store, asked))["evalsha"]
    assert {"hget": 5, "hgetall": 1} == await calls(store, asked)
    assert {"hget": 4, "hgetall": 1} == await calls(store, question(scene, mac=None))
    assert await by_script(store, [asked]) == await store.recall([asked], NOW)


@asyncio
async def test_a_line_that_names_itself_is_known_to_who_names_none(scene: Scene, store: ValkeyStore) -> None:
    """The first question about keys on which another one was told that its line stands alone needs no script."""
    await scene.write(sighting(scene))

    assert {"hget": 1} == await calls(store, question(scene, number=1, place=None))
    assert {"hget": 5, "hgetall": 1} == await calls(store, question(scene))


@asyncio
async def test_boxes_and_plan_of_a_domain_are_read_once(scene: Scene, store: ValkeyStore) -> None:
    """Whoever asks how many questions about it; those of two domains are one round trip."""
    other = Scene(store)
    for one in (scene, other):
        await one.write(sighting(one))
        await store.recall([question(one)], NOW)
    own, bare = question(scene, number=1), question(scene)
    assert {"hget": 3} == await calls(store, own, own)
    assert {"hget": 12, "hgetall": 1} == await calls(store, own, bare, own, bare)

    before = store.calls
    await store.recall([own, bare, question(other, number=1), question(other)], NOW)
    assert before + 1 == store.calls


@asyncio
async def test_what_plain_commands_do_not_tell_the_script_is_asked_once(scene: Scene, store: ValkeyStore) -> None:
    """In a second round trip; from then on at once, until it says that the line stands alone."""
    asked = question(scene, number=1)
    before = store.calls
    await store.recall([asked], NOW)
    assert before + 2 == store.calls
    await store.recall([asked], NOW)
    assert before + 3 == store.calls
    await scene.write(sighting(scene))
    assert 1 == (await calls(store, asked))["evalsha"]
    assert {"hget": 2} == await calls(store, asked)

    await scene.write(scene.sighting(2, attachment="a", at=1))
    assert 1 == (await calls(store, asked))["evalsha"]
    assert not (await by_script(store, [asked]))[0].alone  # type: ignore[union-attr]
    before = store.calls
    (said,) = await store.recall([asked], NOW)
    assert said == (await by_script(store, [asked]))[0]
    assert before + 2 == store.calls  # the script's call of this test is the other one


@asyncio
async def test_what_was_read_in_vain_is_not_read_again(scene: Scene, store: ValkeyStore) -> None:
    """A key of several lines, keys of which each has another one, and a line that does not say itself that it stands
    alone on its key, for it is elsewhere by now.
    """
    await scene.write(
        sighting(scene), scene.sighting(2, attachment="a", at=1),
        scene.sighting(3, attachment="y"), scene.sighting(4, attachment="z"),
        scene.sighting(5, attachment="w"), scene.sighting(5, attachment="x", at=1),
    )  # fmt: skip
    asked = [
        question(scene, keys, number=number)
        for keys, numbers in ((KEYS, (1, 2)), (("z", "y"), (3, 4)), (("y", "z"), (3, 4)), (("w",), (5,)))
        for number in (None, *numbers)
    ]
    for _ in range(2):
        for one in asked:
            await store.recall([one], NOW)
    for one in asked:
        before = store.calls
        assert await store.recall([one], NOW) == await by_script(store, [one])
        assert before + 2 == store.calls  # one of them is `by_script`


@asyncio
async def test_a_line_that_went_elsewhere_is_the_script_s(scene: Scene, store: ValkeyStore) -> None:
    """Where it was it still stands alone by the record of the key, and its own does not tell that any more."""
    await scene.write(scene.sighting(1, attachment="a"))
    asked = question(scene, ("a",), mac=None)
    await store.recall([asked], NOW)
    await scene.write(scene.sighting(1, attachment="b", at=1))

    assert 1 == (await calls(store, asked))["evalsha"]
    assert await by_script(store, [asked]) == await store.recall([asked], NOW)


@asyncio
@pytest.mark.parametrize("first", [False, True])
async def test_either_family_tells_of_its_keys(scene: Scene, store: ValkeyStore, first: bool) -> None:
    """Of those where it was seen last, as long as it counts there by more than a minute."""
    await scene.write(
        scene.sighting(1, attachment="a", pair="a+m", v6=first),
        scene.sighting(1, attachment="b", pair="b+m", v6=not first, at=1, lasts=90_000),
    )
    here, there, both = (question(scene, keys, number=1, place=None) for keys in (("a+m", "a"), ("b",), ("a", "b")))
    assert {"hget": 3} == await calls(store, here, there, both)

    plainly = Plainly(plain=True)
    reads = Reads(plainly, [here, there, both], NOW + 30_001)
    assert [1, 2] == reads.take(await store.lane.run_each(reads.commands, 5.0))
    assert [ALONE, None, None] == reads.answers


@asyncio
async def test_records_that_do_not_fit_together_are_the_script_s(scene: Scene, store: ValkeyStore) -> None:
    """Keys that name another line, two lines, or none; marked as crowded, or not there; no line, no boxes."""
    await scene.write(sighting(scene))
    plainly = Plainly(plain=True)
    plainly.learn(question(scene, number=1), ALONE)
    reads = Reads(plainly, [question(scene, place=None)], NOW)
    replies = await store.lane.run_each(reads.commands, 5.0)
    of_line, *of_keys, _, boxes = replies
    assert [] == reads.take(replies)
    assert await by_script(store, [question(scene, place=None)]) == reads.answers

    mine = packing.unpack(of_keys[0])
    other = [bytes.fromhex(line(2)), *mine[1:]]
    strange = [None, *map(packing.pack, (other, [*mine, *other], [*mine, b"", NOW, 0, 0, 0, 0], [], mine[:5], 7, b""))]
    doctored: list[tuple[int, Reply]] = [(at, record) for at in (1, 2, 3) for record in strange]
    doctored += [(0, None), (0, b""), (0, of_line[:-1]), (4, b"\xa0\xa0"), (4, b""), (4, ResponseError("WRONGTYPE"))]
    doctored += [(len(replies) - 1, one) for one in (None, b"17", ResponseError("WRONGTYPE"))]
    for at, reply in doctored:
        reads = Reads(plainly, [question(scene, place=None)], NOW)
        assert [0] == reads.take([*replies[:at], reply, *replies[at + 1 :]]), (at, reply)
        assert [None] == reads.answers
    assert [] == boxes


@asyncio
async def test_a_question_of_a_session_is_the_script_s(scene: Scene, store: ValkeyStore) -> None:
    """As is one without keys."""
    await scene.write(sighting(scene), scene.change(START, number=1))
    await store.recall([question(scene)], NOW)
    for asked in (question(scene, session="s1"), question(scene, ())):
        assert 1 == (await calls(store, asked))["evalsha"]
        assert await by_script(store, [asked]) == await store.recall([asked], NOW)


@asyncio
async def test_a_call_is_told_as_what_it_is_for(scene: Scene, store: ValkeyStore) -> None:
    """Questions are `recall` to the metrics, by whatever commands."""
    told: list[str] = []
    store.lane.took = lambda op, _took_s, _failed: told.append(op)
    await store.recall([question(scene, number=1)], NOW)
    await store.recall([question(scene)], NOW)

    assert ["recall"] * 3 == told


def test_in_a_cluster_the_script_is_asked_everything() -> None:
    """There each command would go its own way."""
    plainly = Plainly(plain=False)
    asked = Recall(domain="bng1", keys=(key("a"),), mac=None, session=None, line=line(1))
    plainly.learn(asked, ALONE)
    reads = Reads(plainly, [asked, asked], NOW)

    assert [0, 1] == reads.left
    assert [] == reads.commands


def test_what_is_remembered_is_bounded() -> None:
    """Who asked last is known, who asked long ago is not."""
    plainly = Plainly(plain=True)
    asked = [
        Recall(domain="bng1", keys=(f"{number:024x}",), mac=None, session=None, line=line(1))
        for number in range(2 * REMEMBERED + 1)
    ]
    for one in asked:
        plainly.learn(one, ALONE)
        one.line = None

    assert ["", line(1)] == [plainly.line_of(one) for one in (asked[0], asked[-1])]
    assert 2 * REMEMBERED >= sum(plainly.line_of(one) != "" for one in asked)


# ---- plans


@asyncio
async def test_a_plan_is_read_by_the_version_that_was_in_force_last(scene: Scene, store: ValkeyStore) -> None:
    """Another one, or none any more, is found out in the same round trip, and told by the script."""
    await scene.write(sighting(scene))
    own, bare = question(scene, number=1), question(scene)
    plans: tuple[dict[str, LineIds], ...] = ({key("p"): ids_of(2)}, {key("p"): ids_of(1)}, {key("q"): ids_of(1)}, {})
    for plan in plans:
        await store.recall([own, bare], NOW)
        await store.plans.replace_plan(scene.domain, plan, NOW)
        expected = plan.get(key("p"))
        for again in range(2):
            before = store.calls
            said, whole = await store.recall([own, bare], NOW)
            assert (ALONE if expected is None else alone(expected)) == said
            assert await by_script(store, [bare]) == [whole]
            assert before + 3 - again == store.calls  # one of them is `by_script`
    assert {"hget": 2} == await calls(store, own)


@asyncio
async def test_a_place_that_is_not_told_has_no_plan(scene: Scene, store: ValkeyStore) -> None:
    """And nobody looks for one."""
    await scene.write(sighting(scene))
    await store.plans.replace_plan(scene.domain, {key("p"): ids_of(2)}, NOW)
    for asked in (question(scene, number=1, place=None), question(scene, place=None)):
        for _ in range(2):
            (said,) = await store.recall([asked], NOW)
            assert [said] == await by_script(store, [asked])
            assert said is not None
            assert said.plan is None


# ---- what is broken


@asyncio
@pytest.mark.parametrize("planned", [False, True])
async def test_what_cannot_be_read_is_no_answer(scene: Scene, store: ValkeyStore, planned: bool) -> None:
    """Records that are none, cut off, or in the place of another type: what the script says of them, and of a plan
    that can't be read not even that.
    """
    await scene.write(sighting(scene))
    if planned:
        await store.plans.replace_plan(scene.domain, {key("p"): ids_of(1)}, NOW)
    names = DomainKeys(scene.domain)
    own, bare = question(scene, number=1), question(scene)
    (version,) = await store.lane.run([("HGET", names.epochs, packing.PLAN)], 5.0)
    kinds = [("l", line(1)), ("m", key("m")), *(("k", key(name)) for name in KEYS)]
    if planned:
        kinds.append((f"p:{version.decode()}", key("p")))
    for kind, name in kinds:
        field = bytes.fromhex(name)
        bucket = names.record(kind, field)
        (packed,) = await store.lane.run([("HGET", bucket, field)], 5.0)
        broken: list[bytes] = [b"", b"\xc1", b"\x05", b"\xa0\xa0", packing.pack([NOW, NOW]), packed[:-1], packed + b"x"]
        for octets in (None, *broken):
            for _ in range(2):
                await store.recall([own, bare], NOW)
            commands: list[Command] = [("DEL", bucket), ("SET", bucket, "?")]
            if octets is not None:
                commands = [("HSET", bucket, field, octets)]
            await store.lane.run(commands, 5.0)
            for _ in range(2):
                said = await store.recall([own, bare], NOW)
                told = await by_script(store, [own]) + await by_script(store, [bare])
                for one, other in zip(said, told, strict=True):
                    assert one is None if other is None else (one in (other, None) or other.alone is one.alone is True)
            await store.lane.run([("DEL", bucket), ("HSET", bucket, field, packed)], 5.0)
    await store.lane.run([("DEL", names.epochs), ("SET", names.epochs, "?")], 5.0)
    for asked in (own, bare, question(scene, place=None)):
        assert [None] == await store.recall([asked], NOW)


@asyncio
async def test_a_server_that_is_away_is_not_asked_twice(scene: Scene, store: ValkeyStore) -> None:
    """What it did not say is no answer; what it said before is one."""
    await scene.write(sighting(scene))
    plainly = Plainly(plain=True)
    own, bare = question(scene, number=1, place=None), question(scene)
    plainly.learn(own, ALONE)
    for whole in range(7):
        reads = Reads(plainly, [own, bare], NOW)
        replies = await store.lane.run_each(reads.commands, 5.0)
        assert 7 == len(replies)
        assert [] == reads.take([*replies[:whole], *[StoreError("away")] * (7 - whole)])
        assert [ALONE if whole else None, None] == reads.answers


class _Late:
    """A lane that answers when it is told to."""

    undivided = True

    def __init__(self) -> None:
        self.asked: list[tuple[Sequence[Sent], float, Callable[[list[Reply]], None]]] = []

    def script(self, name: str, keys: Sequence[str], arguments: Sequence[Any]) -> Command:
        """As `Lane.script`."""
        return ("EVALSHA", name, len(keys), *keys, *arguments)

    def tell(
        self, commands: Sequence[Sent], budget_s: float, told: Callable[[list[Reply]], None], _op: str
    ) -> None:  # fmt: skip
        """As `Lane.tell`."""
        self.asked.append((commands, budget_s, told))


@pytest.mark.parametrize("late", [False, True])
def test_the_budget_is_for_both_round_trips(late: bool) -> None:
    """What is left of it is for the second one; if nothing is, there is no answer, and the domain is in trouble."""
    lane: Any = _Late()
    heard: list[tuple[list[str], bool]] = []
    answers: list[Any] = []
    asker = Asker(lane, 0.02, lambda domains, reply: heard.append(([*domains], isinstance(reply, StoreError))))
    asker.ask([Recall(domain="bng1", keys=(key("a"),), mac=None, session=None, line=line(1))], NOW, answers.append)
    ((commands, budget_s, told),) = lane.asked
    assert (1, 0.02) == (len(commands), budget_s)
    sleep(0.03 if late else 0.002)
    told([None])

    assert [(["bng1"], False)] == heard[:1]
    if late:
        assert 1 == len(lane.asked)
        assert [(["bng1"], True)] == heard[1:]
    else:
        _, budget_s, told = lane.asked[1]
        assert 0 < budget_s < 0.0185
        assert [] == answers
        told([StoreError("away")])
        assert [(["bng1"], True)] == heard[1:]
    assert [[None]] == answers


def test_a_slow_server_is_asked_in_one_round_trip_what_is_not_known() -> None:
    """Nobody knows whether a line stands alone of which nothing is remembered; while the server is slow there may be no
    time for a second round trip.
    """
    lane: Any = _Late()
    asker = Asker(lane, 0.06, lambda _domains, _reply: None)
    some = [Recall(domain="bng1", keys=(key(name),), mac=None, session=None, line=line(1)) for name in "ab"]
    asker.plainly.remember(key("a"), line(1))
    sent = []
    for took_s in (0.0, 0.021, 0.0, 0.0):
        asker.ask(some, NOW, lambda _said: None)
        commands, _, told = lane.asked.pop()
        sent.append([isinstance(one, bytes) for one in commands])
        sleep(took_s)
        told([StoreError("away")] * len(commands))

    assert [[True, True], [True, True], [True, False], [True, True]] == sent


# ---- what others write


@asyncio
async def test_a_line_that_gave_way_to_another_is_not_told(
    scene: Scene, store: ValkeyStore, another: ValkeyStore
) -> None:
    """Another process saw it; this one remembers the line of before, and learns the one of now."""
    twin = scene.twin(another)
    await twin.write(sighting(scene, 1))
    bare = question(scene)
    await store.recall([bare, question(scene, number=1)], NOW)
    await twin.walk(now=2 * DAY)
    await twin.write(sighting(scene, 2, at=2 * DAY), now=2 * DAY)
    for asked in (bare, question(scene, number=1), question(scene, number=2), bare):
        (said,) = await store.recall([asked], NOW + 2 * DAY)
        assert said is not None
        if said.alone:
            assert line(2) == asked.line
        else:
            assert [said] == await by_script(store, [asked], 2 * DAY)
            assert [line(2)] == [one.line for one in said.records[key("a+m")].candidates]


def _events(scene: Scene) -> list[tuple[str, Sequence[Lesson]]]:
    """What may happen to line 1, at its keys, and to its MAC, between two reads."""
    return [
        ("seen again", [sighting(scene, at=5)]),
        ("seen again by the other family", [sighting(scene, at=5, v6=True)]),
        ("seen elsewhere", [sighting(scene, at=5, where="b")]),
        ("another line", [sighting(scene, 2, at=5)]),
        ("another line there", [scene.sighting(2, attachment="a", at=5)]),
        ("its MAC on another line", [scene.sighting(2, attachment="c", mac="m", at=5)]),
        ("its session ends", [scene.change(STOP, "s1", at=5, number=1, keys=KEYS)]),
        ("another session", [scene.change(START, "s2", at=5, number=1, keys=KEYS)]),
        ("a restart", [scene.restart(at=60_000)]),
    ]


@asyncio
@pytest.mark.parametrize("number", range(9))
@pytest.mark.parametrize("named", [False, True])
async def test_what_is_written_between_two_reads_is_told_as_before_or_after_it(
    store: ValkeyStore, number: int, named: bool
) -> None:
    """Or the script is asked. The commands are carried out one by one, and something happens between any two."""
    told = set()
    for at in range(3 if named else 7):
        scene = Scene(store)
        await scene.write(
            sighting(scene), sighting(scene, v6=True, at=1), scene.change(START, "s1", number=1, keys=KEYS, lasts=DAY)
        )
        plainly = Plainly(plain=True)
        own, bare = question(scene, number=1), question(scene)
        plainly.learn(own, ALONE)
        asked = own if named else bare
        (before,) = await by_script(store, [asked], 10)
        reads = Reads(plainly, [asked], NOW + 10)
        replies: list[Reply] = []
        for place, command in enumerate([*reads.commands, None]):
            if place == at:
                what, lessons = _events(scene)[number]
                await scene.write(*lessons, now=10)
            if command is not None:
                replies += await store.lane.run_each([command], 5.0)
        assert len(reads.commands) == (2 if named else 6)
        (after,) = await by_script(store, [asked], 10)
        again = reads.take(replies)
        (said,) = reads.answers
        told.add((said is None, said == before, said == after))
        if again:
            assert said is None
        else:
            assert said in (before, after), what
    assert (False, True) in {(again, first) for again, first, _ in told}


# ---- whatever happened

SEEN = st.tuples(
    st.sampled_from((1, 1, 1, 2, 3)), st.sampled_from(("a", "a", "b", None)), st.sampled_from(("m", "m", "n", None)),
    st.booleans(), st.sampled_from((90_000, DAY, 3 * DAY)), st.booleans(),
)  # fmt: skip
STEPS = st.one_of(
    SEEN, SEEN, st.tuples(st.sampled_from((1, 2)), st.sampled_from((START, STOP)), st.sampled_from(("a", "b"))),
    st.sampled_from(("restart", "plan 1", "plan 2", "no plan", "walk")),
)  # fmt: skip
PAUSES = st.sampled_from((0, 1, 1_000, 100_000, DAY, 2 * DAY))


@asyncio
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(STEPS, PAUSES, st.booleans()), min_size=1, max_size=12))
async def test_the_answer_is_that_of_the_script(
    store: ValkeyStore, steps: list[tuple[tuple[Any, ...] | str, int, bool]]
) -> None:
    """Lines come and go, sessions begin and end, boxes restart, plans come, records run out; what is remembered is of
    whenever somebody asked.
    """
    scene, now = Scene(store), 0
    keys = [("a+m", "a", "bm"), ("b+m", "b", "bm"), ("a+n", "a", "bn"), ("a",), ("a+m",), ("bm",), ("b", "bm")]
    bare = [question(scene, some, mac=mac, place=place) for some in keys for mac, place in (("m", "a"), (None, None))]
    own = [question(scene, some, number=number, place="a") for some in keys for number in (1, 2)]
    for step, pause, asks in steps:
        now += pause
        match step:
            case (int(number), (None | str()) as place, (None | str()) as mac, bool(v6), int(lasts), bool(evident)):
                lesson = scene.sighting(
                    number, attachment=place, pair=f"{place}+{mac}" if place and mac else None,
                    bng_mac=mac and f"b{mac}", mac=mac, place=place, v6=v6, at=now, lasts=lasts,
                    v4_evident=evident and not v6, attached=place is not None,
                )  # fmt: skip
                await scene.write(lesson, now=now)
            case (int(number), kind, str(place)):
                some = [place, f"{place}+m"]
                change = scene.change(kind, f"s{number}", at=now, number=number, keys=some, lasts=5 * DAY)
                await scene.write(change, now=now)
            case "restart":
                await scene.write(scene.restart(at=now, nas=NAS), now=now)
            case "walk":
                await scene.walk(now=now)
            case _:
                plan = {} if step == "no plan" else {key("a"): ids_of(1 if step == "plan 1" else 2)}
                await store.plans.replace_plan(scene.domain, plan, NOW + now)
        if asks:
            await store.recall([*bare, *own], NOW + now)
    for _ in range(2):
        said = await store.recall([*own, *bare], NOW + now)
        told = await by_script(store, [*own, *bare], now)
        wholes = await by_script(store, [_bare(one) for one in own], now)
        for one, other, whole in zip(said, told, [*wholes, *told[len(own) :]], strict=True):
            assert one is not None
            assert other is not None
            assert whole is not None
            event(f"alone: {one.alone}")
            if not one.alone:
                assert whole == one
                continue
            assert whole.plan == one.plan
        for asked, one, whole in zip(own, said, wholes, strict=False):
            if one is not None and one.alone and whole is not None:
                for found in whole.records.values():
                    assert [asked.line] == [candidate.line for candidate in found.candidates]
                    assert not found.crowded
                    assert not found.shared
        assert all(
            one is not None and one.alone for one, other in zip(said, told, strict=True) if other and other.alone
        )


def _bare(asked: Recall) -> Recall:
    return Recall(domain=asked.domain, keys=asked.keys, mac=asked.mac, session=None, place=asked.place)
