"""What masked callers see in place of personal data, wherever a model holds it."""

from __future__ import annotations

import json
from typing import Annotated, Any, Generic, TypeVar

import pytest
from pydantic import BaseModel

from bngcorr.web.access.mask import kind_of, masked
from bngcorr.web.access.pseudonym import Known, Pseudonyms
from bngcorr.web.models.octets import Octets
from bngcorr.web.models.personal import Kind, Personal
from bngcorr.web.models.trace import AttributeShown

ONE, OTHER = Pseudonyms(b"one"), Pseudonyms(b"other")
NONE = Known({})


def of(kind: Kind, value: str) -> str:
    """By the first key."""
    return ONE.of(kind, value, NONE)


@pytest.mark.parametrize(
    ("kind", "value", "left"),
    [
        (Kind.MAC, "00:00:5e:00:53:01", "00:00:5e:~"),
        (Kind.MAC, "02:00:5e:00:53:01", "local:~"),
        (Kind.MAC, "no mac", "~"),
        (Kind.ADDRESS, "203.0.113.9", "203.~"),
        (Kind.ADDRESS, "2001:db8:100::1", "2001:0db8:~"),
        (Kind.ADDRESS, "2001:db8:100::/56", "2001:0db8:~"),
        (Kind.ADDRESS, "no address", "~"),
        (Kind.USER_NAME, "alice@isp", "~"),
        (Kind.SESSION_ID, "0000A1", "~"),
        (Kind.OCTETS, "olt7/12", "~"),
    ],
)
def test_what_is_left_of_a_value(kind: Kind, value: str, left: str) -> None:
    """A vendor or a network, and ten digits that only the same value has, in this process alone."""
    shown = of(kind, value)
    length = "/56" if value.endswith("/56") else ""

    assert (left, 10, length) == (shown[: len(left)], len(shown) - len(left) - len(length), length or shown[99:])
    assert shown == of(kind, value)
    assert shown != of(kind, value + "0") or kind is Kind.ADDRESS
    assert shown != ONE.of(Kind.TEXT, value, NONE) or kind in (Kind.MAC, Kind.ADDRESS)
    assert shown != OTHER.of(kind, value, NONE)


def test_one_mac_has_one_pseudonym() -> None:
    """In whatever notation, and also where it serves as user name."""
    shown = {of(kind, text) for kind in (Kind.MAC, Kind.USER_NAME) for text in ("00-00-5E-00-53-01", "0000.5e00.5301")}

    assert {of(Kind.MAC, "00:00:5e:00:53:01")} == shown


def test_octets_read_alike_as_text_and_in_hexadecimal() -> None:
    """Both are of the same pseudonym; octets that are no text have one too."""
    shown = masked(Octets(hex="6f6c74372f3132", text="olt7/12"), ONE)

    assert bytes.fromhex(shown.hex).decode() == shown.text == of(Kind.OCTETS, "olt7/12")
    assert "" == of(Kind.OCTETS, "")
    assert of(Kind.HEX, "ff00") != of(Kind.HEX, "ff01")
    assert None is masked(Octets(hex="ff00", text=None), ONE).text


@pytest.mark.parametrize(
    ("sentence", "left"),
    [
        ("seen from 00:00:5e:00:53:01, twice", "seen from 00:00:5e:~, twice"),
        ("User-Name 00005e005301 is 0000.5e00.5301", "User-Name 00:00:5e:~ is 00:00:5e:~"),
        ("2001:db8::1 and 2001:db8:1::/48.", "2001:0db8:~ and 2001:0db8:~/48."),
        ("(203.0.113.9) 203.0.113.0/24", "(203.~) 203.~/24"),
        ("v4||203.0.113.9", "v4||203.~"),
        ("id 0x6f6c7437", "id 0x"),
        ("bng1 port 1/1/4:100.20 80 % since 12:30:45.123 of 2026-11-26T01:24:39Z v1.2.3", None),
        ("proof: Framed-Protocol says PPP", None),
    ],
)
def test_a_sentence_keeps_its_words(sentence: str, left: str | None) -> None:
    """Addresses of all kinds are found in it; ports, times and numbers are left."""
    shown = of(Kind.TEXT, sentence)
    bare = "".join(part[10:] if at else part for at, part in enumerate(shown.split("~")))

    if left is None:
        assert sentence == shown
    else:
        assert bare.startswith(left.replace("~", ""))
        assert not any(word in shown for word in ("53:01", "5301", "113", "8::1", "6f6c"))


class Attached(BaseModel):
    """Nothing personal in it."""

    port: str = "1/1/4"


class Line(BaseModel):
    """Personal in every way."""

    at: Attached = Attached()
    mac: Annotated[str, Personal(Kind.MAC)] | None = "00:00:5e:00:53:01"
    ids: tuple[Octets, ...] = (Octets(hex="6f6c74372f3132", text="olt7/12"),)
    users: tuple[Annotated[str, Personal(Kind.USER_NAME)], ...] = ("alice",)
    held: dict[str, Annotated[str, Personal(Kind.ADDRESS)]] = {"v4": "203.0.113.9"}
    said: Annotated[str, Personal(Kind.TEXT)] = "alice at olt7/12 (203.0.113.9) lacks v6, alicex does not"
    detail: Annotated[dict[str, Any], Personal(Kind.DETAIL)] = {
        "remote_id": {"hex": "6f6c74372f3132", "text": "olt7/12"}, "mac": "00:00:5e:00:53:01", "port": "1/1/4",
        "count": 3, "line": "9812a4522a3113c3e6174811", "words": ["alice", {"address": "203.0.113.9"}], "none": None,
    }  # fmt: skip
    nobody: Annotated[str | None, Personal(Kind.USER_NAME)] = None


Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """Of anything."""

    items: tuple[Item, ...]


def test_nothing_personal_is_left_in_a_model() -> None:
    """However deep it stands, in sentences and JSON objects too; what is nobody's stays."""
    shown = masked(Page(items=(Line(), Line())), ONE)
    text = shown.model_dump_json()
    assert text == masked(Page[Line](items=(Line(), Line())), ONE).model_dump_json()
    one = shown.items[0]

    secrets = ("53:01", "olt7", "6f6c7437", "113.9", '"alice"')
    assert [] == [secret for secret in secrets if secret in text]
    assert one == shown.items[1]
    assert (Attached(), None, 3, "1/1/4") == (one.at, one.nobody, one.detail["count"], one.detail["port"])
    assert "9812a4522a3113c3e6174811" == one.detail["line"]
    assert f"{one.users[0]} at {one.ids[0].text} ({one.held['v4']}) lacks v6, alicex does not" == one.said
    assert one.detail["remote_id"] == one.ids[0].model_dump()
    assert [one.users[0], {"address": one.held["v4"]}] == one.detail["words"]
    assert json.loads(text)["items"][0]["mac"].startswith("00:00:5e:~")


def test_a_traced_packet_tells_how_and_not_who() -> None:
    """A value is kept back unless its attribute is known to be about nobody; its octets always are."""

    def shown(name: str, value: str) -> AttributeShown:
        return masked(AttributeShown(name=name, value=value, hex=value.encode().hex()), ONE)

    told = [shown("Service-Type", "Framed-User"), shown("NAS-IP-Address", "192.0.2.1")]
    assert of(Kind.ADDRESS, "203.0.113.9") == shown("Framed-IP-Address", "203.0.113.9").value
    kept = [shown("User-Name", "alice"), shown("Attr-241", "alice"), shown("Agent-Remote-Id", "alice")]

    assert ["Framed-User", "192.0.2.1"] == [one.value for one in told]
    assert {of(Kind.OCTETS, "alice")} == {one.value for one in kept}
    assert {of(Kind.HEX, b"alice".hex())} == {one.hex for one in kept}


def test_the_model_itself_is_not_changed() -> None:
    """Others still get it whole."""
    line = Line()
    masked(line, ONE)

    assert Line() == line


def test_a_field_of_two_kinds_is_a_mistake() -> None:
    """It would be masked by chance."""

    class Both(BaseModel):
        """Of two kinds."""

        what: Annotated[str, Personal(Kind.MAC)] | Annotated[str, Personal(Kind.TEXT)]

    with pytest.raises(TypeError, match="mac and text"):
        kind_of(Both, "what")
