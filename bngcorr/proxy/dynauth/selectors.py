"""Which sessions a CoA or Disconnect is about: what AAA knows, turned into what the BNG knows. Pure.

AAA knows the identity that we wrote into its requests; the BNG has never seen it. So attributes of ours are taken out
on the way, after they have been compared with the sessions in the store, and the Acct-Session-Id of each session that
is meant is put in. Everything else stays as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final

from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac, parse_mac
from bngcorr.model.vocabulary import LineIdPolicy, Mode, SessionState
from bngcorr.profiles.profile import Profile, Write
from bngcorr.proxy import carriers, port_id, template
from bngcorr.proxy.dynauth.guess import guess
from bngcorr.proxy.dynauth.numbers import ErrorCause
from bngcorr.proxy.dynauth.route import Refused, operator_nas_identifiers
from bngcorr.store.contract import MAX_SESSIONS_PER_LINE
from bngcorr.store.rows import SessionRow
from bngcorr.store.terms import address_term, circuit_id_term, holding, mac_term, remote_id_term
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.radius import PacketView, Span

Held = IPv4Address | IPv6Address | IPv6Network

MOST_SESSIONS: Final = 2 * MAX_SESSIONS_PER_LINE  # of one request
MAC_TEXT: Final = 32  # octets; a longer text is no MAC
NUMBER_OCTETS: Final = 4  # enterprise number in front of a Remote-Id (RFC 4649 §3)

_ADDRESSES: Final = (a.FRAMED_IPV6_ADDRESS, a.ALC_IPV6_ADDRESS)
_PREFIXES: Final = (a.FRAMED_IPV6_PREFIX, a.DELEGATED_IPV6_PREFIX)


_ABOUT_NO_SESSION: Final = frozenset((
    a.NAS_IP_ADDRESS, a.NAS_IPV6_ADDRESS, a.NAS_IDENTIFIER, a.PROXY_STATE, a.MESSAGE_AUTHENTICATOR, a.EVENT_TIMESTAMP,
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """An attribute that we write an identity into; the BNG may have filled it itself."""

    span: Span
    write: Write
    value: bytes

    def ours(self, row: SessionRow) -> bool | None:
        """Whether it says of this session what we told AAA; False: what the BNG told; None: neither."""
        if self.value == template.fill(self.write.template, row.ids or LineIds(), row.address, row.port, row.bng):
            return True
        as_mac = _mac(self.value)
        if as_mac is not None and as_mac == row.address:
            return False
        if self.write.key == a.USER_NAME and _text(self.value) == row.user_name:
            return False
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selectors:
    """What a request says of its session, read as requests of BNGs with one profile and mode are written."""

    session_id: bytes | None
    held: tuple[tuple[Span, Held], ...]  # addresses and prefixes
    remote_ids: tuple[bytes, ...]  # that stand where BNGs carry them
    circuit_ids: tuple[bytes, ...]
    line_id: LineIdPolicy  # which of the two name a line
    id_spans: tuple[Span, ...]  # those attributes of ids that are not as the BNG sent them, or may not be
    written: tuple[Written, ...]
    raw: tuple[tuple[Span, bytes], ...]  # attributes that may hold the Remote-Id as it came, which we add for AAA
    user_name: bytes | None  # the BNG's own
    macs: tuple[Mac, ...]
    port: str | None  # port and VLANs

    @property
    def ours(self) -> bool:
        """Whether something may stand in it that only we have told AAA."""
        return bool(self.id_spans or self.written or self.raw)

    def perhaps_ours(self) -> tuple[Span, ...]:
        """Whatever AAA may have from us alone, of a session with an Acct-Session-Id that the store does not know."""
        written = [one.span for one in self.written]
        raw = [span for span, value in self.raw if not {value, value[NUMBER_OCTETS:]}.isdisjoint(self.remote_ids)]
        return (*self.id_spans, *written, *raw)

    def terms(self) -> tuple[str, ...]:
        """Index terms under which its sessions are found, of the most telling selector; empty: nothing is indexed."""
        if self.held:
            texts = [text for _, held in self.held for text in holding(ip_network(held))]
            return tuple(dict.fromkeys(map(address_term, texts)))
        said = [guess(one.write.template, one.value) for one in self.written]
        remote = [*self.remote_ids, *(one["remote_id"] for one in said if one.get("remote_id"))]
        remote += [_from_hex(one["remote_id_hex"]) for one in said if one.get("remote_id_hex")]
        circuit = [*self.circuit_ids, *(one["circuit_id"] for one in said if one.get("circuit_id"))]
        circuit += [_from_hex(one["circuit_id_hex"]) for one in said if one.get("circuit_id_hex")]
        macs = [*self.macs, *(mac for one in self.written if (mac := _mac(one.value)) is not None)]
        macs += [mac for one in said if (mac := _mac(one.get("mac", b""))) is not None]
        for terms in (map(remote_id_term, remote), map(circuit_id_term, circuit), map(mac_term, macs)):
            found = tuple(dict.fromkeys(terms))
            if found:
                return found
        return ()

    def held_by(self, row: SessionRow) -> tuple[Span, ...]:
        """Those of its addresses and prefixes that a session holds."""
        networks = [ip_network(host.split("|", 2)[2], strict=False) for host in row.hosts]
        return tuple(span for span, held in self.held if any(_within(held, network) for network in networks))

    def ours_of(self, row: SessionRow) -> tuple[Span, ...] | None:
        """Attributes that AAA can have from us alone, if this session is meant; None: something says that it is not.

        Addresses are left out of it: see `choose`.
        """
        ids = row.ids or LineIds()
        if self.session_id is not None and self.session_id != row.session_id:
            return None
        if any(one != ids.remote_id for one in self.remote_ids):
            return None
        told = self.line_id is not LineIdPolicy.REMOTE or not self.remote_ids  # else an Interface-Id may differ
        if told and any(one != ids.circuit_id for one in self.circuit_ids):
            return None
        if self.user_name is not None and row.user_name is not None and _text(self.user_name) != row.user_name:
            return None
        if row.address is not None and any(mac != row.address for mac in self.macs):
            return None
        if self.port is not None and row.port is not None and self.port != str(row.port):
            return None
        cut = [*self.id_spans]
        for one in self.written:
            ours = one.ours(row)
            if ours is None:
                return None
            if ours:
                cut.append(one.span)
        if ids.remote_id is not None:
            cut += [span for span, value in self.raw if ids.remote_id in (value, value[NUMBER_OCTETS:])]
        return tuple(cut)


def read(view: PacketView, profile: Profile, mode: Mode) -> Selectors:
    """What a request says of its session, if its BNG has this profile and mode.

    In mode observe AAA has seen nothing of ours; in mode strip only Remote-Ids without their enterprise number.
    """
    remote = [found for found in carriers.ids(view, profile.remote_ids) if found.value]
    circuit = [found for found in carriers.ids(view, profile.circuit_ids) if found.value]
    of_ids = {found.span.start for found in (*remote, *circuit)}
    changed = {Mode.OBSERVE: [], Mode.STRIP: remote, Mode.FULL: [*remote, *circuit]}[mode]
    written = _written(view, profile, of_ids) if mode is Mode.FULL else ()
    full = mode is Mode.FULL and profile.keep_raw is not None
    raw = [(span, view.value(span)) for span in view.spans_of(profile.keep_raw or 0)] if full else []
    taken = {one.span.start for one in written} | of_ids
    user_name = view.span(a.USER_NAME)
    return Selectors(
        session_id=view.first(a.ACCT_SESSION_ID) or None,
        held=_held(view),
        remote_ids=tuple(found.value for found in remote),
        circuit_ids=tuple(found.value for found in circuit),
        line_id=profile.line_id,
        id_spans=tuple(found.span for found in changed),
        written=written,
        raw=tuple(raw),
        user_name=view.value(user_name) if user_name is not None and user_name.start not in taken else None,
        macs=_macs(view, profile, taken),
        port=_port(view, profile),
    )


def of_no_session(view: PacketView) -> bool:
    """Whether a request says nothing but which NAS it is for: which of its sessions would be anybody's guess."""
    named = {span.start for span in operator_nas_identifiers(view)}
    return all(span.key in _ABOUT_NO_SESSION or span.start in named for span in view.spans)


def _written(view: PacketView, profile: Profile, of_ids: set[int]) -> tuple[Written, ...]:
    found = []
    for write in profile.writes:
        head = write.template.partition("{")[0].encode()
        for span in view.spans_of(write.key):
            value = view.value(span)
            if span.start not in of_ids and value.startswith(head) and len(value) > len(head):
                found.append(Written(span, write, value))
    return tuple(found)


def _held(view: PacketView) -> tuple[tuple[Span, Held], ...]:
    held: list[tuple[Span, Held]] = []
    for span in view.spans:
        value = view.value(span)
        one: Held | None = None
        if span.key == a.FRAMED_IP_ADDRESS:
            one = radius.ipv4(value)
        elif span.key in _ADDRESSES:
            one = radius.ipv6(value)
        elif span.key in _PREFIXES:
            one = radius.ipv6_prefix(value)
        if one is not None:
            held.append((span, one))
    return tuple(held[:MOST_SESSIONS])


def _macs(view: PacketView, profile: Profile, taken: set[int]) -> tuple[Mac, ...]:
    found = []
    for carrier in profile.macs:
        for span in view.spans_of(carrier.key):
            value = view.value(span)
            if span.start not in taken and value.startswith(carrier.prefix):
                mac = _mac(value[len(carrier.prefix) :])
                if mac is not None:
                    found.append(mac)
    return tuple(dict.fromkeys(found))


def _port(view: PacketView, profile: Profile) -> str | None:
    value = view.first(a.NAS_PORT_ID)
    for carrier in profile.ports:
        if value and carrier.key == a.NAS_PORT_ID and carrier.grammar in port_id.GRAMMARS:
            attachment = port_id.GRAMMARS[carrier.grammar](value.decode("latin-1"))
            if attachment is not None:
                return str(attachment)
    return None


@dataclass(frozen=True, slots=True)
class Chosen:
    """One session that is meant."""

    row: SessionRow
    cut: tuple[Span, ...]  # attributes that its BNG must not see


def choose(
    rows: Iterable[SessionRow], of_bng: Callable[[str], Selectors | None], now_ms: int
) -> tuple[Chosen, ...] | Refused:
    """The sessions that a request means, among those found: all of one line, or one alone.

    `of_bng` reads the request for a BNG; None: it is none of those that are asked for. Everything that the request says
    must hold, but of several addresses a session need hold one: a line's IPv4 and IPv6 may be two sessions. Sessions of
    two lines are never chosen together.
    """
    found: dict[tuple[str, bytes], tuple[SessionRow, tuple[Span, ...], tuple[Span, ...]]] = {}
    wanted: set[int] = set()
    for row in live(rows, now_ms):
        selectors = of_bng(row.bng)
        if selectors is None or not row.session_id:
            continue
        ours = selectors.ours_of(row)
        if ours is None:
            continue
        held = selectors.held_by(row)
        wanted = {span.start for span, _ in selectors.held}
        if held or not selectors.held:
            found.setdefault((row.nas, row.session_id), (row, ours, held))
    fitting = list(found.values())
    if not fitting or wanted - {span.start for _, _, held in fitting for span in held}:
        return Refused(ErrorCause.SESSION_CONTEXT_NOT_FOUND)
    if len({(row.domain, row.line or row.session) for row, _, _ in fitting}) > 1 or len(fitting) > MOST_SESSIONS:
        return Refused(ErrorCause.MULTIPLE_SESSION_SELECTION_UNSUPPORTED)
    everybody = {span.start: span for _, _, held in fitting for span in held}
    return tuple(
        Chosen(row, (*ours, *(span for start, span in everybody.items() if start not in {one.start for one in held})))
        for row, ours, held in fitting
    )


def live(rows: Iterable[SessionRow], now_ms: int) -> Sequence[SessionRow]:
    """Sessions that are up or expected; those of a box that has restarted since only if there are no others."""
    rows = list(rows)
    up = [
        row
        for row in rows
        if row.state is SessionState.UP or (row.state is SessionState.EXPECTED and row.until_ms >= now_ms)
    ]
    return up or [row for row in rows if row.state is SessionState.SUSPECT]


def _within(held: Held, network: IPv4Network | IPv6Network) -> bool:
    one = ip_network(held)
    if isinstance(one, IPv4Network):
        return isinstance(network, IPv4Network) and one.subnet_of(network)
    return isinstance(network, IPv6Network) and one.subnet_of(network)


def _mac(value: bytes) -> Mac | None:
    return parse_mac(value.decode("latin-1")) if len(value) <= MAC_TEXT else None


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


def _from_hex(digits: bytes) -> bytes:
    return bytes.fromhex(digits.decode("ascii"))
