"""Errors of the API, as RFC 9457 has them."""

from __future__ import annotations

from bngcorr.web.models.model import Model


class Fault(Model):
    """A parameter, path segment or member of the body that can't be."""

    parameter: str
    value: str | None
    detail: str


class ProblemShown(Model):
    """An answer that is not what was asked for: `application/problem+json`."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    errors: tuple[Fault, ...] = ()
