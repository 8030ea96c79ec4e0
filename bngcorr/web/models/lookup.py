"""One box for everything: what a text may be, and what is known under it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from bngcorr.web.models.line import Line
from bngcorr.web.models.model import Model
from bngcorr.web.models.personal import Kind, Personal
from bngcorr.web.models.session import Session


class Meaning(StrEnum):
    """What a text was taken for."""

    MAC = "mac"
    ADDRESS = "address"  # an address, or one inside a prefix
    PREFIX = "prefix"
    REMOTE_ID = "remote_id"
    CIRCUIT_ID = "circuit_id"
    USER_NAME = "user_name"
    SESSION_ID = "session_id"
    BNG = "bng"
    PORT = "port"
    NAME = "name"  # of a line or session in this API


class Hit(Model):
    """The one thing that was found."""

    kind: Literal["line", "session", "bng"]
    id: str


class Reading(Model):
    """One way to understand the text, and what was found that way."""

    meaning: Meaning
    value: Annotated[str, Personal(Kind.TEXT)]
    """as it was understood, in one notation"""
    lines: tuple[Line, ...] = ()
    sessions: tuple[Session, ...] = ()
    bngs: tuple[str, ...] = ()
    more: bool = False
    """there is more than is told here"""


class Lookup(Model):
    """What a text may be, and what is known of it."""

    q: Annotated[str, Personal(Kind.TEXT)]
    readings: tuple[Reading, ...]
    """those that found something first"""
    hit: Hit | None
    """what there is, if it is a single thing"""
    partial: tuple[str, ...] = ()
    """Correlation domains, and meanings, for which the store did not answer: there may be more."""


class LookupQuery(Model):
    """What is looked for."""

    q: Annotated[str, Field(min_length=1, max_length=600)]
    """MAC, Remote- or Circuit-Id (text or hexadecimal), user name, IPv4 or IPv6 address, prefix, Acct-Session-Id,
    BNG, or BNG and port"""
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    """at most so many of each kind"""
