"""Query strings and bodies as models, and what is wrong with them by name and value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bngcorr.web.models.model import Model
from bngcorr.web.models.problem import Fault
from bngcorr.web.problem import LONGEST_TOLD, Problem

LONGEST: Final = 4096  # characters of a query string

Asked = TypeVar("Asked", bound=Model)


def read_query(model: type[Asked], text: str, pairs: Iterable[tuple[str, str]]) -> Asked:
    """The question in a query string. Raises Problem naming every parameter that is at fault.

    `text`: the query string; `pairs`: what it says, a name that is given twice coming twice.
    """
    if len(text) > LONGEST:
        raise Problem(400, "Question too long", f"a query string of more than {LONGEST} characters")
    fields = model.model_fields
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name not in fields:
            some = f"none of {', '.join(sorted(fields))}" if fields else "no filter: this resource has none"
            said = f"is {some}"
            raise Problem(400, "Unknown filter", f"{name[:40]!r} {said}", (_fault(name, value, said),))
        if _many(fields[name]):
            given.setdefault(name, []).append(value)
        elif name in given:
            raise Problem(400, "Bad filter", f"{name!r} is given twice", (_fault(name, value, "is given twice"),))
        else:
            given[name] = value
    return _validated(model, given, "Bad filter")


def read_body(model: type[Asked], body: bytes) -> Asked:
    """What a JSON body asks for; none at all asks for nothing special. Raises Problem."""
    if not body.strip():
        return _validated(model, {}, "Bad body")
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise Problem(400, "Bad body", "the body is no JSON") from None
    if not isinstance(given, dict):
        raise Problem(400, "Bad body", "the body is no JSON object")
    return _validated(model, given, "Bad body")


def _many(field: FieldInfo) -> bool:
    return str(field.annotation).startswith("tuple")


def _validated(model: type[Asked], given: Mapping[str, Any], title: str) -> Asked:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        faults = [_told(item, model) for item in error.errors(include_url=False)]
    raise Problem(400, title, "; ".join(_sentence(fault) for fault in faults[:5]), faults)


def _told(item: ErrorDetails, model: type[Model]) -> Fault:
    name = ".".join(str(part) for part in item["loc"]) or "(body)"
    context = item.get("ctx", {})
    match item["type"]:
        case "missing":
            described = model.model_fields[name].description if name in model.model_fields else None
            return Fault(parameter=name, value=None, detail=f"is missing: {described}" if described else "is missing")
        case "extra_forbidden":
            said = "is not known"
        case "enum" | "literal_error":
            said = f"is none of {str(context['expected']).replace(' or ', ', ').replace(chr(39), '')}"
        case "asked":
            said = str(context["expected"])
        case "string_too_long" | "too_long":
            said = f"is longer than {context['max_length']}"
        case "string_too_short" | "too_short":
            said = "is empty" if context["min_length"] == 1 else f"is shorter than {context['min_length']}"
        case _:
            said = f"can't be: {item['msg']}"
    return _fault(name, _plain(item["input"]), said)


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, bytes)):
        return "a list" if not isinstance(value, Mapping) else "an object"
    return str(value)


def _fault(name: str, value: str, said: str) -> Fault:
    return Fault(parameter=name[:LONGEST_TOLD], value=value[:LONGEST_TOLD], detail=said)


def _sentence(fault: Fault) -> str:
    return (
        f"{fault.parameter} {fault.detail}"
        if fault.value is None
        else (f"{fault.parameter}={fault.value!r} {fault.detail}")
    )
