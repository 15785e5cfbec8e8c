"""Opening connections: addresses, TLS, and every way it fails as a kind of the error tree."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path

from casewright.bench.connection import Connection, Owner
from casewright.bench.request import Endpoint
from casewright.errors import ConfigError, DnsFailure

Address = tuple[int, tuple[str, int]]


class DialError(Exception):
    """No connection; ``kind`` is a kind of the error tree."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def resolve(endpoint: Endpoint) -> list[Address]:
    """The endpoint's addresses, looked up once per run; DnsFailure when there are none."""
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise DnsFailure(
            f"{endpoint.host} does not resolve: {exc}",
            hint="check the host name in the engine's URL",
            url=endpoint.authority,
        ) from exc
    return [(family, (str(address[0]), int(address[1]))) for family, _, _, _, address in found]


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """A verifying client context; ``ca_file`` is trusted besides the system's authorities."""
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=str(ca_file))
        except (OSError, ssl.SSLError) as exc:
            raise ConfigError(
                f"cannot read the CA file {ca_file}: {exc}", hint="give a PEM file of certificates"
            ) from exc
    return context


class Dialer:
    """Opens connections to one endpoint; remembers which of its addresses answered."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        endpoint: Endpoint,
        addresses: Sequence[Address],
        connect_s: float,
        ca_file: Path | None = None,
    ) -> None:
        self._loop = loop
        self._endpoint = endpoint
        self._addresses = list(addresses)
        self._connect_s = connect_s
        self._tls = tls_context(ca_file) if endpoint.tls else None

    async def open(self, owner: Owner) -> Connection:
        """A connection ready for a request; DialError when no address gives one within the deadline."""
        try:
            async with asyncio.timeout(self._connect_s):
                return await self._any(owner)
        except TimeoutError as exc:
            raise DialError(
                "connect_timeout", f"no connection to {self._endpoint.authority} in {self._connect_s:g} s"
            ) from exc

    async def _any(self, owner: Owner) -> Connection:
        failure: DialError | None = None
        for place, address in enumerate(self._addresses):
            try:
                connection = await self._one(owner, address)
            except (OSError, ssl.SSLError) as exc:
                failure = failure or _translated(exc, self._endpoint)
                continue
            if place:
                self._addresses.insert(0, self._addresses.pop(place))
            return connection
        raise failure or DialError("unreachable", f"{self._endpoint.authority} has no address")

    async def _one(self, owner: Owner, address: Address) -> Connection:
        family, where = address
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.sock_connect(sock, where)
            if self._tls is None:
                fd = sock.fileno()
                _, plain = await self._loop.create_connection(lambda: Connection(owner, fd), sock=sock)
                return plain
            _, secured = await self._loop.create_connection(
                lambda: Connection(owner, None),
                sock=sock,
                ssl=self._tls,
                server_hostname=self._endpoint.host,
            )
            return secured
        except BaseException:
            sock.close()
            raise


def _translated(exc: OSError, endpoint: Endpoint) -> DialError:
    where = endpoint.authority
    if isinstance(exc, ssl.SSLError):
        return DialError("tls_failure", f"TLS with {where} failed: {exc}")
    if isinstance(exc, ConnectionRefusedError):
        return DialError("connection_refused", f"nothing listens at {where}")
    if endpoint.tls and isinstance(exc, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
        return DialError("tls_failure", f"{where} closed the connection during the TLS handshake")
    if isinstance(exc, TimeoutError):
        return DialError("connect_timeout", f"no connection to {where}: {exc}")
    if exc.errno in (errno.EMFILE, errno.ENFILE):
        return DialError("unreachable", "this machine allows no more open files: raise ulimit -n")
    return DialError("unreachable", f"no connection to {where}: {exc}")
