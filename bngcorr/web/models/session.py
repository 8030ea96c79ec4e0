"""A session, and which ones are asked for."""

from __future__ import annotations

from typing import Annotated

from bngcorr.model.vocabulary import Outcome, SessionState
from bngcorr.web.models.asked import AddressAsked, BngAsked, CursorAsked, LimitAsked, MacAsked, OctetsAsked
from bngcorr.web.models.diagnosis import Diagnosis
from bngcorr.web.models.finding import Finding
from bngcorr.web.models.model import Instant, Model
from bngcorr.web.models.names import RecordName
from bngcorr.web.models.octets import Octets
from bngcorr.web.models.personal import Kind, Personal
from bngcorr.web.models.place import Attached, CpeAddress, HeldAddress, MacText


class TrafficShown(Model):
    """Octets so far, both directions together."""

    v4: int
    v6: int
    either: int
    """where the families can't be told apart"""


class Session(Model):
    """A session of a BNG, as AAA and accounting tell it."""

    id: RecordName
    session_id: Annotated[str, Personal(Kind.SESSION_ID)]
    """Acct-Session-Id; "" if the request had none"""
    bng: str
    user_name: Annotated[str | None, Personal(Kind.USER_NAME)]
    mac: MacText | None
    attachment: Attached | None
    identity: Outcome | None
    """verdict of the request that wrote the session last"""
    domain: str
    nas: str
    """the box: name of the BNG, "|", and its source address if the entry is a network of several"""
    state: SessionState
    line: RecordName | None
    remote_id: Octets | None
    circuit_id: Octets | None
    addresses: tuple[HeldAddress, ...]
    cpe_address: CpeAddress | None
    traffic: TrafficShown | None
    """null until a record has counters"""
    began_at: Instant | None
    updated_at: Instant | None
    expires_at: Instant | None


class SessionDetail(Session):
    """A session with what is known beside it."""

    diagnosis: Diagnosis
    findings: tuple[Finding, ...]
    """about its line, its addresses and its MAC, the newest first"""


class SessionsQuery(Model):
    """Which sessions; all that is given must hold."""

    mac: MacAsked | None = None
    """in any usual notation"""
    remote_id: OctetsAsked | None = None
    """exactly equal, without enterprise number: text, or hexadecimal behind 0x"""
    circuit_id: OctetsAsked | None = None
    """exactly equal: text, or hexadecimal behind 0x"""
    bng: BngAsked | None = None
    """name of a configured BNG"""
    address: AddressAsked | None = None
    """an address, also one inside a held prefix (/16 to /128); or a prefix, exactly equal"""
    state: SessionState | None = None
    limit: LimitAsked = 100
    cursor: CursorAsked = ""
