"""A browser without a window, for what is seen on the wire."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx


class Visitor:
    """A browser without a window: keeps cookies and fills in the token of the form it was shown."""

    def __init__(self, url: str, **headers: str) -> None:
        self.http = httpx.Client(base_url=url, headers=headers, timeout=30)

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path)

    def token(self, path: str) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.get(path).text)
        assert found is not None
        return found[1]

    def send(self, path: str, files: Any = None, token: str | None = None, **fields: str) -> httpx.Response:
        data = {"csrf": self.token(path) if token is None else token, **fields}
        return self.http.post(path, data=data, files=files or {"nothing": ("", b"")})


def words(answer: httpx.Response) -> str:
    """What a person reads, on one line."""
    body = re.sub(r"<textarea.*?</textarea>", "", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", body)).split())


def kept(answer: httpx.Response, field: str) -> str:
    """The content of a text box."""
    found = re.search(rf'<textarea id="{field}"[^>]*>\n(.*?)</textarea>', answer.text, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])
