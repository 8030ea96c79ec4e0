"""Numbers of the packets and attributes that bngcorr itself reads or writes; the rest passes by number, unread.

An attribute is named by one integer, its *key*: the type for a standard attribute (1 … 255), and
``vendor << 8 | vendor_type`` for a sub-attribute of a Vendor-Specific attribute with the RFC 2865 §5.26 layout.
A test holds these against ``dictionaries/``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Code(IntEnum):
    """RADIUS packet codes (RFC 2865 §3, RFC 2866 §3, RFC 5176 §2.3, RFC 5997 §2)."""

    ACCESS_REQUEST = 1
    ACCESS_ACCEPT = 2
    ACCESS_REJECT = 3
    ACCOUNTING_REQUEST = 4
    ACCOUNTING_RESPONSE = 5
    ACCESS_CHALLENGE = 11
    STATUS_SERVER = 12
    DISCONNECT_REQUEST = 40
    DISCONNECT_ACK = 41
    DISCONNECT_NAK = 42
    COA_REQUEST = 43
    COA_ACK = 44
    COA_NAK = 45

    @property
    def title(self) -> str:
        """``Access-Request``: as logs and people write it."""
        words = self.name.split("_")
        return "-".join({"COA": "CoA", "ACK": "ACK", "NAK": "NAK"}.get(word, word.title()) for word in words)


class AcctStatus(IntEnum):
    """Acct-Status-Type (RFC 2866 §5.1)."""

    START = 1
    STOP = 2
    INTERIM = 3
    ON = 7
    OFF = 8


def vendor_key(vendor: int, vendor_type: int) -> int:
    """Key of a vendor's sub-attribute; vendor 1 … 2**24-1, type 0 … 255."""
    return vendor << 8 | vendor_type


BROADBAND_FORUM: Final = 3561
JUNIPER_ERX: Final = 4874
NOKIA: Final = 6527

USER_NAME: Final = 1
USER_PASSWORD: Final = 2
CHAP_PASSWORD: Final = 3
NAS_IP_ADDRESS: Final = 4
FRAMED_IP_ADDRESS: Final = 8
STATE: Final = 24
VENDOR_SPECIFIC: Final = 26
SESSION_TIMEOUT: Final = 27
TERMINATION_ACTION: Final = 29
CALLING_STATION_ID: Final = 31
NAS_IDENTIFIER: Final = 32
PROXY_STATE: Final = 33
ACCT_STATUS_TYPE: Final = 40
ACCT_DELAY_TIME: Final = 41
ACCT_INPUT_OCTETS: Final = 42
ACCT_OUTPUT_OCTETS: Final = 43
ACCT_SESSION_ID: Final = 44
ACCT_MULTI_SESSION_ID: Final = 50
ACCT_INPUT_GIGAWORDS: Final = 52
ACCT_OUTPUT_GIGAWORDS: Final = 53
ACCT_SESSION_TIME: Final = 46
EVENT_TIMESTAMP: Final = 55
CHAP_CHALLENGE: Final = 60
EAP_MESSAGE: Final = 79
MESSAGE_AUTHENTICATOR: Final = 80
ACCT_INTERIM_INTERVAL: Final = 85
NAS_PORT_ID: Final = 87
NAS_IPV6_ADDRESS: Final = 95
FRAMED_IPV6_PREFIX: Final = 97
FRAMED_IPV6_ROUTE: Final = 99
DELEGATED_IPV6_PREFIX: Final = 123
FRAMED_IPV6_ADDRESS: Final = 168

AGENT_CIRCUIT_ID: Final = vendor_key(BROADBAND_FORUM, 1)
AGENT_REMOTE_ID: Final = vendor_key(BROADBAND_FORUM, 2)
ALC_IPV6_ADDRESS: Final = vendor_key(NOKIA, 99)
ALC_ACCT_TRIGGERED_REASON: Final = vendor_key(NOKIA, 163)
ERX_ACCT_REQUEST_REASON: Final = vendor_key(JUNIPER_ERX, 210)

NAMES: Final = {
    USER_NAME: "User-Name",
    USER_PASSWORD: "User-Password",
    CHAP_PASSWORD: "CHAP-Password",
    NAS_IP_ADDRESS: "NAS-IP-Address",
    FRAMED_IP_ADDRESS: "Framed-IP-Address",
    STATE: "State",
    SESSION_TIMEOUT: "Session-Timeout",
    TERMINATION_ACTION: "Termination-Action",
    CALLING_STATION_ID: "Calling-Station-Id",
    NAS_IDENTIFIER: "NAS-Identifier",
    PROXY_STATE: "Proxy-State",
    ACCT_STATUS_TYPE: "Acct-Status-Type",
    ACCT_DELAY_TIME: "Acct-Delay-Time",
    ACCT_INPUT_OCTETS: "Acct-Input-Octets",
    ACCT_OUTPUT_OCTETS: "Acct-Output-Octets",
    ACCT_SESSION_ID: "Acct-Session-Id",
    ACCT_MULTI_SESSION_ID: "Acct-Multi-Session-Id",
    ACCT_INPUT_GIGAWORDS: "Acct-Input-Gigawords",
    ACCT_OUTPUT_GIGAWORDS: "Acct-Output-Gigawords",
    ACCT_SESSION_TIME: "Acct-Session-Time",
    EVENT_TIMESTAMP: "Event-Timestamp",
    CHAP_CHALLENGE: "CHAP-Challenge",
    EAP_MESSAGE: "EAP-Message",
    MESSAGE_AUTHENTICATOR: "Message-Authenticator",
    ACCT_INTERIM_INTERVAL: "Acct-Interim-Interval",
    NAS_PORT_ID: "NAS-Port-Id",
    NAS_IPV6_ADDRESS: "NAS-IPv6-Address",
    FRAMED_IPV6_PREFIX: "Framed-IPv6-Prefix",
    FRAMED_IPV6_ROUTE: "Framed-IPv6-Route",
    DELEGATED_IPV6_PREFIX: "Delegated-IPv6-Prefix",
    FRAMED_IPV6_ADDRESS: "Framed-IPv6-Address",
    AGENT_CIRCUIT_ID: "ADSL-Agent-Circuit-Id",
    AGENT_REMOTE_ID: "ADSL-Agent-Remote-Id",
    ALC_IPV6_ADDRESS: "Alc-Ipv6-Address",
    ALC_ACCT_TRIGGERED_REASON: "Alc-Acct-Triggered-Reason",
    ERX_ACCT_REQUEST_REASON: "ERX-Acct-Request-Reason",
}
