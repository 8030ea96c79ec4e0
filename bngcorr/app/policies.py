"""What a configuration means to the request path: which BNGs, with which secrets, profiles and rules."""

from __future__ import annotations

from bngcorr.accountant.cost import CostTable
from bngcorr.app.dynauth import DynauthPolicies, dynauth_policies
from bngcorr.bng_profiles import compile_all, costs_of, nas_of
from bngcorr.config import Config
from bngcorr.correlator.place import Place
from bngcorr.proxy.nas import NasTable
from bngcorr.proxy.place import place_of
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.upstream.routing import Routing, routing_of
from bngcorr.wire.dictionary import Dictionary


class Policies:
    """One configuration, compiled. It is taken as a whole, or not at all."""

    __slots__ = ("config", "costs", "domains", "dynauth", "in_flight_s", "numbers", "places", "routing", "table")

    def __init__(
        self,
        config: Config,
        table: NasTable,
        numbers: Numbers,
        costs: dict[str, CostTable],
        routing: dict[str, Routing],
        dynauth: DynauthPolicies,
        places: dict[str, Place],
    ) -> None:
        self.config = config
        self.table = table
        self.numbers = numbers
        self.costs = costs  # by name of the BNG
        self.routing = routing  # by kind of request
        self.dynauth = dynauth
        self.places = places  # of taps, by interface
        self.domains = list(dict.fromkeys(bng.domain_name for bng in config.bngs))
        # how long a request may be under way: on hold, and with AAA
        self.in_flight_s = config.upstream.longest_timeout + max(bng.hold for bng in config.bngs) + 1.0


def policies_of(config: Config, dictionary: Dictionary) -> Policies:
    """Compile. Raises ConfigError with every fault of profiles, signals, templates and aliases, or of routes."""
    profiles = compile_all(config, dictionary)
    nases = {bng.name: nas_of(bng, profiles[bng.name]) for bng in config.bngs}
    return Policies(
        config,
        NasTable(
            [(network, nases[bng.name]) for bng in config.bngs for network in bng.address],
            [(network, monitor.shared_secret) for monitor in config.monitors for network in monitor.address],
        ),
        Numbers(config.enterprise_numbers.accept, config.enterprise_numbers.ceiling),
        costs_of(config),
        routing_of(config.upstream, dictionary),
        dynauth_policies(config, profiles),
        {
            tap.interface: place_of(
                nases[tap.bng],
                host="" if tap.box is None else str(tap.box),
                port=tap.port,
                vlans=tap.vlans,
                relayed_mac=tap.relayed_mac,
            )
            for tap in config.tap
            if tap.bng in nases
        },
    )
