"""Status-Server (RFC 5997): "are you alive?", answered here and never sent on. Pure.

It is a question of hop and hop: what answers is this process, whatever becomes of the servers behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bngcorr.errors import Malformed, Unauthentic
from bngcorr.model.vocabulary import DropReason
from bngcorr.proxy.hops import states_of
from bngcorr.proxy.nas import Nas
from bngcorr.wire import attributes as a
from bngcorr.wire import radius, radius_auth

STATUS_SERVER: Final = int(a.Code.STATUS_SERVER)
_ANSWER: Final[dict[int, int]] = {
    int(a.Code.ACCESS_REQUEST): int(a.Code.ACCESS_ACCEPT),
    int(a.Code.ACCOUNTING_REQUEST): int(a.Code.ACCOUNTING_RESPONSE),
}


class StatusServer:
    """Answers BNGs and monitors, so many times a second."""

    MOST_PER_S = 20  # answers to one host; monitors ask every few seconds
    MOST_HOSTS_PER_S = 4_096

    def __init__(self) -> None:
        self._second = 0
        self._answered: dict[str, int] = {}  # answers by host, in this second

    def answer(
        self, octets: bytes, host: str, group: Sequence[Nas], monitors: Sequence[bytes], code: int, now: float
    ) -> bytes:
        """What to send back to `host`.

        `group` are the BNGs at that address, `monitors` the secrets of monitors there, `code` is what the port takes,
        `now` in monotonic seconds. Raises Malformed or Unauthentic if nothing is to be sent: unknown-client,
        unknown-nas, missing-message-authenticator, bad-message-authenticator, overload, and what `decode` raises.
        """
        if not monitors and not group:
            raise Unauthentic(DropReason.UNKNOWN_CLIENT)
        view = radius.decode(octets)
        secrets = [*monitors, *(nas.secret for nas in group if nas.answers_to(view))]
        if not secrets:
            raise Unauthentic(DropReason.UNKNOWN_NAS)
        if not view.has(a.MESSAGE_AUTHENTICATOR):  # RFC 5997 §3: it MUST be there
            raise Unauthentic(DropReason.MISSING_MESSAGE_AUTHENTICATOR)
        for secret in secrets:
            if radius_auth.message_authenticator_fits(view, secret, view.authenticator):
                self._count(host, int(now))
                return radius_auth.sign_status_reply(
                    _ANSWER[code], view.identifier, view.authenticator, states_of(view), secret
                )
        raise Unauthentic(DropReason.BAD_MESSAGE_AUTHENTICATOR)

    def _count(self, host: str, second: int) -> None:
        if second != self._second:
            self._second = second
            self._answered.clear()
        before = self._answered.get(host, 0)
        if before >= self.MOST_PER_S or (not before and len(self._answered) >= self.MOST_HOSTS_PER_S):
            raise Malformed(DropReason.OVERLOAD)
        self._answered[host] = before + 1
