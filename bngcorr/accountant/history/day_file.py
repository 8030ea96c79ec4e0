"""What the history's files are called: ``2026-11-25.jsonl``, ``2026-11-25-2.jsonl``, later ``….jsonl.gz``. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final, Self

_NAME: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:-([1-9]\d{0,8}))?\.jsonl(\.gz)?")


@dataclass(frozen=True, slots=True, order=True)
class DayFile:
    """One file; in the order of writing."""

    day: date  # of writing, in UTC
    number: int  # 1, 2, … within the day
    packed: bool = False  # with gzip

    @property
    def name(self) -> str:
        """Its name in the folder."""
        number = "" if self.number == 1 else f"-{self.number}"
        return f"{self.day.isoformat()}{number}.jsonl" + (".gz" if self.packed else "")

    @classmethod
    def read(cls, name: str) -> Self | None:
        """From its name; None for anything that is not ours."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        try:
            found = cls(date.fromisoformat(match[1]), int(match[2] or 1), match[3] is not None)
        except ValueError:
            return None
        return found if found.name == name else None

    def gzipped(self) -> DayFile:
        """The same, packed."""
        return replace(self, packed=True)

    def over(self, now_s: float, keep_s: float) -> bool:
        """Whether all that it has was written longer ago than is kept."""
        end = datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC) + timedelta(days=1)
        return end.timestamp() + keep_s <= now_s


def day_of(now_s: float) -> date:
    """The UTC day of an instant in epoch seconds."""
    return datetime.fromtimestamp(now_s, UTC).date()


def day_files(paths: Iterable[Path]) -> list[DayFile]:
    """Those of a folder that are ours, the oldest first."""
    return sorted(file for path in paths if (file := DayFile.read(path.name)) is not None)


def following(files: Iterable[DayFile], day: date) -> DayFile:
    """The next new file of a day."""
    return DayFile(day, max((file.number for file in files if file.day == day), default=0) + 1)
