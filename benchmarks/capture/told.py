"""What `bngcorr replay` and `bngcorr diagnose` tell of the generated capture, beside the truth."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.capture.cases import DIAGNOSE, REPLAY
from benchmarks.capture.figures import Rows
from benchmarks.capture.generate import NOBODY, Truth, lines_of
from benchmarks.capture.line import number_of, remote_id


def odd(case: str, said: bytes, truth: Truth) -> list[str]:
    """What the totals of a case say otherwise than the truth."""
    if case == REPLAY:
        return _of_replay(json.loads(said), truth)
    return _of_diagnose(json.loads(said), truth) if case == DIAGNOSE else []


def _of_diagnose(found: dict[str, Any], truth: Truth) -> list[str]:
    expected = {
        "RADIUS": truth.radius, "DHCPv4": truth.dhcpv4, "DHCPv6": truth.dhcpv6, "ND": truth.nd, "ARP": truth.arp,
    }  # fmt: skip
    told = found["protocols"]
    differ = [
        f"diagnose: {told.get(what, 0)} packets of {what}, not {count}" for what, count in expected.items()
        if told.get(what, 0) != count
    ]  # fmt: skip
    return differ + [f"diagnose: {name} broke: {why}" for name, why in found["broken"].items()]


def _of_replay(totals: dict[str, Any], truth: Truth) -> list[str]:
    """Of the requests near their DISCOVER, those that come before it may be missed: nothing is known yet."""
    access, idless = totals["access"], truth.idless
    told = {
        **{f"{kind} packets": totals["packets"][kind] for kind in ("radius", "dhcpv4", "dhcpv6")},
        "Access-Requests without line id": access["without_line_id"],
        "retransmissions": access["retransmissions"],
        "wrong authenticators": totals["authenticators"]["wrong"],
    }
    expected = {
        "radius packets": truth.radius, "dhcpv4 packets": truth.dhcpv4, "dhcpv6 packets": truth.dhcpv6,
        "Access-Requests without line id": sum(idless.values()), "retransmissions": truth.again,
        "wrong authenticators": 0,
    }  # fmt: skip
    found = [
        f"replay: {told[what]} {what}, not {count}" for what, count in expected.items() if told[what] != count
    ]  # fmt: skip
    window = access["rungs"].get("window", 0)
    if not truth.near - idless["first"] <= window <= truth.near:
        least = truth.near - idless["first"]
        found.append(f"replay: {window} matches within the window, not {least} to {truth.near}")
    return found


def judged(lines: Iterable[bytes], capture: Path) -> Rows:
    """Each row, beside the truth. Raises RuntimeError if a request is missing; OSError."""
    truth = lines_of(capture)
    left = dict(truth)
    right = wrong = missed = hopeless = 0
    for text in lines:
        row = json.loads(text)
        if "totals" in row:
            break
        said = (row["remote_id"] or {}).get("text")
        line = left.pop(row["packet"], None)
        if said is not None:
            at = row["attachment"]
            good = line != NOBODY and said == remote_id(line if line is not None else number_of(at)).decode()
            wrong += not good
            right += good and line is not None
        elif line is not None:
            missed += line != NOBODY
            hopeless += line == NOBODY
    if left:
        raise RuntimeError(f"replay has no row of packet {min(left)}, and of {len(left)} in all")
    return Rows(len(truth), right, wrong, missed, hopeless)
