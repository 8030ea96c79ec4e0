"""The rows of a line plan: each is checked by itself and against those before it, and every fault is noted."""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from bngcorr.correlator.keys import place_hash
from bngcorr.correlator.plan import DomainPlan, Site
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds

NEEDED: Final = ("bng", "port", "outer", "inner")
IDS: Final = ("circuit_id", "remote_id")
SHOWN_FAULTS: Final = 100
SHOWN_CHARACTERS: Final = 60
MOST_VLAN: Final = 4094  # IEEE 802.1Q: 4095 is reserved
MOST_ID_OCTETS: Final = 247  # what a vendor-specific attribute has room for (RFC 2865 §5.26)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFault:
    """One thing wrong in the file."""

    line: int  # number in the file, from 1; of a row over several lines the first
    column: str  # "" if it is the row as a whole
    got: str  # the value, shortened
    expected: str  # what would have been right

    def __str__(self) -> str:
        where = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{where}: got {self.got}; expected {self.expected}"


@dataclass(slots=True, kw_only=True)
class Remark:
    """Something in the file that is allowed but often a mistake."""

    text: str
    count: int = 0
    line: int  # where it is first
    example: str  # the value there

    def __str__(self) -> str:
        return f"{self.text}: {self.count}, the first in line {self.line} ({self.example})"


@dataclass(slots=True)
class PlanFile:
    """What a file says."""

    domains: dict[str, DomainPlan] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)  # by name of the BNG
    faults: list[PlanFault] = field(default_factory=list)  # the first SHOWN_FAULTS
    fault_count: int = 0
    unknown_columns: tuple[str, ...] = ()  # they are not read; whether that will do is the caller's to say
    remarks: dict[str, Remark] = field(default_factory=dict)  # by text

    def wrong(self, line: int, column: str, got: str, expected: str) -> None:
        """Note a fault."""
        self.fault_count += 1
        if len(self.faults) < SHOWN_FAULTS:
            self.faults.append(PlanFault(line=line, column=column, got=got, expected=expected))

    def refuse_unknown_columns(self, expected: str) -> None:
        """Make each column that was not read a fault, in front of the others."""
        self.fault_count += len(self.unknown_columns)
        unknown = [
            PlanFault(line=1, column="", got=f"column {quoted(name)}", expected=expected)
            for name in self.unknown_columns
        ]
        self.faults = [*unknown, *self.faults][:SHOWN_FAULTS]

    def remark(self, line: int, text: str, example: str) -> None:
        """Note something odd."""
        self.remarks.setdefault(text, Remark(text=text, line=line, example=example)).count += 1


def shortened(text: str) -> str:
    """Not longer than a line of a terminal bears."""
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"


def quoted(text: str) -> str:
    """Text of the file, as a fault shows it."""
    return repr(shortened(text))


@dataclass(frozen=True, slots=True)
class _Box:
    """What a cell `bng` names."""

    name: str  # of the BNG, with the box's address where it has several
    site: Site
    ports: str


class Rows:
    """Takes rows one after the other and keeps what is right; cells that recur are looked at once."""

    def __init__(self, names: Sequence[str], sites: Mapping[str, Site], found: PlanFile) -> None:
        """`names` is the header: NEEDED and at least one of IDS are in it, each once."""
        self._bng, self._port, self._outer, self._inner = (names.index(name) for name in NEEDED)
        self._ids = {name: names.index(name) for name in IDS if name in names}
        self._sites = sites
        self._found = found
        self._boxes: dict[str, _Box] = {}
        self._ports: dict[tuple[str, str], str | None] = {}  # as requests of a BNG would show a port of the file

    def take(self, row: Sequence[str], line: int) -> None:
        """One row: its place and line, or all of its faults. It has as many cells as the header."""
        found = self._found
        before = found.fault_count
        cell = row[self._bng].strip()
        box = self._boxes.get(cell) or self._find_box(cell, line)
        port = row[self._port].strip()
        if not port or not port.isprintable() or ":" in port:
            expected = "a port as `bngcorr explain` shows it, such as 1/1/4 or lag-12; VLANs have columns of their own"
            found.wrong(line, "port", quoted(port), expected)
        outer = self._vlan(row[self._outer].strip(), "outer", line)
        inner = self._vlan(row[self._inner].strip(), "inner", line)
        if inner is not None and not row[self._outer].strip():
            found.wrong(line, "outer", "nothing", "a VLAN beside the inner one; a single VLAN is the outer one")
        ids = LineIds(self._id(row, "remote_id", line), self._id(row, "circuit_id", line))
        if not any(row[index] for index in self._ids.values()):
            found.wrong(line, ", ".join(IDS), "nothing", "at least one of both")
        elif box is not None and found.fault_count == before and not ids.names_line(box.site.line_id):
            expected = f"the id that names a line at {box.site.name}, by its line_id: {box.site.line_id}"
            found.wrong(line, f"{box.site.line_id}_id", "nothing", expected)
        if box is not None and found.fault_count == before:
            self._put(box, Attachment(port, outer, inner), ids.encode(), line)

    def _put(self, box: _Box, attachment: Attachment, ids: bytes, line: int) -> None:
        found, site = self._found, box.site
        plan = found.domains.get(site.domain)
        if plan is None:
            plan = found.domains[site.domain] = DomainPlan()
        shown = f"{box.name} {attachment}"
        place = bytes.fromhex(place_hash(box.ports, attachment))
        taken = plan.add(place, ids, line, shown)
        # BNGs that share their ports may each tell a place, as long as they agree
        if taken is not None and (taken.shown == shown or plan[place] != ids):
            also = "" if taken.shown == shown else f", as {taken.shown}"
            found.wrong(line, "port", shown, f"every place once; this one is in line {taken.line} already{also}")
            return
        found.places[site.name] = found.places.get(site.name, 0) + 1
        key = (site.name, attachment.port)
        if key not in self._ports:
            self._ports[key] = site.port_shown(attachment.port)
        if (right := self._ports[key]) != attachment.port:
            example = attachment.port if right is None else f"{attachment.port}, shown as {right}"
            found.remark(line, f"ports of {site.name} as `bngcorr explain` does not show them", example)

    def _find_box(self, cell: str, line: int) -> _Box | None:
        name, _, host = cell.partition("|")
        site = self._sites.get(name)
        if site is None:
            names = shortened(", ".join(self._sites))
            self._found.wrong(line, "bng", quoted(cell), f"a BNG of the configuration: {names}")
            return None
        if host or site.many_boxes:
            try:
                address = ip_address(host)
            except ValueError:
                address = None
            if address is None or not any(address in network for network in site.networks):
                networks = shortened(", ".join(map(str, site.networks)))
                expected = f"{name}|address of the box, in {networks}" if site.many_boxes else name
                self._found.wrong(line, "bng", quoted(cell), expected)
                return None
            host = str(address)
        shown = f"{name}|{host}" if site.many_boxes else name
        box = self._boxes[cell] = _Box(shown, site, site.ports_name(host))
        return box

    def _vlan(self, text: str, column: str, line: int) -> int | None:
        if not text:
            return None
        if text.isascii() and text.isdigit() and len(text) <= 4 and (vlan := int(text)) <= MOST_VLAN:
            return vlan
        self._found.wrong(line, column, quoted(text), f"a VLAN of 0 … {MOST_VLAN}, or nothing")
        return None

    def _id(self, row: Sequence[str], column: str, line: int) -> bytes | None:
        index = self._ids.get(column)
        text = row[index] if index is not None else ""
        if not text:
            return None
        if text.startswith("0x"):
            try:
                octets = unhexlify(text[2:])
            except ValueError:
                octets = b""
            if not octets:
                self._found.wrong(line, column, quoted(text), "pairs of hexadecimal digits behind 0x")
                return None
        else:
            octets = text.encode()
            if text[0].isspace() or text[-1].isspace():
                self._found.remark(
                    line, f"{column}s that begin or end with a blank, which is part of them", quoted(text)
                )
        if len(octets) > MOST_ID_OCTETS:
            self._found.wrong(line, column, quoted(text), f"at most {MOST_ID_OCTETS} octets, not {len(octets)}")
            return None
        return octets
