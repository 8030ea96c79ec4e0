"""What the verbs ask of a running `bngcorr web`."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any, Final

DEFAULT_URL: Final = "http://127.0.0.1:8080"
URL_VARIABLE: Final = "BNGCORR_URL"
WITHIN_S: Final = 10.0

JsonObject = dict[str, Any]


class ApiFault(Exception):
    """The API did not answer, or refused; the text says what and why."""

    def __init__(self, said: str, *, refused: bool = False) -> None:
        """`refused`: it answered that the question can't be."""
        super().__init__(said)
        self.refused = refused

    @property
    def exit_code(self) -> int:
        """2 for a question that can't be, 1 for no answer."""
        return 2 if self.refused else 1


def base_url(given: str | None) -> str:
    """Where the API is: what was given, else BNGCORR_URL, else the default of `web.listen`."""
    return (given or os.environ.get(URL_VARIABLE) or DEFAULT_URL).rstrip("/")


def get(base: str, path: str, query: Mapping[str, str] | Sequence[tuple[str, str]]) -> JsonObject:
    """A JSON object from the API. Raises ApiFault."""
    url = base + path + ("?" + urllib.parse.urlencode(query) if query else "")
    if not url.startswith(("http://", "https://")):
        raise ApiFault(f"--url {base!r} is no http:// or https:// URL", refused=True)
    try:
        with urllib.request.urlopen(url, timeout=WITHIN_S) as answer:  # noqa: S310 -- the scheme was checked
            found = json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            raise ApiFault(f"{base}{path}: {_problem(error.read())}", refused=error.code == 400) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise ApiFault(f"{base} does not answer ({reason}); is `bngcorr web` running, and is --url right?") from None
    if not isinstance(found, dict):
        raise ApiFault(f"{base}{path}: not the API of bngcorr")
    return found


def _problem(body: bytes) -> str:
    """What RFC 9457 problem details say."""
    try:
        problem = json.loads(body)
        return f"{problem['title']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        return "an error that is none of bngcorr's"
