"""The sessions that may be meant, from the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from bngcorr.correlator.keys import session_hash
from bngcorr.model.box import box_name
from bngcorr.proxy.dynauth.numbers import ErrorCause
from bngcorr.proxy.dynauth.route import Anywhere, At, Bng, Directory, Refused
from bngcorr.proxy.dynauth.selectors import Selectors, read
from bngcorr.store.rows import Page, SessionQuery, SessionRow
from bngcorr.wire.radius import PacketView

MOST_ROWS: Final = 512  # read for one request; more sessions behind one id tell nobody apart
MOST_BOXES: Final = 4_096  # looked through for an Acct-Session-Id without a NAS
DomainsAndBngs = tuple[tuple[str, tuple[str, ...]], ...]


class Sessions(Protocol):
    """Sessions by index terms and by name; raises StoreError."""

    async def sessions(self, query: SessionQuery) -> tuple[list[SessionRow], str | None]:
        """A page of sessions, and the cursor of the next one."""
        ...

    async def session_rows(self, pairs: Sequence[tuple[str, str]]) -> list[SessionRow]:
        """Sessions by (domain, name), as far as they are there."""
        ...


class Subscribers(Protocol):
    """Boxes and lines by their names; raises StoreError."""

    async def boxes(self, domains: Sequence[str]) -> list[tuple[str, str]]:
        """(domain, box) of every box that has had sessions."""
        ...

    async def line(self, domains: Sequence[str], line: str) -> list[SessionRow]:
        """Sessions that vouch for a line."""
        ...


class Reading:
    """One request, read as each BNG's profile and mode have it, once each."""

    def __init__(self, view: PacketView, directory: Directory, place: At | Anywhere) -> None:
        self.view = view
        self._directory = directory
        self._only = place.bng if isinstance(place, At) else None
        self._read: dict[str, Selectors] = {}

    def __call__(self, name: str) -> Selectors | None:
        """As the BNG of that name has it; None: it is not one of those that may be meant."""
        bng = self._directory.bngs.get(name)
        if bng is None or (self._only is not None and bng is not self._only):
            return None
        if name not in self._read:
            self._read[name] = read(self.view, bng.profile, bng.mode)
        return self._read[name]


class Lookup:
    """Finds sessions by what a request says of them."""

    def __init__(self, sessions: Sessions, subscribers: Subscribers) -> None:
        self._sessions = sessions
        self._subscribers = subscribers

    async def rows(self, reading: Reading, directory: Directory, place: At | Anywhere) -> list[SessionRow] | Refused:
        """Sessions that may be meant; what the request says of them is still to be compared. Raises StoreError."""
        kinds = [place.bng] if isinstance(place, At) else directory.kinds
        read_as = [selectors for bng in kinds if (selectors := reading(bng.name)) is not None]
        session_id = next((one.session_id for one in read_as if one.session_id is not None), None)
        terms = tuple(dict.fromkeys(term for one in read_as for term in one.terms()))
        if session_id is not None and (not terms or (isinstance(place, At) and place.box is not None)):
            return self._of_box(await self._named(session_id, directory, place), place)
        if not terms:
            anywhere = isinstance(place, Anywhere)
            return Refused(ErrorCause.PROXY_REQUEST_NOT_ROUTABLE if anywhere else ErrorCause.MISSING_ATTRIBUTE)
        found = await self.indexed(terms, domains_of([place.bng] if isinstance(place, At) else directory.bngs.values()))
        return found if isinstance(found, Refused) else self._of_box(found, place)

    async def indexed(self, terms: Sequence[str], domains: DomainsAndBngs) -> list[SessionRow] | Refused:
        """Sessions under any of the terms. Raises StoreError."""
        page = Page(limit=MOST_ROWS)
        rows, more = await self._sessions.sessions(SessionQuery(domains=domains, terms=tuple(terms), page=page))
        return rows if more is None else Refused(ErrorCause.MULTIPLE_SESSION_SELECTION_UNSUPPORTED)

    async def named(self, session_id: bytes, bngs: Iterable[Bng]) -> list[SessionRow]:
        """Sessions of that Acct-Session-Id on any box of some BNGs. Raises StoreError."""
        bngs = list(bngs)
        boxes = [(bng.domain, box_name(bng.name, "")) for bng in bngs if bng.one_box]
        several = {bng.name: bng.domain for bng in bngs if not bng.one_box}
        if several:
            found = await self._subscribers.boxes(list(dict.fromkeys(several.values())))
            boxes += [(domain, box) for domain, box in found if several.get(box.partition("|")[0]) == domain]
        pairs = [(domain, session_hash(box, session_id)) for domain, box in boxes[:MOST_BOXES]]
        return await self._sessions.session_rows(pairs)

    async def of_line(self, line: str, domains: Sequence[str]) -> list[SessionRow]:
        """Sessions that vouch for a line, given by its key. Raises StoreError."""
        return [row for row in await self._subscribers.line(domains, line) if row.line == line]

    async def by_key(self, domain: str, session: str) -> list[SessionRow]:
        """The session of that key. Raises StoreError."""
        return await self._sessions.session_rows([(domain, session)])

    async def _named(self, session_id: bytes, directory: Directory, place: At | Anywhere) -> list[SessionRow]:
        if isinstance(place, At) and place.box is not None:
            return await self._sessions.session_rows([(place.bng.domain, session_hash(place.box, session_id))])
        return await self.named(session_id, [place.bng] if isinstance(place, At) else directory.bngs.values())

    @staticmethod
    def _of_box(rows: list[SessionRow], place: At | Anywhere) -> list[SessionRow]:
        if isinstance(place, Anywhere) or place.box is None:
            return rows
        return [row for row in rows if row.nas == place.box]


def domains_of(bngs: Iterable[Bng]) -> DomainsAndBngs:
    """Each domain with those of its BNGs that are among these."""
    found: dict[str, list[str]] = {}
    for bng in bngs:
        found.setdefault(bng.domain, []).append(bng.name)
    return tuple((domain, tuple(names)) for domain, names in found.items())
