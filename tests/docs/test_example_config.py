"""conf/bngcorr.example.yaml shows every key of the configuration, and every default it shows is the real one."""

from __future__ import annotations

import copy
import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bngcorr import config
from bngcorr.bng_profiles import compile_all
from bngcorr.config.secret import WithSecret
from bngcorr.profiles.catalogue import packaged
from bngcorr.resources import resource
from bngcorr.wire.dictionary import Dictionary

EXAMPLE = Path(__file__).parents[2] / "conf" / "bngcorr.example.yaml"

Steps = tuple[str | int, ...]  # ("bngs", 0, "name")

# sections whose names are the operator's, and those of the example
NAMED = {"cost_tables": "two-for-v6", "pools": "wholesale"}

_LINE = re.compile(r"(?P<indent> *)(?P<hash># )?(?P<key>[a-z][a-z0-9_-]*\+?):(?: (?P<value>.*))?")
_DEFAULT = re.compile(r"Default: (.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One key of the file, set or shown as a default, with the comment above it."""

    steps: Steps
    commented: bool
    value: str | None
    comment: str


def entries(text: str) -> Iterator[Entry]:
    """Every key of the file in order. A list item may start on a comment line, or on its first key."""
    stack: list[tuple[int, str | int]] = []
    items: dict[tuple[str | int, ...], int] = {}
    comment: list[str] = []
    for raw in text.splitlines():
        line = raw
        if not line.strip():
            comment = []
            continue
        body = line.lstrip(" ")
        if body.startswith("- "):
            depth = len(line) - len(body)
            while stack and stack[-1][0] >= depth:
                stack.pop()
            parent = tuple(step for _, step in stack)
            items[parent] = items.get(parent, -1) + 1
            stack.append((depth, items[parent]))
            line = " " * (depth + 2) + body[2:]
            comment = []
        match = _LINE.fullmatch(line)
        if match is None or (match["hash"] and match["key"] not in KEYS):
            assert line.lstrip().startswith("#"), f"neither key nor comment: {line!r}"
            comment.append(line.lstrip()[2:])
            continue
        depth = len(match["indent"])
        while stack and stack[-1][0] >= depth:
            stack.pop()
        stack.append((depth, match["key"]))
        yield Entry(
            steps=tuple(step for _, step in stack),
            commented=match["hash"] is not None,
            value=match["value"],
            comment=" ".join(comment),
        )
        comment = []


def model_of(annotation: object) -> type[BaseModel] | None:
    """The settings model that an annotation names, if any."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in typing.get_args(annotation):
        model = model_of(part)
        if model is not None:
            return model
    return None


def fields(
    model: type[BaseModel], at: Steps = (), seen: tuple[type[BaseModel], ...] = ()
) -> Iterator[tuple[Steps, FieldInfo]]:
    """Every key of the configuration, depth first in the order of the models; of lists, the first item, and of sections
    that have names of the operator's, the one that the example shows.

    A model that stands in two places (the AAA servers) is gone into at the first only.
    """
    gone_into = list(seen)
    for name, field in model.model_fields.items():
        yield (*at, name), field
        inner = model_of(field.annotation)
        if inner is not None and inner not in gone_into:
            gone_into.append(inner)
            yield from fields(inner, (*at, name, *_first(name, str(field.annotation))), tuple(gone_into))


def _first(name: str, annotation: str) -> Steps:
    return (0,) if "tuple" in annotation else (NAMED[name],) if annotation.startswith("dict") else ()


FIELDS = dict(fields(config.Config))
KEYS = {steps[-1] for steps in FIELDS}
TEXT = EXAMPLE.read_text("utf-8")
ENTRIES = tuple(entries(TEXT))


def value_at(settings: object, steps: Steps) -> object:
    """The setting at that place."""
    for step in steps:
        settings = settings[step] if isinstance(settings, dict | tuple) else getattr(settings, str(step))  # type: ignore[index]
    return settings


def with_value(data: dict[str, object], steps: Steps, value: object) -> dict[str, object]:
    """The file's data with one value put in."""
    changed: dict[str, object] = copy.deepcopy(data)
    place: typing.Any = changed
    for step in steps[:-1]:
        if place[step] is None:  # a section of which nothing is set
            place[step] = {}
        place = place[step]
    place[steps[-1]] = value
    return changed


def test_the_example_is_sound() -> None:
    """`bngcorr check-config` accepts the file as it is: also attributes, patterns and templates are good."""
    settings = config.load(EXAMPLE)

    assert {"bng1", "edge"} == set(compile_all(settings, Dictionary(resource("dictionaries") / "dictionary")))
    assert ["bng1", "edge"] == [bng.name for bng in settings.bngs]
    assert {4, 6} == {network.version for network in settings.bngs[1].address}


def test_every_key_is_there() -> None:
    """Nobody has to read the code to learn what can be set."""
    assert set(FIELDS) == {entry.steps for entry in ENTRIES} & set(FIELDS)


def test_keys_stand_in_the_order_of_the_models() -> None:
    """File and code are read side by side; secrets come from a common part and stand where people look for them."""
    secrets = set(WithSecret.model_fields)
    shown = [entry.steps for entry in ENTRIES if entry.steps in FIELDS]

    assert [s for s in FIELDS if s[-1] not in secrets] == [s for s in shown if s[-1] not in secrets]


def test_every_key_is_explained() -> None:
    """At its first place each key has a comment: a sentence, not the bare key."""
    unexplained = [entry.steps for entry in ENTRIES if entry.steps in FIELDS and len(entry.comment) < 8]

    assert [] == unexplained


def test_uncommenting_all_defaults_changes_nothing() -> None:
    """Each line "# key: value" shows the default, so that a file with and without it means the same."""
    uncommented = "\n".join(
        match["indent"] + line.removeprefix(match["indent"] + "# ")
        if (match := _LINE.fullmatch(line)) and match["hash"] and match["key"] in KEYS
        else line
        for line in TEXT.splitlines()
    )

    assert uncommented != TEXT
    assert config.load(EXAMPLE) == config.parse(yaml.safe_load(uncommented))


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.commented], ids=lambda e: ".".join(map(str, e.steps)))
def test_a_commented_line_shows_the_default(entry: Entry) -> None:
    """What the file shows is what holds when nothing is set."""
    field = FIELDS[entry.steps]
    settings = config.parse(with_value(yaml.safe_load(TEXT), entry.steps, yaml.safe_load(entry.value or "null")))

    assert not field.is_required()
    assert field.default == value_at(settings, entry.steps)


@pytest.mark.parametrize(
    "entry",
    [e for e in ENTRIES if not e.commented and e.steps in FIELDS and e.value is not None],
    ids=lambda e: ".".join(map(str, e.steps)),
)
def test_a_plain_line_tells_its_default(entry: Entry) -> None:
    """A value that the operator sets says in its comment what holds otherwise, or that it is needed."""
    field = FIELDS[entry.steps]
    if field.is_required():
        assert entry.comment.endswith("Needed.")
        return
    told = _DEFAULT.search(entry.comment)

    assert told is not None
    default = field.default
    if told[1] == "none":
        assert default is None
    else:
        settings = config.parse(with_value(yaml.safe_load(TEXT), entry.steps, yaml.safe_load(told[1])))
        assert default == value_at(settings, entry.steps)


def test_secrets_say_that_they_are_examples() -> None:
    """Nobody should run with a secret from the example."""
    settings = config.load(EXAMPLE)
    servers = [server for pool in settings.upstream.every.values() for server in pool.servers]
    held = [*servers, *settings.dynauth.clients, *settings.bngs, *settings.monitors]

    assert all(part.shared_secret.startswith(b"example-secret") for part in held)


def test_every_profile_is_named() -> None:
    """The comment of `profile` lists what there is."""
    comment = next(entry.comment for entry in ENTRIES if entry.steps == ("bngs", 0, "profile"))

    assert [] == [name for name in packaged() if name not in comment]
