"""The store's URL as a value, and what is said of one that is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bngcorr.config.fields import store_url
from bngcorr.config.store_url import PeerCheck, StoreKind, StoreUrl, Tls, read_store_url

SINGLE, SENTINEL, CLUSTER = StoreKind.SINGLE, StoreKind.SENTINEL, StoreKind.CLUSTER
SECRET = "s3cret"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("redis://", StoreUrl(kind=SINGLE, hosts=(("localhost", 6379),))),
        ("redis://valkey", StoreUrl(kind=SINGLE, hosts=(("valkey", 6379),))),
        ("redis://192.0.2.1:7000/3", StoreUrl(kind=SINGLE, hosts=(("192.0.2.1", 7000),), db=3)),
        ("redis://[2001:db8::1]:7000?db=3", StoreUrl(kind=SINGLE, hosts=(("2001:db8::1", 7000),), db=3)),
        ("redis://:p@w@h", StoreUrl(kind=SINGLE, hosts=(("h", 6379),), password="p@w")),
        ("redis://:pw@h", StoreUrl(kind=SINGLE, hosts=(("h", 6379),), password="pw")),
        ("redis://u%3As:p%40%2F@h", StoreUrl(kind=SINGLE, hosts=(("h", 6379),), username="u:s", password="p@/")),
        ("redis://h?username=u&password=%26", StoreUrl(kind=SINGLE, hosts=(("h", 6379),), username="u", password="&")),
        ("redis://h?client_name=proxy1", StoreUrl(kind=SINGLE, hosts=(("h", 6379),), client_name="proxy1")),
        ("unix:///run/valkey.sock", StoreUrl(kind=SINGLE, path="/run/valkey.sock")),
        ("unix://u:p@/run/a%20b?db=2", StoreUrl(kind=SINGLE, path="/run/a b", username="u", password="p", db=2)),
        ("rediss://h", StoreUrl(kind=SINGLE, hosts=(("h", 6379),), tls=Tls())),
        (
            "rediss://h?ssl_ca_certs=/ca&ssl_certfile=/c&ssl_keyfile=/k&ssl_password=p&ssl_cert_reqs=none"
            "&ssl_check_hostname=no&ssl_min_version=TLSv1.3&ssl_ciphers=HIGH&ssl_ca_path=/cas",
            StoreUrl(
                kind=SINGLE,
                hosts=(("h", 6379),),
                tls=Tls(
                    ca_certs="/ca", ca_path="/cas", certfile="/c", keyfile="/k", password="p",
                    cert_reqs=PeerCheck.NONE, check_hostname=False, min_version="TLSv1.3", ciphers="HIGH",
                ),
            ),
        ),
        (
            "redis+sentinel://u:p@a,b:26380,[::1]:5/mymaster/2?sentinel_username=su&sentinel_password=sp",
            StoreUrl(
                kind=SENTINEL, hosts=(("a", 26379), ("b", 26380), ("::1", 5)), master="mymaster", db=2,
                username="u", password="p", sentinel_username="su", sentinel_password="sp",
            ),
        ),
        ("rediss+sentinel://a/m", StoreUrl(kind=SENTINEL, hosts=(("a", 26379),), master="m", tls=Tls())),
        ("redis+cluster://a,b:7000", StoreUrl(kind=CLUSTER, hosts=(("a", 6379), ("b", 7000)))),
        ("rediss+cluster://:q@a/0", StoreUrl(kind=CLUSTER, hosts=(("a", 6379),), password="q", tls=Tls())),
    ],
)  # fmt: skip
def test_a_url_says_what_stands_behind_it(text: str, expected: StoreUrl) -> None:
    """Every kind of store has a URL, with hosts, login, database and TLS where they apply."""
    assert expected == read_store_url(text)
    assert text == store_url(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "redis://"),
        ("127.0.0.1:6379", "redis+sentinel://"),
        ("http://h", "rediss+cluster://"),
        ("redis://h:port", "a port of 1 … 65535"),
        ("redis://h:0", "a port of 1 … 65535"),
        ("redis://h:99999", "a port of 1 … 65535"),
        ("redis://h/first", "a number as database"),
        ("redis://a,b", "one host"),
        ("redis://h?socket_timeout=1", "'socket_timeout' is none"),
        ("redis://h?ssl_ca_certs=/ca", "'ssl_ca_certs' is none"),
        ("redis://h?db=1&db=2", "each option of the URL once"),
        ("redis://h#1", "without #"),
        ("rediss://h?ssl_cert_reqs=maybe", "ssl_cert_reqs to be one of none, optional, required"),
        ("rediss://h?ssl_min_version=SSLv3", "ssl_min_version to be one of"),
        ("unix://", "absolute path"),
        ("unix://run/valkey.sock", "absolute path"),
        ("redis+sentinel://a,b", "the master's name"),
        ("redis+sentinel:///m", "host:port"),
        ("redis+sentinel://a,,b/m", "host:port"),
        ("redis+cluster://", "host:port"),
        ("redis+cluster://a/1", "database 0 only"),
    ],
)
def test_a_url_that_is_none_is_told_what_was_expected(text: str, expected: str) -> None:
    """The operator reads what would have been right."""
    with pytest.raises(ValueError) as caught:
        read_store_url(text)

    assert expected in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"redis://user:{SECRET}@h:port/0",
        f"redis://:pa/{SECRET}@h/0",
        f"redis://:pa?{SECRET}@h/0",
        f"redis://:pa?{SECRET}=1@h/0",
        f"redis://:pa#{SECRET}@h/0",
        f"redis://h?password={SECRET}&password={SECRET}",
        f"redis://h?passwort={SECRET}",
        f"redis://h?{SECRET}",
        f"redis://h/{SECRET}",
        f"{SECRET}://h",
        f"redis+sentinel://a:{SECRET}/m",
    ],
)
def test_a_fault_shows_no_secret(text: str) -> None:
    """Wherever a password may have slipped to, it is not in the message."""
    with pytest.raises(ValueError) as caught:
        read_store_url(text)

    assert SECRET not in str(caught.value)


def test_a_value_shows_no_secret() -> None:
    """Neither the store's password nor that of the Sentinels or the key file is in the repr."""
    read = read_store_url(f"rediss+sentinel://u:{SECRET}1@a/m?sentinel_password={SECRET}2&ssl_password={SECRET}3")

    assert f"{SECRET}1" == read.password
    assert SECRET not in repr(read)


@given(st.text(max_size=60), st.sampled_from(["", "redis://", "unix:///", "redis+sentinel://", "rediss+cluster://"]))
def test_any_text_is_a_url_or_a_fault(text: str, scheme: str) -> None:
    """Nothing but ValueError comes of what somebody may have typed."""
    try:
        read = read_store_url(scheme + text)
    except ValueError:
        return
    assert read.hosts or read.path
