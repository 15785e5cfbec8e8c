"""Changing the provider over HTTP: always with a key of scope admin, and seen at once."""

from __future__ import annotations

import json
from pathlib import Path

from casewright.services.kit.keys import KeyStore, service_token
from casewright.services.provider import ProviderFile
from serving import served
from unit.services.kit.service import make
from unit.services.kit.test_edge import assert_error, call


def put(url: str, body: object, token: str | None = None) -> tuple[int, dict[str, str], object]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return call(url, "PUT", "/admin/provider", json.dumps(body).encode(), **headers)


def test_only_an_admin_changes_the_provider(tmp_path: Path) -> None:
    keys = KeyStore(tmp_path)
    with served(make(tmp_path, shell={"switchable": True, "from_environment": "vllm"})) as url:
        assert_error(put(url, {"provider": "ollama"}), 401, "unauthenticated")
        _, admin = keys.create("boss", ["admin"])
        _, plain = keys.create("app", ["rag"])
        assert_error(put(url, {"provider": "ollama"}), 401, "unauthenticated")
        assert_error(put(url, {"provider": "ollama"}, plain), 403, "forbidden")
        assert ProviderFile(tmp_path).read() is None
        assert put(url, {"provider": "ollama"}, admin)[::2] == (200, {"provider": "ollama", "source": "file"})
        written = ProviderFile(tmp_path).read()
        assert written is not None
        assert written.provider == "ollama"
        assert_error(put(url, {"provider": "gpt"}, admin), 422, "unprocessable_request")
        cleared = put(url, {"provider": None}, service_token(tmp_path))
        assert cleared[::2] == (200, {"provider": "vllm", "source": "environment"})


def test_a_key_is_wanted_even_where_none_is_asked_for_else(tmp_path: Path) -> None:
    with served(make(tmp_path, auth="none", shell={"switchable": True})) as url:
        assert call(url, "GET", "/health")[0] == 200
        assert_error(put(url, {"provider": "ollama"}), 401, "unauthenticated")


def test_a_service_without_engines_has_no_such_route(tmp_path: Path) -> None:
    with served(make(tmp_path)) as url:
        assert_error(put(url, {"provider": "ollama"}, service_token(tmp_path)), 404, "not_found")
