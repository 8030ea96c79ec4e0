"""What a DHCP server grants, and what gives it back, as steps of sessions in the ledger. Pure.

A lease is a session of its own: one for a CPE's IPv4 address, one for each of its identity associations (RFC 8415
§12). It is named by the box, the place, the CPE and the association, so that a renewal is the next step of the same
one. Addresses are counted once a box, however many sessions name them: that of accounting is the same one.
"""

from __future__ import annotations

from typing import Final

from bngcorr.correlator.dhcp import Told
from bngcorr.correlator.inherited import Line
from bngcorr.correlator.keys import session_hash
from bngcorr.errors import Malformed
from bngcorr.model.address import ipv4_text, ipv6_prefix_text, ipv6_text
from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind, MacSource, Outcome
from bngcorr.store.contract import INTERIMS_MISSED
from bngcorr.store.lesson import Fill, SessionChange, SessionStep
from bngcorr.wire import dhcp4, dhcp6, dhcp6_values
from bngcorr.wire.dhcp4 import Message4
from bngcorr.wire.dhcp6 import Layer
from bngcorr.wire.dhcp6_values import Association

LONGEST_MS: Final = 30 * 86_400_000  # of a lease without end, or longer: nobody is told of its end by then
MOST_ASSOCIATIONS: Final = 8  # of one message
MOST_HOSTS: Final = 32  # of one association

_GIVING6: Final = frozenset((dhcp6.REQUEST, dhcp6.RENEW, dhcp6.REBIND))
_NOTHING_LEFT: Final = frozenset((2, 3, 6))  # NoAddrsAvail, NoBinding, NoPrefixAvail (RFC 8415 §21.13)
_NO_ADDRESS: Final = bytes(4)


class Lease:
    """What one answer says of one association: what it holds from now on. Never changed."""

    __slots__ = ("hosts", "life_ms", "name")

    def __init__(self, name: bytes, hosts: tuple[Host, ...], life_ms: int) -> None:
        self.name: Final = name  # tells it from others of the same CPE
        self.hosts: Final = hosts
        self.life_ms: Final = life_ms  # 0: it is over

    def __repr__(self) -> str:
        return f"Lease({self.name!r}, {self.hosts}, {self.life_ms})"


def granted(request: Told, answer: Told) -> list[Lease]:
    """What the answer to a request says: leases that are given, renewed or over.

    DHCPv4: an ACK with an address and a lease time, so not that to an INFORM; a NAK takes the address back that was
    asked for. DHCPv6: a REPLY to REQUEST, RENEW or REBIND, or with rapid commit to SOLICIT; addresses and prefixes with
    a valid lifetime of 0 are withdrawn.
    """
    if answer.four is not None:
        return _granted4(request, answer.four)
    theirs = _inner(answer)
    if theirs is None or answer.type != dhcp6.REPLY:
        return []
    rapid = request.type == dhcp6.SOLICIT and dhcp6.RAPID_COMMIT in theirs.values
    if not (rapid or request.type in _GIVING6) or _status(theirs):
        return []
    return _granted6(theirs)


def given_back(told: Told) -> list[Lease]:
    """What a RELEASE or DECLINE of the client ends."""
    if told.four is not None:
        back = told.wanted if told.type == dhcp4.DECLINE else told.four.ciaddr
        return [_lease4(back, 0)] if back != _NO_ADDRESS else []
    inner = _inner(told)
    if inner is None:
        return []
    return [Lease(_name6(kind, one), (), 0) for kind, one in _associations(inner)]


def household(change: SessionChange, owner: Told) -> str | None:
    """Whose lease it is, as far as no customer can choose that; None if nothing tells."""
    return change.line or owner.keyring.attachment


def step(told: Told, owner: Told, lease: Lease, at_ms: int, inherited: Line | None = None) -> SessionChange:
    """A lease as the ledger notes it; `told` is the message that says so, `owner` the client's one that it is about,
    `inherited` the line of the CPE if that names none: it is vouched for on no key.

    The store has it end with the lease: a session is given up some intervals after its last word, and that is made the
    lease's life.
    """
    place = owner.place
    over = not lease.life_ms
    kind = SessionStep.STOP if over else SessionStep.INTERIM if owner.renews else SessionStep.START
    where = "" if owner.attachment is None else owner.attachment.text
    seen = owner.mac is not None and owner.mac_source is MacSource.SEEN
    # what somebody only claims to be is another one: on a VLAN that is shared it could be anybody
    name = b"\0".join((b"\0dhcp" if seen else b"\0claims", where.encode(), owner.mac or b"", owner.client, lease.name))
    own = owner.line is not None and owner.teaches
    if own and owner.line is not None:
        line: Line | None = (owner.line, owner.ids)
    else:
        line = inherited if owner.line is None else None
    return SessionChange(
        domain=place.domain,
        bng=place.bng,
        session=session_hash(place.box, name),
        nas=place.box,
        step=kind,
        at_ms=at_ms,
        until_ms=at_ms + lease.life_ms,
        line=None if line is None else line[0],
        ids=None if line is None else line[1],
        own=own,
        keys=owner.keyring.hashes if own else (),
        fingerprint=owner.keyring.fingerprint,
        digest=f"{told.type:02x}",
        hosts=None if over else lease.hosts,
        fill=Fill.NEVER,
        interval_ms=-(-lease.life_ms // INTERIMS_MISSED),
        port=owner.attachment,
        address=owner.mac if seen else None,
        outcome=None if line is None else Outcome.OWN if own else Outcome.MATCHED,
    )


def _lease4(address: bytes, life_ms: int) -> Lease:
    return Lease(b"4", (Host(HostKind.V4, ipv4_text(address)),), life_ms)


def _granted4(request: Told, answer: Message4) -> list[Lease]:
    if request.type != dhcp4.REQUEST:
        return []
    if answer.type == dhcp4.NAK:
        return [_lease4(request.wanted, 0)] if request.wanted != _NO_ADDRESS else []
    seconds = answer.number(dhcp4.LEASE_TIME)
    if answer.type != dhcp4.ACK or answer.yiaddr == _NO_ADDRESS or not seconds:
        return []
    return [_lease4(answer.yiaddr, min(seconds * 1000, LONGEST_MS))]


def _granted6(layer: Layer) -> list[Lease]:
    leases: list[Lease] = []
    for kind, one in _associations(layer):
        told = len(one.addresses) + len(one.prefixes)
        if not told and (one.status is None or one.status.code not in _NOTHING_LEFT):
            continue  # it says nothing of what the client holds
        hosts: dict[Host, int] = {}
        if kind == dhcp6.IA_NA:
            for address in one.addresses:
                if address.valid:
                    hosts[Host(HostKind.IA_NA, ipv6_text(address.address))] = address.valid
        else:
            for prefix in one.prefixes:
                if prefix.valid and prefix.length:
                    hosts[Host(HostKind.IA_PD, ipv6_prefix_text(prefix.prefix, prefix.length))] = prefix.valid
        life_ms = min(max(hosts.values()) * 1000, LONGEST_MS) if hosts else 0
        leases.append(Lease(_name6(kind, one), tuple(hosts)[:MOST_HOSTS], life_ms))
    return leases


def _associations(layer: Layer) -> list[tuple[int, Association]]:
    """IA_NA and IA_PD, so many at most; those that are malformed are left out."""
    found: list[tuple[int, Association]] = []
    for kind in (dhcp6.IA_NA, dhcp6.IA_PD):
        for octets in layer.all(kind):
            if len(found) == MOST_ASSOCIATIONS:
                return found
            try:
                found.append((kind, dhcp6_values.association(octets)))
            except Malformed:
                continue
    return found


def _name6(kind: int, one: Association) -> bytes:
    return bytes((kind,)) + one.iaid


def _status(layer: Layer) -> int:
    """The status of the whole message; 0 is success, and so is none."""
    value = layer.values.get(dhcp6.STATUS_CODE, b"")
    return int.from_bytes(value[:2], "big")


def _inner(told: Told) -> Layer | None:
    return None if told.six is None else told.six.inner


__all__ = ["Lease", "given_back", "granted", "household", "step"]
