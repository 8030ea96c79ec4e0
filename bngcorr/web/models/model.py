"""What all models have in common."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]  # RFC 3339 in UTC, with milliseconds


class Model(BaseModel):
    """Something that is told or asked: never changed, and nothing in it that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, serialize_by_alias=True)


class Page(Model, Generic[Item]):
    """Part of a list."""

    items: tuple[Item, ...]
    next: str | None = None
    """Give it back as `cursor` to read on; null: this was all."""
    partial: tuple[str, ...] = ()
    """Correlation domains whose part of the store did not answer: what they know is missing."""
