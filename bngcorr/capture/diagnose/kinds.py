"""Every fault that a capture can show: its name, how bad it is, what it means, what to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final


class Severity(IntEnum):
    """How bad a fault is for the customer; the worst sorts first."""

    CRITICAL = 0  # a stack is dead, or soon will be
    WARNING = 1  # it works for some, or not for long
    NOTICE = 2  # it works, and will cost somebody an evening


class Fault(StrEnum):
    """The kinds of faults."""

    ROUTER_GONE = "router_gone"  # a Router Advertisement with lifetime 0 from a router that hosts rely on


@dataclass(frozen=True, slots=True)
class Meaning:
    """What people are told of a kind."""

    severity: Severity
    title: str  # a few words
    means: str  # what it does to the customer, one or two sentences
    todo: str  # the next step, one sentence
    source: str  # RFC and section, or where it is known from


MEANINGS: Final[dict[Fault, Meaning]] = {
    Fault.ROUTER_GONE: Meaning(
        Severity.CRITICAL,
        "default router withdrew",
        "A Router Advertisement with Router Lifetime 0 makes every host that hears it drop this router as its default"
        " gateway: IPv6 is dead although addresses and prefixes stay.",
        "Find out why the router announces its end: a daemon that was stopped, a failover, or a lifetime set to 0.",
        "RFC 4861 §6.3.4",
    ),
}
