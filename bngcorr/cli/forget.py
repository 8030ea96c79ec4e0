"""`bngcorr forget`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Final, NoReturn

from bngcorr.accountant.history.deletion import Forgotten
from bngcorr.accountant.history.deletion import forget as delete
from bngcorr.accountant.history.search import Search
from bngcorr.accountant.history.subject import Subject
from bngcorr.cli.parameters import FLAG, ConfigFile
from bngcorr.cli.plan_steps import Steps
from bngcorr.cli.process import load_or_exit
from bngcorr.model.mac import Mac, parse_mac

_LINE: Final = re.compile(r"[0-9a-f]{24}")
_LEFT: Final = (
    "Sessions in the store are not touched: live ones, and closed ones not yet written, come to the files later. "
    "Backups neither."
)


def forget(
    *,
    remote_id: str | None = None,
    circuit_id: str | None = None,
    mac: str | None = None,
    user_name: str | None = None,
    line: str | None = None,
    config: ConfigFile,
    dry_run: Annotated[bool, FLAG] = False,
    yes: Annotated[bool, FLAG] = False,
) -> None:
    """Delete all that the history's files know of one customer.

    Every file of `history.directory` that has lines of the customer is written anew without them, while `bngcorr serve`
    runs on. What names the customer has to be given; if more than one thing is, all of it must fit. It asks first, and
    without a terminal --yes is needed.

    Sessions in the store are not touched: those that are live, or closed and not written yet, come to the files later.
    Let the customer's sessions end, and do it again after some seconds. Backups of the files are yours to clean.

    Exits 0 if lines were deleted (or would be, with --dry-run), 1 if there were none or the answer was no, 2 for a bad
    question or configuration, 3 if files could not be read or rewritten: then lines may be left.

    Parameters
    ----------
    remote_id:
        Remote-Id without enterprise number: text, or octets behind 0x.
    circuit_id:
        Circuit-Id: text, or octets behind 0x.
    mac:
        MAC of the CPE.
    user_name:
        User-Name.
    line:
        Key of the line, as the API and `bngcorr whohad -o json` tell it: 24 hexadecimal digits.
    dry_run:
        Tell what would be deleted; change nothing.
    yes:
        Don't ask.
    """
    if user_name == "":
        _fail(2, "--user-name is empty")
    subject = Subject(
        remote_id=_octets("--remote-id", remote_id),
        circuit_id=_octets("--circuit-id", circuit_id),
        mac=_mac(mac),
        user_name=user_name,
        line=_line(line),
    )
    if subject == Subject():
        _fail(2, "say whom: --remote-id, --circuit-id, --mac, --user-name or --line; see bngcorr forget --help")
    directory = load_or_exit(config).history.directory
    if directory is None:
        _fail(2, "history.directory is not set: there are no files")
    if not dry_run and not yes and not sys.stdin.isatty():
        _fail(2, "nobody is there to be asked; give --yes or --dry-run")
    try:
        if not yes and not dry_run:
            seen = _carry_out(directory, subject, dry_run=True)
            if seen.hosts and not _agreed(seen):
                _fail(1, "nothing was deleted")
        done = _carry_out(directory, subject, dry_run=dry_run)
    except OSError as error:
        _fail(3, f"{error.filename or directory}: {error.strerror}")
    except KeyboardInterrupt:
        _fail(3, "interrupted; files before this moment are done, each as a whole")
    print(("Would delete " if dry_run else "Deleted ") + _told(done) + ".")
    print(_LEFT)
    for name in done.unread:
        print(f"bngcorr forget: {directory / name}; lines may be left there", file=sys.stderr)
    sys.exit(3 if done.unread else 0 if done.hosts else 1)


def _carry_out(directory: Path, subject: Subject, *, dry_run: bool) -> Forgotten:
    with Steps(fleeting=True) as steps, steps.step("reading files", Search.all(directory).octets()) as read:
        return delete(directory, subject, read, dry_run=dry_run)


def _told(done: Forgotten) -> str:
    count, lines = done.hosts, len(done.lines)
    of = f" of {lines} access lines" if lines > 1 else ""
    torn = f", and {done.torn} that were torn off and say nothing" if done.torn else ""
    return f"{count} {'entry' if count == 1 else 'entries'}{of}{torn}, in {done.files} of {done.of_files} files"


def _agreed(seen: Forgotten) -> bool:
    print(f"This deletes {_told(seen)}.")
    print("Delete them? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _fail(code: int, reason: str) -> NoReturn:
    print(f"bngcorr forget: {reason}", file=sys.stderr)
    sys.exit(code)


def _octets(option: str, text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        octets = bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode("utf-8", "surrogateescape")
    except ValueError:
        _fail(2, f"{option} {text!r} is not hexadecimal")
    return octets or _fail(2, f"{option} is empty")


def _mac(text: str | None) -> Mac | None:
    if text is None:
        return None
    return parse_mac(text) or _fail(2, f"--mac {text!r} is no MAC address")


def _line(text: str | None) -> str | None:
    if text is None:
        return None
    return text if _LINE.fullmatch(text) else _fail(2, f"--line {text!r} is not 24 hexadecimal digits")
