"""What people see while the demonstration runs: the commands to try, the live table, the plain line."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bngcorr.demo.lab import Snapshot
from bngcorr.demo.report import Result, text
from bngcorr.demo.service import Service
from bngcorr.demo.session import KINDS
from bngcorr.demo.truth import Line


@dataclass(slots=True)
class Tally:
    """All finished rounds, added up."""

    rounds: int = 0
    requests: int = 0
    attributable: int = 0
    matched: int = 0
    wrong: int = 0
    drift: int = 0  # of the last round
    by_rung: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        """One more round."""
        self.rounds += 1
        self.requests += result.requests
        self.attributable += result.attributable
        self.matched += result.matched
        self.wrong += result.wrong
        self.drift = result.audit_drift
        self.by_rung.update(result.by_rung)
        self.answers.update(result.answers)


def guide(service: Service) -> list[str]:
    """Where to look and what to try next: lines to copy from."""
    base = service.http
    return [
        f"# {base} serves the API; Ctrl-C ends all of this. Sessions that are up, lines, host usage, verdicts:",
        f"curl -s '{base}/v1/sessions?state=up&limit=5'",
        f"curl -s '{base}/v1/lines?limit=5'",
        f"curl -s '{base}/v1/bngs'",
        f"curl -s '{base}/v1/correlations?limit=20'",
        "# metrics of the packet process, its log, and its configuration, checked:",
        f"curl -s '{service.health}/metrics'",
        f"tail -f {service.log('serve')}",
        f"{sys.argv[0]} check-config -c {service.config}",
        "# kill the store: requests that name their line go on, and the rest is back as soon as the store is:",
        f'kill -9 "$(cat {service.store_pid_file})"',
    ]


def example(base: str, line: Line) -> list[str]:
    """How to look up a line that is up now."""
    mac = line.mac
    return [f"curl -s '{base}/v1/sessions?remote_id={text(line.remote_id)}'", f"curl -s '{base}/v1/sessions?mac={mac}'"]


def table(now: Snapshot, tally: Tally, ready: bool, look_up: Sequence[str] = ()) -> RenderableType:
    """Requests, verdicts by rung and host usage, as of now; ``look_up`` from `example`."""
    parts: list[RenderableType] = [_requests(now, tally, ready)]
    if tally.by_rung or now.by_rung:
        parts.append(_verdicts(now, tally))
    return Group(*parts, _hosts(now), *(Text(command, overflow="fold") for command in look_up))


def line(now: Snapshot, tally: Tally, ready: bool) -> str:
    """The same in one line, for logs and pipes."""
    hosts = sum(sum(count for kind, count in host.usage.items() if kind in KINDS) for host in now.hosts.values())
    rungs = " ".join(f"{name}={count}" for name, count in sorted((tally.by_rung + Counter(now.by_rung)).items()))
    return (
        f"{'ready' if ready else 'NOT READY'} round={tally.rounds + 1} requests={tally.requests + now.requests} "
        f"attributable={tally.attributable} matched={tally.matched} wrong={tally.wrong} drift={tally.drift} "
        f"hosts={hosts} {rungs}"
    )


def _requests(now: Snapshot, tally: Tally, ready: bool) -> Table:
    answers = tally.answers + Counter(now.answers)
    waiting = now.answers.get("timeouts", 0)  # of this round: not answered yet, perhaps never
    rows = Table.grid(padding=(0, 2))
    rows.add_row("service", Text("ready", style="green") if ready else Text("not ready", style="bold red"))
    rows.add_row("now", f"round {tally.rounds + 1}, {now.phase}")
    rows.add_row(
        "requests",
        f"{tally.requests + now.requests}: {answers['accepts']} accepted, {answers['rejects']} rejected, "
        f"{answers['responses']} accounting, {waiting} waiting, {answers['timeouts'] - waiting} never answered",
    )
    judged = Text(f"{tally.attributable} attributable, ")
    judged.append_text(_coloured(f"{tally.matched} matched", good=tally.matched == tally.attributable)).append(", ")
    judged.append_text(_coloured(f"{tally.wrong} wrong", good=tally.wrong == 0)).append(", ledger off by ")
    judged.append_text(_coloured(str(tally.drift), good=tally.drift == 0))
    rows.add_row("finished rounds", judged if tally.rounds else Text("none yet"))
    return rows


def _verdicts(now: Snapshot, tally: Tally) -> Table:
    counts = tally.by_rung + Counter(now.by_rung)
    rows = Table(title="verdicts by rung", title_justify="left", box=box.SIMPLE_HEAD)
    for name in sorted(counts):
        rows.add_column(name, justify="right")
    rows.add_row(*(str(counts[name]) for name in sorted(counts)))
    return rows


def _hosts(now: Snapshot) -> Table:
    rows = Table(title="hosts by BNG", title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("BNG", *KINDS, "sess", "cost table", "cost", "limit"):
        rows.add_column(name, justify="left" if name in ("BNG", "cost table") else "right")
    for name, host in sorted(now.hosts.items()):
        limit = "none" if host.limit is None else str(host.limit)
        rows.add_row(name, *_figures(host.usage), host.cost_table, str(host.host_resources), limit)
    return rows


def _figures(usage: Mapping[str, int]) -> list[str]:
    return [str(usage.get(kind, 0)) for kind in (*KINDS, "sessions")]


def _coloured(words: str, *, good: bool) -> Text:
    return Text(words, style="green" if good else "bold red")
