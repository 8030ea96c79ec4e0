"""Lessons as octets: as MessagePack has them."""

from __future__ import annotations

from hashlib import blake2b
from struct import pack
from typing import Any

import msgpack
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac, usable
from bngcorr.model.usage import Host
from bngcorr.model.vocabulary import HostKind
from bngcorr.store.batch import Batch
from bngcorr.store.entries import Entries
from bngcorr.store.keys import DomainKeys
from bngcorr.store.lesson import Event, Lesson, Restart, SessionChange, SessionStep, Sighting
from bngcorr.store.packing import OUTCOMES
from bngcorr.store.terms import session_terms, term_hash
from bngcorr.store.verdicts import packed, unpacked

NOW = 1_760_000_000_000
DOMAINS = st.sampled_from(["bng1", "bng2", "metro", "é" * 20])
NAMES = st.binary(min_size=12, max_size=12).map(bytes.hex)
INSTANTS = st.integers(0, 2**42)
MACS = st.binary(min_size=6, max_size=6).map(usable)
IDS = st.builds(LineIds, *[st.none() | st.binary(min_size=1, max_size=40)] * 2)
PORTS = st.builds(Attachment, st.text("1/-é", max_size=40), *[st.none() | st.integers(0, 4095)] * 2)
PRINTS = st.tuples(*[st.just("") | st.binary(min_size=4, max_size=4).map(bytes.hex)] * 2).map(".".join)
HOSTS = st.tuples(
    st.sampled_from([HostKind.V4, HostKind.IA_PD, HostKind.SLAAC]), st.sampled_from(["2001:db8::/56", "b"])
)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Or None."""
    return st.none() | values


@st.composite
def sightings(draw: st.DrawFn) -> Sighting:
    """Of any form."""
    names, flags = [draw(maybe(NAMES)) for _ in range(6)], [draw(st.booleans()) for _ in range(4)]
    return Sighting(
        domain=draw(DOMAINS), bng="bng1", line=draw(NAMES), ids=draw(IDS), at_ms=draw(INSTANTS),
        until_ms=draw(INSTANTS), attachment_mac=names[0], attachment=names[1], bng_mac=names[2],
        multi_session=names[3], mac=names[4], place=names[5], claimed=flags[0], v6=flags[1], v4_evident=flags[2],
        attached=flags[3], port=draw(maybe(PORTS)), address=draw(MACS),
    )  # fmt: skip


@st.composite
def accepts(draw: st.DrawFn) -> SessionChange:
    """Sessions that are expected."""
    ids, mac = draw(maybe(IDS)), draw(MACS)
    names = (
        [] if mac is None else [mac.hex(":"), mac.hex("-").upper(), mac.hex(), f"1:{mac.hex(':')}", f" {mac.hex(':')}"]
    )
    if ids is not None and ids.remote_id is not None:
        names.append(ids.remote_id.decode("utf-8", "surrogateescape"))
    return SessionChange(
        domain=draw(DOMAINS), bng="bng1", session=draw(NAMES), nas="bng1|192.0.2.1", step=SessionStep.EXPECTED,
        at_ms=draw(INSTANTS), until_ms=draw(INSTANTS), line=draw(maybe(NAMES)), ids=ids, own=draw(st.booleans()),
        keys=tuple(draw(st.lists(NAMES, max_size=4))), fingerprint=draw(st.just("") | PRINTS),
        promised=tuple(Host(kind, text) for kind, text in draw(st.lists(HOSTS, max_size=3))),
        interval_ms=draw(INSTANTS), timeout_ms=draw(INSTANTS), session_id=draw(st.binary(max_size=40)),
        user_name=draw(maybe(st.sampled_from([*names, "User@ISP", "É", "\udcff", ""]) | st.text(max_size=20))),
        port=draw(maybe(PORTS)), address=mac, outcome=draw(st.sampled_from(OUTCOMES)),
    )  # fmt: skip


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Requests that are over, however long what is told of them."""
    octets = st.binary(max_size=300)
    return Event(
        domain=draw(DOMAINS), line=draw(maybe(NAMES)), mac=draw(maybe(NAMES)), about=draw(octets), moment=draw(octets)
    )


RESTARTS = st.builds(Restart, domain=DOMAINS, bng=st.just("bng1"), nas=st.just("bng1|é"), at_ms=INSTANTS)


# ---- what the scripts take, spelled out


def _raw(value: object) -> bytes:
    octets: bytes = msgpack.packb(value, use_bin_type=False)
    return octets


def _name(digits: str | None) -> bytes:
    return bytes.fromhex(digits or "")


def _terms(ids: LineIds | None, mac: Mac | None, user_name: str | None) -> bytes:
    return b"".join(map(term_hash, session_terms(ids, mac, user_name)))


def _row(lesson: Lesson) -> bytes:
    match lesson:
        case Sighting():
            return _sighting(lesson)
        case SessionChange():
            return b"".join(map(_raw, _accept(lesson)))
        case Restart():
            return _raw(34) + _raw([lesson.nas, lesson.at_ms])
    raise AssertionError(lesson)


def _text(octets: bytes) -> bytes:
    """With the head of a text of so many plain letters."""
    plain: bytes = msgpack.packb("x" * len(octets))
    return plain[: len(plain) - len(octets)] + octets


def _sighting(s: Sighting) -> bytes:
    where = [s.bng, s.address or b"", *([] if s.port is None else [s.port.port, s.port.outer, s.port.inner])]
    told = [s.ids.encode(), where, _terms(s.ids, s.address, None), s.attached + 2 * s.v4_evident + 4 * s.claimed]
    keys = map(_name, (s.attachment_mac, s.attachment, s.multi_session, s.bng_mac))
    has = [s.v6, *(name is not None for name in (s.attachment_mac, s.attachment, s.mac, s.place))]
    text = _text(b"".join(keys)) + _text(_raw(told))
    bucket = DomainKeys("").record("l", _name(s.line)).removeprefix(DomainKeys("").prefix)
    return pack(
        f">BQQ4s12sB12sBI{len(text)}s12s", sum(1 << at for at, one in enumerate(has) if one), s.at_ms, s.until_ms,
        bucket.encode(), _name(s.line), 0xAC, _name(s.place), 0xA0, len(text), text, _name(s.mac),
    )  # fmt: skip


def _accept(s: SessionChange) -> list[object]:
    user = None if s.user_name is None else s.user_name.encode("utf-8", "surrogateescape")
    where, _, mac = s.fingerprint.partition(".")
    hosts = dict.fromkeys(str(host) for host in s.promised if host.kind is not HostKind.V4)
    told = _raw([
        b"" if s.ids is None else s.ids.encode(), (_name(where) or bytes(4)) + (_name(mac) or bytes(4)),
        _raw([
            0, s.session_id, user, s.address or b"",
            *([] if s.port is None else [s.port.port, s.port.outer, s.port.inner]),
        ]),
        _terms(s.ids, s.address, s.user_name), "" if s.port is None else s.port.port, s.interval_ms, s.timeout_ms,
        "\n".join(hosts),
    ])  # fmt: skip
    return [
        32, s.at_ms, s.until_ms, s.nas, _name(s.line), _name(s.session), blake2b(told, digest_size=8).digest(), told,
        int(s.own), b"".join(_name(key)[:4] for key in s.keys), OUTCOMES.index(s.outcome),
    ]  # fmt: skip


# ---- against it


@settings(max_examples=150, deadline=None)
@given(st.lists(sightings() | accepts() | RESTARTS | events(), max_size=12))
def test_a_batch_is_its_lessons_by_domain(lessons: list[Lesson]) -> None:
    """By domain how many lessons it has, its instant, and they: sightings are rows of octets."""
    expected: dict[str, list[bytes]] = {}
    for lesson in lessons:
        if not isinstance(lesson, Event):
            expected.setdefault(lesson.domain, []).append(_row(lesson))
    made = Batch(lessons)

    assert list(expected) == made.domains
    assert b"".join(part for rows in expected.values() for part in (pack(">HQ", len(rows), NOW), *rows)) == made.packed(
        made.domains, NOW
    )
    assert [lesson for lesson in lessons if isinstance(lesson, Event)] == made.events


@settings(max_examples=50, deadline=None)
@given(st.lists(events(), max_size=12))
def test_the_script_is_told_of_timelines_in_messagepack(some: list[Event]) -> None:
    """By domain: line, else MAC, both parts; and which timelines have become long."""
    told: dict[str, list[object]] = {}
    for event in some:
        if event.line is not None or event.mac is not None:
            mac = "" if event.line else event.mac
            told.setdefault(event.domain, []).extend((_name(event.line), _name(mac), event.about, event.moment))
    made = Entries(16, plain=False)
    made.push(some, NOW)
    domains = made.domains

    assert list(told) == domains
    assert _raw([16, *(value for row in told.values() for value in (row, ""))]) == made.packed(domains)
    assert [] == made.domains


@settings(max_examples=50, deadline=None)
@given(st.lists(events(), max_size=20))
def test_an_entry_of_the_stream_is_what_messagepack_makes_of_its_events(some: list[Event]) -> None:
    """Both parts of each, as octets."""
    assert msgpack.packb([[one.about, one.moment] for one in some]) == packed(some)
    assert [(one.about, one.moment) for one in some] == unpacked(packed(some))
