"""A master, a replica, and Sentinels that look after them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import redis

from . import programs
from .certificates import Certificates, make_certificates
from .server import Server, running, temporary_folder, wait_for

MASTER_NAME: Final = "bngcorr"
DOWN_AFTER_MS: Final = 500
SENTINELS: Final = 3
QUORUM: Final = 2
FAIL_OVER_WITHIN_S: Final = 30.0
PERIODS_MS: Final = {"INFO-PERIOD": 10_000, "PUBLISH-PERIOD": 2000, "PING-PERIOD": 1000}  # of what Sentinels do unasked
HURRIED_MS: Final = 200  # all of them, while nothing is tested


class SentinelProcess(Server):
    """One Sentinel; it keeps what it learns in a file of its own."""

    def watch(self, master: Server) -> None:
        """Write the file. To be called before `start`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file.write_text(
            f"sentinel monitor {MASTER_NAME} 127.0.0.1 {master.port} {QUORUM}\n"
            f"sentinel down-after-milliseconds {MASTER_NAME} {DOWN_AFTER_MS}\n"
            f"sentinel failover-timeout {MASTER_NAME} 3000\n"
        )

    @property
    def _file(self) -> Path:
        return self.folder / "sentinel.conf"

    def _arguments(self) -> Sequence[str]:
        return (str(self._file), "--sentinel")


class Sentinels:
    """The running topology. `url` lists all Sentinels."""

    def __init__(self, servers: Sequence[Server], sentinels: Sequence[Server]) -> None:
        self.servers = tuple(servers)
        self.sentinels = tuple(sentinels)
        hosts = ",".join(sentinel.address for sentinel in sentinels)
        certificates = servers[0].certificates
        self.url = (
            f"redis+sentinel://{hosts}/{MASTER_NAME}/0"
            if certificates is None
            else f"rediss+sentinel://{hosts}/{MASTER_NAME}/0?ssl_ca_certs={certificates.authority}"
        )

    @property
    def master(self) -> Server:
        """The master, as most of the Sentinels say. Raises redis.RedisError if none of them answers."""
        ports: list[int] = []
        trouble: redis.RedisError | None = None
        for sentinel in self.sentinels:
            try:
                ports.append(int(sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER_NAME)[1]))
            except redis.RedisError as error:
                trouble = error
        if trouble is not None and not ports:
            raise trouble
        port = max(ports, key=ports.count)
        return next(server for server in self.servers if server.port == port)

    def kill_master(self) -> Server:
        """End the master at once; a replica takes over after a second or two. Returns what was killed."""
        master = self.master
        master.kill()
        return master

    def stop_node(self) -> Server:
        """SIGSTOP to the master: it hangs. Returns it, for `cont`."""
        master = self.master
        master.stop()
        return master

    def cont(self, server: Server) -> None:
        """SIGCONT; a former master is made a replica by the Sentinels."""
        server.cont()

    def demote(self) -> Server:
        """Have the Sentinels fail over, though nothing is wrong, and wait for it. Returns the former master.

        It goes on as a master that nobody replicates for some ten seconds: what is written to it is lost.
        """
        former = self.master
        self.sentinels[0].ask("SENTINEL", "FAILOVER", MASTER_NAME)
        self.failed_over(former)
        return former

    def failed_over(self, former: Server) -> None:
        """Wait until another one than `former` is master and says so itself."""

        def replaced() -> bool:
            try:
                master = self.master
                return master is not former and master.ask("ROLE")[0] == "master"
            except redis.RedisError:
                return False

        wait_for(replaced, FAIL_OVER_WITHIN_S)

    def settled(self) -> None:
        """Wait until every server runs, one is master, the others follow it, and every Sentinel sees it so.

        Sentinels take ten seconds to tell a former master; here it is told at once, and they look more often meanwhile.
        """
        with self._hurried():
            self._settle()

    @contextmanager
    def _hurried(self) -> Iterator[None]:
        self._look(dict.fromkeys(PERIODS_MS, HURRIED_MS))
        try:
            yield
        finally:
            self._look(PERIODS_MS)

    def _look(self, periods_ms: Mapping[str, int]) -> None:
        words = [word for period in periods_ms.items() for word in period]
        for sentinel in self.sentinels:
            sentinel.ask("SENTINEL", "DEBUG", *words)

    def _settle(self) -> None:
        for server in self.servers:
            if not server.alive:
                server.start()
                server.ready()

        def followed() -> bool:
            try:
                master = self.master
                roles = {server.port: server.ask("ROLE") for server in self.servers if server is not master}
                for server in self.servers:
                    if server is not master and roles[server.port][:3] != ["slave", "127.0.0.1", master.port]:
                        server.ask("REPLICAOF", "127.0.0.1", master.port)
                views = {self._view(sentinel) for sentinel in self.sentinels}
            except redis.RedisError:
                return False
            linked = all(role[0] == "slave" and role[3] == "connected" for role in roles.values())
            return linked and views == {("master", len(self.servers) - 1, len(self.sentinels) - 1, master.port)}

        wait_for(followed, FAIL_OVER_WITHIN_S)

    def _view(self, sentinel: Server) -> tuple[str, int, int, int]:
        words = sentinel.ask("SENTINEL", "MASTER", MASTER_NAME)
        state = dict(zip(words[::2], words[1::2], strict=True))
        replicas = [dict(zip(w[::2], w[1::2], strict=True)) for w in sentinel.ask("SENTINEL", "REPLICAS", MASTER_NAME)]
        good = [replica for replica in replicas if replica["flags"] == "slave"]
        return state["flags"], len(good), int(state["num-other-sentinels"]), int(state["port"])


@contextmanager
def sentinels() -> Iterator[Sentinels]:
    """Valkey: a master, a replica, three Sentinels, any two of which may fail over after half a second."""
    with temporary_folder() as folder, _sentinels(programs.valkey(), folder, None) as topology:
        yield topology


@contextmanager
def tls_sentinels() -> Iterator[Sentinels]:
    """Redis 7.0: the same, all of it over TLS."""
    with temporary_folder() as folder:
        certificates = make_certificates(folder / "tls")
        with _sentinels(programs.redis(), folder, certificates) as topology:
            yield topology


@contextmanager
def _sentinels(program: Path, folder: Path, certificates: Certificates | None) -> Iterator[Sentinels]:
    master = Server(program, folder / "0", certificates=certificates)
    follow = ("--replicaof", f"127.0.0.1 {master.port}")
    replica = Server(program, folder / "1", follow, certificates=certificates)
    watchers = [
        SentinelProcess(program, folder / f"s{number}", certificates=certificates) for number in range(SENTINELS)
    ]
    with ExitStack() as ends:
        ends.enter_context(running([master, replica]))
        wait_for(lambda: replica.ask("ROLE")[3] == "connected", FAIL_OVER_WITHIN_S)  # the first look shows both
        for watcher in watchers:
            watcher.watch(master)
        ends.enter_context(running(watchers))
        for watcher in watchers:
            watcher.ask("SENTINEL", "DEBUG", "ASK-PERIOD", HURRIED_MS)  # agree on what is down without a second's rest
        topology = Sentinels([master, replica], watchers)
        topology.settled()
        yield topology
