"""Tokens, their hashes, and `bngcorr token new`."""

from __future__ import annotations

import json

import pytest
import yaml

from bngcorr.config.web import Scope, Token
from bngcorr.web.access.tokens import Tokens, hash_of, new_token

MINE, OTHER = new_token(bytes(range(32))), new_token(bytes(32))


def table(*tokens: str) -> Tokens:
    """All of them may read."""
    return Tokens(Token(name=f"t{at}", hash=hash_of(token)) for at, token in enumerate(tokens))


def test_a_token_is_known_by_its_hash() -> None:
    """Only the very same text opens; case counts."""
    tokens = table(OTHER, MINE)

    assert ["t1", "t0"] == [found.name for found in (tokens.find(MINE), tokens.find(OTHER)) if found]
    assert [None] * 3 == [tokens.find(text) for text in (MINE + "x", MINE[:-1], MINE.swapcase())]


@pytest.mark.parametrize("weak", ["", "secret", "bngcorr_", "bngcorr_" + "ä" * 43, "\udcff"])
def test_a_word_of_ones_own_opens_nothing(weak: str) -> None:
    """Though its hash stands in the configuration: an unsalted hash is safe for random tokens only."""
    assert table(weak).find(weak) is None


def test_the_verb_prints_an_entry_that_fits_its_token(capsys: pytest.CaptureFixture[str]) -> None:
    """What it prints goes into the file as it is."""
    from bngcorr.cli.output import Output
    from bngcorr.cli.token import new

    new(name="noc", scopes="read,act")
    said = capsys.readouterr().out
    (entry,) = yaml.safe_load(said[said.index("    - name") :])
    token = Token.model_validate(entry)

    assert {Scope.READ, Scope.ACT} == token.scopes
    assert Tokens([token]).find(said.split("\n")[2]) is token

    new(name="noc", output=Output.JSON)
    (row,) = json.loads(capsys.readouterr().out)
    assert row["hash"] == hash_of(row["token"])


@pytest.mark.parametrize(("name", "scopes"), [("noc", "read,root"), ("noc", ""), ("n c", "read")])
def test_the_verb_names_what_cannot_be(name: str, scopes: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And prints no token."""
    from bngcorr.cli.token import new

    with pytest.raises(SystemExit) as exited:
        new(name=name, scopes=scopes)

    said = capsys.readouterr()
    assert (2, "") == (exited.value.code, said.out)
    assert ("n c" in said.err) or ("read, act, masked" in said.err)


def test_nothing_shows_a_hash() -> None:
    """It opens nothing, but neither does it belong into a log."""
    token = Token(name="noc", hash=hash_of(MINE))

    assert hash_of(MINE)[7:] not in repr(token)
