"""What `row_octets` describes, in C: there where the request path is compiled."""

def accept(
    kind: int, at_ms: int, until_ms: int, box: str, line: str | None, session: str, own: int, keys: tuple[str, ...],
    outcome: int, named: bool, remote_id: bytes | None, circuit_id: bytes | None, address: bytes | None,
    fingerprint: str, session_id: bytes, user_name: str | None, port: str | None, outer: int | None, inner: int | None,
    interval_ms: int, timeout_ms: int, promised: bytes, /,
) -> bytes: ...  # fmt: skip
def alone(record: bytes, keys: tuple[str, ...], after_ms: int, /) -> bool: ...
def array(*values: object) -> bytes: ...
def command(parts: tuple[str | bytes | int | float, ...], /) -> bytes: ...
def entry(line: str | None, mac: str | None, about: bytes, moment: bytes, /) -> bytes: ...
def head(many: int, /) -> bytes: ...
def hget(prefix: bytes, kind: bytes, name: str, /) -> bytes: ...
def push(prefix: bytes, line: str, mark: bytes, digest: bytes, moment: bytes, /) -> bytes: ...
def shown(
    outcome: int, session_id: bytes, user_name: str | None, address: bytes | None,
    port: str | None, outer: int | None, inner: int | None, /,
) -> bytes: ...  # fmt: skip
def sighting(
    v6: bool, line: str, at_ms: int, until_ms: int,
    remote_id: bytes | None, circuit_id: bytes | None, address: bytes | None,
    bng: str, port: str | None, outer: int | None, inner: int | None, marks: int,
    attachment_mac: str | None, attachment: str | None, multi_session: str | None, bng_mac: str | None,
    mac: str | None, place: str | None, /,
) -> bytes: ...  # fmt: skip
def terms(
    remote_id: bytes | None, circuit_id: bytes | None, address: bytes | None, user_name: str | None, /
) -> bytes: ...
def values(*values: object) -> bytes: ...
