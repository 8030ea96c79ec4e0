"""What is particular to the store in Redis or Valkey: round trips, names, what it can't read or take, what is left."""

from __future__ import annotations

import pytest

from bngcorr.errors import StoreError
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.usage import Usage
from bngcorr.store import packing
from bngcorr.store.keys import EVENTS, DomainKeys
from bngcorr.store.lane import Command, Reply
from bngcorr.store.lesson import AWAY, FAILED
from bngcorr.store.recollection import Recall
from bngcorr.store.valkey import ValkeyStore

from .scene import Scene
from .subjects import BNG, DAY, NOW, START, STOP, ia_na, ia_pd, key, line, slaac, v4

pytestmark = pytest.mark.asyncio

PORT = Attachment("1/1/4", 100, 20)
DUAL = (v4(), ia_na(), ia_pd(), slaac())


async def _raw(store: ValkeyStore, *commands: Command) -> list[Reply]:
    return await store.lane.run(commands, 5.0)


async def _names(store: ValkeyStore, domain: str) -> list[str]:
    (names,) = await _raw(store, ("KEYS", f"bngcorr:{{{domain}}}:*"))
    return [name.decode("latin-1") for name in names]


async def test_a_vector_of_questions_is_one_round_trip(scene: Scene, store: ValkeyStore) -> None:
    """Questions of several domains are written at once."""
    other = Scene(store)
    await scene.write(scene.sighting(1, attachment="k"))
    calls = store.calls
    await store.recall(
        [
            Recall(domain=one.domain, keys=(key("k"),), mac=key("m"), session=None)
            for one in (scene, other, scene, other)
        ],
        NOW,
    )

    assert calls + 1 == store.calls


async def test_nothing_that_a_peer_sent_is_in_a_name(scene: Scene, store: ValkeyStore) -> None:
    """Names in the store are the domain, numbers and our own names: no octet of a peer, no id, no MAC."""
    await scene.write(
        scene.sighting(1, attachment="k", pair="mk", mac="m", ids=LineIds(b"SECRET-ID", b"\n{x}")),
        scene.change(START, number=1, address=Mac(b"\x3c\xa6\x2f\x00\x00\x17"), hosts=DUAL, session_id=b"SECRET-SID"),
    )
    names = "".join(await _names(store, scene.domain))

    assert BNG in names
    assert [] == [word for word in ("SECRET", "3c:a6", "203.0.113", "\n", key("s1"), line(1)) if word in names]


async def test_a_record_that_cannot_be_read_is_no_answer(scene: Scene, store: ValkeyStore) -> None:
    """A record of another version makes the store unknown for the question, and fails no other one."""
    await scene.write(scene.sighting(1, attachment="k"))
    name, record = bytes.fromhex(key("k")), packing.pack([[bytes.fromhex(line(1)), NOW]])
    await _raw(store, ("HSET", DomainKeys(scene.domain).record("k", name), name, record))
    questions = [Recall(domain=scene.domain, keys=(key(one),), mac=None, session=None) for one in ("k", "elsewhere")]

    assert [True, False] == [answer is None for answer in await store.recall(questions, NOW)]


async def test_a_record_that_cannot_be_read_leaves_other_domains_alone(scene: Scene, store: ValkeyStore) -> None:
    """What is no record at all makes its own domain unknown, and none that is asked in the same call."""
    other = Scene(store)
    for one in (scene, other):
        await one.write(one.sighting(1, attachment="k"))
    name = bytes.fromhex(line(1))
    for broken in (b"\xc1", packing.pack([])[:-1], packing.pack([NOW, NOW])):
        await _raw(store, ("HSET", DomainKeys(scene.domain).record("l", name), name, broken))
        questions = [Recall(domain=one.domain, keys=(key("k"),), mac=None, session=None) for one in (scene, other)]
        first, second = await store.recall(questions, NOW)

        assert first is None
        assert second is not None
        assert [line(1)] == [candidate.line for candidate in second.records[key("k")].candidates]


async def test_sessions_that_cannot_be_read_are_an_error_once_they_matter(scene: Scene, store: ValkeyStore) -> None:
    """A line is told whose sessions are of another version, if their number is right; whoever asks for these is told
    that they can't be read.
    """
    await scene.write(scene.sighting(1, attachment="k"))
    name, tag = bytes.fromhex(line(1)), bytes.fromhex(key("k"))[:4]
    bucket = DomainKeys(scene.domain).record("l", name)
    (packed,) = await _raw(store, ("HGET", bucket, name))
    session = [bytes(12), b"bng1|", 0, b"", tag, "never", NOW, 1]
    await _raw(store, ("HSET", bucket, name, packing.pack(packing.unpack(packed) + session)))
    (told,) = (await scene.recall("k")).records[key("k")].candidates

    assert line(1) == told.line
    with pytest.raises(StoreError, match="another version"):
        _ = told.sessions
    later = Recall(domain=scene.domain, keys=(key("k"),), mac=None, session=None)
    assert [None] == await store.recall([later], NOW + 400 * DAY)  # by then it counts only if a session vouches for it

    await _raw(store, ("HSET", bucket, name, packing.pack(packing.unpack(packed) + session[:-1])))
    half = Recall(domain=scene.domain, keys=(key("k"),), mac=None, session=None)
    assert [None] == await store.recall([half], NOW)


async def test_epochs_that_cannot_be_read_are_an_error_once_they_matter(scene: Scene, store: ValkeyStore) -> None:
    """What stands on a key is told all the same."""
    await scene.write(scene.sighting(1, attachment="k"))
    await _raw(store, ("HSET", DomainKeys(scene.domain).epochs, "bng1|", "new"))
    known = await scene.recall("k")

    assert [line(1)] == [one.line for one in known.records[key("k")].candidates]
    with pytest.raises(StoreError, match="another version"):
        _ = known.epochs


async def test_questions_that_have_records_in_common_have_answers_of_their_own(
    scene: Scene, store: ValkeyStore
) -> None:
    """However many are asked about one domain in one call, and whatever they leave out."""
    await scene.write(scene.sighting(1, attachment="k", pair="pk", mac="m"), scene.sighting(2, attachment="l"))
    asked = [
        Recall(domain=scene.domain, keys=keys, mac=mac, session=None, place=place)
        for keys, mac, place in (
            ((key("pk"), key("k")), key("m"), None), ((), None, key("p")), ((key("k"),), None, None),
            ((key("l"), key("pk")), key("other"), key("p")), ((key("l"),), key("m"), None),
        )
    ]  # fmt: skip
    together = await store.recall(asked, NOW)

    assert [(await store.recall([one], NOW))[0] for one in asked] == together
    assert [1, 0, 0, 0, 1] == [one.mac_lines for one in together if one is not None]


@pytest.mark.parametrize("octets", [1, 12, 30, 120, 247])
async def test_ids_of_any_length_are_recalled(scene: Scene, octets: int) -> None:
    """Both ids of a line come back as they were told, however long they are."""
    ids = LineIds(b"r" * octets, b"c" * octets)
    await scene.write(scene.sighting(1, attachment="k", ids=ids))

    assert [ids] == [one.ids for one in (await scene.recall("k")).records[key("k")].candidates]


async def test_a_lesson_that_cannot_be_taken_does_not_stop_others(scene: Scene, store: ValkeyStore) -> None:
    """A name that holds something else fails its own lesson for good, and not those written with it."""
    name = bytes.fromhex(key("s1"))
    await _raw(store, ("SET", DomainKeys(scene.domain).record("s", name), "not a hash"))
    first, second = await scene.write(scene.change(START, "s1"), scene.change(START, "s2"))

    assert first.startswith(FAILED)
    assert "applied" == second


async def test_nothing_is_left_of_what_ended(scene: Scene, store: ValkeyStore) -> None:
    """Of sessions, lines, keys, terms and hosts that nobody needs any more no record remains, but of their box.

    Nor anything else but bits that say which buckets may have something in them.
    """
    await _raw(store, ("FLUSHALL",))
    await scene.write(
        scene.sighting(1, attachment="a", pair="a+m", mac="m", address=Mac(b"\x02\0\0\0\0\x01")),
        scene.change(START, "s1", number=1, keys=["a"], hosts=DUAL, address=Mac(b"\x02\0\0\0\0\x01"), port=PORT),
        scene.change(START, "s2", number=1, keys=["a"], hosts=DUAL, user_name="user"),
        scene.verdict(1, of=1),
        scene.restart(at=1),
        scene.change(START, "s3", at=2, number=1, keys=["a"], hosts=DUAL),
        scene.change(STOP, "s3", at=3),
    )
    assert await store.queries.timeline(scene.domain, line(1))
    year = 365 * 86_400_000
    await scene.walk(now=year)
    await scene.walk(now=2 * year)

    left = {name.removeprefix(f"bngcorr:{{{scene.domain}}}:") for name in await _names(store, scene.domain)}
    assert {"e", "q", f"u:{BNG}|0a000001", f"o:{BNG}|0a000001"} == {name for name in left if not name.startswith("b:")}
    (held,) = await _raw(store, ("KEYS", "bngcorr:{a*}:a"))
    assert [] == held
    assert Usage() == await scene.usage()


async def test_lessons_of_several_domains_are_one_call(scene: Scene, store: ValkeyStore) -> None:
    """Where one server keeps all domains, one script carries a whole batch out."""
    other = Scene(store)
    await scene.write(scene.sighting(1, attachment="k"))
    await _raw(store, ("CONFIG", "RESETSTAT"))
    told = [one.sighting(number, attachment="k") for number in range(3) for one in (scene, other)]

    assert ["ok"] * 6 == await store.write([*told], NOW)
    (stats,) = await _raw(store, ("INFO", "commandstats"))
    calls = [row for row in stats.decode().splitlines() if row.startswith("cmdstat_evalsha:")]
    assert ["cmdstat_evalsha:calls=1"] == [row.split(",")[0] for row in calls]


async def test_a_server_without_room_is_told_again(scene: Scene, store: ValkeyStore) -> None:
    """Out of memory, it takes nothing now: no lesson is given up for that."""
    await _raw(store, ("CONFIG", "SET", "maxmemory", 1))
    try:
        words = await scene.write(scene.sighting(1, attachment="k"), scene.change(START, "s1", number=1))
    finally:
        await _raw(store, ("CONFIG", "SET", "maxmemory", 0))

    assert [AWAY, AWAY] == words
    assert [] == await _names(store, scene.domain)


async def test_many_verdicts_take_few_entries(scene: Scene, store: ValkeyStore) -> None:
    """Those of one write are one entry of the stream."""
    await _raw(store, ("DEL", EVENTS))
    await scene.write(*map(scene.verdict, range(20)))

    assert [1] == await _raw(store, ("XLEN", EVENTS))
    assert 20 == len(await store.queries.events("", 1000))
