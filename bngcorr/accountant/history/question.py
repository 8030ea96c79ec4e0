"""Who held this address at that time: which hosts answer. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from bngcorr.accountant.history.held import EXPIRED, Held
from bngcorr.model.mac import format_mac
from bngcorr.store.duplicates import unique
from bngcorr.store.terms import covering, holding

SKEW: Final = timedelta(days=1)  # a BNG's clock may be ahead of ours by as much, and its records be written earlier

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A host that answers."""

    held: Held
    certain: bool  # False: it was not heard of any more by then and did not say goodbye; or others held it as well
    aside_ms: int = 0  # how far from the instant it was held; more than 0 is within the margin


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An address or prefix, and an instant."""

    network: Network
    at_ms: int
    within_ms: int = 0  # margin on both sides, for clocks that differ
    bng: str | None = None  # only on this one: private addresses are reused

    @property
    def single(self) -> bool:
        """Whether it is about one address."""
        return self.network.num_addresses == 1

    @property
    def first_day(self) -> date:
        """Files are named by the day of writing, which comes after the end: older ones can't answer."""
        earliest = max(self.at_ms - self.within_ms, 2 * 86_400_000)
        return (datetime.fromtimestamp(earliest / 1000, UTC) - SKEW).date()

    def texts(self) -> frozenset[str]:
        """All texts under which a single address may stand: itself, and every prefix that holds it."""
        return frozenset((str(self.network.network_address), *covering(self.network, 0)))

    def holding(self) -> tuple[str, ...]:
        """The texts under which the store may know it, or a prefix that holds it: as long as are ever given out."""
        return holding(self.network)

    def about(self, address: str) -> bool:
        """Whether an address or prefix is the one asked for, holds it, or lies within it."""
        try:
            network = ip_network(address)
        except ValueError:
            return False
        if isinstance(network, IPv4Network):
            return isinstance(self.network, IPv4Network) and network.overlaps(self.network)
        return isinstance(self.network, IPv6Network) and network.overlaps(self.network)

    def judge(self, held: Held) -> Answer | None:
        """Whether this host was held then, on the BNG that is meant; None: it was not."""
        if (self.bng is not None and held.bng != self.bng) or not self.about(held.address):
            return None
        silent = held.end == EXPIRED and held.to_ms is not None and self.at_ms > held.to_ms + self.within_ms
        aside_ms = max(
            _before(self.at_ms, held.from_ms), _after(self.at_ms, held.noted_ms if silent else held.to_ms), 0
        )
        if aside_ms > self.within_ms:
            return None
        return Answer(held=held, certain=held.from_ms is not None and not silent, aside_ms=aside_ms)


def asked_network(text: str) -> Network:
    """The address or prefix that a person means. Raises ValueError.

    Bits behind a prefix's length don't count; ::ffff:203.0.113.9 is how servers write the IPv4 address in it.
    """
    text = text.strip()
    if "%" in text:
        raise ValueError("an address without a zone")
    try:
        if "/" in text:
            return ip_network(text, strict=False)
        address = ip_address(text)
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return ip_network(mapped or address)
    except ValueError:
        raise ValueError('an IPv4 or IPv6 address, or a prefix such as "2001:db8:0:42::/64"') from None


def _before(at_ms: int, from_ms: int | None) -> int:
    return 0 if from_ms is None else from_ms - at_ms


def _after(at_ms: int, to_ms: int | None) -> int:
    return 0 if to_ms is None else at_ms - to_ms


def once(answers: Iterable[Answer]) -> list[Answer]:
    """Each host once, though a line may stand twice; the surest, nearest and latest first.

    Of one host that was told with and without its end, the end counts.
    """
    found: dict[object, Answer] = {}
    for answer in answers:
        held = answer.held
        name = (held.domain, held.bng, held.box, held.session_id, held.kind, held.service, held.address, held.from_ms)
        known = found.get(name)
        if known is None or _finality(answer) > _finality(known):
            found[name] = replace(answer, certain=answer.certain or (known is not None and known.certain))
    return sorted(
        found.values(), key=lambda one: (not one.certain, one.aside_ms, -_end(one.held), -(one.held.from_ms or 0))
    )


def undisputed(answers: Sequence[Answer]) -> list[Answer]:
    """The same, but certain no more where several lines or CPEs are told to have held the same address then.

    It changed hands about that time, or one of them has given it back unheard. An address that is meant to be in one
    place only is the same on every box; private ones are on each box their own.
    """
    placed = [(_place(answer.held), answer) for answer in answers]
    holders: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for place, answer in placed:
        if answer.certain and (holder := _holder(answer.held)):
            holders[place].add(holder)
    return [replace(answer, certain=False) if len(holders[place]) > 1 else answer for place, answer in placed]


def _place(held: Held) -> tuple[str, ...]:
    meant_once = unique(f"{held.kind}||{held.address}")
    return (held.service, held.address, *(() if meant_once else (held.bng, held.box)))


def _holder(held: Held) -> str:
    """Who has it, as far as that is known; "" may be anybody."""
    if held.line is not None:
        return f"{held.domain} {held.line}"
    return "" if held.mac is None else format_mac(held.mac)


def _finality(answer: Answer) -> tuple[bool, int]:
    held = answer.held
    return held.to_ms is not None and held.end != EXPIRED, held.to_ms or 0


def _end(held: Held) -> int:
    return held.to_ms if held.to_ms is not None else held.noted_ms
