"""An answer that is not what was asked for, whoever asks: API, page or control socket."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from bngcorr.web.models.problem import Fault

MOST_NAMED: Final = 20  # of what a value could have been
LONGEST_TOLD: Final = 64  # characters of a value


class Problem(Exception):
    """RFC 9457 in the making."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        errors: Sequence[Fault] = (),
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`errors`: each parameter that is at fault. `headers`: of the answer, such as Retry-After."""
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def bad_value(parameter: str, value: str, expected: str) -> Problem:
    """A parameter's value that can't be; `expected` goes on after ``name=value``: "is no MAC address"."""
    detail = f"{parameter}={value[:LONGEST_TOLD]!r} {expected}"
    fault = Fault(parameter=parameter, value=value[:LONGEST_TOLD], detail=expected)
    return Problem(400, "Bad filter", detail, (fault,))


def none_of(known: Collection[str], parameter: str, value: str) -> Problem:
    """A value that is none of those that are known."""
    return bad_value(parameter, value, f"is none of {some_of(known)}")


def some_of(known: Collection[str]) -> str:
    """The first of them, in one sentence."""
    return ", ".join([*known][:MOST_NAMED]) + (", …" if len(known) > MOST_NAMED else "")


def not_found(what: str, name: str) -> Problem:
    """There is no such thing."""
    return Problem(404, "Not found", f"no {what} {name[:LONGEST_TOLD]!r}")
