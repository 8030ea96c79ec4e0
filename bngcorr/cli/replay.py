"""`bngcorr replay`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from bngcorr.app.memory import settle
from bngcorr.capture.source import STANDARD_INPUT
from bngcorr.cli import exits
from bngcorr.cli.captures import Capture, not_writable
from bngcorr.cli.parameters import FLAG
from bngcorr.cli.replay_bngs import configured, lines_of, own, refuse
from bngcorr.cli.replay_out import Out
from bngcorr.cli.spans import seconds_of
from bngcorr.cli.tables import screen
from bngcorr.model.vocabulary import MacSource, Outcome, Trigger, VlanModel
from bngcorr.replay import report, svg
from bngcorr.replay.run import DhcpIs, Options, Replay

MOST_WINDOWS: Final = 16
LEAST_BAR: Final = 1 << 24  # octets of captures that are worth a progress bar
_PACKED: Final = (b"\x1f\x8b", b"\x28\xb5")  # how gzip and zstd begin


def replay(
    *captures: Capture,
    window: str | None = None,
    profile: str = "generic",
    secret: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    secret_file: Path | None = None,
    vlan_model: VlanModel = VlanModel.SHARED,
    untrusted: Annotated[tuple[Trigger, ...], Parameter(negative="")] = (),
    config: Annotated[Path | None, Parameter(name=("--config", "-c"))] = None,
    bng: str | None = None,
    dhcp: DhcpIs | None = None,
    port: str | None = None,
    relayed_mac: MacSource = MacSource.CLAIMED,
    only: str | None = None,
    summary: Annotated[bool, FLAG] = False,
    all_: Annotated[bool, Parameter(name=("--all", "-a"), negative="")] = False,
    plot: Path | None = None,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
    jsonl: Annotated[bool, FLAG] = False,
) -> None:
    """Play captures of RADIUS and DHCP through the rules.

    Whose request was each, how was that found, what would have been rewritten, what did AAA say, and what would another
    window have found? Time is the capture's, nothing is sent. With RADIUS in the capture its requests are decided, and
    DHCP helps them as a live tap does; without, each DISCOVER and SOLICIT is decided as if a BNG had asked on it.

        bngcorr replay uplink.pcapng --profile nokia-sros

        bngcorr replay radius.pcap --window 2s,5s,10s,30s --plot windows.svg --summary

        bngcorr replay radius.pcap -c /etc/bngcorr.yaml --only unmatched,ambiguous,conflict

        tcpdump -w - 'udp portrange 1812-1813' | bngcorr replay - --jsonl

    Exits 0 if something was replayed, 1 if there was nothing to replay, 2 if a capture is unreadable or cut.

    Parameters
    ----------
    captures:
        pcap or pcapng, gzip and zstd too; - is standard input. Several are played together, in the order of time.
    window:
        Windows to be compared, such as 2s,5s,10s,30s: what each of them would have found.
    profile:
        Family of the BNGs, one of those that come with bngcorr: each source of RADIUS is a BNG of its own.
    secret:
        The secret shared by BNGs and AAA, or ADDRESS=SECRET or NETWORK=SECRET for some of them; may be repeated. Other
        people on the machine can read it: --secret-file is better.
    secret_file:
        A file with such secrets, one a line.
    vlan_model:
        Whether a VLAN pair on a port is one line, or shared by many.
    untrusted:
        A protocol whose line ids only the customer can have written, for no access node inserts any; may be repeated.
    config:
        A configuration file: its BNGs with addresses, secrets, profiles and rules, instead of the five above.
    bng:
        The BNG whose customers' DHCP was captured, by its name in the configuration, else by its address; with a
        configuration, also the BNG that RADIUS from unknown addresses is of.
    dhcp:
        What DHCP is taken for: requests, sightings (that help the requests of RADIUS), or ignored.
    port:
        The port of the BNG that DHCP was captured at, as its NAS-Port-Id is read (1/1/4, lag-12).
    relayed_mac:
        Who vouches for the MAC (chaddr, Option 79) in DHCP that a router has relayed: claimed (the customer), or seen
        if the router compares it with the frame.
    only:
        Of the requests, only those with one of these outcomes: own, matched, ambiguous, conflict, unmatched.
    summary:
        Totals only, not the requests.
    all_:
        Every request on the screen, not only the first 50.
    plot:
        Write the distances between requests and sightings as a picture (SVG) to this file.
    json_:
        Print one JSON document: all requests, then the totals.
    jsonl:
        Print a JSON object a line: each request, then the totals.
    """
    if not captures:
        refuse("give a capture, or - for standard input; see bngcorr replay --help")
    if sum(path == STANDARD_INPUT for path in captures) > 1:
        refuse("standard input can be read once only")
    if json_ and jsonl:
        refuse("--json and --jsonl exclude each other")
    if plot is not None:
        why = not_writable(plot)
        if why is not None:
            refuse(f"--plot {plot}: {why}")
    outcomes = _outcomes(only)
    windows_ms = _windows(window)
    if config is not None:
        if secret or secret_file is not None or untrusted or profile != "generic" or vlan_model is not VlanModel.SHARED:
            refuse("--profile, --secret, --secret-file, --untrusted and --vlan-model do not go with --config")
        bngs = configured(config, bng, relayed_mac)
    else:
        bngs = own(profile, (*secret, *lines_of(secret_file)), vlan_model, untrusted, relayed_mac, bng)
    console = Console(emoji=False, highlight=False, width=screen().width)
    names = tuple(map(str, captures))
    out = Out(console, names, outcomes, rows=not summary, all_=all_, json_=json_, jsonl=jsonl)
    with _progress(captures) as read:
        done = Replay(
            Options(
                captures=captures, bngs=bngs, windows_ms=windows_ms, dhcp=dhcp, port=port,
                rows=out.give if out.rows else None, read=read,
            )
        )  # fmt: skip
        settle()
        done.play()
    out.end(done)
    if plot is not None:
        title = f"Requests without line id and their sightings: {', '.join(path.name for path in captures)}"[:120]
        try:
            plot.write_text(svg.histogram(report.distances(done), done.options.windows_ms, title), encoding="utf-8")
        except OSError as error:
            refuse(f"--plot {plot}: {error.strerror or error}")
    for number, why in done.feed.faults.items():
        print(f"bngcorr replay: {names[number]}: {why}", file=sys.stderr)
    if done.feed.faults:
        sys.exit(exits.REFUSED)
    sys.exit(exits.NEGATIVE if report.nothing(done) else exits.DONE)


def _outcomes(only: str | None) -> frozenset[Outcome]:
    if only is None:
        return frozenset(Outcome)
    found = set()
    for word in only.split(","):
        if word.strip() not in tuple(Outcome):
            refuse(f"--only {word.strip()!r} is none of {', '.join(Outcome)}")
        found.add(Outcome(word.strip()))
    return frozenset(found)


def _windows(text: str | None) -> tuple[int, ...]:
    if text is None:
        return ()
    found = []
    for word in text.split(","):
        seconds = seconds_of(word)
        if seconds is None or not 0 < seconds <= 3600:
            refuse(f"--window {word.strip()!r}: expected spans up to 1h such as 2s,5s,10s")
        found.append(round(seconds * 1000))
    if len(found) > MOST_WINDOWS:
        refuse(f"--window: {len(found)} windows; at most {MOST_WINDOWS} are compared")
    return tuple(found)


@contextmanager
def _progress(captures: tuple[Path, ...]) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, if the captures are big; by octets read where a file's size tells how many there are."""
    total: int | None = 0
    for path in captures:
        try:
            size = 0 if path == STANDARD_INPUT else path.stat().st_size
            with path.open("rb") as file:
                packed = file.read(2) in _PACKED
        except OSError:
            continue
        total = None if packed or total is None else total + size
    if not sys.stderr.isatty() or STANDARD_INPUT in captures or (total is not None and total < LEAST_BAR):
        yield lambda _: None
        return
    columns = (TextColumn("replay"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=total)
        yield lambda octets: progress.advance(bar, octets)
