"""Fixtures of the tests with programs of others."""

from __future__ import annotations

import os

import pytest

from tests.freeradius.eapol import missing


@pytest.fixture(scope="session")
def requires_eapol_test() -> None:
    """Skips without eapol_test and openssl; fails instead if BNGCORR_REQUIRE_EAPOL_TEST=1."""
    if not missing():
        return
    reason = f"not installed: {', '.join(missing())} (Debian: eapoltest, openssl)"
    if os.environ.get("BNGCORR_REQUIRE_EAPOL_TEST") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
