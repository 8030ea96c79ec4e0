"""Why octets of a frame, DHCP message or option are not what they should be."""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """Reason in a `Malformed` of the decoders of frames and DHCP, and in the values that say what is wrong."""

    TOO_SHORT = "too-short"  # not even the fixed part
    NO_COOKIE = "no-cookie"  # BOOTP without DHCP's magic cookie (RFC 2131 §3)
    BAD_OPERATION = "bad-operation"
    BAD_LENGTH = "bad-length"  # a length that its kind cannot have
    OVERRUN = "overrun"  # a length that points behind the end
    BAD_PREFIX = "bad-prefix"  # prefix length above 128
    BAD_VERSION = "bad-version"  # of IP or PPPoE
    BAD_HEADER = "bad-header"  # an IP header shorter than it may be
    BAD_HOP_LIMIT = "bad-hop-limit"  # ND from beyond the link (RFC 4861 §6.1, §7.1)
    BAD_SOURCE = "bad-source"
    BAD_TARGET = "bad-target"
    BAD_CODE = "bad-code"
    TOO_DEEP = "too-deep"  # more tags, headers, tunnels or relays than anybody nests
    UNKNOWN_LINK = "unknown-link"  # a link type or hardware that is not read
    UNKNOWN_KIND = "unknown-kind"  # a message type that is not read
