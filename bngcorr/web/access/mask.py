"""Personal data is kept from those who may not see it: on the way out, in whatever model it stands.

Models say which of their fields are personal (`Personal`, web/models/personal.py). Whatever goes to a caller, as JSON,
as a live event or on a page, goes through `outgoing`.
"""

from __future__ import annotations

import secrets
from enum import Enum
from functools import lru_cache
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel

from bngcorr.web.access.caller import Caller
from bngcorr.web.access.pseudonym import Known, Pseudonyms
from bngcorr.web.models.model import Page
from bngcorr.web.models.personal import Kind, Personal
from bngcorr.web.turns import in_turns

Told = TypeVar("Told", bound=BaseModel)

_NOT_ALONE: Final = frozenset({Kind.SUBJECT, Kind.TEXT, Kind.VALUE, Kind.DETAIL})
IMPERSONAL: Final = frozenset(
    {
        "Acct-Authentic", "Acct-Delay-Time", "Acct-Input-Gigawords", "Acct-Input-Octets", "Acct-Input-Packets",
        "Acct-Interim-Interval", "Acct-Output-Gigawords", "Acct-Output-Octets", "Acct-Output-Packets",
        "Acct-Session-Time", "Acct-Status-Type", "Acct-Terminate-Cause", "Error-Cause", "Event-Timestamp", "Filter-Id",
        "Framed-IPv6-Pool", "Framed-MTU", "Framed-Pool", "Framed-Protocol", "Idle-Timeout", "NAS-IP-Address",
        "NAS-IPv6-Address", "NAS-Identifier", "NAS-Port-Type", "Service-Type", "Session-Timeout", "Termination-Action",
    }
)  # fmt: skip
"""Attributes of RADIUS (RFC 2865, 2866, 2869, 3162, 5176) whose values are about no customer."""
_PLAIN: Final = (str, int, float, bool, bytes, Enum, type(None))
_NONE: Final = Known({})
_PSEUDONYMS: Final = Pseudonyms(secrets.token_bytes(32))  # stable as long as the process lives, and no longer


def outgoing(model: Told, caller: Caller) -> Told:
    """What the caller may see of it: the model itself, or one with pseudonyms in place of personal data."""
    return masked(model, _PSEUDONYMS) if caller.masked else model


async def outgoing_in_turns(model: Told, caller: Caller) -> Told:
    """The same, a few items of a list at a time: others have their turns between them."""
    if not caller.masked or not isinstance(model, Page):
        return outgoing(model, caller)
    told = await in_turns(model.items, lambda item: outgoing(item, caller))
    return outgoing(model.model_copy(update={"items": ()}), caller).model_copy(update={"items": told})


def masked(model: Told, pseudonyms: Pseudonyms) -> Told:
    """The same with pseudonyms; a value that is personal in one field is not told in the sentence of another either."""
    return _Masking(pseudonyms).model(model)


class _Masking:
    """Of one answer. Items of a list stand for themselves: what is known of one does not look into the next."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._whole: BaseModel | None = None  # the answer, or the item of it
        self._known: Known | None = None  # of it; None before the first sentence needs it

    def model(self, model: Told) -> Told:
        whole, known = self._whole, self._known
        if whole is None and "items" not in type(model).model_fields:
            self._whole, self._known = model, None
        changed = {
            name: self._value(getattr(model, name), _by_name(model) if kind is Kind.VALUE else kind)
            for name, kind in _fields(type(model))
        }
        self._whole, self._known = whole, known if whole is None else self._known
        return model.model_copy(update=changed)

    @property
    def _alone(self) -> Known:
        if self._known is None:
            alone: dict[str, str] = {}
            self._gather(self._whole, None, alone)
            self._known = Known(alone)
        return self._known

    def _value(self, value: Any, kind: Kind | None) -> Any:
        if isinstance(value, BaseModel):
            return self.model(value)
        if kind is Kind.DETAIL:
            return self._pseudonyms.detail(value, self._alone)
        if isinstance(value, tuple | list):
            return type(value)(self._value(inner, kind) for inner in value)
        if isinstance(value, dict):
            return {key: self._value(inner, kind) for key, inner in value.items()}
        if kind is None or value is None:
            return value
        return self._pseudonyms.of(kind, str(value), self._alone if kind in _NOT_ALONE else _NONE)

    def _gather(self, value: Any, kind: Kind | None, alone: dict[str, str]) -> None:
        """Personal values that stand alone somewhere in the answer, for sentences elsewhere in it."""
        if isinstance(value, BaseModel):
            for name, inner in _fields(type(value)):
                self._gather(getattr(value, name), inner, alone)
        elif isinstance(value, tuple | list):
            for one in value:
                self._gather(one, kind, alone)
        elif isinstance(value, dict) and kind is not Kind.DETAIL:
            for one in value.values():
                self._gather(one, kind, alone)
        elif isinstance(value, str) and value and kind is not None and kind not in _NOT_ALONE:
            alone[value] = self._pseudonyms.of(kind, value, _NONE)


def _by_name(attribute: BaseModel) -> Kind | None:
    """What the value of an attribute is: somebody's, unless it is one of those that only tell how and how much."""
    return None if getattr(attribute, "name", None) in IMPERSONAL else Kind.VALUE


@lru_cache(maxsize=512)
def _fields(model: type[BaseModel]) -> tuple[tuple[str, Kind | None], ...]:
    """Fields that are personal, by their kinds, or may hold models that are (None)."""
    kinds = {name: kind_of(model, name) for name in model.model_fields}
    return tuple(
        (name, kind)
        for name, kind in kinds.items()
        if kind is not None or not _plain(model.model_fields[name].annotation)
    )


def _plain(annotation: object) -> bool:
    """Whether no model can stand there, for sure."""
    parts = get_args(annotation)
    if get_origin(annotation) is Literal:
        return True
    if parts:
        return all(_plain(part) for part in parts if part is not ...)
    return annotation is None or (isinstance(annotation, type) and issubclass(annotation, _PLAIN))


def kind_of(model: type[BaseModel], name: str) -> Kind | None:
    """What a field was declared to hold. Raises TypeError where two kinds are declared."""
    field = model.model_fields[name]
    found = {one.kind for one in field.metadata if isinstance(one, Personal)} | _declared(field.annotation)
    if len(found) > 1:
        raise TypeError(f"{model.__name__}.{name}: {' and '.join(sorted(found))}")
    return next(iter(found), None)


def _declared(annotation: object) -> set[Kind]:
    found = {one.kind for one in getattr(annotation, "__metadata__", ()) if isinstance(one, Personal)}
    return found.union(*(_declared(part) for part in get_args(annotation)))
