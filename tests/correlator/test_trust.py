"""What a request may teach about other requests."""

from __future__ import annotations

import itertools

import pytest

from bngcorr.correlator.trust import teaches
from bngcorr.model.vocabulary import Outcome


@pytest.mark.parametrize(
    ("outcome", "authentic", "accepted"),
    list(itertools.product(Outcome, (False, True), (False, True))),
)
def test_only_a_proved_request_that_names_its_line_teaches(outcome: Outcome, authentic: bool, accepted: bool) -> None:
    """It must name its line itself, and be signed or accepted by AAA; a match never breeds matches."""
    assert (outcome is Outcome.OWN and (authentic or accepted)) == teaches(
        outcome, authentic=authentic, accepted=accepted
    )
