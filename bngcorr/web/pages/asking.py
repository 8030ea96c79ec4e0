"""From the fields of a page's form to a typed question, and from an answer to what the caller may see."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel

from bngcorr.web.access.caller import caller_of
from bngcorr.web.access.mask import outgoing
from bngcorr.web.models.model import Model
from bngcorr.web.query import read_body, read_query

Asked = TypeVar("Asked", bound=Model)
Told = TypeVar("Told", bound=BaseModel)


def asked(model: type[Asked], request: web.Request, **fixed: str | int) -> Asked:
    """A question from the query of a page; empty fields and those of the page alone are left out.

    `fixed`: what the page decides. Raises Problem that names field and value.
    """
    pairs = [
        (name, value.strip())
        for name, value in request.query.items()
        if value.strip() and name in model.model_fields and name not in fixed
    ]
    return read_query(model, request.query_string, [*pairs, *((name, str(value)) for name, value in fixed.items())])


def checked(model: type[Asked], values: Mapping[str, object]) -> Asked:
    """What a form asks for. Raises Problem."""
    return read_body(model, json.dumps(values).encode())


def fields(given: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """What stands in a form's fields, to be shown in them again."""
    return {name: given.get(name, "") for name in names}


def seen(request: web.Request, model: Told) -> Told:
    """What the caller of this request may see of it."""
    return outgoing(model, caller_of(request))
