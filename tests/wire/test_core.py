"""Digests over the octets of packets, as the RFCs have them."""

from __future__ import annotations

import pytest

from bngcorr.wire import core

# RFC 1321 §A.5
MD5 = {
    b"": "d41d8cd98f00b204e9800998ecf8427e",
    b"a": "0cc175b9c0f1b6a831c399e269772661",
    b"abc": "900150983cd24fb0d6963f7d28e17f72",
    b"message digest": "f96b697d7cb7938d525a2f31aaf161d0",
    b"abcdefghijklmnopqrstuvwxyz": "c3fcd3d76192e4007dfb496cca67e13b",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789": "d174ab98d277d9f5a5611c2c9f419d9f",
    b"1234567890" * 8: "57edf4a22be3c955ac49da2e2107b67a",
}
# RFC 2202 §2
HMAC = (
    (b"\x0b" * 16, b"Hi There", "9294727a3638bb1c13f48ef8158bfc9d"),
    (b"Jefe", b"what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"),
    (b"\xaa" * 16, b"\xdd" * 50, "56be34521d144c88dbb8c733f0e8b3f6"),
    (bytes(range(1, 26)), b"\xcd" * 50, "697eaf0aca3a3aea3a75164746ffaa79"),
    (b"\x0c" * 16, b"Test With Truncation", "56461ef2342edc00f9bab995690efd4c"),
    (b"\xaa" * 80, b"Test Using Larger Than Block-Size Key - Hash Key First", "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"),
    (
        b"\xaa" * 80,
        b"Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data",
        "6f630fad67cda0ee1fb1f562db3aa53e",
    ),
)


@pytest.mark.parametrize("message", MD5)
def test_the_digests_of_rfc_1321(message: bytes) -> None:
    """What masks a hidden block is MD5 over secret and vector: the empty message on one hop, this one on the other."""
    masked = core.rehidden_chain(bytes(16), b"", b"", message[:5], message[5:])

    assert MD5[message] == f"{int.from_bytes(masked, 'big') ^ int(MD5[b''], 16):032x}"


@pytest.mark.parametrize(("secret", "message", "digest"), HMAC)
def test_the_keyed_digests_of_rfc_2202(secret: bytes, message: bytes, digest: str) -> None:
    """Every example of the RFC, for secrets below and above a block."""
    assert digest == core.hmac_md5(secret, message).hex()
