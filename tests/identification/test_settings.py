"""What an operator may set for a BNG: aliases, where AAA finds the line, match rules, profiles, who is who."""

from __future__ import annotations

import time
from ipaddress import ip_network
from typing import Any, Final

import pytest

from bngcorr.bng_profiles import compile_all
from bngcorr.config import Config
from bngcorr.correlator.question import Rules
from bngcorr.errors import ConfigError, Unauthentic
from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import DropReason, MacSource, Mode, VlanModel
from bngcorr.profiles.profile import Profile
from bngcorr.proxy.admit import which
from bngcorr.proxy.line_id import Identity
from bngcorr.proxy.nas import Nas, NasTable
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.trigger import Classification
from bngcorr.wire import radius
from bngcorr.wire.radius import PacketView

from .forwarding import forwarded, identified
from .vectors import Attribute, config, dictionary, encoded, packet

NUMBERS: Final = Numbers()
REMOTE: Final = "ADSL-Agent-Remote-Id"
CIRCUIT: Final = "ADSL-Agent-Circuit-Id"
V4: Final = "Alc-ToServer-Dhcp-Options:=v4 53[01]"
V6: Final = "Alc-ToServer-Dhcp6-Options:=v6 8[0000]"
HUAWEI_ID: Final = '000007db "0003000180FB063545B3 GigabitEthernet 0/0/1:0011.0022"'
HUAWEI_ALIAS: Final = {
    "id": "remote_id",
    "matches": r"[0-9A-F]{20} GigabitEthernet 0/0/(?P<port>\d+):0*(\d+)\.0*(\d+)",
    "template": r"olt7/\g<port>:\2.\3",
}


def settled(profile: str = "nokia-sros", *, profiles: dict[str, Any] | None = None, **settings: object) -> Profile:
    """The profile of a BNG with these settings."""
    (compiled,) = compile_all(config(profile, settings, profiles=profiles or {}), dictionary()).values()
    return compiled


def faults(profile: str = "nokia-sros", *, profiles: dict[str, Any] | None = None, **settings: object) -> list[str]:
    """Keys of what is wrong with these settings."""
    with pytest.raises(ConfigError) as caught:
        settled(profile, profiles=profiles, **settings)
    return [fault.key for fault in caught.value.faults]


def request(*attributes: Attribute, code: int = 1) -> bytes:
    """A request with these attributes."""
    return packet(code, [encoded(one) for one in attributes])


def said(profile: Profile, *attributes: Attribute) -> tuple[Classification, Identity]:
    """What identification makes of a request."""
    return identified(radius.decode(request(*attributes)), profile, NUMBERS)


def sent(profile: Profile, *attributes: Attribute, only_strip: bool = False) -> PacketView:
    """What AAA gets."""
    return forwarded(request(*attributes), profile, NUMBERS, only_strip=only_strip)


def values(view: PacketView, name: str) -> list[bytes]:
    """Values of an attribute."""
    return view.all(dictionary().key(name))


# ---- aliases


def test_an_alias_puts_a_v6_remote_id_into_the_words_of_v4() -> None:
    """A switch's default Remote-Id has DUID and VLANs in it: behind the number, the alias makes the v4 id of it."""
    profile = settled(alias=[HUAWEI_ALIAS])
    identity = said(profile, V6, f"{REMOTE}:={HUAWEI_ID}")[1]

    assert LineIds(b"olt7/1:11.22") == identity.ids
    assert 2011 == identity.enterprise_number
    assert [b"olt7/1:11.22"] == values(sent(profile, V6, f"{REMOTE}:={HUAWEI_ID}"), REMOTE)


def test_an_alias_may_make_an_id_longer_or_shorter_among_others() -> None:
    """Every other sub-attribute stays as it is, whatever the alias does to the length of one."""
    alias = [{"id": "remote_id", "matches": "a|b{8}", "template": "sixteen octets!!"}]
    profile = settled(alias=alias)
    for old in ("a", "bbbbbbbb"):
        view = sent(profile, V6, [f"{CIRCUIT}=eth 1", f"{REMOTE}={old}", "26/3561/129:=0000a000"], "User-Name=x")

        assert [b"sixteen octets!!"] == values(view, REMOTE)
        assert ([b"eth 1"], [b"x"]) == (values(view, CIRCUIT), values(view, "User-Name"))
        assert [bytes.fromhex("0000a000")] == view.all(3561 << 8 | 129)


def test_an_alias_is_for_one_protocol() -> None:
    """A DHCPv4 request whose id has the v6 form keeps it, and so does one whose protocol is not known."""
    profile = settled(alias=[{"id": "remote_id", "matches": "x-(.*)", "template": r"\1"}])

    assert b"LINE-1" == said(profile, V6, f"{REMOTE}=x-LINE-1")[1].ids.remote_id
    assert b"x-LINE-1" == said(profile, V4, f"{REMOTE}=x-LINE-1")[1].ids.remote_id
    assert b"x-LINE-1" == said(profile, f"{REMOTE}=x-LINE-1")[1].ids.remote_id


def test_an_alias_for_another_protocol_is_possible() -> None:
    """`family: ppp` maps ids of PPPoE tags."""
    profile = settled(alias=[{"id": "remote_id", "family": "ppp", "matches": "ppp/(.*)", "template": r"\1"}])

    assert b"LINE-1" == said(profile, "Framed-Protocol:=00000001", f"{REMOTE}=ppp/LINE-1")[1].ids.remote_id


def test_an_alias_matches_the_whole_id() -> None:
    """A part that matches is not enough, and an id that no alias matches stays."""
    profile = settled(alias=[{"id": "remote_id", "matches": "LINE", "template": "line"}])

    assert b"LINE-1" == said(profile, V6, f"{REMOTE}=LINE-1")[1].ids.remote_id
    assert b"line" == said(profile, V6, f"{REMOTE}=LINE")[1].ids.remote_id


def test_the_first_alias_that_matches_counts() -> None:
    """Aliases are tried in their order, once."""
    rows = [("a(.)", r"b\1"), ("b(.)", r"c\1"), ("..", "never")]
    profile = settled(alias=[{"id": "remote_id", "matches": one, "template": other} for one, other in rows])

    assert b"b1" == said(profile, V6, f"{REMOTE}=a1")[1].ids.remote_id
    assert b"c1" == said(profile, V6, f"{REMOTE}=b1")[1].ids.remote_id


def test_a_circuit_id_has_aliases_of_its_own() -> None:
    """An Interface-Id of DHCPv6 becomes the Circuit-Id that DHCPv4 brings; the Remote-Id is another matter."""
    alias = [{"id": "circuit_id", "matches": r"0*(\d+)\.0*(\d+)\..*:(.*)", "template": r"eth \3:\1.\2"}]
    profile = settled(alias=alias)
    attributes: tuple[Attribute, ...] = (V6, [f"{CIRCUIT}=0011.0022.6afe870b0000:vlanif100", f"{REMOTE}=1.2.3:4"])
    view = sent(profile, *attributes)

    assert ([b"eth vlanif100:11.22"], [b"1.2.3:4"]) == (values(view, CIRCUIT), values(view, REMOTE))


def test_an_alias_works_in_hexadecimal_pairs() -> None:
    """Where a BNG writes ids in hexadecimal, the alias is applied to the octets and written in hexadecimal."""
    profile = settled("cisco", alias=[{"id": "remote_id", "matches": "0/(.*)", "template": r"olt/\1"}])
    pairs = ("Cisco-AVPair=dhcpv6-interface-id=x", "Cisco-AVPair=remote-id-tag=000007db302f332f30")

    assert [pairs[0][13:].encode(), b"remote-id-tag=" + b"olt/3/0".hex().encode()] == values(
        sent(profile, *pairs), "Cisco-AVPair"
    )


def test_an_alias_reads_ids_in_raw_options() -> None:
    """The same for ids that stand in raw DHCPv6 options only; AAA finds them in the attributes of the profile."""
    profile = settled(alias=[HUAWEI_ALIAS])
    raw = f'Alc-ToServer-Dhcp6-Options:=v6 18["eth 1"] v6 37[{HUAWEI_ID}] v6 9[solicit[]]'
    view = sent(profile, raw)

    assert ([b"olt7/1:11.22"], [b"eth 1"]) == (values(view, REMOTE), values(view, CIRCUIT))


def test_mode_strip_takes_the_number_and_leaves_aliases() -> None:
    """In mode strip only the enterprise number goes; words are not changed."""
    view = sent(settled(alias=[HUAWEI_ALIAS]), V6, f"{REMOTE}:={HUAWEI_ID}", only_strip=True)

    assert [b"0003000180FB063545B3 GigabitEthernet 0/0/1:0011.0022"] == values(view, REMOTE)


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"id": "remote_id", "matches": "(", "template": "x"}, "bngs[0].alias[0].matches"),
        ({"id": "remote_id", "matches": "x", "template": r"\1"}, "bngs[0].alias[0].template"),
        ({"id": "remote_id", "matches": "x", "template": r"\g<who>"}, "bngs[0].alias[0].template"),
        ({"id": "mac", "matches": "x", "template": "y"}, "bngs[0].alias[0].id"),
        ({"id": "remote_id", "matches": "x", "template": "y", "family": "arp"}, "bngs[0].alias[0].family"),
    ],
)
def test_an_alias_that_cannot_be_is_a_fault(row: dict[str, str], key: str) -> None:
    """A bad expression, a group that is not there, another id or protocol are told at their own key."""
    assert key in faults(alias=[row])


# ---- where AAA finds the line


def test_identity_is_written_where_the_operator_wants_it() -> None:
    """`identity.write` goes into requests that name their line, too: replaced, or added where it lacks."""
    write = [
        {"attribute": "User-Name", "template": "{remote_id}@isp", "when": "always"},
        {"attribute": "Calling-Station-Id", "template": "{mac}"},
        {"attribute": "Called-Station-Id", "template": "{bng} {port}:{outer}.{inner} {circuit_id.hex}"},
    ]
    profile = settled(identity={"write": write})
    view = sent(
        profile, "User-Name=02:00:01:00:00:01", "NAS-Port-Id=1/1/4:501.1001", [f"{CIRCUIT}=eth", f"{REMOTE}=LINE-1"], V4
    )

    assert [b"LINE-1@isp"] == values(view, "User-Name")
    assert [b"02:00:01:00:00:01"] == values(view, "Calling-Station-Id")
    assert [b"bng1 1/1/4:501.1001 657468"] == values(view, "Called-Station-Id")
    assert [b"LINE-1"] == values(view, REMOTE)


def test_what_is_there_stays_unless_told_otherwise() -> None:
    """`when: absent` leaves a full attribute alone, and an empty one gives way."""
    profile = settled(identity={"write": [{"attribute": "Calling-Station-Id", "template": "{remote_id}"}]})

    assert [b"x"] == values(sent(profile, "Calling-Station-Id=x", f"{REMOTE}=LINE-1"), "Calling-Station-Id")
    assert [b"LINE-1"] == values(sent(profile, "Calling-Station-Id=", f"{REMOTE}=LINE-1"), "Calling-Station-Id")


def test_half_an_identity_is_not_written() -> None:
    """A template with a field that the request has no value for is left out; the request goes on as it came."""
    template = "{circuit_id}/{remote_id}"
    profile = settled(identity={"write": [{"attribute": "User-Name", "template": template, "when": "always"}]})

    assert [b"u"] == values(sent(profile, "User-Name=u", f"{REMOTE}=LINE-1"), "User-Name")
    assert [b"c/LINE-1"] == values(sent(profile, "User-Name=u", f"{CIRCUIT}=c", f"{REMOTE}=LINE-1"), "User-Name")


def test_pairs_of_one_attribute_are_told_apart_by_their_text() -> None:
    """A Cisco-AVPair is replaced only if it starts as the template does."""
    write = [{"attribute": "Cisco-AVPair", "template": "remote-id-tag={remote_id.hex}", "when": "always"}]
    profile = settled("cisco", identity={"write": write})
    pairs = ("client-mac-address=f4b5.aa95.657a", "remote-id-tag=6c696e65")
    view = sent(profile, *(f"Cisco-AVPair={pair}" for pair in pairs))

    assert [pair.encode() for pair in pairs] == values(view, "Cisco-AVPair")


@pytest.mark.parametrize("template", ["{remote}", "{remote_id", "remote_id}", "{}", "{remote_id.text}"])
def test_an_unknown_field_is_a_fault(template: str) -> None:
    """A field that no template has, or a brace too many, is told with the fields that there are."""
    write = [{"attribute": "User-Name", "template": template}]

    assert ["bngs[0].identity.write[0].template"] == faults(identity={"write": write})


def test_an_unknown_attribute_is_a_fault() -> None:
    """Attributes of templates and of keep_raw are the dictionaries'."""
    write = [{"attribute": "No-Such-Thing", "template": "x"}]

    assert ["bngs[0].identity.write[0].attribute"] == faults(identity={"write": write})
    assert ["bngs[0].identity.keep_raw"] == faults(identity={"keep_raw": "No-Such-Thing"})


def test_the_raw_value_is_kept_where_it_was_changed() -> None:
    """`keep_raw` gets the Remote-Id as it came, if and only if it leaves changed."""
    profile = settled(identity={"keep_raw": "Alc-Subsc-ID-Str"})

    changed = sent(profile, V6, f'{REMOTE}:=000007db "0/3/0"')
    assert ([b"0/3/0"], [b"\0\0\x07\xdb0/3/0"]) == (values(changed, REMOTE), values(changed, "Alc-Subsc-ID-Str"))
    assert [] == values(sent(profile, V6, f"{REMOTE}=0/3/0"), "Alc-Subsc-ID-Str")
    assert [] == values(sent(profile, V4, f'{REMOTE}:=000007db "0/3/0"'), "Alc-Subsc-ID-Str")


# ---- match rules


def test_a_rule_on_a_value_names_the_protocol() -> None:
    """Named and decimal values of an attribute, or a regular expression in it, are strong evidence."""
    rules: list[tuple[dict[str, object], str, str]] = [
        (
            {"attribute": "NAS-Port-Type", "values": ["Virtual", "15"]},
            "NAS-Port-Type:=0000000f",
            "NAS-Port-Type:=00000013",
        ),
        ({"attribute": "User-Name", "matches": "^v6-|/v6$"}, "User-Name=user/v6", "User-Name=v6user"),
        (
            {"attribute": "Cisco-AVPair", "prefix": "stack=", "matches": "6"},
            "Cisco-AVPair=stack=46",
            "Cisco-AVPair=x=6",
        ),
        ({"attribute": "NAS-Identifier"}, "NAS-Identifier=", "User-Name=x"),
    ]
    for rule, fits, other in rules:
        profile = settled("generic", match=[{**rule, "family": "dhcpv6", "reason": "as agreed"}])
        classification = said(profile, fits)[0]

        assert ("dhcpv6", "strong") == (classification.trigger, classification.strength)
        assert f"{rule['attribute']}: as agreed" == classification.evidence[0].reason
        assert "unknown" == said(profile, other)[0].trigger


def test_a_rule_for_dhcpv4_keeps_an_id_that_looks_prefixed() -> None:
    """The operator's word as a proof outweighs the look of an id; as strong evidence it is a draw, and nothing goes."""
    rule = {"attribute": "NAS-Port-Id", "matches": "^v4", "family": "dhcpv4"}
    attributes = ("NAS-Port-Id=v4", f'{REMOTE}:=000007db "0/3/0"')

    assert "unknown" == said(settled(match=[rule]), *attributes)[0].trigger
    proved = settled(match=[{**rule, "strength": "proof"}])
    assert "dhcpv4" == said(proved, *attributes)[0].trigger
    for profile in (settled(match=[rule]), proved):
        assert [b"\0\0\x07\xdb0/3/0"] == values(sent(profile, *attributes), REMOTE)


def test_a_proof_of_the_operators_may_contradict_the_bng() -> None:
    """Two proofs that disagree are a conflict, whoever gave them: nothing is rewritten."""
    profile = settled(match=[{"attribute": "User-Name", "family": "dhcpv4", "strength": "proof"}])
    attributes = ("User-Name=x", V6, f'{REMOTE}:=000007db "0/3/0"')

    assert "conflict" == said(profile, *attributes)[0].trigger
    assert [b"\0\0\x07\xdb0/3/0"] == values(sent(profile, *attributes), REMOTE)


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ({"attribute": "No-Such-Thing", "family": "ppp"}, "match[0].attribute"),
        ({"attribute": "Framed-Protocol", "values": ["IPOE"], "family": "ppp"}, "match[0].values"),
        ({"attribute": "User-Name", "matches": "[", "family": "ppp"}, "match[0].matches"),
        ({"attribute": "User-Name", "family": "arp"}, "match[0].family"),
        ({"attribute": "User-Name", "family": "ppp", "strength": "sure"}, "match[0].strength"),
    ],
)
def test_a_rule_that_cannot_be_is_a_fault(rule: dict[str, object], key: str) -> None:
    """Unknown attributes, values, protocols and strengths and bad expressions are told at their own key."""
    assert [f"bngs[0].{key}"] == faults(match=[rule])


# ---- profiles of the operator's


def test_a_profile_extends_another() -> None:
    """What is not said is as in the base; lists under a key with + are asked first, others take the place."""
    own = {
        "ours": {
            "extends": "nokia-sros",
            "remote_id+": [{"attribute": "Called-Station-Id"}],
            "circuit_id": [{"attribute": "Filter-Id"}],
            "line_id": "remote",
        }
    }
    profile = settled("ours", profiles=own)
    identity = said(
        profile, "Called-Station-Id=LINE-1", f"{CIRCUIT}=eth 1", "Alc-Client-Hardware-Addr=02:00:01:00:00:01"
    )[1]

    assert ("ours", "remote", 5.0) == (profile.name, profile.line_id, profile.radius_timeout_s)
    assert LineIds(b"LINE-1") == identity.ids
    assert MacSource.SEEN is identity.mac_source
    assert [dictionary().key("Called-Station-Id"), dictionary().key(REMOTE)] == [c.key for c in profile.remote_ids]


def test_a_packaged_profile_can_be_changed_under_its_own_name() -> None:
    """Without `extends` a profile of a packaged name is that one, changed."""
    profile = settled("nokia-sros", profiles={"nokia-sros": {"v4_always_has_id": False, "radius_timeout": 3}})

    assert (False, 3.0) == (profile.v4_always_has_id, profile.radius_timeout_s)
    assert profile.signals == settled("nokia-sros").signals


def test_user_name_or_calling_station_id_may_hold_the_id() -> None:
    """Opt-in: User-Name is built from the Remote-Id on some BNGs; it is normalised like any other carrier."""
    carriers = [{"attribute": "User-Name"}, {"attribute": "Calling-Station-Id", "prefix": "rid:"}]
    profile = settled("ours", profiles={"ours": {"extends": "nokia-sros", "remote_id+": carriers}})
    view = sent(profile, V6, 'User-Name:=000007db "0/3/0"', 'Calling-Station-Id:="rid:" 000007db "0/3/0"')

    assert ([b"0/3/0"], [b"rid:0/3/0"]) == (values(view, "User-Name"), values(view, "Calling-Station-Id"))


def test_a_carrier_may_have_a_policy_of_its_own() -> None:
    """`enterprise_number: always` on one attribute needs no evidence there; the others follow the profile."""
    carriers = [{"attribute": "Filter-Id", "enterprise_number": "always"}, {"attribute": REMOTE}]
    profile = settled("ours", profiles={"ours": {"extends": "generic", "remote_id": carriers}})

    assert [b"\x80\x01\x02"] == values(sent(profile, "Filter-Id:=000007db 800102"), "Filter-Id")
    assert [b"\0\0\x07\xdb\x80\x01\x02"] == values(sent(profile, f"{REMOTE}:=000007db 800102"), REMOTE)


def test_port_and_vlans_may_stand_in_nas_port() -> None:
    """A bit layout gives them from the number, most significant field first; 0 skips bits."""
    port = [{"attribute": "NAS-Port", "grammar": "*12o*10i*3s*2m*5p"}]
    profile = settled("ours", profiles={"ours": {"extends": "generic", "port+": port}})
    number = 501 << 20 | 1001 << 10 | 2 << 7 | 1 << 5 | 4

    attachment = said(profile, f"NAS-Port:={number:08x}", "NAS-Port-Id=9/9/9:1.1")[1].attachment
    assert "2/1/4:501.1001" == str(attachment)
    assert "9/9/9:1.1" == str(said(profile, "NAS-Port:=0001", "NAS-Port-Id=9/9/9:1.1")[1].attachment)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"extends": "no-such-box"}, "profiles.ours.extends"),
        ({"extends": "generic", "colour": "red"}, "profiles.ours.colour"),
        ({"extends": "generic", "line_id": "some"}, "profiles.ours.line_id"),
        ({"extends": "generic", "line_id+": ["remote"]}, "profiles.ours.line_id+"),
        ({"extends": "generic", "mac+": {"attribute": "User-Name"}}, "profiles.ours.mac+"),
        (
            {"extends": "generic", "mac": [{"attribute": "User-Name", "source": "guessed"}]},
            "profiles.ours.mac.0.source",
        ),
    ],
)
def test_a_profile_that_cannot_be_is_a_fault(changes: dict[str, object], key: str) -> None:
    """Unknown bases, keys and words are told at their own key."""
    assert key in faults("ours", profiles={"ours": changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"mac": [{"attribute": "No-Such-Thing", "source": "seen"}]},
        {"port": [{"attribute": "NAS-Port-Id", "grammar": "klingon"}]},
        {"port": [{"attribute": "NAS-Port", "grammar": "*12o*10i"}]},
        {"raw_options": [{"attribute": "No-Such-Thing", "form": "options6"}]},
        {"signals": [{"attribute": "Framed-Protocol", "values": ["IPOE"], "family": "ppp"}]},
    ],
)
def test_a_profile_that_does_not_compile_is_a_fault_of_its_bng(changes: dict[str, object]) -> None:
    """Attributes that no dictionary has, unknown grammars and layouts of other than 32 bits end the start."""
    (key,) = faults("ours", profiles={"ours": {"extends": "generic", **changes}})

    assert key.startswith("bngs[0].profile ours")


# ---- who is who behind one address


def _nas(name: str, *, identifiers: tuple[bytes, ...] = (), addresses: tuple[bytes, ...] = ()) -> Nas:
    return Nas(
        name=name, domain=name, secret=b"s", profile=settled("generic"), mode=Mode.FULL, vlan_model=VlanModel.SHARED,
        rules=Rules(), hold_s=0.3, require_message_authenticator=False, one_box=True,
        identifiers=frozenset(identifiers), addresses=frozenset(addresses),
    )  # fmt: skip


NOBODY: Final = _nas("nobody")


@pytest.fixture(scope="module")
def table() -> NasTable:
    """Four BNGs behind one network, one of them anonymous, and one by its own address."""
    network, own = ip_network("192.0.2.0/24"), ip_network("192.0.2.9/32")
    v6 = bytes.fromhex("20010db8" + "00" * 11 + "01")
    return NasTable(
        [
            (network, _nas("by-name", identifiers=(b"MAG1", b"MAG2"))),
            (network, _nas("by-address", addresses=(bytes((10, 0, 0, 1)),))),
            (network, _nas("by-v6-address", addresses=(v6,))),
            (network, _nas("by-source")),
            (own, _nas("alone")),
        ]
    )


@pytest.mark.parametrize(
    ("host", "attributes", "name"),
    [
        ("192.0.2.1", ["NAS-Identifier=MAG2"], "by-name"),
        ("192.0.2.1", ["NAS-IP-Address:=0a000001"], "by-address"),
        ("192.0.2.1", ["NAS-IPv6-Address:=20010db8 00*11 01"], "by-v6-address"),
        ("192.0.2.1", ["NAS-Identifier=MAG3", "NAS-IP-Address:=0a000002"], "by-source"),
        ("192.0.2.1", [], "by-source"),
        ("192.0.2.9", ["NAS-Identifier=MAG1"], "alone"),
        ("::ffff:192.0.2.9", ["NAS-Identifier=MAG1"], "alone"),
    ],
)
def test_a_bng_is_told_by_source_address_or_by_what_it_calls_itself(
    table: NasTable, host: str, attributes: list[Attribute], name: str
) -> None:
    """The longest network counts; inside one, NAS-Identifier or NAS-IP(v6)-Address."""
    assert name == which(table.find(host), radius.decode(request(*attributes))).name


def test_the_longest_network_of_its_family_counts() -> None:
    """However many lengths there are; an IPv4 address in IPv6 clothes is an IPv4 address."""
    named = {
        "0.0.0.0/0": "rest", "10.0.0.0/8": "ten", "10.1.0.0/16": "site", "10.1.2.3/32": "one", "2001:db8::/32": "six",
        "2001:db8:1::/48": "site6",
    }  # fmt: skip
    table = NasTable([(ip_network(network), _nas(name)) for network, name in named.items()])
    asked = ["192.0.2.1", "10.9.9.9", "10.1.2.4", "10.1.2.3", "::ffff:10.1.2.3", "2001:db8:1::1", "2001:db8:2::1%eth0"]
    found = [[nas.name for nas in table.find(host)] for host in asked]

    assert [["rest"], ["ten"], ["site"], ["one"], ["one"], ["site6"], ["six"]] == found
    assert [] == table.find("2001:db9::1")


def test_a_stranger_costs_no_more_where_there_are_many_bngs() -> None:
    """Anybody can send from addresses that nobody knows: they must not take the time of BNGs."""
    took_s = []
    for number in (10, 10_000):
        table = NasTable([(ip_network(f"10.{at >> 8}.{at & 255}.1"), NOBODY) for at in range(number)])
        rounds = []
        for _ in range(5):
            started = time.perf_counter()
            assert not any(table.find(f"192.0.2.{at}") for at in range(20))
            rounds.append(time.perf_counter() - started)
        took_s.append(min(rounds))

    assert took_s[1] < 20 * took_s[0]


def test_a_box_that_nobody_knows_is_refused() -> None:
    """Behind a shared address, a request of a BNG that is not configured is dropped by name."""
    table = NasTable([(ip_network("192.0.2.0/24"), _nas("by-name", identifiers=(b"MAG1",)))])

    assert [] == table.find("198.51.100.1")
    with pytest.raises(Unauthentic) as caught:
        which(table.find("192.0.2.1"), radius.decode(request("NAS-Identifier=other")))
    assert DropReason.UNKNOWN_NAS is caught.value.reason


def test_bng_from_needs_names() -> None:
    """Two BNGs may share a network if they are told apart; without names that is a fault."""
    assert "bngs[0].nas_identifier" in faults(bng_from="nas_identifier")
    assert "bngs[0].nas_ip" in faults(bng_from="nas_ip")
    several = {"name": "bng2", "address": "192.0.2.1", "secret": "x", "bng_from": "nas_ip", "nas_ip": ["10.0.0.2"]}
    one = config("generic", {"bng_from": "nas_ip", "nas_ip": ["10.0.0.1"]})

    assert isinstance(one, Config)
    both = config("generic", {"bng_from": "nas_ip", "nas_ip": ["10.0.0.1"]}, more_bngs=[several])
    assert ["bng1", "bng2"] == [bng.name for bng in both.bngs]
    with pytest.raises(ConfigError):
        config("generic", {"bng_from": "nas_ip", "nas_ip": ["10.0.0.2"]}, more_bngs=[several])
