"""The OpenAPI description laid out for reading: operations by subject, then what they tell. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Json = Mapping[str, Any]

_ARTICLES: Final = {"string": "text", "integer": "number", "number": "number", "boolean": "true or false"}


@dataclass(frozen=True, slots=True)
class Type:
    """What a value is: words, and names of models among them."""

    parts: tuple[tuple[str, str], ...]  # (text, name of a model or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A parameter or field."""

    name: str
    type: Type
    told: str
    needed: bool = False
    default: str = ""
    where: str = ""  # path, query, header or body; "" for a field of a model


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One operation."""

    id: str
    method: str
    path: str
    summary: str
    scope: str
    parameters: tuple[Row, ...]
    answer: Type
    refusals: tuple[str, ...]  # statuses


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One model."""

    name: str
    told: str
    rows: tuple[Row, ...]
    words: tuple[str, ...]  # of a closed list


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """All of it."""

    subjects: tuple[tuple[str, tuple[Entry, ...]], ...]
    shapes: tuple[Shape, ...]
    refusals: tuple[tuple[str, str], ...]  # status, when


def reference(document: Json) -> Reference:
    """Of an OpenAPI 3.1 document as this package makes it."""
    schemas = document["components"]["schemas"]
    entries: dict[str, list[Entry]] = {tag["name"]: [] for tag in document["tags"]}
    refusals: dict[str, str] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            entries[operation["tags"][0]].append(_entry(path, method.upper(), operation, schemas))
            refusals |= {status: one["description"] for status, one in operation["responses"].items() if status >= "4"}
    return Reference(
        subjects=tuple((tag, tuple(some)) for tag, some in entries.items()),
        shapes=tuple(_shape(name, schema) for name, schema in sorted(schemas.items())),
        refusals=tuple(sorted(refusals.items())),
    )


def _entry(path: str, method: str, operation: Json, schemas: Json) -> Entry:
    rows = [
        Row(
            name=one["name"],
            type=type_of(one["schema"]),
            told=one.get("description", ""),
            needed=one["required"],
            default=_default(one["schema"]),
            where=one["in"],
        )
        for one in operation["parameters"]
    ]
    if body := operation.get("requestBody"):
        model = schemas[_target(body["content"]["application/json"]["schema"]["$ref"])]
        rows += _rows(model, "body")
    statuses = operation["responses"]
    (answered,) = [status for status in statuses if status.startswith("2")]
    content = statuses[answered]["content"]
    schema = content["application/json"]["schema"] if "application/json" in content else {"type": "events"}
    security = operation.get("security")
    return Entry(
        id=operation["operationId"],
        method=method,
        path=path,
        summary=operation["summary"],
        scope="none: it is open to everybody" if security is None else "read" if {} in security else "act",
        parameters=tuple(rows),
        answer=type_of(schema),
        refusals=tuple(status for status in statuses if status >= "4"),
    )


def _shape(name: str, schema: Json) -> Shape:
    return Shape(
        name=name,
        told=schema.get("description", ""),
        rows=tuple(_rows(schema, "")),
        words=tuple(map(str, schema.get("enum", ()))),
    )


def _rows(schema: Json, where: str) -> list[Row]:
    needed = schema.get("required", ())
    return [
        Row(
            name=name,
            type=type_of(one),
            told=one.get("description", ""),
            needed=name in needed,
            default=_default(one),
            where=where,
        )
        for name, one in schema.get("properties", {}).items()
    ]


def type_of(schema: Json) -> Type:
    """In words."""
    return Type(tuple(_type(schema)))


def _type(schema: Json) -> list[tuple[str, str]]:
    if "$ref" in schema:
        name = _target(schema["$ref"])
        return [(name, name)]
    if "const" in schema:
        return [(f'"{schema["const"]}"', "")]
    if "enum" in schema:
        return [("one of " + ", ".join(map(str, schema["enum"])), "")]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return _joined(schema[several])
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return [("list of ", ""), *_type(schema.get("items", {}))]
    if kind == "object":
        inner = schema.get("additionalProperties")
        return [("object of ", ""), *_type(inner)] if isinstance(inner, Mapping) and inner else [("object", "")]
    if schema.get("format") == "date-time":
        return [("instant", "")]
    return [(_ARTICLES.get(kind, kind), "")]


def _joined(several: Sequence[Json]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for one in several:
        found += [*([(" or ", "")] if found else []), *_type(one)]
    return found


def _default(schema: Json) -> str:
    value = schema.get("default")
    if value in (None, "", []):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _target(ref: str) -> str:
    return ref.rpartition("/")[2]
