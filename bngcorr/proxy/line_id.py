"""What a request says of its line: the ids, the CPE's MAC, the attachment; and how to make the ids read the v4 way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from bngcorr.model.attachment import Attachment
from bngcorr.model.duid import mac_of_duid, mac_of_eui64, mac_of_link_layer
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac, parse_mac
from bngcorr.model.vocabulary import MacSource, PenPolicy, Strength, Trigger
from bngcorr.profiles.profile import Alias, Encoding, Profile, Relay
from bngcorr.proxy import carriers, port_id, remote_id
from bngcorr.proxy.carriers import Found, Raw
from bngcorr.proxy.remote_id import NUMBER_OCTETS, Numbers, Prefixed
from bngcorr.proxy.trigger import Classification
from bngcorr.wire import attributes as a
from bngcorr.wire import dhcp6
from bngcorr.wire.dhcp6 import Layer, Message6
from bngcorr.wire.radius import PacketView, Span

ID_OCTETS: Final = 247  # the longest value of a vendor sub-attribute (RFC 2865 §5.26)
MAC_TEXT: Final = 32
# named here once: looking a member up in its class costs more than the comparison
_CHOSEN_BY_CLIENT: Final = (Trigger.PPP, Trigger.CONFLICT)
_NEVER_V6: Final = (Trigger.DHCPV4, Trigger.PPP, Trigger.CONFLICT)
_AUTO: Final = PenPolicy.AUTO
_HEX: Final = Encoding.HEX
REMEMBERED: Final = 16_384  # texts whose reading is remembered: the same CPEs and ports come again and again


@dataclass(slots=True)  # not frozen: made for every request that is stripped
class Change:
    """Octets of one (sub-)attribute that give way to others."""

    span: Span
    start: int  # offsets in the packet, inside the value of `span`
    end: int
    octets: bytes


@dataclass(slots=True)  # not frozen: one is made for every request, and that costs a call a field
class Identity:
    """A request's own words about its line."""

    ids: LineIds  # normalised: no enterprise number, aliases applied, no empty ids
    raw_remote_id: bytes | None  # the Remote-Id as it came, if it came in an attribute or a raw option
    strips: tuple[Change, ...]  # what takes off enterprise numbers
    aliases: tuple[Change, ...]  # what turns ids into the words of the other family; beside no strip of the same value
    enterprise_number: int | None
    only_raw: bool  # the ids stand in raw DHCP options only, where AAA does not look
    suspect: bytes | None  # rest of an unproved value that may be prefixed: worth the self-verifying test
    contradictory: bool  # two different ids of one kind in one packet
    mac: Mac | None
    mac_source: MacSource | None
    attachment: Attachment | None
    place: bytes  # what the BNG wrote for the port, if no grammar reads it: only good to tell two places apart
    untrusted: tuple[Span, ...] = ()  # attributes whose line ids only the customer can have written: they are no ids


def identify(
    view: PacketView,
    profile: Profile,
    classification: Classification,
    numbers: Numbers,
    remote: Sequence[Found],
    *,
    verified: bool = False,
) -> Identity:
    """Everything the rules need to know of the line, from one packet.

    `remote` is what `carriers` read before the trigger was known. `verified`: the self-verifying test has
    proved the number, so that not even the length of a MAC speaks against it. An empty id is no id.
    """
    values: dict[bytes, None] = {}
    strips: list[Change] = []
    aliases: list[Change] = []
    number: int | None = None
    suspect: bytes | None = None
    raw_remote: bytes | None = None
    for found in remote:
        if not found.value:
            continue
        raw_remote = raw_remote if raw_remote is not None else found.value
        policy = found.pen or profile.pen
        trigger, strength = classification.trigger, classification.strength
        look = found.prefixed if found.looked else found.look(numbers)
        prefixed = look if verified else remote_id.decide(look, policy, trigger, strength)
        value = found.value
        if prefixed is not None:
            value, number = prefixed.remote_id, prefixed.enterprise_number
        elif suspect is None and policy is _AUTO:
            suspect = _suspect(look, classification)
        said = _aliased(value, profile.aliases, trigger, remote=True) if profile.aliases else value
        values[said] = None
        if said != value:
            aliases.append(_replaced(found, said))
        if prefixed is not None:
            strips.append(_cut(found))
            if said == value:
                aliases.append(strips[-1])
    circuit, contradiction = _circuit(carriers.ids(view, profile.circuit_ids), profile, classification, aliases)
    contradictory = contradiction or len(values) > 1
    first = next(iter(values), None)
    only_raw = False
    if first is None and circuit is None and not contradictory and profile.raw:
        first, circuit, raw_remote, number = _from_raw(carriers.raw(view, profile), profile, classification, numbers)
        only_raw = first is not None or circuit is not None
    mac, source = _mac(view, profile, classification)
    attachment, place = _attachment(view, profile)
    ids = LineIds() if contradictory else LineIds(first, circuit)
    suspect = None if contradictory else suspect
    return Identity(
        ids, raw_remote, tuple(strips), tuple(aliases), number, only_raw, suspect, contradictory, mac, source,
        attachment, place,
    )  # fmt: skip


def disowned(identity: Identity, view: PacketView, profile: Profile, remote: Sequence[Found]) -> Identity:
    """The same request without the line ids that it claims: they are neither believed nor shown to AAA."""
    found = (*remote, *carriers.ids(view, profile.circuit_ids))
    return replace(
        identity, ids=LineIds(), strips=(), aliases=(), only_raw=False, suspect=None, contradictory=False,
        untrusted=tuple({one.span.start: one.span for one in found if one.value}.values()),
    )  # fmt: skip


def _suspect(look: Prefixed | None, classification: Classification) -> bytes | None:
    """The rest behind the number, if the value may be prefixed and nothing says that the request is not v6."""
    return None if look is None or classification.trigger in _NEVER_V6 else look.remote_id


def _cut(found: Found) -> Change:
    width = NUMBER_OCTETS * (2 if found.encoding is _HEX else 1)
    return Change(found.span, found.start, found.start + width, b"")


def _replaced(found: Found, value: bytes) -> Change:
    octets = value.hex().encode() if found.encoding is _HEX else value
    return Change(found.span, found.start, found.span.end, octets)


def _aliased(value: bytes, aliases: Sequence[Alias], trigger: Trigger, *, remote: bool) -> bytes:
    for alias in aliases:
        if alias.remote is remote and alias.family is trigger and (match := alias.pattern.fullmatch(value)):
            return match.expand(alias.template)[:ID_OCTETS] or value
    return value


def _circuit(
    found: Sequence[Found], profile: Profile, classification: Classification, aliases: list[Change]
) -> tuple[bytes | None, bool]:
    """The Circuit-Id of the first carrier that has one, and whether that carrier contradicts itself."""
    if len(found) == 1 and not profile.aliases:  # as nearly always
        return found[0].value or None, False
    values: dict[bytes, None] = {}
    key = None
    for one in found:
        if not one.value or (key is not None and one.span.key != key):
            continue
        key = one.span.key
        said = one.value
        if profile.aliases:
            said = _aliased(said, profile.aliases, classification.trigger, remote=False)
        values[said] = None
        if said != one.value:
            aliases.append(_replaced(one, said))
    return next(iter(values), None), len(values) > 1


def _from_raw(
    raw: Raw, profile: Profile, classification: Classification, numbers: Numbers
) -> tuple[bytes | None, bytes | None, bytes | None, int | None]:
    """(Remote-Id, Circuit-Id, Remote-Id as it came, enterprise number) from options 82.1, 82.2, 18 and 37."""
    if raw.four is not None and classification.trigger is Trigger.DHCPV4:
        return raw.four.remote_id, raw.four.circuit_id, raw.four.remote_id, None
    if raw.six is None or classification.trigger is not Trigger.DHCPV6:
        return None, None, None, None
    layer = _naming_layer(raw.six, profile.relay)
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
        remote = _aliased(remote, profile.aliases, Trigger.DHCPV6, remote=True)
    if circuit is not None:
        circuit = _aliased(circuit, profile.aliases, Trigger.DHCPV6, remote=False)
    return remote, circuit, came, number


def _naming_layer(message: Message6, relay: Relay) -> Layer | None:
    """The relay's layer that carries an id; what stands in the client's own message, the customer wrote."""
    if relay is Relay.INNERMOST and message.layers and message.layers[-1].relay:
        return None  # cut before the client's message: the innermost relay is not there
    layers = message.layers if relay is Relay.OUTERMOST else message.layers[::-1]
    for layer in layers:
        if not layer.relay:
            continue
        if layer.values.get(dhcp6.REMOTE_ID) or layer.values.get(dhcp6.INTERFACE_ID):
            return layer
    return None


def _mac(view: PacketView, profile: Profile, classification: Classification) -> tuple[Mac | None, MacSource | None]:
    for carrier in profile.macs:
        if carrier.key == a.USER_NAME and classification.trigger in _CHOSEN_BY_CLIENT:
            continue  # a PPP client chooses its own user name: somebody else's MAC, if it likes
        for span in view.spans_of(carrier.key):
            value = view.value(span)
            if carrier.prefix:
                if not value.startswith(carrier.prefix):
                    continue
                value = value[len(carrier.prefix) :]
            if len(value) <= MAC_TEXT:
                mac = _mac_in(value)
                if mac is not None:
                    return mac, carrier.source
    raw = carriers.raw(view, profile) if profile.raw else carriers.NOTHING
    if raw.six is None or not raw.six.layers:
        return None, None
    claimed = _claimed_mac(raw.six)
    return claimed, MacSource.CLAIMED if claimed is not None else None


@lru_cache(maxsize=REMEMBERED)
def _mac_in(value: bytes) -> Mac | None:
    return parse_mac(value.decode("latin-1"))


@lru_cache(maxsize=REMEMBERED)
def _port_in(value: bytes, grammar: str) -> Attachment | None:
    return port_id.GRAMMARS[grammar](value.decode("latin-1"))


def _claimed_mac(message: Message6) -> Mac | None:
    """Option 79 of the innermost relay, else an EUI-64 in its peer-address, else the DUID."""
    relays = [layer for layer in message.layers if layer.relay]
    mac = None
    if relays and not message.layers[-1].relay:  # else the peer of the last relay may be another relay
        mac = mac_of_link_layer(relays[-1].values.get(dhcp6.CLIENT_LINKLAYER, b""))
        mac = mac or mac_of_eui64(relays[-1].peer_address)
    return mac or mac_of_duid(message.layers[-1].values.get(dhcp6.CLIENT_ID, b""))


def _attachment(view: PacketView, profile: Profile) -> tuple[Attachment | None, bytes]:
    """Port and VLANs, or the text that no grammar reads."""
    unread = b""
    for carrier in profile.ports:
        for span in view.spans_of(carrier.key):
            value = view.value(span)
            if carrier.prefix:
                if not value.startswith(carrier.prefix):
                    continue
                value = value[len(carrier.prefix) :]
            if carrier.grammar.startswith("*"):
                number = int.from_bytes(value, "big") if len(value) == 4 else None
                attachment = port_id.nas_port(number, carrier.grammar) if number is not None else None
            else:
                attachment = _port_in(value, carrier.grammar)
                if attachment is None and not unread:
                    unread = value.strip()
            if attachment is not None:
                return attachment, b""
    return None, unread
