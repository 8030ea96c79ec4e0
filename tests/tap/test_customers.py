"""What customers send on a tapped port so as to have another one's line, or to have him lose it."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest

from bngcorr.correlator import judge, leases
from bngcorr.correlator.dhcp import Told
from bngcorr.correlator.exchanges import Exchanges
from bngcorr.correlator.keys import keyring
from bngcorr.correlator.ladder import climb
from bngcorr.correlator.place import Place
from bngcorr.correlator.question import Question, Rules
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import LineIdPolicy, MacSource, Outcome, VlanModel
from bngcorr.store.memory import MemoryStore
from tests.tap.test_bpf import pppoe
from tests.tap.wire import (
    ALL_HOSTS,
    BNG,
    CPE,
    OTHER,
    frame4,
    frame6,
    line4,
    message6,
    option4,
    place,
    relay6,
    remote6,
    said,
    told,
)

DISCOVER, OFFER, REQUEST, ACK, NAK, RELEASE = 1, 2, 3, 5, 6, 7
SOLICIT = 1
NOW = 1_800_000_000_000
DAY = 86_400_000
VICTIM = LineIds(b"victim")
MINE = line4(b"mine")
TAGS = (100, 20)  # of the customer who attacks
ANYCAST = bytes.fromhex("333300010002")
LEASE = option4(51, (600).to_bytes(4, "big"))


async def asked(
    frames: Sequence[bytes], where: Place, vlans: tuple[int, ...] = TAGS, mac: bytes = CPE, port: str | None = "1/1/4"
) -> Verdict:
    """The verdict on a SOLICIT without line id that the BNG asks about, after these frames."""
    store = MemoryStore()
    for frame in frames:
        message = told(frame, where)
        sighting = None if message is None else message.sighting(NOW, DAY)
        if sighting is not None:
            await store.write([sighting], NOW)
    attachment = None if port is None else Attachment(port, *vlans)
    ring = keyring(where.ports, attachment, Mac(mac), MacSource.SEEN, where.vlan_model)
    question = Question(
        domain="d", keyring=ring, rules=Rules(line_id=LineIdPolicy.REMOTE), session=None, at_ms=NOW + 100,
        match_v6=True, accounting=False, begins=True,
    )  # fmt: skip
    (recalled,) = await store.recall([judge.recall_of(question)], NOW + 100)
    assert recalled is not None
    return climb(question, recalled, NOW + 100)


def changed(frame: bytes, at: int, *octets: int) -> bytes:
    """With other octets there."""
    return frame[:at] + bytes(octets) + frame[at + len(octets) :]


FORGED4 = frame4(DISCOVER, line4(b"victim"), tags=TAGS)
IP = 14 + 4 * len(TAGS)
FORGED6 = relay6(message6(SOLICIT), remote6(b"victim"))
STEALING = {
    "a request to one server": changed(frame4(REQUEST, line4(b"victim"), tags=TAGS), IP + 16, 192, 0, 2, 1),
    "a frame to one station": frame4(DISCOVER, line4(b"victim"), tags=TAGS, destination=BNG),
    "to the port of clients": changed(FORGED4, IP + 20, 0, 67, 0, 68),
    "to any port": changed(FORGED4, IP + 20, 0, 67, 0x30, 0x39),
    "in a PPPoE session": frame4(DISCOVER, line4(b"victim")),
    "option 82 in two pieces": frame4(DISCOVER, line4(b"vic") + option4(12, b"x") + option4(82, b"\2\3tim"), tags=TAGS),
    "a sub-option twice": frame4(DISCOVER, option4(82, b"\2\3vic\2\3tim"), tags=TAGS),
    "a relayed message to one relay": frame6(FORGED6, tags=TAGS, ip_destination="fe80::1", destination=BNG),
    "a relayed message to the port of clients": changed(frame6(FORGED6, tags=TAGS), IP + 40, 2, 35, 2, 34),
    "a relayed message in a PPPoE session": frame6(FORGED6, source=CPE),
}
STEALING["in a PPPoE session"] = pppoe(STEALING["in a PPPoE session"])
STEALING["a relayed message in a PPPoE session"] = pppoe(STEALING["a relayed message in a PPPoE session"])


@pytest.mark.asyncio
@pytest.mark.parametrize("vlan_model", list(VlanModel))
@pytest.mark.parametrize("frame", STEALING.values(), ids=STEALING)
async def test_ids_that_no_access_node_has_had_in_hand_are_nobodys(frame: bytes, vlan_model: VlanModel) -> None:
    """Access nodes look at what clients send to everybody; the rest passes as the customer wrote it."""
    vlans = () if frame[12:14] == b"\x88\x64" else TAGS
    where = place(vlan_model=vlan_model)

    assert Outcome.UNMATCHED is (await asked([frame], where, vlans)).outcome


@pytest.mark.asyncio
@pytest.mark.parametrize("vlan_model", list(VlanModel))
async def test_what_an_access_node_has_had_in_hand_is_believed(vlan_model: VlanModel) -> None:
    """The same messages, to everybody."""
    for frame in (FORGED4, frame6(FORGED6, tags=TAGS, destination=ANYCAST)):
        verdict = await asked([frame], place(vlan_model=vlan_model))

        assert (Outcome.MATCHED, VICTIM) == (verdict.outcome, verdict.ids)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("where", "tags"),
    [
        (place(vlan_model=VlanModel.PER_LINE), (100, 20, 7)),
        (place(vlan_model=VlanModel.PER_LINE, vlans=(1,)), (100, 20)),
        (place(vlan_model=VlanModel.PER_LINE, port=None, anywhere=False), TAGS),
    ],
)
async def test_a_cloned_mac_at_a_place_that_no_bng_tells_takes_nobody_along(
    where: Place, tags: tuple[int, ...]
) -> None:
    """A customer sends as the victim's CPE, with more tags than a BNG tells, or where the tap knows no port: the
    victim, whose request has a place of its own, is not put on the customer's line. A BNG that tells no place has
    nothing else to go by.
    """
    clone = frame4(DISCOVER, MINE, tags=tags)

    assert Outcome.UNMATCHED is (await asked([clone], where, (300, 30))).outcome
    assert Outcome.MATCHED is (await asked([clone], where, port=None)).outcome


@pytest.mark.asyncio
async def test_a_tag_that_is_no_vlan_makes_no_line_of_a_port() -> None:
    """Priority-tagged frames are untagged ones: who else sends some is not on the same VLAN pair."""
    where = place(vlan_model=VlanModel.PER_LINE)
    frame = frame4(DISCOVER, MINE, tags=(0x6000,))

    assert Attachment("1/1/4") == said(frame, where).attachment
    assert Outcome.UNMATCHED is (await asked([frame], where, (), OTHER)).outcome
    assert Attachment("1/1/4", 100) == said(frame4(DISCOVER, MINE, tags=(100, 0)), where).attachment


def leased(request: bytes, *others: bytes) -> list[tuple[str, bool]]:
    """Sessions that begin or end, after a request and its ACK."""
    exchanges, found = Exchanges(), []
    ack = frame4(ACK, LEASE, to_server=False, yiaddr="203.0.113.9", source=BNG, destination=CPE, tags=TAGS)
    for number, frame in enumerate((request, ack, *others)):
        message: Told = said(frame)
        noted = exchanges.note(message, number * 1000)
        for lease in noted.leases if noted.owner is not None and noted.owner.believed else ():
            assert noted.owner is not None
            found.append((leases.step(message, noted.owner, lease, number * 1000).session, not lease.life_ms))
    return found


def test_on_a_shared_vlan_nobody_else_gives_a_lease_back() -> None:
    """Neighbours know MAC and address of a CPE, and can write both into a RELEASE of theirs; it can do so itself."""
    request = frame4(REQUEST, MINE, tags=TAGS)
    foreign = frame4(RELEASE, ciaddr="203.0.113.9", source=OTHER, xid=b"abcd", tags=TAGS)
    own = frame4(RELEASE, ciaddr="203.0.113.9", xid=b"abcd", tags=TAGS)
    (begun, _), *after_foreign = leased(request, foreign)

    assert begun not in [session for session, _ in after_foreign]
    assert [(begun, False), (begun, True)] == leased(request, own)


@pytest.mark.parametrize("port", [68, 12345])
def test_a_server_speaks_from_its_port(port: int) -> None:
    """What comes from another one, no DHCP snooping has looked at."""
    offer = frame4(OFFER, to_server=False, source=BNG, destination=ALL_HOSTS)

    assert told(offer) is not None
    assert told(changed(offer, 34, *struct.pack("!H", port))) is None


def test_a_duid_is_kept_as_long_as_the_rfc_has_it() -> None:
    """RFC 8415 §11.1: 130 octets; of what is longer something short that tells it."""
    lengths = {len(said(frame6(message6(SOLICIT, duid=bytes(size)))).client) for size in (1, 130, 131, 1000)}

    assert {1, 130, 32} == lengths
