"""What identification makes of one packet, and why: the same rules as on the request path, nothing sent. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bngcorr.model.line import LineIds, line_key
from bngcorr.model.mac import format_mac
from bngcorr.model.shown import octets_shown
from bngcorr.model.vocabulary import Mode, Trigger
from bngcorr.profiles.profile import Profile
from bngcorr.proxy import carriers, line_id, trigger
from bngcorr.proxy.line_id import Identity
from bngcorr.proxy.normalise import normalised
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.trigger import Classification
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.octets import Edit
from bngcorr.wire.radius import PacketView


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One packet, identified."""

    code: str
    identifier: int
    classification: Classification
    identity: Identity
    line: str | None  # line key, if the packet names its line
    changes: tuple[tuple[str, bytes, bytes], ...]  # what `full` rewrites: attribute, octets before, octets after
    stripped: bool  # an enterprise number comes off


def explain(octets: bytes, profile: Profile, numbers: Numbers, bng: str = "") -> Explanation:
    """Identify one packet and say what `full` would make of it without asking the store. Raises Malformed.

    `bng` is what the field {bng} of templates stands for.
    """
    view = radius.decode(octets)
    reading = profile.reading(view.layout)
    remote = carriers.standing_ids(view, reading.remote_ids)
    classification = trigger.classify(view, reading, numbers, remote)
    identity = line_id.identify(view, reading, classification, numbers, remote)
    consistent = classification.trigger is not Trigger.CONFLICT and not identity.contradictory
    named = consistent and identity.ids.names_line(profile.line_id)
    rewritten = consistent and view.code in (a.Code.ACCESS_REQUEST, a.Code.ACCOUNTING_REQUEST)
    return Explanation(
        code=a.Code(view.code).title,
        identifier=view.identifier,
        classification=classification,
        identity=identity,
        line=line_key(identity.ids, profile.line_id) if named else None,
        changes=tuple(changes(view, *normalised(view, profile, Mode.FULL, identity, None, bng))) if rewritten else (),
        stripped=rewritten and identity.enterprise_number is not None,
    )


def changes(view: PacketView, edits: Sequence[Edit], appended: bytes) -> list[tuple[str, bytes, bytes]]:
    """What edits make of a packet: attribute, its octets before, its octets after; none before what is appended."""
    changes = []
    octets = view.octets
    for outer_start, outer_end in sorted({(span.outer_start, span.outer_end) for span in view.spans}):
        after, at = b"", outer_start
        for start, end, new in sorted(edits):
            if outer_start <= start < outer_end:
                after, at = after + octets[at:start] + new, end
        after += octets[at:outer_end]
        if after != octets[outer_start:outer_end]:
            changes.append((_title(octets[outer_start]), octets[outer_start:outer_end], after))
    at = 0
    while at < len(appended):
        end = at + appended[at + 1]
        changes.append((_title(appended[at]), b"", appended[at:end]))
        at = end
    return changes


def _title(kind: int) -> str:
    return "Vendor-Specific" if kind == a.VENDOR_SPECIFIC else a.NAMES.get(kind, f"attribute {kind}")


def as_json(explanation: Explanation) -> dict[str, object]:
    """A plain object for programs."""
    identity, classification = explanation.identity, explanation.classification
    ids = identity.ids if not identity.contradictory else LineIds()
    attachment = identity.attachment
    return {
        "code": explanation.code,
        "identifier": explanation.identifier,
        "trigger": str(classification.trigger),
        "strength": str(classification.strength) if classification.strength is not None else None,
        "evidence": [
            {"family": str(item.family), "strength": str(item.strength), "reason": item.reason}
            for item in classification.evidence
        ],
        "remote_id_raw": octets_shown(identity.raw_remote_id),
        "remote_id": octets_shown(ids.remote_id),
        "stripped": explanation.stripped,
        "enterprise_number": identity.enterprise_number,
        "circuit_id": octets_shown(ids.circuit_id),
        "contradictory": identity.contradictory,
        "line": explanation.line,
        "mac": format_mac(identity.mac) if identity.mac is not None else None,
        "mac_source": str(identity.mac_source) if identity.mac_source is not None else None,
        "attachment": None
        if attachment is None
        else {"port": attachment.port, "outer": attachment.outer, "inner": attachment.inner},
        "changes": [
            {"attribute": name, "before": before.hex(), "after": after.hex()}
            for name, before, after in explanation.changes
        ],
    }
