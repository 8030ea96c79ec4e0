"""What a box says of its own hosts: read from its command line or from JSON, and compared with the ledger. Pure.

The command is ``show subscriber-mgmt statistics system`` of Nokia SR OS. Rows as TiMOS-B-25.3.R1 prints them:

    IPv6   IPOE Hosts       - SLAAC                 10       10 04/13/2025 17:04:31
           IPOE Hosts       - DHCP6 (PD)            10       10 04/13/2025 17:04:31
    Total  IPOE Hosts                               30       30 04/13/2025 17:04:31
           IPv4 Hosts                               10       20 04/08/2025 17:06:40
           IPv6 Hosts                               20       40 04/08/2025 17:06:39
           System Hosts Scale                       30       60 04/08/2025 17:06:40

The columns are Current, Peak and Peak Timestamp; only Current is read. With ``non-zero-value-only`` rows are missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bngcorr.accountant.cost import BUILT_IN, CostTable
from bngcorr.model.usage import Usage
from bngcorr.store.rows import Observed, Sample

FIGURES: Final = ("v4", "v6", "ia_na", "ia_pd", "slaac", "hosts")  # hosts: what the box counts against its scale
MOST: Final = 2**32  # of a figure; more is no count of hosts
LEAST: Final = 5  # hosts; a smaller difference is no finding, whatever it is in per cent
SYSTEM_COMMAND: Final = "show subscriber-mgmt statistics system"

_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])|[\x00-\x07\x0b\x0c\x0e-\x1a]")
# where a row begins: behind a pager's prompt, too, which is written over after CR or backspaces, or left standing
_BREAK: Final = re.compile(r"[\r\n\x08]+|Press any key to continue \(Q to quit\)|any other key to print next page\.")
_TITLE: Final = re.compile(r"Subscriber Management Statistics for (\S.*)")
_COLUMNS: Final = re.compile(r"(.*?) +(\d{1,10}) +\d{1,10}(?: +\d\d/\d\d/\d{4} +\d\d:\d\d:\d\d)?")
_BLOCKS: Final = frozenset({"IPv4", "IPv6", "Total", "Local"})  # in front of the first row of each block
_LONGEST: Final = 200  # characters of a row; a terminal has 80 columns
_TOTALS: Final = {"IPv4 Hosts": "v4", "IPv6 Hosts": "v6", "System Hosts Scale": "hosts"}
_KINDS: Final = {"(NA)": "ia_na", "(PD)": "ia_pd", "SLAAC": "slaac", "(SLAAC)": "slaac"}  # ends of rows about IPv6

_CLASSIC: Final = BUILT_IN["sros-classic"]

Figures = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One figure as the box and as the ledger have it."""

    figure: str
    observed: int
    ours: int

    @property
    def difference(self) -> int:
        """Ours minus the box's."""
        return self.ours - self.observed

    @property
    def per_cent(self) -> float | None:
        """The difference in per cent of the box's figure; None if that is 0 and ours is not."""
        if not self.observed:
            return None if self.ours else 0.0
        return self.difference * 100 / self.observed

    def within(self, tolerance: float) -> bool:
        """Whether it is so many per cent at most, or no more than `LEAST` hosts."""
        return abs(self.difference) <= max(LEAST, self.observed * tolerance / 100)


def compare(observed: Observed, usage: Usage, table: CostTable = _CLASSIC) -> tuple[Difference, ...]:
    """Each figure that the box tells, beside ours.

    Ours are v4; v6 = IA_NA + IA_PD + SLAAC; hosts = host resources by the BNG's cost table, which is 1 for each host
    unless the table says otherwise: where only these differ, the table is not the box's. Prefixes that ride as managed
    routes are no hosts.
    """
    ours = {
        "v4": usage.v4, "v6": usage.ia_na + usage.ia_pd + usage.slaac, "ia_na": usage.ia_na, "ia_pd": usage.ia_pd,
        "slaac": usage.slaac, "hosts": table.resources(usage),
    }  # fmt: skip
    return tuple(
        Difference(figure=name, observed=figure, ours=ours[name]) for name, figure in observed.figures if name in ours
    )


def usage_then(samples: Sequence[Sample], at_ms: int, within_ms: int) -> Sample | None:
    """The sample next to an instant; None if none is so near. What a box said an hour ago is to be compared with what
    we had then: a BNG gains and loses more than the tolerance in an hour.
    """
    nearest = min(samples, key=lambda sample: abs(sample.at_ms - at_ms), default=None)
    return nearest if nearest is not None and abs(nearest.at_ms - at_ms) <= within_ms else None


def read_observed(text: str) -> tuple[Figures, str | None]:
    """Figures in the order of `FIGURES`, as far as they are told, and the instant that JSON names ("at").

    Raises ValueError with what was expected and what was found.
    """
    return _read_json(text) if text.lstrip("\ufeff \t\r\n").startswith("{") else (_read_statistics(text), None)


# ---- the command line


def _read_statistics(text: str) -> Figures:
    """Of the last part of the output that is about the whole system and tells hosts."""
    sections: list[tuple[str, list[_Row]]] = [("", [])]  # what each is about, and its rows; "" before a title
    for line in _BREAK.split(_ESCAPE.sub("", text)):
        stripped = line[:_LONGEST].strip()
        if title := _TITLE.search(stripped):
            sections.append((title[1], []))
        elif columns := _COLUMNS.fullmatch(stripped):
            sections[-1][1].append(_row(columns[1], int(columns[2])))
    for about, rows in reversed(sections):
        figures = _figures(rows if about == "System" else _up_to_scale(rows) if about == "" else [])
        if figures:
            return figures
    others = list(dict.fromkeys(ascii(about[:60])[1:-1] for about, _ in sections if about not in ("", "System")))
    if others:
        found = "statistics for " + ", ".join(others[:5]) + (" …" if len(others) > 5 else "")
    elif any(about == "System" for about, _ in sections):
        found = "statistics for System without a row of hosts"
    else:
        found = f"{len(text)} characters without a row of hosts"
    raise ValueError(
        f'expected the output of "{SYSTEM_COMMAND}" with rows "IPv4 Hosts", "IPv6 Hosts" or "System Hosts Scale" and '
        f"their columns Current and Peak, or a JSON object; found {found}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One row."""

    label: str  # "IPOE Hosts"
    kind: str  # last word behind the dash, "(PD)"; "" for rows without
    current: int


def _row(words: str, current: int) -> _Row:
    label, _, kind = words.partition(" - ")
    parts = label.split()
    if len(parts) > 2 and parts[0] in _BLOCKS:  # "IPv4 Hosts" is a label
        del parts[0]
    return _Row(label=" ".join(parts), kind=kind.split(" ")[-1], current=current)


def _up_to_scale(rows: Sequence[_Row]) -> Sequence[_Row]:
    """Rows whose title is lost (| match): only that of the scale, the last one, tells the system's from a port's."""
    ends = [number + 1 for number, row in enumerate(rows) if row.label == "System Hosts Scale"]
    return rows[ends[-2] if len(ends) > 1 else 0 : ends[-1]] if ends else []


def _figures(rows: Sequence[_Row]) -> Figures:
    """What the rows of one section say. One that is missing is 0 if the others add up, else it is not told."""
    told: dict[str, int] = {}
    kinds = {"ia_na": 0, "ia_pd": 0, "slaac": 0}
    for row in rows:
        if not row.kind and row.label in _TOTALS:
            told[_TOTALS[row.label]] = row.current
        elif row.kind in _KINDS and row.label.endswith(" Hosts"):
            kinds[_KINDS[row.kind]] += row.current
    if told.keys() == {"v4", "hosts"} and told["v4"] == told["hosts"]:
        told["v6"] = 0
    elif told.keys() == {"v6", "hosts"} and told["v6"] == told["hosts"]:
        told["v4"] = 0
    if "v6" in told and told["v6"] == sum(kinds.values()):
        told.update(kinds)
    return tuple((name, told[name]) for name in FIGURES if name in told)


# ---- JSON


def _read_json(text: str) -> tuple[Figures, str | None]:
    expected = f'a JSON object with some of {", ".join(FIGURES)} (whole numbers), and "at" (RFC 3339) or not'
    try:
        given = json.loads(text.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        raise ValueError(f"expected {expected}; found {error}") from None
    except (ValueError, RecursionError):
        raise ValueError(f"expected {expected}; found numbers too long, or too deep a nesting") from None
    at = given.pop("at", None)
    if at is not None and not isinstance(at, str):
        raise ValueError(f'expected "at" as an instant (RFC 3339); found {_short(at)}')
    for name, figure in given.items():
        if name not in FIGURES:
            raise ValueError(f"expected {expected}; found the key {_short(name)}")
        if type(figure) is not int or not 0 <= figure < MOST:
            raise ValueError(f'expected "{name}" as a whole number, 0 or more; found {_short(figure)}')
    if not given:
        raise ValueError(f"expected {expected}; found none of them")
    return tuple((name, given[name]) for name in FIGURES if name in given), at


def _short(value: object) -> str:
    shown = json.dumps(value)
    return shown if len(shown) <= 60 else shown[:59] + "…"
