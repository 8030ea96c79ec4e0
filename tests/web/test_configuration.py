"""What `/v1/config` tells: all that the file says, and nothing that is secret."""

from __future__ import annotations

import asyncio
import json

from bngcorr.config import parse
from bngcorr.web.resources.configuration import HIDDEN, Configuration

SERVER = {"address": "192.0.2.10:1812", "secret": "aaa-secret"}
SECRETS = ("aaa-secret", "bng-secret", "coa-secret", "store-password", "key-password", "f" * 64)
CONFIG = parse({
    "upstream": {"auth": SERVER, "acct": SERVER},
    "store": {"url": "rediss://bngcorr:store-password@127.0.0.1/0?ssl_password=key-password"},
    "web": {"tokens": [{"name": "noc", "hash": "sha256:" + "f" * 64}]},
    "bngs": [{
        "name": "bng1", "address": ["192.0.2.1", "2001:db8::/64"], "secret": "bng-secret", "window": "3s",
        "dynauth": {"secret": "coa-secret"},
    }],
})  # fmt: skip


def test_no_secret_is_told() -> None:
    """Shared secrets, the store's password, hashes of tokens; that one is set is told."""
    text = asyncio.run(Configuration(CONFIG, "0123456789ab").shown()).model_dump_json()

    assert [] == [secret for secret in SECRETS if secret in text]
    assert HIDDEN == json.loads(text)["config"]["bngs"][0]["secret"]


def test_the_rest_is_told_as_it_holds_defaults_included() -> None:
    """Values as one would write them, and the hash by which processes are compared."""
    shown = asyncio.run(Configuration(CONFIG, "0123456789ab").shown())
    (bng,) = shown.config["bngs"]

    assert "0123456789ab" == shown.hash
    assert ("full", 3.0, ["192.0.2.1/32", "2001:db8::/64"]) == (bng["mode"], bng["window"], bng["address"])
    assert f"rediss://{HIDDEN}@127.0.0.1/0?ssl_password={HIDDEN}" == shown.config["store"]["url"]
