"""eapol_test: a BNG and its customer in one, who speak EAP-TTLS."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.freeradius.server import FreeRadius

OUTER, INNER, PASSWORD = "somebody", "tunnelled", "correct horse"
USERS = f'{OUTER} Auth-Type := eap\n\n{INNER} Cleartext-Password := "{PASSWORD}"\n'

CUSTOMER = """
network={{
	key_mgmt=IEEE8021X
	eap=TTLS
	identity="{inner}"
	anonymous_identity="{outer}"
	password="{password}"
	phase2="auth=PAP"
	ca_cert="{certificate}"
}}
"""


def missing() -> list[str]:
    """Programs that such a test needs and that are not here."""
    return [name for name in ("eapol_test", "openssl") if shutil.which(name) is None]


def eapol_test(port: int, secret: str, server: FreeRadius, folder: Path, password: str) -> str:
    """What it says of one authentication. It keeps the keys that TLS gave it, and compares those of the Accept."""
    customer = folder / "customer.conf"
    certificate = server.folder / "certificate.pem"
    customer.write_text(CUSTOMER.format(inner=INNER, outer=OUTER, password=password, certificate=certificate))
    done = subprocess.run(
        ["eapol_test", "-c", customer, "-a", "127.0.0.1", "-p", str(port), "-s", secret, "-t", "8",
         "-N", "87:s:1/1/9:9"],
        capture_output=True, text=True, timeout=15, check=False,
    )  # fmt: skip
    return done.stdout
