"""A certificate authority of our own, made with the openssl command."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Files of one authority and of what it signed, valid for a day. The server's certificate names 127.0.0.1."""

    authority: Path
    server: Path
    server_key: Path
    user: Path  # for clients
    user_key: Path

    def server_options(self) -> tuple[str, ...]:
        """Options of the server; a client without a certificate is let in."""
        return (
            *("--tls-cert-file", str(self.server), "--tls-key-file", str(self.server_key)),
            *("--tls-ca-cert-file", str(self.authority), "--tls-auth-clients", "optional", "--tls-replication", "yes"),
        )

    def client_options(self) -> dict[str, object]:
        """Keyword arguments of redis-py's SSLConnection."""
        return {
            "ssl_ca_certs": str(self.authority),
            "ssl_certfile": str(self.user),
            "ssl_keyfile": str(self.user_key),
        }


def make_certificates(folder: Path) -> Certificates:
    """Make them in `folder`, some tens of milliseconds."""
    folder.mkdir(parents=True, exist_ok=True)
    authority, authority_key = folder / "ca.crt", folder / "ca.key"
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1")
    _openssl(
        *("req", "-x509", *key, "-subj", "/CN=bngcorr test authority", "-out", authority, "-keyout", authority_key),
        *("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"),
    )
    for name, extension in (("server", "subjectAltName=IP:127.0.0.1,DNS:localhost"), ("user", "subjectAltName=DNS:u")):
        _openssl(
            *("req", "-x509", *key, "-subj", f"/CN={name}", "-CA", authority, "-CAkey", authority_key),
            *("-addext", "basicConstraints=critical,CA:FALSE", "-addext", extension),
            *("-out", folder / f"{name}.crt", "-keyout", folder / f"{name}.key"),
        )
    return Certificates(
        authority=authority,
        server=folder / "server.crt",
        server_key=folder / "server.key",
        user=folder / "user.crt",
        user_key=folder / "user.key",
    )


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(
        ["openssl", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stderr
