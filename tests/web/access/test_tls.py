"""HTTPS: which versions, and certificates that change while the process runs."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from structlog.testing import capture_logs

from bngcorr.web.access.middleware import Access
from bngcorr.web.application import application
from bngcorr.web.server import serve
from bngcorr.web.tls import Certificate, TlsError
from tests.store.servers.certificates import Certificates, make_certificates
from tests.web.access.stage import guarded, routes


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Certificates, Certificates]:
    """Two pairs of different authorities."""
    folder = tmp_path_factory.mktemp("pairs")
    return make_certificates(folder / "old"), make_certificates(folder / "new")


def put(pair: Certificates, folder: Path) -> tuple[Path, Path]:
    """As the files that the service reads."""
    folder.mkdir(exist_ok=True)
    shutil.copy(pair.server, folder / "tls.crt")
    shutil.copy(pair.server_key, folder / "tls.key")
    return folder / "tls.crt", folder / "tls.key"


def hand_shaken(port: int, authority: Path, **versions: ssl.TLSVersion) -> str | None:
    """The version that a client settles on which trusts `authority` only. Raises ssl.SSLError."""
    context = ssl.create_default_context(cafile=authority)
    for name, version in versions.items():
        setattr(context, name, version)
    with (
        socket.create_connection(("127.0.0.1", port), 5) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as over,
    ):
        return over.version()


def test_a_new_certificate_is_taken_without_a_gap(pairs: tuple[Certificates, Certificates], tmp_path: Path) -> None:
    """By the next handshake; whoever is connected stays so. A broken one leaves the old in force, and is told once."""
    old, new = pairs
    certificate = Certificate(*put(old, tmp_path))

    async def look(times: int) -> list[str]:
        with capture_logs() as logs:
            for _ in range(times):
                await certificate.look()
        return [line["event"] for line in logs]

    async def run() -> None:
        access = Access(guarded(tls={"certificate": "tls.crt", "key": "tls.key"}))
        runner, port = await serve(application(routes(), access), "127.0.0.1", 0, certificate.context)
        trusting = ssl.create_default_context(cafile=old.authority)
        async with ClientSession() as kept:

            async def still() -> web.StreamResponse | None:
                async with kept.get(f"https://127.0.0.1:{port}/healthz", ssl=trusting) as response:
                    assert 200 == response.status
                    assert response.headers["Strict-Transport-Security"].startswith("max-age=")
                    assert response.connection is None or not response.connection.closed
                return None

            await still()
            assert "TLSv1.3" == await asyncio.to_thread(hand_shaken, port, old.authority)
            assert [] == await look(2)

            (tmp_path / "tls.key").write_text("half a key")
            assert ["certificate not taken, the old one stays in force"] == await look(4)
            assert "TLSv1.3" == await asyncio.to_thread(hand_shaken, port, old.authority)

            shutil.copy(new.server_key, tmp_path / "tls.key")  # does not fit the certificate
            await look(2)
            assert "TLSv1.3" == await asyncio.to_thread(hand_shaken, port, old.authority)

            put(new, tmp_path)
            assert ["certificate taken"] == await look(3)
            assert "TLSv1.3" == await asyncio.to_thread(hand_shaken, port, new.authority)
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncio.to_thread(hand_shaken, port, old.authority)
            await still()

            (tmp_path / "tls.crt").unlink()
            assert ["certificate not taken, the old one stays in force"] == await look(4)
            assert "TLSv1.3" == await asyncio.to_thread(hand_shaken, port, new.authority)
        await runner.cleanup()

    asyncio.run(run())


def test_old_versions_are_refused(pairs: tuple[Certificates, Certificates], tmp_path: Path) -> None:
    """TLS 1.2 is the oldest that is spoken."""
    certificate = Certificate(*put(pairs[0], tmp_path))
    assert ssl.TLSVersion.TLSv1_2 == certificate.context.minimum_version

    async def run() -> None:
        runner, port = await serve(web.Application(), "127.0.0.1", 0, certificate.context)
        authority = pairs[0].authority
        assert "TLSv1.2" == await asyncio.to_thread(
            hand_shaken, port, authority, maximum_version=ssl.TLSVersion.TLSv1_2
        )
        await runner.cleanup()

    asyncio.run(run())


@pytest.mark.parametrize("broken", ["no file", "no key", "other key"])
def test_nothing_starts_without_a_good_pair(
    broken: str, pairs: tuple[Certificates, Certificates], tmp_path: Path
) -> None:
    """The error names the files."""
    certificate, key = put(pairs[0], tmp_path)
    if broken == "no file":
        key.unlink()
    elif broken == "no key":
        key.write_text("x")
    else:
        shutil.copy(pairs[1].server_key, key)

    with pytest.raises(TlsError, match=r"tls\.key: "):
        Certificate(certificate, key)
