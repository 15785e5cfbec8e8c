"""Who may ask: anyone on this machine until a key exists; beyond it, whoever shows a key with the scope."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import cookie_parser

from casewright.errors import ConfigError, Forbidden, MisdirectedRequest, Unauthenticated
from casewright.services.kit.config import AuthMode
from casewright.services.kit.keys import KeyStore

OPEN_PATHS = frozenset({"/live"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_SAME = ("same-origin", "none")  # none: typed, or a form sent again by the browser itself
_HINT = "send it as: Authorization: Bearer KEY; casewright keys create makes one"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_open_start(host: str, auth: AuthMode, keys: KeyStore) -> None:
    """Refuse to serve beyond this machine without a key.

    Raises:
        ConfigError: other machines reach ``host``, no key exists, and nobody chose that on purpose.
    """
    if not is_loopback(host) and auth != "none" and not keys.active():
        raise ConfigError(
            f"other machines can reach {host}, and there is no API key",
            hint="make one with casewright keys create NAME, listen on 127.0.0.1, or set "
            "CASEWRIGHT_AUTH=none where something in front decides who may ask",
        )


def check_origin(headers: Mapping[str, str]) -> None:
    """Believe the browser where it says that another site sent a request; programs say nothing of it.

    Raises:
        Forbidden: it does.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    foreign = site is not None and site.lower() not in _SAME
    if origin is not None and not foreign:
        foreign = _netloc(origin) != headers.get("host", "").lower()
    if foreign:
        raise Forbidden(
            "the request was sent from another site, so nothing was done",
            hint="open our own page and send its form; programs leave the Origin header out, or show a key",
        )


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides over one request by its headers. ``scope`` is the service's own; ``token`` the stack's.

    ``cookie`` names a cookie that may carry the key instead of the header: for pages that people look at.
    """

    scope: str
    host: str
    auth: AuthMode
    keys: KeyStore
    token: str
    open_paths: frozenset[str] = OPEN_PATHS
    cookie: str | None = None

    def check(self, path: str, headers: Mapping[str, str], method: str = "GET") -> None:
        """Let a request pass.

        What changes something and comes from a browser must come from a page of ours: other sites could
        have it sent from here, where no key is asked for. A request that shows a key in its header was not
        made by a foreign page: browsers ask first before they send one.

        Raises:
            MisdirectedRequest: a service on loopback was asked under a foreign name (DNS rebinding).
            Unauthenticated: a key is needed and missing, or what was sent is none of ours.
            Forbidden: the key does not open this service, or another site has sent the request.
        """
        if is_loopback(self.host):
            _check_name(headers.get("host", ""))
        if method not in _READING and not headers.get("authorization"):
            check_origin(headers)
        if path in self.open_paths or self.auth == "none":
            return
        said = self._credential(headers)
        if not said.partition(" ")[2].strip():
            if self.keys.active() or not is_loopback(self.host):
                raise Unauthenticated("this service asks for an API key", hint=_HINT)
            return
        self._open(said, {self.scope, "admin"}, self.scope)

    def check_admin(self, headers: Mapping[str, str]) -> None:
        """Let a request change the service: always with a key, wherever it comes from.

        Raises:
            Unauthenticated: no key, or none of ours.
            Forbidden: the key is not of scope admin.
        """
        said = self._credential(headers)
        if not said.partition(" ")[2].strip():
            raise Unauthenticated("changing a service always takes an API key of scope admin", hint=_HINT)
        self._open(said, {"admin"}, "admin")

    def _open(self, said: str, scopes: set[str], wanted: str) -> None:
        scheme, _, given = said.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated(f"{scheme} is not how this service is asked", hint=_HINT)
        token = given.strip()
        if hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode()):
            return
        key = self.keys.find(token)
        if key is None:
            raise Unauthenticated("the API key is not one of ours, or was revoked", hint=_HINT)
        if not scopes.intersection(key.scopes):
            raise Forbidden(
                f"key {key.id} does not open {wanted}",
                hint=f"make one that does: casewright keys create NAME --scope {wanted}",
            )

    def _credential(self, headers: Mapping[str, str]) -> str:
        said = headers.get("authorization", "")
        if not said and self.cookie is not None:
            # not http.cookies: it gives up, or raises, at another program's cookie that it cannot read
            found = cookie_parser(headers.get("cookie", "")).get(self.cookie)
            said = f"Bearer {found}" if found else ""
        return said


def _netloc(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _check_name(host: str) -> None:
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if name and not is_loopback(name.strip("[]")):
        raise MisdirectedRequest(
            f"this service listens on this machine only and does not answer as {name[:100]!r}",
            hint="ask it as localhost or 127.0.0.1",
        )
