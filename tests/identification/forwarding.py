"""What AAA would be sent: identification and rewriting as the request path does them, without sockets and store."""

from __future__ import annotations

from bngcorr.model.vocabulary import Mode
from bngcorr.profiles.profile import Profile
from bngcorr.proxy import carriers, line_id, rewrite, trigger
from bngcorr.proxy.line_id import Identity
from bngcorr.proxy.normalise import normalised
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.rewrite import Hop
from bngcorr.proxy.trigger import Classification
from bngcorr.wire import radius
from bngcorr.wire.octets import Edit
from bngcorr.wire.radius import HEADER_OCTETS, PacketView

SAME = Hop(b"secret", bytes(16))


def identified(view: PacketView, profile: Profile, numbers: Numbers) -> tuple[Classification, Identity]:
    """Trigger and identity of a packet."""
    reading = profile.reading(view.layout)
    remote = carriers.standing_ids(view, reading.remote_ids)
    classification = trigger.classify(view, reading, numbers, remote)
    return classification, line_id.identify(view, reading, classification, numbers, remote)


def forwarded(
    octets: bytes, profile: Profile, numbers: Numbers, *, only_strip: bool = False, bng: str = "bng1"
) -> PacketView:
    """The packet with the changes that mode `full` (or `strip`) makes without asking the store.

    Secrets and authenticators are the same on both sides, so that only these changes show; the Proxy-State of ours is
    taken off again, a Message-Authenticator is gone.
    """
    view = radius.decode(octets)
    classification, identity = identified(view, profile, numbers)
    edits: list[Edit] = []
    appended = b""
    if classification.trigger != "conflict" and not identity.contradictory:
        mode = Mode.STRIP if only_strip else Mode.FULL
        edits, appended = normalised(view, profile, mode, identity, None, bng)
    return _packet(view, edits, appended)


def unchanged(octets: bytes) -> PacketView:
    """The packet as `forwarded` would give it if nothing were rewritten."""
    return _packet(radius.decode(octets), [], b"")


def _packet(view: PacketView, edits: list[Edit], appended: bytes) -> PacketView:
    attributes = rewrite.to_upstream(view, SAME, SAME, edits=edits, appended=appended, proxy_state=b"", hidden={})[:-2]
    head = view.octets[:2] + (HEADER_OCTETS + len(attributes)).to_bytes(2, "big") + view.authenticator
    return radius.decode(head + attributes)
