"""What one DHCP message on the wire says of line and CPE: the question it would ask, the sighting it makes. Pure.

The same rules as for a BNG's requests, with better evidence: the protocol is proved, Option 37 always has its
enterprise number in front (RFC 4649 §3), and the frame tells port and VLANs. What a customer can write alone teaches
nothing about others: ids count only as far as `Place.untrusted` lets them, and only in what an access node or relay has
had in hand. Access nodes look at what clients send to everybody; what is sent to one address no relay takes part in
(RFC 2131 §4.3.2), and it passes as the customer wrote it, like all that is in a PPPoE session or for another port. A
MAC is `seen` only if the frame itself came from it.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from bngcorr.correlator.keys import Keyring, keyring
from bngcorr.correlator.place import Place
from bngcorr.correlator.question import Question
from bngcorr.correlator.sighting import sighting_of
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds, line_key
from bngcorr.model.mac import Mac, usable
from bngcorr.model.vocabulary import MacSource, Strength, Trigger
from bngcorr.profiles.profile import ID_OCTETS, aliased
from bngcorr.store.lesson import Sighting
from bngcorr.wire import dhcp4, dhcp6, relays
from bngcorr.wire.dhcp4 import Message4
from bngcorr.wire.dhcp6 import Layer, Message6
from bngcorr.wire.frame import PPPOE_SESSION, Frame

_NUMBER_OCTETS: Final = 4  # of the enterprise number in front of Option 37
_NO_IDS: Final = LineIds()
_NOWHERE4: Final = bytes(4)
_EVERYBODY4: Final = b"\xff\xff\xff\xff"
_LAST: Final = 2  # VLAN tags that a place is told by
_RELAYS6: Final = bytes.fromhex("ff020000000000000000000000010002")  # All_DHCP_Relay_Agents_and_Servers (RFC 8415 §7.1)
_SERVER4: Final = 67  # RFC 2131 §4.1
_SERVER6: Final = 547  # RFC 8415 §7.2; servers may answer from another one
_DUID_OCTETS: Final = 130  # RFC 8415 §11.1
_GROUP: Final = 1  # bit of a MAC's first octet

_ASKING4: Final = frozenset((dhcp4.DISCOVER, dhcp4.REQUEST, dhcp4.INFORM))
_LEAVING4: Final = frozenset((dhcp4.DECLINE, dhcp4.RELEASE))
_ANSWERS4: Final = frozenset((dhcp4.OFFER, dhcp4.ACK, dhcp4.NAK))
_ASKING6: Final = frozenset((
    dhcp6.SOLICIT, dhcp6.REQUEST, dhcp6.CONFIRM, dhcp6.RENEW, dhcp6.REBIND, dhcp6.INFORMATION_REQUEST,
))  # fmt: skip
_LEAVING6: Final = frozenset((dhcp6.RELEASE, dhcp6.DECLINE))
_ANSWERS6: Final = frozenset((dhcp6.ADVERTISE, dhcp6.REPLY))


class Told:
    """One message of a client or to one. Made by `of4` and `of6` only; never changed."""

    __slots__ = (
        "_keyring", "_line", "asks", "attachment", "client", "contradictory", "enterprise_number", "exchange",
        "four", "ids", "leaves", "local", "mac", "mac_source", "place", "raw_remote_id", "renews", "six",
        "to_server", "trigger", "type", "unread", "wanted", "whole",
    )  # fmt: skip

    def __init__(
        self,
        place: Place,
        trigger: Trigger,
        kind: int,
        xid: bytes,
        client: bytes,
        *,
        asks: bool,
        leaves: bool,
        local: bool,
        whole: bool,
        ids: LineIds,
        contradictory: bool,
        raw_remote_id: bytes | None,
        enterprise_number: int | None,
        mac: Mac | None,
        mac_source: MacSource | None,
        attachment: Attachment | None,
        unread: bytes = b"",
        wanted: bytes = b"",
        renews: bool = False,
        four: Message4 | None = None,
        six: Message6 | None = None,
    ) -> None:
        self.place: Final = place
        self.trigger: Final = trigger  # by proof
        self.type: Final = kind  # of the message that the client wrote or gets
        # chaddr or DUID: what server and client know the CPE by
        self.client: Final = client if len(client) <= _DUID_OCTETS else blake2b(client, digest_size=32).digest()
        self.asks: Final = asks  # the client wants something
        self.leaves: Final = leaves  # it gives something back: RELEASE, DECLINE
        self.to_server: Final = asks or leaves
        self.local: Final = local  # between client and first hop; False: routed, or nothing tells
        self.whole: Final = whole  # all options are there
        self.ids: Final = ids  # as AAA is to see them; none from a protocol that is not trusted
        self.contradictory: Final = contradictory  # two different ids of one kind
        self.raw_remote_id: Final = raw_remote_id  # as it came
        self.enterprise_number: Final = enterprise_number  # of Option 37
        self.mac: Final = mac
        self.mac_source: Final = mac_source
        self.attachment: Final = attachment
        self.unread: Final = unread  # in place of an attachment
        self.wanted: Final = wanted  # the IPv4 address that a client asks for, or has
        self.renews: Final = renews  # it has a lease, and wants more of it
        self.four: Final = four  # one of the two, but for what is only `remembered`
        self.six: Final = six
        # messages of one exchange, retransmissions and what came through a relay included
        self.exchange: Final = (trigger, xid, self.client, "" if attachment is None else attachment.text)
        self._keyring: Keyring | None = None  # both are made when they are asked for: of most answers nobody does
        self._line = ""

    @property
    def keyring(self) -> Keyring:
        """Correlation keys."""
        ring, place = self._keyring, self.place
        if ring is None:
            ring = self._keyring = keyring(
                place.ports, self.attachment, self.mac, self.mac_source, place.vlan_model, place=self.unread,
                asked=place.keys,
            )  # fmt: skip
        return ring

    @property
    def line(self) -> str | None:
        """Key of the line that it names; None if it names none."""
        policy = self.place.rules.line_id
        if not self._line and self.ids.names_line(policy):
            self._line = line_key(self.ids, policy)
        return self._line or None

    @property
    def name(self) -> str:
        """``DISCOVER``, ``SOLICIT``, …"""
        return (dhcp4.TYPES if self.trigger is Trigger.DHCPV4 else dhcp6.TYPES)[self.type]

    def remembered(self) -> Told:
        """The same without the octets of the message: what its answer is compared with."""
        return Told(
            self.place, self.trigger, self.type, self.exchange[1], self.client,
            asks=self.asks, leaves=self.leaves, local=self.local, whole=self.whole, ids=self.ids,
            contradictory=self.contradictory, raw_remote_id=None, enterprise_number=self.enterprise_number,
            mac=self.mac, mac_source=self.mac_source, attachment=self.attachment, unread=self.unread,
            wanted=self.wanted, renews=self.renews,
        )  # fmt: skip

    @property
    def final(self) -> bool:
        """Whether an answer ends what the client began: an OFFER or ADVERTISE does not."""
        offer = dhcp4.OFFER if self.trigger is Trigger.DHCPV4 else dhcp6.ADVERTISE
        return not self.to_server and self.type != offer

    @property
    def begins(self) -> bool:
        """Whether a BNG asks AAA on it: DISCOVER, SOLICIT, and a REQUEST after a reboot (RFC 2131 §4.3.2)."""
        if self.six is not None:
            return self.type == dhcp6.SOLICIT
        four = self.four
        if four is None or self.type != dhcp4.REQUEST:
            return self.type == dhcp4.DISCOVER
        return dhcp4.SERVER_ID not in four.options.values and four.ciaddr == _NOWHERE4

    @property
    def teaches(self) -> bool:
        """Whether it says of its keys which line they are; a server's word does not."""
        return self.asks and self.believed and self.line is not None and not self.contradictory

    @property
    def believed(self) -> bool:
        """Not so what claims to have been routed, on a port: no router is there, but customers."""
        return self.local or self.place.port is None

    def question(self, at_ms: int) -> Question:
        """What the ladder is to be asked about it, as of a BNG's Access-Request that it triggers."""
        v6 = self.trigger is Trigger.DHCPV6
        checked = v6 and self.line is not None and self.keyring.attached
        return Question(
            domain=self.place.domain,
            keyring=self.keyring,
            rules=self.place.rules,
            session=None,
            at_ms=at_ms,
            match_v6=v6 or self.place.v4_matched_by_v6,
            accounting=False,
            begins=True,
            own=self.ids if checked else None,
            checked=checked,
        )

    def sighting(self, at_ms: int, remember_ms: int) -> Sighting | None:
        """Its line was seen on its keys; None if it may not teach that, or has no key."""
        if not self.teaches or self.line is None or self.keyring.bare:
            return None
        return sighting_of(
            domain=self.place.domain,
            bng=self.place.bng,
            ring=self.keyring,
            line=self.line,
            ids=self.ids,
            trigger=self.trigger,
            strength=Strength.PROOF,
            port=self.attachment,
            mac=self.mac,
            mac_source=self.mac_source,
            at_ms=at_ms,
            remember_ms=remember_ms,
        )


def of4(message: Message4, frame: Frame, place: Place) -> Told | None:
    """A DHCPv4 message; None if it is none of a client's with its server (BOOTP, LEASEQUERY, cut before its type)."""
    kind = message.type
    asks, leaves = kind in _ASKING4 and message.operation == 1, kind in _LEAVING4 and message.operation == 1
    if kind is None or not (asks or leaves or (kind in _ANSWERS4 and message.operation == 2)):
        return None
    to_server = asks or leaves
    if (frame.destination_port if to_server else frame.source_port) != _SERVER4:
        return None
    on_link = frame.link_source if to_server else frame.link_destination
    routed = to_server and message.giaddr != _NOWHERE4
    same = message.mac is not None and on_link == message.mac and not routed
    if to_server:
        local = not routed and (same or frame.source == _NOWHERE4)
    else:
        local = same or frame.destination == _EVERYBODY4
    local = local and not frame.outer
    whole = message.options.whole and not message.cut
    ids, contradictory = _NO_IDS, False
    remote = message.options.remote_id if whole else None
    handled = not to_server or routed or (frame.destination == _EVERYBODY4 and _to_group(frame))
    if whole and handled and not _wrapped(frame) and Trigger.DHCPV4 not in place.untrusted:
        ids = _ids(remote, message.options.circuit_id, place, Trigger.DHCPV4)
        # an access node that adds its own to what a customer wrote makes one value of both
        contradictory = ids != _NO_IDS and dhcp4.is_pieced(message)
    attachment, unread = _where(frame, place) if local else (None, b"")
    return Told(
        place, Trigger.DHCPV4, kind, message.xid, message.chaddr,
        asks=asks, leaves=leaves, local=local, whole=whole, ids=ids, contradictory=contradictory,
        raw_remote_id=remote, enterprise_number=None, mac=message.mac,
        mac_source=_vouched(message.mac, place, same=same, routed=routed), attachment=attachment, unread=unread,
        wanted=message.address(dhcp4.REQUESTED_ADDRESS) or message.ciaddr, renews=message.ciaddr != _NOWHERE4,
        four=message,
    )  # fmt: skip


def of6(message: Message6, frame: Frame, place: Place) -> Told | None:
    """A DHCPv6 message; None if it is none of a client's with its server, or its inside could not be read."""
    inner = message.inner
    if inner is None or inner.type is None:
        return None
    kind, way = inner.type, message.layers[0].type
    up, down = way != dhcp6.RELAY_REPL, way != dhcp6.RELAY_FORW
    asks, leaves = kind in _ASKING6 and up, kind in _LEAVING6 and up
    if not (asks or leaves or (kind in _ANSWERS6 and down)):
        return None
    to_server = asks or leaves
    if to_server and frame.destination_port != _SERVER6:
        return None
    relayed = len(message.layers) > 1
    on_link = frame.link_source if to_server else frame.link_destination
    # an LDRA keeps the client's address (RFC 6221 §5.3.1); whoever routes has one of its own
    local = _is_link_local(frame.source if to_server else frame.destination) and not frame.outer
    handled = not to_server or not local or place.port is None or frame.destination == _RELAYS6
    whole = message.whole and not frame.cut
    ids, contradictory, raw, number = _NO_IDS, False, None, None
    layer = relays.naming_layer(message, outermost=place.outermost, routers=False) if whole else None
    if layer is not None:
        raw = layer.values.get(dhcp6.REMOTE_ID) or None
        contradictory = len(set(layer.all(dhcp6.REMOTE_ID))) > 1 or len(set(layer.all(dhcp6.INTERFACE_ID))) > 1
        number = int.from_bytes(raw[:_NUMBER_OCTETS], "big") if raw and len(raw) > _NUMBER_OCTETS else None
        if not contradictory and handled and not _wrapped(frame) and Trigger.DHCPV6 not in place.untrusted:
            ids = _ids6(layer, place)
    claimed = relays.claimed_mac(message)
    mac = claimed
    same = claimed is not None and on_link == claimed
    if local and not relayed:
        mac = usable(on_link) or claimed
        same = mac is not None and mac == on_link
    routed = relayed and not local and mac is not None and mac == relays.reported_mac(message)
    attachment, unread = _where(frame, place) if local else (None, b"")
    return Told(
        place, Trigger.DHCPV6, kind, inner.transaction_id, inner.values.get(dhcp6.CLIENT_ID, b""),
        asks=asks, leaves=leaves, local=local, whole=whole, ids=ids, contradictory=contradictory, raw_remote_id=raw,
        enterprise_number=number, mac=mac, mac_source=_vouched(mac, place, same=same, routed=routed),
        attachment=attachment, unread=unread, renews=kind in (dhcp6.RENEW, dhcp6.REBIND), six=message,
    )  # fmt: skip


def _ids6(layer: Layer, place: Place) -> LineIds:
    remote = layer.values.get(dhcp6.REMOTE_ID, b"")[_NUMBER_OCTETS:]
    return _ids(remote, layer.values.get(dhcp6.INTERFACE_ID), place, Trigger.DHCPV6)


def _ids(remote: bytes | None, circuit: bytes | None, place: Place, family: Trigger) -> LineIds:
    """Empty ones are none; those that no attribute of RADIUS could hold are cut, as a BNG cuts them."""
    remote, circuit = (remote or b"")[:ID_OCTETS] or None, (circuit or b"")[:ID_OCTETS] or None
    if place.aliases:
        remote = remote and aliased(remote, place.aliases, family, remote=True)
        circuit = circuit and aliased(circuit, place.aliases, family, remote=False)
    return LineIds(remote, circuit)


def _vouched(mac: Mac | None, place: Place, *, same: bool, routed: bool) -> MacSource | None:
    if mac is None:
        return None
    if same:
        return MacSource.SEEN
    return place.relayed_mac if routed else MacSource.CLAIMED


def _where(frame: Frame, place: Place) -> tuple[Attachment | None, bytes]:
    """Port and VLANs. Without a port, or with more tags than a BNG tells, it is a place nonetheless, as a text that no
    BNG sends: whoever asks from a place of his own is not compared with it.
    """
    vlans: tuple[int, ...] = (*place.vlans, *frame.vlans) if place.vlans else frame.vlans
    if place.port is None and place.anywhere:
        return None, b""
    if place.port is None or len(vlans) > _LAST:
        return None, b"\0tap " + ".".join(map(str, vlans)).encode()
    return Attachment(place.port, vlans[0] if vlans else None, vlans[1] if len(vlans) == _LAST else None), b""


def _wrapped(frame: Frame) -> bool:
    """In a PPPoE session or a tunnel, where no access node looks."""
    return frame.ether_type == PPPOE_SESSION or frame.outer != ()


def _to_group(frame: Frame) -> bool:
    """To a broadcast or multicast address, as far as the link tells."""
    return not frame.link_destination or frame.link_destination[0] & _GROUP != 0


def _is_link_local(address: bytes) -> bool:
    return len(address) == 16 and address[0] == 0xFE and address[1] & 0xC0 == 0x80


__all__ = ["Told", "of4", "of6"]
