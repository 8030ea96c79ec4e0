"""The dictionary files load whole, say where they come from, and agree with FreeRADIUS where both know a name."""

import logging
import re
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pyrad.dictionary import Dictionary

FOLDER = Path(__file__).parents[2] / "dictionaries"
ROOT = FOLDER / "dictionary"
FREERADIUS = Path("/usr/share/freeradius")

# Names of ours that FreeRADIUS 3.2.1 does not have. A name that is in neither place is a typing error.
ONLY_OURS = {
    "Alc-IPv6-Acct-Input-Packets",
    "Alc-IPv6-Acct-Input-Octets",
    "Alc-IPv6-Acct-Input-Gigawords",
    "Alc-IPv6-Acct-Output-Packets",
    "Alc-IPv6-Acct-Output-Octets",
    "Alc-IPv6-Acct-Output-Gigawords",
    "Huawei-DHCPv6-Option",
}
VALUES_ONLY_OURS = {("Error-Cause", "Response-Too-Big")}
# Declared otherwise on purpose; the header of dictionary.nokia.sr says why.
OTHER_TYPE = {"Alc-Ascend-Data-Filter-Host-Spec"}

# Every attribute that is hidden with the shared secret: (enterprise or 0, number) and the scheme.
HIDDEN = {
    (0, 2): 1,
    (0, 69): 2,
    (311, 12): 1,
    (311, 16): 2,
    (311, 17): 2,
    **{(vendor, number): 3 for vendor in (529, 4846) for number in (214, 215)},
    (161, 11): 2,
    **{(831, number): 2 for number in (116, 117, 118, 119)},
    **{(2356, number): 2 for number in (19, 20)},
    **{(4874, number): 2 for number in (58, 59, 60, 61)},
    **{(6527, number): 2 for number in (122, 123, 124, 125, 138, 139, 142)},
    (5535, 58): 2,
    (14823, 44): 2,
    **{(24757, number): 2 for number in (5, 10, 12, 14, 15, 19, 40, 66, 67, 70, 75, 131)},
    (26928, 3): 2,
}


@dataclass(frozen=True)
class AttributeLine:
    """One ATTRIBUTE line."""

    name: str
    vendor: int
    number: str
    datatype: str
    encrypt: int
    tagged: bool


@dataclass
class Lines:
    """What a reader that knows nothing of pyrad finds in a file."""

    attributes: list[AttributeLine] = field(default_factory=list)
    values: list[tuple[str, str, int]] = field(default_factory=list)
    includes: list[str] = field(default_factory=list)
    vendors: dict[str, int] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


def read(path: Path) -> Lines:
    """The lines of one file, without following its includes."""
    found = Lines()
    vendor = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split("#", 1)[0].split()
        match words:
            case []:
                pass
            case ["ATTRIBUTE", name, number, datatype, *rest]:
                flags = ",".join(rest).split(",")
                scheme = next((int(flag.removeprefix("encrypt=")) for flag in flags if flag.startswith("encrypt=")), 0)
                found.attributes.append(
                    AttributeLine(name, vendor, number, datatype.split("[")[0], scheme, "has_tag" in flags)
                )
            case ["VALUE", attribute, name, number]:
                found.values.append((attribute, name, int(number, 0)))
            case ["VENDOR", name, number, *_]:
                found.vendors[name] = int(number, 0)
            case ["BEGIN-VENDOR", name, *_]:
                vendor = found.vendors.get(name, -1)  # FreeRADIUS declares some vendors in another file
            case ["END-VENDOR", _]:
                vendor = 0
            case ["$INCLUDE", name]:
                found.includes.append(name)
            case _:
                found.others.append(line)
    return found


def our_files() -> list[Path]:
    """Every dictionary file except the root."""
    return sorted(FOLDER.glob("dictionary.*"))


def ours() -> Lines:
    """The lines of all our files together."""
    whole = Lines()
    for path in our_files():
        part = read(path)
        whole.attributes += part.attributes
        whole.values += part.values
        whole.vendors |= part.vendors
        whole.others += part.others
    return whole


def header(path: Path) -> list[str]:
    """The comment lines a file opens with."""

    def leading() -> Iterator[str]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                return
            yield line.removeprefix("#").strip()

    return list(leading())


@pytest.fixture(scope="module")
def loaded() -> Dictionary:
    return Dictionary(str(ROOT))


def test_loads_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    """Loading the root logs nothing and skips nothing."""
    with caplog.at_level(logging.DEBUG, logger="pyrad"):
        dictionary = Dictionary(str(ROOT))
    assert [record.getMessage() for record in caplog.records if record.name.startswith("pyrad")] == []
    assert dictionary.skipped_attributes == set()


def test_root_includes_every_file_once() -> None:
    """The root consists of include lines, one for every other file of the folder."""
    root = read(ROOT)
    assert (root.attributes, root.values, root.vendors, root.others) == ([], [], {}, [])
    assert sorted(root.includes) == [path.name for path in our_files()]


def test_folder_holds_nothing_else() -> None:
    """The folder holds the root, the dictionaries and the page that explains them."""
    assert sorted(path.name for path in FOLDER.iterdir()) == [
        "README.md",
        "dictionary",
        *(path.name for path in our_files()),
    ]


@pytest.mark.parametrize("path", [ROOT, *our_files()], ids=lambda path: path.name)
def test_header_names_a_source(path: Path) -> None:
    """Each file opens with a comment that has a title and names its source, and has only lines a loader reads."""
    lines = header(path)
    assert lines
    assert len(lines[0]) > 10
    sources = [line for line in lines if line.startswith("Source: ")]
    assert len(sources) == 1
    if path != ROOT:
        assert re.search(r"RFC \d{4}|FreeRADIUS \d|IANA", sources[0])
    if rfc := re.search(r"\.rfc(\d+)$", path.name):
        assert lines[0].startswith(f"RFC {rfc[1]} - ")
    assert read(path).others == []


def test_every_attribute_line_is_in_the_dictionary(loaded: Dictionary) -> None:
    """Every ATTRIBUTE line, and nothing else, is in the dictionary with its number, vendor, type and flags."""
    lines = ours()
    assert set(loaded.attributes) == {line.name for line in lines.attributes}
    for line in lines.attributes:
        attribute = loaded[line.name]
        got = AttributeLine(
            attribute.name,
            loaded.vendors.GetForward(attribute.vendor),
            str(attribute.code),
            attribute.type,
            attribute.encrypt,
            attribute.has_tag,
        )
        assert got == line


def test_every_value_line_is_in_the_dictionary(loaded: Dictionary) -> None:
    """Every VALUE line, and nothing else, is in the dictionary under its attribute, name and number."""
    lines = ours()
    for attribute, name, number in lines.values:
        assert loaded[attribute].values.GetForward(name) == struct.pack("!I", number), (attribute, name)
    assert sum(len(attribute.values) for attribute in loaded.attributes.values()) == len(lines.values)


def test_one_name_one_number() -> None:
    """No attribute name, no attribute number, no vendor and no value name of an attribute is defined twice."""
    lines = ours()
    names = Counter(line.name.lower() for line in lines.attributes)
    numbers = Counter((line.vendor, line.number) for line in lines.attributes)
    values = Counter((attribute, name) for attribute, name, _ in lines.values)
    vendors = Counter(vendor for path in our_files() for vendor in read(path).vendors.values())
    for counter in (names, numbers, values, vendors):
        assert [key for key, count in counter.items() if count > 1] == []


def test_numbers_fit_their_octet() -> None:
    """Every attribute number is one octet, and outside the standard space's ranges for experiments."""
    for line in ours().attributes:
        assert 0 < int(line.number) < (256 if line.vendor else 192), line.name


def test_hidden_attributes_are_marked() -> None:
    """Exactly the attributes that are hidden with the shared secret carry an encrypt flag."""
    marked = {(line.vendor, int(line.number)): line.encrypt for line in ours().attributes if line.encrypt}
    assert marked == HIDDEN


@pytest.mark.parametrize(
    ("attribute", "number", "printed"),
    [
        ("Acct-Status-Type", 3, "Interim-Update"),
        ("Tunnel-Medium-Type", 1, "IPv4"),
        ("NAS-Port-Type", 34, "PPPoEoQinQ"),
        ("Error-Cause", 502, "Proxy-Request-Not-Routable"),
        ("Alc-Acct-Triggered-Reason", 8, "Delegated-IPv6-Prefix-up"),
        ("ERX-Acct-Request-Reason", 16, "IPv6-Active"),
    ],
)
def test_a_number_is_printed_by_its_usual_name(loaded: Dictionary, attribute: str, number: int, printed: str) -> None:
    """A number with two names is printed by the one in use, and a vendor's or later RFC's values are found."""
    assert loaded[attribute].values.GetBackward(struct.pack("!I", number)) == printed


@pytest.fixture(scope="module")
def freeradius() -> Lines:
    """The lines of the FreeRADIUS dictionaries for our sources."""
    if not (FREERADIUS / "dictionary.rfc2865").exists():
        pytest.skip(f"no FreeRADIUS dictionaries in {FREERADIUS} (Debian: freeradius-common)")
    whole = Lines()
    for name in read(FREERADIUS / "dictionary").includes:
        # The aliases of old users files and the attributes vendors took from the standard space are not the reference.
        if name.endswith((".compat", ".illegal", ".internal")):
            continue
        part = read(FREERADIUS / name)
        whole.attributes += part.attributes
        whole.values += part.values
    return whole


def test_attributes_agree_with_freeradius(freeradius: Lines) -> None:
    """An attribute FreeRADIUS knows by the same name has the same number, vendor, flags and type there."""
    theirs: dict[str, set[AttributeLine]] = {}
    for line in freeradius.attributes:
        theirs.setdefault(line.name, set()).add(line)
    unknown = set()
    for line in ours().attributes:
        if line.name not in theirs:
            unknown.add(line.name)
        elif line.name in OTHER_TYPE:
            facts = (line.vendor, line.number, line.encrypt, line.tagged)
            assert {(other.vendor, other.number, other.encrypt, other.tagged) for other in theirs[line.name]} == {facts}
        else:
            assert theirs[line.name] == {line}
    # A newer FreeRADIUS may have learnt some of these, so "at most" and not "exactly".
    assert unknown <= ONLY_OURS


def test_values_agree_with_freeradius(freeradius: Lines) -> None:
    """A value FreeRADIUS knows by the same name has the same number there."""
    theirs: dict[tuple[str, str], set[int]] = {}
    for attribute, name, number in freeradius.values:
        theirs.setdefault((attribute, name), set()).add(number)
    unknown = set()
    for attribute, name, number in ours().values:
        if (attribute, name) in theirs:
            assert number in theirs[attribute, name], (attribute, name)
        else:
            unknown.add((attribute, name))
    assert unknown <= VALUES_ONLY_OURS
