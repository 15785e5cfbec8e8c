"""Who may use the page, and what is refused: foreign forms, too much, other names, keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.peers import Peers, stack
from browser.visitor import Visitor, words
from casewright.errors import ConfigError
from casewright.services.kit.keys import KeyStore
from casewright.services.web.app import FORM_BYTES, config_from, create_app
from casewright.settings import Settings
from serving import served

LIMIT = 2_000_000
TEXT = "The rent is due.\nThe appeal deadline is 14 December."


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Peers]]:
    with stack(tmp_path_factory.mktemp("data"), max_body_bytes=LIMIT) as found:
        yield found


@pytest.fixture
def visitor(running: tuple[str, Peers]) -> Visitor:
    return Visitor(running[0])


@pytest.mark.parametrize("path", ["/ask", "/notes", "/file", "/login", "/logout"])
def test_forms_of_others_are_refused(visitor: Visitor, path: str) -> None:
    good = visitor.token("/ask")
    for token in ("", "0" * 64, good.upper(), "é"):
        answer = visitor.send(path, token=token)
        assert answer.status_code == 403, token
        assert "does not belong to this browser" in words(answer)
    headers = ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"})
    for header in headers:
        refused = visitor.http.post(path, data={"csrf": good}, headers=header)
        assert refused.status_code == 403
        assert "from another site" in words(refused)
    other = Visitor(str(visitor.http.base_url))
    assert other.send(path, token=good).status_code == 403
    visitor.http.cookies.clear()
    assert visitor.http.post(path, data={"csrf": good}).status_code == 403


def test_an_upload_beyond_the_limit_is_told_on_a_page(visitor: Visitor) -> None:
    answer = visitor.send("/file", {"file": ("big.pdf", b"x" * (LIMIT + 1))})
    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith("text/html")
    assert f"larger than {LIMIT} bytes" in words(answer)
    assert visitor.get("/").status_code == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"--b\r\nno header", "multipart/form-data; boundary=b"),
        (b"", "multipart/form-data"),
        (b"{}", "application/json"),
        (b"%ff=%00&&&=", "application/x-www-form-urlencoded"),
        (b"&".join(b"a=1" for _ in range(50)), "application/x-www-form-urlencoded"),
    ],
)
def test_bodies_that_are_no_form_of_ours(visitor: Visitor, body: bytes, kind: str) -> None:
    visitor.token("/ask")
    answer = visitor.http.post("/ask", content=body, headers={"Content-Type": kind})
    assert answer.status_code in (400, 403)
    assert answer.headers["content-type"].startswith("text/html")
    assert "Traceback" not in answer.text


def test_unknown_pages_and_wrong_methods_are_pages_too(visitor: Visitor) -> None:
    assert visitor.get("/nothing").status_code == 404
    assert "there is no page /nothing" in words(visitor.get("/nothing"))
    assert visitor.get("/static/../app.py").status_code == 404
    assert visitor.get("/static/app.py").status_code == 404
    assert visitor.http.post("/status").status_code == 405
    assert visitor.get("/logout").status_code == 405


def test_a_foreign_host_name_is_refused(visitor: Visitor) -> None:
    answer = visitor.http.get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert answer.headers["content-type"].startswith("text/html")


def test_a_key_is_typed_once(tmp_path: Path) -> None:
    _, key = KeyStore(tmp_path).create("desk", ["web"])
    _, other = KeyStore(tmp_path).create("robot", ["rag"])
    with stack(tmp_path) as (url, _):
        visitor = Visitor(url)
        for path in ("/", "/ask", "/notes", "/file", "/status"):
            answer = visitor.get(path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/login")
        assert visitor.get("/health").status_code == 401
        assert visitor.get("/health").json()["error"]["type"] == "unauthenticated"
        assert visitor.get("/static/style.css").status_code == 200
        for wrong in ("", "nonsense", other, key[:-1]):
            answer = visitor.send("/login", key=wrong)
            assert answer.status_code == 401
            assert "does not open the page" in words(answer)
            assert wrong == "" or wrong not in answer.text
        answer = visitor.send("/login", key=f" {key} ", next="/notes")
        assert (answer.status_code, answer.headers["location"]) == (303, "/notes")
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Secure" not in cookie
        assert visitor.get("/ask").status_code == 200
        assert visitor.send("/ask", question="Which deadline?", text=TEXT).status_code == 200
        assert visitor.send("/login", key=key, next="//evil.example").headers["location"] == "/"
        out = visitor.send("/logout", token=visitor.token("/ask"))
        assert (out.status_code, out.headers["location"]) == (303, "/login")
        assert visitor.get("/ask").status_code == 303


JUNK = 'a,b=1; prefs={"x": [1, 2]}; \u00e9=\u00e9; =; lonely; "q'


def test_cookies_of_other_programs_on_this_host_are_in_nobodys_way(tmp_path: Path) -> None:
    """Cookies do not know ports: those of everything on localhost come along."""
    _, key = KeyStore(tmp_path).create("desk", ["web"])
    with stack(tmp_path) as (url, _):
        visitor = Visitor(url)
        for held, status in (("", 303), (f"; casewright_key={key}", 200), ("; casewright_key=x", 303)):
            answer = visitor.http.get("/ask", headers={b"Cookie": (JUNK + held).encode()})
            assert answer.status_code == status


def test_the_key_travels_only_over_https_where_the_page_does(tmp_path: Path) -> None:
    _, key = KeyStore(tmp_path).create("desk", ["admin"])
    with stack(tmp_path) as (url, _):
        visitor = Visitor(url, **{"X-Forwarded-Proto": "https"})
        token = visitor.get("/login")
        assert "Secure" in token.headers["set-cookie"]
        visitor.http.cookies.set("casewright_csrf", token.headers["set-cookie"].split("=")[1].split(";")[0])
        field = re.search(r'value="([0-9a-f]{64})"', token.text)
        assert field is not None
        answer = visitor.send("/login", token=field[1], key=key)
        assert "Secure" in answer.headers["set-cookie"]


def test_a_revoked_key_in_a_cookie_locks_nobody_out(tmp_path: Path) -> None:
    keys = KeyStore(tmp_path)
    record, key = keys.create("desk", ["web"])
    with stack(tmp_path) as (url, _):
        visitor = Visitor(url)
        visitor.send("/login", key=key)
        keys.revoke(record.id)
        assert visitor.get("/").headers["location"] == "/login"
        assert "casewright_key" in visitor.get("/login").headers["set-cookie"]
        assert visitor.get("/").status_code == 200  # no key is left, and this is loopback


def test_it_does_not_open_to_other_machines_without_a_key(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    with pytest.raises(ConfigError, match="no API key"):
        create_app(config_from(settings, "0.0.0.0", 3000))


def test_the_settings_reach_the_page(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, rag_url="http://127.0.0.1:1", document_bytes=5000, service_key="cw_k")
    config = config_from(settings, "127.0.0.1", 3000)
    assert (config.kit.name, config.kit.data_dir, config.kit.port) == ("web", tmp_path, 3000)
    assert config.kit.max_body_bytes == 5000 + FORM_BYTES
    assert (config.rag_url, config.service_key) == ("http://127.0.0.1:1", "cw_k")
    assert "cw_k" not in repr(config)
    with served(create_app(config)) as url:
        assert Visitor(url).get("/file").status_code == 200
