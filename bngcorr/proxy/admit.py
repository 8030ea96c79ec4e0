"""The first stages of a request, pure: is it authentic, what does it say, does it need a verdict?"""

from __future__ import annotations

from typing import Final

from bngcorr.accountant import record as accounting_record
from bngcorr.accountant.record import Record
from bngcorr.correlator import keys
from bngcorr.correlator.keys import EVERY_KEY
from bngcorr.correlator.question import Question
from bngcorr.errors import Malformed, Unauthentic
from bngcorr.model.verdict import CONFLICT, UNMATCHED, Verdict
from bngcorr.model.vocabulary import DropReason, HostKind, Key, Mode, Outcome, Trigger
from bngcorr.proxy import carriers, line_id, trigger
from bngcorr.proxy.nas import Nas
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Link, Request
from bngcorr.proxy.settle import is_v6
from bngcorr.store.lesson import SessionStep
from bngcorr.wire import attributes as a
from bngcorr.wire import radius_auth
from bngcorr.wire.radius import PacketView

_ACCOUNTING_REQUEST: Final = 4
_SESSION_ID: Final = a.ACCT_SESSION_ID
_MULTI_SESSION_ID: Final = a.ACCT_MULTI_SESSION_ID
_EAP_MESSAGE: Final = a.EAP_MESSAGE
# named here once: looking a member up in its class costs more than the comparison
_DHCPV4: Final = Trigger.DHCPV4
_DHCPV6: Final = Trigger.DHCPV6
_UNKNOWN: Final = Trigger.UNKNOWN
_CONFLICTING: Final = Trigger.CONFLICT
_FULL: Final = Mode.FULL
_STRIP: Final = Mode.STRIP
_OWN: Final = Outcome.OWN
_SESSION: Final = Key.SESSION
_START: Final = SessionStep.START
_V4: Final = HostKind.V4


def describe(
    nas: Nas, view: PacketView, host: str, *, at_ms: int, authentic: bool, numbers: Numbers, wire: Link | None = None
) -> Request:
    """What a request says of trigger, line, CPE and session, and the question to ask if it needs an answer.

    `host` is the address that it came from, `at_ms` when, in epoch milliseconds of the store's clock.
    """
    profile = nas.profile
    reading = profile.reading(view.layout)
    remote = carriers.standing_ids(view, reading.remote_ids)
    classification = trigger.classify(view, reading, numbers, remote)
    identity = line_id.identify(view, reading, classification, numbers, remote)
    accounting = view.code == _ACCOUNTING_REQUEST
    record = accounting_record.read(view, at_ms) if accounting else None
    if nas.untrusted and _untrusted(nas, classification, record):
        identity = line_id.disowned(identity, view, profile, remote)
    box = nas.box(host)
    ring = keys.keyring(
        nas.ports_of(box), identity.attachment, identity.mac, identity.mac_source, nas.vlan_model,
        place=identity.place, multi_session_id=view.first(_MULTI_SESSION_ID) or b"", asked=nas.keys,
    )  # fmt: skip
    session_id = view.first(_SESSION_ID)
    session = keys.session_hash(box, session_id) if session_id else None
    # only of a request that names its line by the profile's own rule: one that does not has to climb
    named = identity.ids.names_line(profile.line_id)
    suspect = identity.suspect if ring.attached and named else None
    # A v6 request alone would be rewritten, and the customer may have had a hand in its id: that is compared with what
    # is live on its attachment before it is believed. A v4 request never waits.
    checked = named and not accounting and ring.attached and classification.surely_v6
    return Request(
        nas=nas,
        box=box,
        view=view,
        host=host,
        arrived_ms=at_ms,
        authentic=authentic,
        classification=classification,
        identity=identity,
        keyring=ring,
        session=session,
        record=record,
        question=Question(
            domain=nas.domain,
            keyring=ring,
            rules=nas.rules,
            session=session if nas.keys is EVERY_KEY or _SESSION in nas.keys else None,
            at_ms=at_ms,
            match_v6=classification.trigger is not _DHCPV4 or profile.v4_matched_by_v6,
            accounting=accounting,
            begins=record is None or record.step is _START,
            own=identity.ids if checked or suspect is not None else None,
            checked=checked,
            suspect=suspect,
            value=identity.raw_remote_id if suspect is not None else None,
        ),
        hold_s=0.0 if accounting else _hold(nas, classification),
        wire=wire,
    )


def _untrusted(nas: Nas, classification: trigger.Classification, record: Record | None) -> bool:
    """Whether only the customer can have written the line ids of a request.

    Ids of a request that is not surely v6 are taken for those of v4, which must not be made worse, unless they stand in
    a record of a session that has IPv6 alone.
    """
    family = classification.trigger
    if family is _UNKNOWN or (family is _DHCPV6 and not classification.surely_v6):
        hosts = () if record is None or record.hosts is None else record.hosts
        only_v6 = len(hosts) > 0 and all(host.kind is not _V4 for host in hosts)
        family = _DHCPV6 if only_v6 else _DHCPV4
    return family in nas.untrusted


def which(group: list[Nas], view: PacketView) -> Nas:
    """The BNG of a packet among those behind one source address. Raises Unauthentic (unknown-nas)."""
    for nas in group:
        if nas.answers_to(view):
            return nas
    raise Unauthentic(DropReason.UNKNOWN_NAS)


def own_verdict(request: Request) -> Verdict | None:
    """What needs no store: a line of its own, a contradiction, or a request that has no line at all."""
    identity, nas = request.identity, request.nas
    if identity.contradictory or request.classification.trigger is _CONFLICTING:
        return CONFLICT
    if request.question.own is not None and nas.mode is not _STRIP:
        return None  # the store may know better, and what stands behind the first four octets
    if identity.ids.names_line(nas.profile.line_id):
        return Verdict(outcome=_OWN, line=request.keyring.line(identity.ids, nas.profile.line_id))
    if nas.mode is _STRIP or (request.record is not None and request.record.step is None):
        return UNMATCHED
    ring = request.keyring
    return UNMATCHED if ring.bare and request.session is None and ring.place is None else None


def authenticate(view: PacketView, nas: Nas, code: a.Code) -> bool:
    """Whether the request proves that it comes from the BNG. Raises Unauthentic if it proves the contrary.

    Raises Malformed (bad-code) for a packet that does not belong on the port where it came in.

    Access-Request: by Message-Authenticator only, which EAP needs (RFC 3579 §3.1) and the operator may require.
    """
    if view.code != code:
        raise Malformed(DropReason.BAD_CODE)
    if view.code == _ACCOUNTING_REQUEST:
        if not radius_auth.accounting_authenticator_fits(view, nas.secret):
            raise Unauthentic(DropReason.BAD_AUTHENTICATOR)
        if view.layout.message_authenticator is not None and not radius_auth.message_authenticator_fits(
            view, nas.secret, radius_auth.ZEROS
        ):
            raise Unauthentic(DropReason.BAD_MESSAGE_AUTHENTICATOR)
        return True
    if view.layout.message_authenticator is None:
        if nas.require_message_authenticator or view.has(_EAP_MESSAGE):
            raise Unauthentic(DropReason.MISSING_MESSAGE_AUTHENTICATOR)
        return False
    if not radius_auth.message_authenticator_fits(view, nas.secret, view.authenticator):
        raise Unauthentic(DropReason.BAD_MESSAGE_AUTHENTICATOR)
    return True


def _hold(nas: Nas, classification: trigger.Classification) -> float:
    """How long the request may wait for its sighting, never more than a third of the BNG's timeout.

    0 in observe mode, which delays nobody, and for BNGs that park the DISCOVER behind the SOLICIT: a deadlock.
    """
    if nas.mode is not _FULL or nas.profile.serialises_stacks or not is_v6(nas, classification):
        return 0.0
    return min(nas.hold_s, nas.profile.radius_timeout_s / 3)
