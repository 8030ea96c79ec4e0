"""Where hosts are spent: a BNG, its cards and its ports, each with its limit. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bngcorr.accountant.capacity import Capacity
from bngcorr.accountant.cost import CostTable
from bngcorr.config import Bng
from bngcorr.model.usage import Usage
from bngcorr.model.vocabulary import Scope

OTHERS: Final = "*"  # in limits: those that are not named

# [user plane's address/][letters[-]]slot/…: the slot is the number in front of the first slash
_CARD: Final = re.compile(r"((?:\d{1,3}(?:\.\d{1,3}){3}/)?)(?:[A-Za-z]{1,32}-?)?(\d{1,4})/.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A BNG, or a card or port of one of its boxes: what is used there, what it costs, what it can bear."""

    scope: Scope
    bng: str
    box: str  # source address of the box in a network of several; "" if the entry is one box, and for whole BNGs
    name: str  # the BNG's, the card's, or the port's; "" gathers what no card or port is known of
    usage: Usage
    spent: Capacity


def card_of(port: str) -> str | None:
    """The card of a port, as `limits.cards` names it; None if the port is on no card, or its name does not say.

    By the grammar that read the port (`proxy/port_id.py`):

    * sros: slot/[xiom/]mda/[connector/]port, so 1/1/4 is on card 1 and 2/x1/1/c4/1 on card 2. A user plane's address
      in front, as MAG-c writes it, belongs to the card: 192.0.2.7/1/1/4 is on 192.0.2.7/1.
    * junos: ge-1/0/2 is on card (FPC) 1.
    * cisco, huawei: slot/subslot/port, so 0/0/2 is on card 0.
    * a bit layout of NAS-Port: the slot, if the layout has one and something behind it.
    * plain: the number in front of the first slash, letters left out: xe-1/0/2 is on 1.

    LAGs and pseudowires (lag-12, ae0, pw-2) and names without a slash (eth1.100) are on no card: their members may be
    on any.
    """
    match = _CARD.match(port)
    return None if match is None else match[1] + match[2]


def places(
    bng: Bng, table: CostTable, whole: Usage, ports: Mapping[tuple[str, str], Usage], scope: Scope
) -> tuple[Place, ...]:
    """The BNG itself, or its cards or ports that hold hosts, in order of box and name.

    `whole` is the usage of the entry, `ports` that by (box, port), as `QueryStore` gives them. The usage of a card is
    the sum over its ports. Limits of cards and ports are those of each box; a card or port of a single box that has a
    limit of its own is there even if it is empty. What no card or port is known of (name "") has no limit.
    """
    if scope is Scope.BNG:
        spent = Capacity(table.resources(whole), bng.limits.host_resources)
        return (Place(scope=scope, bng=bng.name, box="", name=bng.name, usage=whole, spent=spent),)
    named = bng.limits.cards if scope is Scope.CARD else bng.limits.ports
    found: dict[tuple[str, str], Usage] = {}
    if bng.one_box:
        found.update((("", name), Usage()) for name in named if name != OTHERS)
    for (box, port), usage in ports.items():
        name = (card_of(port) or "") if scope is Scope.CARD else port
        at = (_host(box), name)
        found[at] = found[at] + usage if at in found else usage
    return tuple(
        Place(
            scope=scope, bng=bng.name, box=box, name=name, usage=usage,
            spent=Capacity(table.resources(usage), named.get(name, named.get(OTHERS)) if name else None),
        )
        for (box, name), usage in sorted(found.items(), key=lambda item: (item[0][0], _rank(item[0][1])))
    )  # fmt: skip


def _host(box: str) -> str:
    """The host of a box's name, which is it alone or behind the BNG's name and a bar."""
    return box.rpartition("|")[2] if "|" in box else box


def _rank(name: str) -> tuple[bool, list[tuple[bool, int, str]]]:
    """Ports as people sort them: 1/1/4, 1/1/10, lag-3; the nameless last."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return not name, [(False, int(part), "") if part.isdecimal() else (True, 0, part) for part in parts]
