"""Whether a form was sent from one of our own pages: signed double-submit cookie, beside the browser's word.

Each browser holds a random cookie; every form carries its HMAC under a secret of this installation. Another
site can neither read the cookie nor make the HMAC, and another server on the same host, which could plant a
cookie, still has not our origin (``kit.guard.check_origin``).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from casewright.errors import Forbidden, StorageError
from casewright.files import create_file

COOKIE = "casewright_csrf"
FIELD = "csrf"
SECRET_FILE = Path("state") / "web-secret"
_COOKIE_CHARS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def load_secret(data_dir: Path) -> bytes:
    """The installation's secret; made on first use. Kept, so that an open form survives a restart.

    Raises:
        StorageError: it cannot be written or read.
    """
    path = data_dir / SECRET_FILE
    try:
        if not path.exists():
            create_file(path, secrets.token_hex(32).encode(), mode=0o600)
        found = path.read_bytes().strip()
    except OSError as error:
        raise StorageError(f"cannot use {path}: {error.strerror}", hint="check the data directory") from error
    if len(found) < 32:
        raise StorageError(f"{path} is damaged", hint="delete it; a new one is made at the next start")
    return found


def usable(cookie: str | None) -> bool:
    """Whether a cookie's value is one that we would have made."""
    return cookie is not None and len(cookie) == 43 and set(cookie) <= _COOKIE_CHARS


def new_cookie() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def token_for(secret: bytes, cookie: str) -> str:
    """What a form must carry for the browser that holds ``cookie``."""
    return hmac.new(secret, cookie.encode(), hashlib.sha256).hexdigest()


def check_token(secret: bytes, cookie: str | None, token: str) -> None:
    """Compare a form's token with its browser's cookie.

    Raises:
        Forbidden: they do not belong together.
    """
    if cookie is None or not usable(cookie) or not _same(token, token_for(secret, cookie)):
        raise Forbidden(
            "the form does not belong to this browser's session, so nothing was done",
            hint="go back, reload the page and send it again; the browser must accept cookies",
        )


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
