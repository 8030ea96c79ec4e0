"""Everything that answers a question: live sessions, those closed and not yet on disk, and the files, in this order.

In this order nothing slips through: a session that closes meanwhile is found where it went. What the store can't tell,
or a file, is said and does not keep the rest from being told.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bngcorr.accountant.history.held import Held, of_closed, of_session
from bngcorr.accountant.history.question import Answer, Question, once
from bngcorr.accountant.history.search import Search
from bngcorr.errors import StoreError
from bngcorr.store.contract import HistoryStore, QueryStore
from bngcorr.store.rows import Page, SessionQuery
from bngcorr.store.terms import address_term

PAGE: Final = 1000  # sessions read at once
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

    async def ask_store(
        self, queries: QueryStore, histories: HistoryStore, domains: Sequence[tuple[str, tuple[str, ...]]], watch: Watch
    ) -> None:
        """Live sessions, and closed ones that wait to be written."""
        try:
            for term in self._terms():
                await self._page(queries, SessionQuery(domains=tuple(domains), term=term))
            if not self.question.single and self._has_more_than_terms():
                await self._walk(queries, domains, watch)
            for domain, _ in domains:
                for row in await histories.recent(domain):
                    self._take(of_closed(row, self.now_ms))
        except StoreError as error:
            self.missing.append(f"the store could not be asked: {error}")

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

    async def _walk(self, queries: QueryStore, domains: Sequence[tuple[str, tuple[str, ...]]], watch: Watch) -> None:
        """All sessions: what lies within a prefix stands under no term."""
        with watch("reading sessions", None) as read:
            cursor: str | None = ""
            while cursor is not None:
                query = SessionQuery(domains=tuple(domains), page=Page(cursor=cursor, limit=PAGE))
                cursor = await self._page(queries, query)
                read(PAGE)

    async def _page(self, queries: QueryStore, query: SessionQuery) -> str | None:
        rows, cursor = await queries.sessions(query)
        self._take(itertools.chain.from_iterable(of_session(row, self.now_ms) for row in rows))
        return cursor

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
        return found[: self.most]
