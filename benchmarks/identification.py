"""What identification costs: microseconds a packet, and what decoding costs beside it.

Best of 5 rounds of 20,000 packets each: a table for people, then one line of JSON. Run it as a file, or with
``-m benchmarks.identification`` from the root of the project.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bngcorr.profiles.catalogue import compile_profile, packaged
from bngcorr.profiles.profile import Profile
from bngcorr.proxy import carriers, line_id, trigger
from bngcorr.proxy.remote_id import Numbers
from bngcorr.resources import resource
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.dictionary import Dictionary
from bngcorr.wire.radius import PacketView, attribute, vendor_attribute

ROUNDS: Final = 5
PACKETS: Final = 20_000
BUDGET_US: Final = 8.0  # what identification may add to a packet
PROFILE: Final = "nokia-sros"


def _packet(*attributes: bytes) -> bytes:
    body = b"".join(attributes)
    return bytes((1, 1)) + (20 + len(body)).to_bytes(2, "big") + bytes(16) + body


def packets(dictionary: Dictionary) -> dict[str, bytes]:
    """Requests of a 7750 SR: for a DISCOVER and a SOLICIT with line ids and raw options, and for a SOLICIT without."""
    key = dictionary.key
    common = (
        attribute(a.USER_NAME, b"02:00:01:00:00:01"),
        attribute(a.USER_PASSWORD, bytes(16)),
        attribute(a.NAS_IP_ADDRESS, bytes((10, 0, 0, 1))),
        attribute(key("NAS-Port-Type"), (15).to_bytes(4, "big")),
        attribute(a.NAS_PORT_ID, b"1/1/c2/1:201.100"),
        vendor_attribute(key("Alc-Client-Hardware-Addr"), b"02:00:01:00:00:01"),
        attribute(a.ACCT_SESSION_ID, b"181007000001C267FBD27E"),
    )
    circuit_id = vendor_attribute(a.AGENT_CIRCUIT_ID, b"olt7 eth 1/2/3:4.100")
    discover = bytes.fromhex("350101 390205dc 37050103060f2a ff".replace(" ", ""))
    solicit = bytes.fromhex("000800020000 0001000a00030001020003000001 000600020017".replace(" ", ""))
    return {
        "v4": _packet(
            *common,
            circuit_id,
            vendor_attribute(a.AGENT_REMOTE_ID, b"LINE-000017"),
            vendor_attribute(key("Alc-ToServer-Dhcp-Options"), discover),
        ),
        "v6": _packet(
            *common,
            circuit_id,
            vendor_attribute(a.AGENT_REMOTE_ID, (637).to_bytes(4, "big") + b"LINE-000017"),
            vendor_attribute(key("Alc-ToServer-Dhcp6-Options"), solicit),
        ),
        "without id": _packet(*common),
    }


def best_us(once: Callable[[], object]) -> float:
    """Microseconds of one call, the best of the rounds: what the machine does beside it only ever adds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(PACKETS):
            once()
        best = min(best, time.perf_counter() - began)
    return best / PACKETS * 1e6


def identify(view: PacketView, profile: Profile, numbers: Numbers) -> line_id.Identity:
    """As on the request path: ids, trigger, identity."""
    remote = carriers.ids(view, profile.remote_ids)
    classification = trigger.classify(view, profile, numbers, remote)
    return line_id.identify(view, profile, classification, numbers, remote)


def measured() -> dict[str, dict[str, float]]:
    """Microseconds of decoding and of identification by kind of packet."""
    dictionary = Dictionary(resource("dictionaries") / "dictionary")
    profile, numbers = compile_profile(packaged()[PROFILE], dictionary), Numbers()
    found = {}
    for kind, octets in packets(dictionary).items():
        view = radius.decode(octets)
        found[kind] = {
            "decode_us": round(best_us(lambda octets=octets: radius.decode(octets)), 2),  # type: ignore[misc]
            "identify_us": round(best_us(lambda view=view: identify(view, profile, numbers)), 2),  # type: ignore[misc]
        }
    return found


def main() -> None:
    """Measure and print."""
    found = measured()
    print(f"profile {PROFILE}, best of {ROUNDS} × {PACKETS} packets, budget {BUDGET_US} µs a packet")
    for kind, figures in found.items():
        print(f"  {kind:<10}  decode {figures['decode_us']:5.2f} µs   identify {figures['identify_us']:5.2f} µs")
    within = all(figures["identify_us"] <= BUDGET_US for figures in found.values())
    result = {
        "benchmark": "identification",
        "profile": PROFILE,
        "python": platform.python_version(),
        "budget_us": BUDGET_US,
        "within_budget": within,
        "packets": found,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
