"""`bngcorr token`."""

from __future__ import annotations

import secrets
import sys
from typing import Annotated, Final, NoReturn

import cyclopts
from cyclopts import Parameter
from rich.console import Console

from bngcorr.cli.exits import REFUSED
from bngcorr.cli.output import Output, print_rows
from bngcorr.cli.parameters import OutputAs

_COLUMNS: Final = ("name", "token", "hash", "scopes")

app = cyclopts.App(name="token", help="Tokens of the API and the pages: who may see and do what.")


@app.command
def new(
    *,
    name: str,
    scopes: Annotated[str, Parameter(negative="")] = "read",
    output: OutputAs = Output.TABLE,
) -> None:
    """Make a token, and the entry of the configuration that lets it in.

    The token is printed this once and kept nowhere; the configuration has only its hash. Put the entry under
    `web.tokens` and send SIGHUP to `bngcorr web`. Taking it out again ends the token, and the logins made with it.

    Exits 0, or 2 for a name or scope that can't be.

    Parameters
    ----------
    name:
        Who will use it, as audit records and logs tell it: a token for each person or program.
    scopes:
        read (see everything), masked (the same without personal data), act (end sessions, drain servers, start traces);
        several with commas: read,act.
    """
    from pydantic import ValidationError

    from bngcorr.config.web import Scope, Token
    from bngcorr.web.access.tokens import OCTETS, hash_of, new_token

    wanted = [scope.strip() for scope in scopes.split(",")]
    for scope in wanted:
        if scope not in list(Scope):
            _fail(f"--scopes {scopes}: {scope!r} is none of {', '.join(Scope)}")
    token = new_token(secrets.token_bytes(OCTETS))
    try:
        entry = Token.model_validate({"name": name, "hash": hash_of(token), "scopes": wanted})
    except ValidationError as error:
        _fail(f"--name {name!r}: expected {error.errors()[0]['msg'].removeprefix('Value error, ')}")
    given = [*dict.fromkeys(wanted)]
    row = {"name": entry.name, "token": token, "hash": entry.hash, "scopes": given}
    print_rows([row], output, columns=_COLUMNS, table=lambda: _print(token, entry.name, entry.hash, given))


def _print(token: str, name: str, known: str, scopes: list[str]) -> None:
    console = Console(emoji=False, highlight=False, soft_wrap=True)
    console.print(
        f"The token, told this once:\n\n{token}\n\nThe entry for web.tokens:\n\n"
        f"    - name: {name}\n      hash: {known}\n      scopes: [{', '.join(scopes)}]",
        markup=False,
    )


def _fail(said: str) -> NoReturn:
    print(f"bngcorr token new: {said}", file=sys.stderr)
    sys.exit(REFUSED)
