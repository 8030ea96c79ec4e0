"""Questions and recollections as the ladder sees them."""

from __future__ import annotations

from collections.abc import Mapping

from bngcorr.correlator.keys import EVERY_KEY, Handle, Keyring, keyring
from bngcorr.correlator.question import Question, Rules
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.vocabulary import Key, MacSource, Rung, SessionState, VlanModel
from bngcorr.store.recollection import Candidate, KeyRecord, LiveSession, Recollection, SessionIdentity

NOW = 1_800_000_000_000  # epoch milliseconds
WINDOW = 5_000
HOUR = 3_600_000
DAY = 24 * HOUR
CPE = Mac(bytes.fromhex("3ca62f000017"))
OTHER_CPE = Mac(bytes.fromhex("3ca62f000018"))
PORT = Attachment("1/1/4", 100, 20)
NAS = "bng1|0a0b0c0d"
RULES = Rules(window_ms=WINDOW)
NOT_REMEMBERED = Rules(window_ms=WINDOW, rungs=frozenset(Rung) - {Rung.REMEMBERED})


def ring(
    attachment: Attachment | None = PORT,
    mac: Mac | None = CPE,
    source: MacSource | None = MacSource.SEEN,
    model: VlanModel = VlanModel.SHARED,
    bng: str = "bng1",
    *,
    place: bytes = b"",
    multi_session_id: bytes = b"",
    asked: frozenset[Key] = EVERY_KEY,
) -> Keyring:
    """Keys of a request."""
    return keyring(
        bng, attachment, mac, source, model, place=place, multi_session_id=multi_session_id, asked=asked
    )  # fmt: skip


def handle(keys: Keyring, key: Key) -> Handle:
    """One of the keys."""
    (found,) = (one for one in keys.handles if one.key is key)
    return found


def question(
    keys: Keyring,
    *,
    rules: Rules = RULES,
    session: str | None = None,
    match_v6: bool = True,
    accounting: bool = False,
    begins: bool = True,
    own: LineIds | None = None,
    suspect: bytes | None = None,
    value: bytes | None = None,
    domain: str = "bng1",
    checked: bool = True,
) -> Question:
    """One request that arrived NOW."""
    return Question(
        domain=domain,
        keyring=keys,
        rules=rules,
        session=session,
        at_ms=NOW,
        match_v6=match_v6,
        accounting=accounting,
        begins=begins,
        own=own,
        checked=checked,
        suspect=suspect,
        value=value,
    )


def candidate(
    line: str,
    *,
    sighted: int | None = None,
    sighted_v6: int | None = None,
    attached: bool = True,
    v4_evident: bool = False,
    same_mac: bool = True,
    same_place: bool = True,
    sessions: tuple[LiveSession, ...] = (),
    ids: LineIds | None = None,
) -> Candidate:
    """A line on a key, sighted so many ms after NOW (before, if negative)."""
    return Candidate(
        line=line,
        ids=ids or LineIds(line.encode()),
        sighted_ms=0 if sighted is None else NOW + sighted,
        sighted_v6_ms=0 if sighted_v6 is None else NOW + sighted_v6,
        attached=attached,
        v4_evident=v4_evident,
        same_mac=same_mac,
        same_place=same_place,
        sessions=sessions,
    )


def live(*, epoch: int = 0, until: int = 60_000, nas: str = NAS, heard: int = -1_000, up: bool = True) -> LiveSession:
    """A session that counts until so many ms after NOW, and was last heard of so many after it."""
    return LiveSession(nas=nas, epoch=epoch, until_ms=NOW + until, heard_ms=NOW + heard, up=up)


# A session whose Stop was lost: it counts until its deadline, whoever stands in its place by now
FORGOTTEN = live(until=5 * DAY, heard=-2 * HOUR)


def identity(
    line: str | None, fingerprint: str, *, state: SessionState = SessionState.UP, epoch: int = 0
) -> SessionIdentity:
    """What was fixed for an Acct-Session-Id."""
    return SessionIdentity(
        line=line,
        ids=None if line is None else LineIds(line.encode()),
        state=state,
        epoch=epoch,
        nas=NAS,
        fingerprint=fingerprint,
    )


def recalled(
    keys: Keyring,
    records: Mapping[Key, KeyRecord | tuple[Candidate, ...]] | None = None,
    *,
    mac_lines: int = 1,
    session: SessionIdentity | None = None,
    epochs: dict[str, int] | None = None,
    plan: LineIds | None = None,
) -> Recollection:
    """What the store knows of the keys; nothing of those that are not named."""
    known = records or {}
    found: dict[str, KeyRecord] = {}
    for one in keys.handles:
        record: KeyRecord | tuple[Candidate, ...] = known.get(one.key, ())
        found[one.hash] = record if isinstance(record, KeyRecord) else KeyRecord(candidates=record)
    return Recollection(records=found, mac_lines=mac_lines, session=session, epochs=epochs or {}, plan=plan)
