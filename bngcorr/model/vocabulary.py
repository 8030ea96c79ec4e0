"""Every closed list of names. The slug is the same in log, metric, API, CLI and docs."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """What bngcorr may change for a BNG."""

    OBSERVE = "observe"  # every verdict computed in line, nothing changed
    STRIP = "strip"  # only the enterprise number is taken off
    FULL = "full"  # strip, and write the line's identity into requests that lack it


class Trigger(StrEnum):
    """The protocol that made the BNG send the request."""

    DHCPV4 = "dhcpv4"
    DHCPV6 = "dhcpv6"
    PPP = "ppp"
    UNKNOWN = "unknown"  # nothing in the packet says
    CONFLICT = "conflict"  # proofs that disagree


class Strength(StrEnum):
    """How much one signal says. A single proof decides; hints only ever break a tie of nothing."""

    PROOF = "proof"
    STRONG = "strong"
    HINT = "hint"


class MacSource(StrEnum):
    """Who vouches for a MAC address."""

    SEEN = "seen"  # layer-2 source address, reported by the BNG
    CLAIMED = "claimed"  # chosen by the customer's device: DUID, EUI-64


class VlanModel(StrEnum):
    """What a VLAN pair on a port stands for."""

    PER_LINE = "per_line"  # one line each: the pair is the line
    SHARED = "shared"  # N:1: many lines behind one pair


class LineIdPolicy(StrEnum):
    """Which of the two ids name a line."""

    REMOTE = "remote"
    CIRCUIT = "circuit"
    BOTH = "both"


class IdSource(StrEnum):
    """Who can have written the line id of a request."""

    TRUSTED = "trusted"  # the access node
    UNTRUSTED = "untrusted"  # no access node inserts one here: only the customer


class OnUnmatched(StrEnum):
    """What becomes of an Access-Request whose line nobody knows."""

    FORWARD = "forward"  # untouched, AAA decides
    REJECT = "reject"  # Access-Reject, so that the next stack of the customer authenticates


class PenPolicy(StrEnum):
    """When the enterprise number in front of a Remote-Id is stripped."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Key(StrEnum):
    """What two requests of one line have in common, strongest first."""

    SESSION = "session"
    ATTACHMENT_MAC = "attachment+mac"
    ATTACHMENT = "attachment"
    BNG_MAC = "bng+mac"


class Rung(StrEnum):
    """Where on a key the line was found."""

    INVENTORY = "inventory"  # the operator's plan
    WINDOW = "window"  # a sighting near in time
    LIVE = "live"  # a session that is up or expected
    REMEMBERED = "remembered"  # the same CPE on the same VLAN pair, not long ago


class Outcome(StrEnum):
    """The kinds of verdict."""

    OWN = "own"  # the request names its line itself
    MATCHED = "matched"
    AMBIGUOUS = "ambiguous"  # two lines fit: nothing is injected
    CONFLICT = "conflict"  # evidence or identity contradicts itself: nothing is rewritten
    UNMATCHED = "unmatched"
    UNKNOWN = "unknown"  # the store could not be asked


class HostKind(StrEnum):
    """What a BNG spends a host resource on."""

    V4 = "v4"
    IA_NA = "ia_na"
    IA_PD = "ia_pd"
    SLAAC = "slaac"
    PD_ROUTE = "pd_route"  # a delegated prefix that rides as a managed route behind another host: no host by itself


class SessionState(StrEnum):
    """Life of a session as AAA and accounting tell it."""

    EXPECTED = "expected"  # AAA accepted, no Accounting-Start yet
    UP = "up"
    SUSPECT = "suspect"  # the BNG restarted since: not counted, not live
    STOPPED = "stopped"  # the BNG ended it
    EXPIRED = "expired"  # nothing was heard of it for too long


class Finding(StrEnum):
    """Something that operations should look at."""

    V6_LOST = "v6_lost"  # the line had v6 before its v4 authenticated again, and none since: the prefix is blackholed
    NO_TRAFFIC = "no_traffic"  # v6 counters stand still while those of v4 rise
    LATE_IDENTITY = "late_identity"  # accounting names the line of a session that AAA accepted without one
    MOVED = "moved"  # a line or a CPE is seen on another port or VLAN than before
    DUPLICATE = "duplicate"  # one address or prefix is live in two sessions
    CONFLICT = "conflict"  # a request names another line than the one that is live there, or than the plan says
    SHARED_ATTACHMENT = "shared_attachment"  # a VLAN pair that should be one line shows two at a time
    MAC_FLOOD = "mac_flood"  # too many MACs on one line, or too many requests without a line id on one port
    NEW_ENTERPRISE_NUMBER = "new_enterprise_number"  # a number not seen on this BNG before
    NEAR_LIMIT = "near_limit"  # a BNG, card or port spends more of its limit than a threshold allows
    LEDGER_DIFFERS = "ledger_differs"  # the box counts other hosts than we do
    WIRE_FAULT = "wire_fault"  # a tap shows what breaks a stack on the wire


class Scope(StrEnum):
    """What a limit holds for."""

    BNG = "bng"  # a BNG's entry of the configuration, with all its boxes
    CARD = "card"  # one slot of one box
    PORT = "port"  # one port of one box


class NoForecast(StrEnum):
    """Why there is no time until a limit is reached."""

    NO_LIMIT = "no limit"
    TOO_SHORT = "less than 2 h of samples"
    TOO_FEW = "too few samples"
    NOT_GROWING = "not growing"


class Condition(StrEnum):
    """How an AAA server is, as far as its answers tell."""

    ALIVE = "alive"
    SUSPECT = "suspect"  # silent for a while, or nobody listens there: used if there is nothing better
    DEAD = "dead"  # silent for long: not used, but tried from time to time


class Admin(StrEnum):
    """What the operator wants of an AAA server."""

    UP = "up"
    DRAIN = "drain"  # no new requests; conversations that it has begun go on
    DOWN = "down"  # nothing is sent there


class PoolPolicy(StrEnum):
    """How a pool of AAA servers shares its requests out."""

    FAILOVER = "failover"  # the first usable one in the order of the file
    LOAD_BALANCE = "load_balance"  # all usable ones, by their weights


class OnNoUpstream(StrEnum):
    """What becomes of an Access-Request while every server of its pool is dead or taken out."""

    SILENT = "silent"  # no answer: the BNG asks its next RADIUS server, or lets its own policy decide
    REJECT = "reject"  # an Access-Reject


class TraceBy(StrEnum):
    """What names the requests that a trace keeps."""

    MAC = "mac"  # of the CPE
    ID = "id"  # Remote-Id or Circuit-Id, normalised or as it came
    USER_NAME = "user_name"
    LINE = "line"  # key of the line that the verdict names
    BNG = "bng"


class Leg(StrEnum):
    """Where on its way a packet was seen."""

    FROM_BNG = "from_bng"
    TO_AAA = "to_aaa"
    FROM_AAA = "from_aaa"
    TO_BNG = "to_bng"


class CommandKind(StrEnum):
    """What packet processes are asked to do."""

    UPSTREAM = "upstream"  # every one of them: switch an AAA server
    TRACE = "trace"  # every one of them: go by the trace rules as they are now
    DISCONNECT = "disconnect"  # one of them: end sessions
    COA = "coa"  # one of them: change sessions


class ActKind(StrEnum):
    """What people do that changes something. The audit trail's word for it."""

    DISCONNECT = "disconnect"
    COA = "coa"
    UPSTREAM = "upstream"
    REPAIR = "repair"
    FORGET = "forget"
    TRACE = "trace"
    END_TRACE = "end_trace"


class ActOutcome(StrEnum):
    """What became of an act."""

    PENDING = "pending"  # under way
    DONE = "done"
    REFUSED = "refused"  # by a BNG, or by a packet process
    NOTHING = "nothing"  # there is nothing of that name
    UNANSWERED = "unanswered"  # by a BNG, or by a packet process, in time
    NOBODY = "nobody"  # no packet process is there
    FAILED = "failed"  # the store was away, a file could not be written, or an error of ours


class DropReason(StrEnum):
    """Why a datagram was not carried on. Metric label, log field and heading of docs/drop-reasons.md."""

    UNKNOWN_CLIENT = "unknown-client"
    UNKNOWN_NAS = "unknown-nas"
    TOO_SHORT = "too-short"
    BAD_LENGTH = "bad-length"
    BAD_CODE = "bad-code"
    BAD_ATTRIBUTE_LENGTH = "bad-attribute-length"
    TRUNCATED_ATTRIBUTE = "truncated-attribute"
    BAD_MESSAGE_AUTHENTICATOR_LENGTH = "bad-message-authenticator-length"
    DUPLICATE_MESSAGE_AUTHENTICATOR = "duplicate-message-authenticator"
    MISSING_MESSAGE_AUTHENTICATOR = "missing-message-authenticator"
    BAD_MESSAGE_AUTHENTICATOR = "bad-message-authenticator"
    BAD_AUTHENTICATOR = "bad-authenticator"
    MISSING_EVENT_TIMESTAMP = "missing-event-timestamp"
    STALE_EVENT_TIMESTAMP = "stale-event-timestamp"
    BAD_PASSWORD_LENGTH = "bad-password-length"  # noqa: S105
    BAD_HIDDEN_ATTRIBUTE = "bad-hidden-attribute"
    DUPLICATE_IN_FLIGHT = "duplicate-in-flight"
    SUPERSEDED = "superseded"
    OVERLOAD = "overload"
    NO_IDENTIFIER = "no-identifier"
    NO_UPSTREAM = "no-upstream"
    TOO_LONG = "too-long"
    UNEXPECTED_REPLY = "unexpected-reply"
    BAD_REPLY_CODE = "bad-reply-code"
    FOREIGN_PROXY_STATE = "foreign-proxy-state"
    NO_REPLY = "no-reply"
    SEND_FAILED = "send-failed"
    SPOOL_FULL = "spool-full"
    INTERNAL_ERROR = "internal-error"
