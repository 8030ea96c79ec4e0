"""Commands to packet processes, and their answers awaited."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bngcorr.errors import StoreError
from bngcorr.model.vocabulary import ActOutcome, CommandKind
from bngcorr.store.commands import FOR_ONE, Answer, CommandStore, Json
from bngcorr.web.resources.performer import Progress, Result

WITHIN_MS: Final = 5_000  # a command that no process has found by then is left alone
ONE_WITHIN_S: Final = 25.0  # a BNG may take 20 s to be given up
LOOK_EVERY_S: Final = 0.1
LOOK_SELDOM_S: Final = 0.5  # when whoever asked waits no more

_OUTCOMES: Final = {
    "done": (ActOutcome.DONE, "the BNG acknowledged"),
    "shown": (ActOutcome.DONE, "nothing was sent: this is what would be"),
    "refused": (ActOutcome.REFUSED, "the BNG refused"),
    "unanswered": (ActOutcome.UNANSWERED, "the BNG did not answer: look at bngs[].dynauth, and at what it lets in"),
    "nothing": (ActOutcome.NOTHING, "no live session of that name is known"),
    "ambiguous": (ActOutcome.REFUSED, "several lines are meant: nothing was sent"),
    "unreachable": (ActOutcome.REFUSED, "nobody has said where that BNG takes it: set bngs[].dynauth.address"),
    "away": (ActOutcome.FAILED, "the store did not answer the packet process"),
}  # by what packet processes say of sessions
NOBODY: Final = "no packet process is there: is `bngcorr serve` running with this store?"


class Courier:
    """Sends commands."""

    def __init__(self, commands: CommandStore) -> None:
        self._commands = commands

    async def send(
        self, kind: CommandKind, arguments: Mapping[str, Any], by: str, expected: Sequence[str], progress: Progress
    ) -> Result:
        """Ask those processes, or one of them if the command is for one; what came of it. Raises StoreError."""
        if not expected:
            return Result(outcome=ActOutcome.NOBODY, said=NOBODY, body={})
        command = await self._commands.put(kind, arguments, by=by, within_ms=WITHIN_MS)
        clock = asyncio.get_running_loop().time
        began = clock()
        until = began + (ONE_WITHIN_S if kind in FOR_ONE else WITHIN_MS / 1000)
        answers: list[Answer] = []
        while True:
            with contextlib.suppress(StoreError):  # what is on its way is there once the store is back
                answers = await self._commands.answers(command.id)
            progress.body = _body(answers)
            if _complete(kind, answers, expected) or clock() > until:
                break
            await asyncio.sleep(LOOK_EVERY_S if clock() - began < WITHIN_MS / 1000 else LOOK_SELDOM_S)
        return _of_one(answers) if kind in FOR_ONE else _of_all(answers, expected)


def _complete(kind: CommandKind, answers: Sequence[Answer], expected: Sequence[str]) -> bool:
    if kind in FOR_ONE:
        return len(answers) > 0
    return {answer.process for answer in answers}.issuperset(expected)


def _body(answers: Sequence[Answer]) -> Json:
    return {
        "answers": [
            {"process": one.process, "ok": one.ok, "said": one.said, "sessions": one.body.get("sessions", [])}
            for one in answers
        ]
    }


def _of_one(answers: Sequence[Answer]) -> Result:
    if not answers:
        return Result(outcome=ActOutcome.UNANSWERED, said="no packet process answered in time", body=_body(answers))
    (answer, *_) = answers
    outcome, said = _OUTCOMES.get(answer.said, (ActOutcome.REFUSED, answer.said))
    return Result(outcome=outcome, said=said, body=_body(answers))


def _of_all(answers: Sequence[Answer], expected: Sequence[str]) -> Result:
    missing = set(expected) - {answer.process for answer in answers}
    fine = [answer for answer in answers if answer.ok]
    others = [answer for answer in answers if not answer.ok]
    processes = "packet process" if len(expected) == 1 else "packet processes"
    said = f"{len(fine)} of {len(expected)} {processes} did it"
    if missing:
        outcome = ActOutcome.UNANSWERED
        said += f", {len(missing)} did not answer"
    elif fine:
        outcome = ActOutcome.DONE
    elif all(answer.said == "nothing" for answer in others):
        outcome, said = ActOutcome.NOTHING, "no packet process knows that name"
    else:
        outcome, said = ActOutcome.REFUSED, others[0].said
    return Result(outcome=outcome, said=said, body=_body(answers))
