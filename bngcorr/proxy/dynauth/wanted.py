"""What an operator wants disconnected, and what came of it: the two ends of an act. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from ipaddress import ip_interface, ip_network
from typing import Final

from bngcorr.model.line import LineIds
from bngcorr.model.mac import format_mac, parse_mac
from bngcorr.model.shown import octets_shown
from bngcorr.store.rows import SessionRow

LINE: Final = re.compile(r"[0-9a-f]{24}")  # key of a line, and of a session in its domain
LONGEST: Final = 1_024


class Outcome(StrEnum):
    """What came of an act."""

    DONE = "done"  # every BNG acknowledged
    REFUSED = "refused"  # a BNG did not
    UNANSWERED = "unanswered"  # a BNG said nothing
    NOTHING = "nothing"  # no live session is known by these words
    AMBIGUOUS = "ambiguous"  # sessions of several lines are: nothing was sent
    UNREACHABLE = "unreachable"  # nobody has said where that BNG takes a Disconnect
    AWAY = "away"  # the store does not answer
    SHOWN = "shown"  # only what would be done


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which sessions: one of session, line, address, mac; those of one BNG alone, if it is given."""

    session: str | None = None  # Acct-Session-Id, or the key that /v1/sessions tells: domain/24 hexadecimal digits
    line: str | None = None  # key of the line
    address: str | None = None  # that the session holds, or a prefix
    mac: str | None = None  # of the CPE
    bng: str | None = None
    dry_run: bool = False  # only say what would be done

    @classmethod
    def read(cls, data: object) -> Wanted:
        """From JSON. Raises ValueError, saying what was expected of which key."""
        if not isinstance(data, Mapping):
            raise ValueError("an object that names what to disconnect")  # noqa: TRY004 - one kind of fault
        known = [field.name for field in fields(cls)]
        given: dict[str, str] = {}
        for key, value in data.items():
            if key not in known:
                raise ValueError(f"{str(key)[:40]!r}: none of {', '.join(known)}")
            if key == "dry_run":
                if not isinstance(value, bool):
                    raise ValueError("dry_run: true or false")
            elif value is not None:
                if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
                    raise ValueError(f"{key}: a text of 1 … {LONGEST} characters")
                if any("\ud800" <= one <= "\udbff" or "\udd00" <= one <= "\udfff" for one in value):
                    raise ValueError(f"{key}: a text that is Unicode")  # dc80 … dcff: octets of a command line
                given[key] = value
        wanted = cls(**given, dry_run=bool(data.get("dry_run", False)))
        wanted.check()
        return wanted

    def check(self) -> None:
        """Raises ValueError, saying what was expected of which key."""
        if sum(one is not None for one in (self.session, self.line, self.address, self.mac)) != 1:
            raise ValueError("exactly one of session, line, address and mac")
        if self.line is not None and LINE.fullmatch(self.line) is None:
            raise ValueError(f"line: {self.line[:40]!r} is no key of a line: 24 hexadecimal digits, as in /v1/lines")
        if self.mac is not None and parse_mac(self.mac) is None:
            raise ValueError(f"mac: {self.mac[:40]!r} is no MAC address")
        if self.address is not None:
            try:
                ip_interface(self.address)
                ip_network(self.address, strict=False)
            except ValueError:
                raise ValueError(f"address: {self.address[:60]!r} is no IP address or prefix") from None


@dataclass(slots=True, kw_only=True)
class Told:
    """One session, and what its BNG said."""

    row: SessionRow
    outcome: Outcome = Outcome.SHOWN
    cause: int | None = None  # Error-Cause of a refusal

    def shown(self) -> dict[str, object]:
        """For JSON."""
        row, ids = self.row, self.row.ids or LineIds()
        return {
            "outcome": str(self.outcome),
            "error_cause": self.cause,
            "bng": row.bng,
            "session_id": row.session_id.decode("utf-8", "backslashreplace"),
            "key": f"{row.domain}/{row.session}",
            "line": row.line,
            "remote_id": octets_shown(ids.remote_id),
            "circuit_id": octets_shown(ids.circuit_id),
            "mac": None if row.address is None else format_mac(row.address),
            "addresses": [host.split("|", 2)[2] for host in row.hosts],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of an act as a whole: the gravest of its sessions."""

    outcome: Outcome
    sessions: tuple[Told, ...] = ()

    def shown(self) -> dict[str, object]:
        """For JSON."""
        return {"outcome": str(self.outcome), "sessions": [one.shown() for one in self.sessions]}
