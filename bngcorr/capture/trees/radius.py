"""A RADIUS packet as a tree: attributes by the dictionaries' names, raw DHCP options in them taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bngcorr.capture.trees import dhcp4, dhcp6
from bngcorr.capture.trees.node import Node
from bngcorr.errors import Malformed
from bngcorr.profiles.profile import RawForm
from bngcorr.wire.attributes import USER_PASSWORD, VENDOR_SPECIFIC, Code
from bngcorr.wire.dhcp4 import RELAY_AGENT
from bngcorr.wire.radius import PacketView, decode
from bngcorr.wire.values import Named, key_name, shown, without_secrets

HIDDEN: Final = "(hidden)"


def message(octets: bytes, named: Mapping[int, Named], raw: Mapping[int, RawForm]) -> Node:
    """The whole packet, without what is secret. `raw`: which attributes hold DHCP options. Raises Malformed."""
    view = decode(octets)
    node = Node("RADIUS", Code(view.code).title)
    node.add("identifier", view.identifier)
    node.add("length", len(view.octets))
    node.add("authenticator", octets=view.authenticator)
    for span in view.spans:
        key = span.key
        value = view.value(span)
        known = named.get(key)
        name = known.name if known is not None else key_name(key)
        if key == USER_PASSWORD or without_secrets(key, value, known is not None and known.secret) is None:
            node.add(name, HIDDEN, code=_code(key))
            continue
        if key == VENDOR_SPECIFIC:
            node.add(f"{name} (enterprise {int.from_bytes(value[:4], 'big')})", code=key)
            continue
        part = node.add(name, None if key in raw else shown(known, value), code=_code(key), octets=value)
        if key in raw:
            part.parts.append(_raw(raw[key], value))
    _joined(node, view, raw)
    return node


def _code(key: int) -> int:
    return key & 0xFF


def _raw(form: RawForm, value: bytes) -> Node:
    match form:
        case RawForm.OPTIONS4:
            return dhcp4.options(value)
        case RawForm.OPTION82:
            return dhcp4.relay(dhcp4.NAMES[RELAY_AGENT], RELAY_AGENT, value)
        case RawForm.OPTIONS6:
            return dhcp6.options(value)
        case RawForm.MESSAGE6:
            try:
                return dhcp6.message(value)
            except Malformed as error:
                return Node("DHCPv6", octets=value, fault=str(error.reason))


def _joined(node: Node, view: PacketView, raw: Mapping[int, RawForm]) -> None:
    """Options that are spread over several attributes of one kind are cut in each; together they are whole."""
    for key, form in raw.items():
        parts = view.all(key)
        if len(parts) > 1 and any(any(part.faults()) for part in (_raw(form, value) for value in parts)):
            whole = _raw(form, b"".join(parts))
            if not any(whole.faults()):
                for part in node.parts:
                    for inner in part.parts:
                        inner.fault = None
                node.add(f"{len(parts)} attributes together").parts.append(whole)
