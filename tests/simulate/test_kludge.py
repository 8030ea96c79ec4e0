"""What BNGs do by themselves, no better and no worse."""

from __future__ import annotations

from bngcorr.simulate.kludge import Kludge
from bngcorr.simulate.packet import Code, Form

from .scene import OTHER_MAC, packet


def test_the_discover_just_before_from_the_same_port_and_mac_counts() -> None:
    """A SOLICIT within five seconds gets the DISCOVER's line, one later or with another MAC none."""
    kludge = Kludge()
    kludge.take(packet(at=0, line=7))

    assert 7 == kludge.take(packet(at=4_000, line=7, v6=True, form=Form.NONE))
    assert kludge.take(packet(at=5_001, line=7, v6=True, form=Form.NONE)) is None
    assert kludge.take(packet(at=4_000, line=7, mac=OTHER_MAC, v6=True, form=Form.NONE)) is None


def test_it_neither_waits_nor_doubts() -> None:
    """A SOLICIT ahead of the DISCOVER gets nothing, and a clone's gets the line of whoever was there last."""
    kludge = Kludge()

    assert kludge.take(packet(at=0, line=1, v6=True, form=Form.NONE)) is None
    kludge.take(packet(at=30, line=2))
    assert 2 == kludge.take(packet(at=60, line=1, v6=True, form=Form.NONE))


def test_a_session_keeps_its_line() -> None:
    """Records of a session have the line that its Access-Request was given."""
    kludge = Kludge()
    kludge.take(packet(at=0, line=7))
    kludge.take(packet(at=1_000, line=7, v6=True, form=Form.NONE, session=b"v6"))

    assert 7 == kludge.take(packet(Code.STOP, at=9_999_999, line=7, v6=True, form=Form.NONE, session=b"v6"))
    assert kludge.take(packet(Code.STOP, line=7, v6=True, form=Form.NONE, session=b"other")) is None
