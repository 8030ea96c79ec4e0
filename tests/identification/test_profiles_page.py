"""docs/profiles.md says what is so: its examples are checked and run, its tables are the code's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from bngcorr.bng_profiles import compile_all
from bngcorr.config import parse
from bngcorr.profiles.catalogue import TEMPLATE_FIELDS, ProfileData, packaged
from bngcorr.proxy import port_id
from bngcorr.proxy.remote_id import Numbers
from bngcorr.wire import radius
from bngcorr.wire.radius import PacketView

from .forwarding import forwarded, identified
from .vectors import dictionary, encoded, packet

PAGE: Final = Path(__file__).parents[2] / "docs" / "profiles.md"
TEXT: Final = PAGE.read_text("utf-8")


def blocks() -> list[dict[str, Any]]:
    """The YAML examples of the page, in order."""
    return [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)]


def rows(heading: str) -> Iterator[list[str]]:
    """Cells of the table under a heading, without the head."""
    section = re.split(r"^#{2,3} ", TEXT.split(f"### {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def names(heading: str) -> list[str]:
    """Code spans in the first column of the table under a heading."""
    return [name for row in rows(heading) for name in re.findall("`([^`]+)`", row[0])]


def sent(example: int, *attributes: str) -> PacketView:
    """What AAA gets of a request to the BNG of an example."""
    config = parse(blocks()[example])
    ((bng, profile),) = compile_all(config, dictionary()).items()
    return forwarded(packet(1, [encoded(one) for one in attributes]), profile, Numbers(), bng=bng)


def values(view: PacketView, name: str) -> list[bytes]:
    """Values of an attribute."""
    return view.all(dictionary().key(name))


def test_there_are_three_examples() -> None:
    """A profile, aliases and identity.write are shown, each as a whole configuration."""
    assert 3 == len(blocks())


@pytest.mark.parametrize("example", range(3))
def test_every_example_is_accepted(example: int) -> None:
    """What the page shows passes check-config and compiles."""
    config = parse(blocks()[example])

    assert [bng.name for bng in config.bngs] == list(compile_all(config, dictionary()))


def test_the_worked_profile_does_what_the_page_says() -> None:
    """Signals, Remote-Id behind a text, MAC and bit layout of the example work on a packet."""
    config = parse(blocks()[0])
    profile = compile_all(config, dictionary())["edge1"]
    number = 501 << 20 | 1001 << 8 | 1 << 4 | 4
    attributes = [
        "User-Name=00:0c:29:11:22:33",
        'Calling-Station-Id:="rid:" 000007db "0/3/0"',
        f"NAS-Port:={number:08x}",
    ]
    octets = packet(1, [encoded(one) for one in (*attributes, "Filter-Id=ipoe-v6")])
    classification, identity = identified(radius.decode(octets), profile, Numbers())

    assert ("dhcpv6", "proof") == (classification.trigger, classification.strength)
    assert (b"0/3/0", 2011) == (identity.ids.remote_id, identity.enterprise_number)
    assert "1/4:501.1001" == str(identity.attachment)
    assert bytes.fromhex("000c29112233") == identity.mac
    assert [b"rid:0/3/0"] == values(sent(0, *attributes, "Filter-Id=ipoe-v6"), "Calling-Station-Id")
    assert [b"rid:\0\0\x07\xdb0/3/0"] == values(sent(0, *attributes, "Filter-Id=ipoe-v4"), "Calling-Station-Id")


def test_the_aliases_do_what_the_page_says() -> None:
    """Both ids of a switch's default form become what the comments of the example say."""
    duid = "0003000180FB063545B3 GigabitEthernet 0/0/1:0011.0022"
    view = sent(
        1, f'Huawei-DHCPv6-Option37:=000007db "{duid}"', "ADSL-Agent-Circuit-Id=0011.0022.6afe870b0000:vlanif100"
    )

    assert [b"olt7/1:11.22"] == values(view, "Huawei-DHCPv6-Option37")
    assert [b"eth vlanif100"] == values(view, "ADSL-Agent-Circuit-Id")


def test_identity_write_does_what_the_page_says() -> None:
    """User-Name is replaced, Calling-Station-Id added, and the raw value kept where the id was changed."""
    view = sent(
        2, "User-Name=x", "NAS-Port-Id=ge-1/0/0.7:100-200", "ERX-DHCPv6-Header:=01000001",
        'ADSL-Agent-Remote-Id:=00000a4c "LINE-1"',
    )  # fmt: skip

    assert [b"LINE-1@isp.example"] == values(view, "User-Name")
    assert [b"mx1 ge-1/0/0:100.200"] == values(view, "Calling-Station-Id")
    assert [b"\0\0\x0a\x4cLINE-1"] == values(view, "ERX-Acc-Aggr-Cir-Id-Bin")


def test_every_packaged_profile_is_in_the_table() -> None:
    """The table has a row for each profile, with something documented and something assumed."""
    assert sorted(packaged()) == names("Profiles that come with bngcorr")
    assert all(len(row) == 3 and all(len(cell) > 5 for cell in row) for row in rows("Profiles that come with bngcorr"))
    for profile in packaged().values():
        assert len(profile.documented) > 40
        assert len(profile.assumed) > 40


def test_every_key_of_a_profile_is_explained() -> None:
    """The table of keys is the model's fields, in their order."""
    assert list(ProfileData.model_fields) == names("Keys of a profile")


def test_every_field_of_templates_is_listed() -> None:
    """The table of fields is what templates may have."""
    listed = names("Where AAA finds the line: `identity.write`")

    assert {f"{{{field}}}" for field in TEMPLATE_FIELDS} == set(listed)
    assert len(TEMPLATE_FIELDS) == len(listed)


def test_every_grammar_reads_its_example() -> None:
    """The table has each grammar, and its example gives what the last column says."""
    listed = list(rows("Grammars of ports"))

    assert [*port_id.GRAMMARS] == names("Grammars of ports")[: len(port_id.GRAMMARS)]
    for cells in listed:
        grammar, example = cells[0].strip("`"), cells[2].strip("`")
        found = (
            port_id.nas_port(int(example), grammar) if grammar.startswith("*") else port_id.GRAMMARS[grammar](example)
        )
        assert found is not None, grammar
        tags = ["-" if tag is None else str(tag) for tag in (found.outer, found.inner)]
        assert cells[3] == ", ".join((found.port, *tags)), grammar


def test_the_page_ends_with_its_limits() -> None:
    """The last heading is Not supported."""
    assert "Not supported" == re.findall(r"^## (.+)$", TEXT, re.MULTILINE)[-1]
