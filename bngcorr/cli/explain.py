"""`bngcorr explain`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from bngcorr import config as configuration
from bngcorr.bng_profiles import compile_all
from bngcorr.capture.packets import Kind
from bngcorr.cli.captures import Capture, packets
from bngcorr.cli.process import exit_with_faults, load_or_exit
from bngcorr.errors import ConfigError, WireError
from bngcorr.profiles.catalogue import compile_profile, packaged
from bngcorr.profiles.profile import Profile
from bngcorr.proxy.explain import as_json
from bngcorr.proxy.explain import explain as explain_packet
from bngcorr.proxy.remote_id import Numbers
from bngcorr.resources import resource
from bngcorr.wire.dictionary import Dictionary

_RADIUS: Final = frozenset((Kind.RADIUS,))


def explain(
    *files: Capture,
    hex_: Annotated[tuple[str, ...], Parameter(name="--hex", negative="")] = (),
    profile: str = "generic",
    config: Annotated[Path | None, Parameter(name=("--config", "-c"))] = None,
    bng: str | None = None,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Say which protocol triggered a RADIUS packet, which line it names, and what would be rewritten.

    Needs no secret and sends nothing. Exits 0, or 1 if a packet is malformed or a file unreadable.

    Parameters
    ----------
    files:
        Captures (pcap, pcapng; gzip and zstd too), text files with a packet in hexadecimal a line, or one packet's
        octets; - is standard input.
    hex_:
        A packet in hexadecimal, from Code to the last attribute; may be repeated.
    profile:
        Family of the BNG that sent it, one of those that come with bngcorr or of the config's.
    config:
        A configuration file: its profiles and enterprise numbers, and with --bng the settings of one BNG.
    bng:
        Name of the BNG in the configuration that sent the packets.
    json_:
        Print a list with an object for each packet.
    """
    if not files and not hex_:
        print("bngcorr explain: give --hex or a file; see bngcorr explain --help", file=sys.stderr)
        sys.exit(2)
    compiled, numbers = _rules(profile, config, bng)
    results: list[dict[str, Any]] = []
    failed = False
    for packet in packets(files, hex_, _RADIUS):
        if isinstance(packet, str):
            print(f"bngcorr explain: {packet}", file=sys.stderr)
            failed = True
            continue
        row: dict[str, Any] = {"packet": packet.number}
        if packet.source:
            row |= {"source": packet.source, "destination": packet.destination}
        try:
            row |= as_json(explain_packet(packet.octets, compiled, numbers, bng or ""))
        except WireError as error:
            row |= {"error": str(error.reason), "offset": error.offset}
            failed = True
        results.append(row)
    if json_:
        json.dump(results, sys.stdout, indent=1)
        print()
    else:
        console = Console(emoji=False)
        for row in results:
            _print(console, row)
    sys.exit(1 if failed else 0)


def _rules(name: str, path: Path | None, bng: str | None) -> tuple[Profile, Numbers]:
    dictionary = Dictionary(resource("dictionaries") / "dictionary")
    known = packaged()
    numbers = Numbers()
    if path is not None:
        settings = load_or_exit(path)
        numbers = Numbers(settings.enterprise_numbers.accept, settings.enterprise_numbers.ceiling)
        known = configuration.profiles_of(settings)
        if bng is not None:
            try:
                profiles = compile_all(settings, dictionary)
            except ConfigError as error:
                exit_with_faults(error)
            if bng not in profiles:
                print(f"bngcorr explain: --bng {bng!r} is none of {', '.join(profiles)}", file=sys.stderr)
                sys.exit(2)
            return profiles[bng], numbers
    elif bng is not None:
        print("bngcorr explain: --bng goes with --config", file=sys.stderr)
        sys.exit(2)
    if name not in known:
        print(f"bngcorr explain: --profile {name!r} is none of {', '.join(known)}", file=sys.stderr)
        sys.exit(2)
    return compile_profile(known[name], dictionary), numbers


def _print(console: Console, row: dict[str, Any]) -> None:
    table = Table(show_header=False, title=f"packet {row['packet']}", title_justify="left", title_style="bold")
    for key, value in row.items():
        if key == "packet":
            continue
        if key == "evidence":
            for item in value:
                table.add_row("evidence", f"{item['family']} {item['strength']}: {item['reason']}")
        elif key == "changes":
            for item in value:
                table.add_row("would rewrite", f"{item['attribute']} {item['before']} → {item['after']}")
        elif isinstance(value, dict) and "hex" in value:
            table.add_row(key, f"{value['text']!r}  ({value['hex']})" if value["text"] else value["hex"])
        elif isinstance(value, dict):
            table.add_row(key, ", ".join(f"{name} {part}" for name, part in value.items() if part is not None))
        else:
            table.add_row(key, "-" if value is None else str(value))
    console.print(table, markup=False)
