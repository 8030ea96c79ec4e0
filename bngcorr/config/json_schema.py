"""JSON Schema of the operator's file, from its models: for whatever checks values before bngcorr sees them.

It knows keys, types, words and ranges. What keys say together (`bngcorr.config.faults`) it does not know.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from bngcorr.config.settings import Config
from bngcorr.config.upstream import SEVERAL, SINGLE

_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
_TEXTS: Final = {"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1}
_UNUSED: Final = {"title", "description", "format", "writeOnly", "discriminator", "gt", "ge", "le"}
_ADDRESS: Final = r"^(\[[0-9A-Fa-f:.%]+\]|[0-9.]+):[0-9]{1,5}$"

# what the file may say where one of our own functions reads it; None: what the model behind it says, or true and false
_WRITTEN: Final[dict[str, JsonSchemaValue | None]] = {
    "_duration": {"type": "string", "pattern": r"^\s*[0-9]{1,9}(\.[0-9]{1,9})?\s*(ms|s|m|h|d)\s*$"},
    "read_endpoint": {"type": "string", "pattern": _ADDRESS},
    "_name": {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
    "networks_field": _TEXTS,
    "names_field": {"type": ["string", "array"], "items": {"type": "string"}},
    "store_url": {"type": "string", "pattern": r"^(embedded$|rediss?(\+sentinel|\+cluster)?://|unix://)"},
    "interface_id": {"type": ["string", "null"]},
    "_socket": {"type": ["string", "null"], "minLength": 1, "maxLength": 107},
    "_remedy": {"enum": ["off", "disconnect", False]},
    "_hash": {"type": "string", "pattern": r"^sha256:[0-9a-f]{64}$"},
    "switched": None,
    "_commented": None,
    "_url_from_file": None,
}


class _Schema(GenerateJsonSchema):
    """Of what the file says, not of what our functions make of it."""

    def function_before_schema(self, schema: Any) -> JsonSchemaValue:
        """Raises LookupError for a function that is not told of above: the schema would not fit what it reads."""
        name = schema["function"]["function"].__name__
        written = _WRITTEN[name]
        if written is not None:
            return dict(written)
        model = self.generate_inner(schema["schema"])
        return {"if": {"type": "boolean"}, "then": {}, "else": model} if name == "switched" else model

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        """Without the default: the models have it, and the file need not."""
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        """So that a fault of the value is told, and not that it is no null either."""
        inner = self.generate_inner(schema["schema"])
        return {"if": {"type": "null"}, "then": {}, "else": inner}

    def tagged_union_schema(self, schema: Any) -> JsonSchemaValue:
        """One server or a pool of them: told apart by the keys, so that no faults of the other form are told."""
        forms = {str(tag): self.generate_inner(form) for tag, form in schema["choices"].items()}
        several = {"anyOf": [{"required": ["servers"]}, {"required": ["policy"]}]}
        return {"if": several, "then": forms[SEVERAL], "else": forms[SINGLE]}


def config_schema() -> dict[str, Any]:
    """Draft 7, which every Helm knows."""
    made = Config.model_json_schema(schema_generator=_Schema, ref_template="#/definitions/{model}")
    definitions = made.pop("$defs")
    return {
        "$schema": _DRAFT,
        "definitions": {name: _plain(each) for name, each in definitions.items()},
        **_plain(made),
    }


def _plain(schema: Any) -> Any:
    """Without titles and descriptions, which repeat names; only what Draft 7 has."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key in {"properties", "patternProperties"}:
            kept[key] = {name: _plain(each) for name, each in value.items()}
        elif key == "anyOf" and len({repr(_plain(each)) for each in value}) == 1:
            kept |= _plain(value[0])
        elif key not in _UNUSED:
            kept[key] = _plain(value)
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    return kept


__all__ = ["config_schema"]
