"""Small things the tests of the simulator share."""

from __future__ import annotations

from functools import cache

from bngcorr.profiles.catalogue import compile_profile, packaged
from bngcorr.profiles.profile import Profile
from bngcorr.resources import resource
from bngcorr.simulate.packet import Code, Form, Packet
from bngcorr.simulate.population import Box, Cpe, Kind, Line
from bngcorr.simulate.sites import SITES, Place, Site
from bngcorr.wire.dictionary import Dictionary

PLACE = Place(1, 100, 7)
MAC = bytes.fromhex("001a2b000001")
OTHER_MAC = bytes.fromhex("001a2b000002")


def site(name: str) -> Site:
    """The site of that name."""
    return next(one for one in SITES if one.name == name)


def box(of: Site, lines: tuple[int, ...] = (0,)) -> Box:
    """A box of that site."""
    return Box(number=3, name=f"{of.name}-1", site=of, host="198.51.100.4", lines=lines)


def line(
    number: int = 0,
    *,
    kind: Kind = Kind.V6_SOON,
    place: Place | None = PLACE,
    remote_id: bytes = b"SUB0000000",
    ldra: bool = False,
    careful: bool = False,
    closely: bool = False,
) -> Line:
    """A line."""
    return Line(
        number=number,
        box=3,
        kind=kind,
        remote_id=remote_id,
        circuit_id=b"an0000 eth 0/0/%d:7" % number,
        enterprise=2011,
        place=place,
        cpe=Cpe(MAC, MAC),
        ldra=ldra,
        careful=careful,
        closely=closely,
    )


def packet(
    code: Code = Code.ACCESS,
    *,
    at: int = 0,
    line: int = 0,
    place: Place | None = PLACE,
    mac: bytes = MAC,
    v6: bool = False,
    form: Form = Form.PLAIN,
    session: bytes = b"S1",
    event_ms: int | None = None,
) -> Packet:
    """What a BNG sends about a line; a v4 request that names it, unless told otherwise."""
    return Packet(
        code=code,
        box=3,
        line=line,
        place=place,
        mac=mac,
        v6=v6,
        form=form,
        session=session,
        event_ms=at if event_ms is None else event_ms,
        v4_host=not v6 and code is not Code.ACCESS,
        v6_host=v6 and code is not Code.ACCESS,
        ticket=1 if code is Code.ACCESS else -1,
    )


@cache
def profile(name: str) -> Profile:
    """A packaged profile, compiled."""
    return compile_profile(packaged()[name], _dictionary())


@cache
def _dictionary() -> Dictionary:
    return Dictionary(resource("dictionaries") / "dictionary")
