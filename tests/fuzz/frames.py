"""Frames, DHCP, and captures of them, under a fuzzer that is guided by what it covers: see README.md beside it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["bngcorr.wire", "bngcorr.capture"]):
    from tests.fuzz.captured import captured, seeds_of_captures


def main() -> None:
    """Fuzz, starting from the captures that come with the project, as the options of libFuzzer say."""
    with tempfile.TemporaryDirectory() as corpus:
        for number, octets in enumerate(seeds_of_captures()):
            (Path(corpus) / str(number)).write_bytes(octets)
        atheris.Setup([*sys.argv, "-max_len=2000", corpus], captured)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
