"""What a packet costs before it is forwarded and after: decoding, identification, and all from octets to lessons.

``whole`` is decoding, identification, keys, the verdict on a request that names its line, what is counted, and the
lessons for the store: for an Access-Request its sighting, its event and its expected session, for an Accounting-Request
its sighting, its event and its step. Not among them: signatures, rewriting, sockets, the store.

CPU time, best of 100 rounds of 500 packets each: a table for people, then one line of JSON. Run it as a file, or with
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

from prometheus_client import CollectorRegistry

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bngcorr.correlator.question import Rules
from bngcorr.model.verdict import UNMATCHED
from bngcorr.model.vocabulary import Mode, VlanModel
from bngcorr.profiles.catalogue import compile_profile, packaged
from bngcorr.profiles.profile import Profile
from bngcorr.proxy import carriers, line_id, trigger
from bngcorr.proxy.admit import describe, own_verdict
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.nas import Nas
from bngcorr.proxy.notes import Notes
from bngcorr.proxy.remote_id import Numbers
from bngcorr.resources import resource
from bngcorr.store.lesson import Lesson
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.dictionary import Dictionary
from bngcorr.wire.radius import PacketView, attribute, vendor_attribute

ROUNDS: Final = 100
PACKETS: Final = 500
SAMPLE: Final = 500  # packets of other CPEs each, so that nothing is measured that only a few have
PROFILE: Final = "nokia-sros"
NOW_MS: Final = 1_800_000_000_000  # epoch milliseconds
COMPILED: Final = not str(radius.__file__).endswith(".py")
BUDGET_US: Final = 6.0 if COMPILED else 12.0  # what identification may add to a packet
WHOLE_BUDGET_US: Final = 30.0 if COMPILED else 80.0  # all from octets to lessons


def _packet(*attributes: bytes, code: a.Code = a.Code.ACCESS_REQUEST) -> bytes:
    body = b"".join(attributes)
    return bytes((code, 1)) + (20 + len(body)).to_bytes(2, "big") + bytes(16) + body


def _number(key: int, value: int) -> bytes:
    return attribute(key, value.to_bytes(4, "big"))


def packets(dictionary: Dictionary, cpe: int = 0x000001) -> dict[str, bytes]:
    """Packets of a 7750 SR, all of one CPE: for a DISCOVER and a SOLICIT with line ids and raw options, for a SOLICIT
    without; and an interim record of both stacks.
    """
    key = dictionary.key
    mac = (0x020001 << 24 | cpe).to_bytes(6, "big")
    remote_id = b"LINE-%06d" % cpe
    common = (
        attribute(a.USER_NAME, mac.hex(":").encode()),
        attribute(a.NAS_IP_ADDRESS, bytes((10, 0, 0, 1))),
        _number(key("NAS-Port-Type"), 15),
        attribute(a.NAS_PORT_ID, b"1/1/c2/1:%d.%d" % (cpe >> 12 & 0xFFF, cpe & 0xFFF)),
        vendor_attribute(key("Alc-Client-Hardware-Addr"), mac.hex(":").encode()),
        attribute(a.ACCT_SESSION_ID, b"181007%06XC267FBD27E" % cpe),
    )
    password = attribute(a.USER_PASSWORD, bytes(16))
    circuit_id = vendor_attribute(a.AGENT_CIRCUIT_ID, b"olt7 eth 1/2/3:%d" % cpe)
    discover = bytes.fromhex("350101 390205dc 37050103060f2a ff".replace(" ", ""))
    solicit = bytes.fromhex("000800020000 0001000a00030001".replace(" ", "")) + mac + bytes.fromhex("000600020017")
    return {
        "v4": _packet(
            *common,
            password,
            circuit_id,
            vendor_attribute(a.AGENT_REMOTE_ID, remote_id),
            vendor_attribute(key("Alc-ToServer-Dhcp-Options"), discover),
        ),
        "v6": _packet(
            *common,
            password,
            circuit_id,
            vendor_attribute(a.AGENT_REMOTE_ID, (637).to_bytes(4, "big") + remote_id),
            vendor_attribute(key("Alc-ToServer-Dhcp6-Options"), solicit),
        ),
        "without id": _packet(*common, password),
        "record": _packet(
            *common,
            circuit_id,
            vendor_attribute(a.AGENT_REMOTE_ID, remote_id),
            _number(a.ACCT_STATUS_TYPE, 3),
            _number(a.ACCT_SESSION_TIME, 3600),
            _number(a.EVENT_TIMESTAMP, NOW_MS // 1000),
            _number(a.ACCT_INPUT_OCTETS, 1_000_000),
            _number(a.ACCT_OUTPUT_OCTETS, 2_000_000),
            attribute(a.FRAMED_IP_ADDRESS, (0x0A000000 | cpe).to_bytes(4, "big")),
            attribute(a.DELEGATED_IPV6_PREFIX, b"\0\x38" + bytes.fromhex("20010db8") + cpe.to_bytes(3, "big")),
            code=a.Code.ACCOUNTING_REQUEST,
        ),
    }


def best_us(once: Callable[[int], object]) -> float:
    """Microseconds of one call, the best of the rounds: what the machine does beside it only ever adds. `once` is told
    the number of the call.
    """
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for number in range(PACKETS):
            once(number)
        best = min(best, time.process_time() - began)
    return best / PACKETS * 1e6


def identify(view: PacketView, profile: Profile, numbers: Numbers) -> line_id.Identity:
    """As on the request path: ids, trigger, identity."""
    remote = carriers.ids(view, profile.remote_ids)
    classification = trigger.classify(view, profile, numbers, remote)
    return line_id.identify(view, profile, classification, numbers, remote)


class _Clock:
    def now_ms(self) -> int:
        return NOW_MS


class _Whole:
    """From octets to lessons, as the pipeline does it for a request whose own word is believed."""

    def __init__(self, profile: Profile) -> None:
        self.nas = Nas(
            name="bng1", domain="bng1", secret=b"", profile=profile, mode=Mode.FULL, vlan_model=VlanModel.SHARED,
            rules=Rules(), hold_s=0.3, require_message_authenticator=False, one_box=True,
        )  # fmt: skip
        self.told: list[Lesson] = []
        self.notes = Notes(self.told.append, _Clock(), Meters(CollectorRegistry()), 86_400_000)
        self.numbers = Numbers()
        self.accept = radius.decode(_packet(_number(a.SESSION_TIMEOUT, 86_400), code=a.Code.ACCESS_ACCEPT))

    def carry(self, octets: bytes) -> None:
        """One packet."""
        view = radius.decode(octets)
        request = describe(self.nas, view, "192.0.2.1", at_ms=NOW_MS, authentic=True, numbers=self.numbers)
        self.notes.admitted(request)
        verdict = own_verdict(request) or UNMATCHED
        request.verdict = verdict
        self.notes.judged(request, verdict)
        if request.accounting:
            self.notes.recorded(request, verdict)
        else:
            self.notes.accepted(request, self.accept)
        self.told.clear()


def measured() -> dict[str, dict[str, float]]:
    """Microseconds of decoding, of identification and of the whole, by kind of packet."""
    dictionary = Dictionary(resource("dictionaries") / "dictionary")
    profile, numbers = compile_profile(packaged()[PROFILE], dictionary), Numbers()
    many = [packets(dictionary, number * 7919 % (1 << 24)) for number in range(SAMPLE)]
    whole = _Whole(profile)
    found = {}
    for kind in many[0]:
        octets = [one[kind] for one in many]
        views = [radius.decode(one) for one in octets]

        def decoding(number: int, octets: list[bytes] = octets) -> None:
            radius.decode(octets[number % SAMPLE])

        def identifying(number: int, views: list[PacketView] = views) -> None:
            identify(views[number % SAMPLE], profile, numbers)

        def carrying(number: int, octets: list[bytes] = octets) -> None:
            whole.carry(octets[number % SAMPLE])

        found[kind] = {
            "decode_us": round(best_us(decoding), 2),
            "identify_us": round(best_us(identifying), 2),
            "whole_us": round(best_us(carrying), 2),
        }
    return found


def main() -> None:
    """Measure and print."""
    found = measured()
    print(
        f"profile {PROFILE}, best of {ROUNDS} × {PACKETS} packets of {SAMPLE} CPEs, "
        f"{'compiled' if COMPILED else 'not compiled'}; budget {BUDGET_US} µs a packet, {WHOLE_BUDGET_US} µs the whole"
    )
    for kind, figures in found.items():
        print(
            f"  {kind:<10}  decode {figures['decode_us']:5.2f} µs   identify {figures['identify_us']:5.2f} µs   "
            f"whole {figures['whole_us']:5.2f} µs"
        )
    within = all(
        figures["identify_us"] <= BUDGET_US and figures["whole_us"] <= WHOLE_BUDGET_US for figures in found.values()
    )
    result = {
        "benchmark": "identification",
        "profile": PROFILE,
        "python": platform.python_version(),
        "compiled": COMPILED,
        "budget_us": BUDGET_US,
        "whole_budget_us": WHOLE_BUDGET_US,
        "within_budget": within,
        "packets": found,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
