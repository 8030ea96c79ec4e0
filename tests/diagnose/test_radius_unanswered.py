"""RADIUS requests without a reply."""

from __future__ import annotations

import struct

from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.wire.radius import attribute
from tests.diagnose.flow import GATEWAY, HOST, radius
from tests.diagnose.stage import Stage, ethernet, ip4, told, udp

KINDS = (Fault.RADIUS_UNANSWERED, Fault.RADIUS_SERVER_SILENT, Fault.ANSWERS_NOT_SEEN)
BNG, AAA, OTHER = "192.0.2.10", "198.51.100.1", "198.51.100.2"


def asks(identifier: int, authenticator: int = 1, code: int = 1, server: str = AAA, port: int = 1812) -> bytes:
    """A request of the BNG."""
    payload = radius(code, identifier, authenticator)
    return ethernet(HOST, GATEWAY, 0x0800, ip4(BNG, server, 17, udp(40000, port, payload)))


def record(identifier: int, delay: int, session: bytes = b"s1", status: int = 2) -> bytes:
    """An accounting record; sent again it has another identifier and authenticator (RFC 2866 §5.2)."""
    attributes = (
        attribute(40, status.to_bytes(4, "big")) + attribute(44, session) + attribute(41, delay.to_bytes(4, "big"))
    )
    head = struct.pack("!BBH", 4, identifier, 20 + len(attributes)) + bytes((identifier,)) * 16
    return ethernet(HOST, GATEWAY, 0x0800, ip4(BNG, AAA, 17, udp(40000, 1813, head + attributes)))


def replies(identifier: int, code: int = 2, server: str = AAA, port: int = 1812) -> bytes:
    """A reply to it."""
    return ethernet(GATEWAY, HOST, 0x0800, ip4(server, BNG, 17, udp(port, 40000, radius(code, identifier))))


def test_a_server_that_answers_nobody_is_one_fault() -> None:
    """Every request and every retransmission counts for the server, not for itself."""
    stage = Stage()
    numbers = tuple(stage.frame(asks(identifier), at + identifier) for identifier in (1, 2) for at in (0, 5, 10))
    stage.frame(asks(9, server=OTHER), 30)
    stage.frame(replies(9, server=OTHER), 30.1)
    (found,) = stage.faults(*KINDS)

    assert (Fault.RADIUS_SERVER_SILENT, f"{AAA}:1812", set(numbers), 6) == (
        found.fault, found.subject, set(found.packets), found.count,
    )  # fmt: skip


def test_a_single_request_without_a_reply_is_told_of_a_server_that_answers_others() -> None:
    """Accounting as well: what was sent, how often, and for how long."""
    stage = Stage()
    stage.frame(asks(1, code=4, port=1813))
    stage.frame(replies(1, code=5, port=1813), 0.01)
    numbers = tuple(stage.frame(asks(2, 7, 4, port=1813), at) for at in (1, 4, 7))
    stage.frame(asks(3, code=4, port=1813), 20)
    stage.frame(replies(3, code=5, port=1813), 20.1)
    found = stage.faults(*KINDS)

    assert {(Fault.RADIUS_UNANSWERED, f"{BNG} → {AAA}:1813", numbers)} == told(found)
    assert f"Accounting-Request 2 of {BNG} to {AAA}:1813 3 times in 6.0 s: no reply" == found[0].detail


def test_an_identifier_used_again_is_another_request() -> None:
    """256 identifiers go round: the same one with another authenticator is no retransmission."""
    stage = Stage()
    stage.frame(asks(9))
    stage.frame(replies(9), 0.1)
    for at in range(1, 5):
        stage.frame(asks(1, at), 5 * at)
    stage.frame(asks(9, 9), 40)
    stage.frame(replies(9), 40.1)

    assert [] == stage.faults(*KINDS)


def test_the_end_of_the_capture_accuses_nobody() -> None:
    """The third transmission has three seconds for its reply."""
    stage = Stage()
    stage.frame(asks(9))
    stage.frame(replies(9), 0.1)
    for at in (1, 4, 7):
        stage.frame(asks(1, 5), at)
    stage.frame(replies(9), 9)

    assert [] == stage.faults(*KINDS)


def test_a_server_that_comes_back_is_told_as_over() -> None:
    """The first reply clears it."""
    stage = Stage()
    for at in (0, 3, 6, 9):
        stage.frame(asks(1), at)
    back = stage.frame(replies(1), 9.2)

    assert [(Fault.RADIUS_SERVER_SILENT, back)] == [(one.fault, one.cleared) for one in stage.faults(*KINDS)]


def test_requests_that_never_come_again_show_a_one_sided_capture() -> None:
    """They are answered somewhere: the capture is to be made again, and nobody is accused."""
    stage = Stage()
    for identifier in range(6):
        stage.frame(asks(identifier, identifier), identifier)
    stage.frame(asks(99, 99), 60)
    found = stage.faults(*KINDS)

    assert [(Fault.ANSWERS_NOT_SEEN, "RADIUS", Severity.NOTICE)] == [
        (one.fault, one.subject, one.severity) for one in found
    ]


def test_a_request_that_comes_again_shows_that_the_capture_is_not_to_blame() -> None:
    """Its client got no reply: the server is silent, whatever the capture leaves out."""
    stage = Stage()
    for identifier in range(6):
        stage.frame(asks(identifier, identifier), identifier)
    for at in (10, 13, 16):
        stage.frame(asks(7, 7), at)
    stage.frame(asks(99, 99), 60)

    assert [Fault.RADIUS_SERVER_SILENT] == [found.fault for found in stage.faults(*KINDS)]


def test_a_reply_that_is_cut_is_a_reply() -> None:
    """Code and identifier are enough; a snaplen is no server's fault."""
    stage = Stage()
    for at in range(4):
        stage.frame(asks(at, at), at)
        stage.frame(replies(at)[:46], at + 0.1, length=len(replies(at)))
        stage.frame(asks(at, at), at + 0.5)
        stage.frame(replies(at)[:46], at + 0.6, length=len(replies(at)))
    stage.frame(asks(99), 60)

    assert [] == stage.faults(*KINDS)


def test_an_accounting_record_that_says_how_late_it_is_is_the_same_one() -> None:
    """Nobody answers: it is the server, not a capture of one direction; each session by itself."""
    stage = Stage()
    numbers = tuple(stage.frame(record(1 + at, 5 * at), 5 * at) for at in range(4))
    stage.frame(record(9, 0, b"s2"), 16)
    stage.frame(record(20, 0, b"s3"), 40)
    (found,) = stage.faults(*KINDS)

    assert (Fault.RADIUS_SERVER_SILENT, numbers) == (found.fault, found.packets)


def test_a_late_record_that_is_answered_is_answered() -> None:
    """Its earlier transmissions wait for nothing, nor do records of that session that are new."""
    stage = Stage()
    for at in range(2):
        stage.frame(record(1 + at, 5 * at), 5 * at)
    stage.frame(replies(2, 5, port=1813), 5.1)
    for at in range(3, 9):
        stage.frame(record(at, 0, status=3), 600 * at)
        stage.frame(replies(at, 5, port=1813), 600 * at + 0.1)

    assert [] == stage.faults(*KINDS)


def test_a_reply_that_comes_late_ends_it_if_no_other_request_waits() -> None:
    """A slow server: the subscriber waited, and got its answer in the end."""
    stage = Stage()
    stage.frame(asks(9), 0)
    stage.frame(replies(9), 0.1)
    for at in (10, 15, 20):
        stage.frame(asks(1), at)
    late = stage.frame(replies(1), 22)
    (found,) = stage.faults(*KINDS)
    over = found.cleared
    for at in (30, 35, 40):
        stage.frame(asks(2), at)
    for at in (60, 65, 70):
        stage.frame(asks(3), at)
    stage.frame(replies(3), 72)
    (again,) = stage.faults(*KINDS)

    assert (Fault.RADIUS_UNANSWERED, late) == (found.fault, over)
    assert again.cleared is None
