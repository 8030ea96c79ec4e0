"""How seldom a finding is remedied without asking."""

from __future__ import annotations

from bngcorr.proxy.dynauth.remedy import Remedies


def test_a_line_is_left_alone_for_a_while() -> None:
    """If the first disconnect did not help, the second would not either."""
    remedies = Remedies(per_minute=600, once_in_s=3_600)

    done = [remedies.may("d", "bng1", "line1", now) for now in (0.0, 3_599.0, 3_600.0)]

    assert [True, False, True] == done


def test_few_lines_of_one_bng_at_a_time() -> None:
    """A DHCPv6 server that is down makes thousands of findings: disconnecting all would be the greater outage."""
    remedies = Remedies(per_minute=2, once_in_s=3_600)

    first = [remedies.may("d", "bng1", f"line{number}", 0.0) for number in range(4)]
    later = [remedies.may("d", "bng1", f"line{number}", 60.0) for number in range(2, 6)]

    assert [True, True, False, False] == first
    assert [True, True, False, False] == later
    assert remedies.may("d", "bng2", "line9", 60.0)


def test_a_line_that_had_to_wait_is_not_counted_as_done() -> None:
    """Its finding may come again."""
    remedies = Remedies(per_minute=1, once_in_s=3_600)
    remedies.may("d", "bng1", "line1", 0.0)

    assert not remedies.may("d", "bng1", "line2", 1.0)
    assert remedies.may("d", "bng1", "line2", 61.0)
