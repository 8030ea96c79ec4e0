"""Every hop of every request as a log line, for `log.level: debug`: in the phrases of FreeRADIUS, with a `corr_id`.

It costs more than carrying the request does. At any other level nobody makes one.
"""

from __future__ import annotations

from typing import Final

import structlog

from bngcorr.model.mac import format_mac
from bngcorr.model.shown import corr_id
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import DropReason
from bngcorr.proxy.request import Request
from bngcorr.proxy.sockets import NasSocket
from bngcorr.proxy.upstream.flight import Flight
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import PacketView

_TITLES: Final = {int(code): code.title for code in a.Code}

log = structlog.get_logger()


class Chatter:
    """Tells the story of each request while it goes on."""

    def received(self, request: Request) -> None:
        """From a BNG, admitted."""
        view, link = request.view, request.link
        mac = request.identity.mac
        log.debug(
            f"Received {_TITLES[view.code]} Id {view.identifier} from {_at(link.peer.host, link.peer.port)} to "
            f"{_local(link.socket)} length {len(view.octets)}",
            corr_id=corr_id(view.authenticator), bng=request.bng, client=request.host, code=_TITLES[view.code],
            id=view.identifier, nas_id=view.text(a.NAS_IDENTIFIER), user_name=view.text(a.USER_NAME),
            session_id=view.text(a.ACCT_SESSION_ID), mac=None if mac is None else format_mac(mac),
        )  # fmt: skip

    def judged(self, request: Request, verdict: Verdict) -> None:
        """It has its verdict, and goes on."""
        view, identity, classification = request.view, request.identity, request.classification
        ids = identity.ids if verdict.ids is None else verdict.ids
        log.debug(
            f"Judged {_TITLES[view.code]} Id {view.identifier}: {verdict.outcome}",
            corr_id=corr_id(view.authenticator), bng=request.bng, corr_result=str(verdict.outcome),
            rung=_text(verdict.rung), key=_text(verdict.key), line=verdict.line, distance_ms=verdict.distance_ms,
            held_ms=verdict.held_ms, family=str(classification.trigger), strength=_text(classification.strength),
            attachment=_text(identity.attachment), remote_id=_octets(ids.remote_id),
            remote_id_raw=_octets(identity.raw_remote_id), circuit_id=_octets(ids.circuit_id),
            enterprise=identity.enterprise_number,
        )  # fmt: skip

    def sent(self, request: Request, flight: Flight[Request], octets: bytes) -> None:
        """To an AAA server."""
        view, server = request.view, flight.server
        log.debug(
            f"Sent {_TITLES[view.code]} Id {flight.identifier} to {server.settings.shown_address} length {len(octets)}",
            corr_id=corr_id(view.authenticator), bng=request.bng, pool=server.settings.pool, upstream=server.name,
        )  # fmt: skip

    def heard(self, request: Request, flight: Flight[Request], view: PacketView, now: float) -> None:
        """Back from it, and good."""
        server = flight.server
        log.debug(
            f"Received {_TITLES[view.code]} Id {view.identifier} from {server.settings.shown_address} length "
            f"{len(view.octets)}",
            corr_id=corr_id(request.view.authenticator), bng=request.bng, pool=server.settings.pool,
            upstream=server.name, rtt_ms=round((now - flight.sent_at) * 1000, 1),
        )  # fmt: skip

    def answered(self, request: Request, code: int, reply: bytes, took_s: float) -> None:
        """To the BNG."""
        link = request.link
        log.debug(
            f"Sent {_TITLES[code]} Id {request.view.identifier} from {_local(link.socket)} to "
            f"{_at(link.peer.host, link.peer.port)} length {len(reply)}",
            corr_id=corr_id(request.view.authenticator), bng=request.bng, code=_TITLES[code],
            took_ms=round(took_s * 1000, 1),
        )  # fmt: skip

    def dropped(self, request: Request, reason: DropReason) -> None:
        """It gets no answer."""
        view = request.view
        log.debug(
            f"Discarding {_TITLES[view.code]} Id {view.identifier}", corr_id=corr_id(view.authenticator),
            bng=request.bng, reason=str(reason),
        )  # fmt: skip


def _at(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _local(socket: NasSocket) -> str:
    return _at(socket.host, socket.port)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _octets(value: bytes | None) -> str | None:
    """Text if every octet is printable ASCII, else hexadecimal behind 0x."""
    if value is None:
        return None
    return value.decode("ascii") if all(0x20 <= octet <= 0x7E for octet in value) else "0x" + value.hex()
