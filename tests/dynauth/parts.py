"""Requests, BNGs and sessions for these tests; octets are written here by hand, so that nothing vouches for itself."""

from __future__ import annotations

import functools
import hmac
import ipaddress
from hashlib import md5

from bngcorr.app.dynauth import DynauthPolicies, dynauth_policies
from bngcorr.bng_profiles import compile_all
from bngcorr.config import parse
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.vocabulary import SessionState
from bngcorr.proxy.dynauth.route import Directory
from bngcorr.resources import resource
from bngcorr.store.rows import SessionRow
from bngcorr.wire import radius
from bngcorr.wire.dictionary import Dictionary
from bngcorr.wire.radius import PacketView
from tests.service.radius import attribute, line

DISCONNECT, DISCONNECT_ACK, DISCONNECT_NAK, COA, COA_ACK, COA_NAK = 40, 41, 42, 43, 44, 45
SESSION_ID, ERROR_CAUSE, PROXY_STATE = 44, 101, 33
AAA_SECRET, BNG_SECRET = b"between-aaa-and-proxy", b"between-bng-and-proxy"
NOW_MS = 1_700_000_000_000
MAC = Mac(bytes.fromhex("000e8f000001"))
LINE = line("olt7/12", "olt7 eth 1/12")


@functools.cache
def dictionary() -> Dictionary:
    """Ours; read once."""
    return Dictionary(resource("dictionaries") / "dictionary")


def policies(*bngs: dict[str, object], **dynauth: object) -> DynauthPolicies:
    """What a configuration with these BNGs says of CoA and Disconnect."""
    server = {"address": "192.0.2.10:1812", "secret": "example"}
    entries = [
        {"name": f"bng{number}", "address": f"192.0.2.{number}", "secret": BNG_SECRET.decode(), **bng}
        for number, bng in enumerate(bngs, 1)
    ]
    config = parse({"upstream": {"auth": server, "acct": server}, "bngs": entries, "dynauth": dynauth})
    return dynauth_policies(config, compile_all(config, dictionary()))


def directory(*bngs: dict[str, object]) -> Directory:
    """These BNGs."""
    return policies(*bngs).rules.directory


def request(attributes: bytes = b"", *, code: int = DISCONNECT, secret: bytes = AAA_SECRET) -> bytes:
    """A CoA-Request or Disconnect-Request (RFC 5176 §2.3)."""
    head = bytes((code, 7)) + (20 + len(attributes)).to_bytes(2, "big")
    return head + md5(head + bytes(16) + attributes + secret).digest() + attributes


def signed(attributes: bytes, *, code: int = DISCONNECT, secret: bytes = AAA_SECRET) -> bytes:
    """With a Message-Authenticator in front (RFC 5176 §3.4: over a header with zeros)."""
    empty = attribute(80, bytes(16))
    head = bytes((code, 7)) + (20 + len(empty) + len(attributes)).to_bytes(2, "big")
    digest = hmac.digest(secret, head + bytes(16) + empty + attributes, "md5")
    return request(empty[:2] + digest + attributes, code=code, secret=secret)


def reply(to: bytes, code: int, attributes: bytes = b"", *, secret: bytes = BNG_SECRET) -> bytes:
    """What a BNG answers (RFC 5176 §2.3)."""
    head = bytes((code, to[1])) + (20 + len(attributes)).to_bytes(2, "big")
    return head + md5(head + to[4:20] + attributes + secret).digest() + attributes


def view(octets: bytes) -> PacketView:
    """Decoded."""
    return radius.decode(octets)


def values(octets: bytes) -> list[tuple[int, bytes]]:
    """Types and values of attributes, in order."""
    found = []
    while octets:
        found.append((octets[0], octets[2 : octets[1]]))
        octets = octets[octets[1] :]
    return found


def session(name: str, *hosts: str, **changes: object) -> SessionRow:
    """A session of bng1 that is up; `name` is its Acct-Session-Id."""
    kinds = {4: "v4", 6: "ia_pd"}
    row: dict[str, object] = {
        "session": md5(name.encode()).hexdigest()[:24],
        "domain": "bng1",
        "nas": "bng1|",
        "state": SessionState.UP,
        "line": "a" * 24,
        "ids": LineIds(b"olt7/12", b"olt7 eth 1/12"),
        "hosts": tuple(f"{kinds[ipaddress.ip_network(host).version]}||{host}" for host in hosts),
        "at_ms": NOW_MS,
        "until_ms": NOW_MS + 1_000,
        "session_id": name.encode(),
        "user_name": "raw-user",
        "port": Attachment("1/1/4", 100, 20),
        "address": MAC,
        "outcome": None,
        **changes,
    }
    return SessionRow(**row)  # type: ignore[arg-type]
