"""What several processes need."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Final

import structlog

from bngcorr.config import Config
from bngcorr.errors import BngcorrError, StoreError
from bngcorr.store.clock import StoreClock
from bngcorr.store.embedded import url as embedded_url
from bngcorr.store.greeting import Severity, faults, greet
from bngcorr.store.schema import meet, refusal
from bngcorr.store.valkey import ValkeyStore

FIRST_TRY_S: Final = 1.0
SCHEMA_EVERY_S: Final = 1.0

log = structlog.get_logger()


class StartError(BngcorrError):
    """The service can't start; the text says what to do."""


def store_url(config: Config) -> str:
    """Where the configured store is."""
    return embedded_url(config.store.data_dir) if config.store.url == "embedded" else config.store.url


def open_store(config: Config) -> ValkeyStore:
    """Client of the configured store; nothing is asked yet."""
    return ValkeyStore(
        store_url(config),
        budget_s=config.store.budget,
        events=config.store.events,
        v6_lost_s=config.findings.v6_lost_after,
        timeline=config.timeline.entries,
        history_backlog=0 if config.history.directory is None else config.history.backlog,
    )


async def greet_store(store: ValkeyStore, clock: StoreClock) -> None:
    """Say what the store is, and what is wrong with it.

    One that is of no use ends the start (StartError); one that is away does not: v4 does not need it.
    """
    try:
        async with asyncio.timeout(FIRST_TRY_S + 2):
            greeting = await greet(store.lane, FIRST_TRY_S)
            await clock.measure(store)
    except (StoreError, TimeoutError) as error:
        log.warning("store does not answer, going on without correlation until it does", error=str(error))
        return
    log.info("store connected", store=greeting.version, nodes=len(greeting.nodes))
    for fault in faults(greeting):
        if fault.severity is Severity.REFUSE:
            raise StartError(fault.text)
        say = log.warning if fault.severity is Severity.WARN else log.info
        say("store", fault=fault.text)


async def settle_schema(store: ValkeyStore) -> bool:
    """Whether the store answered, and may be worked on; it has our number then. Raises StartError if it must not be."""
    try:
        async with asyncio.timeout(FIRST_TRY_S + 2):
            found = await meet(store.lane, FIRST_TRY_S)
    except (StoreError, TimeoutError):
        return False
    refused = refusal(found)
    if refused is not None:
        raise StartError(refused)
    return True


async def settle_schema_later(store: ValkeyStore) -> None:
    """For a store that was away at the start, or took no writes: as soon as it answers. Ends the process if it must not
    be worked on; the next start says why.
    """
    settled = False
    while not settled:
        await asyncio.sleep(SCHEMA_EVERY_S)
        try:
            settled = await settle_schema(store)
        except StartError as error:
            log.error("ending", reason=str(error))  # noqa: TRY400 -- no bug of ours
            os.kill(os.getpid(), signal.SIGTERM)
            return
