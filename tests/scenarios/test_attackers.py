"""Somebody behind one line tries to reach another's: with forged ids, MACs, sessions, floods and replays.

The victim's line is `olt7/12`, the attacker's `olt7/66`. Whatever the attacker sends must not be taken for the
victim's, and must not change whose the victim's own requests are.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bngcorr.correlator.limits import BURST
from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import Finding, Outcome, Rung, Trigger, VlanModel
from bngcorr.wire import attributes as a
from tests.lab import Lab
from tests.lab_parts import Told, nas
from tests.proxy.families import GENERIC, NOKIA, profile

from .boxes import ELAPSED, START, Box, duid_ll, option, relay_forward

SHARED, PER_LINE = VlanModel.SHARED, VlanModel.PER_LINE
VICTIM, ATTACKER = LineIds(b"olt7/12"), LineIds(b"olt7/66")
PEN = (2011).to_bytes(4, "big")
HIS_MAC, MY_MAC = "3c:a6:2f:00:00:17", "3c:a6:2f:00:00:66"
HIS_EUI64 = "fe80::3ea6:2fff:fe00:17"
FORGED = [
    pytest.param(PEN + b"olt7/12", id="behind an enterprise number"),
    pytest.param(b"olt7/12", id="the number spells the beginning"),
]
each_model = pytest.mark.parametrize("model", [SHARED, PER_LINE])


@dataclass(frozen=True)
class Street:
    """A BNG, and where its two customers live."""

    lab: Lab
    bng: Box
    his_port: str
    my_port: str

    def he_is_up(self) -> None:
        """The victim's v4 is up."""
        self.bng.discover(mac=HIS_MAC, port=self.his_port, remote_id="olt7/12", session="his", multi="his-m")
        self.bng.account(
            START, "his", mac=HIS_MAC, port=self.his_port, remote_id="olt7/12", v4="203.0.113.12", multi="his-m",
            interval_s=3600,
        )  # fmt: skip

    def i_am_up(self) -> None:
        """The attacker's v4 is up."""
        self.bng.discover(mac=MY_MAC, port=self.my_port, remote_id="olt7/66", session="mine", multi="my-m")
        self.bng.account(
            START, "mine", mac=MY_MAC, port=self.my_port, remote_id="olt7/66", v4="203.0.113.66", multi="my-m",
            interval_s=3600,
        )  # fmt: skip

    def i_solicit(
        self, *, mac: str | None = MY_MAC, port: str | None = None, session: str | None = None,
        multi: str | None = None, remote_id: bytes | None = None, circuit_id: str | None = None,
        options: bytes = ELAPSED,
    ) -> Told:  # fmt: skip
        """What the attacker's SOLICIT comes to after its hold."""
        told = self.bng.solicit(
            mac=mac, port=port or self.my_port, session=session, multi=multi, remote_id=remote_id,
            circuit_id=circuit_id, options=options,
        )  # fmt: skip
        self.lab.later(400)
        return told

    def he_is_safe(self) -> bool:
        """Whether a SOLICIT of the victim is still taken for the victim's."""
        told = self.bng.solicit(mac=HIS_MAC, port=self.his_port)
        self.lab.later(400)
        return told.ids == VICTIM and told.agent_remote_id == b"olt7/12"


def street(lab: Lab, model: VlanModel = SHARED, *, untrusted: frozenset[Trigger] = frozenset()) -> Street:
    """Both live on one BNG: behind one VLAN, or each on a VLAN pair of his own."""
    lab.add(nas("bng1", profile(NOKIA), vlan_model=model, untrusted=untrusted))
    lab.at("10:00:00")
    mine = "1/1/4:100.20" if model is SHARED else "1/1/4:100.66"
    return Street(lab, Box(lab=lab, name="bng1"), "1/1/4:100.20", mine)


# ---- ids that the customer made up


@each_model
@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_option_37_contradicts_the_live_line(lab: Lab, model: VlanModel, forged: bytes) -> None:
    """Where Option 37 is trusted: the attacker's own line is live on its port, so nothing is believed or learnt."""
    on = street(lab, model)
    on.he_is_up()
    on.i_am_up()
    lab.at("10:30:00")
    told = on.i_solicit(remote_id=forged)
    after = on.i_solicit()

    assert (Outcome.CONFLICT, None, forged) == (told.outcome, told.ids, told.agent_remote_id)
    assert ATTACKER == after.ids
    assert on.he_is_safe()
    assert (Finding.CONFLICT, on.my_port) in lab.open_findings


@each_model
@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_option_37_is_no_id_where_only_customers_send_one(lab: Lab, model: VlanModel, forged: bytes) -> None:
    """`line_id_source.dhcpv6: untrusted`: it is taken out, AAA never sees it, and the request climbs like any other."""
    on = street(lab, model, untrusted=frozenset({Trigger.DHCPV6}))
    on.he_is_up()
    first = on.i_solicit(remote_id=forged, circuit_id="his eth")
    on.i_am_up()
    then = on.i_solicit(remote_id=forged, circuit_id="his eth")

    assert (Outcome.UNMATCHED, None, None) == (first.outcome, first.ids, first.agent_remote_id)
    assert (ATTACKER, b"olt7/66") == (then.ids, then.agent_remote_id)
    for told in (first, then):
        assert told.sent is not None
        assert None is told.sent.first(a.AGENT_CIRCUIT_ID)
    assert on.he_is_safe()


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_option_37_without_any_mark_of_v6_teaches_nothing(lab: Lab, forged: bytes) -> None:
    """Nothing tells the request from a DHCPv4 one; on the port of a live line its id still moves nobody."""
    on = street(lab, PER_LINE)
    on.bng.shows_options = False
    on.he_is_up()
    on.i_am_up()
    lab.at("10:30:00")
    on.i_solicit(remote_id=forged)
    after = on.i_solicit()

    assert ATTACKER == after.ids
    assert on.he_is_safe()
    assert Finding.CONFLICT in {kind for kind, _ in lab.open_findings}


def test_a_forged_number_alone_marks_a_request_as_v6(lab: Lab) -> None:
    """Printable text behind an enterprise number is strong evidence of v6 by itself: untrusted, it is no id."""
    on = street(lab, untrusted=frozenset({Trigger.DHCPV6}))
    on.bng.shows_options = False
    on.he_is_up()
    told = on.i_solicit(remote_id=PEN + b"olt7/12")

    assert (Outcome.UNMATCHED, None) == (told.outcome, told.agent_remote_id)


def test_a_forged_option_37_in_accounting_is_no_id_either(lab: Lab) -> None:
    """Records show no DHCP options: in one of a session with IPv6 alone the id can only be Option 37."""
    on = street(lab, untrusted=frozenset({Trigger.DHCPV6}))
    on.he_is_up()
    on.i_solicit(remote_id=b"olt7/12", session="mine6")
    start = on.bng.account(
        START, "mine6", mac=MY_MAC, port=on.my_port, remote_id="olt7/12", pd="2001:db8:66::/56"
    )  # fmt: skip
    after = on.i_solicit()
    his = on.bng.account(START, "his", mac=HIS_MAC, port=on.his_port, remote_id="olt7/12", v4="203.0.113.12")

    assert (Outcome.UNMATCHED, None) == (start.outcome, start.agent_remote_id)
    assert None is after.ids
    assert VICTIM == his.ids


def test_a_customer_that_wraps_its_solicit_into_a_relay_message_stays_inside(lab: Lab) -> None:
    """Of nested relays the outermost that carries an id is the access node; what is inside, the customer made up."""
    on = street(lab)
    on.he_is_up()
    made_up = relay_forward("fe80::1", option(37, PEN + b"olt7/12"), option(18, b"his eth"), option(9, b"\x01\0\0\1"))
    unwrapped = on.i_solicit(options=duid_ll(MY_MAC) + option(37, PEN + b"olt7/12"))
    told = on.i_solicit(options=option(37, PEN + b"olt7/66") + option(9, made_up))

    assert (Outcome.UNMATCHED, None) == (unwrapped.outcome, unwrapped.ids)  # no access node writes into a SOLICIT
    assert (ATTACKER, b"olt7/66") == (told.ids, told.agent_remote_id)
    assert on.he_is_safe()


@pytest.mark.parametrize("family", [Trigger.DHCPV4, Trigger.PPP])
def test_ids_of_an_untrusted_protocol_are_no_ids(lab: Lab, family: Trigger) -> None:
    """Option 82 where no access node inserts it, and PPPoE tags likewise: neither believed nor shown to AAA."""
    on = street(lab, untrusted=frozenset({family}))
    told = on.bng.discover(mac=MY_MAC, port=on.my_port, remote_id="olt7/12", circuit_id="his eth")

    believed = family is not Trigger.DHCPV4
    assert (believed, believed) == (told.ids is not None, told.agent_remote_id is not None)


def test_a_pppoe_tag_of_an_untrusted_agent_is_no_id(lab: Lab) -> None:
    """`line_id_source.ppp: untrusted`."""
    on = street(lab, untrusted=frozenset({Trigger.PPP}))
    told = on.bng.dial(mac=MY_MAC, port=on.my_port, remote_id="olt7/12")

    assert (None, None) == (told.ids, told.agent_remote_id)
    assert Outcome.UNMATCHED is told.outcome


# ---- MACs


@each_model
@pytest.mark.parametrize(
    "options",
    [
        pytest.param(duid_ll(HIS_MAC), id="DUID"),
        pytest.param(
            option(18, b"") + option(9, relay_forward(HIS_EUI64, option(9, b"\x01\0\0\1" + ELAPSED))), id="EUI-64"
        ),
        pytest.param(
            option(
                9, relay_forward("::", option(79, b"\0\1" + bytes.fromhex("3ca62f000017")), option(9, b"\x01\0\0\1"))
            ),
            id="Option 79",
        ),
    ],
)
def test_a_claimed_mac_reaches_nobody(lab: Lab, model: VlanModel, options: bytes) -> None:
    """A DUID, an interface id or Option 79 with the victim's MAC, in a request in which the BNG tells no MAC."""
    on = street(lab, model)
    on.he_is_up()
    lab.later(1_000)
    told = on.i_solicit(mac=None, options=options)
    same_session = on.i_solicit(mac=None, options=options, session="his", multi="his-m")
    on.i_am_up()
    lab.at("10:30:00")
    with_my_line = on.i_solicit(mac=None, options=options)
    mine_by_id = on.i_solicit(mac=None, options=options, remote_id=PEN + b"olt7/66")

    assert (None, None) == (told.ids, same_session.ids)
    assert (ATTACKER if model is PER_LINE else None) == with_my_line.ids
    assert ATTACKER == mine_by_id.ids
    assert on.he_is_safe()  # his MAC is not tainted by what somebody claims
    assert (Finding.MOVED, HIS_MAC) not in lab.open_findings


@each_model
def test_the_victims_mac_on_another_port_reaches_nobody(lab: Lab, model: VlanModel) -> None:
    """The attacker's router sends with the victim's MAC as its source: on other ports and VLANs it is another CPE."""
    on = street(lab, model)
    on.he_is_up()
    lab.later(1_000)
    for port in ("1/1/5:100.20", "1/1/4:100.66", "1/1/4:101.20", "1/1/4", "lag-1:100.20"):
        for session, multi in ((None, None), ("his", None), (None, "his-m"), ("his", "his-m")):
            assert None is on.i_solicit(mac=HIS_MAC, port=port, session=session, multi=multi).ids

    assert on.he_is_safe()


def test_the_victims_mac_behind_a_shared_vlan_is_nobodys_once_it_has_two_lines(lab: Lab) -> None:
    """As soon as the access node has shown it on the attacker's line, neither gets the other's."""
    on = street(lab, SHARED)
    on.he_is_up()
    on.bng.discover(mac=HIS_MAC, port=on.my_port, remote_id="olt7/66", session="mine")
    for session in (None, "his", "mine"):
        assert (Outcome.AMBIGUOUS, None) == ((told := on.i_solicit(mac=HIS_MAC, session=session)).outcome, told.ids)

    assert {(Finding.MOVED, HIS_MAC)} <= lab.open_findings


def test_an_id_that_reads_like_the_victims_port_is_not_taken_for_it(lab: Lab) -> None:
    """A BNG that writes the Remote-Id behind the port: the customer must not choose the port by it."""
    for model in (SHARED, PER_LINE):
        for name in (NOKIA, GENERIC):
            lab.add(nas(f"{name}-{model}", profile(name), vlan_model=model))
            bng = Box(lab=lab, name=f"{name}-{model}")
            bng.discover(mac=HIS_MAC, port="1/1/4:100.20", remote_id="olt7/12", session="his")
            bng.account(START, "his", mac=HIS_MAC, port="1/1/4:100.20", remote_id="olt7/12", v4="203.0.113.12")
            for mac in (HIS_MAC, MY_MAC, None):
                told = bng.solicit(mac=mac, port="lag-12:1000.20 1/1/4:100.20")
                lab.later(400)
                assert None is told.ids


def test_the_victims_mac_on_a_vlan_pair_of_its_own_does_him_no_harm(lab: Lab) -> None:
    """The attacker taints the victim's MAC; the victim's VLAN pair is his line all the same, and the attacker's his."""
    on = street(lab, PER_LINE)
    on.he_is_up()
    on.bng.discover(mac=HIS_MAC, port=on.my_port, remote_id="olt7/66", session="mine")

    assert ATTACKER == on.i_solicit(mac=HIS_MAC).ids
    assert on.he_is_safe()


def test_a_made_up_mac_is_no_key_without_a_port(lab: Lab) -> None:
    """Locally administered addresses are the default of many devices: the same one tells nobody."""
    default = "02:00:01:00:00:01"
    on = street(lab)
    on.bng.discover(mac=default, port=on.his_port, remote_id="olt7/12", session="his", multi="his-m")
    on.bng.account(START, "his", mac=default, port=on.his_port, remote_id="olt7/12", multi="his-m")
    for port in (None, "1/1/4:100.66", "uplink"):
        told = on.bng.solicit(mac=default, port=port, session="his", multi="his-m")
        lab.later(400)
        assert None is told.ids


def test_a_port_text_that_nobody_can_read_is_no_line(lab: Lab) -> None:
    """A constant label, or a text that only looks like the victim's port: no key without the MAC, none with another."""
    on = street(lab, PER_LINE)
    on.he_is_up()
    on.bng.discover(mac="3c:a6:2f:00:00:99", port="uplink", remote_id="olt7/99", session="x")
    for port in ("uplink", "uplink-1", "x1/1/4:100.20", "1/1/4:100.20;", "LNS rtr-1#lip-10.0.0.1"):
        for mac in (MY_MAC, HIS_MAC):
            assert None is on.i_solicit(mac=mac, port=port).ids


# ---- sessions


@each_model
def test_the_victims_session_ids_reach_nobody(lab: Lab, model: VlanModel) -> None:
    """Acct-Session-Id and Acct-Multi-Session-Id of the victim, as a BNG would send them that has one for everybody."""
    on = street(lab, model)
    on.he_is_up()
    lab.later(1_000)
    for session, multi in (("his", None), (None, "his-m"), ("his", "his-m")):
        assert None is on.i_solicit(session=session, multi=multi).ids
        assert None is on.i_solicit(session=session, multi=multi, mac=None, port="1/1/9").ids
    on.i_am_up()
    mine = on.i_solicit(session="his", multi="his-m")
    interim = on.bng.account(a.AcctStatus.INTERIM, "his", mac=MY_MAC, port=on.my_port, pd="2001:db8:66::/56")

    assert ATTACKER == mine.ids
    assert interim.ids in (None, ATTACKER)
    assert on.he_is_safe()


# ---- what may teach


def test_an_unsigned_request_that_aaa_refuses_teaches_nothing(lab: Lab) -> None:
    """Anybody who can send from the BNG's address can forge it: it is forwarded, and nobody else is matched by it."""
    on = street(lab, PER_LINE)
    on.bng.signs = False
    lab.aaa.accepts = lambda _: False
    on.bng.discover(mac=HIS_MAC, port=on.his_port, remote_id="olt7/66", session="his")
    on.bng.discover(mac=MY_MAC, port=on.my_port, remote_id="olt7/12", session="mine")
    lab.aaa.accepts = lambda _: True
    his = on.bng.solicit(mac=HIS_MAC, port=on.his_port)
    mine = on.i_solicit()

    assert (Outcome.UNMATCHED, Outcome.UNMATCHED) == (his.outcome, mine.outcome)
    on.he_is_up()  # AAA accepts it: from now on it is known
    assert on.he_is_safe()
    assert set() == lab.open_findings


def test_a_match_breeds_no_match(lab: Lab) -> None:
    """A request that inherited its line teaches nothing: what it was matched by has to be there the next time, too."""
    on = street(lab)
    on.bng.discover(mac=HIS_MAC, port=on.his_port, remote_id="olt7/12")
    told = []
    for _ in range(4):
        lab.later(2_000)
        told.append(on.bng.solicit(mac=HIS_MAC, port=on.his_port))

    assert [Rung.WINDOW, Rung.WINDOW, Rung.LIVE, Rung.LIVE] == [one.rung for one in told]
    lab.later(200_000)
    last = on.bng.solicit(mac=HIS_MAC, port=on.his_port)
    lab.later(400)
    assert Outcome.UNMATCHED is last.outcome


def test_a_flood_of_macs_asks_little_and_harms_nobody(lab: Lab) -> None:
    """Of a thousand made-up CPEs on the attacker's pair a burst is asked about, the rest goes on as it came."""
    on = street(lab, PER_LINE)
    on.he_is_up()
    told = [
        on.bng.solicit(mac=f"3c:a6:2f:66:{number >> 8:02x}:{number & 255:02x}", port=on.my_port)
        for number in range(1_000)
    ]  # fmt: skip
    assert BURST == sum(one.waits for one in told)
    lab.later(400)

    assert {Outcome.UNMATCHED} == {one.outcome for one in told}
    assert {(Finding.MAC_FLOOD, on.my_port)} == lab.open_findings
    assert on.he_is_safe()


@each_model
def test_a_line_teaches_only_so_many_macs(lab: Lab, model: VlanModel) -> None:
    """A flood with the attacker's own id: beyond 32 a day none of its MACs is a key, and nobody else's are touched."""
    on = street(lab, model)
    on.he_is_up()
    for number in range(60):
        on.bng.discover(mac=f"3c:a6:2f:66:00:{number:02x}", port=on.my_port, remote_id="olt7/66")
    lab.later(1_000)
    last = on.i_solicit(mac="3c:a6:2f:66:00:3b")

    assert last.ids == (ATTACKER if model is PER_LINE else None)
    assert Finding.MAC_FLOOD in {kind for kind, _ in lab.open_findings}
    assert on.he_is_safe()


# ---- packets of another time


def test_a_replayed_access_request_of_a_former_neighbour_changes_nothing(lab: Lab) -> None:
    """A captured, signed DISCOVER of the line that had this VLAN pair before is sent again."""
    on = street(lab, PER_LINE)
    on.bng.discover(mac=HIS_MAC, port=on.my_port, remote_id="olt7/12", session="old")
    captured = lab.aaa.requests[-1]
    lab.at("14:00:00")
    on.i_am_up()
    lab.at("15:00:00")
    again = on.bng.discover(mac=HIS_MAC, port=on.my_port, remote_id="olt7/12", session="old")
    told = on.i_solicit()

    assert again.sent is not None
    assert captured.first(a.AGENT_REMOTE_ID) == again.agent_remote_id
    assert ATTACKER == told.ids


@each_model
def test_a_late_start_of_a_former_neighbour_changes_nothing(lab: Lab, model: VlanModel) -> None:
    """Yesterday's Accounting-Start of another line on this VLAN comes today, its Stop does not."""
    on = street(lab, model)
    yesterday = lab.clock.ms
    lab.at("09:00:00", day=1)
    on.bng.account(START, "old", mac=HIS_MAC, port=on.my_port, remote_id="olt7/12", event_ms=yesterday)
    first = on.i_solicit()
    on.i_am_up()
    then = on.i_solicit()

    assert (None, ATTACKER) == (first.ids, then.ids)
