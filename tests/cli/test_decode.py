"""`bngcorr decode`: trees for people and JSON, of captures, files and hexadecimal text, and exit codes."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bngcorr.cli import app

CAPTURES = Path(__file__).parents[1] / "captures"
SOLICIT = "01aabbcc 0001000a000300013ca62f000017 000800020064"


def decode(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    with pytest.raises(SystemExit) as end:
        app(["decode", *map(str, arguments)])
    read = capsys.readouterr()
    assert isinstance(end.value.code, int)
    return end.value.code, read.out, read.err


def find(node: dict[str, Any], *names: str) -> dict[str, Any]:
    """The part of that path of names."""
    for name in names:
        node = next(part for part in node["parts"] if part["name"] == name)
    return node


def test_relayed_packets_of_a_capture_are_a_tree(capsys: pytest.CaptureFixture[str]) -> None:
    """DHCPv6 through two relays: each layer inside the other, ids and instants as they are."""
    code, out, _ = decode(capsys, "--json", "--limit", "2", CAPTURES / "real" / "04b-v6-two-relays-server.pcap")
    rows = json.loads(out)
    first = rows[0]["tree"]

    assert 0 == code
    assert [1, 2] == [row["packet"] for row in rows]
    assert "2026-11-22T02:01:48.018543000Z" == rows[0]["at"]
    assert "DSLAM-9/LINE-77" == find(first, "DHCPv6", "Remote-Id")["value"]
    assert "SOLICIT" == find(first, "DHCPv6", "DHCPv6")["value"]
    assert "38:10:d5:40:00:0a" == find(first, "DHCPv6", "DHCPv6", "Client-Identifier", "address")["value"]


def test_option_82_and_tags_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """DHCPv4 on QinQ: VLANs, message type and circuit-id stand in the text."""
    code, out, _ = decode(capsys, "--only", "dhcpv4", CAPTURES / "real" / "10b-qinq-same-mac-two-lines.pcap")

    assert 0 == code
    assert "VLAN 2048.101" in out
    assert "DHCPv4 DISCOVER" in out
    assert "DHCPv6" not in out
    code, out, _ = decode(
        capsys, "--only", "dhcpv4", "--limit", "1", CAPTURES / "real" / "05-dual-v4-then-v6-3s-uplink.pcap"
    )
    assert "1 Circuit-Id lag-1-207" in out


def test_radius_shows_its_dhcp_options_and_hides_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    """Raw options in vendors' attributes are taken apart; passwords and authenticating attributes are not shown."""
    code, out, _ = decode(capsys, "--json", CAPTURES / "radius" / "50-auth-pap-chap.pcap")
    trees = [row["tree"] for row in json.loads(out)]
    raw = next(tree for tree in trees if any(part["name"] == "Alc-ToServer-Dhcp-Options" for part in tree["parts"]))
    passwords = [part for tree in trees for part in tree["parts"] if part["name"] == "User-Password"]

    assert 0 == code
    relay = find(raw, "Alc-ToServer-Dhcp-Options", "DHCPv4 options", "Relay-Agent-Information")
    assert "OLT-7 eth 1/2/3:4.100" == find(relay, "Circuit-Id")["value"]
    assert "LINE-000017" == find(raw, "Alc-ToServer-Dhcp6-Options", "DHCPv6 options", "Remote-Id")["value"]
    assert passwords
    assert all(part == {"name": "User-Password", "code": 2, "value": "(hidden)"} for part in passwords)


@pytest.mark.parametrize(("arguments", "name"), [((), "DHCPv6"), (("--as", "radius"), "RADIUS")])
def test_hexadecimal_text_is_what_it_looks_like_or_what_is_said(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], name: str
) -> None:
    """The protocol is found out; `--as` says it, and then the packet may be malformed."""
    code, out, _ = decode(capsys, "--json", "--hex", SOLICIT, *arguments)

    assert name == json.loads(out)[0]["tree"]["name"]
    assert int(bool(arguments)) == code


@pytest.mark.parametrize("octets", ["00", "ffffffff"])
def test_octets_of_no_protocol_are_named(capsys: pytest.CaptureFixture[str], octets: str) -> None:
    """Neither RADIUS nor DHCP: exit 1, and the octets are shown."""
    code, out, _ = decode(capsys, "--hex", octets)

    assert (1, True) == (code, "neither RADIUS nor DHCPv4 nor DHCPv6" in out)


def test_a_cut_packet_is_shown_as_far_as_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    """A snaplen of 96: the client is there, the options are not, and that is said."""
    code, out, _ = decode(
        capsys, "--json", "--only", "dhcpv4", CAPTURES / "real" / "16-two-if-snaplen-96-and-full.pcapng"
    )
    cut = [row for row in json.loads(out) if row.get("cut")]

    assert 1 == code
    assert "cut" == cut[0]["tree"]["fault"]
    assert "a4:91:b1:16:00:16" == find(cut[0]["tree"], "chaddr")["value"]


def test_what_cannot_be_read_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """No file, no such file, nothing in it, text that is no hexadecimal: exit 2 and the reason."""
    (tmp_path / "empty").touch()

    for arguments, reason in (
        ((), "give --hex"), ((tmp_path / "absent",), "No such file"), ((tmp_path / "empty",), "empty"),
        (("--hex", "xyz"), "no hexadecimal"), (("--hex", "01", "--limit", "0"), "--limit 0"),
    ):  # fmt: skip
        code, _, err = decode(capsys, *arguments)
        assert (2, True) == (code, reason in err), (arguments, err)


def test_standard_input_is_a_file(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` is what another program writes: a compressed capture, or text with a packet a line."""
    with (CAPTURES / "real" / "19-storm-perfdhcp.pcap.gz").open("rb") as file:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=file))
        code, out, _ = decode(capsys, "--json", "-n", "3", "-")
    assert (0, 3) == (code, len(json.loads(out)))

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(f"# a SOLICIT\n{SOLICIT} # here\n".encode())))
    code, out, _ = decode(capsys, "-")
    assert (0, True) == (code, "packet 2" in out)


def test_a_misspelt_option_is_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, and the option is named."""
    code, out, err = decode(capsys, "--jsn")

    assert (2, True) == (code, "--jsn" in out + err)


def test_options_without_end_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Thousands of empty options: a thousand are shown, and how many more there are."""
    code, out, _ = decode(capsys, "--json", "--hex", "01aabbcc" + "00630000" * 5000)

    assert (0, 4001) == (code, json.loads(out)[0]["tree"]["not_shown"])
