"""A line with its sessions and timeline, as the API tells them."""

from __future__ import annotations

from typing import Any

from bngcorr.model.vocabulary import ActKind, ActOutcome, HostKind, Mode, Outcome, Rung, SessionState, Trigger
from bngcorr.web.models.act import Act, ProcessAnswer, ToldSession
from bngcorr.web.models.correlation import Correlation
from bngcorr.web.models.diagnosis import Diagnosis, State
from bngcorr.web.models.line import LineDetail, Whereabouts
from bngcorr.web.models.octets import Ids, Octets
from bngcorr.web.models.place import Attached, HeldAddress
from bngcorr.web.models.session import Session

AT = "2026-11-25T19:12:46.939Z"
LINE = "bng1~9812a4522a3113c3e6174811"
MAC = "00:00:5e:00:53:01"
PORT = Attached(port="1/1/4", outer=100, inner=20)
REMOTE_ID = Octets(hex="6f6c74372f3132", text="olt7/12")


def session(number: int, line: str | None = LINE, state: SessionState = SessionState.UP, **more: Any) -> Session:
    """One that holds 203.0.113.<number>."""
    told: dict[str, Any] = {
        "id": f"bng1~{number:024x}", "session_id": f"s-{number}", "bng": "bng1", "user_name": MAC, "mac": MAC,
        "attachment": PORT, "identity": Outcome.OWN, "domain": "bng1", "nas": "bng1|", "state": state, "line": line,
        "remote_id": REMOTE_ID, "circuit_id": None, "cpe_address": None, "traffic": None, "began_at": AT,
        "updated_at": AT, "expires_at": AT,
        "addresses": (
            HeldAddress(kind=HostKind.V4, service="", address=f"203.0.113.{number}", since=AT, source="accounting"),
        ),
    }  # fmt: skip
    return Session(**{**told, **more})


def request(**more: Any) -> Correlation:
    """A DHCPv6 request that was matched, and whose Remote-Id was written."""
    told: dict[str, Any] = {
        "id": "1795325247690-0", "at": AT, "at_ms": 1795325247689, "request": "5b31ea214c3c9b2c4c4abb68ce769486",
        "code": "Access-Request", "domain": "bng1", "bng": "bng1", "mode": Mode.FULL, "mac": MAC, "attachment": PORT,
        "user_name": MAC, "session_id": "s-2", "step": None, "trigger": Trigger.DHCPV6, "strength": None,
        "evidence": ("dhcpv6 strong: Framed-IPv6-Prefix is asked for",), "verdict": Outcome.MATCHED,
        "rung": Rung.WINDOW, "key": None, "line": LINE, "distance_ms": -21, "held_ms": 0, "stripped": False,
        "enterprise_number": None, "raw": Ids(remote_id=None, circuit_id=None),
        "ids": Ids(remote_id=REMOTE_ID, circuit_id=None), "upstream": "aaa1", "answer": "Access-Accept",
        "dropped": None, "answered_ms": 12, "over_ms": 1795325247701,
    }  # fmt: skip
    return Correlation(**{**told, **more})


def line(state: State = State.BAD, **more: Any) -> LineDetail:
    """One whose IPv6 is dead."""
    told: dict[str, Any] = {
        "id": LINE, "domain": "bng1", "remote_id": REMOTE_ID, "circuit_id": None, "first_seen": AT, "last_seen": AT,
        "last": Whereabouts(bng="bng1", attachment=PORT, mac=MAC), "addresses": (), "cpe_address": None,
        "diagnosis": Diagnosis(
            state=state, case="v6_lost", sentence="IPv6 is dead since 19:12.", reason="The prefix leads nowhere.",
            next_step="Disconnect the session.", since=AT,
        ),
        "timeline": (request(), request(id="1795325247600-0", verdict=Outcome.UNMATCHED, rung=None)),
        "sessions": (session(9),), "findings": (),
    }  # fmt: skip
    return LineDetail(**{**told, **more})


def act(outcome: ActOutcome, *sessions: Session, **more: Any) -> Act:
    """What became of an act; `sessions` were told of by one process."""
    told = tuple(
        ToldSession(
            outcome="done" if outcome is ActOutcome.DONE else str(outcome), error_cause=None, bng=one.bng,
            session_id=one.session_id, id=one.id, line=one.line, remote_id=one.remote_id, circuit_id=None, mac=one.mac,
            addresses=("203.0.113.9",),
        )
        for one in sessions
    )  # fmt: skip
    answers = (ProcessAnswer(process="vm-1", ok=outcome is ActOutcome.DONE, said=str(outcome), sessions=told),)
    fields: dict[str, Any] = {
        "id": "1795656885280-0", "kind": ActKind.DISCONNECT, "subject": "bng1", "arguments": {}, "who": "noc",
        "origin": "127.0.0.1", "at": AT, "outcome": outcome, "ended_at": AT, "said": "", "answers": answers,
    }  # fmt: skip
    return Act(**{**fields, **more})
