"""A line plan as the operator's inventory exports it: lines of octets in, plans and every fault out. Opens no file.

    bng,port,outer,inner,circuit_id,remote_id
    bng1,1/1/4,100,20,olt7 eth 1/12,olt7/12
    edge|198.51.100.3,lag-12,7,,,0x0009c3a1ff

Columns in any order; commas, semicolons or tabs between them, quotation marks as in RFC 4180; UTF-8, with or without a
byte order mark.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from bngcorr.correlator.plan import Site
from bngcorr.correlator.plan_rows import IDS, NEEDED, PlanFile, Rows, shortened

COLUMNS: Final = (*NEEDED, *IDS)
DELIMITERS: Final = ",;\t"
MOST_LINE_OCTETS: Final = 65_536


def read_plan_file(lines: Iterable[bytes], sites: Mapping[str, Site]) -> PlanFile:
    """Every row of a file, checked.

    `lines` are its lines with their ends (of a longer one MOST_LINE_OCTETS + 1 octets will do), `sites` the BNGs by
    name. A header that does not tell the columns, or a line that is too long, ends the reading.
    """
    found = PlanFile()
    source = _Text(lines, found)
    text = iter(source)
    header = next(text, "")
    delimiter = max(DELIMITERS, key=lambda mark: len(set(COLUMNS).intersection(_cells(header, mark))))
    names = _cells(header, delimiter)
    _check_header(header, names, found)
    if found.fault_count:
        return found
    found.unknown_columns = tuple(name for name in names if name not in COLUMNS)
    rows = Rows(names, sites, found)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        line = 2 + reader.line_num
        source.escaped = False
        try:
            row = next(reader)
        except StopIteration:
            return found
        except csv.Error as error:
            found.wrong(line, "", str(error), "cells as in RFC 4180; is a quotation mark left open?")
            continue
        if not row:
            continue  # an empty line
        if len(row) != len(names):
            found.wrong(line, "", f"{len(row)} cells", f"{len(names)}, as in the header")
        elif not source.escaped or _is_text(row, names, line, found):
            rows.take(row, line)


class _Text:
    """Lines as text. Octets that are no UTF-8 come through escaped, so that the cell which has them can be named."""

    def __init__(self, lines: Iterable[bytes], found: PlanFile) -> None:
        self._lines = lines
        self._found = found
        self.escaped = False  # whether there were such octets since it was last set

    def __iter__(self) -> Iterator[str]:
        for number, octets in enumerate(self._lines, start=1):
            if len(octets) > MOST_LINE_OCTETS:
                self._found.wrong(number, "", f"more than {MOST_LINE_OCTETS} octets", "a shorter line: is this a text?")
                return
            try:
                text = octets.decode()
            except UnicodeDecodeError:
                text = octets.decode("utf-8", "surrogateescape")
                self.escaped = True
            yield text.removeprefix("\ufeff") if number == 1 else text


def _cells(header: str, delimiter: str) -> list[str]:
    return [name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])]


def _octets_shown(text: str) -> str:
    return shortened("0x" + text.encode("utf-8", "surrogateescape").hex())


def _utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # an escaped octet
        return False
    return True


def _is_text(row: list[str], names: list[str], line: int, found: PlanFile) -> bool:
    """Whether a row is UTF-8 throughout; tells each cell that is not."""
    bad = [(name, cell) for name, cell in zip(names, row, strict=True) if not _utf8(cell)]
    for name, cell in bad:
        found.wrong(line, name, _octets_shown(cell), "UTF-8; write ids that are no text as 0x and hexadecimal digits")
    return not bad


def _check_header(header: str, names: list[str], found: PlanFile) -> None:
    """Whether it names the columns that are needed, each once."""
    if not _utf8(header):
        found.wrong(1, "", _octets_shown(header), "UTF-8")
        return
    shown = repr(shortened(header.strip())) if header.strip() else "nothing"
    missing = [name for name in NEEDED if name not in names]
    if len(missing) == len(NEEDED):
        found.wrong(1, "", shown, f"a header row: {','.join(COLUMNS)}")
        return
    for name in missing:
        found.wrong(1, name, "no such column", "one, though its cells may be empty for VLANs")
    if not any(name in names for name in IDS):
        found.wrong(1, ", ".join(IDS), "no such column", "at least one of both")
    for name in COLUMNS:
        if names.count(name) > 1:
            found.wrong(1, name, f"{names.count(name)} columns of this name", "one")
