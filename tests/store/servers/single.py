"""One server: Valkey or Redis 7.0, on a port or a Unix socket, with TLS, with users."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from . import programs
from .certificates import Certificates, make_certificates
from .server import Server, running, temporary_folder

USER: Final = "bngcorr"
PASSWORD: Final = "p@ss/w:rd?#%"  # every sign that means something in a URL


class Single:
    """A running server. `url` leads to its port."""

    def __init__(self, server: Server, url: str) -> None:
        self.server = server
        self.url = url

    @property
    def certificates(self) -> Certificates:
        """Of a server with TLS."""
        assert self.server.certificates is not None
        return self.server.certificates

    def kill_master(self) -> None:
        """End the server at once."""
        self.server.kill()

    def start_again(self) -> None:
        """Bring a killed server back, empty, on the same port."""
        self.server.start()
        self.server.ready()

    def stop_node(self) -> None:
        """SIGSTOP."""
        self.server.stop()

    def cont(self) -> None:
        """SIGCONT."""
        self.server.cont()


@contextmanager
def single_valkey() -> Iterator[Single]:
    """Valkey on a port."""
    with _single(programs.valkey()) as one:
        yield one


@contextmanager
def single_redis() -> Iterator[Single]:
    """Redis 7.0 on a port; skips without one."""
    with _single(programs.redis()) as one:
        yield one


@contextmanager
def unix_valkey() -> Iterator[Single]:
    """Valkey whose `url` leads to its Unix socket."""
    with temporary_folder() as folder:
        server = Server(programs.valkey(), folder, ["--unixsocket", str(folder / "s")])
        with running([server]):
            yield Single(server, f"unix://{folder / 's'}")


@contextmanager
def tls_redis(options: Sequence[str] = ()) -> Iterator[Single]:
    """Redis 7.0 with TLS only. `url` names the authority, and no certificate of the client's."""
    with temporary_folder() as folder:
        certificates = make_certificates(folder / "tls")
        server = Server(programs.redis(), folder, options, certificates=certificates)
        with running([server]):
            yield Single(server, f"rediss://{server.address}/0?ssl_ca_certs={certificates.authority}")


@contextmanager
def acl_valkey() -> Iterator[Single]:
    """Valkey that knows one user, `USER` with `PASSWORD`, who may neither CONFIG nor DEBUG. `url` has no login."""
    with temporary_folder() as folder:
        acl = folder / "users.acl"
        acl.write_text(f"user default off\nuser {USER} on >{PASSWORD} ~* &* +@all -config -debug\n")
        server = Server(programs.valkey(), folder, ["--aclfile", str(acl)], login=(USER, PASSWORD))
        with running([server]):
            yield Single(server, f"redis://{server.address}/0")


@contextmanager
def _single(program: Path) -> Iterator[Single]:
    with temporary_folder() as folder:
        server = Server(program, folder)
        with running([server]):
            yield Single(server, f"redis://{server.address}/0")
