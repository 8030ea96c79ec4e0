"""A machine for classic BPF, written from the kernel's description of its instructions."""

from __future__ import annotations

from collections.abc import Sequence

from bngcorr.capture.bpf import Instruction

MOST_STEPS = 4096
SIZES = {0x00: 4, 0x08: 2, 0x10: 1}


def run(program: Sequence[Instruction], frame: bytes) -> int:
    """How many octets of the frame pass; 0 for one that is too short for a load (the kernel's rule)."""
    a = x = at = 0
    for _ in range(MOST_STEPS):
        code, true, false, k = program[at]
        at += 1
        kind = code & 0x07
        if kind == 0x00:  # LD: absolute 0x20, X-relative 0x40
            start = k + (x if code & 0xE0 == 0x40 else 0)
            size = SIZES[code & 0x18]
            if start + size > len(frame):
                return 0
            a = int.from_bytes(frame[start : start + size], "big")
        elif kind == 0x01:
            x = k
        elif kind == 0x04:
            other = x if code & 0x08 else k
            a = {0x00: a + other, 0x50: a & other, 0x60: a << other}[code & 0xF0] & 0xFFFFFFFF
        elif kind == 0x05:
            if code == 0x05:
                at += k
            else:
                holds = {0x10: a == k, 0x30: a >= k, 0x40: bool(a & k)}[code & 0xF0]
                at += true if holds else false
        elif kind == 0x06:
            return min(k, len(frame))
        elif code == 0x07:
            x = a
        else:
            assert code == 0x87
            a = x
    raise AssertionError("the program has no end")
