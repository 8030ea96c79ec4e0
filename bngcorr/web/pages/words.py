"""How pages tell figures, instants and slugs to people. Pure; the templates use these as filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from bngcorr.model.vocabulary import HostKind
from bngcorr.web.models.place import Attached, Host

THIN: Final = "\u202f"  # narrow no-break space, between the thousands

# How good or bad a word is, for its colour and its sign: the classes of the style sheet
TONES: Final[Mapping[str, str]] = {
    # verdicts
    "own": "good", "matched": "good", "unmatched": "warn", "ambiguous": "warn", "conflict": "bad", "unknown": "warn",
    # sessions
    "up": "good", "expected": "note", "suspect": "warn", "stopped": "", "expired": "",
    # AAA servers, and what the operator wants of them
    "alive": "good", "dead": "bad", "drain": "warn", "down": "bad",
    # findings
    "open": "warn", "over": "",
    # answers
    "Access-Accept": "good", "Access-Reject": "bad", "Access-Challenge": "note", "Accounting-Response": "good",
    "no answer": "bad",
    # outcomes of acts, and what packet processes said
    "done": "good", "ok": "good", "shown": "note", "pending": "note", "refused": "warn", "nothing": "warn",
    "unanswered": "bad", "nobody": "bad", "failed": "bad",
    # traced requests
    "answered": "good", "acknowledged": "good", "delivered": "good",
    # processes
    "ready": "good", "not ready": "bad",
}  # fmt: skip

SPELLED: Final[Mapping[str, str]] = {
    "v4": "IPv4", "ia_na": "IA_NA", "ia_pd": "IA_PD", "slaac": "SLAAC", "pd_route": "PD route",
    "dhcpv4": "DHCPv4", "dhcpv6": "DHCPv6", "ppp": "PPP",
    "own": "own id", "v6_lost": "IPv6 lost", "no_traffic": "no IPv6 traffic",
    "bng": "BNG", "mac": "MAC",
}  # fmt: skip


def spelled(slug: str) -> str:
    """A slug as people write it."""
    return SPELLED.get(slug, slug.replace("_", " "))


def tone(word: str | None) -> str:
    """good, warn, bad or note; "" for what is neither."""
    return "" if word is None else TONES.get(word, "")


def count(number: int | float | None) -> str:
    """A whole number with its thousands apart; an em dash for none."""
    return "—" if number is None else f"{number:,.0f}".replace(",", THIN)


def per_cent(part: float | None, digits: int = 1) -> str:
    """A part of 1 in per cent; an em dash for none."""
    if part is None:
        return "—"
    return f"{100 * part:.{digits}f}{THIN}%"


def span(seconds: float) -> str:
    """A duration in its two largest units."""
    whole = round(abs(seconds))
    if whole < 1:
        return f"{round(abs(seconds) * 1000)}{THIN}ms"
    for unit, size, below, smaller in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // smaller
            first = f"{whole // size}{THIN}{unit}"
            return f"{first} {rest}{THIN}{below}" if rest and whole < 10 * size else first
    return f"{whole}{THIN}s"


def milliseconds(value: float | None) -> str:
    """A duration given in milliseconds."""
    if value is None:
        return "—"
    if abs(value) < 1000:
        return f"{value:g}{THIN}ms" if value == round(value) else f"{value:.1f}{THIN}ms"
    if abs(value) < 10_000:
        return f"{value / 1000:.1f}{THIN}s"
    return span(value / 1000)


def bytes_told(number: int | None) -> str:
    """Octets in the largest unit of 1000 that leaves a whole part."""
    if number is None:
        return "—"
    value = float(number)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            return f"{value:.0f}{THIN}{unit}" if unit == "B" or value >= 100 else f"{value:.1f}{THIN}{unit}"
        value /= 1000
    raise AssertionError


def ago(instant: str | None, now: datetime) -> str:
    """How long ago, or in how long, an RFC 3339 instant is; "never" for none."""
    if instant is None:
        return "never"
    seconds = (now - datetime.fromisoformat(instant)).total_seconds()
    if -1 < seconds < 1:
        return "now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(seconds)}"


def clock(instant: str | None) -> str:
    """The time of day of an RFC 3339 instant, with milliseconds, in UTC."""
    return "—" if instant is None else instant[11:23]


def day_and_clock(instant: str | None) -> str:
    """Date and time to the second, in UTC."""
    return "—" if instant is None else f"{instant[:10]} {instant[11:19]}"


def day_short(instant: str | None) -> str:
    """Day, month and time to the second, in UTC: ``26 Nov 01:31:57``."""
    if instant is None:
        return "—"
    at = datetime.fromisoformat(instant)
    return f"{at.day} {at:%b %H:%M:%S}"


def spaced(hexadecimal: str) -> str:
    """Hexadecimal in groups of two octets, so that a reader keeps his place."""
    return " ".join(hexadecimal[at : at + 4] for at in range(0, len(hexadecimal), 4))


def place(attachment: Attached | None) -> str:
    """A port with its VLANs, as ``1/1/4:100.20``."""
    if attachment is None:
        return "—"
    tags = [str(tag) for tag in (attachment.outer, attachment.inner) if tag is not None]
    return f"{attachment.port}:{'.'.join(tags)}" if tags else attachment.port


def listed(values: Sequence[object]) -> str:
    """Values with commas between."""
    return ", ".join(str(value) for value in values)


def by_kind(held: Iterable[Host]) -> list[Host]:
    """Addresses and prefixes, IPv4 first, then in the order of the vocabulary."""
    kinds = list(HostKind)
    return sorted(held, key=lambda one: kinds.index(one.kind))
