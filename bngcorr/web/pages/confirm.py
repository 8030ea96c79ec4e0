"""What a page says before something is done."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something to be filled in."""

    name: str
    label: str
    value: str = ""
    hint: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question whose answer is yes or to go back."""

    title: str
    text: str
    verb: str
    action: str
    back: str
    facts: tuple[tuple[str, str], ...] = ()
    fields: tuple[Field, ...] = ()
    hidden: dict[str, str] = field(default_factory=dict)
    grave: bool = False  # somebody loses something by it
    fault: str = ""
