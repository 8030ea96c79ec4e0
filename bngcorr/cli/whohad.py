"""`bngcorr whohad`."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Annotated, Final, NoReturn

from cyclopts import Parameter
from pydantic import TypeAdapter, ValidationError

from bngcorr.accountant.history.inquiry import Inquiry
from bngcorr.accountant.history.instants import instant_asked
from bngcorr.accountant.history.question import Network, Question, asked_network
from bngcorr.app.parts import open_store
from bngcorr.cli.output import Output
from bngcorr.cli.parameters import ConfigFile, OutputAs
from bngcorr.cli.plan_steps import Steps
from bngcorr.cli.process import load_or_exit
from bngcorr.cli.whohad_screen import print_answers
from bngcorr.config import Config
from bngcorr.config.fields import Duration

AHEAD_MS: Final = 60_000  # that an instant may lie ahead: clocks differ
MOST: Final = 100_000  # answers


def whohad(
    address: str,
    *,
    at: Annotated[str, Parameter(allow_leading_hyphen=True)] = "now",
    within: str = "0s",
    config: ConfigFile,
    bng: str | None = None,
    limit: int = 1000,
    output: OutputAs = Output.TABLE,
) -> None:
    """Who held this address or prefix at that time: line, ids, MAC, session and BNG, from when to when.

    Looks at live sessions in the store, at closed ones that wait to be written, and at the files of
    `history.directory`.

        bngcorr whohad 203.0.113.9 --at "2026-11-25 14:00" -c bngcorr.yaml
        bngcorr whohad 2001:db8:100:4207::1f --at -2h --within 5m -c bngcorr.yaml

    An IPv6 address is also looked for in delegated and SLAAC prefixes; a prefix finds all that holds it or lies within
    it. Private addresses are reused: --bng tells which BNG is meant. Behind carrier-grade NAT an address is not enough,
    and bngcorr does not know the ports.

    A session that fell silent has no known end: "last heard" is its last word, and it may have held the address until
    the silence was noticed. Such an answer is not certain.

    Exits 0 if somebody is found, 1 if nobody is known, 2 for a bad question or configuration, 3 if the store or a file
    could not be read, or the output takes nothing: what was found is printed, and there may be more.

    Parameters
    ----------
    address:
        An IPv4 or IPv6 address, or a prefix.
    at:
        RFC 3339, or date and time (UTC unless an offset is given), or -2h for two hours ago (s, m, h, d, w).
    within:
        Margin before and after, for clocks that differ: 30s, 5m, 1h.
    bng:
        Only on this BNG.
    limit:
        At most so many answers, the surest and latest first, 1 to 100000.
    output:
        table for people; json (a list), jsonl (an object a line) or csv for programs. In CSV, text that a
        spreadsheet would run as a formula has a ' in front.
    """
    now_ms = time.time_ns() // 1_000_000
    network, at_ms, within_ms = _network(address), _instant(at, now_ms), _margin(within)
    if not 1 <= limit <= MOST:
        _refuse(f"--limit {limit} is not 1 … {MOST}")
    settings = load_or_exit(config)
    if bng is not None and bng not in [one.name for one in settings.bngs]:
        print(f"bngcorr whohad: --bng {bng!r} is not configured; only files can have it", file=sys.stderr)
    question = Question(network=network, at_ms=at_ms, within_ms=within_ms, bng=bng)
    inquiry = Inquiry(question, now_ms=now_ms, most=limit)
    try:
        with Steps(fleeting=True) as steps:
            asyncio.run(_ask_store(settings, inquiry, steps))
            if settings.history.directory is not None:
                inquiry.ask_files(settings.history.directory, steps.step)
    except KeyboardInterrupt:
        print("bngcorr whohad: interrupted", file=sys.stderr)
        sys.exit(3)
    answers = inquiry.result()
    print_answers(answers, output, question, complete=not inquiry.missing)
    for sentence in inquiry.missing:
        print(f"bngcorr whohad: {sentence}; there may be more", file=sys.stderr)
    if settings.history.directory is None:
        print("bngcorr whohad: no history is kept (history.directory): only live sessions were asked", file=sys.stderr)
    if inquiry.more:
        print(f"bngcorr whohad: more than {limit} answers, these are the latest; see --limit", file=sys.stderr)
    sys.exit(3 if inquiry.missing else 0 if answers else 1)


async def _ask_store(settings: Config, inquiry: Inquiry, steps: Steps) -> None:
    domains: dict[str, tuple[str, ...]] = {}
    for bng in settings.bngs:
        domains[bng.domain_name] = (*domains.get(bng.domain_name, ()), bng.name)
    store = open_store(settings)
    try:
        await inquiry.ask_store(store.queries, store.history, tuple(domains.items()), steps.step)
    finally:
        await store.close()


def _refuse(reason: str) -> NoReturn:
    print(f"bngcorr whohad: {reason}", file=sys.stderr)
    sys.exit(2)


def _network(text: str) -> Network:
    try:
        return asked_network(text)
    except ValueError as error:
        _refuse(f"{text!r} is not {error}")


def _instant(text: str, now_ms: int) -> int:
    try:
        at_ms = instant_asked(text, now_ms)
    except ValueError as error:
        _refuse(f"--at {text!r} is not {error}")
    if at_ms > now_ms + AHEAD_MS:
        _refuse(f"--at {text!r} lies in the future")
    if at_ms < 0:
        _refuse(f"--at {text!r} lies before 1970")
    return at_ms


def _margin(text: str) -> int:
    try:
        return round(TypeAdapter(Duration).validate_python(text) * 1000)
    except ValidationError:
        _refuse(f'--within {text!r} is not a duration with its unit, such as "30s", "5m" or "1h"')
