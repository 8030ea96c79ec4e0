"""Looking through the history's files."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bngcorr.accountant.history import search
from bngcorr.accountant.history.format import as_line
from bngcorr.accountant.history.question import Question, asked_network
from bngcorr.accountant.history.search import Search
from tests.accountant.history.sessions import T0, held

ADDRESSES = (
    "v4||203.0.113.9", "v4||203.0.113.90", "v4|vrf|10.0.0.9", "ia_na||2001:db8::9", "ia_pd||2001:db8:100:4200::/56",
    "slaac||2001:db8:200:1::/64", "v4||3.0.113.9",
)  # fmt: skip


def write(directory: Path, name: str, *hosts: str, then: bytes = b"") -> None:
    """A file with these hosts, one a line."""
    text = b"".join(as_line(held(host)) for host in hosts) + then
    (directory / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)


def found(of: Search, text: str) -> list[str]:
    """Addresses that answer."""
    question = Question(network=asked_network(text), at_ms=T0)
    return [one.address for one in of.held(question, lambda _: None)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("203.0.113.9", ["203.0.113.9"]),
        ("2001:db8:100:42ff::1", ["2001:db8:100:4200::/56"]),
        ("2001:db8::9", ["2001:db8::9"]),
        ("203.0.113.0/24", ["203.0.113.9", "203.0.113.90"]),
        ("2001:db8::/32", ["2001:db8::9", "2001:db8:100:4200::/56", "2001:db8:200:1::/64"]),
        ("2001:db8:200:1::/64", ["2001:db8:200:1::/64"]),
        ("192.0.2.1", []),
    ],
)
@pytest.mark.parametrize("name", ["2026-11-25.jsonl", "2026-11-25.jsonl.gz"])
def test_all_that_answers_is_found(tmp_path: Path, name: str, text: str, expected: list[str]) -> None:
    """In packed files as in others, and nothing else."""
    write(tmp_path, name, *ADDRESSES)

    assert expected == found(Search.all(tmp_path), text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.ip_addresses().map(str), st.integers(0, 128), st.lists(st.ip_addresses().map(str), max_size=5))
def test_looking_for_texts_finds_what_comparing_addresses_does(
    tmp_path: Path, text: str, length: int, others: list[str]
) -> None:
    """The short cut is no other question."""
    asked = f"{text}/{min(length, 128 if ':' in text else 32)}"
    question = Question(network=asked_network(asked), at_ms=T0)
    write(tmp_path, "2026-11-25.jsonl", *(f"v4||{one}" for one in [text, *others]))

    assert [one for one in [text, *others] if question.about(one)] == found(Search.all(tmp_path), asked)


@pytest.mark.parametrize(
    "torn",
    [b'{"address":"203.0.113.9', b'{"address":"203.0.113.9","kind":"v4"', b"\n\n{", b'{"address":"203.0.113.9"}'],
)
def test_a_torn_line_hides_no_other(tmp_path: Path, torn: bytes) -> None:
    """Before another line or at the end of a file."""
    write(tmp_path, "2026-11-24.jsonl", then=torn)
    write(tmp_path, "2026-11-25.jsonl", "v4||203.0.113.9", then=torn + b"\n" + as_line(held("v4||203.0.113.9")))

    assert ["203.0.113.9"] * 2 == found(Search.all(tmp_path), "203.0.113.9")


def test_lines_that_cross_the_border_of_two_reads_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it falls."""
    monkeypatch.setattr(search, "CHUNK", 97)
    write(tmp_path, "2026-11-25.jsonl", *ADDRESSES * 7)

    assert 7 == len(found(Search.all(tmp_path), "203.0.113.9"))


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is longer than any line of ours is passed over, and what follows is found."""
    monkeypatch.setattr(search, "CHUNK", 1000)
    monkeypatch.setattr(search, "MOST_OCTETS", 5000)
    write(tmp_path, "2026-11-25.jsonl", then=b"x" * 50_000 + b"\n" + as_line(held("v4||203.0.113.9")))

    assert ["203.0.113.9"] == found(Search.all(tmp_path), "203.0.113.9")


def test_files_of_earlier_days_are_not_read(tmp_path: Path) -> None:
    """They were written before."""
    write(tmp_path, "2026-11-24.jsonl", "v4||203.0.113.9")
    write(tmp_path, "2026-11-25.jsonl.gz", "v4||203.0.113.9")

    assert ["2026-11-25.jsonl.gz"] == [file.name for file in Search.since(tmp_path, date(2026, 11, 25)).files]


def test_a_broken_file_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    """A packed file that ends too soon tells what it has."""
    write(tmp_path, "2026-11-24.jsonl.gz", "v4|broken|203.0.113.9")
    whole = (tmp_path / "2026-11-24.jsonl.gz").read_bytes()
    (tmp_path / "2026-11-24.jsonl.gz").write_bytes(whole[:-8])
    write(tmp_path, "2026-11-25.jsonl", "v4|whole|203.0.113.9")
    of = Search.all(tmp_path)
    question = Question(network=asked_network("203.0.113.9"), at_ms=T0)

    assert ["broken", "whole"] == [one.service for one in of.held(question, lambda _: None)]
    assert ["2026-11-24.jsonl.gz"] == [one.partition(":")[0] for one in of.unread]


def test_a_file_that_was_packed_or_dropped_meanwhile_is_no_fault(tmp_path: Path) -> None:
    """The folder was read before."""
    write(tmp_path, "2026-11-23.jsonl", "v4||203.0.113.9")
    write(tmp_path, "2026-11-24.jsonl", "v4||203.0.113.9")
    of = Search.all(tmp_path)
    (tmp_path / "2026-11-23.jsonl").unlink()
    (tmp_path / "2026-11-24.jsonl").unlink()
    write(tmp_path, "2026-11-24.jsonl.gz", "v4||203.0.113.9")

    assert ["203.0.113.9"] == found(of, "203.0.113.9")
    assert [] == of.unread


def test_progress_is_told_in_octets_on_disk(tmp_path: Path) -> None:
    """All of it adds up to what there is."""
    write(tmp_path, "2026-11-24.jsonl.gz", *ADDRESSES)
    write(tmp_path, "2026-11-25.jsonl", *ADDRESSES)
    of = Search.all(tmp_path)
    told: list[int] = []
    list(of.held(Question(network=asked_network("203.0.113.9"), at_ms=T0), told.append))

    assert of.octets() == sum(told)
