"""What a request to the API asks for."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from bngcorr.config import Bng
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac, parse_mac
from bngcorr.model.vocabulary import SessionState
from bngcorr.store.rows import SessionRow
from bngcorr.store.terms import address_term, circuit_id_term, holding, mac_term, remote_id_term
from bngcorr.web.problems import Problem

MOST_ROWS: Final = 1000
MOST_NAMED: Final = 20  # of what a value could have been
RANK: Final = re.compile(r"[0-9]{1,9}")  # in the answers to one index term
PLACE: Final = re.compile(r"[0-9]{1,9}\.[0-9]{1,4}\.[0-9]{1,9}")  # which domain, which of its buckets, how far in it
EVENT: Final = re.compile(r"[0-9]{1,15}-[0-9]{1,15}(\.[0-9]{1,5})?")  # cursor behind a verdict


def parse_octets(text: str) -> bytes:
    """An id as text, or as hex with ``0x`` in front."""
    if text.startswith("0x"):
        try:
            return bytes.fromhex(text[2:])
        except ValueError:
            raise Problem(400, "Bad filter", f"{text!r} is not hexadecimal") from None
    return text.encode()


def address_terms(text: str) -> tuple[str, ...]:
    """Index terms under which an address or prefix may be found: itself, or any prefix that holds it."""
    try:
        if "/" in text:
            return (address_term(ipaddress.ip_network(text, strict=False)),)
        address = ipaddress.ip_address("" if "%" in text else text)
    except ValueError:
        raise Problem(400, "Bad filter", f"address={text!r} is no IP address or prefix") from None
    return tuple(address_term(held) for held in holding(ipaddress.ip_network(address)))


def _unmapped(text: str) -> str:
    """The IPv4 address of ::ffff:203.0.113.9, as servers write it; anything else as it is."""
    try:
        mapped = ipaddress.IPv6Address(text).ipv4_mapped
    except ValueError:
        return text
    return text if mapped is None else str(mapped)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a request for sessions asks for; every filter that is given must hold."""

    mac: Mac | None
    remote_id: bytes | None
    circuit_id: bytes | None
    bng: str | None
    address: str | None
    state: SessionState | None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filters:
        """From the query string. Raises Problem naming the filter and the value."""
        only(query, ("mac", "remote_id", "circuit_id", "bng", "address", "state", "limit", "cursor"))
        mac = None
        if "mac" in query:
            parsed = parse_mac(query["mac"])
            if parsed is None:
                raise Problem(400, "Bad filter", f"mac={query['mac']!r} is no MAC address")
            mac = parsed
        state = None
        if "state" in query:
            try:
                state = SessionState(query["state"])
            except ValueError:
                raise Problem(
                    400, "Bad filter", f"state={query['state']!r} is none of {', '.join(SessionState)}"
                ) from None
        address = _unmapped(query["address"]) if "address" in query else None
        if address is not None:
            address_terms(address)
        return cls(
            mac=mac,
            remote_id=parse_octets(query["remote_id"]) if "remote_id" in query else None,
            circuit_id=parse_octets(query["circuit_id"]) if "circuit_id" in query else None,
            bng=query.get("bng"),
            address=address,
            state=state,
        )

    def terms(self) -> tuple[str, ...]:
        """Index terms to start from, the most telling filter first; empty: no filter is indexed."""
        if self.address is not None:
            return address_terms(self.address)
        if self.mac is not None:
            return (mac_term(self.mac),)
        if self.remote_id is not None:
            return (remote_id_term(self.remote_id),)
        if self.circuit_id is not None:
            return (circuit_id_term(self.circuit_id),)
        return ()

    def holds(self, row: SessionRow) -> bool:
        """Whether a session is one of those asked for; the index may lag, so everything is checked."""
        ids = row.ids or LineIds()
        return (
            (self.state is None or row.state is self.state)
            and (self.bng is None or row.bng == self.bng)
            and (self.mac is None or row.address == self.mac)
            and (self.remote_id is None or ids.remote_id == self.remote_id)
            and (self.circuit_id is None or ids.circuit_id == self.circuit_id)
            and (self.address is None or _holds_address(row, self.address))
        )


def _holds_address(row: SessionRow, text: str) -> bool:
    wanted = ipaddress.ip_network(text, strict=False)
    for host in row.hosts:
        held = ipaddress.ip_network(host.split("|", 2)[2], strict=False)
        if held.version != wanted.version:
            continue
        if held == wanted or ("/" not in text and wanted.network_address in held):
            return True
    return False


def limit_of(query: Mapping[str, str]) -> int:
    text = query.get("limit", "100")
    if re.fullmatch(r"[1-9][0-9]{0,3}", text) is None or int(text) > MOST_ROWS:
        raise Problem(400, "Bad limit", f"limit={text!r} is not 1 … {MOST_ROWS}")
    return int(text)


def cursor_of(query: Mapping[str, str], name: str, shape: re.Pattern[str]) -> str:
    text = query.get(name, "")
    if text and shape.fullmatch(text) is None:
        raise Problem(400, "Bad cursor", f"{name}={text[:40]!r} was not given out by this API for these filters")
    return text


def only(query: Mapping[str, str], known: Collection[str], *, many: Collection[str] = ()) -> None:
    """Raises Problem naming a parameter that is none of these, or that is given twice and is none of `many`."""
    seen: set[str] = set()
    for name in [name for name, _ in query.items()]:  # here a name that is given twice comes twice
        if name not in known:
            some = f"none of {', '.join(sorted(known))}" if known else "no filter: this resource has none"
            raise Problem(400, "Unknown filter", f"{name[:40]!r} is {some}")
        if name in seen and name not in many:
            raise Problem(400, "Bad filter", f"{name!r} is given twice")
        seen.add(name)


def one_of(known: Collection[str], name: str, value: str) -> str:
    """The value, if it is one of these. Raises Problem naming parameter and value."""
    if value not in known:
        some = ", ".join([*known][:MOST_NAMED]) + (", …" if len(known) > MOST_NAMED else "")
        raise Problem(400, "Bad filter", f"{name}={value[:64]!r} is none of {some}")
    return value


def bng_of(bngs: Mapping[str, Bng], name: str, value: str) -> Bng:
    """The BNG of that name. Raises Problem naming parameter and value."""
    return bngs[one_of(bngs, name, value)]
