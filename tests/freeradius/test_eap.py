"""EAP-TTLS through the proxy, spoken by eapol_test as a BNG with its customer, to a real FreeRADIUS."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.freeradius.server import FreeRadius
from tests.freeradius.test_freeradius import AAA_SECRET, BNG_SECRET, settings
from tests.service.process import Service, Settings

pytestmark = [pytest.mark.freeradius, pytest.mark.usefixtures("requires_freeradius", "requires_eapol_test")]

CUSTOMER = """
network={{
	key_mgmt=IEEE8021X
	eap=TTLS
	identity="alice"
	anonymous_identity="somebody"
	password="{password}"
	phase2="auth=PAP"
	ca_cert="{certificate}"
}}
"""


@pytest.fixture(scope="module")
def requires_eapol_test() -> None:
    """Skips without eapol_test and openssl; fails instead if BNGCORR_REQUIRE_EAPOL_TEST=1."""
    missing = [name for name in ("eapol_test", "openssl") if shutil.which(name) is None]
    if not missing:
        return
    reason = f"not installed: {', '.join(missing)} (Debian: eapoltest, openssl)"
    if os.environ.get("BNGCORR_REQUIRE_EAPOL_TEST") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def freeradius(
    requires_freeradius: None, requires_eapol_test: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FreeRadius]:
    """The AAA, which speaks EAP."""
    users = 'alice Cleartext-Password := "correct horse"\n'
    server = FreeRadius(tmp_path_factory.mktemp("freeradius"), AAA_SECRET, users, eap=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def service(freeradius: FreeRadius, start_service: Callable[[Settings], Service]) -> Service:
    """bngcorr in front of it, with another secret on each hop."""
    return start_service(settings(freeradius))


def eapol_test(service: Service, freeradius: FreeRadius, folder: Path, password: str) -> str:
    """What it says of one authentication. It keeps the keys that TLS gave it, and compares those of the Accept."""
    customer = folder / "customer.conf"
    customer.write_text(CUSTOMER.format(password=password, certificate=freeradius.folder / "certificate.pem"))
    done = subprocess.run(
        ["eapol_test", "-c", customer, "-a", "127.0.0.1", "-p", str(service.auth_port), "-s", BNG_SECRET, "-t", "8",
         "-N", "87:s:1/1/9:9"],
        capture_output=True, text=True, timeout=15, check=False,
    )  # fmt: skip
    return done.stdout


def test_eap_ttls_arrives_with_its_keys(service: Service, freeradius: FreeRadius, tmp_path: Path) -> None:
    """Fragments of TLS in both directions, State between them, and MPPE keys that are the ones of the TLS session."""
    said = eapol_test(service, freeradius, tmp_path, "correct horse")

    assert "SUCCESS" == said.strip().splitlines()[-1]
    assert ["MPPE keys OK: 1  mismatch: 0"] == re.findall("MPPE keys OK.*", said)
    assert 1 == len(freeradius.requests("alice"))  # the inner one
    assert 3 <= len(freeradius.requests("somebody"))


def test_a_wrong_password_inside_the_tunnel_is_rejected(
    service: Service, freeradius: FreeRadius, tmp_path: Path
) -> None:
    """The Access-Reject, with its EAP-Failure, arrives too."""
    said = eapol_test(service, freeradius, tmp_path, "wrong horse")

    assert "FAILURE" == said.strip().splitlines()[-1]
    assert re.search(r"code=3 \(Access-Reject\)", said) is not None
