"""What a DNS query asks for."""

from __future__ import annotations

import struct

import pytest

from bngcorr.wire import dns

NAME = b"\x07example\x03net\x00"


def query(name: bytes = NAME, kind: int = 28, flags: int = 0x0100, questions: int = 1) -> bytes:
    """A query (RFC 1035 §4.1)."""
    return struct.pack("!HHHHHH", 7, flags, questions, 0, 0, 0) + name + struct.pack("!HH", kind, 1)


@pytest.mark.parametrize(("name", "kind"), [(NAME, 28), (b"\0", 2), ((b"\x3f" + b"a" * 63) * 3 + b"\0", 1)])
def test_the_type_of_the_first_question_is_read(name: bytes, kind: int) -> None:
    """Whatever the name is: the root's, and a long one."""
    assert kind == dns.question_type(query(name, kind))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        query()[:11],
        query()[:-1],
        query(flags=0x8180),
        query(flags=0x2800),
        query(questions=0),
        query(b"\xc0\x0c"),
        query(b"\x3f" + b"a" * 30),
        query((b"\x3f" + b"a" * 63) * 5 + b"\0"),
    ],
    ids=["nothing", "cut header", "cut class", "response", "update", "no question", "pointer", "overrun", "long name"],
)
def test_what_is_no_query_has_no_type(octets: bytes) -> None:
    """Responses, other operations, and octets that end or turn back where they must not."""
    assert dns.question_type(octets) is None


def test_a_query_that_is_cut_anywhere_is_read_without_an_error() -> None:
    """A snaplen may end it at any octet."""
    assert {None} == {dns.question_type(query()[:size]) for size in range(len(query()))}
