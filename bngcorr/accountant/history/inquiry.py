"""Everything that answers a question: live sessions, those closed and not yet on disk, and the files, in this order.

In this order nothing slips through: a session that closes meanwhile is found where it went. What the store can't tell,
or a file, is said and does not keep the rest from being told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from bngcorr.accountant.history.held import Held, of_closed, of_session
from bngcorr.accountant.history.question import Answer, Question, once, undisputed
from bngcorr.accountant.history.search import Search, finder
from bngcorr.errors import StoreError
from bngcorr.store.contract import HistoryStore, QueryStore
from bngcorr.store.duplicates import address_of, unique
from bngcorr.store.rows import Page, SessionQuery
from bngcorr.store.terms import address_term

PAGE: Final = 1000  # sessions read at once
CROWDED: Final = 4  # so many of one private address, and the store's index, which keeps 8, may not know them all
MOST_ASKED: Final = 256  # addresses of an IPv4 prefix that are asked for one by one

Watch = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]  # a step, and how much it has to do


@dataclass(slots=True)
class Inquiry:
    """What is found, and what could not be asked."""

    question: Question
    now_ms: int
    most: int  # answers that are kept
    answers: list[Answer] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # sentences on what could not be asked
    more: bool = False  # there are more answers than are kept
    _about: Callable[[str], bool] = field(init=False)

    def __post_init__(self) -> None:
        self._about = finder(self.question)

    async def ask_store(
        self, queries: QueryStore, histories: HistoryStore, domains: Sequence[tuple[str, tuple[str, ...]]], watch: Watch
    ) -> None:
        """Live sessions, and closed ones that wait to be written; of domains whose node is away the others' only."""
        with self._told_if_away():
            found = [await self._read(queries, domains, term, lambda _: None) for term in self._terms()]
            crowded = max(found, default=0) >= CROWDED and not unique(f"||{self.question.network}")
            within = not self.question.single and self._has_more_than_terms()  # stands under no term
            if crowded or (within and not self._held_whole()):
                with watch("reading sessions", None) as read:
                    await self._read(queries, self._meant(domains), None, read)
        for domain, _ in domains:
            with self._told_if_away():
                for row in await histories.recent(domain):
                    self._take(of_closed(row, self.now_ms))

    @contextmanager
    def _told_if_away(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            sentence = f"the store could not be asked: {error}"
            if sentence not in self.missing:
                self.missing.append(sentence)

    def ask_files(self, directory: Path, watch: Watch) -> None:
        """What is on disk."""
        try:
            search = Search.since(directory, self.question.first_day)
            with watch("reading files", search.octets()) as read:
                self._take(search.held(self.question, read))
        except OSError as error:
            self.missing.append(f"{error.filename or directory} could not be read: {error.strerror}")
        else:
            self.missing += [f"{directory / name}" for name in search.unread]

    def _terms(self) -> Iterator[str]:
        """Index terms of the address, of prefixes that hold it, and of the addresses in a small IPv4 prefix."""
        network = self.question.network
        texts: Iterable[str] = self.question.holding()
        if not self._has_more_than_terms():
            texts = (str(address) for address in network)
        return (address_term(text) for text in texts)

    def _has_more_than_terms(self) -> bool:
        network = self.question.network
        return network.version == 6 or network.num_addresses > MOST_ASKED

    def _held_whole(self) -> bool:
        """Whether somebody holds all of it: then nobody else has a part, unless it is used many times over."""
        return any(answer.certain and answer.held.to_ms is None and self._alone(answer.held) for answer in self.answers)

    def _alone(self, held: Held) -> bool:
        whole = ip_network(held.address).prefixlen <= self.question.network.prefixlen
        return whole and not held.service and unique(f"{held.kind}||{held.address}")

    async def _read(
        self,
        queries: QueryStore,
        domains: Sequence[tuple[str, tuple[str, ...]]],
        term: str | None,
        read: Callable[[int], None],
    ) -> int:
        """Sessions under a term, or all of them; how many."""
        about = self._about
        count = 0
        cursor: str | None = ""
        while cursor is not None:
            query = SessionQuery(
                domains=tuple(domains), terms=() if term is None else (term,), page=Page(cursor=cursor, limit=PAGE)
            )
            rows, cursor = await queries.sessions(query)
            self._take(
                held
                for row in rows
                if any(about(address_of(host)) for host in row.hosts)
                for held in of_session(row, self.now_ms)
            )
            read(len(rows))
            count += len(rows)
        return count

    def _meant(self, domains: Sequence[tuple[str, tuple[str, ...]]]) -> list[tuple[str, tuple[str, ...]]]:
        """Those of the BNG that is asked for, or all."""
        bng = self.question.bng
        return [(domain, bngs) for domain, bngs in domains if bng is None or bng in bngs]

    def _take(self, held: Iterable[Held]) -> None:
        for one in held:
            answer = self.question.judge(one)
            if answer is None:
                continue
            if len(self.answers) >= 2 * self.most:
                self.answers = once(self.answers)
                if len(self.answers) > self.most:
                    self.more = True
                    del self.answers[self.most :]
            self.answers.append(answer)

    def result(self) -> list[Answer]:
        """Each once, the surest and latest first; what could not be kept is `more`."""
        found = once(self.answers)
        self.more = self.more or len(found) > self.most
        return undisputed(found)[: self.most]
