"""What a lab is made of: BNGs as configured, requests and what became of them, an AAA, a clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from bngcorr.correlator.keys import EVERY_KEY
from bngcorr.correlator.question import Rules
from bngcorr.model.line import LineIds
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Key, Mode, OnUnmatched, Outcome, Rung, Trigger, VlanModel
from bngcorr.profiles.profile import Profile
from bngcorr.proxy.nas import Nas
from bngcorr.proxy.request import Request
from bngcorr.store.lesson import Fill
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import PacketView
from tests.wire.radius_packets import Piece

MIDNIGHT: Final = 1_800_057_600_000  # epoch milliseconds
SECRET: Final = b"between-bng-and-proxy"


def nas(
    name: str,
    profile: Profile,
    *,
    domain: str | None = None,
    mode: Mode = Mode.FULL,
    vlan_model: VlanModel = VlanModel.SHARED,
    rules: Rules = Rules(),  # noqa: B008  # never changed
    keys: frozenset[Key] = EVERY_KEY,
    hold_s: float = 0.3,
    untrusted: frozenset[Trigger] = frozenset(),
    on_unmatched: OnUnmatched = OnUnmatched.FORWARD,
    ports: str = "",
    fill: Fill = Fill.AUTO,
) -> Nas:
    """A BNG with these settings, the rest as by default."""
    return Nas(
        name=name, domain=domain or name, secret=SECRET, profile=profile, mode=mode, vlan_model=vlan_model, rules=rules,
        keys=keys, hold_s=hold_s, on_unmatched=on_unmatched, untrusted=untrusted, require_message_authenticator=False,
        fill=fill, ports=ports, one_box=True,
    )  # fmt: skip


@dataclass(eq=False)
class Told:
    """One request and what became of it."""

    request: Request
    verdict: Verdict | None = None  # None: it is on hold
    sent: PacketView | None = None  # what AAA got
    accepted: bool | None = None  # None: not answered, or accounting

    @property
    def waits(self) -> bool:
        """Whether it is on hold: judged by nobody, seen by no AAA."""
        return self.verdict is None and self.sent is None

    @property
    def outcome(self) -> Outcome | None:
        """The verdict's kind; None while it is on hold."""
        return None if self.verdict is None else self.verdict.outcome

    @property
    def rung(self) -> Rung | None:
        """Where its line was found."""
        return None if self.verdict is None else self.verdict.rung

    @property
    def key(self) -> Key | None:
        """By which key."""
        return None if self.verdict is None else self.verdict.key

    @property
    def ids(self) -> LineIds | None:
        """The line that it was attributed to; None if to none."""
        if self.verdict is None or self.verdict.line is None:
            return None
        return self.verdict.ids if self.outcome is Outcome.MATCHED else self.request.identity.ids

    @property
    def agent_remote_id(self) -> bytes | None:
        """The Agent-Remote-Id that AAA was shown."""
        return None if self.sent is None else self.sent.first(a.AGENT_REMOTE_ID)


@dataclass
class Aaa:
    """It accepts whatever it is told to, gives what it is told to, and remembers what it was asked."""

    accepts: Callable[[PacketView], bool] = lambda _: True
    gives: Callable[[PacketView], Sequence[Piece]] = lambda _: ()  # attributes of its Access-Accept
    requests: list[PacketView] = field(default_factory=list)


@dataclass
class LabClock:
    """The lab's time."""

    ms: int = MIDNIGHT

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return self.ms
