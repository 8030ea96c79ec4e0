"""Questions and recollections as the ladder sees them."""

from __future__ import annotations

from collections.abc import Mapping

from bngcorr.correlator.keys import Handle, Keyring, keyring
from bngcorr.correlator.ladder import Question
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.vocabulary import Key, MacSource, VlanModel
from bngcorr.store.contract import Candidate, KeyRecord, LiveSession, Recollection, SessionIdentity

NOW = 1_800_000_000_000  # epoch milliseconds
WINDOW = 5_000
CPE = Mac(bytes.fromhex("3ca62f000017"))
PORT = Attachment("1/1/4", 100, 20)
NAS = "bng1|0a0b0c0d"


def ring(
    attachment: Attachment | None = PORT,
    mac: Mac | None = CPE,
    source: MacSource | None = MacSource.SEEN,
    model: VlanModel = VlanModel.SHARED,
    bng: str = "bng1",
) -> Keyring:
    """Keys of a request."""
    return keyring(bng, attachment, mac, source, model)


def handle(keys: Keyring, key: Key) -> Handle:
    """One of the keys."""
    (found,) = (one for one in keys.handles if one.key is key)
    return found


def question(
    keys: Keyring,
    *,
    session: str | None = None,
    match_v6: bool = True,
    accounting: bool = False,
    begins: bool = True,
) -> Question:
    """One request that arrived NOW."""
    return Question(
        domain="bng1",
        keyring=keys,
        session=session,
        at_ms=NOW,
        window_ms=WINDOW,
        match_v6=match_v6,
        accounting=accounting,
        begins=begins,
    )


def candidate(
    line: str,
    *,
    sighted: int | None = None,
    sighted_v6: int | None = None,
    attached: bool = True,
    sessions: tuple[LiveSession, ...] = (),
) -> Candidate:
    """A line on a key, sighted so many ms after NOW (before, if negative)."""
    return Candidate(
        line=line,
        ids=LineIds(line.encode()),
        sighted_ms=0 if sighted is None else NOW + sighted,
        sighted_v6_ms=0 if sighted_v6 is None else NOW + sighted_v6,
        attached=attached,
        sessions=sessions,
    )


def live(*, epoch: int = 0, until: int = 60_000, nas: str = NAS) -> LiveSession:
    """A session that counts until so many ms after NOW."""
    return LiveSession(nas=nas, epoch=epoch, until_ms=NOW + until)


def recalled(
    keys: Keyring,
    records: Mapping[Key, KeyRecord | tuple[Candidate, ...]] | None = None,
    *,
    mac_lines: int = 1,
    session: SessionIdentity | None = None,
    epochs: dict[str, int] | None = None,
) -> Recollection:
    """What the store knows of the keys; nothing of those that are not named."""
    known = records or {}
    found: dict[str, KeyRecord] = {}
    for one in keys.handles:
        record: KeyRecord | tuple[Candidate, ...] = known.get(one.key, ())
        found[one.hash] = record if isinstance(record, KeyRecord) else KeyRecord(candidates=record)
    return Recollection(records=found, mac_lines=mac_lines, session=session, epochs=epochs or {})
