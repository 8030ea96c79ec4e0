"""What operations should look at: found in what the store says of lessons, and told in a sentence. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac, format_mac
from bngcorr.model.shown import octets_shown
from bngcorr.model.vocabulary import Finding
from bngcorr.store import lesson as words
from bngcorr.store.lesson import FindingSeen, Lesson, NumberSeen, SessionChange, Sighting
from bngcorr.store.rows import LostV6

# What it means, and what to do next; one sentence each
REASON: Final[Mapping[Finding, str]] = {
    Finding.V6_LOST: "The line had IPv6 before its IPv4 session began anew, and has had none since: its "
    "delegated prefix "
    "leads nowhere, or it was given none.",
    Finding.NO_TRAFFIC: "The IPv6 counters of the session stood still over two Interim-Updates while those of "
    "IPv4 rose.",
    Finding.LATE_IDENTITY: "AAA accepted a request without a line id, and accounting named the line only afterwards.",
    Finding.MOVED: "A line was seen on another port or VLAN pair than before, or a CPE on another line.",
    Finding.DUPLICATE: "One global address or prefix is live on two lines at a time: the traffic of one of "
    "them is lost.",
    Finding.CONFLICT: "A request named another line than the one that is live, or planned, where it came from.",
    Finding.SHARED_ATTACHMENT: "A VLAN pair that is said to be one line showed two live lines: it is no longer "
    "taken for a line.",
    Finding.MAC_FLOOD: "One port or line shows more MAC addresses, or more requests without a line id, than a "
    "household has.",
    Finding.NEW_ENTERPRISE_NUMBER: "An enterprise number was found in front of a Remote-Id that this BNG never "
    "sent before.",
    Finding.NEAR_LIMIT: "A BNG, card or port spends more of the host resources that it can bear than "
    "capacity.thresholds allow.",
    Finding.LEDGER_DIFFERS: "The box counted other hosts than its accounting adds up to here, by more than "
    "capacity.tolerance.",
    Finding.WIRE_FAULT: "A tap showed frames that break somebody's IPv4 or IPv6.",
}
NEXT_STEP: Final[Mapping[Finding, str]] = {
    Finding.V6_LOST: "Look whether the BNG still has the prefix, and disconnect the session so that the CPE "
    "asks again.",
    Finding.NO_TRAFFIC: "Ping the CPE over IPv6 from the BNG and compare its route with the delegated prefix.",
    Finding.LATE_IDENTITY: "Nothing if it is rare; else let the BNG send option 82 in Access-Requests, or "
    "raise the hold.",
    Finding.MOVED: "Nothing if the customer moved; else look for a loop, or a cloned MAC address.",
    Finding.DUPLICATE: "Find which of the two sessions is stale and disconnect it; compare the address pools "
    "of the BNGs.",
    Finding.CONFLICT: "Look who is right: a wrong plan, a stale session, or a customer who makes up option 37 "
    "(then set line_id_source.dhcpv6 to untrusted).",
    Finding.SHARED_ATTACHMENT: "Look whether the VLAN pair was given out twice; where VLANs are shared set "
    "vlan_model to shared.",
    Finding.MAC_FLOOD: "Look at the port: a loop, a switch in place of a router, or somebody who makes up addresses.",
    Finding.NEW_ENTERPRISE_NUMBER: "Look it up in IANA's list: a new make of access node belongs into "
    "enterprise_numbers, anything "
    "else came from a customer.",
    Finding.NEAR_LIMIT: "See with bngcorr hosts how fast it fills, and with bngcorr what-if what would spare hosts; "
    "move lines before it is full.",
    Finding.LEDGER_DIFFERS: "Run bngcorr audit; if that agrees, look for sessions without accounting, for accounting "
    "that is lost, or for hosts that records do not name.",
    Finding.WIRE_FAULT: "Capture on that interface and run bngcorr diagnose on it: it names the frames.",
}


def _details(ids: LineIds | None, port: Attachment | None, mac: Mac | None, **more: object) -> str:
    ids = ids or LineIds()
    return json.dumps(
        {
            "remote_id": octets_shown(ids.remote_id),
            "circuit_id": octets_shown(ids.circuit_id),
            "port": None if port is None else str(port),
            "mac": None if mac is None else format_mac(mac),
            **more,
        }
    )


def of(lesson: Lesson, word: str) -> list[FindingSeen]:
    """What the store's word on a lesson amounts to."""
    if word in ("ok", "applied"):  # as nearly always
        return []
    said = word.split(",")
    match lesson:
        case Sighting():
            return [finding for one in said for finding in _of_sighting(lesson, one)]
        case SessionChange():
            return [finding for one in said for finding in _of_session(lesson, one)]
        case NumberSeen() if words.NEW in said:
            number = str(lesson.number)
            return [_seen(lesson, Finding.NEW_ENTERPRISE_NUMBER, number, json.dumps({"number": lesson.number}))]
    return []


def _seen(
    of_: Sighting | SessionChange | NumberSeen, finding: Finding, subject: str, detail: str = "{}"
) -> FindingSeen:
    return FindingSeen(domain=of_.domain, bng=of_.bng, finding=finding, subject=subject, at_ms=of_.at_ms, detail=detail)


def _of_sighting(s: Sighting, word: str) -> list[FindingSeen]:
    detail = _details(s.ids, s.port, s.address, line=s.line)
    match word:
        case words.CONTRADICTED:
            return [_seen(s, Finding.CONFLICT, s.line, detail)]
        case words.MOVED:
            return [_seen(s, Finding.MOVED, s.line, detail)]
        case words.MAC_MOVED if s.address is not None:
            return [_seen(s, Finding.MOVED, format_mac(s.address), detail)]
        case words.SHARED:
            return [_seen(s, Finding.SHARED_ATTACHMENT, str(s.port), detail)]
        case words.MAC_FLOOD:
            return [_seen(s, Finding.MAC_FLOOD, s.line, detail)]
    return []


def _of_session(s: SessionChange, word: str) -> list[FindingSeen]:
    detail = _details(s.ids, s.port, s.address, line=s.line)
    if word.startswith(words.DUPLICATE):
        address = word.removeprefix(words.DUPLICATE)
        return [_seen(s, Finding.DUPLICATE, address, _details(s.ids, s.port, s.address, line=s.line, address=address))]
    if s.line is None:
        return []
    match word:
        case words.LATE:
            return [_seen(s, Finding.LATE_IDENTITY, s.line, detail)]
        case words.NO_TRAFFIC:
            return [_seen(s, Finding.NO_TRAFFIC, s.line, detail)]
        case words.TRAFFIC:
            return [_over(s, Finding.NO_TRAFFIC, s.line)]
        case words.V6_BACK:
            return [_over(s, Finding.V6_LOST, s.line)]
    return []


def _over(s: SessionChange, finding: Finding, subject: str) -> FindingSeen:
    return FindingSeen(domain=s.domain, bng=s.bng, finding=finding, subject=subject, at_ms=s.at_ms, over=True)


def of_lost(domain: str, lost: LostV6, now_ms: int) -> FindingSeen:
    """A line whose IPv6 did not come back."""
    detail = _details(lost.ids, lost.port, None, line=lost.line, v6_ms=lost.v6_ms, v4_begun_ms=lost.begun_ms)
    return FindingSeen(
        domain=domain, bng=lost.bng, finding=Finding.V6_LOST, subject=lost.line, at_ms=now_ms, detail=detail
    )


def of_request(
    finding: Finding, domain: str, bng: str, ids: LineIds | None, port: Attachment | None, mac: Mac | None, at_ms: int
) -> FindingSeen:
    """What one request showed by itself: a conflict with what is live there, or too many questions from one port."""
    subject = str(port) if port is not None else "" if mac is None else format_mac(mac)
    return FindingSeen(
        domain=domain, bng=bng, finding=finding, subject=subject, at_ms=at_ms, detail=_details(ids, port, mac)
    )
