"""What a text in the search box may mean."""

from __future__ import annotations

import pytest

from bngcorr.store.terms import remote_id_term
from bngcorr.web.guess import guesses
from bngcorr.web.models.lookup import Meaning


def meant(text: str) -> list[tuple[Meaning, str]]:
    """Meanings and values, without what any text may be: an id, a user name, an Acct-Session-Id."""
    anything = (Meaning.REMOTE_ID, Meaning.CIRCUIT_ID, Meaning.USER_NAME, Meaning.SESSION_ID)
    return [(one.meaning, one.value) for one in guesses(text, ("bng1", "Edge-2")) if one.meaning not in anything]


@pytest.mark.parametrize(
    "text",
    [
        "00:0e:8f:00:00:01", "00-0E-8F-00-00-01", "000e.8f00.0001", "000E8F000001", " 0:e:8f:0:0:1 ", "000e-8f00-0001",
        "000E8F-000001", "000e:8f00:0001", "0x000e8f000001", '"00:0e:8f:00:00:01"', "<00:0e:8f:00:00:01>",
    ],
)  # fmt: skip
def test_a_mac_is_known_in_any_notation(text: str) -> None:
    """As BNGs, switches and people write it."""
    assert [(Meaning.MAC, "00:0e:8f:00:00:01")] == meant(text)


@pytest.mark.parametrize(
    ("text", "meaning", "value"),
    [
        ("203.0.113.9", Meaning.ADDRESS, "203.0.113.9"),
        ("::ffff:203.0.113.9", Meaning.ADDRESS, "203.0.113.9"),
        ("2001:DB8:100::1F", Meaning.ADDRESS, "2001:db8:100::1f"),
        ("[2001:db8:100::1f]", Meaning.ADDRESS, "2001:db8:100::1f"),
        ("2001:db8:100::1%eth0", Meaning.ADDRESS, "2001:db8:100::1"),
        ("[2001:db8:100::1f]:443", Meaning.ADDRESS, "2001:db8:100::1f"),
        ("203.0.113.9:443", Meaning.ADDRESS, "203.0.113.9"),
        ("2001:db8:100::1/128", Meaning.ADDRESS, "2001:db8:100::1"),
        ("2001:db8:100::1/56", Meaning.PREFIX, "2001:db8:100::/56"),
        ("BNG1", Meaning.BNG, "bng1"),
        ("edge-2 lag-3:100.20", Meaning.PORT, "Edge-2 lag-3:100.20"),
        ("bng1/1/1/4:100.20", Meaning.PORT, "bng1 1/1/4:100.20"),
        ("1/1/4:100.20", Meaning.PORT, "1/1/4:100.20"),
        ("bng1~9812a4522a3113c3e6174811", Meaning.NAME, "bng1~9812a4522a3113c3e6174811"),
    ],
)
def test_addresses_bngs_ports_and_names_are_told_apart(text: str, meaning: Meaning, value: str) -> None:
    """Each in one notation, whatever it was written in."""
    assert [(meaning, value)] == meant(text)


@pytest.mark.parametrize(
    "text", ["0x6f6c74372f3132", "6f6c74372f3132", "6F:6C:74:37:2F:31:32", "000007db6f6c74372f3132"]
)
def test_an_id_is_known_by_its_octets(text: str) -> None:
    """With and without 0x, with colons, and with the enterprise number that a capture shows in front."""
    terms = [one.terms for one in guesses(text, ()) if one.meaning is Meaning.REMOTE_ID]

    assert (remote_id_term(b"olt7/12"),) in terms


def test_any_text_may_be_an_id_a_user_name_or_a_session() -> None:
    """Nothing in it says so."""
    found = {one.meaning for one in guesses("olt7-12", ("bng1",))}

    assert {Meaning.REMOTE_ID, Meaning.CIRCUIT_ID, Meaning.USER_NAME, Meaning.SESSION_ID} == found


def test_nothing_and_far_too_much_mean_nothing() -> None:
    """No id is longer than an attribute."""
    assert () == guesses("  ", ("bng1",)) == guesses("x" * 248, ("bng1",))


def test_a_prefix_is_looked_for_under_all_that_may_hold_it() -> None:
    """What a router shows as its LAN is a part of what was delegated to it."""
    (lan,) = [one for one in guesses("2001:db8:100:7::/64", ()) if one.meaning is Meaning.PREFIX]

    assert {"address:2001:db8:100:7::/64", "address:2001:db8:100::/56"} <= {*lan.terms}


def test_quotes_may_be_part_of_an_id() -> None:
    """It is looked for with and without them."""
    terms = [one.terms for one in guesses("<olt7/12>", ()) if one.meaning is Meaning.REMOTE_ID]

    assert [(remote_id_term(b"olt7/12"),), (remote_id_term(b"<olt7/12>"),)] == terms
