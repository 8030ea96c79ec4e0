"""What is rewritten in a request so that AAA finds the line where, and as, it looks for it. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import Mode
from bngcorr.profiles.profile import Profile
from bngcorr.proxy import rewrite, template
from bngcorr.proxy.line_id import Identity
from bngcorr.wire.octets import Edit
from bngcorr.wire.radius import PacketView

_OBSERVE: Final = Mode.OBSERVE
_STRIP: Final = Mode.STRIP


def normalised(
    view: PacketView, profile: Profile, mode: Mode, identity: Identity, inherited: LineIds | None, bng: str
) -> tuple[list[Edit], bytes]:
    """Edits and octets to append, as the mode allows; nothing in observe mode, the strip alone in strip mode.

    In full mode: strip and aliases, the attributes of `identity.write`, and the Remote-Id as it came where it is to be
    kept; ids that only the customer can have written are taken out and not kept either. `inherited` are the ids of a
    matched line; None for a request that names its own. A value that does not fit its attribute is left out: the
    request matters more. Raises Malformed (too-long) if an alias outgrows a VSA.
    """
    if mode is _OBSERVE:
        return [], b""
    if mode is _STRIP:
        return rewrite.line_edits(view, identity.strips, (), b"")
    ids = identity.ids if inherited is None else inherited
    writes = []
    for write in profile.writes:
        if inherited is not None or write.own or identity.only_raw:
            value = template.fill(write.template, ids, identity.mac, identity.attachment, bng)
            if value is not None and len(value) <= rewrite.most_octets(write.key):
                writes.append((write, value))
    kept, raw = b"", None if identity.untrusted else identity.raw_remote_id
    if profile.keep_raw is not None and raw is not None and raw != identity.ids.remote_id:
        kept = (
            rewrite.attribute_octets(profile.keep_raw, raw)
            if len(raw) <= rewrite.most_octets(profile.keep_raw)
            else b""
        )
    return rewrite.line_edits(view, identity.aliases, writes, kept, identity.untrusted)
