"""`bngcorr replay`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Final, NoReturn

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from bngcorr.bng_profiles import check_grammar, compile_all, nas_of
from bngcorr.capture.source import STANDARD_INPUT
from bngcorr.cli import exits
from bngcorr.cli.captures import Capture
from bngcorr.cli.parameters import FLAG
from bngcorr.cli.process import exit_with_faults, load_or_exit
from bngcorr.cli.spans import seconds_of
from bngcorr.errors import ConfigError
from bngcorr.model.vocabulary import MacSource, Outcome, Trigger, VlanModel
from bngcorr.profiles.catalogue import compile_profile, packaged
from bngcorr.proxy.nas import NasTable
from bngcorr.proxy.remote_id import Numbers
from bngcorr.replay import report, screen, svg
from bngcorr.replay.bngs import Bngs, Network
from bngcorr.replay.row import Row
from bngcorr.replay.run import DhcpIs, Options, Replay
from bngcorr.resources import resource
from bngcorr.wire.dictionary import Dictionary

SHOWN: Final = 50  # requests on the screen unless all are asked for
CHUNK: Final = 200  # requests of one table
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
    window have found? Time is the capture's, nothing is sent. With RADIUS in the capture its requests are decided, and DHCP helps them as
    a live tap does; without, each DISCOVER and SOLICIT is decided as if a BNG had asked on it.

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
        Who vouches for the MAC in DHCP that a router has relayed: claimed (the customer), or seen if the router
        compares it with the frame.
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
        _refuse("give a capture, or - for standard input; see bngcorr replay --help")
    if sum(path == STANDARD_INPUT for path in captures) > 1:
        _refuse("standard input can be read once only")
    outcomes = _outcomes(only)
    windows_ms = _windows(window)
    if config is not None:
        if secret or secret_file is not None or untrusted or profile != "generic" or vlan_model is not VlanModel.SHARED:
            _refuse("--profile, --secret, --secret-file, --untrusted and --vlan-model do not go with --config")
        bngs = _configured(config, bng, relayed_mac)
    else:
        bngs = _own(profile, (*secret, *_lines(secret_file)), vlan_model, untrusted, relayed_mac)
        if bng is not None:
            bngs.name(_address(bng))
    console = Console(emoji=False, highlight=False)
    names = tuple(map(str, captures))
    out = _Out(console, names, outcomes, rows=not summary, all_=all_, json_=json_, jsonl=jsonl)
    with _progress(captures) as read:
        done = Replay(
            Options(
                captures=captures, bngs=bngs, windows_ms=windows_ms, dhcp=dhcp, port=port,
                rows=out.give if out.rows else None, read=read,
            )
        )  # fmt: skip
        done.play()
    out.end(done)
    if plot is not None:
        title = f"Requests without line id and their sightings: {', '.join(path.name for path in captures)}"[:120]
        try:
            plot.write_text(svg.histogram(report.distances(done), done.options.windows_ms, title), encoding="utf-8")
        except OSError as error:
            _refuse(f"--plot {plot}: {error.strerror or error}")
    for number, why in done.feed.faults.items():
        print(f"bngcorr replay: {names[number]}: {why}", file=sys.stderr)
    if done.feed.faults:
        sys.exit(exits.REFUSED)
    sys.exit(exits.NEGATIVE if report.nothing(done) else exits.DONE)


class _Out:
    """Where requests and totals go."""

    def __init__(
        self,
        console: Console,
        names: tuple[str, ...],
        outcomes: frozenset[Outcome],
        *,
        rows: bool,
        all_: bool,
        json_: bool,
        jsonl: bool,
    ) -> None:
        self._console: Final = console
        self._names: Final = names
        self._outcomes: Final = outcomes
        self.rows: Final = rows
        self._all: Final = all_
        self._json: Final = json_
        self._jsonl: Final = jsonl
        self._chunk: Final[list[Row]] = []
        self._shown = 0
        self._left = 0

    def give(self, row: Row) -> None:
        """A request."""
        if row.outcome not in self._outcomes:
            return
        if self._jsonl:
            sys.stdout.write(json.dumps(row.as_json(self._names)) + "\n")
        elif self._json:
            sys.stdout.write(('{"requests": [\n' if not self._shown else ",\n") + json.dumps(row.as_json(self._names)))
        elif self._all or self._shown < SHOWN:
            self._chunk.append(row)
            if len(self._chunk) == CHUNK:
                self._flush()
        else:
            self._left += 1
        self._shown += 1

    def _flush(self) -> None:
        if self._chunk:
            self._console.print(screen.requests(self._chunk, self._names))
            self._chunk.clear()

    def end(self, done: Replay) -> None:
        """The totals."""
        if self._jsonl:
            print(json.dumps({"totals": report.as_json(done)}))
        elif self._json:
            if self.rows:
                sys.stdout.write("\n],\n" if self._shown else '{"requests": [],\n')
                sys.stdout.write(json.dumps(report.as_json(done), indent=1)[1:].lstrip("\n") + "\n")
            else:
                print(json.dumps(report.as_json(done), indent=1))
        else:
            self._flush()
            if self._left:
                self._console.print(f"… and {self._left:,} requests more: --all shows them\n")
            screen.show(self._console, done)


def _refuse(why: str) -> NoReturn:
    print(f"bngcorr replay: {why}", file=sys.stderr)
    sys.exit(exits.REFUSED)


def _outcomes(only: str | None) -> frozenset[Outcome]:
    if only is None:
        return frozenset(Outcome)
    found = set()
    for word in only.split(","):
        if word.strip() not in tuple(Outcome):
            _refuse(f"--only {word.strip()!r} is none of {', '.join(Outcome)}")
        found.add(Outcome(word.strip()))
    return frozenset(found)


def _windows(text: str | None) -> tuple[int, ...]:
    if text is None:
        return ()
    found = []
    for word in text.split(","):
        seconds = seconds_of(word)
        if seconds is None or not 0 < seconds <= 3600:
            _refuse(f"--window {word.strip()!r}: expected spans up to 1h such as 2s,5s,10s")
        found.append(round(seconds * 1000))
    if len(found) > MOST_WINDOWS:
        _refuse(f"--window: {len(found)} windows; at most {MOST_WINDOWS} are compared")
    return tuple(found)


def _lines(path: Path | None) -> tuple[str, ...]:
    if path is None:
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        _refuse(f"--secret-file {path}: {getattr(error, 'strerror', None) or 'it is no UTF-8 text'}")
    found = tuple(line for line in lines if line)
    if not found:
        _refuse(f"--secret-file {path} is empty")
    return found


def _secrets(texts: Iterable[str]) -> tuple[bytes | None, list[tuple[Network, bytes]]]:
    """The secret for all, and those of networks, the longest prefix first."""
    everybody: bytes | None = None
    some: list[tuple[Network, bytes]] = []
    for text in texts:
        where, found, rest = text.partition("=")
        if found:
            try:
                some.append((ip_network(where, strict=False), rest.encode()))
                continue
            except ValueError:
                pass  # a secret with "=" in it
        if everybody is not None:
            _refuse("--secret: more than one for all BNGs; ADDRESS=SECRET is for some of them")
        everybody = text.encode()
    return everybody, sorted(some, key=lambda one: -one[0].prefixlen)


def _own(
    name: str, secrets: Iterable[str], vlan_model: VlanModel, untrusted: Iterable[Trigger], relayed_mac: MacSource
) -> Bngs:
    known = packaged()
    if name not in known:
        _refuse(f"--profile {name!r} is none of {', '.join(known)}")
    everybody, some = _secrets(secrets)
    compiled = compile_profile(known[name], Dictionary(resource("dictionaries") / "dictionary"))
    for carrier in compiled.ports:
        check_grammar(carrier.grammar)
    return Bngs(
        profile=compiled, numbers=Numbers(), secret=everybody, secrets=some, vlan_model=vlan_model,
        untrusted=frozenset(untrusted), relayed_mac=relayed_mac,
    )  # fmt: skip


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        _refuse(f"--bng {text!r}: expected the address of a BNG; names go with --config")


def _configured(path: Path, name: str | None, relayed_mac: MacSource) -> Bngs:
    settings = load_or_exit(path)
    dictionary = Dictionary(resource("dictionaries") / "dictionary")
    try:
        profiles = compile_all(settings, dictionary)
    except ConfigError as error:
        exit_with_faults(error)
    by_name = {bng.name: nas_of(bng, profiles[bng.name]) for bng in settings.bngs}
    if name is not None and name not in by_name:
        _refuse(f"--bng {name!r} is none of {', '.join(by_name)}")
    numbers = settings.enterprise_numbers
    return Bngs(
        profile=compile_profile(packaged()["generic"], dictionary),
        numbers=Numbers(numbers.accept, numbers.ceiling),
        table=NasTable([(network, by_name[bng.name]) for bng in settings.bngs for network in bng.address]),
        named=None if name is None else by_name[name],
        relayed_mac=relayed_mac,
        remember_ms=round(settings.store.remember * 1000),
    )


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
