"""A store that a newer version has written is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.service.aaa import Aaa
from tests.service.nursery import Nursery
from tests.service.settings import one_bng
from tests.store.servers.single import single_redis

ENDS_WITHIN_S = 20.0


@pytest.mark.parametrize("verb", ["serve", "web"])
def test_a_store_of_a_newer_version_is_refused_at_the_start(
    verb: str, aaa: Aaa, nursery: Nursery, tmp_path: Path
) -> None:
    """With exit code 1, and a sentence that says what to do; the number stays."""
    file = tmp_path / "bngcorr.yaml"
    with single_redis() as store:
        store.server.ask("SET", "bngcorr:schema", "999")
        settings = {**one_bng(aaa), "store": {"url": store.url}, "web": {"listen": "127.0.0.1:0"}}
        file.write_text(yaml.safe_dump(settings), encoding="utf-8")
        ended = nursery.run([verb, "-c", str(file)], ENDS_WITHIN_S)
        left = store.server.ask("GET", "bngcorr:schema")
    (sentence,) = [line for line in ended.stderr.splitlines() if line.startswith("bngcorr: ")]

    assert 1 == ended.returncode
    assert "written by a newer bngcorr (schema 999" in sentence
    assert "999" in str(left)
