"""`bngcorr diagnose`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Final, Literal, NoReturn

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from bngcorr.app.memory import settle
from bngcorr.capture.diagnose.files import fill_examples, read
from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.limits import Limits
from bngcorr.capture.diagnose.page import page
from bngcorr.capture.diagnose.report import SEVERITIES, Choice, report
from bngcorr.capture.diagnose.run import Diagnosis
from bngcorr.capture.diagnose.summary import Summary
from bngcorr.capture.source import PACKED, STANDARD_INPUT
from bngcorr.cli import exits
from bngcorr.cli.captures import Capture, Written, not_writable
from bngcorr.cli.diagnose_screen import show
from bngcorr.cli.packet_tree import words
from bngcorr.cli.spans import seconds_of
from bngcorr.cli.tables import screen

BIG: Final = 8 << 20  # octets from which on a bar shows how far it is


_SEVERITIES: Final = {word: severity for severity, word in SEVERITIES.items()}
_DEFAULTS: Final = Limits()


def diagnose(
    *files: Capture,
    only: str = "",
    ignore: str = "",
    severity: Literal["critical", "warning", "notice"] = "notice",
    window: str = "5s",
    most_prefixes: int = _DEFAULTS.most_prefixes,
    most_macs: int = _DEFAULTS.most_macs,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
    html: Written = None,
) -> None:
    """Find in captures what breaks a subscriber's dual stack, and say what it means and what to do.

    Router Advertisements that take the gateway away, MACs that a bridge rewrites, duplicate addresses, requests that
    nobody answers, dead receive paths, tunnels, resolvers that only some systems find, and whatever keeps DHCPv6 from
    being joined to DHCPv4.

        bngcorr diagnose access.pcapng
        bngcorr diagnose --html ticket-4711.html access.pcap uplink.pcap
        bngcorr diagnose --severity warning --ignore solicit_far trunk-*.pcap.zst
        tcpdump -U -w - -i trunk | bngcorr diagnose -

    Several files are one diagnosis: slices of one capture go on where the one before ended, others are other capture
    points. A file that breaks off is read as far as it goes. Every kind of fault is in docs/diagnose.md.

    Exits 0 if nothing is told, 1 if something is, 2 if a file is unreadable or damaged, or the question is not right.

    Parameters
    ----------
    files:
        Captures (pcap, pcapng; gzip and zstd too); - is standard input.
    only:
        Only these kinds of faults, separated by commas.
    ignore:
        All kinds but these.
    severity:
        Only faults that are at least that bad: critical, warning or notice.
    window:
        From a DISCOVER to a SOLICIT of the same CPE, either way, what the BNG or bngcorr still joins: 5s.
    most_prefixes:
        Distinct prefixes and routes that one segment may be told by Router Advertisements.
    most_macs:
        CPEs that may be on one line id.
    json_:
        Print one JSON object.
    html:
        Write one page without anything outside of it, to read, print or put on a ticket; - is standard output.
    """
    if not files:
        _refuse("give a capture, or - for standard input; see bngcorr diagnose --help")
    chosen = Choice(_kinds(only, ignore), _SEVERITIES[severity])
    limits = _limits(window, most_prefixes, most_macs)
    if json_ and html == STANDARD_INPUT:
        _refuse("--json and --html - both go to standard output")
    why = None if html is None or html == STANDARD_INPUT else not_writable(html)
    if why is not None:
        _refuse(f"--html {html}: {why}")
    diagnosis = Diagnosis(limits)
    settle()
    summary = _read(files, diagnosis)
    faults = chosen.of(diagnosis.faults)
    fill_examples(faults, files, summary)
    made = report(diagnosis, summary, chosen, words)
    for file in summary.files if json_ or html == STANDARD_INPUT or not sys.stdout.isatty() else ():
        if file.unread:  # a screen shows it
            print(f"bngcorr diagnose: {file.name}: {file.unread}", file=sys.stderr)
    for name, why in diagnosis.broken.items():
        print(f"bngcorr diagnose: detector {name} failed, its faults may be missing: {why}", file=sys.stderr)
    if html is not None:
        _write(html, page(made))
    if json_:
        print(json.dumps(made.as_json(), indent=1))
    elif html != STANDARD_INPUT:
        show(made, screen())
    if not all(file.whole for file in summary.files):
        sys.exit(exits.REFUSED)
    sys.exit(exits.NEGATIVE if faults else exits.DONE)


def _read(files: tuple[Path, ...], diagnosis: Diagnosis) -> Summary:
    """With a bar on standard error, if that is a terminal and there is much to read."""
    captures = [path for path in files if path.is_file()]
    size = sum(path.stat().st_size for path in captures)
    packed = any(map(_packed, captures))
    if size < (BIG // 8 if packed else BIG) or not sys.stderr.isatty():
        return read(files, diagnosis)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None if packed else size)

        def moved(octets: int) -> None:
            bar.update(task, advance=octets, description=f"{diagnosis.frames:,} packets")

        return read(files, diagnosis, moved)


def _packed(path: Path) -> bool:
    """Whether it holds more than its size says, and nobody knows how much."""
    try:
        with path.open("rb") as file:
            return file.read(4).startswith(PACKED)
    except OSError:
        return False  # reading it will tell


def _kinds(only: str, ignore: str) -> frozenset[Fault]:
    if only and ignore:
        _refuse("--only and --ignore exclude each other")
    named = set()
    for word in (only or ignore).replace(" ", "").split(","):
        if not word:
            continue
        if word not in set(Fault):
            _refuse(f"--{'only' if only else 'ignore'} {word}: expected kinds of {', '.join(sorted(Fault))}")
        named.add(Fault(word))
    return frozenset(named) if only else frozenset(Fault) - named


def _limits(window: str, most_prefixes: int, most_macs: int) -> Limits:
    seconds = seconds_of(window)
    if seconds is None or not 0.1 <= seconds <= 3_600:
        _refuse(f"--window {window}: expected 0.1s … 1h, such as 5s")
    for name, value in (("--most-prefixes", most_prefixes), ("--most-macs", most_macs)):
        if value < 1:
            _refuse(f"{name} {value}: expected 1 or more")
    return Limits(window_s=seconds, most_prefixes=most_prefixes, most_macs=most_macs)


def _write(path: Path, text: str) -> None:
    if path == STANDARD_INPUT:
        print(text)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        print(f"bngcorr diagnose: --html {path}: {error.strerror}", file=sys.stderr)
        sys.exit(exits.REFUSED)


def _refuse(why: str) -> NoReturn:
    print(f"bngcorr diagnose: {why}", file=sys.stderr)
    sys.exit(exits.REFUSED)
