"""The operator's line plan: what a file may say, what is wrong with it, and how plans differ."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bngcorr.correlator.keys import place_hash
from bngcorr.correlator.plan import EXAMPLES, Change, Difference, Example, Site
from bngcorr.correlator.plan_file import MOST_LINE_OCTETS, read_plan_file
from bngcorr.correlator.plan_rows import SHOWN_FAULTS, PlanFault, PlanFile
from bngcorr.model.attachment import Attachment
from bngcorr.model.box import box_name
from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import LineIdPolicy

HEADER = "bng,port,outer,inner,circuit_id,remote_id"


def site(name: str, domain: str = "", line_id: LineIdPolicy = LineIdPolicy.BOTH) -> Site:
    """A BNG that is one box, whose requests show ports as the plan does."""
    return Site(
        name=name,
        domain=domain or name,
        networks=(ip_network("192.0.2.1/32"),),
        many_boxes=False,
        ports_name=lambda _: box_name(name, ""),
        line_id=line_id,
        port_shown=lambda port: port,
    )


def edge() -> Site:
    """A network of several boxes."""
    return Site(
        name="edge",
        domain="edge",
        networks=(ip_network("198.51.100.0/28"), ip_network("2001:db8:0:1::/64")),
        many_boxes=True,
        ports_name=lambda host: box_name("edge", host),
        line_id=LineIdPolicy.BOTH,
        port_shown=lambda port: port,
    )


def paired(name: str) -> Site:
    """One of two BNGs that share their ports."""
    return Site(
        name=name,
        domain="pair",
        networks=(ip_network("192.0.2.0/24"),),
        many_boxes=False,
        ports_name=lambda _: "~pair",
        line_id=LineIdPolicy.BOTH,
        port_shown=lambda port: port,
    )


def read(text: str | bytes, *sites: Site) -> PlanFile:
    """A file with this text, for these BNGs (else bng1, bng2 and edge)."""
    octets = text.encode() if isinstance(text, str) else text
    known = sites or (site("bng1"), site("bng2"), edge())
    return read_plan_file(octets.splitlines(keepends=True), {one.name: one for one in known})


def rows(*lines: str, header: str = HEADER) -> PlanFile:
    """A file with this header and these rows."""
    return read("\n".join((header, *lines)) + "\n")


def faults(found: PlanFile) -> list[tuple[int, str, str]]:
    """Line, column and value of each fault."""
    return [(fault.line, fault.column, fault.got) for fault in found.faults]


def place(ports: str, port: str, outer: int | None = None, inner: int | None = None) -> bytes:
    """A place by its hash."""
    return bytes.fromhex(place_hash(ports, Attachment(port, outer, inner)))


# ---- what a file may say


def test_a_row_puts_a_line_at_a_place() -> None:
    """The place is the hash that a request from there gives; both ids are octets."""
    found = rows("bng1,1/1/4,100,20,olt7 eth 1/12,olt7/12")

    assert [] == found.faults
    ids = LineIds(b"olt7/12", b"olt7 eth 1/12").encode()
    assert {"bng1": {place("bng1|", "1/1/4", 100, 20): ids}} == {
        name: dict(plan) for name, plan in found.domains.items()
    }


def test_vlans_may_be_absent_and_so_may_one_id() -> None:
    """An empty cell is no VLAN and no id, which differs from VLAN 0."""
    found = rows("bng1,lag-12,,,,a", "bng1,lag-12,0,,b,")

    assert [] == found.faults
    expected = {
        place("bng1|", "lag-12"): LineIds(b"a", None).encode(),
        place("bng1|", "lag-12", 0): LineIds(None, b"b").encode(),
    }
    assert expected == dict(found.domains["bng1"])


def test_an_id_may_be_octets_in_hexadecimal() -> None:
    """What is no text stands behind 0x."""
    found = rows("bng1,1/1/4,1,,,0x0009c3A1ff")

    assert [LineIds(bytes.fromhex("0009c3a1ff"), None).encode()] == list(found.domains["bng1"].values())


@pytest.mark.parametrize("mark", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_columns_come_in_any_order_and_between_the_usual_marks(mark: str) -> None:
    """The header tells both; quotation marks, a byte order mark, CR LF and empty lines are what spreadsheets write."""
    header = mark.join(("remote_id", "inner", "outer", "port", "circuit_id", "bng"))
    row = mark.join(('"olt7,;\t""12"""', "20", "100", "1/1/4", "", "bng1"))
    found = read(f"\ufeff{header}\r\n\r\n{row}\r\n")

    assert [] == found.faults
    assert {place("bng1|", "1/1/4", 100, 20): LineIds(b'olt7,;\t"12"', None).encode()} == dict(found.domains["bng1"])


def test_a_quoted_id_may_go_over_lines_and_numbers_stay_right() -> None:
    """Line numbers are those of an editor, of a row over several lines the first."""
    found = rows('bng1,1/1/4,1,,,"a\nb"', 'bng1,1/1/5,x,,,"c\nd"', "bng1,1/1/6,y,,,e")

    assert [(4, "outer", "'x'"), (6, "outer", "'y'")] == faults(found)


def test_a_box_of_several_is_named_by_its_address() -> None:
    """However the address is written, the place is the one of that box."""
    found = rows("edge|198.51.100.3,1/1/4,1,,,a", "edge|2001:DB8:0:1:0::9,1/1/4,1,,,b")

    assert [] == found.faults
    assert {"edge": 2} == found.places
    assert {place("edge|198.51.100.3", "1/1/4", 1), place("edge|2001:db8:0:1::9", "1/1/4", 1)} == set(
        found.domains["edge"]
    )


@pytest.mark.parametrize("cell", ["bng1", "bng1|", "bng1|192.0.2.1"])
def test_a_single_box_may_be_named_as_the_api_does(cell: str) -> None:
    """Its address adds nothing."""
    found = rows(f"{cell},1/1/4,1,,,a")

    assert [] == found.faults
    assert {place("bng1|", "1/1/4", 1)} == set(found.domains["bng1"])


def test_bngs_of_one_domain_make_one_plan() -> None:
    """A domain's plan is one, whichever BNGs it is about; each port is still its BNG's own."""
    found = read(f"{HEADER}\nbng1,1/1/4,1,,,a\nbng2,1/1/4,1,,,b\n", site("bng1", "both"), site("bng2", "both"))

    assert [] == found.faults
    assert ["both"] == list(found.domains)
    assert 2 == len(found.domains["both"])


def test_bngs_that_share_ports_may_both_tell_a_place() -> None:
    """An inventory lists a multi-chassis port under either box; they must agree."""
    text = f"{HEADER}\nbng1,lag-1,1,,,a\nbng2,lag-1,1,,,a\nbng2,lag-1,2,,,b\nbng1,lag-1,2,,,c\n"
    found = read(text, paired("bng1"), paired("bng2"))

    assert [(5, "port", "bng1 lag-1:2")] == faults(found)
    assert "line 4 already, as bng2 lag-1:2" in found.faults[0].expected
    assert 2 == len(found.domains["pair"])


# ---- what is wrong with it


@pytest.mark.parametrize(
    ("row", "column", "got"),
    [
        ("bng9,1/1/4,1,,,a", "bng", "'bng9'"),
        (",1/1/4,1,,,a", "bng", "''"),
        ("edge,1/1/4,1,,,a", "bng", "'edge'"),
        ("edge|203.0.113.9,1/1/4,1,,,a", "bng", "'edge|203.0.113.9'"),
        ("edge|olt,1/1/4,1,,,a", "bng", "'edge|olt'"),
        ("bng1|203.0.113.9,1/1/4,1,,,a", "bng", "'bng1|203.0.113.9'"),
        ("bng1,,1,,,a", "port", "''"),
        ("bng1,1/1/4:1,1,,,a", "port", "'1/1/4:1'"),
        ("bng1,1/1/\x014,1,,,a", "port", "'1/1/\\x014'"),
        ("bng1,1/1/4,4095,,,a", "outer", "'4095'"),
        ("bng1,1/1/4,-1,,,a", "outer", "'-1'"),
        ("bng1,1/1/4,1,1.0,,a", "inner", "'1.0'"),
        ("bng1,1/1/4,1,٣,,a", "inner", "'٣'"),
        ("bng1,1/1/4,,20,,a", "outer", "nothing"),
        ("bng1,1/1/4,1,,,", "circuit_id, remote_id", "nothing"),
        ("bng1,1/1/4,1,,0x,a", "circuit_id", "'0x'"),
        ("bng1,1/1/4,1,,,0xabc", "remote_id", "'0xabc'"),
        ("bng1,1/1/4,1,,,0xab cd", "remote_id", "'0xab cd'"),
        ("bng1,1/1/4,1,,,0xzz", "remote_id", "'0xzz'"),
        (f"bng1,1/1/4,1,,,{'é' * 124}", "remote_id", repr("é" * 60 + "…")),
        ("bng1,1/1/4,1,,a", "", "5 cells"),
        ("bng1,1/1/4,1,,a,b,c", "", "7 cells"),
        ('bng1,1/1/4,1,,"a"b,c', "", "',' expected after '\"'"),
    ],
)  # fmt: skip
def test_a_faulty_cell_is_told_with_line_column_and_value(row: str, column: str, got: str) -> None:
    """Each kind of fault, between two rows that are right."""
    found = rows("bng1,1/1/1,1,,,first", row, "bng1,1/1/2,1,,,last")

    assert [(3, column, got)] == faults(found)
    assert 2 == len(found.domains["bng1"])


def test_the_longest_id_is_247_octets() -> None:
    """As many as an attribute has room for, counted in octets and not in characters."""
    found = rows(f"bng1,1/1/1,1,,,{'x' * 247}", f"bng1,1/1/2,1,,,0x{'ab' * 248}")

    assert [(3, "remote_id")] == [(fault.line, fault.column) for fault in found.faults]
    assert "at most 247 octets, not 248" == found.faults[0].expected


def test_a_place_that_comes_twice_is_told_with_both_lines() -> None:
    """Also with the same line, and whatever the VLANs look like."""
    found = rows("bng1,1/1/4,100,020,,a", "bng1,1/1/5,1,,,b", "bng1,1/1/4,0100,20,,a")

    expected = "every place once; this one is in line 2 already"
    assert [PlanFault(line=4, column="port", got="bng1 1/1/4:100.20", expected=expected)] == found.faults


def test_what_is_no_utf8_is_told_by_cell() -> None:
    """Latin-1 exports are common; the row is not read, so that no id is mangled."""
    found = read(HEADER.encode() + b"\nbng1,1/1/1,1,,B\xfcro,a\nbng1,1/1/2,1,,,b\n")

    assert [(2, "circuit_id", "0x42fc726f")] == faults(found)
    assert 1 == len(found.domains["bng1"])


def test_all_faults_of_a_row_are_told_at_once() -> None:
    """Nobody wants to correct a row five times."""
    found = rows("nope,,5000,x,0xz,")

    assert ["bng", "port", "outer", "inner", "circuit_id"] == [fault.column for fault in found.faults]


def test_a_hundred_faults_are_shown_and_all_are_counted() -> None:
    """A file that is wrong throughout is not told throughout."""
    found = rows(*(f"bng1,1/1/1,{9000 + number},,,a" for number in range(250)))

    assert SHOWN_FAULTS == len(found.faults)
    assert 250 == found.fault_count
    assert (101, "outer", "'9099'") == faults(found)[-1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", [(1, "", "nothing")]),
        ("bng1,1/1/4,1,,,a\n", [(1, "", "'bng1,1/1/4,1,,,a'")]),
        ("bng,port,inner,remote_id\n", [(1, "outer", "no such column")]),
        ("bng,port,outer,inner\n", [(1, "circuit_id, remote_id", "no such column")]),
        ("bng,port,outer,inner,remote_id,port\n", [(1, "port", "2 columns of this name")]),
        (b"\xff\xfeb\x00n\x00g\x00", [(1, "", "0xfffe62006e006700")]),
    ],
    ids=["empty", "no header", "column missing", "no ids", "column twice", "UTF-16"],
)  # fmt: skip
def test_a_header_that_does_not_tell_the_columns_ends_the_reading(
    text: str | bytes, told: list[tuple[int, str, str]]
) -> None:
    """Without columns every row would be a fault."""
    assert told == faults(read(text))


def test_unknown_columns_are_told_and_become_faults_on_demand() -> None:
    """In front of the others, for a mistyped name is the reason for many."""
    found = rows("bng1,1/1/4,x,,,a,note", header=HEADER + ",comment")

    assert ("comment",) == found.unknown_columns
    assert [(2, "outer", "'x'")] == faults(found)
    found.refuse_unknown_columns("no such column")
    assert [(1, "", "column 'comment'"), (2, "outer", "'x'")] == faults(found)
    assert 2 == found.fault_count


def test_a_quotation_mark_left_open_does_not_take_the_memory() -> None:
    """What follows is one cell only up to a bound, then rows are read again."""
    many = [f"bng1,1/2/{number},1,,,{number}" for number in range(8000)]
    found = rows('bng1,1/1/4,1,,,"a', *many)

    assert [2] == [fault.line for fault in found.faults]
    assert 0 < len(found.domains["bng1"]) < 8000


def test_a_line_without_end_ends_the_reading() -> None:
    """A file that is no text at all may have no line ends."""
    found = read(HEADER.encode() + b"\n" + b"x" * (MOST_LINE_OCTETS + 1) + b"\nbng1,1/1/4,1,,,a\n")

    assert [(2, "", f"more than {MOST_LINE_OCTETS} octets")] == faults(found)
    assert {} == found.domains


def test_ids_that_name_no_line_at_the_bng_are_a_fault() -> None:
    """With line_id: remote, lines that have a Circuit-Id only would all be one."""
    text = f"{HEADER}\nbng1,1/1/4,1,,a,\nbng1,1/1/5,1,,a,b\n"
    found = read(text, site("bng1", line_id=LineIdPolicy.REMOTE))

    assert [(2, "remote_id", "nothing")] == faults(found)


@given(st.binary(max_size=300) | st.lists(st.binary(max_size=40), max_size=6).map(b",".join))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    """Nothing that a file may hold is our fault."""
    found = read(HEADER.encode() + b"\n" + octets)

    assert found.fault_count >= len(found.faults)
    assert all(fault.line >= 2 for fault in found.faults)


# ---- what is odd


def test_a_line_at_two_places_is_counted_not_refused() -> None:
    """A line moves from port to port, and for a while both are in the inventory."""
    found = rows(
        "bng1,1/1/1,1,,c,a", "bng1,1/1/2,1,,c,a", "bng1,1/1/3,1,,c,a", "bng1,1/1/4,1,,,b", "bng1,1/1/5,1,,,b",
        "bng1,1/1/6,1,,d,a",
    )  # fmt: skip

    assert [] == found.faults
    assert (2, 5) == found.domains["bng1"].repeated()


def test_blanks_around_an_id_belong_to_it_and_are_remarked() -> None:
    """Ids are compared octet by octet; blanks elsewhere do not count."""
    found = rows(" bng1 , 1/1/4 , 1 , 2 ,, a", "bng1,1/1/5,1,,,b ")

    assert [] == found.faults
    (remark,) = found.remarks.values()
    assert (2, 2, "' a'") == (remark.count, remark.line, remark.example)
    assert [b" a", b"b "] == [LineIds.decode(ids).remote_id for ids in found.domains["bng1"].values()]


def test_a_port_that_requests_never_show_is_remarked() -> None:
    """The plan would say nothing there."""
    lower = Site(
        name="bng1", domain="bng1", networks=(), many_boxes=False, ports_name=lambda _: "bng1|",
        line_id=LineIdPolicy.BOTH, port_shown=lambda port: port.lower() if port != "?" else None,
    )  # fmt: skip
    text = f"{HEADER}\nbng1,lag-1,1,,,a\nbng1,LAG-1,2,,,b\nbng1,LAG-1,3,,,c\nbng1,?,1,,,d\n"
    found = read(text, lower)

    (remark,) = found.remarks.values()
    assert (3, 3, "LAG-1, shown as lag-1") == (remark.count, remark.line, remark.example)


# ---- how plans differ


def compared(before: dict[bytes, bytes], after: dict[bytes, bytes]) -> Difference:
    """The difference of two plans, taken in two parts."""
    difference = Difference()
    for odd in (0, 1):
        parts = [{place: ids for place, ids in plan.items() if place[0] % 2 == odd} for plan in (before, after)]
        difference.compare(parts[0], parts[1])
    return difference


def counts(difference: Difference) -> Sequence[int]:
    """Added, removed, changed, unchanged."""
    return [difference.counts[change] for change in Change]


def test_places_are_added_removed_changed_or_unchanged() -> None:
    """Each place is one of them, with both lines in the examples."""
    difference = compared({b"\1": b"a", b"\2": b"b", b"\3": b"c"}, {b"\1": b"a", b"\2": b"B", b"\4": b"d"})

    assert [1, 1, 1, 1] == counts(difference)
    assert (3, 3) == (difference.before, difference.after)
    assert [Example(place=b"\2", before=b"b", after=b"B")] == difference.examples[Change.CHANGED]
    assert [Example(place=b"\3", before=b"c", after=None)] == difference.examples[Change.REMOVED]
    assert [Example(place=b"\4", before=None, after=b"d")] == difference.examples[Change.ADDED]
    assert not difference.nothing


def test_examples_are_few() -> None:
    """A table of a million rows helps nobody."""
    difference = compared({}, {bytes((number,)): b"a" for number in range(200)})

    assert [200, 0, 0, 0] == counts(difference)
    assert EXAMPLES == len(difference.examples[Change.ADDED])


@pytest.mark.parametrize(
    ("places", "kept", "drastic"),
    [(100, 0, False), (101, 0, True), (101, 50, True), (102, 51, False), (200, 100, False), (200, 99, True)],
)
def test_losing_more_than_half_of_a_plan_of_some_size_is_drastic(places: int, kept: int, drastic: bool) -> None:
    """Half may go, and a small plan may go as a whole."""
    before = {bytes((number,)): b"a" for number in range(places)}
    after = {bytes((number,)): b"b" for number in range(kept)}

    assert drastic == compared(before, after).drastic


@given(*[st.dictionaries(st.binary(min_size=1, max_size=1), st.sampled_from([b"a", b"b"]))] * 2)
def test_the_difference_accounts_for_every_place(before: dict[bytes, bytes], after: dict[bytes, bytes]) -> None:
    """Counts add up to both plans, and nothing differs exactly between equal ones."""
    difference = compared(before, after)

    assert (len(before), len(after)) == (difference.before, difference.after)
    assert (before == after) == difference.nothing
