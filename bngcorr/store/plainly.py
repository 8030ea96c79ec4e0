"""Questions that plain commands answer, for a fraction of what a script costs the server. Pure.

A question that names its line is answered by the record of that line, if it tells that no other one stands on the keys.
So is one that names none, where it is known which line stood there alone the last time: behind that line's record those
of the keys and of the MAC are read. Behind them all stands what is planned, and in which epoch the boxes are.

Nobody holds the server still meanwhile: others may write between two of these commands, which are carried out in their
order. So all that speaks for a line is of one moment, that of its own record. What is read later may tell that the line
was seen there once more; else it can but speak against it: the MAC was seen on another line as well, a box has
restarted, there is a plan. Whatever does not fit together is asked of the script, as is all of which nothing is known.
"""

from __future__ import annotations

from binascii import a2b_hex
from collections.abc import Sequence
from typing import Any, Final

from msgpack import unpackb

from bngcorr.errors import StoreError
from bngcorr.model.line import LineIds
from bngcorr.model.memo import Memo
from bngcorr.store import contract as c
from bngcorr.store import row_core
from bngcorr.store.answer import Found, Recalled
from bngcorr.store.keys import DomainKeys
from bngcorr.store.lane.commands import Packed, pack
from bngcorr.store.packing import PLAN
from bngcorr.store.recollection import ALONE, KeyRecord, Recall, Recollection, alone

Reply = Any  # what the server said, or an error in its place

REMEMBERED: Final = 32_768  # keys
_NOBODY: Final = ""  # no line stands alone there: the script is asked
_PLAN: Final = PLAN.encode()
_NOT_THERE: Final = b"\xa0"  # empty text
_KEY_FIELDS: Final = 6  # of one line
# bound once: compiled code looks an imported function up at every call
_head: Final = row_core.head
_hget: Final = row_core.hget
_stands_alone: Final = row_core.alone
_octets_of: Final = a2b_hex
_unpack: Final = unpackb


class _Domain:
    """What is asked of a domain again and again, and the version of its plan."""

    __slots__ = ("boxes", "plan", "prefix", "version")

    def __init__(self, name: str) -> None:
        names = DomainKeys(name)
        self.prefix: Final[bytes] = names.prefix.encode()
        self.boxes: Final[Packed] = pack(("HGETALL", names.epochs))
        self.plan: Final[Packed] = pack(("HGET", names.epochs, PLAN))
        self.version = b""  # that was in force when somebody looked last; empty for none


class Plainly:
    """Which line stood alone on which key, as far as this process was told lately."""

    def __init__(self, *, plain: bool) -> None:
        """Not `plain`: the script is asked everything, as in a Cluster, where each command goes its own way."""
        self._plain: Final = plain
        self.slow = False  # the server takes long: a second round trip is not to be risked without need
        self._lines: Final[Memo[str, str]] = Memo(REMEMBERED)  # by the first of the keys of a question
        self._domains: Final[dict[str, _Domain]] = {}

    def line_of(self, question: Recall) -> str:
        """The line whose record may answer a question; "" if none may."""
        keys = question.keys
        if not self._plain or not keys or question.session is not None:
            return _NOBODY
        known = self._lines.get(keys[0])
        line = question.line
        if line is None:
            return _NOBODY if known is None else known
        return line if known == line or (known is None and not self.slow) else _NOBODY

    def domain(self, name: str) -> _Domain:
        """The one of that name."""
        domain = self._domains.get(name)
        if domain is None:
            domain = self._domains[name] = _Domain(name)
        return domain

    def learn(self, question: Recall, answer: Recollection | None) -> None:
        """Which line stands alone on the keys, by what the script says."""
        if not self._plain or not question.keys or answer is None:
            return
        line = _NOBODY
        if answer.alone:
            line = question.line or _NOBODY
        elif isinstance(answer, Recalled):
            line = answer.lone_line
        self.remember(question.keys[0], line)

    def remember(self, key: str, line: str) -> None:
        """Which line stands alone on a key; "" for none."""
        if self._lines.get(key) != line:
            self._lines.put(key, line)


class _Read:
    """One question, and what is read for it."""

    __slots__ = ("at", "line", "number", "question", "version")

    def __init__(self, number: int, question: Recall, line: str, version: bytes, at: int) -> None:
        self.number: Final = number  # among all that are asked
        self.question: Final = question
        self.line: Final = line
        self.version: Final = version  # of the plan whose entry is read of its place, the last of its commands, if any
        self.at: Final = at  # place of the first of its replies


class Reads:
    """What is read for some questions, and what that says of them."""

    __slots__ = ("_after_ms", "_now_ms", "_plainly", "_reads", "_shared", "_versions", "answers", "commands", "left")

    def __init__(self, plainly: Plainly, asked: Sequence[Recall], now_ms: int) -> None:
        """What counts only until an instant is judged at `now_ms`."""
        self._plainly: Final = plainly
        self._now_ms: Final = now_ms
        self._after_ms: Final = now_ms + c.SLACK_MS
        self._reads: Final[list[_Read]] = []
        # by domain: place of the reply that tells its plan, maybe its boxes
        self._shared: Final[dict[str, int]] = {}
        self._versions: Final[dict[str, bytes]] = {}  # of plans, by domain, as they were told
        self.commands: Final[list[Packed]] = []
        self.answers: Final[list[Recollection | None]] = [None] * len(asked)  # to all questions; None: there is none
        self.left: Final[list[int]] = []  # numbers of the questions about which nothing is read
        boxes: dict[str, bool] = {}  # by domain: whether its boxes matter, or just its plan
        for number, question in enumerate(asked):
            line = plainly.line_of(question)
            if line:
                self._read(number, question, line, boxes)
            else:
                self.left.append(number)
        for name, matter in boxes.items():
            domain = plainly.domain(name)
            self._shared[name] = len(self.commands)
            self.commands.append(domain.boxes if matter else domain.plan)

    def _read(self, number: int, question: Recall, line: str, boxes: dict[str, bool]) -> None:
        commands, name, place = self.commands, question.domain, question.place
        domain = self._plainly.domain(name)
        prefix = domain.prefix
        version = domain.version
        self._reads.append(_Read(number, question, line, version, len(commands)))
        commands.append(_hget(prefix, b"l", line))
        if question.line is None:
            for key in question.keys:
                commands.append(_hget(prefix, b"k", key))  # a generator costs more
            if question.mac is not None:
                commands.append(_hget(prefix, b"m", question.mac))
            boxes[name] = True
        elif place is not None and name not in boxes:
            boxes[name] = False
        if version and place is not None:
            commands.append(_hget(prefix, b"p:" + version, place))

    @property
    def domains(self) -> list[str]:
        """Those that anything is read of."""
        return list({read.question.domain: None for read in self._reads})

    def take(self, replies: Sequence[Reply]) -> list[int]:
        """Answer what the replies to the commands answer. Gives back the numbers of the questions that the script is to
        be asked for that.
        """
        plainly, answers = self._plainly, self.answers
        for name, at in self._shared.items():
            version = _version(replies[at])
            if version is not None:
                self._versions[name] = plainly.domain(name).version = version
        again: list[int] = []
        for read in self._reads:
            question = read.question
            if question.line is None:
                answer = self._recalled(read, replies)
            else:
                answer = self._alone(read, replies)
                if answer is not None:
                    plainly.remember(question.keys[0], read.line)
            if answer is not None:
                answers[read.number] = answer
            elif not self._is_away(read, replies):
                again.append(read.number)
        return again

    def _is_away(self, read: _Read, replies: Sequence[Reply]) -> bool:
        """Whether the server did not say all of it: then nobody asks again."""
        last = self._shared.get(read.question.domain, read.at)
        return isinstance(replies[read.at], StoreError) or isinstance(replies[last], StoreError)

    def _plan(self, read: _Read, replies: Sequence[Reply], entry_at: int) -> LineIds | None:
        """What the operator's plan says of the place. Raises ValueError if that was not read."""
        if read.question.place is None:
            return None
        if self._versions.get(read.question.domain) != read.version:
            raise ValueError("another plan is in force")
        entry = replies[entry_at] if read.version else None
        if entry is None:
            return None
        if not isinstance(entry, bytes):
            raise ValueError("no entry of a plan")  # noqa: TRY004  # one thing to catch
        return LineIds.decode(entry)

    def _alone(self, read: _Read, replies: Sequence[Reply]) -> Recollection | None:
        """That the line of a question stands alone on its keys; None if that was not told."""
        record = replies[read.at]
        if not isinstance(record, bytes) or not _stands_alone(record, read.question.keys, self._after_ms):
            return None
        try:
            plan = self._plan(read, replies, read.at + 1)
        except ValueError:
            return None
        return ALONE if plan is None else alone(plan)

    def _recalled(self, read: _Read, replies: Sequence[Reply]) -> Recollection | None:
        """All that is known where a line stands alone on the keys of a question; None if that was not told."""
        question, at = read.question, read.at
        keys, mac = question.keys, question.mac
        line = replies[at]
        boxes = replies[self._shared[question.domain]]
        if not isinstance(line, bytes) or not isinstance(boxes, list) or not _stands_alone(line, keys, self._after_ms):
            return None
        behind = at + 1 + len(keys)
        parts: list[bytes] = [_head(len(keys) + 2), line]
        parts += replies[at + 1 : behind]
        of_mac = None
        if mac is not None:
            of_mac = replies[behind]
            behind += 1
        parts.append(_NOT_THERE if of_mac is None else of_mac)
        try:
            plan = self._plan(read, replies, behind)
            # records are packed already: all of them are unpacked at once
            said: list[Any] = _unpack(b"".join(parts), raw=True, strict_map_key=False)
            name = _octets_of(read.line)
            found = Found([boxes, said[1:-1], [name, said[0]], said[-1:], [], []], self._now_ms)
            seen_with = b"" if mac is None else _octets_of(mac)
            place = b"" if question.place is None else _octets_of(question.place)
            records: dict[str, KeyRecord] = {}
            for number, key in enumerate(keys):
                record: list[Any] = found.keys[number]
                if len(record) != _KEY_FIELDS or record[0] != name:
                    return None
                records[key] = found.record(record, _octets_of(key), seen_with, place)
            return Recalled(found, records, found.mac_lines(0), None, plan)
        except (ValueError, TypeError, IndexError, AttributeError, StoreError):
            return None


def _version(reply: Reply) -> bytes | None:
    """Of the plan in force, empty if none is; None if that was not told."""
    if reply is None:
        return b""
    if isinstance(reply, bytes):
        return reply
    if not isinstance(reply, list):
        return None
    for at in range(0, len(reply), 2):
        if reply[at] == _PLAN:
            version: bytes = reply[at + 1]
            return version
    return b""
