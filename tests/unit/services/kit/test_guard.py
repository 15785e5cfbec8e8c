"""Who may ask, over real HTTP where it matters."""

from __future__ import annotations

from pathlib import Path

import pytest

from casewright.errors import ConfigError, Forbidden, Unauthenticated
from casewright.services.kit.guard import Guard, check_origin, is_loopback, refuse_open_start
from casewright.services.kit.keys import KeyStore, service_token
from serving import served
from unit.services.kit.service import make
from unit.services.kit.test_edge import assert_error, call


def test_addresses() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "example.org", "")))


def test_no_service_starts_open_to_others_without_a_key(tmp_path: Path) -> None:
    keys = KeyStore(tmp_path)
    refuse_open_start("127.0.0.1", "auto", keys)
    refuse_open_start("0.0.0.0", "none", keys)
    with pytest.raises(ConfigError, match="no API key") as caught:
        make(tmp_path, host="0.0.0.0")
    assert "CASEWRIGHT_AUTH=none" in caught.value.hint
    record, _ = keys.create("a", ["rag"])
    make(tmp_path, host="0.0.0.0")
    keys.revoke(record.id)
    with pytest.raises(ConfigError):
        make(tmp_path, host="0.0.0.0")


def test_keys_are_asked_for_as_soon_as_one_exists(tmp_path: Path) -> None:
    keys = KeyStore(tmp_path)
    with served(make(tmp_path)) as url:
        assert call(url, "POST", "/echo", b'{"text": "a"}')[0] == 200
        wrong = call(url, "POST", "/echo", b'{"text": "a"}', Authorization="Bearer cw_0_wrong")
        assert_error(wrong, 401, "unauthenticated")
        _, token = keys.create("right", ["rag"])
        _, other = keys.create("other", ["notes"])
        revoked, gone = keys.create("gone", ["rag"])
        keys.revoke(revoked.id)
        without = call(url, "POST", "/echo", b'{"text": "a"}')
        assert_error(without, 401, "unauthenticated")
        assert without[1]["www-authenticate"] == "Bearer"
        assert_error(call(url, "GET", "/health"), 401, "unauthenticated")
        assert_error(call(url, "GET", "/metrics"), 401, "unauthenticated")
        assert call(url, "GET", "/live")[0] == 200
        assert call(url, "GET", "/health", Authorization=f"Bearer {token}")[0] == 200
        assert call(url, "GET", "/health", Authorization=f"Bearer {service_token(tmp_path)}")[0] == 200
        assert_error(call(url, "GET", "/health", Authorization=f"Bearer {other}"), 403, "forbidden")
        assert_error(call(url, "GET", "/health", Authorization=f"Bearer {gone}"), 401, "unauthenticated")
        assert_error(call(url, "GET", "/health", Authorization=f"Basic {token}"), 401, "unauthenticated")


def test_no_key_is_asked_for_when_that_was_chosen(tmp_path: Path) -> None:
    KeyStore(tmp_path).create("a", ["rag"])
    with served(make(tmp_path, auth="none")) as url:
        assert call(url, "GET", "/health")[0] == 200


def test_a_cookie_carries_the_key_only_where_it_may(tmp_path: Path) -> None:
    keys = KeyStore(tmp_path)
    _, token = keys.create("a", ["web"])
    page = Guard("web", "127.0.0.1", "auto", keys, "t", cookie="k")
    page.check("/", {"cookie": f"a=b; k={token}"})
    with pytest.raises(Unauthenticated):
        Guard("web", "127.0.0.1", "auto", keys, "t").check("/", {"cookie": f"k={token}"})
    with pytest.raises(Forbidden):
        Guard("rag", "127.0.0.1", "auto", keys, "t", cookie="k").check("/", {"cookie": f"k={token}"})


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "null"},
        {"origin": "http://[::1"},
        {"origin": "http://evil.example"},
        {"origin": "http://localhost:8003"},
        {"origin": "http://localhost:3000.evil.example"},
        {"sec-fetch-site": "same-origin", "origin": "http://localhost:1"},
    ],
)
def test_other_origins_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        check_origin({"host": "localhost:3000", **headers})


@pytest.mark.parametrize(
    "headers",
    [{}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {"origin": "https://LOCALHOST:3000"}],
)
def test_our_own_origin_passes(headers: dict[str, str]) -> None:
    check_origin({"host": "localhost:3000", **headers})


@pytest.mark.parametrize("header", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_no_other_site_has_something_done_where_no_key_is_asked_for(
    tmp_path: Path, header: dict[str, str]
) -> None:
    with served(make(tmp_path)) as url:
        body = b'{"text": "a"}'
        refused = call(url, "POST", "/echo", body, **header)
        assert_error(refused, 403, "forbidden")
        assert "another site" in refused[2]["error"]["message"]
        assert call(url, "GET", "/health", None, **header)[0] == 200, "looking is for the browser to refuse"
        assert call(url, "POST", "/echo", body)[0] == 200, "programs send no such header"
        assert call(url, "POST", "/echo", body, Origin=url)[0] == 200
        _, token = KeyStore(tmp_path).create("right", ["rag"])
        assert call(url, "POST", "/echo", body, Authorization=f"Bearer {token}", **header)[0] == 200
        assert_error(call(url, "POST", "/echo", body, **header), 403, "forbidden")
