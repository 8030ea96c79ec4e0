"""The audit over every store that has a ledger; one that counts its sessions anew each time has none."""

from __future__ import annotations

import pytest

from bngcorr.model.attachment import Attachment
from bngcorr.store.rows import Drift
from bngcorr.store.valkey import ValkeyStore
from tests.store.scene import Scene
from tests.store.subjects import NAS, NOW, START, ia_pd, v4

pytestmark = pytest.mark.asyncio


class _Clock:
    def now_ms(self) -> int:
        return NOW


async def test_an_audit_finds_and_mends_on_every_topology(scene: Scene) -> None:
    """All that it does stays with the node that keeps the domain."""
    store = scene.store
    if not isinstance(store, ValkeyStore):
        pytest.skip("counts its sessions anew")
    await scene.write(scene.change(START, hosts=[v4(), ia_pd()], port=Attachment("1/1/4")))
    usage = await scene.usage()
    await store.lane.run([("HINCRBY", f"bngcorr:{{{scene.domain}}}:u:{NAS}", "1|ia_pd", 4)], 5.0)
    found = [await store.audits.audit(scene.domain, _Clock(), repair=True, progress=lambda _: None) for _ in "ab"]

    assert [([Drift(box=NAS, port="1/1/4", kind="ia_pd", ledger=5, sessions=1)], 0), ([], 0)] == found
    assert usage == await scene.usage()
