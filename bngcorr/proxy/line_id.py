"""What a request says of its line: the ids, the CPE's MAC, the attachment; and how to make the ids read the v4 way."""

from __future__ import annotations

from typing import Final

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.memo import Memo
from bngcorr.model.vocabulary import MacSource, PenPolicy, Strength, Trigger
from bngcorr.profiles.profile import ID_OCTETS, Encoding, Profile, Relay, aliased
from bngcorr.profiles.reading import Reading
from bngcorr.proxy import carriers, port_id, remote_id
from bngcorr.proxy.carriers import Found, Raw
from bngcorr.proxy.remote_id import NUMBER_OCTETS, Numbers
from bngcorr.proxy.trigger import Classification
from bngcorr.wire import attributes as a
from bngcorr.wire import dhcp6, relays
from bngcorr.wire.mac import read_mac
from bngcorr.wire.radius import PacketView, Span

MAC_TEXT: Final = 32
# named here once: looking a member up in its class costs more than the comparison
_PPP: Final = Trigger.PPP
_CONFLICT: Final = Trigger.CONFLICT
_NEVER_V6: Final[tuple[Trigger, ...]] = (Trigger.DHCPV4, Trigger.PPP, Trigger.CONFLICT)
_DHCPV4: Final = Trigger.DHCPV4
_DHCPV6: Final = Trigger.DHCPV6
_AUTO: Final = PenPolicy.AUTO
_CLAIMED: Final = MacSource.CLAIMED
_HEX: Final = Encoding.HEX
_NO_IDS: Final = LineIds()
REMEMBERED: Final = 16_384  # texts whose reading is remembered: the same CPEs and ports come again and again


class Change:
    """Octets of one (sub-)attribute that give way to others."""

    __slots__ = ("end", "octets", "span", "start")

    def __init__(self, span: Span, start: int, end: int, octets: bytes) -> None:
        self.span: Final = span
        self.start: Final = start  # offsets in the packet, inside the value of `span`
        self.end: Final = end
        self.octets: Final = octets


class Identity:
    """A request's own words about its line. Never changed."""

    __slots__ = (
        "aliases", "attachment", "contradictory", "enterprise_number", "ids", "mac", "mac_source", "only_raw", "place",
        "raw_remote_id", "strips", "suspect", "untrusted",
    )  # fmt: skip

    def __init__(
        self,
        ids: LineIds,
        raw_remote_id: bytes | None,
        strips: tuple[Change, ...],
        aliases: tuple[Change, ...],
        enterprise_number: int | None,
        only_raw: bool,
        suspect: bytes | None,
        contradictory: bool,
        mac: Mac | None,
        mac_source: MacSource | None,
        attachment: Attachment | None,
        place: bytes,
        untrusted: tuple[Span, ...] = (),
    ) -> None:
        self.ids: Final = ids  # normalised: no enterprise number, aliases applied, no empty ids
        self.raw_remote_id: Final = raw_remote_id  # the Remote-Id as it came, if it came in an attribute or raw option
        self.strips: Final = strips  # what takes off enterprise numbers
        # what turns ids into the words of the other family; beside no strip of the same value
        self.aliases: Final = aliases
        self.enterprise_number: Final = enterprise_number
        self.only_raw: Final = only_raw  # the ids stand in raw DHCP options only, where AAA does not look
        self.suspect: Final = suspect  # rest of an unproved value that may be prefixed: worth the self-verifying test
        self.contradictory: Final = contradictory  # two different ids of one kind in one packet
        self.mac: Final = mac
        self.mac_source: Final = mac_source
        self.attachment: Final = attachment
        # what the BNG wrote for the port, if no grammar reads it: only good to tell two places apart
        self.place: Final = place
        # attributes whose line ids only the customer can have written: they are no ids
        self.untrusted: Final = untrusted


def identify(
    view: PacketView,
    reading: Reading,
    classification: Classification,
    numbers: Numbers,
    remote: list[Found],
    *,
    verified: bool = False,
) -> Identity:
    """Everything the rules need to know of the line, from one packet.

    `remote` is what `carriers` read before the trigger was known. `verified`: the self-verifying test has
    proved the number, so that not even the length of a MAC speaks against it. An empty id is no id.
    """
    profile, trigger, strength = reading.profile, classification.trigger, classification.strength
    first: bytes | None = None
    contradictory = False
    strips: list[Change] = []
    aliases: list[Change] = []
    number: int | None = None
    suspect: bytes | None = None
    raw_remote: bytes | None = None
    for found in remote:
        value = found.value
        if not value:
            continue
        if raw_remote is None:
            raw_remote = value
        policy = found.pen or profile.pen
        look = found.prefixed if found.looked else found.look(numbers)
        prefixed = look if verified or look is None else remote_id.decide(look, policy, trigger, strength)
        if prefixed is not None:
            value, number = prefixed.remote_id, prefixed.enterprise_number
        elif look is not None and suspect is None and policy is _AUTO and trigger not in _NEVER_V6:
            suspect = look.remote_id
        said = aliased(value, profile.aliases, trigger, remote=True) if profile.aliases else value
        if first is None:
            first = said
        elif first != said:
            contradictory = True
        if said != value:
            aliases.append(_replaced(found, said))
        if prefixed is not None:
            cut = _cut(found)
            strips.append(cut)
            if said == value:
                aliases.append(cut)
    circuit, contradiction = _circuit(view, reading, classification, aliases)
    contradictory = contradictory or contradiction
    only_raw = False
    dhcp = trigger is _DHCPV4 or trigger is _DHCPV6  # else raw options name no line
    if first is None and circuit is None and not contradictory and dhcp and profile.raw:
        raw = carriers.raw(view, profile)
        first, circuit, raw_remote, number = _from_raw(raw, profile, classification, numbers)
        only_raw = first is not None or circuit is not None
        contradictory = only_raw and raw.pieced and trigger is _DHCPV4
    mac, source = _mac(view, reading, classification)
    attachment, place = _attachment(view, reading)
    return Identity(
        _NO_IDS if contradictory else LineIds(first, circuit),
        raw_remote,
        tuple(strips) if strips else (),
        tuple(aliases) if aliases else (),
        number,
        only_raw,
        None if contradictory else suspect,
        contradictory,
        mac,
        source,
        attachment,
        place,
    )


def disowned(identity: Identity, view: PacketView, profile: Profile, remote: list[Found]) -> Identity:
    """The same request without the line ids that it claims: they are neither believed nor shown to AAA."""
    found = (*remote, *carriers.ids(view, profile.circuit_ids))
    return Identity(
        _NO_IDS, identity.raw_remote_id, (), (), identity.enterprise_number, False, None, False, identity.mac,
        identity.mac_source, identity.attachment, identity.place,
        tuple({one.span.start: one.span for one in found if one.value}.values()),
    )  # fmt: skip


def _cut(found: Found) -> Change:
    width = NUMBER_OCTETS * (2 if found.encoding is _HEX else 1)
    return Change(found.span, found.start, found.start + width, b"")


def _replaced(found: Found, value: bytes) -> Change:
    octets = value.hex().encode() if found.encoding is _HEX else value
    return Change(found.span, found.start, found.span.end, octets)


def _circuit(
    view: PacketView, reading: Reading, classification: Classification, aliases: list[Change]
) -> tuple[bytes | None, bool]:
    """The Circuit-Id of the first carrier that has one, and whether that carrier contradicts itself."""
    profile = reading.profile
    found = carriers.standing_ids(view, reading.circuit_ids)
    if not profile.aliases and len(found) < 2:  # as nearly always
        return (found[0].value or None, False) if found else (None, False)
    values: dict[bytes, None] = {}
    key = None
    for one in found:
        if not one.value or (key is not None and one.span.key != key):
            continue
        key = one.span.key
        said = one.value
        if profile.aliases:
            said = aliased(said, profile.aliases, classification.trigger, remote=False)
        values[said] = None
        if said != one.value:
            aliases.append(_replaced(one, said))
    return next(iter(values), None), len(values) > 1


def _from_raw(
    raw: Raw, profile: Profile, classification: Classification, numbers: Numbers
) -> tuple[bytes | None, bytes | None, bytes | None, int | None]:
    """(Remote-Id, Circuit-Id, Remote-Id as it came, enterprise number) from options 82.1, 82.2, 18 and 37."""
    if raw.four is not None and classification.trigger is _DHCPV4:
        return raw.four.remote_id, raw.four.circuit_id, raw.four.remote_id, None
    if raw.six is None or classification.trigger is not _DHCPV6:
        return None, None, None, None
    layer = relays.naming_layer(raw.six, outermost=profile.relay is Relay.OUTERMOST)
    if layer is None:
        return None, None, None, None
    came = layer.values.get(dhcp6.REMOTE_ID) or None
    remote = came[:ID_OCTETS] if came is not None else None
    circuit = (layer.values.get(dhcp6.INTERFACE_ID) or b"")[:ID_OCTETS] or None
    number = None
    if remote is not None:
        prefixed = remote_id.strip(remote, numbers, profile.pen, Trigger.DHCPV6, Strength.PROOF)
        if prefixed is not None:
            remote, number = prefixed.remote_id, prefixed.enterprise_number
        remote = aliased(remote, profile.aliases, Trigger.DHCPV6, remote=True)
    if circuit is not None:
        circuit = aliased(circuit, profile.aliases, Trigger.DHCPV6, remote=False)
    return remote, circuit, came, number


def _mac(view: PacketView, reading: Reading, classification: Classification) -> tuple[Mac | None, MacSource | None]:
    trigger = classification.trigger
    for carrier, span in reading.macs:
        if carrier.key == a.USER_NAME and (trigger is _PPP or trigger is _CONFLICT):
            continue  # a PPP client chooses its own user name: somebody else's MAC, if it likes
        value = view.value(span)
        if carrier.prefix:
            if not value.startswith(carrier.prefix):
                continue
            value = value[len(carrier.prefix) :]
        if len(value) <= MAC_TEXT:
            mac = read_mac(value)
            if mac is not None:
                return mac, carrier.source
    profile = reading.profile
    if not profile.raw:
        return None, None
    raw = carriers.raw(view, profile)
    if raw.six is None or not raw.six.layers:
        return None, None
    claimed = relays.claimed_mac(raw.six)
    return claimed, _CLAIMED if claimed is not None else None


def _port_in(value: bytes, grammar: str) -> Attachment | None:
    ports = _PORTS[grammar]
    known = ports.get(value)
    if known is None:
        known = ports.put(value, port_id.GRAMMARS[grammar](value.decode("latin-1")) or _UNREADABLE)
    return None if known is _UNREADABLE else known


_PORTS: Final[dict[str, Memo[bytes, Attachment]]] = {grammar: Memo(REMEMBERED) for grammar in port_id.GRAMMARS}
_UNREADABLE: Final = Attachment("")


def _attachment(view: PacketView, reading: Reading) -> tuple[Attachment | None, bytes]:
    """Port and VLANs, or the text that no grammar reads."""
    unread = b""
    for carrier, span in reading.ports:
        value = view.value(span)
        if carrier.prefix:
            if not value.startswith(carrier.prefix):
                continue
            value = value[len(carrier.prefix) :]
        if carrier.layout:
            number = int.from_bytes(value, "big") if len(value) == 4 else None
            attachment = port_id.nas_port(number, carrier.grammar) if number is not None else None
        else:
            attachment = _port_in(value, carrier.grammar)
            if attachment is None and not unread:
                unread = value.strip()
        if attachment is not None:
            return attachment, b""
    return None, unread
