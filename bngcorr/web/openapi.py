"""The OpenAPI 3.1 description, made from the operations and the models that validate them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from bngcorr.config.web import Scope
from bngcorr.web.models.names import SHAPE
from bngcorr.web.models.problem import ProblemShown
from bngcorr.web.operation import Operation

Json = dict[str, Any]
Refs = Mapping[Any, Json]  # by model and mode

REF: Final = "#/components/schemas/{model}"
_PAGE: Final = re.compile(r"Page_(\w+)_")
PROBLEM: Final = "application/problem+json"
MOST_IN_PATH: Final = 200  # characters of a name
_PATTERNS: Final = {"session": f"^{SHAPE}$", "line": f"^{SHAPE}$"}
_EXAMPLES: Final = {"session": "bng1~a89d0f28d537495096e5aa51", "line": "bng1~9812a4522a3113c3e6174811", "bng": "bng1"}
_REFUSED: Final = {
    400: "A parameter, cursor or body that can't be.",
    401: "A token is needed, or the one that came is not known.",
    403: "The token lacks the scope.",
    404: "There is nothing of that name.",
    409: "It can't be done as things are.",
    413: "The body is too long.",
    415: "The body is no JSON.",
    429: "More than web.rate allows; Retry-After says when to come again.",
    503: "The store does not answer; Retry-After says when to come again.",
}


def document(operations: Sequence[Operation], version: str) -> Json:
    """The description."""
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(ProblemShown, "serialization"): None}
    for one in operations:
        if one.answer is not None:
            models[one.answer, "serialization"] = None
        if one.body is not None:
            models[one.body, "validation"] = None
    refs, schemas = models_json_schema(list(models), ref_template=REF)
    paths: dict[str, Json] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, refs)
    described: Json = {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "bngcorr",
            "version": version,
            "summary": "Sessions, access lines, BNGs and what was found out about them.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in operations)],
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    return _renamed(described)


def _renamed(described: Json) -> Json:
    """Models by the names that people would give them: `SessionPage`, `Usage`, and one each."""
    schemas = described["components"]["schemas"]
    names: dict[str, str] = {}
    for name in schemas:
        module, _, plain = name.rpartition("__")
        if module.endswith("vocabulary"):
            plain += "Kind"
        plain = _PAGE.sub(r"\1Page", plain).removesuffix("Shown")
        names[name] = plain if plain not in names.values() and (plain == name or plain not in schemas) else name
    described["components"]["schemas"] = {names[name]: schema for name, schema in schemas.items()}

    def refer(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: _reference(names[inner.rpartition("/")[2]])
                if key == "$ref"
                else {word: _reference(names[one.rpartition("/")[2]]) for word, one in inner.items()}
                if key == "mapping"
                else refer(inner)
                for key, inner in value.items()
            }
        return [refer(one) for one in value] if isinstance(value, list) else value

    renamed: Json = refer(described)
    return renamed


def _reference(name: str) -> str:
    return REF.format(model=name)


def _operation(one: Operation, refs: Refs) -> Json:
    told: Json = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.tag],
        "parameters": [*(_segment(name) for name in one.segments), *_parameters(one)],
        "responses": _responses(one, refs),
    }
    if one.body is not None:
        told["requestBody"] = {
            "required": any(field.is_required() for field in one.body.model_fields.values()),
            "content": {"application/json": {"schema": refs[one.body, "validation"]}},
        }
    if one.scope is not None:
        told["security"] = [{}, {"token": []}] if one.scope is Scope.READ else [{"token": []}]
        told["description"] = f"Needs the scope `{one.scope}`."
    return told


def _segment(name: str) -> Json:
    schema: Json = {"type": "string", "minLength": 1, "maxLength": MOST_IN_PATH}
    if name in _PATTERNS:
        schema["pattern"] = _PATTERNS[name]
    told: Json = {"name": name, "in": "path", "required": True, "schema": schema}
    if name in _EXAMPLES:
        told["example"] = _EXAMPLES[name]
    return told


def _parameters(one: Operation) -> list[Json]:
    """Of the query, as the model that reads it has them."""
    schema = one.query.model_json_schema(mode="validation", ref_template="#/$defs/{model}")
    defs = schema.get("$defs", {})
    found = []
    for name, property_ in schema.get("properties", {}).items():
        plain = _plain(property_, defs)
        told: Json = {"name": name, "in": "query", "required": name in schema.get("required", ())}
        if text := plain.pop("description", None):
            told["description"] = text
        plain.pop("title", None)
        if plain.get("type") == "array":
            told |= {"style": "form", "explode": True}
        told["schema"] = plain
        found.append(told)
    if one.answer is None:
        found.append({
            "name": "Last-Event-ID", "in": "header", "required": False,
            "description": "Go on behind this event.", "schema": {"type": "string", "maxLength": 64},
        })  # fmt: skip
    return found


def _plain(schema: Json, defs: Json) -> Json:
    """Without null, which a query string has no word for, and without references."""
    if "$ref" in schema:
        target = defs[schema["$ref"].rpartition("/")[2]]
        return {**_plain(target, defs), **{name: value for name, value in schema.items() if name != "$ref"}}
    if "anyOf" in schema:
        (some,) = [one for one in schema["anyOf"] if one.get("type") != "null"]
        rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
        return {**_plain(some, defs), **rest}
    if "items" in schema:
        return {**schema, "items": _plain(schema["items"], defs)}
    return dict(schema)


def _responses(one: Operation, refs: Refs) -> Json:
    if one.answer is None:
        content: Json = {
            "text/event-stream": {
                "schema": {
                    "type": "string",
                    "description": "Server-sent events: `event` is request, finding or gap, `data` a JSON object, `id` "
                    "the cursor of a request.",
                }
            }
        }
    else:
        content = {"application/json": {"schema": refs[one.answer, "serialization"]}}
    responses: Json = {str(one.status): {"description": one.summary, "content": content}}
    if one.tagged:
        responses[str(one.status)]["headers"] = {"ETag": {"schema": {"type": "string"}}}
        responses["304"] = {"description": "It is still what If-None-Match names."}
    for status in _statuses(one):
        responses[str(status)] = {
            "description": _REFUSED[status],
            "content": {PROBLEM: {"schema": refs[ProblemShown, "serialization"]}},
        }
    return responses


def _statuses(one: Operation) -> list[int]:
    if one.scope is None:
        return [400]
    found = {400, 401, 403, 429, 503}
    if one.segments:
        found.add(404)
    if one.body is not None:
        found |= {409, 413, 415}
    return sorted(found)
