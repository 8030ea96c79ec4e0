"""Sessions and the ledger of hosts in a real Valkey: every step once, in whatever order it is told."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.model.line import LineIds
from bngcorr.model.usage import Host, Usage
from bngcorr.model.vocabulary import HostKind, SessionState
from bngcorr.store.contract import Lesson, Page, Restart, SessionChange, SessionQuery, SessionStep
from bngcorr.store.valkey import RESTART_TOLERANCE_MS, TOMBSTONE_MS

from .scene import (
    BNG,
    EXPECTED,
    EXPIRE,
    INTERIM,
    NAS,
    NOW,
    OTHER_NAS,
    START,
    STOP,
    Scene,
    ia_na,
    ia_pd,
    key,
    line,
    slaac,
    v4,
)

DUAL = (v4(), ia_na(), ia_pd(), slaac())
EMPTY = Usage()


# ---- the life of one session


@pytest.mark.asyncio
async def test_a_session_lives_from_accept_to_stop(scene: Scene) -> None:
    """Expected, up, changed by an Interim, stopped: state, hosts and usage follow each step."""
    story: list[tuple[SessionChange, SessionState, Usage]] = [
        (scene.change(EXPECTED, number=1), SessionState.EXPECTED, EMPTY),
        (scene.change(START, at=1_000, number=1, hosts=[v4()]), SessionState.UP, Usage(v4=1, sessions=1)),
        (
            scene.change(INTERIM, at=2_000, number=1, hosts=DUAL),
            SessionState.UP,
            Usage(v4=1, ia_na=1, ia_pd=1, slaac=1, sessions=1, na_or_pd=1),
        ),
        (
            scene.change(INTERIM, at=3_000, number=1, hosts=[v4(), slaac()]),
            SessionState.UP,
            Usage(v4=1, slaac=1, sessions=1),
        ),
        (scene.change(STOP, at=4_000, number=1), SessionState.STOPPED, EMPTY),
    ]
    for step, state, usage in story:
        assert ["applied"] == await scene.write(step)
        (row,) = await scene.rows()
        assert (state, line(1), usage) == (row.state, row.line, await scene.usage())
        assert set(map(str, step.hosts or ())) == set(row.hosts)


@pytest.mark.asyncio
async def test_an_interim_without_addresses_keeps_the_hosts(scene: Scene) -> None:
    """A record that names no host says nothing of hosts."""
    await scene.write(scene.change(START, hosts=DUAL), scene.change(INTERIM, at=1_000))

    assert Usage(v4=1, ia_na=1, ia_pd=1, slaac=1, sessions=1, na_or_pd=1) == await scene.usage()


@pytest.mark.asyncio
@pytest.mark.parametrize("step", [EXPECTED, START, INTERIM, STOP])
async def test_writing_a_step_twice_changes_nothing(scene: Scene, step: SessionStep) -> None:
    """Whichever step is written again after a failure, every record stays as it was."""
    await scene.write(scene.sighting(1, keys=["k"]))
    if step in (INTERIM, STOP):
        await scene.write(scene.change(START, hosts=DUAL, number=1, keys=["k"], index=["address:203.0.113.9"]))
    once = scene.change(
        step, at=1_000, hosts=[v4(), ia_pd()], number=1, keys=["k"], index=["mac:3c"], fingerprint="a.b"
    )
    assert ["applied"] == await scene.write(once)
    before = await scene.everything()
    words = await scene.write(once, once)

    assert before == await scene.everything()
    assert set(words) <= {"duplicate", "applied"}
    assert step is EXPECTED or ["duplicate", "duplicate"] == words


@pytest.mark.asyncio
async def test_writing_a_restart_twice_changes_nothing(scene: Scene) -> None:
    """An Accounting-On that is told again, or once more within two seconds, is one restart."""
    await scene.write(scene.change(START, hosts=DUAL), scene.restart(at=5_000))
    before = await scene.everything()

    assert ["stale", "stale"] == await scene.write(
        scene.restart(at=5_000), scene.restart(at=5_000 + RESTART_TOLERANCE_MS)
    )
    assert before == await scene.everything()
    assert ["applied"] == await scene.write(scene.restart(at=5_001 + RESTART_TOLERANCE_MS))


@pytest.mark.asyncio
async def test_older_steps_are_stale(scene: Scene) -> None:
    """A Start or Interim that comes after a younger record of its session changes nothing."""
    await scene.write(scene.change(INTERIM, at=5_000, hosts=[v4(), ia_pd()]))
    before = await scene.everything()

    assert ["stale"] * 3 == await scene.write(
        scene.change(START, at=0, hosts=[v4()]),
        scene.change(INTERIM, at=4_999, hosts=[slaac()]),
        scene.change(STOP, at=4_000),
    )
    assert before == await scene.everything()


@pytest.mark.asyncio
@pytest.mark.parametrize("at", [0, 4_999, 5_000])
async def test_a_stop_before_its_start_leaves_a_tombstone(scene: Scene, at: int) -> None:
    """A Stop that overtook its Start, even within one second, is final: nothing is counted."""
    await scene.write(scene.change(STOP, at=5_000))

    assert ["stale", "stale"] == await scene.write(
        scene.change(START, at=at, hosts=DUAL), scene.change(INTERIM, at=at, hosts=DUAL)
    )
    assert EMPTY == await scene.usage()
    assert [SessionState.STOPPED] == [row.state for row in await scene.rows()]


@pytest.mark.asyncio
async def test_two_records_of_one_second_both_count(scene: Scene) -> None:
    """Interims of one second are told apart by their contents, and a repetition of either is a duplicate."""
    start = scene.change(START, at=0, hosts=[v4()])
    slaac_up = scene.change(INTERIM, at=0, hosts=[v4(), slaac()])
    pd_up = scene.change(INTERIM, at=0, hosts=[v4(), slaac(), ia_pd()])

    assert ["applied"] * 3 == await scene.write(start, slaac_up, pd_up)
    assert ["duplicate"] * 3 == await scene.write(start, slaac_up, pd_up)
    assert Usage(v4=1, slaac=1, ia_pd=1, sessions=1, na_or_pd=1) == await scene.usage()


@pytest.mark.asyncio
async def test_a_start_told_after_interims_of_its_second_is_stale(scene: Scene) -> None:
    """A Start that is retransmitted behind Interims of the same second does not take their hosts away."""
    await scene.write(scene.change(INTERIM, at=0, hosts=[v4(), ia_pd()]))

    assert ["stale"] == await scene.write(scene.change(START, at=0, hosts=[v4()]))
    assert Usage(v4=1, ia_pd=1, sessions=1, na_or_pd=1) == await scene.usage()


@pytest.mark.asyncio
async def test_accept_does_not_wake_a_session_that_accounting_knows(scene: Scene) -> None:
    """While a session is up, an Access-Accept for it says nothing new."""
    await scene.write(scene.change(START, at=0, hosts=[v4()], number=1))

    assert ["known"] == await scene.write(scene.change(EXPECTED, at=60_000, number=2))
    assert [(SessionState.UP, line(1))] == [(row.state, row.line) for row in await scene.rows()]


@pytest.mark.asyncio
async def test_only_a_start_begins_a_stopped_session_again(scene: Scene) -> None:
    """After a Stop, an Interim that carries a later time is late all the same; a later Start is a session again."""
    await scene.write(scene.change(START, hosts=[v4()]), scene.change(STOP, at=5_000))

    assert ["stale"] == await scene.write(scene.change(INTERIM, at=6_000, hosts=[v4()]))
    assert EMPTY == await scene.usage()
    assert ["applied"] == await scene.write(scene.change(START, at=7_000, hosts=[v4()]))
    assert Usage(v4=1, sessions=1) == await scene.usage()


# ---- who shares what


@pytest.mark.asyncio
async def test_two_sessions_with_one_address_count_it_once(scene: Scene) -> None:
    """An address that two sessions report (host and session accounting at once) is one host until both have stopped."""
    await scene.write(scene.change(START, "s1", hosts=[v4(), ia_pd()]), scene.change(START, "s2", hosts=[v4()]))
    assert Usage(v4=1, ia_pd=1, sessions=2, na_or_pd=1) == await scene.usage()
    await scene.write(scene.change(STOP, "s1", at=1_000))
    assert Usage(v4=1, sessions=1) == await scene.usage()
    await scene.write(scene.change(STOP, "s2", at=1_000))

    assert EMPTY == await scene.usage()


@pytest.mark.asyncio
async def test_one_kind_of_address_is_not_another(scene: Scene) -> None:
    """The same prefix as SLAAC and as IA_PD is two hosts."""
    prefix = ia_pd()
    await scene.write(scene.change(START, hosts=[prefix, Host(HostKind.SLAAC, prefix.address)]))

    assert Usage(ia_pd=1, slaac=1, sessions=1, na_or_pd=1) == await scene.usage()


@pytest.mark.asyncio
async def test_usage_is_told_for_each_bng(scene: Scene) -> None:
    """BNGs of one domain are counted apart, all NAS identities of one BNG together, an unknown BNG with nothing."""
    await scene.write(
        scene.change(START, "s1", hosts=[v4(1)]),
        scene.change(START, "s2", hosts=[v4(2)], nas=OTHER_NAS),
        scene.change(START, "s3", hosts=[v4(3), ia_na()], nas="bng2|0a000001"),
    )

    assert {
        BNG: Usage(v4=2, sessions=2),
        "bng2": Usage(v4=1, ia_na=1, sessions=1, na_or_pd=1),
        "bng3": EMPTY,
    } == await scene.store.usage(scene.domain, [BNG, "bng2", "bng3"])


# ---- restarts


@pytest.mark.asyncio
async def test_a_restart_empties_the_ledger(scene: Scene) -> None:
    """After an Accounting-On nothing of before is counted, and its sessions are suspect."""
    await scene.write(
        scene.change(START, "s1", hosts=DUAL), scene.change(START, "s2", hosts=[v4(2)]), scene.restart(at=60_000)
    )

    assert EMPTY == await scene.usage()
    assert [] == [name for name in await scene.everything() if "}:h:" in name or "}:u:" in name]
    assert [SessionState.SUSPECT] * 2 == [row.state for row in await scene.rows()]
    assert {NAS: 1} == (await scene.recall()).epochs


@pytest.mark.asyncio
async def test_a_restart_is_of_one_nas_only(scene: Scene) -> None:
    """Of a redundant pair behind one name, the other half's sessions go on."""
    await scene.write(
        scene.change(START, "s1", hosts=[v4(1)]),
        scene.change(START, "s2", hosts=[v4(2)], nas=OTHER_NAS),
        scene.restart(at=60_000),
    )

    assert Usage(v4=1, sessions=1) == await scene.usage()
    assert {SessionState.SUSPECT, SessionState.UP} == {row.state for row in await scene.rows()}


@pytest.mark.asyncio
async def test_a_session_that_survived_is_revived_by_its_next_interim(scene: Scene) -> None:
    """A session heard of after the Accounting-On is up again, with the hosts it had, and counted once."""
    await scene.write(scene.change(START, hosts=DUAL, number=1), scene.restart(at=60_000))
    await scene.write(scene.change(INTERIM, at=61_000, number=1))
    (row,) = await scene.rows()

    assert (SessionState.UP, line(1)) == (row.state, row.line)
    assert Usage(v4=1, ia_na=1, ia_pd=1, slaac=1, sessions=1, na_or_pd=1) == await scene.usage()
    await scene.write(scene.change(STOP, at=62_000))
    assert EMPTY == await scene.usage()


@pytest.mark.asyncio
async def test_records_from_before_a_restart_change_nothing(scene: Scene) -> None:
    """Buffered records that are older than the Accounting-On are told too late."""
    await scene.write(scene.restart(at=60_000))

    assert ["restarted"] * 3 == await scene.write(
        scene.change(START, "s1", at=0, hosts=DUAL),
        scene.change(INTERIM, "s2", at=59_999, hosts=DUAL),
        scene.change(STOP, "s3", at=59_000),
    )
    assert EMPTY == await scene.usage()


@pytest.mark.asyncio
async def test_a_stale_restart_changes_nothing(scene: Scene) -> None:
    """An Accounting-On older than the last one is not a restart any more."""
    await scene.write(scene.restart(at=60_000), scene.change(START, at=61_000, hosts=[v4()]))
    before = await scene.everything()

    assert ["stale", "stale"] == await scene.write(scene.restart(at=10_000), scene.restart(at=60_000))
    assert before == await scene.everything()


@pytest.mark.asyncio
async def test_a_stop_after_a_restart_takes_nothing_away_twice(scene: Scene) -> None:
    """The Stop of a session whose hosts were dropped with the restart leaves the ledger at what others hold."""
    await scene.write(
        scene.change(START, "s1", hosts=[v4()]),
        scene.restart(at=60_000),
        scene.change(START, "s2", at=61_000, hosts=[v4()]),
        scene.change(STOP, "s1", at=62_000),
    )

    assert Usage(v4=1, sessions=1) == await scene.usage()


# ---- deadlines


@pytest.mark.asyncio
async def test_sessions_that_fell_silent_are_due(scene: Scene) -> None:
    """Sessions whose deadline has passed are told oldest first, a bounded number of them."""
    for number, lasts in enumerate((3_000, 1_000, 2_000, 9_000), start=1):
        await scene.write(scene.change(START, f"s{number}", lasts=lasts, hosts=[v4(number)]))
    due = await scene.store.due(scene.domain, BNG, NOW + 3_000, 10)

    assert [key("s2"), key("s3"), key("s1")] == [row.session for row in due]
    assert [key("s2")] == [row.session for row in await scene.store.due(scene.domain, BNG, NOW + 3_000, 1)]
    assert [] == await scene.store.due(scene.domain, BNG, NOW + 999, 10)
    assert {NAS} == {row.nas for row in due}


@pytest.mark.asyncio
async def test_an_expiry_frees_the_hosts_once(scene: Scene) -> None:
    """The sweeper's step ends a silent session, spares one that was heard of meanwhile, and forgets it at last."""
    await scene.write(scene.sighting(1, keys=["k"]))
    await scene.write(scene.change(START, hosts=DUAL, lasts=1_000, number=1, keys=["k"]))
    expire = scene.change(EXPIRE, at=1_000)

    assert ["alive"] == await scene.write(expire, now=999)
    assert ["applied"] == await scene.write(expire, now=1_000)
    assert EMPTY == await scene.usage()
    assert () == (await scene.record("k")).candidates[0].sessions
    assert [SessionState.EXPIRED] == [row.state for row in await scene.rows()]
    assert ["alive"] == await scene.write(expire, now=1_001)
    assert ["forgotten"] == await scene.write(expire, now=1_001 + TOMBSTONE_MS)
    assert [] == await scene.store.due(scene.domain, BNG, NOW + 10 * TOMBSTONE_MS, 10)


@pytest.mark.asyncio
async def test_a_session_whose_record_is_gone_is_still_due(scene: Scene) -> None:
    """A deadline without a record is told as stopped, and the sweeper's step removes it."""
    await scene.write(scene.change(START, lasts=1_000))
    (names,) = await scene.raw(("KEYS", f"bngcorr:{{{scene.domain}}}:s:*"))
    await scene.raw(("DEL", names[0]))
    (row,) = await scene.store.due(scene.domain, BNG, NOW + 1_000, 10)

    assert (key("s1"), SessionState.STOPPED) == (row.session, row.state)
    assert ["forgotten"] == await scene.write(scene.change(EXPIRE, nas=f"{BNG}|"), now=2_000)
    assert [] == await scene.store.due(scene.domain, BNG, NOW + 2_000, 10)


@pytest.mark.asyncio
async def test_an_expired_session_is_revived_by_a_younger_interim(scene: Scene) -> None:
    """A session given up by the sweeper is up again when its BNG speaks of it once more."""
    await scene.write(scene.change(START, hosts=[v4()], lasts=1_000, number=1))
    await scene.write(scene.change(EXPIRE, at=1_000), now=1_000)
    await scene.write(scene.change(INTERIM, at=5_000, hosts=[v4()], number=1), now=5_000)

    assert Usage(v4=1, sessions=1) == await scene.usage()


# ---- identity


@pytest.mark.asyncio
async def test_what_the_bng_says_itself_replaces_what_was_inherited(scene: Scene) -> None:
    """A matched identity gives way to the ids of a later record; an inherited one never replaces any."""
    await scene.write(scene.change(EXPECTED, number=1, own=False))
    assert line(1) == (await scene.identity()).line
    await scene.write(scene.change(START, at=1_000, number=2))
    assert line(2) == (await scene.identity()).line
    await scene.write(scene.change(INTERIM, at=2_000, number=3, own=False))
    found = await scene.identity()

    assert (line(2), LineIds(b"LINE-2", b"eth 2")) == (found.line, found.ids)
    assert (SessionState.UP, NAS, 0) == (found.state, found.nas, found.epoch)


@pytest.mark.asyncio
async def test_a_session_that_went_on_without_identity_keeps_none(scene: Scene) -> None:
    """After a Start without a line, a match found later is not written into the session: billing sees one story."""
    await scene.write(scene.change(START), scene.change(INTERIM, at=1_000, number=1, own=False))
    assert (await scene.identity()).line is None
    await scene.write(scene.change(INTERIM, at=2_000, number=2, own=True))

    assert line(2) == (await scene.identity()).line


CPE, OTHER_CPE, OTHER_PORT = "0a0a0a0a.01010101", "0a0a0a0a.02020202", "0b0b0b0b.01010101"


@pytest.mark.asyncio
@pytest.mark.parametrize("ending", ["stop", "restart", "restart and another CPE", "another CPE", "another port"])
@pytest.mark.parametrize("number", [2, None], ids=["names its line", "names no line"])
async def test_a_session_id_given_out_anew_does_not_keep_the_old_line(
    scene: Scene, ending: str, number: int | None
) -> None:
    """An Acct-Session-Id used again, after its Stop, a restart or by another CPE, is another session: its line too."""
    await scene.write(scene.sighting(1, keys=["k"]))
    await scene.write(scene.change(START, number=1, keys=["k"], hosts=[v4(1)], fingerprint=CPE))
    if ending == "stop":
        await scene.write(scene.change(STOP, at=1_000, fingerprint=CPE))
    elif ending.startswith("restart"):
        await scene.write(scene.restart(at=1_000))
    fingerprint = OTHER_PORT if "port" in ending else OTHER_CPE if "CPE" in ending else CPE
    await scene.write(scene.change(START, at=5_000, number=number, hosts=[v4(2)], fingerprint=fingerprint))
    found = await scene.identity()

    assert (None if number is None else line(number), fingerprint) == (found.line, found.fingerprint)
    assert () == (await scene.record("k")).candidates[0].sessions
    assert Usage(v4=1, sessions=1) == await scene.usage()


@pytest.mark.asyncio
@pytest.mark.parametrize("own", [True, False], ids=["names its line", "matched"])
async def test_an_accept_under_an_ended_sessions_id_is_of_another_session(scene: Scene, own: bool) -> None:
    """Accepted after the Stop, the session has the new request's line, and late records of the old one stay late."""
    stop = scene.change(STOP, at=10_000)
    await scene.write(scene.change(START, number=1, hosts=[v4()]), stop)
    await scene.write(scene.change(EXPECTED, at=60_000, number=2, own=own, digest=""))
    found = await scene.identity()

    assert (line(2), SessionState.EXPECTED) == (found.line, found.state)
    assert ["stale", "duplicate"] == await scene.write(scene.change(INTERIM, at=9_000, hosts=[v4()]), stop)
    assert ["applied"] == await scene.write(scene.change(START, at=61_000, hosts=[v4()], number=2, own=own))
    assert Usage(v4=1, sessions=1) == await scene.usage()


@pytest.mark.asyncio
@pytest.mark.parametrize("step", [START, INTERIM])
async def test_the_latest_word_of_the_bng_counts(scene: Scene, step: SessionStep) -> None:
    """If a record names another line than the one before, the session is that line's, and vouches for it only."""
    await scene.write(scene.sighting(1, keys=["k"]), scene.sighting(2, keys=["k"]))
    await scene.write(scene.change(START, number=1, keys=["k"]))
    await scene.write(scene.change(step, at=5_000, number=2, keys=["k"]))
    live = {one.line: len(one.sessions) for one in (await scene.record("k")).candidates}

    assert line(2) == (await scene.identity()).line
    assert {line(1): 0, line(2): 1} == live


@pytest.mark.asyncio
async def test_another_cpe_does_not_inherit_hosts(scene: Scene) -> None:
    """A session id that another CPE took over holds nothing until a record of its own names addresses."""
    await scene.write(scene.change(START, hosts=DUAL, fingerprint=CPE))
    await scene.write(scene.change(START, at=5_000, fingerprint=OTHER_CPE))

    assert EMPTY == await scene.usage()


@pytest.mark.asyncio
async def test_a_session_remembers_with_what_it_was_seen(scene: Scene) -> None:
    """Fingerprint and what is shown come from the last record that had them."""
    await scene.write(scene.change(START, fingerprint="0a0a0a0a.0b0b0b0b", shown='{"a": 1}'))
    await scene.write(scene.change(INTERIM, at=1_000, shown=""))
    (row,) = await scene.rows()

    assert "0a0a0a0a.0b0b0b0b" == (await scene.identity()).fingerprint
    assert '{"a": 1}' == row.shown


# ---- for people


@pytest.mark.asyncio
async def test_sessions_are_found_by_what_people_know(scene: Scene) -> None:
    """MAC, Remote-Id, Circuit-Id and address each lead to their sessions, and an unknown term to none."""
    await scene.write(
        scene.change(START, "s1", index=[f"{scene.domain}:mac:a", f"{scene.domain}:remote_id:4c31"]),
        scene.change(START, "s2", index=[f"{scene.domain}:mac:a", f"{scene.domain}:address:203.0.113.9"]),
        scene.change(START, "s3"),
    )

    async def found(term: str) -> set[str]:
        return {row.session for row in await scene.rows(f"{scene.domain}:{term}")}

    assert {key("s1"), key("s2")} == await found("mac:a")
    assert {key("s1")} == await found("remote_id:4c31")
    assert {key("s2")} == await found("address:203.0.113.9")
    assert set() == await found("mac:b")
    assert 3 == len(await scene.rows())


@pytest.mark.asyncio
async def test_an_index_tells_only_of_the_domains_asked_for(scene: Scene, valkey_url: str) -> None:
    """One index spans all domains; a query sees its own."""
    other = Scene(valkey_url)
    term = f"mac:{scene.domain}"
    await scene.write(scene.change(START, "here", index=[term]))
    await other.write(other.change(START, "there", index=[term]))

    assert [key("here")] == [row.session for row in await scene.rows(term)]
    assert [key("there")] == [row.session for row in await other.rows(term)]
    await other.close()


@pytest.mark.asyncio
async def test_sessions_are_read_page_by_page(scene: Scene) -> None:
    """Pages of sessions go through BNG after BNG without gaps or repeats."""
    for number in range(5):
        await scene.write(scene.change(START, f"a{number}"), scene.change(START, f"b{number}", nas="bng2|0"))
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = SessionQuery(domains=((scene.domain, (BNG, "bng2")),), page=Page(cursor=cursor, limit=3))
        rows, cursor = await scene.store.sessions(query, NOW)
        found += [row.session for row in rows]

    assert len(found) == 10
    assert {key(f"{bng}{number}") for bng in "ab" for number in range(5)} == set(found)


@pytest.mark.asyncio
async def test_hosts_are_shown_without_the_ledgers_own_marks(scene: Scene) -> None:
    """A session lists its addresses and prefixes, and nothing that only the ledger needs."""
    await scene.write(scene.change(START, hosts=DUAL))
    (row,) = await scene.rows()

    assert set(map(str, DUAL)) == set(row.hosts)


# ---- any order, any repetition

POOL: tuple[tuple[Host, ...], ...] = (
    (v4(1),),
    (v4(1), ia_na(1)),
    (v4(2), ia_pd(1), slaac(1)),
    (ia_pd(1),),
    (v4(2), ia_na(1), ia_pd(2)),
)
SESSIONS = {"s1": NAS, "s2": NAS, "s3": OTHER_NAS}


@dataclass
class Known:
    """What the model knows of one session."""

    at: int
    up: bool
    hosts: tuple[Host, ...]
    epoch: int


@dataclass
class Ledger:
    """The documented rules, told plainly: older events are ignored, and so are Interims after a Stop."""

    sessions: dict[str, Known] = field(default_factory=dict)
    epochs: dict[str, tuple[int, int]] = field(default_factory=dict)  # NAS → (epoch, instant)

    def apply(self, lesson: Lesson) -> None:
        """One event."""
        epoch, since = self.epochs.get(_nas(lesson), (0, 0))
        if isinstance(lesson, Restart):
            if lesson.at_ms > since + (RESTART_TOLERANCE_MS if since else 0):
                self.epochs[lesson.nas] = (epoch + 1, lesson.at_ms)
            return
        assert isinstance(lesson, SessionChange)
        known = self.sessions.get(lesson.session)
        if lesson.at_ms < since or (known is not None and lesson.at_ms <= known.at):
            return
        if known is not None and not known.up and known.epoch == epoch and lesson.step is INTERIM:
            return  # the BNG ended it
        stopped = lesson.step is STOP
        goes_on = known is not None and (lesson.step is INTERIM or (known.up and known.epoch == epoch))
        hosts = known.hosts if known is not None and goes_on and lesson.hosts is None else lesson.hosts or ()
        self.sessions[lesson.session] = Known(lesson.at_ms, not stopped, () if stopped else hosts, epoch)

    def usage(self, nas_of: dict[str, str]) -> Usage:
        """Distinct hosts of a NAS's counted sessions, summed over the NASes."""
        sums = dict.fromkeys(("v4", "ia_na", "ia_pd", "slaac", "sessions", "na_or_pd"), 0)
        for nas in set(nas_of.values()):
            counted = [
                known
                for session, known in self.sessions.items()
                if nas_of[session] == nas and known.up and known.epoch == self.epochs.get(nas, (0, 0))[0]
            ]
            for host in {host for known in counted for host in known.hosts}:
                sums[str(host.kind)] += 1
            sums["sessions"] += sum(bool(known.hosts) for known in counted)
            sums["na_or_pd"] += sum(
                any(host.kind in (HostKind.IA_NA, HostKind.IA_PD) for host in known.hosts) for known in counted
            )
        return Usage(**sums)


def _nas(lesson: Lesson) -> str:
    assert isinstance(lesson, SessionChange | Restart)
    return lesson.nas


events = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from((START, INTERIM, INTERIM, STOP)),
            st.sampled_from(sorted(SESSIONS)),
            st.sampled_from((None, *POOL)),
        ),
        st.tuples(st.just("on"), st.sampled_from((NAS, OTHER_NAS)), st.none()),
    ),
    max_size=24,
)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, SessionStep | str, str, tuple[Host, ...] | None]]:
    """Events in the order in which they happen, each at its own second, then told in any order, some repeatedly."""
    happened = [(at, *event) for at, event in enumerate(draw(events), start=1)]
    told = draw(st.permutations(happened)) if draw(st.booleans()) else happened
    for again in draw(st.lists(st.sampled_from(happened), max_size=6)) if happened else []:
        told.insert(draw(st.integers(0, len(told))), again)
    return list(told)


@settings(max_examples=120, deadline=None)
@given(histories(), st.integers(1, 7))
def test_usage_is_what_the_events_say_in_any_order(
    valkey_url: str, told: list[tuple[int, SessionStep | str, str, tuple[Host, ...] | None]], batch: int
) -> None:
    """However events are interleaved, reordered, repeated and batched, usage equals a plain reckoning."""
    with asyncio.Runner() as runner:
        runner.run(_tell(Scene(valkey_url), told, batch))


async def _tell(
    scene: Scene, told: list[tuple[int, SessionStep | str, str, tuple[Host, ...] | None]], batch: int
) -> None:
    ledger = Ledger()
    nas_of = {key(session): nas for session, nas in SESSIONS.items()}
    lessons: list[Lesson] = [
        scene.restart(at=at * 1000, nas=about)
        if not isinstance(what, SessionStep)
        else scene.change(
            what, about, at=at * 1000, hosts=hosts, nas=SESSIONS[about], digest=f"{at:08x}", lasts=86_400_000
        )
        for at, what, about, hosts in told
    ]
    waiting = iter(lessons)
    while some := list(itertools.islice(waiting, batch)):
        await scene.write(*some)
        for lesson in some:
            ledger.apply(lesson)
        usage = await scene.usage()
        assert ledger.usage(nas_of) == usage
        assert min(usage.v4, usage.ia_na, usage.ia_pd, usage.slaac, usage.sessions, usage.na_or_pd) >= 0
    await scene.write(*(scene.change(STOP, session, at=10_000_000, nas=nas) for session, nas in SESSIONS.items()))
    assert EMPTY == await scene.usage()
    before = await scene.everything()
    await scene.write(*lessons)
    assert before == await scene.everything()  # a replay of everything changes nothing
    await scene.close()
