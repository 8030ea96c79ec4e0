"""Asking several correlation domains: whoever does not answer fails only what is about its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from bngcorr.errors import StoreError
from bngcorr.store.rows import Page

AT_ONCE: Final = 32  # domains that are asked at a time
ROWS_AT_ONCE: Final = 100  # that are asked for, so that neither the store nor our own event loop is held up
WITHIN_S: Final = 5.0  # those that have not answered by then are told as missing

Answer = TypeVar("Answer")
Row = TypeVar("Row")


async def from_each(
    domains: Sequence[str], ask: Callable[[str], Awaitable[Answer]]
) -> tuple[dict[str, Answer], tuple[str, ...]]:
    """Answers by domain, in order, and the domains without one. Raises StoreError if there is no answer at all."""
    if len(domains) == 1:
        return {domains[0]: await ask(domains[0])}, ()
    room = asyncio.Semaphore(AT_ONCE)
    found: dict[str, Answer] = {}
    faults: list[StoreError] = []

    async def one(domain: str) -> None:
        async with room:
            try:
                found[domain] = await ask(domain)
            except StoreError as error:
                faults.append(error)

    tasks = [asyncio.create_task(one(domain)) for domain in domains]
    if tasks:
        try:
            done, _ = await asyncio.wait(tasks, timeout=WITHIN_S)
        finally:
            for task in tasks:
                task.cancel()
        for task in done:
            task.result()
    if domains and not found:
        raise faults[0] if faults else StoreError("no part of the store answered in time")
    return {domain: found[domain] for domain in domains if domain in found}, tuple(
        domain for domain in domains if domain not in found
    )


async def from_all(
    domains: Sequence[str], ask: Callable[[Sequence[str]], Awaitable[list[Row]]]
) -> tuple[list[Row], tuple[str, ...]]:
    """Rows of all of them, in one question; each by itself only if that fails, so that no other goes without.

    And the domains without an answer. Raises StoreError if there is no answer at all.
    """
    try:
        return await ask(domains), ()
    except StoreError:
        if len(domains) == 1:
            raise
    each, silent = await from_each(domains, lambda domain: ask([domain]))
    return [row for rows in each.values() for row in rows], silent


async def walk(
    domains: Sequence[str],
    cursor: str,
    limit: int,
    ask: Callable[[str, Page], Awaitable[tuple[list[Row], str | None]]],
    most_scanned: int,
) -> tuple[list[Row], str | None, tuple[str, ...]]:
    """Rows domain by domain, at most `limit`; where to go on; domains that did not answer.

    `ask` may keep fewer rows than it read. After `most_scanned` rows, or some time, the page ends though it is
    short. Raises StoreError if no domain answered.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + WITHIN_S / 2
    position, _, place = cursor.partition(".")
    at, rest = int(position or 0), place
    rows: list[Row] = []
    silent: list[str] = []
    fault: StoreError | None = None
    heard = False
    scanned = 0
    while at < len(domains):
        want = limit - len(rows)
        if want == 0 or scanned >= most_scanned or loop.time() > until:
            if fault is not None and not heard:  # an empty page would look like an answer, were it nobody's
                await from_each(domains[at:], lambda domain: ask(domain, Page(cursor="", limit=1)))
            return rows, f"{at}.{rest or '0.0'}", tuple(silent)
        try:
            part = Page(cursor=f"0.{rest}" if rest else "", limit=min(want, ROWS_AT_ONCE))
            found, following = await ask(domains[at], part)
        except StoreError as error:
            fault, following = error, None
            silent.append(domains[at])
        else:
            heard = True
            rows += found
            scanned += part.limit
        at, rest = (at + 1, "") if following is None else (at, following.partition(".")[2])
    if fault is not None and not heard:
        raise fault
    return rows, None, tuple(silent)
