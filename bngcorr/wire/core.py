"""Work on the octets of packets: in C where that was built (where the request path is compiled), else in Python."""

from __future__ import annotations

try:
    from bngcorr.wire._core import (
        attribute,
        authenticator_fits,
        colon_octets,
        hmac_md5,
        layout,
        message_fits,
        rehidden_chain,
        signed_over,
        signed_request,
        spliced,
        vendor_attribute,
    )
except ImportError:
    from bngcorr.wire.octets import (
        attribute,
        authenticator_fits,
        colon_octets,
        hmac_md5,
        layout,
        message_fits,
        rehidden_chain,
        signed_over,
        signed_request,
        spliced,
        vendor_attribute,
    )

__all__ = (
    "attribute",
    "authenticator_fits",
    "colon_octets",
    "hmac_md5",
    "layout",
    "message_fits",
    "rehidden_chain",
    "signed_over",
    "signed_request",
    "spliced",
    "vendor_attribute",
)
