"""The steps of long work, for whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn


class Steps:
    """Progress on standard error, one bar for each step; nothing where nobody watches."""

    def __init__(self, *, fleeting: bool = False) -> None:
        """With `fleeting` the bars go when all is done."""
        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal, transient=fleeting)

    def __enter__(self) -> Steps:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @contextmanager
    def step(self, name: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """A step of so many octets or places; what is yielded is told of each lot of them that is done."""
        task = self._progress.add_task(name, total=total)

        def done(count: int) -> None:
            self._progress.advance(task, count)

        yield done
        self._progress.update(task, total=total or 1, completed=total or 1)
