"""Numbers of dynamic authorisation: codes that belong together, causes of errors, attributes."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from bngcorr.wire.attributes import Code

ERROR_CAUSE: Final = 101  # RFC 5176 §3.5
EXTENDED_1: Final = 241  # RFC 6929 §2.1: its value starts with the extended type
OPERATOR_NAS_IDENTIFIER: Final = 8  # extended type within 241 (RFC 8559 §3.4)

ACK: Final = {Code.DISCONNECT_REQUEST: Code.DISCONNECT_ACK, Code.COA_REQUEST: Code.COA_ACK}
NAK: Final = {Code.DISCONNECT_REQUEST: Code.DISCONNECT_NAK, Code.COA_REQUEST: Code.COA_NAK}
REQUESTS: Final = frozenset(ACK)


class ErrorCause(IntEnum):
    """Why a request was refused (RFC 5176 §3.5): 4xx speaks of the request, 5xx of whoever had to carry it out."""

    UNSUPPORTED_ATTRIBUTE = 401
    MISSING_ATTRIBUTE = 402
    NAS_IDENTIFICATION_MISMATCH = 403
    INVALID_REQUEST = 404
    UNSUPPORTED_SERVICE = 405
    UNSUPPORTED_EXTENSION = 406
    INVALID_ATTRIBUTE_VALUE = 407
    ADMINISTRATIVELY_PROHIBITED = 501
    PROXY_REQUEST_NOT_ROUTABLE = 502
    SESSION_CONTEXT_NOT_FOUND = 503
    SESSION_CONTEXT_NOT_REMOVABLE = 504
    PROXY_PROCESSING_ERROR = 505
    RESOURCES_UNAVAILABLE = 506
    REQUEST_INITIATED = 507
    MULTIPLE_SESSION_SELECTION_UNSUPPORTED = 508


def cause_shown(cause: int | None) -> str:
    """``503`` as metrics and logs tell it; what no RFC names is ``other``, so that peers can't make up labels."""
    if cause is None:
        return "none"
    return str(cause) if cause in _KNOWN else "other"


_KNOWN: Final = frozenset(int(cause) for cause in ErrorCause)


WHY: Final = {
    ErrorCause.UNSUPPORTED_ATTRIBUTE: "an attribute is hidden in a way that can't be hidden anew for the BNG",
    ErrorCause.MISSING_ATTRIBUTE: "nothing in it names a session, or none that can be looked up",
    ErrorCause.NAS_IDENTIFICATION_MISMATCH: "its attributes name more than one BNG",
    ErrorCause.INVALID_ATTRIBUTE_VALUE: "a hidden attribute does not read with the client's secret",
    ErrorCause.PROXY_REQUEST_NOT_ROUTABLE: "no BNG is known by what it says",
    ErrorCause.SESSION_CONTEXT_NOT_FOUND: "no session is known by what it says",
    ErrorCause.PROXY_PROCESSING_ERROR: "the store that has to be asked does not answer, or the packet is too long",
    ErrorCause.RESOURCES_UNAVAILABLE: "too much is in flight to the BNG",
    ErrorCause.MULTIPLE_SESSION_SELECTION_UNSUPPORTED: "sessions of several lines fit it",
}  # of those that are our own words
