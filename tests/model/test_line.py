"""Line ids and line keys: opaque octets, and what makes two lines one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.model.line import LineIds, line_key
from bngcorr.model.vocabulary import LineIdPolicy

octets = st.none() | st.binary(min_size=1, max_size=247)
ids = st.builds(LineIds, octets, octets)


@settings(max_examples=80, deadline=None)
@given(ids)
def test_ids_survive_storage(one: LineIds) -> None:
    """Any octets, absent ids included, come back from the store's form as they were."""
    assert one == LineIds.decode(one.encode())


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=20))
def test_what_was_not_stored_is_not_read(stored: bytes) -> None:
    """Octets in the store's form are read back, any others are a ValueError."""
    try:
        one = LineIds.decode(stored)
    except ValueError:
        return
    assert stored == one.encode()
    assert one.remote_id != b""
    assert one.circuit_id != b""


@settings(max_examples=80, deadline=None)
@given(ids, ids)
def test_different_ids_are_different_lines(one: LineIds, other: LineIds) -> None:
    """Two lines have one key if and only if the ids that count are the same; absent is not equal to anything."""
    assert (one == other) == (line_key(one, LineIdPolicy.BOTH) == line_key(other, LineIdPolicy.BOTH))
    assert (one.remote_id == other.remote_id) == (
        line_key(one, LineIdPolicy.REMOTE) == line_key(other, LineIdPolicy.REMOTE)
    )
    assert (one.circuit_id == other.circuit_id) == (
        line_key(one, LineIdPolicy.CIRCUIT) == line_key(other, LineIdPolicy.CIRCUIT)
    )


def test_a_remote_id_is_no_circuit_id() -> None:
    """The same octets as the other kind of id are another line."""
    keys = {line_key(LineIds(b"x", None), LineIdPolicy.BOTH), line_key(LineIds(None, b"x"), LineIdPolicy.BOTH)}

    assert 2 == len(keys)
    assert all(len(key) == 24 and set(key) <= set("0123456789abcdef") for key in keys)


@pytest.mark.parametrize(
    ("one", "remote", "circuit", "both"),
    [
        (LineIds(), False, False, False),
        (LineIds(b"r"), True, False, True),
        (LineIds(None, b"c"), False, True, True),
        (LineIds(b"r", b"c"), True, True, True),
    ],
)
def test_the_profile_says_which_id_names_a_line(one: LineIds, remote: bool, circuit: bool, both: bool) -> None:
    """Remote-Id, Circuit-Id, or whichever is there."""
    assert (remote, circuit, both) == tuple(
        one.names_line(policy) for policy in (LineIdPolicy.REMOTE, LineIdPolicy.CIRCUIT, LineIdPolicy.BOTH)
    )
