"""Whether Chroma's server is there, asked anew with every look at /health, by a client that is kept.

``httpx.get`` makes a client for each call, and with it a TLS context that reads the machine's whole list of
authorities: 0.8 MiB of OpenSSL's memory and 25 ms, at a plain http address too. The context hangs in a
reference cycle, so it is freed only when Python collects. One that lives through two collections of what is
young waits for one of everything, which a service with many objects has seldom: in an hour's soak ten of 720
looks left theirs behind, and the service grew by 5 MiB an hour.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from casewright.knowledge.store.values import ChromaServer

if TYPE_CHECKING:
    import httpx

# /health asks with every call, and must say in time that the server hangs.
HEARTBEAT_S = 3.0


class Heartbeat:
    """Asks one server, from any thread; ``timeout_s`` seconds for each step of it.

    Every look has a connection of its own, so that it does not trip over one that a restarted server left.
    None is kept, and so there is nothing to close.
    """

    def __init__(self, server: ChromaServer, timeout_s: float = HEARTBEAT_S) -> None:
        scheme = "https" if server.ssl else "http"
        self._url = f"{scheme}://{server.host}:{server.port}/api/v2/heartbeat"
        self._where = f"the Chroma server {server.host}:{server.port}"
        self._timeout_s = timeout_s
        self._guard = threading.Lock()
        self._client: httpx.Client | None = None

    def trouble(self) -> str | None:
        """Why the server cannot be asked, in words; None where it answers."""
        import httpx  # noqa: PLC0415 - Chroma's own client, and only needed where there is a server

        try:
            self._kept().get(self._url).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
            said = str(error).strip().splitlines() or [type(error).__name__]
            return f"{self._where} does not serve vectors: {said[0][:300]}"
        return None

    def _kept(self) -> httpx.Client:
        import httpx  # noqa: PLC0415

        with self._guard:
            if self._client is None:
                self._client = httpx.Client(
                    timeout=self._timeout_s, limits=httpx.Limits(max_keepalive_connections=0)
                )
            return self._client
