"""`/openapi.json` and `/docs` tell what there is: every route, and every parameter as it is read."""

from __future__ import annotations

from typing import Any, cast

import pytest
from jsonschema_rs import meta

from bngcorr.bng_profiles import costs_of
from bngcorr.config.web import Scope
from bngcorr.store.contract import QueryStore
from bngcorr.web.openapi import document
from bngcorr.web.operation import Operation
from bngcorr.web.operations import operations
from bngcorr.web.problem import Problem
from bngcorr.web.query import read_body, read_query
from bngcorr.web.reference import reference
from bngcorr.web.resources.desk import Desk
from tests.web.acting import nowhere
from tests.web.stage import CONFIG, Figures


@pytest.fixture(scope="module")
def told() -> tuple[Operation, ...]:
    """All operations."""
    figures = Figures()
    return operations(Desk(cast(QueryStore, figures), figures.capacity, CONFIG, costs_of(CONFIG), nowhere()))


@pytest.fixture(scope="module")
def described(told: tuple[Operation, ...]) -> Any:
    """What `/openapi.json` says."""
    return document(told, "1.2.3")


def test_every_operation_is_described_once(told: tuple[Operation, ...], described: Any) -> None:
    """Under its path and method, by a name of its own."""
    found = [
        (method.upper(), path, one["operationId"])
        for path, methods in described["paths"].items()
        for method, one in methods.items()
    ]

    assert sorted((one.method, one.path, one.name) for one in told) == sorted(found)
    assert len({name for _, _, name in found}) == len(found)


def test_every_parameter_is_described_as_it_is_read(told: tuple[Operation, ...], described: Any) -> None:
    """None that is not read, none that is read unseen; null is no word of a query string."""
    for one in told:
        parameters = described["paths"][one.path][one.method.lower()]["parameters"]

        assert [*one.query.model_fields] == [each["name"] for each in parameters if each["in"] == "query"]
        assert [] == [each["name"] for each in parameters if "null" in str(each["schema"])]


def test_every_schema_is_one_and_every_reference_leads_to_one(described: Any) -> None:
    """JSON Schema of 2020-12, as OpenAPI 3.1 has it; no model by the name of a module."""
    schemas = described["components"]["schemas"]

    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            here = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return here.union(*map(references, value.values()))
        return set().union(*map(references, value)) if isinstance(value, list) else set()

    for schema in schemas.values():
        meta.validate({"$schema": described["jsonSchemaDialect"], **schema})
    assert {f"#/components/schemas/{name}" for name in schemas} >= references(described)
    assert [] == [name for name in schemas if "__" in name or name.endswith("_")]


def test_acts_need_a_token_and_change_nothing_by_get(told: tuple[Operation, ...], described: Any) -> None:
    """Whatever is not GET has the scope act, in the table and in the description."""
    assert {Scope.ACT} == {one.scope for one in told if one.method != "GET"}
    assert Scope.ACT not in {one.scope for one in told if one.method == "GET"}
    assert [{"token": []}] == described["paths"]["/v1/traces"]["post"]["security"]


def test_the_page_for_people_has_every_operation_and_every_model(told: tuple[Operation, ...], described: Any) -> None:
    """What is read at /docs is the description, no more and no less."""
    page = reference(described)

    assert {(one.method, one.path) for one in told} == {
        (entry.method, entry.path) for _, entries in page.subjects for entry in entries
    }
    assert [*sorted(described["components"]["schemas"])] == [shape.name for shape in page.shapes]
    assert {name for shape in page.shapes for row in shape.rows for _, name in row.type.parts if name} <= {
        shape.name for shape in page.shapes
    }


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("limit=0&state=gone&mac=x", {"limit", "state", "mac"}),
        ("remote_id=", {"remote_id"}),
        ("remote_id=0x" + "00" * 248, {"remote_id"}),
        ("colour=red", {"colour"}),
        ("limit=1&limit=2", {"limit"}),
    ],
)
def test_every_parameter_at_fault_is_named(told: tuple[Operation, ...], query: str, fault: set[str]) -> None:
    """All at once, where they are known ones."""
    (one,) = [one for one in told if one.path == "/v1/sessions"]
    pairs = [(name, value) for name, _, value in (part.partition("=") for part in query.split("&"))]
    with pytest.raises(Problem) as refused:
        read_query(one.query, query, pairs)

    assert (400, fault) == (refused.value.status, {each.parameter for each in refused.value.errors})


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'{"admin": "gone"}', b'{"admin": "up", "more": 1}', b"", b"[" * 100_000]
)
def test_a_body_that_can_not_be_is_refused(told: tuple[Operation, ...], body: bytes) -> None:
    """No JSON, no object, a value or member that nobody knows; however deep."""
    (one,) = [one for one in told if one.method == "PUT"]
    assert one.body is not None
    with pytest.raises(Problem) as refused:
        read_body(one.body, body)

    assert (400, "Bad body") == (refused.value.status, refused.value.title)
