"""The store's URL: one server, a master that Sentinels know, or a Cluster. Text becomes a value here, nothing more.

    redis://[user:password@]host[:port][/db]                          rediss:// is the same with TLS
    unix://[user:password@]/path/to/socket[?db=n]
    redis+sentinel://[user:password@]host[:port],…/master-name[/db]   rediss+sentinel:// with TLS, to the Sentinels too
    redis+cluster://[user:password@]host[:port],…                     rediss+cluster:// with TLS

Options follow a question mark and have redis-py's names. Faults never show a piece of the URL that could be a secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import parse_qsl, unquote

PORT: Final = 6379
SENTINEL_PORT: Final = 26379


class StoreKind(StrEnum):
    """What stands behind the URL."""

    SINGLE = "single"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


class PeerCheck(StrEnum):
    """What is asked of the server's certificate, by redis-py's names."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How to speak TLS. Paths are not looked at here."""

    ca_certs: str | None = None  # file of authorities, PEM; the system's count as well
    ca_path: str | None = None  # folder of authorities
    certfile: str | None = None  # our own certificate, PEM
    keyfile: str | None = None
    password: str | None = field(default=None, repr=False)  # of the key file
    cert_reqs: PeerCheck = PeerCheck.REQUIRED
    check_hostname: bool = True
    min_version: str | None = None  # "TLSv1.2" or "TLSv1.3"
    ciphers: str | None = None  # as OpenSSL writes them


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreUrl:
    """A store's URL, taken apart."""

    kind: StoreKind
    hosts: tuple[tuple[str, int], ...] = ()  # the server, the Sentinels, or nodes to learn the Cluster from
    path: str = ""  # of a Unix socket; no hosts then
    master: str = ""  # its name among the Sentinels
    db: int = 0
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    sentinel_username: str | None = field(default=None, repr=False)
    sentinel_password: str | None = field(default=None, repr=False)
    client_name: str | None = None  # what CLIENT LIST shows
    tls: Tls | None = None


_SCHEMES: Final = {
    "redis": (StoreKind.SINGLE, PORT),
    "rediss": (StoreKind.SINGLE, PORT),
    "unix": (StoreKind.SINGLE, 0),
    "redis+sentinel": (StoreKind.SENTINEL, SENTINEL_PORT),
    "rediss+sentinel": (StoreKind.SENTINEL, SENTINEL_PORT),
    "redis+cluster": (StoreKind.CLUSTER, PORT),
    "rediss+cluster": (StoreKind.CLUSTER, PORT),
}
SCHEMES: Final = tuple(f"{scheme}://" for scheme in _SCHEMES)
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?")
_ENCODE: Final = "; in user and password, signs other than letters, digits, dots and dashes are percent-encoded"
_CHECKS: Final = {check.value: check for check in PeerCheck}
_SWITCH: Final = {
    **dict.fromkeys(("true", "yes", "1"), True),
    **dict.fromkeys(("false", "no", "0"), False),
}
_VERSIONS: Final[dict[str, str | None]] = {
    "tlsv1.2": "TLSv1.2",
    "771": "TLSv1.2",
    "tlsv1.3": "TLSv1.3",
    "772": "TLSv1.3",
}
_T = TypeVar("_T")


def read_store_url(text: str) -> StoreUrl:
    """The URL as a value. Raises ValueError whose text is what was expected instead, without any secret."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in _SCHEMES:
        raise ValueError(f"a URL that starts with {', '.join(SCHEMES[:-1])} or {SCHEMES[-1]}")
    kind, port = _SCHEMES[scheme]
    place, _, query = rest.partition("?")
    authority, slash, path = place.partition("/")
    login, at, where = authority.rpartition("@")
    if "#" in rest or "@" in query or ("@" in path and scheme != "unix"):
        raise ValueError(f"a URL without # and without a second @{_ENCODE}")
    options = _Options(query)
    username, password = _login(login) if at else (None, None)
    username, password = options.text("username", username), options.text("password", password)
    hosts: tuple[tuple[str, int], ...] = ()
    master, number = "", ""
    if scheme == "unix":
        if where or not slash or not path:
            raise ValueError(f"unix:// and the absolute path of a socket, as in unix:///run/valkey.sock{_ENCODE}")
        path = "/" + unquote(path)
    else:
        hosts = _hosts(where or ("localhost" if kind is StoreKind.SINGLE else ""), port)
        if kind is StoreKind.SINGLE and len(hosts) > 1:
            raise ValueError("one host; several only after redis+sentinel:// or redis+cluster://")
        number, path = path, ""
    if kind is StoreKind.SENTINEL:
        master, _, number = number.partition("/")
        if not master:
            raise ValueError("the master's name after the Sentinels, as in redis+sentinel://host:26379/mymaster/0")
    read = StoreUrl(
        kind=kind,
        hosts=hosts,
        path=path,
        master=unquote(master),
        db=_database(number, options.text("db", None)),
        username=username,
        password=password,
        sentinel_username=options.text("sentinel_username", None) if kind is StoreKind.SENTINEL else None,
        sentinel_password=options.text("sentinel_password", None) if kind is StoreKind.SENTINEL else None,
        client_name=options.text("client_name", None),
        tls=_tls(options) if scheme.startswith("rediss") else None,
    )
    options.all_known()
    if kind is StoreKind.CLUSTER and read.db:
        raise ValueError("no database number: a Cluster has database 0 only")
    return read


class _Options:
    """What follows the question mark; remembers what was asked for."""

    def __init__(self, query: str) -> None:
        self._given: dict[str, str] = {}
        self._known: list[str] = []
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name in self._given:
                raise ValueError("each option of the URL once")
            self._given[name] = value

    def text(self, name: str, default: str | None) -> str | None:
        """An option as written; an empty one counts as not given."""
        self._known.append(name)
        return self._given.get(name) or default

    def choice(self, name: str, choices: dict[str, _T], default: _T) -> _T:
        """An option with a closed list of values."""
        value = self.text(name, None)
        if value is None:
            return default
        if value.lower() not in choices:
            raise ValueError(f"{name} to be one of {', '.join(choices)}")
        return choices[value.lower()]

    def all_known(self) -> None:
        """Raises ValueError if there was an option that nobody asked for."""
        for name in self._given:
            if name not in self._known:
                shown = repr(name) if re.fullmatch(r"[a-z_]{1,30}", name) else "one"
                raise ValueError(f"options out of {', '.join(self._known)} in this kind of URL; {shown} is none")


def _login(text: str) -> tuple[str | None, str | None]:
    username, _, password = text.partition(":")
    return unquote(username) or None, unquote(password) or None


def _hosts(text: str, port: int) -> tuple[tuple[str, int], ...]:
    hosts: list[tuple[str, int]] = []
    for one in text.split(","):
        match = _HOST.fullmatch(one)
        number = int(match[3] or port) if match is not None else 0
        if match is None or not 0 < number < 65536:
            expected = "host:port, host or [IPv6 address]:port, several divided by commas, with a port of 1 … 65535"
            raise ValueError(expected + _ENCODE)
        hosts.append((match[1] or match[2], number))
    return tuple(hosts)


def _database(in_path: str, in_query: str | None) -> int:
    text = in_path if in_query is None else in_query
    if text and not re.fullmatch(r"\d{1,5}", text):
        raise ValueError(f"a number as database{_ENCODE}")
    return int(text or 0)


def _tls(options: _Options) -> Tls:
    return Tls(
        ca_certs=options.text("ssl_ca_certs", None),
        ca_path=options.text("ssl_ca_path", None),
        certfile=options.text("ssl_certfile", None),
        keyfile=options.text("ssl_keyfile", None),
        password=options.text("ssl_password", None),
        cert_reqs=options.choice("ssl_cert_reqs", _CHECKS, PeerCheck.REQUIRED),
        check_hostname=options.choice("ssl_check_hostname", _SWITCH, True),
        min_version=options.choice("ssl_min_version", _VERSIONS, None),
        ciphers=options.text("ssl_ciphers", None),
    )
