"""Kills the service again and again while boxes account through it: nothing that was acknowledged may be lost.

    .venv/bin/python -m benchmarks.soak --kills 20

Needs FreeRADIUS. Ends with exit code 1 if a record is missing, a session is out of order, or the ledger differs.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.service.crash import Scene


def main() -> int:
    """One run; 0 if all of it is true."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, help="how often the service is killed (20)")
    parser.add_argument("--sessions", type=int, default=60, help="sessions of each of the two boxes (60)")
    parser.add_argument("--seed", type=int, default=0, help="0: a random one")
    given = parser.parse_args()
    seed = given.seed or random.SystemRandom().randrange(1, 10**6)
    print(f"seed {seed}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bngcorr-soak-") as folder:
        scene = Scene(Path(folder), random.Random(seed), sessions=given.sessions)
        try:
            scene.start()
            for _ in range(given.kills):
                scene.torment()
                print(f"kill {scene.kills:3d}: {len(scene.acknowledged()):7d} records acknowledged", flush=True)
            scene.settle(120.0)
            missing, disorder = scene.missing(), scene.out_of_order()
            expected, stored = scene.expected(), scene.stored()
            print(
                f"{scene.kills} kills, {len(scene.acknowledged())} records acknowledged, {len(missing)} missing, "
                f"{len(disorder)} out of order, {scene.duplicates()} seen again, {time.monotonic() - started:.0f} s"
            )
            print(f"ledger {stored}")
            if expected != stored:
                print(f"should be {expected}")
            return 1 if missing or disorder or expected != stored else 0
        finally:
            scene.close()


if __name__ == "__main__":
    sys.exit(main())
