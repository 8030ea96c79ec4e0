"""Exit codes of the verbs."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
NEGATIVE: Final = 1  # the answer is no: nothing of that name, refused by a BNG, something differs
REFUSED: Final = 2  # the question, the configuration or the token is not right
UNREACHABLE: Final = 3  # nobody answers, or not wholly; the output takes nothing
SIGPIPE: Final = 141  # what a shell tells of a command whose reader has gone
