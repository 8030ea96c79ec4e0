"""Commands, processes, traces and the audit trail over Redis or Valkey.

All of it lives in one slot, behind ``bngcorr:{~acts}:``

============================  ========================================================================================
``commands``                  stream of what packet processes are to do
``claim:id``                  the process that carries out a command for one
``answers:id``                hash: process → what it said
``processes``                 sorted set: processes by the instant until which they count
``process:id``                what a process says of itself, gone by itself
``traces``                    hash: trace → its rule
``trace:id``                  stream of the requests that a trace has kept, gone by itself
``acts``, ``acts.ended``      stream of acts, and hash: act → what became of it
============================  ========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bngcorr.model.vocabulary import CommandKind
from bngcorr.store.audit_trail import MOST_ACTS, ActRow, Asked, Ended, packed_asked, packed_ended, read_act
from bngcorr.store.commands import (
    ANSWER_MS,
    MOST_COMMANDS,
    Answer,
    Command,
    Polled,
    packed_answer,
    packed_command,
    read_answer,
    read_command,
)
from bngcorr.store.lane import Command as LaneCommand
from bngcorr.store.lane import Lane, Reply
from bngcorr.store.processes import LASTS_MS, MOST_PROCESSES, ProcessRow, packed_process, read_process
from bngcorr.store.traces import (
    KEPT_MS,
    MOST_REQUESTS,
    MOST_TRACES,
    TracedRequest,
    TraceRule,
    packed_rule,
    read_request,
    read_rule,
)

BUDGET_S: Final = 1.0  # of one round trip
AT_ONCE: Final = 16  # commands that are read in one

_KEYS: Final = "bngcorr:{~acts}:"
_COMMANDS: Final = _KEYS + "commands"
_PROCESSES: Final = _KEYS + "processes"
_TRACES: Final = _KEYS + "traces"
_ACTS: Final = _KEYS + "acts"
_ENDED: Final = _KEYS + "acts.ended"

_LAST_OF_A_MS: Final = 999_999  # nobody asks so much

_PUT_TRACE: Final = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local held = 0
local rules = redis.call('HGETALL', KEYS[1])
for i = 1, #rules, 2 do
  local until_ms = tonumber(string.match(rules[i + 1], '^%d+') or 0)
  if until_ms > now then
    held = held + 1
  elseif until_ms + tonumber(ARGV[4]) <= now then
    redis.call('HDEL', KEYS[1], rules[i])
  end
end
if held >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
"""
_PUT_ACT: Final = """
while redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[2]) do
  local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1][1]
  redis.call('XDEL', KEYS[1], oldest)
  redis.call('HDEL', KEYS[2], oldest)
end
return redis.call('XADD', KEYS[1], '*', 'j', ARGV[1])
"""
_END_ACT: Final = """
if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return 0 end
return redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
"""


class Commands:
    """`commands.CommandStore`."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def put(self, kind: CommandKind, arguments: Mapping[str, Any], *, by: str, within_ms: int) -> Command:
        """One entry. Raises ValueError if it is too long."""
        octets = packed_command(kind, arguments, by, within_ms)
        (entry,) = await self._lane.run(
            [("XADD", _COMMANDS, "MAXLEN", "~", MOST_COMMANDS, "*", "j", octets)], BUDGET_S
        )  # fmt: skip
        return Command(id=entry.decode(), kind=kind, arguments=dict(arguments), by=by, within_ms=within_ms)

    async def answers(self, command: str) -> list[Answer]:
        """In the order of the processes' ids."""
        (reply,) = await self._lane.run([("HGETALL", _KEYS + "answers:" + command)], BUDGET_S)
        found = [read_answer(process.decode(), octets) for process, octets in sorted(_pairs(reply))]
        return [one for one in found if one is not None]

    async def begin(self) -> str:
        """The store's clock, or the newest entry if that is ahead of it."""
        now, newest = await self._lane.run([("TIME",), ("XREVRANGE", _COMMANDS, "+", "-", "COUNT", 1)], BUDGET_S)
        last = newest[0][0].decode() if newest else "0-0"
        now_ms = int(now[0]) * 1000 + int(now[1]) // 1000
        before = f"{now_ms - 1}-{_LAST_OF_A_MS}"  # not even the first of this millisecond is missed
        return max(before, last, key=_order)

    async def poll(self, cursor: str) -> Polled:
        """Two commands, one round trip."""
        entries, rules = await self._lane.run(
            [("XRANGE", _COMMANDS, f"({cursor}", "+", "COUNT", AT_ONCE), ("HGETALL", _TRACES)], BUDGET_S
        )
        found = [read_command(name.decode(), fields[1]) for name, fields in entries]
        return Polled(
            commands=tuple(one for one in found if one is not None),
            cursor=entries[-1][0].decode() if entries else cursor,
            rules=tuple(_rules(rules)),
        )

    async def claim(self, command: str, process: str) -> bool:
        """One key."""
        (taken,) = await self._lane.run(
            [("SET", _KEYS + "claim:" + command, process, "NX", "PX", ANSWER_MS)], BUDGET_S
        )  # fmt: skip
        return taken is not None

    async def answer(self, command: str, answer: Answer) -> None:
        """One field."""
        key = _KEYS + "answers:" + command
        await self._lane.run(
            [("HSET", key, answer.process, packed_answer(answer)), ("PEXPIRE", key, ANSWER_MS)], BUDGET_S
        )


class Processes:
    """`processes.ProcessStore`."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def tell(self, row: ProcessRow) -> None:
        """By the instant at which it is told."""
        until_ms = row.told_ms + LASTS_MS
        await self._lane.run(
            [
                ("SET", _KEYS + "process:" + row.id, packed_process(row), "PX", LASTS_MS),
                ("ZADD", _PROCESSES, until_ms, row.id),
                ("ZREMRANGEBYSCORE", _PROCESSES, 0, row.told_ms - LASTS_MS),
                ("PEXPIRE", _PROCESSES, 10 * LASTS_MS),
            ],
            BUDGET_S,
        )

    async def leave(self, process: str) -> None:
        """Gone at once."""
        await self._lane.run([("DEL", _KEYS + "process:" + process), ("ZREM", _PROCESSES, process)], BUDGET_S)

    async def all(self) -> list[ProcessRow]:
        """The newest of them, should there be more than `MOST_PROCESSES`."""
        (names,) = await self._lane.run([("ZREVRANGE", _PROCESSES, 0, MOST_PROCESSES - 1)], BUDGET_S)
        if not names:
            return []
        (told,) = await self._lane.run([("MGET", *(_KEYS + "process:" + name.decode() for name in names))], BUDGET_S)
        rows = [read_process(octets) for octets in told if octets is not None]
        return sorted((row for row in rows if row is not None), key=lambda row: row.id)


class Traces:
    """`traces.TraceStore`."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def start(self, rule: TraceRule) -> bool:
        """Rules that nobody can read any more go."""
        (taken,) = await self._lane.run(
            [("EVAL", _PUT_TRACE, 1, _TRACES, rule.id, packed_rule(rule), MOST_TRACES, KEPT_MS)], BUDGET_S
        )
        return bool(taken)

    async def end(self, trace: str) -> bool:
        """The rule stays, and has run out."""
        octets, now = await self._lane.run([("HGET", _TRACES, trace), ("TIME",)], BUDGET_S)
        rule = read_rule(trace, octets) if octets is not None else None
        now_ms = int(now[0]) * 1000 + int(now[1]) // 1000
        if rule is None or not rule.holds(now_ms):
            return False
        over = TraceRule(id=trace, by=rule.by, value=rule.value, who=rule.who, at_ms=rule.at_ms, until_ms=now_ms)
        await self._lane.run([("HSET", _TRACES, trace, packed_rule(over))], BUDGET_S)
        return True

    async def rules(self) -> list[TraceRule]:
        """One hash."""
        reply, now = await self._lane.run([("HGETALL", _TRACES), ("TIME",)], BUDGET_S)
        oldest_ms = int(now[0]) * 1000 - KEPT_MS
        found = [rule for rule in _rules(reply) if rule.until_ms > oldest_ms]
        return sorted(found, key=lambda rule: -rule.at_ms)

    async def kept(self, trace: str, after: str, limit: int) -> list[tuple[str, TracedRequest]]:
        """A part of a stream."""
        start = f"({after}" if after else "-"
        (reply,) = await self._lane.run([("XRANGE", _trace(trace), start, "+", "COUNT", limit)], BUDGET_S)
        found = [(name.decode(), read_request(fields[1])) for name, fields in reply]
        return [(cursor, request) for cursor, request in found if request is not None]

    async def counts(self, traces: Sequence[str]) -> list[int]:
        """Lengths of streams."""
        return [int(reply) for reply in await self._lane.run([("XLEN", _trace(one)) for one in traces], BUDGET_S)]

    async def keep(self, rows: Sequence[tuple[str, bytes]]) -> None:
        """Each to the end of its stream, which is gone some time after the rule."""
        commands: list[LaneCommand] = [
            ("XADD", _trace(trace), "MAXLEN", MOST_REQUESTS, "*", "j", octets) for trace, octets in rows
        ]
        commands += [("PEXPIRE", _trace(trace), 2 * KEPT_MS) for trace in dict(rows)]
        if commands:
            await self._lane.run(commands, BUDGET_S)


class Trail:
    """`audit_trail.AuditTrail`."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def begin(self, asked: Asked) -> str:
        """One entry; the oldest goes for it."""
        command = ("EVAL", _PUT_ACT, 2, _ACTS, _ENDED, packed_asked(asked), MOST_ACTS)
        (entry,) = await self._lane.run([command], BUDGET_S)
        return str(entry.decode())

    async def end(self, act: str, ended: Ended) -> None:
        """One field, unless the act is so old that it has gone."""
        await self._lane.run([("EVAL", _END_ACT, 2, _ACTS, _ENDED, act, packed_ended(ended))], BUDGET_S)

    async def acts(self, before: str, limit: int) -> tuple[list[ActRow], str | None]:
        """A part of the stream, from its end."""
        end = f"({before}" if before else "+"
        (entries,) = await self._lane.run([("XREVRANGE", _ACTS, end, "-", "COUNT", limit)], BUDGET_S)
        rows = await self._ended(entries)
        return rows, entries[-1][0].decode() if len(entries) == limit else None

    async def act(self, act: str) -> ActRow | None:
        """One entry."""
        (entries,) = await self._lane.run([("XRANGE", _ACTS, act, act)], BUDGET_S)
        rows = await self._ended(entries)
        return rows[0] if rows else None

    async def _ended(self, entries: Reply) -> list[ActRow]:
        if not entries:
            return []
        (ended,) = await self._lane.run([("HMGET", _ENDED, *(name for name, _ in entries))], BUDGET_S)
        rows = [
            read_act(name.decode(), fields[1], over) for (name, fields), over in zip(entries, ended, strict=True)
        ]  # fmt: skip
        return [row for row in rows if row is not None]


def _trace(trace: str) -> str:
    return _KEYS + "trace:" + trace


def _rules(reply: Reply) -> list[TraceRule]:
    found = [read_rule(trace.decode(), octets) for trace, octets in _pairs(reply)]
    return [rule for rule in found if rule is not None]


def _pairs(reply: Reply) -> list[tuple[bytes, bytes]]:
    if isinstance(reply, dict):
        return list(reply.items())
    return list(zip(reply[::2], reply[1::2], strict=True))


def _order(entry: str) -> tuple[int, int]:
    milliseconds, _, number = entry.partition("-")
    return int(milliseconds), int(number)
