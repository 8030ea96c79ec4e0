"""Packets to begin with: what a fuzzer would need long to find by itself."""

from __future__ import annotations

from bngcorr.wire import radius_auth
from tests.fuzz.paths import OURS
from tests.lab_parts import SECRET
from tests.wire.radius_packets import plain, vsa


def seeds() -> list[bytes]:
    """Requests and a Status-Server of a BNG's, signed, with attributes of every kind that is looked into."""
    vector = bytes(range(16))
    common = (
        plain(1, b"00:0e:8f:00:00:01"), plain(31, b"00:0e:8f:00:00:01"), plain(44, b"00c11"), plain(4, bytes(4)),
        plain(32, b"bng1"), plain(87, b"1/1/4:100.20"), plain(5, bytes(4)), plain(61, b"\0\0\0\x21"),
        vsa(3561, (1, b"olt7 eth 1/1"), (2, b"\0\0\x07\xdbolt7/1")), vsa(6527, (27, b"00:0e:8f:00:00:01")),
        vsa(6527, (102, b"\x35\x01\x01\x52\x08\x02\x06olt7/1")), vsa(6527, (191, b"\x00\x08\x00\x02\x00\x00")),
        vsa(4874, (26, b"circuit"), (55, b"\x52\x04\x01\x02ab")), vsa(2352, (96, b"remote"), (97, b"circuit")),
        vsa(9, (1, b"remote-id-tag=olt7"), (1, b"dhcpv6-interface-id=30")), vsa(2011, (150, bytes(8))),
        plain(33, b"state"), plain(241, b"\x1a" + bytes(8)), plain(245, b"\x1a\x80" + bytes(8)),
    )  # fmt: skip
    body = b"".join(piece.octets for piece in common)
    hidden = b"".join(
        piece.octets
        for piece in (
            plain(69, bytes(19)), vsa(311, (16, bytes(34)), (12, bytes(32))), vsa(529, (214, bytes(16))),
            plain(33, OURS),
        )
    )  # fmt: skip
    hosts = (
        plain(40, b"\0\0\0\x03"), plain(8, bytes(4)), plain(97, bytes(10)), plain(123, bytes(9)), plain(168, bytes(16)),
        plain(42, bytes(4)), plain(46, bytes(4)), plain(55, bytes(4)), vsa(6527, (175, b"v6")),
    )  # fmt: skip
    record = body + b"".join(piece.octets for piece in hosts)
    return [
        radius_auth.sign_access_request(1, vector, body + plain(2, bytes(32)).octets, SECRET),
        radius_auth.sign_access_request(
            2, vector, body + plain(3, bytes(17)).octets + plain(79, bytes(4)).octets, SECRET
        ),
        radius_auth.sign_access_request(3, vector, hidden, SECRET),
        radius_auth.sign_accounting_request(4, record, SECRET, with_message=False),
        radius_auth.sign_accounting_request(5, plain(40, b"\0\0\0\x07").octets, SECRET, with_message=True),
        radius_auth.sign_request(12, 6, vector, plain(33, b"state").octets, SECRET),
    ]
