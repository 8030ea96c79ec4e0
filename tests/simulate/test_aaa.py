"""AAA finds its lines by their ids, wherever the families put them."""

from __future__ import annotations

import pytest

from bngcorr.simulate.aaa import Aaa, Reading, read
from bngcorr.simulate.bng import Bng
from bngcorr.simulate.packet import Form
from bngcorr.simulate.sites import SITES, Site

from .scene import box, line, packet


@pytest.mark.parametrize("of", SITES, ids=[one.name for one in SITES])
def test_ids_are_read_wherever_a_family_has_them(of: Site) -> None:
    """Of every family's v4 request AAA reads the two ids as they were provisioned; of one without ids, none."""
    about = line()
    named = Bng(box(of)).write(packet(), about)
    bare = Bng(box(of)).write(packet(v6=True, form=Form.NONE), about)

    assert Reading(about.remote_id, about.circuit_id) == read(named[20:])
    assert Reading(None, None) == read(bare[20:])


def test_a_remote_id_that_was_not_provisioned_is_placed_nowhere() -> None:
    """An id that still has its enterprise number in front is nobody's; a Circuit-Id alone places nobody either."""
    one, other = line(0, remote_id=b"one"), line(1, remote_id=b"other")
    aaa = Aaa([one, other])

    assert aaa.places(Reading(b"one", None))
    assert not aaa.places(Reading(b"\x00\x00\x07\xdbone", one.circuit_id))
    assert not aaa.places(Reading(None, one.circuit_id))


def test_ids_of_two_lines_name_both() -> None:
    """A request with the Remote-Id of one line and the Circuit-Id of another names both, so one of them wrongly."""
    one, other = line(0, remote_id=b"one"), line(1, remote_id=b"other")
    aaa = Aaa([one, other])

    assert (0,) == aaa.names(Reading(b"one", one.circuit_id))
    assert (0, 1) == aaa.names(Reading(b"one", other.circuit_id))
    assert () == aaa.names(Reading(b"nobody's", None))
