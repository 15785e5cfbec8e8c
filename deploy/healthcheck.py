"""Container health check: exit 0 when the URL answers 200, else 1 with one line that says why.

Only Python's standard library, because the images hold neither curl nor wget; no proxy, no redirect.
"""

from __future__ import annotations

import http.client
import sys
from urllib.parse import urlsplit

TIMEOUT_S = 4.0  # below the health check's own timeout, so that the reason is seen


def check(url: str, timeout_s: float = TIMEOUT_S) -> str | None:
    """None when the URL answers 200, otherwise what it did instead."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        return f"{url!r} is not http://HOST:PORT/PATH"
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout_s)
    try:
        connection.request("GET", parts.path or "/")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{url}: {type(error).__name__}: {error}"
    finally:
        connection.close()
    return None if status == 200 else f"{url}: HTTP {status}"


def main(arguments: list[str]) -> int:
    """Run the check for the one URL given."""
    if len(arguments) != 1:
        sys.stderr.write("usage: healthcheck.py URL\n")
        return 1
    problem = check(arguments[0])
    if problem is not None:
        sys.stderr.write(problem + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
