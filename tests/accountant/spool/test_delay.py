"""Acct-Delay-Time on the way out of the spool."""

from __future__ import annotations

import pytest

from bngcorr.accountant.spool.delay import delayed
from tests.service.radius import ACCT_STATUS_TYPE, EVENT_TIMESTAMP, START, attribute, line

DELAY = 41
STATUS = attribute(ACCT_STATUS_TYPE, START)
STAMP = attribute(EVENT_TIMESTAMP, 1_700_000_000)


@pytest.mark.parametrize(
    ("attributes", "spent_s", "expected"),
    [
        (STATUS + STAMP, 0, STATUS + STAMP),
        (STATUS + STAMP, 7, STATUS + STAMP + attribute(DELAY, 7)),
        (STATUS + attribute(DELAY, 3) + STAMP, 0, STATUS + attribute(DELAY, 3) + STAMP),
        (STATUS + attribute(DELAY, 3) + STAMP, 7, STATUS + attribute(DELAY, 10) + STAMP),
        (attribute(DELAY, 0xFFFFFFFF) + STATUS, 7, attribute(DELAY, 0xFFFFFFFF) + STATUS),
        (STATUS + attribute(DELAY, b"\0\3"), 7, STATUS + attribute(DELAY, b"\0\3")),
        (line(b"a" * 41, b"\x29\x06\0\0\0\0"), 1, line(b"a" * 41, b"\x29\x06\0\0\0\0") + attribute(DELAY, 1)),
    ],
    ids=["no time", "added", "kept", "raised", "at its end", "of odd length", "look-alike in a VSA"],
)
def test_the_time_spent_here_is_added(attributes: bytes, spent_s: int, expected: bytes) -> None:
    """RFC 2866 §5.2: raised, or added where it is missing; everything else stays, Event-Timestamp among it."""
    assert expected == delayed(attributes, spent_s)
