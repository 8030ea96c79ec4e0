"""Port and VLANs from what a BNG writes into NAS-Port-Id or NAS-Port: one grammar a family, prefix and suffix removed.

Text that fits no grammar is no attachment: a constant label would tie strangers together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from bngcorr.model.attachment import Attachment

MOST_VLAN: Final = 4095


def _attachment(port: str, outer: str | None, inner: str | None) -> Attachment | None:
    outer_tag = int(outer) if outer else None
    inner_tag = int(inner) if inner else None
    if (outer_tag or 0) > MOST_VLAN or (inner_tag or 0) > MOST_VLAN:
        return None
    return Attachment(port, outer_tag, inner_tag)


# Nokia 7750 SR, NAS-Port-Id attribute details (22.2): [prefix ]port[:outer[.inner]][ suffix], port being
# slot[/xiom]/mda[/connector]/port, lag-<id> or pw-<id>; 14.0 also prints port:outer:inner. MAG-c puts the user plane's
# address and "/" in front: it belongs to the port, for every user plane has a 1/1/1.
_SROS: Final = re.compile(
    r"(?:^|\s)((?:\d{1,3}(?:\.\d{1,3}){3}/)?"
    r"(?:\d{1,3}(?:/[xc]?\d{1,3}){1,5}|(?:lag|pw)-{1,2}[\w.]{1,32}))(?::(\d{1,4})(?:[.:](\d{1,4}))?)?(?=\s|$)"
)
# Junos, from memory of field configurations (domain facts: unconfirmed): ge-1/0/0.100:100-200, ae0.3221225478:100-200
_JUNOS: Final = re.compile(
    r"(?:^|\s|#)((?:[a-z]{2}-\d{1,3}/\d{1,3}/\d{1,3}|[a-z]{2,4}\d{1,4})(?:\.\d{1,10})?)(?::(\d{1,4})(?:-(\d{1,4}))?)?(?=\s|#|$)"
)
# Cisco ISG and ASR 9000: slot/subslot/port/outer.inner (public IOS debug log: 0/0/2/50.1957)
_CISCO: Final = re.compile(r"(?:^|\s)(\d{1,3}/\d{1,3}/\d{1,4})/(\d{1,4})(?:\.(\d{1,4}))?(?=\s|$)")
# Huawei `radius-server nas-port-id-format new`: slot=xx;subslot=xx;port=xxx;vlanid=xxxx, or VPI and VCI in its place;
# blanks and case vary
_HUAWEI: Final = re.compile(
    r"\bslot\s*=\s*(\d{1,3});\s*subslot\s*=\s*(\d{1,3});\s*port\s*=\s*(\d{1,4});\s*"
    r"(?:vlan ?id\s*=\s*(\d{1,4})(?:;\s*vlan ?id2\s*=\s*(\d{1,4}))?|vpi\s*=\s*(\d{1,4});\s*vci\s*=\s*(\d{1,5}))(?!\d)",
    re.IGNORECASE,
)
# … `old`: digits without separators, slot 2, subslot 2, port 3, then VLAN 9, or VPI 8 and VCI 16 (same reference)
_HUAWEI_OLD: Final = re.compile(r"(\d{2})(\d{2})(\d{3})(?:(\d{9})|(\d{8})(\d{16}))")
# osvbng and others: interface:outer.inner, the interface a word with a digit in it
_PLAIN: Final = re.compile(r"(?:^|\s)((?:[A-Za-z]+-?)?\d[\w./-]{0,63})(?::(\d{1,4})(?:[.:-](\d{1,4}))?)?(?=\s|$)")


def sros(text: str) -> Attachment | None:
    """``bert 1/1/c2/1:201.100 remote-id`` → 1/1/c2/1, 201, 100."""
    match = _SROS.search(text)
    return _attachment(match[1], match[2], match[3]) if match else None


def junos(text: str) -> Attachment | None:
    """``ge-1/0/0.100:100-200`` → ge-1/0/0, 100, 200: the unit number is not the same for all stacks of a line."""
    match = _JUNOS.search(text)
    return _attachment(match[1].split(".")[0], match[2], match[3]) if match else None


def cisco(text: str) -> Attachment | None:
    """``0/0/2/50.1957`` → 0/0/2, 50, 1957."""
    match = _CISCO.search(text)
    return _attachment(match[1], match[2], match[3]) if match else None


def huawei(text: str) -> Attachment | None:
    """``slot=1;subslot=0;port=5;vlanid=100;`` → 1/0/5, 100. Of an ADSL port, VPI and VCI stand for the VLANs."""
    if match := _HUAWEI.search(text):
        tags = (match[4] or match[6], match[5] or match[7])
    elif match := _HUAWEI_OLD.fullmatch(text):
        tags = (match[4] or match[5], match[6])
    else:
        return None
    return _attachment("/".join(str(int(match[part])) for part in (1, 2, 3)), *tags)


def plain(text: str) -> Attachment | None:
    """``eth1.100:100.2`` → eth1.100, 100, 2. The word that looks most like a port.

    A slash or VLANs make a word a port, a dash only where there is no such word: ``bng-1 1/1/4:100.20`` is port 1/1/4.
    Two different words of the same kind leave the port unknown: one of them may be an id that the customer chose.
    """
    ports: dict[Attachment, None] = {}
    names: dict[Attachment, None] = {}
    for match in _PLAIN.finditer(text):
        attachment = _attachment(match[1], match[2], match[3])
        if attachment is None:
            continue
        if "/" in match[1] or match[2] is not None:
            ports[attachment] = None
        elif "-" in match[1]:
            names[attachment] = None
    found = ports or names
    return next(iter(found)) if len(found) == 1 else None


GRAMMARS: Final[Mapping[str, Callable[[str], Attachment | None]]] = {
    "sros": sros,
    "junos": junos,
    "cisco": cisco,
    "huawei": huawei,
    "plain": plain,
}


_LAYOUT_FIELD: Final = re.compile(r"\*(\d{1,2})([oismp0])")


def nas_port(value: int, layout: str) -> Attachment | None:
    """Port and VLANs from NAS-Port by the operator's bit layout, most significant field first.

    ``*12o*10i*3s*2m*5p``: 12 bits outer VLAN, 10 inner, 3 slot, 2 MDA, 5 port (Nokia 14.0.R4 p. 200); ``0`` skips bits.
    Raises ValueError for a layout that is none or does not add up to 32 bits.
    """
    fields = _LAYOUT_FIELD.findall(layout)
    if "".join(f"*{width}{name}" for width, name in fields) != layout or sum(int(width) for width, _ in fields) != 32:
        raise ValueError('a layout such as "*12o*10i*3s*2m*5p" whose widths add up to 32 bits')
    left = 32
    found: dict[str, int] = {}
    for width, name in fields:
        left -= int(width)
        found[name] = value >> left & (1 << int(width)) - 1
    port = "/".join(str(found[name]) for name in "smp" if name in found)
    if not port:
        return None
    return Attachment(port, found.get("o"), found.get("i"))
