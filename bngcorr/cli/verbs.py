"""Every verb: where it is, and what it is for. A verb's module is imported when the verb is called, no sooner."""

from __future__ import annotations

from typing import Final, NamedTuple


class Verb(NamedTuple):
    """One verb."""

    name: str
    target: str  # module of this package, and what is called there
    summary: str  # what its own help begins with


LOOK: Final = (
    Verb("lookup", "lookup:lookup", "Find a line or session by whatever is known of it."),
    Verb("line", "line:app", "Access lines: what is wrong with one, and what happened there."),
    Verb("session", "session:app", "Sessions of BNGs: list them, see one, end or change one."),
    Verb("findings", "findings:findings", "What operations should look at."),
    Verb("events", "events:events", "Verdicts, accounting and findings as they happen."),
    Verb("bng", "bng:app", "BNGs: how full they are, and how well their requests are matched."),
    Verb("hosts", "hosts:hosts", "What BNGs spend: hosts, what they cost, what is left."),
    Verb("what-if", "what_if:what_if", "What a BNG would spend if something were different."),
    Verb("upstream", "upstream:app", "AAA servers: how they are, and switch them."),
    Verb("top", "top:top", "A live screen of the whole: load, matches, BNGs, AAA servers, findings."),
    Verb("whohad", "whohad:whohad", "Who held this address or prefix at that time."),
)
ACT: Final = (
    Verb("trace", "trace:app", "Traces: every hop of one subject's requests, decoded."),
    Verb("probe", "probe:probe", "Send a test request through the proxy to AAA, and show each hop."),
    Verb("ledger", "ledger:app", "The count of what BNGs spend: recount it from the sessions, and mend it."),
    Verb("act", "act:app", "What was done to the running service, by whom, and what came of it."),
    Verb("reload", "reload:reload", "Have a running `bngcorr serve` take its configuration file anew."),
)
RUN: Final = (
    Verb("serve", "serve:serve", "Run the RADIUS proxy in the foreground until SIGINT or SIGTERM."),
    Verb("web", "web:web", "Run the HTTP API and the pages in the foreground until SIGINT or SIGTERM."),
    Verb("demo", "demo:demo", "See it work: the real service on an embedded store, between simulated BNGs."),
)
PREPARE: Final = (
    Verb("check-config", "check_config:check_config", "Check a configuration file: every fault at once."),
    Verb("token", "token:app", "Tokens of the API and the pages: who may see and do what."),
    Verb("decode", "decode:decode", "Show RADIUS, DHCPv4 and DHCPv6 packets as a tree."),
    Verb("diagnose", "diagnose:diagnose", "Find in captures what breaks a subscriber's dual stack."),
    Verb("explain", "explain:explain", "Say which protocol triggered a RADIUS packet, which line it names."),
    Verb("import", "import_lines:import_lines", "Import the operator's line plan: which line is at which port."),
    Verb("audit", "audit:audit", "Recount from the sessions what every BNG spends."),
    Verb("observe", "observe:observe", "Tell what a BNG itself says it holds, and compare it with the ledger."),
    Verb("forget", "forget:forget", "Delete all that the history's files know of one customer."),
    Verb("replay", "replay:replay", "Play captures of RADIUS and DHCP through the rules."),
    Verb("simulate", "simulate:simulate", "Put the product's own rules and store to the test."),
    Verb("completion", "completion:completion", "Print what completes words in your shell: bash, zsh or fish."),
)
GROUPS: Final = {"Look": LOOK, "Act and try out": ACT, "Run": RUN, "Prepare and check": PREPARE}
