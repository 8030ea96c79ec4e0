"""The paths of octets from the network, under a fuzzer that is guided by what it covers: see README.md beside it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["bngcorr.wire", "bngcorr.proxy", "bngcorr.correlator", "bngcorr.accountant"]):
    from tests.fuzz.paths import answered, received
    from tests.fuzz.seeds import seeds


def one(data: bytes) -> None:
    """The first octet chooses path and profile, the rest is the datagram; its Length is mended more often than not."""
    if len(data) < 2:
        return
    choice, octets = data[0], data[1:]
    if choice & 0x30 and len(octets) >= 20:
        octets = octets[:2] + min(len(octets), 4096).to_bytes(2, "big") + octets[4:]
    if choice & 0x08:
        answered(octets[20:], 2, octets)
    else:
        received(octets, choice)


def main() -> None:
    """Fuzz, starting from the seeds, as the options of libFuzzer say."""
    with tempfile.TemporaryDirectory() as corpus:
        for number, octets in enumerate(seeds()):
            for choice in (0x10, 0x18, 0xD1):
                (Path(corpus) / f"{number}-{choice}").write_bytes(bytes((choice,)) + octets)
        atheris.Setup([*sys.argv, "-max_len=4200", corpus], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
