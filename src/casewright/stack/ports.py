"""Whether the ports are free, and who has those that are not."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence

import psutil  # type: ignore[import-untyped]

from casewright.errors import PortTaken
from casewright.settings import Settings
from casewright.stack.description import PROCESSES
from casewright.stack.health import look
from casewright.stack.plan import HOST, ProcessSpec

USED_S = 2.0


def require_free(processes: Sequence[ProcessSpec]) -> None:
    """Refuse to start what cannot listen.

    Raises:
        PortTaken: at least one port is taken; every such port is named with who has it.
    """
    taken = [each for each in processes if not is_free(each.port)]
    if not taken:
        return
    said = "; ".join(
        f"port {each.port}, wanted by {each.name}, is taken by {holder(each.port)}" for each in taken
    )
    others = " ".join(f"{each.setting}={port}" for each, port in _others(processes, taken))
    choose = f", or choose other ports: {others}" if others else ""
    use = "".join(filter(None, (_used_instead(each) for each in taken)))
    raise PortTaken(said, hint=f"end that process{choose}{use}")


def _used_instead(spec: ProcessSpec) -> str:
    """How to use a server of the wanted kind that answers there already; empty where none does."""
    process = PROCESSES.get(spec.name)
    if spec.ours or process is None or not process.tells:
        return ""
    if not look(spec.url, foreign=spec.health, timeout_s=USED_S).serves:
        return ""
    words = {"host": HOST, "port": str(spec.port), "url": spec.url}
    told = " ".join(f"{name}={value.format_map(words)}" for name, value in process.tells.items())
    return f"; a server of that kind answers there: to use it, {told} {process.without}"


def is_free(port: int) -> bool:
    """Whether a server could listen there now, in the way our servers do."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def holder(port: int) -> str:
    """Who listens there, as far as this user may see."""
    try:
        for each in psutil.net_connections(kind="tcp"):
            if each.status == psutil.CONN_LISTEN and each.laddr.port == port and each.pid:
                process = psutil.Process(each.pid)
                return f"{process.name()} (pid {each.pid}: {' '.join(process.cmdline())[:100]})"
    except psutil.Error:
        pass
    return "a process that this user may not look at"


def _others(
    processes: Sequence[ProcessSpec], taken: Sequence[ProcessSpec]
) -> Iterator[tuple[ProcessSpec, int]]:
    """A free port near by for each, to be named as an example: none that another process is given, or would
    be given if it were asked for.
    """
    usual = {Settings.model_fields[process.port_field].default for process in PROCESSES.values()}
    avoid = {each.port for each in processes} | usual
    for each in taken:
        near = range(each.port + 1, min(each.port + 200, 65536))
        port = next((port for port in near if port not in avoid and is_free(port)), None)
        if port is not None:
            avoid.add(port)
            yield each, port
