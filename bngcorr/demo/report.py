"""What a round came to: the comparison of truth, verdict and what AAA saw, entry by entry. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TypeAlias

from bngcorr.demo.aaa import Seen
from bngcorr.demo.history import Judged
from bngcorr.demo.journal import Exchange
from bngcorr.demo.truth import Line

Json: TypeAlias = Mapping[str, object]
Counts: TypeAlias = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Figures of one BNG after the round, by kind of host: three sources that must agree."""

    ledger: Counts  # /v1/bngs
    recount: Counts  # distinct addresses in /v1/sessions
    truth: Counts  # the simulated BNG

    @property
    def drift(self) -> int:
        """Sum of what the ledger differs by, from the recount and from the truth."""
        return sum(
            abs(self.ledger.get(kind, 0) - self.recount.get(kind, 0)) + abs(self.ledger.get(kind, 0) - count)
            for kind, count in self.truth.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Host resources of one BNG, as the service reports them."""

    usage: Counts
    cost_table: str
    host_resources: int
    limit: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One round. ``ok`` is the demonstration's exit code."""

    requests: int
    lines: int
    attributable: int  # id-less requests that the truth says must be matched
    matched: int  # of those, the ones AAA saw with the right line
    missed: tuple[str, ...]  # of those, the serials AAA did not
    with_id: int  # requests that name their line themselves
    normalised: int  # of those, the ones AAA saw in its own format
    wrong: int  # requests AAA saw with a line that is not theirs
    by_rung: Counts  # verdicts: the rung of matched ones, else the verdict
    hosts: Mapping[str, Host]
    audit: Mapping[str, Audit]
    audit_drift: int
    answers: Counts  # accepts, rejects, responses, timeouts, as the BNGs counted
    duration_s: float
    faults: tuple[str, ...] = ()  # what AAA or a BNG found not well formed
    log: tuple[Json, ...] = field(default=(), repr=False)  # one entry a request

    @property
    def ok(self) -> bool:
        """Nobody on a wrong line, everybody on theirs who could be, the ledger agrees, every request answered."""
        return (
            self.wrong == 0
            and self.matched == self.attributable
            and self.normalised == self.with_id
            and self.audit_drift == 0
            and self.answers["timeouts"] == 0
            and not self.faults
        )

    def as_json(self) -> dict[str, object]:
        """A plain object for ``json.dumps``."""
        return {"ok": self.ok, **asdict(self)}


def assess(
    judged: Sequence[Judged],
    *,
    seen: Mapping[str, Sequence[Seen]],
    verdicts: Mapping[str, Json],
    hosts: Mapping[str, Host],
    audit: Mapping[str, Audit],
    faults: Sequence[str],
    duration_s: float,
) -> Result:
    """The result of a round. ``seen`` is by serial, ``verdicts`` by the request's authenticator."""
    log = []
    for one in judged:
        exchange = one.exchange
        arrivals = seen.get(exchange.serial, ())
        log.append(_entry(one, arrivals, verdicts.get(exchange.authenticator), outcome(exchange, arrivals)))
    by_serial = {str(entry["serial"]): entry for entry in log}
    possible = [one.exchange.serial for one in judged if one.attributable]
    own = [one.exchange.serial for one in judged if one.exchange.ids.remote_id is not None]
    missed = tuple(serial for serial in possible if by_serial[serial]["outcome"] != "right")
    return Result(
        requests=len(judged),
        lines=len({one.exchange.line for one in judged if one.exchange.line is not None}),
        attributable=len(possible),
        matched=len(possible) - len(missed),
        missed=missed,
        with_id=len(own),
        normalised=sum(by_serial[serial]["outcome"] == "right" for serial in own),
        wrong=sum(entry["outcome"] == "wrong" for entry in log),
        by_rung=dict(
            Counter(
                rung_of(verdicts[e.authenticator])
                for e in (one.exchange for one in judged)
                if e.authenticator in verdicts
            )
        ),
        hosts=hosts,
        audit=audit,
        audit_drift=sum(figures.drift for figures in audit.values()),
        answers=tally([one.exchange for one in judged]),
        duration_s=round(duration_s, 2),
        faults=tuple(faults),
        log=tuple(log),
    )


def outcome(exchange: Exchange, arrivals: Sequence[Seen]) -> str:
    """``right``: AAA saw the line's ids. ``wrong``: another's. ``none``: none, or not in its format."""
    if not arrivals:
        return "none"
    line = exchange.line
    for arrival in arrivals:
        remote_ids, circuit_ids = set(arrival.remote_ids), set(arrival.circuit_ids)
        allowed_remote = set() if line is None else {line.remote_id}
        allowed_circuit = set() if line is None else {line.circuit_id}
        untouched = {value for value in (exchange.ids.remote_id,) if value is not None}
        if remote_ids - allowed_remote - untouched or circuit_ids - allowed_circuit:
            return "wrong"
    complete = line is not None and all(
        arrival.remote_ids == (line.remote_id,) and arrival.circuit_ids == (line.circuit_id,) for arrival in arrivals
    )
    return "right" if complete else "none"


def rung_of(verdict: Json) -> str:
    """The rung of a match, else the verdict's own name."""
    rung = verdict.get("rung") if verdict.get("verdict") == "matched" else None
    return str(rung or verdict.get("verdict"))


def tally(exchanges: Sequence[Exchange]) -> dict[str, int]:
    """Answers as the BNGs counted them."""
    names = {"accept": "accepts", "reject": "rejects", "response": "responses", None: "timeouts"}
    counts = Counter(names[exchange.answer] for exchange in exchanges)
    return {name: counts[name] for name in names.values()}


def text(value: bytes) -> str:
    """An id for people: text as it is, other octets escaped."""
    return "".join(chr(octet) if 0x20 <= octet < 0x7F else f"\\x{octet:02x}" for octet in value)


def _entry(one: Judged, arrivals: Sequence[Seen], verdict: Json | None, came_to: str) -> dict[str, object]:
    exchange = one.exchange
    last = arrivals[-1] if arrivals else None
    return {
        "n": exchange.n,
        "serial": exchange.serial,
        "scenario": exchange.scenario,
        "at_ms": exchange.sent_at_ms,
        "code": exchange.code,
        "acct_status": exchange.acct_status,
        "bng": exchange.bng,
        "session_id": exchange.session_id,
        "request": exchange.authenticator,
        "truth": _truth(exchange.line, one),
        "verdict": verdict,
        "aaa": None
        if last is None
        else {"remote_id": _ids(last.remote_ids), "circuit_id": _ids(last.circuit_ids), "answer": last.answer},
        "answer": exchange.answer,
        "transmissions": exchange.transmissions,
        "outcome": came_to,
    }


def _truth(line: Line | None, one: Judged) -> dict[str, object]:
    return {
        "line": None if line is None else text(line.remote_id),
        "circuit_id": None if line is None else text(line.circuit_id),
        "has_id": one.exchange.ids.remote_id is not None,
        "id_form": one.exchange.ids.form,
        "attributable": one.attributable,
        "why": one.why,
    }


def _ids(values: Sequence[bytes]) -> str | None:
    return " + ".join(text(value) for value in values) if values else None
