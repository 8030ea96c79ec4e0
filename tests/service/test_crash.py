"""Nothing that was acknowledged is lost, whatever is killed and when: the real service, FreeRADIUS and Valkey."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.service.crash import Scene
from tests.service.nursery import Nursery

pytestmark = [pytest.mark.freeradius, pytest.mark.usefixtures("requires_freeradius")]

KILLS = int(os.environ.get("BNGCORR_KILLS", "3"))
SEED = int(os.environ.get("BNGCORR_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)


@pytest.mark.timeout(120 + 30 * KILLS)
def test_what_was_acknowledged_reaches_aaa_and_the_ledger_through_kills(tmp_path: Path, nursery: Nursery) -> None:
    """SIGKILL to the service at random moments, AAA and the store killed around it: every acknowledged record is in
    AAA's detail file, in order for each session, and the ledger is what the acknowledged records add up to.

    BNGCORR_SEED makes a run again, as far as timing lets it; BNGCORR_KILLS sets how many.
    """
    print(f"BNGCORR_SEED={SEED}")
    scene = Scene(tmp_path, random.Random(SEED), sessions=12, nursery=nursery)
    try:
        scene.start()
        for _ in range(KILLS):
            scene.torment()
        scene.settle()

        assert [] == scene.missing()
        assert [] == scene.out_of_order()
        assert scene.expected() == scene.stored()
        assert len(scene.acknowledged()) > 20 * KILLS
    finally:
        scene.close()
