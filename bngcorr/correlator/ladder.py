"""The climb: from what the store recalls about a request's keys to one verdict. Pure.

Keys are asked strongest first, and on a key its rungs: what the operator planned, what was sighted within the window,
what is live, what is remembered. Two lines that fit end the climb as `ambiguous`: a match is worth less than a customer
on another customer's line.
"""

from __future__ import annotations

from typing import Final

from bngcorr.correlator.keys import Keyring, fingerprints_agree, same_cpe
from bngcorr.correlator.own_id import check
from bngcorr.correlator.question import Question, counts, is_alone, is_fresh, says_anything
from bngcorr.model.line import line_key
from bngcorr.model.verdict import AMBIGUOUS, UNMATCHED, Verdict
from bngcorr.model.vocabulary import Key, Outcome, Rung, SessionState
from bngcorr.store.recollection import Candidate, KeyRecord, Recollection, SessionIdentity

NO_RUNGS: Final[frozenset[Rung]] = frozenset()

# named here once: looking a member up in its class costs more than the comparison
_SESSION: Final = Key.SESSION
_ATTACHMENT_MAC: Final = Key.ATTACHMENT_MAC
_ATTACHMENT: Final = Key.ATTACHMENT
_BNG_MAC: Final = Key.BNG_MAC
_INVENTORY: Final = Rung.INVENTORY
_WINDOW: Final = Rung.WINDOW
_LIVE: Final = Rung.LIVE
_REMEMBERED: Final = Rung.REMEMBERED
_MATCHED: Final = Outcome.MATCHED
_EXPECTED: Final = SessionState.EXPECTED
_ENDED: Final = (SessionState.STOPPED, SessionState.EXPIRED)


def climb(question: Question, recalled: Recollection, now_ms: int, suspended: frozenset[Rung] = NO_RUNGS) -> Verdict:
    """The verdict on one question.

    `now_ms` is the instant against which deadlines are judged. Rungs that are `suspended` are not used now, such as the
    window while nobody knows what time it is.
    """
    rules = question.rules
    rungs = rules.rungs - suspended if suspended else rules.rungs
    if question.own is not None:
        return check(question, question.own, recalled, now_ms, rungs)
    ring = question.keyring
    tainted = recalled.mac_lines > 1
    alone = is_alone(ring, recalled)
    if recalled.session is not None and _LIVE in rungs:
        verdict = _by_session(question, recalled.session, recalled.epochs, alone=alone, tainted=tainted)
        if verdict is not None:
            return verdict
    plan = recalled.plan
    if plan is not None and _INVENTORY in rungs and plan.names_line(rules.line_id):
        line = line_key(plan, rules.line_id)
        return Verdict(outcome=_MATCHED, line=line, ids=plan, rung=_INVENTORY, key=_ATTACHMENT)
    climbing = _Climb(question, recalled, rungs, alone, tainted, now_ms)
    verdict = (
        _ask(climbing, _SESSION, ring.session)
        or _ask(climbing, _ATTACHMENT_MAC, ring.attachment_mac)
        or _ask(climbing, _ATTACHMENT, ring.attachment)
        or _ask(climbing, _BNG_MAC, ring.bng_mac)
    )
    if verdict is not None:
        return verdict
    return AMBIGUOUS if tainted and not climbing.usable else UNMATCHED


def _ask(climbing: _Climb, key: Key, name: str | None) -> Verdict | None:
    """What one key says, if there is such a key and it can tell a line; None to try a weaker one."""
    recalled = climbing.recalled
    if name is None or not says_anything(
        key, climbing.question.keyring, alone=climbing.alone, tainted=climbing.tainted
    ):
        return None
    climbing.usable = True
    record = recalled.records[name]
    if record.crowded:
        return AMBIGUOUS
    return _on_key(climbing, key, record) if record.candidates else None


class _Climb:
    """One request on its way up."""

    __slots__ = ("alone", "now_ms", "question", "recalled", "rungs", "tainted", "usable")

    def __init__(
        self,
        question: Question,
        recalled: Recollection,
        rungs: frozenset[Rung],
        alone: bool,
        tainted: bool,
        now_ms: int,
    ) -> None:
        self.question: Final = question
        self.recalled: Final = recalled
        self.rungs: Final = rungs
        self.alone: Final = alone  # the VLAN pair is one line
        self.tainted: Final = tainted  # its MAC was seen on several lines
        self.usable = False  # one of its keys can tell a line
        self.now_ms: Final = now_ms


def _is_of_nobody_else(ring: Keyring, recalled: Recollection, line: str) -> bool:
    """Whether the MAC of the request was seen on no other line: at its port, or, unless it is claimed, anywhere.

    A claimed MAC says nothing about other places: anybody can claim it.
    """
    if recalled.mac_lines and not ring.claimed:
        return False
    pair = ring.attachment_mac
    if pair is not None:
        for candidate in recalled.records[pair].candidates:
            if candidate.line != line:
                return False
    return True


def _on_key(climbing: _Climb, key: Key, record: KeyRecord) -> Verdict | None:
    """The verdict on one key; None to try a weaker one."""
    found: Candidate | None = None
    rung = _REMEMBERED
    distance: int | None = None
    for candidate in record.candidates:
        if not _is_comparable(climbing, key, candidate):
            continue
        apart = _distance(climbing, key, candidate)
        if apart is None and not _is_live(climbing, key, candidate):
            continue
        if found is not None:
            return AMBIGUOUS
        found, distance = candidate, apart
        rung = _LIVE if apart is None else _WINDOW
    if found is None:
        found = _remembered(climbing, key, record)
        if found is None:
            return None
    return Verdict(outcome=_MATCHED, line=found.line, ids=found.ids, rung=rung, key=key, distance_ms=distance)


def _is_comparable(climbing: _Climb, key: Key, candidate: Candidate) -> bool:
    """Whether the key says anything of request and line together."""
    if key is _ATTACHMENT_MAC:
        return True
    ring = climbing.question.keyring
    if key is _BNG_MAC:  # if both have an attachment, it was compared already, and differs
        return not (ring.attached and candidate.attached)
    if key is _ATTACHMENT:  # a MAC that is another line's is not this one's
        return candidate.same_mac or _is_of_nobody_else(ring, climbing.recalled, candidate.line)
    # an Acct-Multi-Session-Id: there are BNGs that send one and the same for everybody
    if candidate.same_place:
        return climbing.alone or (candidate.same_mac and not ring.claimed)
    return candidate.same_mac and ring.free and (ring.place is None or not candidate.attached)


def _distance(climbing: _Climb, key: Key, candidate: Candidate) -> int | None:
    """Sighting minus request in ms, the nearest within the window; None if there is none."""
    if key is _SESSION or _WINDOW not in climbing.rungs:
        return None
    question = climbing.question
    window_ms, at_ms = question.rules.window_ms, question.at_ms
    nearest: int | None = None
    if candidate.sighted_ms and abs(candidate.sighted_ms - at_ms) <= window_ms:
        nearest = candidate.sighted_ms - at_ms
    if question.match_v6 and candidate.sighted_v6_ms:
        distance = candidate.sighted_v6_ms - at_ms
        if abs(distance) <= window_ms and (nearest is None or abs(distance) < abs(nearest)):
            nearest = distance
    return nearest


def _is_live(climbing: _Climb, key: Key, candidate: Candidate) -> bool:
    """Whether a session of the line is up or expected and its box has not restarted since.

    A session whose Stop was lost stays up until its deadline. Where another line's CPE could have come to stand on the
    key meanwhile, only sessions count that were heard of lately.
    """
    if not candidate.sessions or _LIVE not in climbing.rungs:
        return False
    firm = (key is _ATTACHMENT_MAC and climbing.alone) or (key is _ATTACHMENT and candidate.same_mac)
    fresh_ms, now_ms, epochs = climbing.question.rules.fresh_ms, climbing.now_ms, climbing.recalled.epochs
    for session in candidate.sessions:  # a generator costs more than all of it
        if counts(session, epochs, now_ms) and (firm or is_fresh(session, now_ms, fresh_ms)):
            return True
    return False


def _remembered(climbing: _Climb, key: Key, record: KeyRecord) -> Candidate | None:
    """The line that was seen last on a VLAN pair of its own, if nothing says that the CPE is another."""
    if not climbing.alone or (key is not _ATTACHMENT_MAC and key is not _ATTACHMENT):
        return None
    if _REMEMBERED not in climbing.rungs:
        return None
    question, recalled = climbing.question, climbing.recalled
    ring = question.keyring
    latest = _last_of(record)
    if latest is None:
        return None
    if ring.attachment is not None:
        here = _last_of(recalled.records[ring.attachment])
        if here is not None and here.line != latest.line:
            return None  # another line has come to stand there since
    if key is _ATTACHMENT and ring.mac is not None and not latest.same_mac:
        return None
    return latest if question.at_ms - _last_ms(latest) <= question.rules.remembered_ms else None


def _last_of(record: KeyRecord) -> Candidate | None:
    """The line that was seen last on a key; None if there is none, or two at the same instant."""
    last: Candidate | None = None
    last_ms = -1
    for candidate in record.candidates:
        at_ms = _last_ms(candidate)
        if at_ms > last_ms:
            last, last_ms = candidate, at_ms
        elif at_ms == last_ms:
            last = None
    return last


def _last_ms(candidate: Candidate) -> int:
    return candidate.sighted_ms if candidate.sighted_ms > candidate.sighted_v6_ms else candidate.sighted_v6_ms


def _by_session(
    question: Question, known: SessionIdentity, epochs: dict[str, int], *, alone: bool, tainted: bool
) -> Verdict | None:
    """Identity fixed at first sight of the Acct-Session-Id; None to climb on.

    An id that came back after a restart of its NAS, or with another CPE, is another session; so is one that ended, if
    the request may begin a session. An Access-Request is believed only if something shows that it is the same CPE:
    there are BNGs that send one and the same id for everybody.
    """
    ring = question.keyring
    if known.epoch != epochs.get(known.nas, 0) or not fingerprints_agree(known.fingerprint, ring.fingerprint):
        return None
    if question.begins and known.state in _ENDED:
        return None
    following = known.state is _EXPECTED and question.accounting  # the Start after its Access-Request
    if question.begins and not following and not same_cpe(known.fingerprint, ring, alone=alone, tainted=tainted):
        return None
    if known.line is not None:
        return Verdict(outcome=_MATCHED, line=known.line, ids=known.ids, rung=_LIVE, key=_SESSION, distance_ms=None)
    if question.accounting and known.state is not _EXPECTED:
        return UNMATCHED  # its Start went on without identity: Interims and Stop agree with it
    return None
