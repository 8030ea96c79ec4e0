"""Enterprise numbers that were found in front of Remote-Ids."""

from __future__ import annotations

from bngcorr.web.models.asked import BngAsked
from bngcorr.web.models.model import Instant, Model


class EnterpriseBng(Model):
    """Where a number was found."""

    bng: str
    first_seen: Instant | None


class EnterpriseNumber(Model):
    """A number, and the BNGs on which it was found."""

    number: int
    accepted: bool
    """whether enterprise_numbers.accept names it, or names none"""
    first_seen: Instant | None
    bngs: tuple[EnterpriseBng, ...]


class EnterpriseNumbersQuery(Model):
    """Which numbers."""

    bng: BngAsked | None = None
    """name of a configured BNG"""
