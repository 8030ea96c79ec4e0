"""The M flag against what DHCPv6 does."""

from __future__ import annotations

import pytest

from bngcorr.capture.diagnose.kinds import Fault
from tests.diagnose.flow import DUID, GATEWAY, client6, ia, ia_address, ia_prefix, server6
from tests.diagnose.nd import OTHER_ROUTER, local
from tests.diagnose.stage import Stage, advertisement, ethernet, ip6, option6, told

KINDS = (Fault.MANAGED_WITHOUT_ADDRESSES, Fault.ADDRESSES_UNMANAGED)
NO_ADDRESSES = option6(13, b"\0\x02none left")
ASKS = ia(3, b"")
MANAGED, OTHER = 0x80, 0x40


def says(flags: int, router: str = GATEWAY, lifetime: int = 1800) -> bytes:
    """An RA with M and O."""
    message = advertisement(lifetime, flags=flags)
    return ethernet(router, "33:33:00:00:00:01", 0x86DD, ip6(local(router), "ff02::1", 58, message))


def played(*frames: bytes) -> Stage:
    """Frames a second apart."""
    stage = Stage()
    for at, frame in enumerate(frames):
        stage.frame(frame, at)
    return stage


@pytest.mark.parametrize("answer", [ia(3, NO_ADDRESSES), NO_ADDRESSES], ids=["in the IA", "of the message"])
def test_no_addresses_available_contradicts_the_flag(answer: bytes) -> None:
    """Hosts are sent to DHCPv6, and it has none; servers say so in either place."""
    stage = played(says(MANAGED), client6(1, ASKS), server6(2, answer))

    assert {(Fault.MANAGED_WITHOUT_ADDRESSES, local(GATEWAY), (1, 3))} == told(stage.faults(*KINDS))


def test_no_answer_at_all_contradicts_the_flag_as_well() -> None:
    """Three SOLICITs for an address, and time for an answer."""
    stage = played(says(MANAGED), *[client6(1, ASKS)] * 3, says(MANAGED), says(MANAGED))

    assert [Fault.MANAGED_WITHOUT_ADDRESSES] == [found.fault for found in stage.faults(*KINDS)]


def test_addresses_without_the_flag_are_told() -> None:
    """Hosts that follow the flag never ask for them."""
    stage = played(says(OTHER), client6(3, ASKS), server6(7, ia(3, ia_address())))

    assert {(Fault.ADDRESSES_UNMANAGED, local(GATEWAY), (1, 3))} == told(stage.faults(*KINDS))


@pytest.mark.parametrize(
    "frames",
    [
        (says(MANAGED), client6(3, ASKS), server6(7, ia(3, ia_address()))),
        (says(MANAGED), client6(1, ia(25, b"")), server6(2, ia(25, ia_prefix()))),
        (says(0), client6(3, ia(25, b"")), server6(7, ia(25, ia_prefix()))),
        (says(0), says(MANAGED, OTHER_ROUTER), client6(3, ASKS), server6(7, ia(3, ia_address()))),
        (says(0, lifetime=0), client6(3, ASKS), server6(7, ia(3, ia_address()))),
        (says(OTHER), client6(1, ASKS), server6(2, ia(3, NO_ADDRESSES))),
        (says(MANAGED), client6(1, ASKS), server6(2, ia(3, NO_ADDRESSES)), server6(2, ia(3, ia_address()))),
        (
            says(MANAGED), client6(1, ASKS), server6(2, ia(3, NO_ADDRESSES)),
            client6(3, ASKS, duid=DUID[:-1] + b"x"), server6(7, ia(3, ia_address()), duid=DUID[:-1] + b"x"),
        ),
    ],
    ids=[
        "as it should be", "a CPE that wants a prefix only", "a prefix without the flag", "another router has the flag",
        "a router on its way out", "no flag and no addresses", "one of two servers has some",
        "one client refused, another served",
    ],
)  # fmt: skip
def test_what_is_no_contradiction(frames: tuple[bytes, ...]) -> None:
    """Prefixes have no flag; one router's flag is enough; and one client's trouble is not the link's."""
    assert [] == played(*frames).faults(*KINDS)
