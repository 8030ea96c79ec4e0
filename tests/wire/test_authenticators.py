"""Authenticators and hidden attributes, against pyrad as an independent oracle and against the RFCs' own examples."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyrad.dictionary import Dictionary
from pyrad.packet import AcctPacket, AuthPacket, Packet

from bngcorr.errors import Malformed
from bngcorr.resources import resource
from bngcorr.wire import attributes as a
from bngcorr.wire import core, hiding, radius, radius_auth
from bngcorr.wire.md5 import md5
from bngcorr.wire.radius import PacketView, decode

from .radius_packets import Packet as Whole
from .radius_packets import valid_packets

DICTIONARY: Any = Dictionary(str(resource("dictionaries") / "dictionary"))
SECRET = b"xyzzy5461"
VECTOR = bytes(range(16, 32))

secrets = st.binary(min_size=1, max_size=80)  # above 64 octets HMAC hashes the key first
vectors = st.binary(min_size=16, max_size=16)
identifiers = st.integers(0, 255)


def _attributes(whole: Whole) -> bytes:
    """Attributes of a random packet, without any Message-Authenticator of its own."""
    return b"".join(piece.octets for piece in whole.pieces if piece.octets[0] != a.MESSAGE_AUTHENTICATOR)


def _small(whole: Whole) -> bool:
    return len(whole.octets) <= 4000


# ---- signed by us, verified by pyrad


@settings(max_examples=80, deadline=None)
@given(valid_packets().filter(_small), secrets, vectors, identifiers)
def test_pyrad_accepts_our_access_requests(whole: Whole, secret: bytes, vector: bytes, identifier: int) -> None:
    """The Message-Authenticator of an Access-Request stands first and is the one that pyrad computes."""
    octets = radius_auth.sign_access_request(identifier, vector, _attributes(whole), secret)
    theirs: Any = AuthPacket(packet=octets, secret=secret)  # without a dictionary: attributes stay raw

    assert theirs.verify_message_authenticator()
    assert (80, 18) == (octets[20], octets[21])
    assert vector == octets[4:20]
    assert _attributes(whole) == octets[38:]
    assert radius_auth.message_authenticator_fits(decode(octets), secret, vector)
    assert not radius_auth.message_authenticator_fits(decode(octets), secret + b"x", vector)


@settings(max_examples=80, deadline=None)
@given(valid_packets().filter(_small), secrets, identifiers, st.booleans())
def test_pyrad_accepts_our_accounting_requests(whole: Whole, secret: bytes, identifier: int, signed: bool) -> None:
    """Request Authenticator and Message-Authenticator of an Accounting-Request are the ones that pyrad computes."""
    octets = radius_auth.sign_accounting_request(identifier, _attributes(whole), secret, with_message=signed)
    theirs: Any = AcctPacket(packet=octets, secret=secret)
    view = decode(octets)

    assert theirs.VerifyAcctRequest()
    assert signed == view.has(a.MESSAGE_AUTHENTICATOR)
    if signed:
        assert theirs.verify_message_authenticator()
        assert radius_auth.message_authenticator_fits(view, secret, radius_auth.ZEROS)
    assert radius_auth.accounting_authenticator_fits(view, secret)
    assert not radius_auth.accounting_authenticator_fits(view, secret + b"x")


@settings(max_examples=80, deadline=None)
@given(valid_packets().filter(_small), st.sampled_from((2, 3, 11)), secrets, vectors, identifiers, st.booleans())
def test_pyrad_accepts_our_replies_to_access_requests(
    whole: Whole, code: int, secret: bytes, vector: bytes, identifier: int, signed: bool
) -> None:
    """Response Authenticator and Message-Authenticator of a reply are the ones that pyrad computes."""
    attributes = b"".join(p.octets for p in whole.pieces if p.octets[0] not in (a.MESSAGE_AUTHENTICATOR, a.PROXY_STATE))
    octets = radius_auth.sign_reply(code, identifier, vector, attributes, secret, with_message=signed)
    request: Any = AuthPacket(id=identifier, secret=secret, authenticator=vector)
    view = decode(octets)

    assert request.VerifyReply(request.CreateReply(packet=octets), octets, enforce_ma=signed)
    assert radius_auth.response_authenticator_fits(view, vector, secret)
    assert signed == radius_auth.message_authenticator_fits(view, secret, vector)
    assert not radius_auth.response_authenticator_fits(view, vector, secret + b"x")
    assert not radius_auth.response_authenticator_fits(view, bytes(octet ^ 1 for octet in vector), secret)


@pytest.mark.parametrize("signed", [False, True])
def test_pyrad_accepts_our_accounting_responses(signed: bool) -> None:
    """Of an Accounting-Response, a Message-Authenticator is computed over zeros, as FreeRADIUS does it too."""
    request: Any = AcctPacket(id=9, secret=SECRET, dict=DICTIONARY)
    request["Acct-Status-Type"] = "Start"
    request.RequestPacket()
    octets = radius_auth.sign_reply(5, 9, request.authenticator, b"", SECRET, with_message=signed)

    assert request.VerifyReply(request.CreateReply(packet=octets), octets)


# ---- signed by pyrad, verified by us


def _access_request(secret: bytes, name: str, password: str) -> Any:
    request: Any = AuthPacket(id=3, secret=secret, dict=DICTIONARY, authenticator=os.urandom(16))
    request["User-Name"] = name
    request["User-Password"] = request.PwCrypt(password)
    request["ADSL-Agent-Remote-Id"] = b"LINE-000017"
    request.add_message_authenticator()
    return request


@settings(max_examples=50, deadline=None)
@given(secrets, st.text(max_size=40), st.text(max_size=30))
def test_access_requests_of_pyrad_verify(secret: bytes, name: str, password: str) -> None:
    """An Access-Request signed by pyrad verifies with its secret and with no other."""
    request = _access_request(secret, name, password)
    view = decode(request.RequestPacket())

    assert radius_auth.message_authenticator_fits(view, secret, view.authenticator)
    assert not radius_auth.message_authenticator_fits(view, b"another", view.authenticator) or secret == b"another"


@settings(max_examples=50, deadline=None)
@given(secrets, st.binary(min_size=1, max_size=200), st.booleans())
def test_accounting_requests_of_pyrad_verify(secret: bytes, session: bytes, signed: bool) -> None:
    """An Accounting-Request signed by pyrad verifies, Message-Authenticator included."""
    request: Any = AcctPacket(id=3, secret=secret, dict=DICTIONARY)
    request["Acct-Status-Type"] = "Stop"
    request[44] = [session]
    if signed:
        request.add_message_authenticator()
    view = decode(request.RequestPacket())

    assert radius_auth.accounting_authenticator_fits(view, secret)
    assert signed == radius_auth.message_authenticator_fits(view, secret, radius_auth.ZEROS)


@settings(max_examples=50, deadline=None)
@given(secrets, st.sampled_from((2, 3, 11)), st.lists(st.binary(min_size=1, max_size=50), max_size=5))
def test_replies_of_pyrad_verify(secret: bytes, code: int, classes: list[bytes]) -> None:
    """A reply signed by pyrad verifies against the request's authenticator only."""
    request = _access_request(secret, "cpe", "pw")
    vector: bytes = request.authenticator
    reply = request.CreateReply()
    reply.code = code
    reply[25] = classes
    view = decode(reply.ReplyPacket())

    assert radius_auth.response_authenticator_fits(view, vector, secret)
    assert radius_auth.message_authenticator_fits(view, secret, vector)
    assert not radius_auth.message_authenticator_fits(view, secret, bytes(octet ^ 1 for octet in vector))


def test_one_changed_octet_spoils_every_authenticator() -> None:
    """Whichever octet of a signed packet is changed on the way, no authenticator fits any more."""
    body = radius.attribute(a.USER_NAME, b"cpe") + radius.vendor_attribute(a.AGENT_REMOTE_ID, b"LINE-1")
    access = radius_auth.sign_access_request(1, VECTOR, body, SECRET)
    accounting = radius_auth.sign_accounting_request(1, body, SECRET, with_message=True)
    reply = radius_auth.sign_reply(2, 1, VECTOR, body, SECRET, with_message=True)
    for octets in (access, accounting, reply):
        for at in range(len(octets)):
            spoilt = bytearray(octets)
            spoilt[at] ^= 0x01
            view = _view(bytes(spoilt))
            if view is None or at in (0, 2, 3):  # another code or length is another packet, or none
                continue
            if octets is access:
                assert not radius_auth.message_authenticator_fits(view, SECRET, view.authenticator)
            elif octets is accounting:
                assert not radius_auth.accounting_authenticator_fits(view, SECRET)
            else:
                assert not radius_auth.response_authenticator_fits(view, VECTOR, SECRET)


def _view(octets: bytes) -> PacketView | None:
    try:
        return decode(octets)
    except Malformed:
        return None


def test_a_packet_without_message_authenticator_has_none_that_fits() -> None:
    """Absence is not validity."""
    octets = radius_auth.sign_reply(2, 1, VECTOR, b"", SECRET, with_message=False)

    assert not radius_auth.message_authenticator_fits(decode(octets), SECRET, VECTOR)


def test_a_vendor_sub_attribute_80_is_not_overwritten_or_believed() -> None:
    """The Message-Authenticator that is verified is attribute 80 of the packet, wherever a vendor has its own 80."""
    lookalike = radius.vendor_attribute(a.vendor_key(6527, 80), bytes(16))
    octets = radius_auth.sign_access_request(1, VECTOR, lookalike, SECRET)

    assert radius_auth.message_authenticator_fits(decode(octets), SECRET, VECTOR)
    assert lookalike in octets
    bare = bytes((1, 1, 0, 20 + len(lookalike))) + VECTOR + lookalike
    assert not radius_auth.message_authenticator_fits(decode(bare), SECRET, VECTOR)


@pytest.mark.parametrize("octets", [0, 1, 16, 63, 64, 65, 200])
def test_the_keyed_digest_is_that_of_the_library(octets: int) -> None:
    """What is computed once for a secret is the same at its first use and later, for secrets of every length."""
    secret = bytes(at % 251 for at in range(octets))
    for message in (b"", b"x", bytes(300), b"x"):
        assert hmac.digest(secret, message, "md5") == core.hmac_md5(secret, message)


def test_md5_is_that_of_the_library() -> None:
    """Whichever of the interpreter's two is taken, and also when it goes on from a copy."""
    for message in (b"", b"abc", bytes(4096)):
        started = md5(message[:1])
        copy = started.copy()
        copy.update(message[1:])
        started.update(b"another end")
        assert hashlib.md5(message).digest() == md5(message).digest() == copy.digest()


# ---- hidden attributes


def test_the_example_of_rfc_2865() -> None:
    """User-Password ``arctangent`` of RFC 2865 §7.1 is revealed with its secret ``xyzzy5461``."""
    vector = bytes.fromhex("0f403f9473978057bd83d5cb98f4227a")
    hidden = bytes.fromhex("0dbe708d93d413ce3196e43f782a0aee")

    assert b"arctangent".ljust(16, b"\0") == hiding.reveal(hidden, SECRET, vector)
    assert hidden == hiding.hide(b"arctangent".ljust(16, b"\0"), SECRET, vector)


@pytest.mark.parametrize("octets", range(129))
def test_passwords_of_every_length_are_hidden_as_pyrad_hides_them(octets: int) -> None:
    """A User-Password of 0 to 128 octets is hidden and revealed octet for octet as pyrad does it."""
    password = bytes(1 + at % 127 for at in range(octets))
    theirs: Any = AuthPacket(secret=SECRET, authenticator=VECTOR)
    padded = password.ljust(max(-(-octets // 16) * 16, 16), b"\0")
    hidden = hiding.hide(padded, SECRET, VECTOR)

    assert theirs.PwCrypt(password) == hidden
    assert password.decode() == theirs.PwDecrypt(hidden)
    assert padded == hiding.reveal(hidden, SECRET, VECTOR)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=128), secrets, vectors, secrets, vectors)
def test_a_password_reaches_the_other_hop(
    password: bytes, old: bytes, old_vector: bytes, new: bytes, new_vector: bytes
) -> None:
    """Hidden by pyrad for one hop and hidden anew by us, the password is what pyrad hides for the other hop."""
    bng: Any = AuthPacket(secret=old, authenticator=old_vector)
    aaa: Any = AuthPacket(secret=new, authenticator=new_vector)

    assert aaa.PwCrypt(password) == hiding.rehide(bng.PwCrypt(password), old, old_vector, new, new_vector)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=239), secrets, vectors, secrets, vectors, st.integers(0, 0x7FFF))
def test_a_salted_value_reaches_the_other_hop(
    value: bytes, old: bytes, old_vector: bytes, new: bytes, new_vector: bytes, salt: int
) -> None:
    """A value salted by pyrad for AAA's hop is hidden anew so that pyrad reveals it on the BNG's hop."""
    aaa: Any = Packet(secret=old, authenticator=old_vector)
    bng: Any = Packet(secret=new, authenticator=new_vector)
    hidden = hiding.rehide_salted(aaa.SaltCrypt(value), old, old_vector, new, new_vector, salt)

    assert value == bng.SaltDecrypt(hidden)
    assert (0x8000 | salt).to_bytes(2, "big") == hidden[:2]  # RFC 2868 §3.5: the top bit of the salt is set
    assert len(aaa.SaltCrypt(value)) == len(hidden)


@pytest.mark.parametrize("octets", [0, 1, 15, 17, 31])
def test_a_hidden_value_in_broken_blocks_is_refused(octets: int) -> None:
    """A hidden value that is not a positive multiple of 16 octets is bad-hidden-attribute."""
    with pytest.raises(Malformed) as refusal:
        hiding.rehide(bytes(octets), SECRET, VECTOR, SECRET, VECTOR)

    assert "bad-hidden-attribute" == refusal.value.reason


@pytest.mark.parametrize("octets", [0, 1, 2, 16, 17, 19, 33, 35])
def test_a_salted_value_in_broken_blocks_is_refused(octets: int) -> None:
    """A salted value is two octets of salt and at least one block of 16; anything else is bad-hidden-attribute."""
    with pytest.raises(Malformed) as refusal:
        hiding.rehide_salted(bytes(octets), SECRET, VECTOR, SECRET, VECTOR, 7)

    assert "bad-hidden-attribute" == refusal.value.reason
