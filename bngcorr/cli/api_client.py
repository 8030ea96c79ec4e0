"""What the verbs ask of a running `bngcorr web`."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NoReturn, Self

from bngcorr.cli.event_stream import StreamEvent, read_events
from bngcorr.cli.exits import NEGATIVE, REFUSED, UNREACHABLE
from bngcorr.cli.parameters import ApiAt

TOKEN_VARIABLE: Final = "BNGCORR_TOKEN"  # noqa: S105 -- the name of it
WITHIN_S: Final = 30.0  # an act waits for packet processes
SILENCE_S: Final = 60.0  # of a stream, heartbeats included, before it is taken for cut
MOST_A_PAGE: Final = 1_000
MOST_OCTETS: Final = 64 * 1024 * 1024  # of one answer

Json = dict[str, Any]
Query = Mapping[str, object] | Sequence[tuple[str, object]]

_NEGATIVE: Final = frozenset((404, 409, 410))
_REFUSED: Final = frozenset((400, 401, 403, 405, 413, 414, 415, 422))
_HINTS: Final = {401: f"give a token: {TOKEN_VARIABLE} or --token-file"}


class ApiFault(Exception):
    """The API did not answer, or refused; the text says what and why."""

    def __init__(self, said: str, exit_code: int) -> None:
        super().__init__(said)
        self.exit_code = exit_code

    @property
    def passing(self) -> bool:
        """Whether the same question may be answered later: nobody was there to refuse it."""
        return self.exit_code == UNREACHABLE


class _Unredirected(urllib.request.HTTPRedirectHandler):
    """A token goes to nobody but whom it was meant for."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Never: a redirect is an answer like any other."""


class ApiClient:
    """One verb's way to the API. Used as a context, it ends the verb by the first ApiFault that nobody has caught."""

    def __init__(self, verb: str, at: ApiAt) -> None:
        """`verb` is named in what is said on standard error."""
        self._verb = verb
        self.opened = False  # whether anything was ever answered
        self.base = at.api.rstrip("/")
        if not self.base.startswith(("http://", "https://")):
            self.fail(f"--api {at.api!r} is no http:// or https:// URL", REFUSED)
        self._token = self._read_token(at)
        try:
            context = ssl.create_default_context(cafile=at.ca) if self.base.startswith("https://") else None
        except (OSError, ssl.SSLError) as error:
            self.fail(f"--ca {at.ca}: {getattr(error, 'strerror', None) or error}", REFUSED)
        handlers = (
            [_Unredirected()] if context is None else [_Unredirected(), urllib.request.HTTPSHandler(context=context)]
        )
        self._opener = urllib.request.build_opener(*handlers)

    def _read_token(self, at: ApiAt) -> str | None:
        if at.token_file is None:
            token = os.environ.get(TOKEN_VARIABLE, "")
        else:
            try:
                token = at.token_file.read_text()
            except (OSError, ValueError) as error:
                self.fail(f"--token-file {at.token_file}: {getattr(error, 'strerror', None) or 'not text'}", REFUSED)
        token = token.strip()
        if not token.isascii() or not token.isprintable() or " " in token:
            self.fail(f"{'--token-file' if at.token_file else TOKEN_VARIABLE}: that is no token", REFUSED)
        return token or None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ApiFault):
            self.fail(str(error), error.exit_code)

    def fail(self, said: str, code: int) -> NoReturn:
        """Say so, and exit."""
        print(f"bngcorr {self._verb}: {said}", file=sys.stderr)
        sys.exit(code)

    # ---- questions; all raise ApiFault

    def get(self, path: str, query: Query = ()) -> Json:
        """What is at `path`. What is missing of it is said on standard error."""
        answer = self.send("GET", path, query=query)
        missing = answer.get("partial")
        if missing:
            names = ", ".join(map(str, missing))
            print(f"bngcorr {self._verb}: this is not all: {names} did not answer", file=sys.stderr)
        return answer

    def rows(self, path: str, query: Query = (), most: int = 100, reads_on: str = "cursor") -> list[Json]:
        """The items of a list, page by page until there are `most` or no more. `reads_on`: what takes `next`."""
        asked = _pairs(query)
        found: list[Json] = []
        cursor: str | None = None
        while len(found) < most:
            page = self.get(path, [
                *asked, ("limit", min(most - len(found), MOST_A_PAGE)), *([(reads_on, cursor)] if cursor else []),
            ])  # fmt: skip
            found += page["items"]
            cursor = page.get("next")
            if not cursor:
                break
        return found[:most]

    def send(self, method: str, path: str, body: Mapping[str, object] | None = None, query: Query = ()) -> Json:
        """The JSON object that is the answer."""
        with self._open(method, path, query, body, WITHIN_S) as answer:
            try:
                octets = answer.read(MOST_OCTETS + 1)
                found = json.loads(octets) if octets else {}
            except (OSError, http.client.HTTPException) as error:
                raise self._silent(error) from None
            except ValueError:
                found = None
        if not isinstance(found, dict):
            raise ApiFault(f"{self.base}{path}: not the API of bngcorr", UNREACHABLE)
        return found

    def stream(self, path: str, query: Query = (), after: str | None = None) -> Iterator[StreamEvent]:
        """Events as they come (SSE), behind the one whose id is `after`; also raises when it is cut."""
        with self._open("GET", path, query, None, SILENCE_S, after) as answer:
            try:
                yield from read_events(answer)
            except (OSError, http.client.HTTPException) as error:
                raise self._silent(error) from None
        raise ApiFault(f"{self.base} has ended the stream", UNREACHABLE)

    def _open(
        self, method: str, path: str, query: Query, body: Mapping[str, object] | None, within_s: float,
        after: str | None = None,
    ) -> http.client.HTTPResponse:  # fmt: skip
        pairs = _pairs(query)
        url = self.base + path + ("?" + urllib.parse.urlencode(pairs) if pairs else "")
        request = urllib.request.Request(url, method=method)  # noqa: S310 -- the scheme was checked
        if self._token is not None:
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        if after is not None:
            request.add_header("Last-Event-ID", after)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            answer: http.client.HTTPResponse = self._opener.open(request, timeout=within_s)
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(f"{self.base}{path}", error.code, error.read(MOST_OCTETS)) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._silent(error) from None
        self.opened = True
        return answer

    def _silent(self, error: Exception) -> ApiFault:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, ssl.SSLCertVerificationError):
            return ApiFault(f"{self.base}: {reason.verify_message}; is --ca right?", UNREACHABLE)
        said = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        return ApiFault(
            f"{self.base} does not answer ({said}); is `bngcorr web` running, and --api right?", UNREACHABLE
        )


def quoted(name: str) -> str:
    """A name as part of a path."""
    return urllib.parse.quote(name, safe="~")


def _pairs(query: Query) -> list[tuple[str, str]]:
    """Names and values as text; what is None, False or empty is not asked for."""
    pairs = query.items() if isinstance(query, Mapping) else query
    return [(name, "true" if value is True else str(value)) for name, value in pairs if value not in (None, False, "")]


def _refusal(where: str, status: int, body: bytes) -> ApiFault:
    """What RFC 9457 problem details say."""
    code = NEGATIVE if status in _NEGATIVE else REFUSED if status in _REFUSED else UNREACHABLE
    try:
        problem = json.loads(body)
        said = f"{problem['title']}: {problem['detail']}" if problem.get("detail") else str(problem["title"])
        faults = problem.get("errors", ())
        said += "".join(f"; {_named(fault)}" for fault in faults if len(faults) > 1)  # one alone is what `detail` tells
    except (ValueError, KeyError, TypeError, AttributeError):
        said = f"HTTP {status}, and nothing that is bngcorr's"
    hint = _HINTS.get(status)
    return ApiFault(f"{where}: {said}{'; ' + hint if hint else ''}", code)


def _named(fault: Mapping[str, object]) -> str:
    """One of `errors`: which parameter, what it was, what is wrong."""
    value = "" if fault["value"] is None else f"={fault['value']!r}"
    return f"{fault['parameter']}{value} {fault['detail']}"
