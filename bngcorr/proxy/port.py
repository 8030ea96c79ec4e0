"""One kind of request, as the service takes it and as AAA answers it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bngcorr.proxy.meters import UpstreamMeters
from bngcorr.wire import attributes as a


@dataclass(slots=True)
class Port:
    """Where it goes and what may come back."""

    code: a.Code
    replies: frozenset[a.Code]
    secret: bytes = field(repr=False)  # shared with AAA
    require_message_authenticator: bool
    meters: UpstreamMeters
