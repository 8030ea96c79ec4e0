"""Log lines about what goes wrong on the wire: one for each cause and interval, with the number suppressed."""

from __future__ import annotations

import time
from typing import Final

import structlog

from bngcorr.model.vocabulary import Condition, DropReason
from bngcorr.wire import attributes as a

INTERVAL_S: Final = 60.0
MOST_CAUSES: Final = 1024  # causes include peers' addresses, which anybody can make up

_DIFFERS: Final = "the secret that this AAA server uses for CoA differs from the one under dynauth.clients"
_DYNAUTH_HINTS: Final = {
    DropReason.BAD_AUTHENTICATOR: _DIFFERS,
    DropReason.BAD_MESSAGE_AUTHENTICATOR: _DIFFERS,
    DropReason.STALE_EVENT_TIMESTAMP: "a replay, or its clock and ours differ by more than dynauth.replay_window",
    DropReason.MISSING_EVENT_TIMESTAMP: "have it send Event-Timestamp, or take require_event_timestamp back",
    DropReason.MISSING_MESSAGE_AUTHENTICATOR: "have it sign, or take require_message_authenticator back",
}

log = structlog.get_logger()


class Noise:
    """Says each thing at most once an interval."""

    def __init__(self, *, interval_s: float = INTERVAL_S) -> None:
        self._interval_s = interval_s
        self._prune_at = 0.0  # monotonic seconds
        self._said: dict[tuple[str, ...], tuple[float, int]] = {}  # cause → (when last said, suppressed since)

    def _due(self, cause: tuple[str, ...]) -> int | None:
        """Number of repeats suppressed since the last line, or None to keep silent."""
        now = time.monotonic()
        said = self._said.get(cause)
        if said is not None and now - said[0] < self._interval_s:
            self._said[cause] = (said[0], said[1] + 1)
            return None
        if said is None and len(self._said) >= MOST_CAUSES:
            if now < self._prune_at:
                return None
            self._prune_at = now + 1.0  # a flood of made-up addresses must not cost a scan each
            for stale in [c for c, (at, _) in self._said.items() if now - at >= self._interval_s]:
                del self._said[stale]
            if len(self._said) >= MOST_CAUSES:
                return None
        self._said[cause] = (now, 0)
        return said[1] if said is not None else 0

    def unknown_client(self, host: str, port: int, code: a.Code) -> None:
        """A datagram from an address that is no BNG of ours."""
        suppressed = self._due(("unknown-client", host))
        if suppressed is not None:
            kind = "accounting" if code is a.Code.ACCOUNTING_REQUEST else "auth"
            log.warning(
                f"Ignoring request to {kind} address from unknown client {host} port {port} proto udp",
                reason=str(DropReason.UNKNOWN_CLIENT),
                client=host,
                suppressed=suppressed,
                hint="add it to bngs[].address; if it is a router, node or gateway and no BNG, something in between "
                "translates source addresses (NAT, a load balancer, externalTrafficPolicy: Cluster)",
            )

    def refused(self, host: str, reason: DropReason) -> None:
        """A datagram of a known BNG or monitor that is malformed or not authentic."""
        suppressed = self._due((str(reason), host))
        if suppressed is None:
            return
        hint = None
        if reason in (DropReason.BAD_AUTHENTICATOR, DropReason.BAD_MESSAGE_AUTHENTICATOR):
            hint = "the shared secret that it has for us differs from the one here"
        log.warning("Discarding request", reason=str(reason), client=host, suppressed=suppressed, hint=hint)

    def unknown_dynauth_client(self, host: str, port: int) -> None:
        """A CoA or Disconnect from an address that may send none."""
        suppressed = self._due(("unknown-dynauth-client", host))
        if suppressed is not None:
            log.warning(
                f"Ignoring request to coa address from unknown client {host} port {port} proto udp",
                reason=str(DropReason.UNKNOWN_CLIENT), client=host, suppressed=suppressed,
                hint="add it to dynauth.clients",
            )  # fmt: skip

    def discarded_dynauth(self, host: str, reason: DropReason) -> None:
        """A CoA or Disconnect of a known client that is malformed or not authentic."""
        suppressed = self._due(("dynauth-discarded", str(reason), host))
        if suppressed is not None:
            log.warning(
                "Discarding CoA or Disconnect", reason=str(reason), client=host, suppressed=suppressed,
                hint=_DYNAUTH_HINTS.get(reason),
            )  # fmt: skip

    def refused_dynauth(self, client: str, code: str, cause: int, why: str) -> None:
        """A CoA or Disconnect of AAA's that we refuse ourselves."""
        suppressed = self._due(("dynauth", client, str(cause)))
        if suppressed is not None:
            log.warning(f"Refusing {code}", client=client, error_cause=cause, why=why, suppressed=suppressed)

    def bad_dynauth_reply(self, host: str, reason: str) -> None:
        """A datagram that is no answer to a CoA or Disconnect."""
        suppressed = self._due(("dynauth-reply", host, reason))
        if suppressed is not None:
            log.warning("Discarding reply to CoA or Disconnect", reason=reason, bng=host, suppressed=suppressed)

    def silent_dynauth(self, bng: str) -> None:
        """A BNG did not answer a CoA or Disconnect."""
        suppressed = self._due(("dynauth-silent", bng))
        if suppressed is not None:
            log.warning(
                "BNG did not answer a CoA or Disconnect in time", bng=bng, suppressed=suppressed,
                hint="it takes them from addresses that it knows, with the secret of bngs[].dynauth",
            )  # fmt: skip

    def internal(self, what: str, peer: str, error: Exception) -> None:
        """Our bug: something of that peer's was dropped because of an error that nobody foresaw."""
        suppressed = self._due(("internal", what, type(error).__name__))
        if suppressed is not None:
            log.error(f"internal error, {what}", client=peer, suppressed=suppressed, exc_info=error)

    def bad_reply(self, reason: str, pool: str, server: str) -> None:
        """A datagram from an AAA server that is refused."""
        suppressed = self._due(("reply", reason, pool, server))
        if suppressed is not None:
            log.warning("Discarding reply from AAA", reason=reason, pool=pool, server=server, suppressed=suppressed)

    def no_reply(self) -> None:
        """AAA did not answer in time."""
        suppressed = self._due(("no-reply",))
        if suppressed is not None:
            log.warning("AAA did not answer in time", reason=str(DropReason.NO_REPLY), suppressed=suppressed)

    def no_upstream(self, pool: str) -> None:
        """Every server of a pool is dead, or taken out."""
        suppressed = self._due(("no-upstream", pool))
        if suppressed is not None:
            log.error(
                "No server left in the pool", reason=str(DropReason.NO_UPSTREAM), pool=pool, suppressed=suppressed
            )

    def marked(self, pool: str, server: str, host: str, port: int, state: Condition) -> None:
        """An AAA server is in another condition than before."""
        suppressed = self._due(("marked", pool, server, str(state)))
        if suppressed is not None:
            say = log.info if state is Condition.ALIVE else log.warning
            say(f"Marking home server {host} port {port} {state}", pool=pool, server=server, suppressed=suppressed)

    def spool_full(self, why: str) -> None:
        """Accounting is not acknowledged."""
        suppressed = self._due(("spool-full",))
        if suppressed is not None:
            log.warning(
                "spool takes no records, they are not acknowledged", reason=str(DropReason.SPOOL_FULL), error=why,
                suppressed=suppressed,
            )  # fmt: skip

    def spool_takes(self) -> None:
        """Accounting is acknowledged again."""
        suppressed = self._due(("spool-takes",))
        if suppressed is not None:
            log.warning("spool takes records again", suppressed=suppressed)

    def unlearnable(self, host: str, bng: str, why: str) -> None:
        """A record of an earlier time that nothing can be learnt from."""
        suppressed = self._due(("unlearnable", host, why))
        if suppressed is not None:
            log.warning(
                "record in the spool goes to AAA, but nothing is learnt from it", client=host, bng=bng, error=why,
                suppressed=suppressed,
            )  # fmt: skip
