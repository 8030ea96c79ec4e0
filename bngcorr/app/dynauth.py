"""CoA and Disconnect, composed: who may send them, where they go, what is done about findings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from bngcorr.app.parts import StartError
from bngcorr.config import Bng as BngSettings
from bngcorr.config import Config, Endpoint
from bngcorr.errors import ConfigError, ConfigFault
from bngcorr.model.vocabulary import DropReason
from bngcorr.profiles.profile import Profile
from bngcorr.proxy.dynauth.acts import Acts
from bngcorr.proxy.dynauth.clients import Client, Clients
from bngcorr.proxy.dynauth.lookup import Lookup
from bngcorr.proxy.dynauth.remedy import Remedies
from bngcorr.proxy.dynauth.route import Bng, Directory
from bngcorr.proxy.dynauth.sender import Sender
from bngcorr.proxy.dynauth.service import DynauthProxy, Rules
from bngcorr.proxy.dynauth.wanted import Wanted
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.receive_queue import ReceiveQueue
from bngcorr.proxy.sockets import NasSocket
from bngcorr.store.contract import Clock
from bngcorr.store.lesson import FindingSeen
from bngcorr.store.subscribers import Subscribers
from bngcorr.store.valkey import ValkeyStore
from bngcorr.web.problem import Problem
from bngcorr.wire.change import Vocabulary
from bngcorr.wire.dictionary import Dictionary

log = structlog.get_logger()


class DynauthPolicies:
    """One configuration, as far as CoA and Disconnect go. Taken as a whole."""

    __slots__ = ("once_in_s", "per_minute", "remedied", "rules")

    def __init__(self, rules: Rules, remedied: frozenset[str], per_minute: int, once_in_s: float) -> None:
        self.rules = rules
        self.remedied = remedied  # BNGs on whose lines lost IPv6 is remedied
        self.per_minute = per_minute
        self.once_in_s = once_in_s


def dynauth_policies(config: Config, profiles: Mapping[str, Profile]) -> DynauthPolicies:
    """`profiles`: compiled, by name of the BNG."""
    settings = config.dynauth
    clients = [
        Client(
            name=client.name, networks=client.address, secret=client.shared_secret,
            require_message_authenticator=client.require_message_authenticator,
            require_event_timestamp=client.require_event_timestamp,
        )
        for client in settings.clients
    ]  # fmt: skip
    rules = Rules(
        clients=Clients(clients),
        directory=Directory([_bng(bng, profiles[bng.name]) for bng in config.bngs]),
        timeout_s=settings.timeout,
        window_s=settings.replay_window,
    )
    remedied = [bng.name for bng in config.bngs if (bng.dynauth.remedy or settings.remedy.v6_lost) == "disconnect"]
    return DynauthPolicies(rules, frozenset(remedied), settings.remedy.per_minute, settings.remedy.once_in)


def _bng(bng: BngSettings, profile: Profile) -> Bng:
    return Bng(
        name=bng.name,
        domain=bng.domain_name,
        profile=profile,
        mode=bng.mode,
        networks=bng.address,
        one_box=bng.one_box,
        identifiers=frozenset(identifier.encode() for identifier in bng.nas_identifier),
        addresses=frozenset(bng.nas_ip),
        hidden_behind=bng.bng_from != "source",
        send_to=bng.dynauth.address,
        port=bng.dynauth.port,
        secret=bng.dynauth.shared_secret or bng.shared_secret,
    )


class Dynauth:
    """The sockets for it, those who ask, and our own acts."""

    def __init__(
        self, config: Config, policies: DynauthPolicies, dictionary: Dictionary, store: ValkeyStore,
        clock: Clock, meters: Meters, noise: Noise,
    ) -> None:  # fmt: skip
        """Nothing is opened yet."""
        self._config = config
        self._meters = meters
        self._noise = noise
        self._sender = Sender(config.dynauth.source_address, self._dropped)
        lookup = Lookup(store.queries, Subscribers(store.lane, store.queries))
        self._proxy = DynauthProxy(
            policies.rules, sender=self._sender, lookup=lookup, hidden=dictionary.hidden, clock=clock, meters=meters,
            noise=noise,
        )  # fmt: skip
        self._vocabulary = Vocabulary(dictionary.named)
        self._acts = Acts(
            policies.rules.directory, policies.remedied,
            Remedies(per_minute=policies.per_minute, once_in_s=policies.once_in_s),
            sender=self._sender, lookup=lookup, clock=clock, meters=meters,
        )  # fmt: skip
        self._sockets: list[NasSocket] = []
        self._labels: dict[str, ReceiveQueue] = {}

    def _dropped(self, reason: DropReason, host: str) -> None:
        self._meters.drop(reason)
        self._noise.bad_dynauth_reply(host, str(reason))

    def open(self) -> None:
        """Bind where AAA sends to, and what is sent from. Raises StartError or ConfigError."""
        try:
            self._sender.open()
        except OSError as error:
            raise StartError(f"dynauth.source_address: {error.strerror}") from None
        listen = self._config.listen
        for index, endpoint in enumerate(self._config.dynauth.listen):
            try:
                socket = NasSocket(
                    endpoint.host, endpoint.port, receive_buffer=listen.receive_buffer, number=index,
                    reuse_port=listen.reuse_port,
                )  # fmt: skip
            except OSError as error:
                key, got = f"dynauth.listen[{index}]", f"{endpoint} ({error.strerror})"
                raise ConfigError((ConfigFault(key=key, got=got, expected="an address to bind to here"),)) from None
            self._sockets.append(socket)
            socket.start(self._proxy.carry)
            at = Endpoint(socket.host, socket.port)
            label = f"dynauth {at}"
            self._labels[label] = socket.queue
            log.info("listening", kind="dynauth", address=str(at), receive_buffer=socket.queue.granted)

    def use(self, policies: DynauthPolicies) -> None:
        """Go by another configuration from now on; what is under way ends by the one that it began with."""
        self._proxy.rules = policies.rules
        self._acts.directory = policies.rules.directory
        self._acts.remedied = policies.remedied
        self._acts.remedies.limit(per_minute=policies.per_minute, once_in_s=policies.once_in_s)

    # ---- acts

    async def disconnect(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What an operator asks for (`Wanted`), and what came of it (`Result`). Raises Problem."""
        return (await self._acts.disconnect(self._wanted(asked))).shown()

    async def coa(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Likewise; beside what `Wanted` has, `attributes`: a list of objects with name and value. Raises Problem."""
        whom = {key: value for key, value in asked.items() if key != "attributes"}
        try:
            change = self._vocabulary.change([(str(one["name"]), str(one["value"])) for one in asked["attributes"]])
        except (KeyError, TypeError):
            raise Problem(400, "Bad value", "attributes: expected a list of objects with name and value") from None
        except ValueError as error:
            raise Problem(400, "Bad value", str(error)) from None
        return (await self._acts.coa(self._wanted(whom), change)).shown()

    def _wanted(self, asked: dict[str, Any]) -> Wanted:
        try:
            wanted = Wanted.read(asked)
        except ValueError as error:
            raise Problem(400, "Bad value", str(error)) from None
        if wanted.bng is not None and wanted.bng not in self._acts.directory.bngs:
            raise Problem(400, "Bad value", f"bng: got {wanted.bng[:64]!r}; expected the name of a BNG under bngs")
        return wanted

    def found(self, seen: FindingSeen) -> None:
        """A finding is new: remedy it, if that is wanted."""
        self._acts.remedy(seen)

    # ---- state

    @property
    def in_flight(self) -> int:
        """Requests of AAA's without an answer so far."""
        return self._proxy.in_flight

    def refresh(self) -> None:
        """What is told when somebody scrapes."""
        self._meters.dynauth.in_flight.set(len(self._sender))

    def queues(self) -> Iterable[tuple[str, ReceiveQueue]]:
        """What the kernel drops in front of each socket, by the socket's label in metrics."""
        return self._labels.items()

    # ---- end

    async def stop(self) -> None:
        """Carry what waits, and read no more; answers still go out."""
        await asyncio.gather(*(socket.stop() for socket in self._sockets))

    async def close(self) -> None:
        """Close everything; before the store."""
        await self._acts.close()
        await self._proxy.close()
        self._sender.close()
        for socket in self._sockets:
            socket.close()
