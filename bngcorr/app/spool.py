"""The spool, composed; and what is said of one that was switched off."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Final

import structlog

from bngcorr.accountant.spool.file import Bounds, SpoolError, SpoolFile
from bngcorr.config import Config
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.relearning import Reader
from bngcorr.proxy.spooling import Spool
from bngcorr.proxy.tracing import Tracer
from bngcorr.store.behind import WriteBehind

_LOOK_AGAIN_S: Final = 0.05

log = structlog.get_logger()


def spool_of(
    config: Config, writer: WriteBehind, reader: Reader, meters: Meters, noise: Noise, tracer: Tracer
) -> Spool | None:  # fmt: skip
    """The spool of the packet process, if it is to have one; nothing is opened yet."""
    settings = config.spool
    if not settings.enabled or not config.listen.acct:
        return None
    return Spool(
        settings.path,
        Bounds(records=settings.max_records, octets=settings.max_octets),
        rate=settings.rate,
        writer=writer,
        room=config.store.write_backlog // 2,
        reader=reader,
        meters=meters,
        noise=noise,
        tracer=tracer,
    )


async def drained(spool: Spool, within_s: float, at_once: asyncio.Event) -> None:
    """Wait until AAA and the store have all of it; what is left after `within_s`, or `at_once`, stays in the file."""
    give_up_at = time.monotonic() + within_s
    while spool.records and not at_once.is_set() and time.monotonic() < give_up_at:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_AGAIN_S):
                await at_once.wait()
    if spool.records:
        log.warning("spool not empty at the end: its file is needed", records=spool.records)


def look_into(config: Config) -> None:
    """A spool that was switched off may hold records that were acknowledged: say so."""
    path = config.spool.path
    if config.spool.enabled or not path.exists():
        return
    with contextlib.suppress(SpoolError):  # whatever it is, it is not asked for
        file = SpoolFile(path, Bounds(records=1, octets=config.spool.max_octets))
        file.close()
        if file.records:
            log.warning(
                "spool is off, and its file holds records that AAA or the store may not have", path=str(path),
                records=file.records, hint="switch it on until bngcorr_spool_records is 0",
            )  # fmt: skip
