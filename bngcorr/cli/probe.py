"""`bngcorr probe`."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Annotated, Final, NoReturn

from cyclopts import Parameter

from bngcorr.cli import probe_packet
from bngcorr.cli.api_client import Json
from bngcorr.cli.exits import DONE, NEGATIVE, REFUSED, UNREACHABLE
from bngcorr.cli.output import Output, print_one
from bngcorr.cli.parameters import FLAG, HERE, ApiAt, OutputAs
from bngcorr.cli.probe_packet import Request
from bngcorr.cli.probe_trace import ProbeTrace
from bngcorr.cli.tables import plain, screen
from bngcorr.cli.trace_screen import print_packets, print_verdict
from bngcorr.model.shown import instant_shown
from bngcorr.resources import resource
from bngcorr.wire import attributes as a
from bngcorr.wire.dictionary import Dictionary
from bngcorr.wire.radius import PacketView, decode
from bngcorr.wire.values import Named

SECRET_VARIABLE: Final = "BNGCORR_PROBE_SECRET"  # noqa: S105 -- the name of it
PASSWORD_VARIABLE: Final = "BNGCORR_PROBE_PASSWORD"  # noqa: S105 -- the name of it
MOST_TRIES: Final = 10
LONGEST_S: Final = 60.0

_CSV: Final = ("leg", "after_ms", "peer", "code", "identifier", "octets", "attributes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request, and what came of it."""

    request: Request
    at_ms: int  # epoch milliseconds
    tries: int
    took_ms: float | None
    answer: PacketView | None
    other: str  # what came, or happened, that was no answer


def probe(
    *attributes: str,
    to: str = "127.0.0.1:1812",
    source: str | None = None,
    user: Annotated[str | None, Parameter(name=("--user", "-u"))] = None,
    secret_file: Path | None = None,
    password_file: Path | None = None,
    chap: Annotated[bool, FLAG] = False,
    status: Annotated[bool, FLAG] = False,
    timeout: float = 3.0,
    tries: int = 3,
    trace: bool = True,
    show_attributes: Annotated[bool, Parameter(name=("--attributes", "-a"), negative="")] = False,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
) -> None:
    """Send a test request through the proxy to AAA, and show each hop: what was sent, what came of it, and when.

        export BNGCORR_PROBE_SECRET=… BNGCORR_PROBE_PASSWORD=…
        bngcorr probe -u test@example.net Calling-Station-Id=00-00-5e-00-53-01 NAS-Port-Id=1/1/4:100.20
        bngcorr probe --status

    It is a real Access-Request: bngcorr and AAA take it for a customer's, and this host has to be one of the `bngs` of
    the configuration (for --status, one of these or of the `monitors`). With a token of scope act, a trace tells of the
    hops between; without one only both ends are shown.

    Secret and password are never given on the command line: a file, or BNGCORR_PROBE_SECRET and BNGCORR_PROBE_PASSWORD
    of the environment.

    Exits 0 for an Access-Accept (with --status any answer), 1 for a Reject or Challenge, 2 for a bad question, 3 if no
    answer comes.

    Parameters
    ----------
    attributes:
        Name=value, the name as of the RADIUS dictionaries, vendors' too; octets in hexadecimal behind 0x.
    to:
        Address and port of the proxy.
    source:
        Address of this host to send from.
    user:
        User-Name.
    secret_file:
        The file with the shared secret. Default: BNGCORR_PROBE_SECRET.
    password_file:
        The file with the user's password. Default: BNGCORR_PROBE_PASSWORD; without either none is sent.
    chap:
        Send the password as CHAP does, not as PAP.
    status:
        Send a Status-Server: is the proxy alive? Nothing is sent on to AAA.
    timeout:
        Seconds to wait before it is sent again.
    tries:
        Send it at most so many times, as a BNG would.
    trace:
        Ask the API for a trace of the request.
    show_attributes:
        Show all attributes of every packet, not only what was changed on the way.
    """
    if not 0 < timeout <= LONGEST_S:
        _fail(f"--timeout {timeout:g} is not 0 … {LONGEST_S:g} seconds")
    if not 1 <= tries <= MOST_TRIES:
        _fail(f"--tries {tries} is not 1 … {MOST_TRIES}")
    secret = _secret("secret", secret_file, SECRET_VARIABLE)
    if not secret:
        _fail(f"expected the shared secret, in --secret-file or {SECRET_VARIABLE}")
    password = None if status else _secret("password", password_file, PASSWORD_VARIABLE)
    if chap and password is None:
        _fail(f"--chap takes a password, in --password-file or {PASSWORD_VARIABLE}")
    pairs = [*([("User-Name", user)] if user is not None else []), *map(_pair, attributes)]
    named = Dictionary(resource("dictionaries") / "dictionary").named
    with _connected(to, source) as opened:
        request = _request(named, pairs, opened, password, secret, chap=chap, status=status)
        traced = ProbeTrace.begin(api, pairs) if trace and not status else ProbeTrace.none()
        with traced:
            sent = _send(opened, request, secret, timeout, tries)
            hops = traced.request_of(request.authenticator)
            sources = traced.sources()
    _print({**_told(sent, hops, traced.missing, to, named), "sources": sources}, output, show_attributes)
    if sent.answer is None:
        print(f"bngcorr probe: {_why_silent(sent, status)}", file=sys.stderr)
        sys.exit(UNREACHABLE)
    sys.exit(DONE if sent.answer.code == a.Code.ACCESS_ACCEPT or status else NEGATIVE)


def _fail(said: str) -> NoReturn:
    print(f"bngcorr probe: {said}", file=sys.stderr)
    sys.exit(REFUSED)


def _secret(what: str, file: Path | None, variable: str) -> bytes | None:
    if file is None:
        given = os.environ.get(variable)
        return None if given is None else os.fsencode(given)
    try:
        return file.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        _fail(f"--{what}-file {file}: {error.strerror}")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    return (name, value) if name and equals else _fail(f"{text!r} is not name=value")


def _endpoint(text: str) -> tuple[IPv4Address | IPv6Address, int]:
    host, _, port = text.rpartition(":")
    if re.fullmatch(r"[0-9]{1,5}", port) and 0 < int(port) < 65_536:
        with contextlib.suppress(ValueError):
            return ip_address(host.removeprefix("[").removesuffix("]")), int(port)
    _fail(f"--to {text!r} is not an address and a port, such as 192.0.2.5:1812 or [2001:db8::5]:1812")


def _connected(to: str, source: str | None) -> socket.socket:
    host, port = _endpoint(to)
    opened = socket.socket(socket.AF_INET6 if host.version == 6 else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if source is not None:
            opened.bind((source, 0))
        opened.connect((str(host), port))
    except OSError as error:
        opened.close()
        _fail(f"{f'--source {source}, ' if source else ''}--to {to}: {error.strerror or error}")
    return opened


def _request(
    named: Mapping[int, Named], pairs: list[tuple[str, str]], opened: socket.socket, password: bytes | None,
    secret: bytes, *, chap: bool, status: bool,
) -> Request:  # fmt: skip
    random = secrets.token_bytes(probe_packet.RANDOM_OCTETS)
    source = ip_address(opened.getsockname()[0].partition("%")[0])
    try:
        attributes = probe_packet.with_source(probe_packet.encoded(named, pairs), source)
        if status:
            return probe_packet.status_request(attributes, secret, random)
        return probe_packet.access_request(attributes, password, secret, random, chap=chap)
    except ValueError as error:
        _fail(str(error))


def _send(opened: socket.socket, request: Request, secret: bytes, timeout_s: float, tries: int) -> Sent:
    """Until an answer comes, or for the last time: the same octets each time (RFC 2865 §2.5)."""
    at_ms, begun = time.time_ns() // 1_000_000, time.monotonic()
    answer, other, number = None, "", 0
    while answer is None and number < tries:
        number += 1
        deadline = time.monotonic() + timeout_s
        try:
            opened.send(request.octets)
            while answer is None and (left := deadline - time.monotonic()) > 0:
                opened.settimeout(left)
                answer = probe_packet.answer_to(request, opened.recv(65_535), secret)
                other = "" if answer is not None else "what came back is not signed with this secret"
        except TimeoutError:
            continue
        except ConnectionRefusedError:
            other = "nobody listens there"
            time.sleep(max(0.0, min(0.5, deadline - time.monotonic())))
        except OSError as error:
            other = error.strerror or str(error)
            break
    took_ms = None if answer is None else round((time.monotonic() - begun) * 1000, 1)
    return Sent(request=request, at_ms=at_ms, tries=number, took_ms=took_ms, answer=answer, other=other)


def _why_silent(sent: Sent, status: bool) -> str:
    if sent.other:
        return sent.other
    place = "bngs or monitors" if status else "bngs"
    return (
        f"no answer to {sent.tries} tries: either this host is none of `{place}`, the secret is another, or AAA is "
        "silent; bngcorr_radius_discards_total and the log of `bngcorr serve` tell"
    )


# ---- what is printed


def _told(sent: Sent, hops: Json | None, missing: str, to: str, named: Mapping[int, Named]) -> Json:
    """The whole as JSON; its ends look as packets of a trace do."""
    packets = [_packet("probe", sent.at_ms, 0, to, decode(sent.request.octets), named)]
    if hops is not None:
        packets += hops["packets"]
    if sent.answer is not None:
        took = round(sent.took_ms or 0)
        packets.append(_packet("answer", sent.at_ms + took, took, to, sent.answer, named))
    return {
        "to": to,
        "at": instant_shown(sent.at_ms),
        "tries": sent.tries,
        "answer": None if sent.answer is None else a.Code(sent.answer.code).title,
        "took_ms": sent.took_ms,
        "hops": hops,
        "no_hops": missing or None,
        "packets": packets,
    }


def _packet(leg: str, at_ms: int, after_ms: int, peer: str, view: PacketView, named: Mapping[int, Named]) -> Json:
    return {
        "leg": leg, "at": instant_shown(at_ms), "after_ms": after_ms, "peer": peer, "code": a.Code(view.code).title,
        "identifier": view.identifier, "octets": len(view.octets), "cut": False,
        "attributes": probe_packet.attributes_shown(view, named),
    }  # fmt: skip


def _print(told: Json, output: Output, show_attributes: bool) -> None:
    def table() -> None:
        console = screen()
        if told["hops"] is not None:
            print_verdict(console, told["hops"])
        print_packets(console, told["packets"], attributes=show_attributes)
        if told["no_hops"]:
            console.print(f"The hops between are not shown: {plain(told['no_hops'])}", soft_wrap=True)
        if told["sources"]:
            seen = dict.fromkeys(f"{plain(one['source'])} ({plain(one['upstream'])})" for one in told["sources"])
            console.print(
                f"AAA servers are asked from {', '.join(seen)}; what translates addresses on the way is not seen here.",
                soft_wrap=True,
            )
        if told["answer"] is not None:
            again = "" if told["tries"] == 1 else f", by try {told['tries']}"
            console.print(f"{told['answer']} in {told['took_ms']} ms{again}.")

    print_one(told, output, columns=_CSV, rows=told["packets"], table=table)
