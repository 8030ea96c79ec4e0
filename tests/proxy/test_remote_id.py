"""The enterprise number in front of a DHCPv6 Remote-ID: taken off where it is one, left where it only looks so."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.model.vocabulary import PenPolicy, Strength, Trigger
from bngcorr.proxy import remote_id
from bngcorr.proxy.remote_id import Numbers

from .families import DHCPV4_PROOF, DHCPV6_PROOF, GENERIC, NOKIA, PPP_PROOF, identified
from .families import remote_id as remote

ANY = Numbers()
AUTO, ALWAYS, NEVER = PenPolicy.AUTO, PenPolicy.ALWAYS, PenPolicy.NEVER
V6_PROOF = (Trigger.DHCPV6, Strength.PROOF)
V6_STRONG = (Trigger.DHCPV6, Strength.STRONG)
NOT_V6_FOR_SURE = [
    (trigger, strength)
    for trigger in Trigger
    for strength in (*Strength, None)
    if (trigger, strength) not in (V6_PROOF, V6_STRONG)
]

# Values that only look prefixed: none of them loses an octet, whatever triggered the request
LOOK_ALIKES = {
    "IOS snooping default, 00 06 and a MAC": "0006001cf09d7167",
    "IOS string form, 01 len text": "01056f6c742d37",
    "IOS debug log sample": "0106001cf09d7167",
    "CMTS print of sub-options, 02 len MAC": "0206304643414645",
    "MAC with OUI 00:00:0c (Cisco)": "00000c07ac01",
    "MAC with OUI 00:00:5e (IANA, VRRP)": "00005e000101",
    "MAC with OUI 00:01:xx": "000102030405",
    "MAC with OUI 00:02:xx": "000203040506",
    "MAC with OUI 00:1c:f0": "001cf09d7167",
    "IPv4 address 0.0.x.x or a counter, 4 octets": "000007db",
    "SR OS test value": "040ff1ce0102030405",
    "VLAN and port packed, 00 04 vlan mod port": "000400320001",
    "length-prefixed text, 00 0c text": "000c6f6c74372f312f312f342e3130",
    "text with NUL in front": "006f6c74372f3132",
    "enterprise number 0, reserved": "000000006f6c7437",
    "enterprise number 2**32-1, reserved": "ffffffff6f6c7437",
    "just above the ceiling": "000200006f6c7437",
    "plain text": "6f6c74372f3132",
    "text that looks like hex": "30303030303764623330",
    "zero octets": "",
    "one zero octet": "00",
    "enterprise number and nothing else": "0000197f",
    "five zero octets": "0000000000",
}

# Values of the field with the number of the node that inserted them
PREFIXED = {
    "Huawei OLT through Cisco": ("000007db302f332f30", 2011, b"0/3/0"),
    "Nokia's manual": ("0000197f616c7530303a30323a30303a30303a30303a3031", 6527, b"alu00:02:00:00:00:01"),
    "Extreme relay": ("0000077c3130305f315f303034643a", 1916, b"100_1_004d:"),
    "one octet behind the number": ("0000197f31", 6527, b"1"),
    "six octets in all": ("0000197f3130", 6527, b"10"),
    "Huawei relay default, client DUID in text": (
        "000007db3030303330303031383046423036333534354233204769676162697445746865726e657420302f302f31",
        2011,
        b"0003000180FB063545B3 GigabitEthernet 0/0/1",
    ),
    "Broadband Forum": ("00000de94c494e452d303030303137", 3561, b"LINE-000017"),
    "RtBrick": ("0000c38a6f6c74", 50058, b"olt"),
    "number above 65535": ("0001000a6f6c74", 65546, b"olt"),
    "highest number of the default ceiling": ("0001ffff6f6c74", 131071, b"olt"),
    "IOS-style MAC text behind the number": ("00000009303031633a663039643a37313637", 9, b"001c:f09d:7167"),
}
NUMBERS_OF_THE_FIELD = (
    9, 94, 193, 637, 664, 890, 1916, 2011, 2352, 2636, 3561, 3902, 4115, 4491, 4874, 4881, 6296, 6321, 6486, 6527,
    11863, 14988, 17409, 20858, 25506, 35265, 41112, 43823, 44641, 50058, 55999, 62331,
)  # fmt: skip


@pytest.mark.parametrize("octets", LOOK_ALIKES.values(), ids=LOOK_ALIKES.keys())
def test_look_alikes_stay_whole(octets: str) -> None:
    """A MAC, counter, packed VLAN or text id is never shortened, not even when DHCPv6 is proved."""
    value = bytes.fromhex(octets)
    for trigger in Trigger:
        for strength in (*Strength, None):
            assert remote_id.strip(value, ANY, AUTO, trigger, strength) is None


@pytest.mark.parametrize(("octets", "number", "rest"), PREFIXED.values(), ids=PREFIXED.keys())
def test_prefixed_values_of_the_field_are_stripped(octets: str, number: int, rest: bytes) -> None:
    """A value with an access node's number in front gives the number and the id of the line."""
    for trigger, strength in (V6_PROOF, V6_STRONG):
        stripped = remote_id.strip(bytes.fromhex(octets), ANY, AUTO, trigger, strength)

        assert stripped is not None
        assert (number, rest) == (stripped.enterprise_number, stripped.remote_id)


@pytest.mark.parametrize("number", NUMBERS_OF_THE_FIELD)
def test_every_known_access_vendor_is_below_the_ceiling(number: int) -> None:
    """The numbers of all access-node vendors, up to the last one given out in 2024, are acceptable by default."""
    stripped = remote_id.strip(number.to_bytes(4, "big") + b"olt7/12", ANY, AUTO, *V6_STRONG)

    assert stripped is not None
    assert (number, b"olt7/12") == (stripped.enterprise_number, stripped.remote_id)


@pytest.mark.parametrize("rest", [b"\x01\x02\x03\x04\x05\x06\x07", b"olt\x00", b"\xc3\xbclt7", b"\x7f-olt"])
def test_a_binary_rest_needs_proof(rest: bytes) -> None:
    """Behind an acceptable number, a rest that is not printable is only believed when DHCPv6 is proved."""
    value = (6527).to_bytes(4, "big") + rest

    assert remote_id.strip(value, ANY, AUTO, *V6_STRONG) is None
    proved = remote_id.strip(value, ANY, AUTO, *V6_PROOF)
    assert proved is not None
    assert rest == proved.remote_id


@pytest.mark.parametrize("octets", range(5))
def test_up_to_four_octets_are_never_stripped(octets: int) -> None:
    """RFC 4649 §3 wants at least one octet behind the number, so a value of 0 to 4 octets has no number."""
    for value in (bytes(octets), (6527).to_bytes(4, "big")[:octets], b"olt7"[:octets]):
        for policy in PenPolicy:
            for trigger, strength in (*NOT_V6_FOR_SURE, V6_PROOF, V6_STRONG):
                assert remote_id.strip(value, ANY, policy, trigger, strength) is None


@pytest.mark.parametrize("octets", ["000007db3031", "00000c414243"])
def test_six_octets_prove_nothing_by_themselves(octets: str) -> None:
    """A value as long as a MAC is no evidence of DHCPv6, but is stripped when something else is."""
    prefixed = remote_id.look(bytes.fromhex(octets), ANY)

    assert prefixed is not None
    assert not remote_id.proves_itself(prefixed)
    assert remote_id.strip(bytes.fromhex(octets), ANY, AUTO, *V6_PROOF) is not None


def test_never_means_never() -> None:
    """With the policy `never` nothing is stripped, whatever the evidence."""
    for octets, _, _ in PREFIXED.values():
        for trigger, strength in (*NOT_V6_FOR_SURE, V6_PROOF, V6_STRONG):
            assert remote_id.strip(bytes.fromhex(octets), ANY, NEVER, trigger, strength) is None


def test_always_strips_unless_another_family_is_proved() -> None:
    """With `always` an acceptable number goes without evidence, except where DHCPv4, PPP or a conflict is proved."""
    value = (2011).to_bytes(4, "big") + b"\x80binary"
    for trigger in Trigger:
        for strength in (*Strength, None):
            kept = remote_id.strip(value, ANY, ALWAYS, trigger, strength) is None
            other = trigger in (Trigger.DHCPV4, Trigger.PPP, Trigger.CONFLICT)
            assert (other and strength is Strength.PROOF) == kept


def test_accepted_numbers_replace_the_ceiling() -> None:
    """With a list of the network's own numbers, every other number stays, and one above the ceiling goes."""
    ours = Numbers(accept=frozenset({2011, 4_000_000}))

    assert remote_id.strip((2011).to_bytes(4, "big") + b"olt", ours, AUTO, *V6_STRONG) is not None
    assert remote_id.strip((4_000_000).to_bytes(4, "big") + b"olt", ours, AUTO, *V6_STRONG) is not None
    assert remote_id.strip((6527).to_bytes(4, "big") + b"olt", ours, AUTO, *V6_STRONG) is None


def test_a_lower_ceiling_is_obeyed() -> None:
    """A number above the operator's ceiling is no enterprise number."""
    low = Numbers(ceiling=3000)

    assert remote_id.strip((3000).to_bytes(4, "big") + b"olt", low, AUTO, *V6_PROOF) is not None
    assert remote_id.strip((3001).to_bytes(4, "big") + b"olt", low, AUTO, *V6_PROOF) is None


values = st.one_of(
    st.binary(max_size=20),
    st.builds(
        lambda number, rest: number.to_bytes(4, "big") + rest,
        st.integers(0, 200_000),
        st.binary(max_size=12) | st.text("abcXYZ019/.:-_ ", max_size=12).map(str.encode),
    ),
)
verdicts = st.tuples(st.sampled_from(Trigger), st.sampled_from([*Strength, None]))


@settings(max_examples=200, deadline=None)
@given(values, st.sampled_from(PenPolicy), verdicts)
def test_a_strip_takes_exactly_four_octets(
    value: bytes, policy: PenPolicy, verdict: tuple[Trigger, Strength | None]
) -> None:
    """What is left is the value without its first four octets, and never empty."""
    stripped = remote_id.strip(value, ANY, policy, *verdict)
    if stripped is not None:
        assert value == stripped.enterprise_number.to_bytes(4, "big") + stripped.remote_id
        assert stripped.remote_id


@settings(max_examples=120, deadline=None)
@given(values, st.sampled_from(PenPolicy), verdicts)
def test_a_strip_happens_once(value: bytes, policy: PenPolicy, verdict: tuple[Trigger, Strength | None]) -> None:
    """Stripping what was stripped changes nothing, unless the rest starts with a zero octet again."""
    stripped = remote_id.strip(value, ANY, policy, *verdict)
    if stripped is not None and stripped.remote_id[0] != 0:
        assert remote_id.strip(stripped.remote_id, ANY, policy, *verdict) is None


@settings(max_examples=200, deadline=None)
@given(values, st.sampled_from(NOT_V6_FOR_SURE))
def test_only_a_sure_dhcpv6_trigger_is_stripped(value: bytes, verdict: tuple[Trigger, Strength | None]) -> None:
    """With `auto`, a request that is not DHCPv6 by proof or strong evidence keeps its Remote-Id."""
    assert remote_id.strip(value, ANY, AUTO, *verdict) is None


# ---- the same, from a packet


@pytest.mark.parametrize("family", [NOKIA, GENERIC])
@pytest.mark.parametrize(("octets", "number", "rest"), PREFIXED.values(), ids=PREFIXED.keys())
def test_a_printable_prefixed_value_proves_itself(octets: str, number: int, rest: bytes, family: str) -> None:
    """A request whose only mark is its Remote-Id is taken for DHCPv6 and stripped, unless it is as long as a MAC."""
    value = bytes.fromhex(octets)
    identity = identified(remote(value), family=family)

    if len(value) == 6:
        assert (value, None) == (identity.ids.remote_id, identity.enterprise_number)
    else:
        assert (rest, number) == (identity.ids.remote_id, identity.enterprise_number)


@pytest.mark.parametrize("family", [NOKIA, GENERIC])
@pytest.mark.parametrize("octets", LOOK_ALIKES.values(), ids=LOOK_ALIKES.keys())
def test_a_request_with_a_look_alike_keeps_it(octets: str, family: str) -> None:
    """A look-alike reaches the rules whole, with and without a proof of DHCPv6; an empty one is no id."""
    value = bytes.fromhex(octets)
    for pieces in ((), (DHCPV6_PROOF,), (DHCPV4_PROOF,)):
        identity = identified(remote(value), *pieces, family=family)

        assert (value or None) == identity.ids.remote_id
        assert () == identity.strips
        assert identity.enterprise_number is None


@pytest.mark.parametrize("proof", [DHCPV4_PROOF, PPP_PROOF], ids=["DHCPv4", "PPP"])
@pytest.mark.parametrize("policy", PenPolicy)
def test_a_request_proved_to_be_of_another_family_is_never_altered(proof: object, policy: PenPolicy) -> None:
    """Raw DHCPv4 options or Framed-Protocol PPP keep a value that looks prefixed, whatever the policy."""
    assert proof in (DHCPV4_PROOF, PPP_PROOF)
    value = (2011).to_bytes(4, "big") + b"0/3/0"
    identity = identified(remote(value), DHCPV4_PROOF if proof is DHCPV4_PROOF else PPP_PROOF, policy=policy)

    assert value == identity.ids.remote_id
    assert () == identity.strips
