"""Boxes that account like BNGs while everything around them is killed, and what has to be true in the end.

A box waits for the answer to one record of a session before it tells the next, and tells a record again until it is
answered, as it was at first, then with Acct-Delay-Time raised. Event-Timestamps are counted, not read off a clock: each
session counts by seconds from the last restart of its box, and the latest word on it is the one with the highest.
"""

from __future__ import annotations

import contextlib
import random
import select
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bngcorr.model.usage import Usage
from tests.freeradius.server import FreeRadius
from tests.service.aaa import wait_until
from tests.service.nursery import Nursery
from tests.service.process import Service, Settings, Valkey
from tests.service.radius import (
    ACCOUNTING_OFF,
    ACCOUNTING_ON,
    ACCT_SESSION_ID,
    ACCT_STATUS_TYPE,
    CONNECT_INFO,
    DELEGATED_IPV6_PREFIX,
    EVENT_TIMESTAMP,
    INTERIM,
    START,
    STOP,
    Packet,
    accounting_request,
    attribute,
    cpe,
    line,
    reply_fits,
    v4_host,
)

SECRET, AAA_SECRET = b"between-bng-and-proxy", "between-proxy-and-aaa"
ACCT_DELAY_TIME = 41
TELL_AGAIN_S = 0.4
LAG_S = 20_000  # Event-Timestamps begin so long ago: they are counted up, and must not run ahead of the clock
APART = 5  # between a restart and what is before and after it
NAMES = {START: "Start", STOP: "Stop", INTERIM: "Interim-Update", ACCOUNTING_ON: "Accounting-On",
         ACCOUNTING_OFF: "Accounting-Off"}  # fmt: skip


@dataclass(slots=True, eq=False)
class Record:
    """One record of a box."""

    serial: str
    session: str  # "" for a restart
    status: int
    stamp: int
    attributes: bytes
    first_at: float = field(default_factory=time.monotonic)
    sent_at: float = 0.0
    tries: int = 0
    octets: bytes = b""


@dataclass(slots=True)
class Session:
    """What a box knows of a session."""

    name: str
    number: int
    stops_after: int
    stamp: int
    records: int = 0
    waits_for: Record | None = None
    next_at: float = 0.0


class Box:
    """One box: its sessions, what it has told, and what was acknowledged."""

    def __init__(self, number: int, acct_port: int, sessions: int, dice: random.Random) -> None:
        self.number = number
        self._dice = dice
        self._server = ("127.0.0.1", acct_port)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((f"127.0.0.{number}", 0))
        self.socket.setblocking(False)
        self._identifier = 0
        self._told: dict[int, tuple[Record, bytes]] = {}
        self._base = self._stamp = int(time.time()) - LAG_S
        self._serial = 0
        self._names = 0
        self._restart: Record | None = None
        self.acknowledged: list[Record] = []
        self._sessions = [self._fresh(slot) for slot in range(sessions)]
        self._slots = sessions

    def _fresh(self, slot: int) -> Session:
        self._names += 1
        number = self._names * 64 + slot
        later = time.monotonic() + self._dice.uniform(0.0, 0.2)
        stops_after = self._dice.choice((3, 6, 12, 10**6))
        return Session(f"b{self.number}-{self._names}-{slot}", number, stops_after, self._base, next_at=later)

    def _record(self, status: int, session: Session | None) -> Record:
        if session is None:
            stamp = self._stamp = self._stamp + APART
        else:
            stamp = session.stamp = session.stamp + 1
            self._stamp = max(self._stamp, stamp)
        self._serial += 1
        serial = f"{self.number}.{self._serial}"
        body = attribute(ACCT_STATUS_TYPE, status) + attribute(CONNECT_INFO, serial)
        body += attribute(EVENT_TIMESTAMP, stamp)
        if session is not None:
            host, who = session.number, f"{self.number}/{session.number}"
            body += attribute(ACCT_SESSION_ID, session.name)
            body += cpe(f"00:0e:8f:{self.number:02x}:{host // 256 % 256:02x}:{host % 256:02x}", "1/1/4:100.20")
            body += line(f"olt/{who}", f"eth {who}") if host % 3 else b""
            body += v4_host(f"10.{self.number}.{host // 256 % 256}.{host % 256}")
            if host % 2:
                prefix = bytes((0, 56, 0x20, 1, 0x0D, 0xB8, self.number, host // 256 % 256, host % 256))
                body += attribute(DELEGATED_IPV6_PREFIX, prefix)
        return Record(serial, "" if session is None else session.name, status, stamp, body)

    def _tell(self, record: Record) -> None:
        again = record.tries > 0
        if not again or record.tries % 2 == 0:
            self._identifier = self._identifier + 1 & 0xFF
            late = int(time.monotonic() - record.first_at)
            body = record.attributes + (attribute(ACCT_DELAY_TIME, late) if late else b"")
            record.octets = accounting_request(self._identifier, body, SECRET)
        self._told[record.octets[1]] = (record, record.octets)
        record.tries += 1
        record.sent_at = time.monotonic()
        with contextlib.suppress(OSError):
            self.socket.sendto(record.octets, self._server)

    def reboot(self) -> None:
        """Forget all sessions and what they had to tell; Accounting-Off or -On first."""
        self._told.clear()
        self._restart = self._record(self._dice.choice((ACCOUNTING_ON, ACCOUNTING_OFF)), None)
        self._base = self._stamp = self._stamp + APART
        self._sessions = [self._fresh(slot) for slot in range(self._slots)]
        self._tell(self._restart)

    def step(self, *, ending: bool) -> None:
        """Tell what is due, and again what is not answered."""
        now = time.monotonic()
        if self._restart is not None:
            if now - self._restart.sent_at > TELL_AGAIN_S:
                self._tell(self._restart)
            return
        for session in self._sessions:
            waits_for = session.waits_for
            if waits_for is not None:
                if now - waits_for.sent_at > TELL_AGAIN_S:
                    self._tell(waits_for)
            elif now >= session.next_at and not ending:
                session.records += 1
                over = session.records > session.stops_after
                status = START if session.records == 1 else STOP if over else INTERIM
                session.waits_for = self._record(status, session)
                self._tell(session.waits_for)

    def take(self) -> None:
        """Read what was answered."""
        while True:
            try:
                reply = Packet(self.socket.recv(4097))
            except OSError:
                return
            record, octets = self._told.get(reply.identifier, (None, b""))
            if record is None or not reply_fits(reply, Packet(octets), SECRET):
                continue
            if record is self._restart:
                self._restart = None
                self.acknowledged.append(record)
            for slot, session in enumerate(self._sessions):
                if session.waits_for is record:
                    self.acknowledged.append(record)
                    session.waits_for = None
                    session.next_at = time.monotonic() + self._dice.uniform(0.03, 0.15)
                    if record.status == STOP:
                        self._sessions[slot] = self._fresh(slot)

    @property
    def quiet(self) -> bool:
        """Whether everything that it told is answered."""
        return self._restart is None and all(session.waits_for is None for session in self._sessions)

    def live(self) -> list[Record]:
        """The latest word on each session that is up by the acknowledged records."""
        last: dict[str, Record] = {}
        restarted = 0
        for record in self.acknowledged:
            if not record.session:
                restarted = max(restarted, record.stamp)
            elif record.session not in last or last[record.session].stamp < record.stamp:
                last[record.session] = record
        return [record for record in last.values() if record.stamp > restarted and record.status != STOP]

    def usage(self) -> Usage:
        """What they hold."""
        live = self.live()
        prefixes = sum(bytes((DELEGATED_IPV6_PREFIX, 11)) in record.attributes for record in live)
        return Usage(v4=len(live), ia_pd=prefixes, sessions=len(live), na_or_pd=prefixes)


class Boxes:
    """All boxes, in a thread."""

    def __init__(self, acct_port: int, *, boxes: int, sessions: int, dice: random.Random) -> None:
        self.all = [Box(number + 1, acct_port, sessions, dice) for number in range(boxes)]
        self._reboots: list[Box] = []
        self._ending = self._over = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to account."""
        self._thread.start()

    def reboot(self, box: Box) -> None:
        """Restart one of them."""
        self._reboots.append(box)

    def end(self, within_s: float) -> None:
        """Begin nothing new, and wait until all is answered."""
        self._ending = True
        try:
            wait_until(lambda: all(box.quiet for box in self.all), within_s, "every record is acknowledged")
        finally:
            self.close()

    def close(self) -> None:
        """End the thread."""
        self._over = True
        if self._thread.is_alive():
            self._thread.join(5)
        for box in self.all:
            box.socket.close()

    def _run(self) -> None:
        while not self._over:
            while self._reboots:
                self._reboots.pop().reboot()
            for box in self.all:
                box.step(ending=self._ending)
            ready, _, _ = select.select([box.socket for box in self.all], [], [], 0.01)
            for box in self.all:
                if box.socket in ready:
                    box.take()


class Scene:
    """The service with a spool between boxes, a FreeRADIUS with a detail file, and a Valkey with a file of its own."""

    def __init__(self, folder: Path, dice: random.Random, *, sessions: int, nursery: Nursery | None = None) -> None:
        for name in ("aaa", "store", "service"):
            (folder / name).mkdir()
        self.dice = dice
        self.aaa = FreeRadius(folder / "aaa", AAA_SECRET, "DEFAULT Auth-Type := Accept\n")
        self.store = Valkey(folder / "store", durable=True)
        server = {"secret": AAA_SECRET, "timeout": "1s"}
        settings: Settings = {
            "store": {"url": self.store.url},
            "upstream": {
                "auth": {"address": f"127.0.0.1:{self.aaa.auth_port}", **server},
                "acct": {"address": f"127.0.0.1:{self.aaa.acct_port}", **server},
            },
            "spool": {"enabled": True, "path": str(folder / "spool.db")},
            "bngs": [{"name": "bng1", "address": "127.0.0.0/28", "secret": SECRET.decode(), "hold": "0s"}],
        }
        self.service = Service(folder / "service", settings, nursery)
        self.boxes = Boxes(self.service.acct_port, boxes=2, sessions=sessions, dice=dice)
        self.kills = 0

    def start(self) -> None:
        """Start all of it."""
        self.aaa.start()
        self.store.start()
        self.service.start()
        self.boxes.start()

    def close(self) -> None:
        """End all of it."""
        self.boxes.close()
        self.service.close()
        self.aaa.stop()
        self.store.kill()

    def torment(self) -> None:
        """One kill of the service at a random moment, with AAA, the store, both or none of them away around it."""
        nap = self.dice.uniform
        aaa_away, store_away = self.dice.choice(((True, False), (False, True), (True, True), (False, False)))
        time.sleep(nap(0.2, 0.8))
        if aaa_away:
            self.aaa.kill()
        if store_away:
            self.store.kill()
        if self.dice.random() < 0.7:
            self.boxes.reboot(self.dice.choice(self.boxes.all))
        time.sleep(nap(0.0, 0.6))
        self.service.kill()
        self.kills += 1
        self.service.start()
        time.sleep(nap(0.0, 0.6))
        if store_away:
            self.store.start()
        if aaa_away:
            self.aaa.start()

    def settle(self, within_s: float = 40.0) -> None:
        """Everybody is there again: wait until nothing is left to tell."""
        self.boxes.end(within_s)
        wait_until(lambda: self.service.metric("bngcorr_spool_records") == 0, within_s, "the spool is empty")
        self.service.written()

    # ---- what has to be true

    def acknowledged(self) -> list[Record]:
        """Every record that was answered."""
        return [record for box in self.boxes.all for record in box.acknowledged]

    def arrived(self) -> Iterator[tuple[str, str, str]]:
        """Serial, session and status of every record in AAA's detail file, in order."""
        for entry in self.aaa.all_accounting():
            yield entry["Connect-Info"][0], entry.get("Acct-Session-Id", [""])[0], entry["Acct-Status-Type"][0]

    def missing(self) -> list[str]:
        """Acknowledged records that AAA does not have."""
        arrived = set(self.arrived())
        return [
            record.serial
            for record in self.acknowledged()
            if (record.serial, record.session, NAMES[record.status]) not in arrived
        ]

    def out_of_order(self) -> list[tuple[str, str]]:
        """Records of one session that AAA saw for the first time after a later one."""
        highest: dict[str, int] = {}
        seen: set[str] = set()
        found = []
        for serial, session, _ in self.arrived():
            place = int(serial.partition(".")[2])
            if session and serial not in seen and place < highest.get(session, 0):
                found.append((session, serial))
            seen.add(serial)
            highest[session] = max(highest.get(session, 0), place)
        return found

    def duplicates(self) -> int:
        """How often AAA saw a record again."""
        serials = [serial for serial, _, _ in self.arrived()]
        return len(serials) - len(set(serials))

    def expected(self) -> Usage:
        """Usage by the acknowledged records."""
        total = Usage()
        for box in self.boxes.all:
            total += box.usage()
        return total

    def stored(self) -> Usage:
        """Usage as the store has it."""
        return self.service.usage("bng1")
