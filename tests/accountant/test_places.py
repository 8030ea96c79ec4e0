"""Where hosts are spent, and the limits there."""

from __future__ import annotations

import pytest

from bngcorr.accountant.capacity import Capacity
from bngcorr.accountant.cost import BUILT_IN
from bngcorr.accountant.places import Place, card_of, places
from bngcorr.config import Bng
from bngcorr.model.usage import Usage
from bngcorr.model.vocabulary import Scope
from bngcorr.proxy.port_id import GRAMMARS, nas_port

CLASSIC = BUILT_IN["sros-classic"]
LIMITS = {"host_resources": 100, "cards": {"1": 50, "*": 40}, "ports": {"1/1/4": 30, "3/1/1": 20}}


def entry(name: str, address: str) -> Bng:
    """A BNG with limits of every kind."""
    return Bng.model_validate({"name": name, "address": address, "secret": "example", "limits": LIMITS})


BNG1, EDGE = entry("bng1", "192.0.2.1"), entry("edge", "198.51.100.0/28")


@pytest.mark.parametrize(
    ("grammar", "text", "card"),
    [
        ("sros", "1/1/4:100.20", "1"),
        ("sros", "bert 1/1/c2/1:201.100 remote-id", "1"),
        ("sros", "2/x1/1/c4/1:7", "2"),
        ("sros", "bert 1.1.1.101/1/1/c2/1:1003.1 ", "1.1.1.101/1"),
        ("sros", "lag-12:100.20", None),
        ("sros", "pw-2:20", None),
        ("junos", "ge-1/0/2.100:100-200", "1"),
        ("junos", "ae0.3221225478:100-200", None),
        ("cisco", "0/0/100/12.400", "0"),
        ("huawei", "slot=3;subslot=0;port=5;vlanid=100;", "3"),
        ("plain", "eth1.100:100.2", None),
        ("plain", "xe-11/0/2:100.2", "11"),
        ("plain", "GigabitEthernet2/0/1:100", "2"),
    ],
)
def test_the_card_of_a_port_is_the_slot_its_grammar_names(grammar: str, text: str, card: str | None) -> None:
    """Whatever the BNG writes, the slot is found; a LAG, a pseudowire or a mere name is on no card."""
    attachment = GRAMMARS[grammar](text)
    assert attachment is not None

    assert card == card_of(attachment.port)


@pytest.mark.parametrize(("layout", "card"), [("*3s*2m*5p*22o", "5"), ("*10p*22o", None)])
def test_the_card_of_a_bit_layout_is_its_slot(layout: str, card: str | None) -> None:
    """A layout of NAS-Port with a slot names the card; one with the port alone does not."""
    attachment = nas_port(0b101_01_00011 << 22, layout)
    assert attachment is not None

    assert card == card_of(attachment.port)


@pytest.mark.parametrize("port", ["", "/", "1", "1/", "//1", "a/1", "-1/2", "1" * 60 + "/1", "é1/1"])
def test_text_that_is_no_port_is_on_no_card(port: str) -> None:
    """Odd names neither raise nor make up a card."""
    assert card_of(port) is None


def test_a_bng_is_one_place_with_the_limit_of_the_whole() -> None:
    """All boxes of the entry together are held against limits.host_resources."""
    whole = Usage(v4=60, ia_pd=60)

    assert (Place(scope=Scope.BNG, bng="bng1", box="", name="bng1", usage=whole, spent=Capacity(120, 100)),) == places(
        BNG1, CLASSIC, whole, {}, Scope.BNG
    )


def test_a_card_spends_the_sum_of_its_ports_and_has_its_own_limit_or_that_of_the_others() -> None:
    """Two ports of card 1 add up, card 2 has the limit of "*", and LAG and unknown port are told without one."""
    ports = {
        ("", "2/1/1"): Usage(v4=4),
        ("", "1/1/10"): Usage(v4=2),
        ("", "1/1/4"): Usage(v4=1, ia_pd=1),
        ("", "lag-3"): Usage(v4=5),
        ("", ""): Usage(v4=6),
    }
    found = [(place.name, place.spent) for place in places(BNG1, CLASSIC, Usage(), ports, Scope.CARD)]

    assert [("1", Capacity(4, 50)), ("2", Capacity(4, 40)), ("", Capacity(11, None))] == found


def test_ports_are_sorted_as_people_do_and_a_limited_one_is_told_even_if_empty() -> None:
    """1/1/4 comes before 1/1/10, words after numbers, the unknown port last, and 3/1/1 shows that nothing is on it."""
    ports = {("", "lag-3"): Usage(v4=5), ("", ""): Usage(v4=6), ("", "1/1/10"): Usage(v4=2), ("", "1/1/4"): Usage(v4=1)}
    found = [(place.name, place.spent) for place in places(BNG1, CLASSIC, Usage(), ports, Scope.PORT)]

    assert [
        ("1/1/4", Capacity(1, 30)),
        ("1/1/10", Capacity(2, None)),
        ("3/1/1", Capacity(0, 20)),
        ("lag-3", Capacity(5, None)),
        ("", Capacity(6, None)),
    ] == found


def test_each_box_of_a_network_has_the_limits_for_itself() -> None:
    """Card 1 of one box is not card 1 of another: they are two places, each with the whole limit."""
    ports = {("edge|198.51.100.2", "1/1/4"): Usage(v4=2), ("edge|198.51.100.3", "1/1/4"): Usage(v4=3)}
    found = [(place.box, place.name, place.spent) for place in places(EDGE, CLASSIC, Usage(), ports, Scope.CARD)]

    assert [("198.51.100.2", "1", Capacity(2, 50)), ("198.51.100.3", "1", Capacity(3, 50))] == found


def test_an_empty_network_of_boxes_has_no_places() -> None:
    """Which of its boxes has the limited port nobody knows before it is used."""
    assert () == places(EDGE, CLASSIC, Usage(), {}, Scope.PORT)
