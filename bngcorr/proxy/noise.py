"""Log lines about what goes wrong on the wire: one for each cause and interval, and how often it happened besides.

The phrases are those that operators of RADIUS servers search their logs for. A line about a request has its `corr_id`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Final

import structlog

from bngcorr.model.shown import corr_id
from bngcorr.model.vocabulary import Condition, DropReason
from bngcorr.proxy.inside import Inside
from bngcorr.proxy.upstream.settings import Settings
from bngcorr.wire import attributes as a

INTERVAL_S: Final = 60.0
MOST_CAUSES: Final = 1024  # causes include peers' addresses, which anybody can make up

NOWHERE: Final = Inside(())

_HEADER_OCTETS: Final = 20
_OF_ONE: Final = ("corr_id", "id", "exc_info")  # not said of those that were suppressed, nor kept
_CODES: Final = {int(code): code.title for code in a.Code}

_DIFFERS: Final = "the secret that this AAA server uses for CoA differs from the one under dynauth.clients"
_DYNAUTH_HINTS: Final = {
    DropReason.BAD_AUTHENTICATOR: _DIFFERS,
    DropReason.BAD_MESSAGE_AUTHENTICATOR: _DIFFERS,
    DropReason.STALE_EVENT_TIMESTAMP: "a replay, or its clock and ours differ by more than dynauth.replay_window",
    DropReason.MISSING_EVENT_TIMESTAMP: "have it send Event-Timestamp, or take require_event_timestamp back",
    DropReason.MISSING_MESSAGE_AUTHENTICATOR: "have it sign, or take require_message_authenticator back",
}

log = structlog.get_logger()


class _Told:
    """A cause that was told."""

    __slots__ = ("at", "event", "fields", "level", "suppressed")

    def __init__(self, at: float) -> None:
        self.at = at  # monotonic seconds
        self.suppressed = 0  # since then
        self.level = ""  # name of the logger's method
        self.event = ""
        self.fields: dict[str, Any] = {}


class Noise:
    """Says each thing at most once an interval; what was suppressed meanwhile is counted and told at its end."""

    def __init__(
        self, *, interval_s: float = INTERVAL_S, clock: Callable[[], float] = time.monotonic, inside: Inside = NOWHERE
    ) -> None:
        """`inside`: where no BNG is, but nodes and pods."""
        self._interval_s: Final = interval_s
        self._clock: Final = clock
        self._inside: Final = inside
        self._translated_at = -math.inf
        self._prune_at = 0.0
        self._told: Final[dict[tuple[str, ...], _Told]] = {}

    def _due(self, cause: tuple[str, ...]) -> _Told | None:
        """What is to be filled in and said, or None to keep silent."""
        now = self._clock()
        told = self._told.get(cause)
        if told is not None:
            if now - told.at < self._interval_s:
                told.suppressed += 1
                return None
            told.at = now
            return told
        if len(self._told) >= MOST_CAUSES:
            if now < self._prune_at:
                return None
            self._prune_at = now + 1.0  # a flood of made-up addresses must not cost a look at all of them each
            self.flush()
            if len(self._told) >= MOST_CAUSES:
                return None
        told = self._told[cause] = _Told(now)
        return told

    def _say(self, told: _Told, level: str, event: str, **fields: Any) -> None:
        told.level, told.event = level, event
        told.fields = {key: value for key, value in fields.items() if key not in _OF_ONE}
        suppressed, told.suppressed = told.suppressed, 0
        getattr(log, level)(event, **fields, suppressed=suppressed)

    def flush(self) -> None:
        """Tell what was suppressed of everything whose interval is over, and forget what is quiet. To be called now and
        then: a cause that is over would keep its count for itself.
        """
        now = self._clock()
        over = [(cause, told) for cause, told in self._told.items() if now - told.at >= self._interval_s]
        for cause, told in over:
            if told.suppressed == 0:
                del self._told[cause]
                continue
            suppressed, told.suppressed, told.at = told.suppressed, 0, now
            getattr(log, told.level)(f"{told.event}, repeated", **told.fields, suppressed=suppressed)

    @property
    def translated(self) -> bool:
        """Whether requests of late came from where only nodes and pods are."""
        return self._clock() - self._translated_at < 2 * self._interval_s

    # ---- from BNGs

    def unknown_client(self, host: str, port: int, code: a.Code) -> None:
        """A datagram from an address that is no BNG of ours."""
        told = self._due(("unknown-client", host))
        if told is not None:
            if self._inside.has(host):
                self._translated_at = self._clock()
                self._say(
                    told, "error",
                    "Requests arrive from inside the cluster: their source addresses were replaced on the way",
                    reason=str(DropReason.UNKNOWN_CLIENT),
                    client=host,
                    port=port,
                    hint="no BNG is known by its address then: set externalTrafficPolicy: Local, or look at the load "
                    "balancer and the CNI, as docs/kubernetes.md says; if it is a BNG, add it to bngs[].address",
                )  # fmt: skip
                return
            kind = "accounting" if code is a.Code.ACCOUNTING_REQUEST else "auth"
            self._say(
                told, "warning",
                f"Ignoring request to {kind} address from unknown client {host} port {port} proto udp",
                reason=str(DropReason.UNKNOWN_CLIENT),
                client=host,
                hint="add it to bngs[].address; if it is a router, node or gateway and no BNG, something in between "
                "translates source addresses (NAT, a load balancer, externalTrafficPolicy: Cluster)",
            )  # fmt: skip

    def refused(self, host: str, reason: DropReason, octets: bytes) -> None:
        """A datagram of a known BNG or monitor that is malformed or not authentic."""
        told = self._due((str(reason), host))
        if told is None:
            return
        hint = None
        if reason in (DropReason.BAD_AUTHENTICATOR, DropReason.BAD_MESSAGE_AUTHENTICATOR):
            hint = "the shared secret that it has for us differs from the one here"
        named = len(octets) >= _HEADER_OCTETS
        self._say(
            told, "warning", "Discarding request", reason=str(reason), client=host,
            id=octets[1] if named else None, corr_id=corr_id(octets[4:20]) if named else None, hint=hint,
        )  # fmt: skip

    def duplicate(self, bng: str, host: str, port: int, octets: bytes) -> None:
        """A BNG sends again what is being worked on."""
        told = self._due(("duplicate", bng))
        if told is not None:
            self._say(
                told, "info",
                f"Discarding duplicate request from client {host} port {port} - ID: {octets[1]} due to unfinished "
                "request",
                reason=str(DropReason.DUPLICATE_IN_FLIGHT), bng=bng, corr_id=corr_id(octets[4:20]),
            )  # fmt: skip

    def dropped(self, bng: str, host: str, reason: DropReason, authenticator: bytes) -> None:
        """A good request of a BNG that can't be carried on."""
        told = self._due(("dropped", str(reason), bng))
        if told is not None:
            self._say(
                told, "warning", "Discarding request", reason=str(reason), bng=bng, client=host,
                corr_id=corr_id(authenticator),
            )  # fmt: skip

    # ---- from AAA

    def bad_reply(self, server: Settings, reason: str, octets: bytes, authenticator: bytes | None) -> None:
        """A datagram from an AAA server that is refused. `authenticator`: of the request that waits for it, if one
        does.
        """
        told = self._due(("reply", reason, server.pool, server.name))
        if told is None:
            return
        says = "Discarding reply from AAA"
        if reason == DropReason.UNEXPECTED_REPLY and len(octets) >= _HEADER_OCTETS:
            code, (host, port) = _CODES.get(octets[0], "unknown"), server.address
            says = f"No outstanding request was found for {code} packet from host {host} port {port} - ID {octets[1]}"
        self._say(
            told, "warning", says, reason=reason, pool=server.pool, server=server.name,
            corr_id=None if authenticator is None else corr_id(authenticator),
        )  # fmt: skip

    def no_reply(self, server: Settings, authenticator: bytes) -> None:
        """AAA did not answer a request in time."""
        told = self._due(("no-reply", server.pool, server.name))
        if told is not None:
            self._say(
                told, "warning", "AAA did not answer in time", reason=str(DropReason.NO_REPLY), pool=server.pool,
                server=server.name, corr_id=corr_id(authenticator),
            )  # fmt: skip

    def no_upstream(self, pool: str, authenticator: bytes) -> None:
        """Every server of a pool is dead, or taken out."""
        told = self._due(("no-upstream", pool))
        if told is not None:
            self._say(
                told, "error", "No server left in the pool", reason=str(DropReason.NO_UPSTREAM), pool=pool,
                corr_id=corr_id(authenticator),
            )  # fmt: skip

    def marked(self, pool: str, server: str, host: str, port: int, state: Condition) -> None:
        """An AAA server is in another condition than before."""
        told = self._due(("marked", pool, server, str(state)))
        if told is not None:
            self._say(
                told, "info" if state is Condition.ALIVE else "warning",
                f"Marking home server {host} port {port} {state}", pool=pool, server=server,
            )  # fmt: skip

    # ---- CoA and Disconnect

    def unknown_dynauth_client(self, host: str, port: int) -> None:
        """A CoA or Disconnect from an address that may send none."""
        told = self._due(("unknown-dynauth-client", host))
        if told is not None:
            self._say(
                told, "warning",
                f"Ignoring request to coa address from unknown client {host} port {port} proto udp",
                reason=str(DropReason.UNKNOWN_CLIENT), client=host, hint="add it to dynauth.clients",
            )  # fmt: skip

    def discarded_dynauth(self, host: str, reason: DropReason, octets: bytes) -> None:
        """A CoA or Disconnect of a known client that is malformed or not authentic."""
        told = self._due(("dynauth-discarded", str(reason), host))
        if told is not None:
            self._say(
                told, "warning", "Discarding CoA or Disconnect", reason=str(reason), client=host,
                corr_id=corr_id(octets[4:20]) if len(octets) >= _HEADER_OCTETS else None,
                hint=_DYNAUTH_HINTS.get(reason),
            )  # fmt: skip

    def refused_dynauth(self, client: str, code: str, cause: int, why: str, authenticator: bytes) -> None:
        """A CoA or Disconnect of AAA's that we refuse ourselves."""
        told = self._due(("dynauth", client, str(cause)))
        if told is not None:
            self._say(
                told, "warning", f"Refusing {code}", client=client, error_cause=cause, why=why,
                corr_id=corr_id(authenticator),
            )  # fmt: skip

    def bad_dynauth_reply(self, host: str, reason: str) -> None:
        """A datagram that is no answer to a CoA or Disconnect."""
        told = self._due(("dynauth-reply", host, reason))
        if told is not None:
            self._say(told, "warning", "Discarding reply to CoA or Disconnect", reason=reason, bng=host)

    def silent_dynauth(self, bng: str, authenticator: bytes) -> None:
        """A BNG did not answer a CoA or Disconnect of AAA's."""
        told = self._due(("dynauth-silent", bng))
        if told is not None:
            self._say(
                told, "warning", "BNG did not answer a CoA or Disconnect in time", bng=bng,
                corr_id=corr_id(authenticator),
                hint="it takes them from addresses that it knows, with the secret of bngs[].dynauth",
            )  # fmt: skip

    # ---- here

    def internal(self, what: str, peer: str, error: Exception, authenticator: bytes | None = None) -> None:
        """Our bug: something of that peer's was dropped because of an error that nobody foresaw."""
        told = self._due(("internal", what, type(error).__name__))
        if told is not None:
            self._say(
                told, "error", f"internal error, {what}", client=peer, exc_info=error,
                corr_id=None if authenticator is None else corr_id(authenticator),
            )  # fmt: skip

    def spool_full(self, why: str) -> None:
        """Accounting is not acknowledged."""
        told = self._due(("spool-full",))
        if told is not None:
            self._say(
                told, "warning", "spool takes no records, they are not acknowledged",
                reason=str(DropReason.SPOOL_FULL), error=why,
            )  # fmt: skip

    def spool_takes(self) -> None:
        """Accounting is acknowledged again."""
        told = self._due(("spool-takes",))
        if told is not None:
            self._say(told, "warning", "spool takes records again")

    def unlearnable(self, host: str, bng: str, why: str) -> None:
        """A record of an earlier time that nothing can be learnt from."""
        told = self._due(("unlearnable", host, why))
        if told is not None:
            self._say(
                told, "warning", "record in the spool goes to AAA, but nothing is learnt from it", client=host, bng=bng,
                error=why,
            )  # fmt: skip

    def lost_write(self, lesson: str, why: str) -> None:
        """The store refuses for good what one lesson says."""
        told = self._due(("lost-write", lesson, why))
        if told is not None:
            self._say(told, "error", "store can't take this, it is lost", lesson=lesson, error=why)

    def held_up(self, lag_s: float) -> None:
        """Something kept the event loop: nobody was served meanwhile."""
        told = self._due(("held-up",))
        if told is not None:
            self._say(
                told, "warning", "nothing was served for a while", lag_ms=round(lag_s * 1000),
                hint="the machine is short of CPU, or something in this process took too long",
            )  # fmt: skip
