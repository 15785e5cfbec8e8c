"""What compose and docker print, read: containers (ps, inspect), images, and the rendered file (config).

Compose 2 prints JSON: one array before 2.21, one object a line since. Compose 1 prints tables and YAML; its
``config`` is always the same two-space YAML, so the few words that a stage needs are found by their place.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from casewright.staging.context import mapping

# The parts that the stage asks by name, under the names that they have in the compose files.
NAMES = {"rag-service": "rag", "notes-service": "notes", "doc-processor": "documents", "frontend": "web"}
KILLED = 137
_V1_NAME = re.compile(r"^(?:.*?)_?([A-Za-z0-9.-]+)_\d+$")
_V1_STATE = re.compile(
    r"\s{2,}(Up(?: \([^)]*\))?|Exit -?\d+|Restarting|Paused|Ghost|Created|Dead)(?:\s{2,}|$)"
)
_V1_PORT = re.compile(r"^(?:(?:[\d.]+|\[[^\]]*\]):)?(\d+):(\d+)(?:/\w+)?$")


@dataclass(frozen=True, slots=True)
class Container:
    """One container. ``service`` is its name in the compose file.

    ``state`` is docker's (created, running, paused, restarting, exited, dead), ``health`` its health check's
    word, None where it has none. ``pid`` is its main process on the host. ``exit_code`` is that of a
    container that does not run. ``one_shot``: it is not started again when it ends. ``published`` maps ports
    inside to those of the host; ``gpus`` are the device ids it reserves. None is what was not told.
    """

    id: str
    name: str
    service: str
    state: str
    health: str | None = None
    pid: int | None = None
    exit_code: int | None = None
    restarts: int | None = None
    oom_killed: bool | None = None
    one_shot: bool = False
    image: str | None = None
    published: Mapping[int, int] = field(default_factory=dict)
    gpus: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether it had one thing to do and did it."""
        return self.one_shot and self.state == "exited" and self.exit_code == 0

    @property
    def good(self) -> bool:
        """Whether it runs and its health check, if it has one, says so; or it has done its one thing."""
        return self.done or (self.state == "running" and self.health in (None, "healthy"))

    @property
    def failed(self) -> bool:
        """Whether waiting is in vain: it ended badly and stays so, or it ends again and again."""
        ended = self.state in ("exited", "dead") and not self.done
        return (ended and self.one_shot) or (self.restarts or 0) >= 3

    @property
    def killed(self) -> bool:
        """Whether memory is what it ended of: told by the kernel, or by the code of SIGKILL."""
        return bool(self.oom_killed) or (self.state == "exited" and self.exit_code == KILLED)

    @property
    def words(self) -> str:
        """Its state as a line shows it."""
        ended = f" (exit {self.exit_code})" if self.state == "exited" else ""
        again = f", {self.restarts} restarts" if self.restarts else ""
        health = f" ({self.health})" if self.health is not None and self.state == "running" else ""
        return f"{self.state}{health}{ended}{again}"


def parse_ps(text: str) -> tuple[Container, ...] | None:
    """The containers of ``compose ps``, of either version; None where it is no such list."""
    stripped = text.strip()
    if not stripped:
        return ()
    if stripped[0] not in "[{":
        return _v1_table(text)
    rows: list[Any] = []
    try:
        if stripped[0] == "[":
            rows = json.loads(stripped)
        else:
            rows = [json.loads(line) for line in stripped.splitlines() if line.strip()]
    except ValueError:
        return None
    return tuple(_v2_row(row) for row in rows if isinstance(row, dict))


def _v2_row(row: Mapping[str, Any]) -> Container:
    code = row.get("ExitCode")
    return Container(
        id=str(row.get("ID", "")),
        name=str(row.get("Name", "")),
        service=str(row.get("Service", "")),
        state=str(row.get("State", "")).lower(),
        health=str(row["Health"]).lower() if row.get("Health") else None,
        exit_code=code if isinstance(code, int) else None,
        published={
            port["TargetPort"]: port["PublishedPort"]
            for port in row.get("Publishers") or ()
            if isinstance(port, dict) and port.get("PublishedPort")
        },
    )


def _v1_table(text: str) -> tuple[Container, ...] | None:
    lines = text.splitlines()
    rule = next((n for n, line in enumerate(lines) if re.fullmatch(r"-{10,}", line.strip())), None)
    if rule is None or "State" not in "".join(lines[:rule]):
        return None
    found = []
    for line in lines[rule + 1 :]:
        state = _V1_STATE.search(line)
        if state is None:
            continue  # the second line of a cell that was wrapped
        name = line.split()[0]
        known = _V1_NAME.match(name)
        found.append(_v1_row(name, known[1] if known else name, state[1]))
    return tuple(found)


def _v1_row(name: str, service: str, said: str) -> Container:
    state = {"Up": "running", "Exit": "exited", "Ghost": "dead"}.get(said.split(maxsplit=1)[0], said.lower())
    health = said[said.find("(") + 1 : -1].removeprefix("health: ") if "(" in said else None
    code = int(said.split()[1]) if state == "exited" else None
    return Container(id=name, name=name, service=service, state=state, health=health, exit_code=code)


def parse_inspect(text: str) -> tuple[Container, ...]:
    """The containers of ``docker inspect``; those that were gone meanwhile are left out."""
    found: Any = None
    with contextlib.suppress(ValueError):
        found = json.loads(text)
    rows = found if isinstance(found, list) else []
    return tuple(_inspected(row) for row in rows if isinstance(row, dict))


def _inspected(row: Mapping[str, Any]) -> Container:
    state, config, host = (mapping(row.get(key)) for key in ("State", "Config", "HostConfig"))
    labels = mapping(config.get("Labels"))
    running = bool(state.get("Running"))
    health = mapping(state.get("Health")).get("Status")
    policy = mapping(host.get("RestartPolicy")).get("Name") or "no"
    pid, restarts = state.get("Pid"), row.get("RestartCount")
    return Container(
        id=str(row.get("Id", "")),
        name=str(row.get("Name", "")).lstrip("/"),
        service=str(labels.get("com.docker.compose.service", "")),
        state=str(state.get("Status", "")),
        health=health if isinstance(health, str) and health != "none" else None,
        pid=pid if running and isinstance(pid, int) and pid > 0 else None,
        exit_code=None if running else state.get("ExitCode"),
        restarts=restarts if isinstance(restarts, int) else None,
        oom_killed=state.get("OOMKilled"),
        one_shot=policy == "no",
        image=config.get("Image"),
        published=_published(mapping(mapping(row.get("NetworkSettings")).get("Ports"))),
        gpus=tuple(_gpus(host.get("DeviceRequests") or ())),
    )


def _published(ports: Mapping[str, Any]) -> dict[int, int]:
    found = {}
    for inside, places in ports.items():
        for place in places or ():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                found[int(inside.partition("/")[0])] = int(place["HostPort"])
    return found


def _gpus(requests: Iterable[Any]) -> Iterable[str]:
    for request in map(mapping, requests):
        ids = request.get("DeviceIDs") or ()
        yield from (str(each) for each in ids)
        if not ids and request.get("Count") == -1:
            yield "all"


@dataclass(frozen=True, slots=True)
class Image:
    """One image: ``size`` in bytes, ``digests`` where a registry gave some."""

    id: str
    tags: tuple[str, ...]
    size: int | None
    digests: tuple[str, ...] = ()


def parse_images(text: str) -> tuple[Image, ...]:
    """The images of ``docker image inspect``."""
    found: Any = None
    with contextlib.suppress(ValueError):
        found = json.loads(text)
    images = []
    for row in map(mapping, found if isinstance(found, list) else []):
        size = row.get("Size")
        tags, digests = (tuple(map(str, row.get(key) or ())) for key in ("RepoTags", "RepoDigests"))
        images.append(Image(str(row.get("Id", "")), tags, size if isinstance(size, int) else None, digests))
    return tuple(images)


@dataclass(slots=True)
class Part:
    """A service of the compose file: its image, whether it is built here, its published ports."""

    image: str | None = None
    built: bool = False
    published: dict[int, int] = field(default_factory=dict)


def parse_config(text: str) -> dict[str, Part]:
    """The services of ``config --format json`` (2) or ``config`` (1)."""
    if text.lstrip().startswith("{"):
        services: Mapping[str, Any] = {}
        with contextlib.suppress(ValueError):
            services = mapping(mapping(json.loads(text)).get("services"))
        return {name: _part(mapping(about)) for name, about in services.items()}
    return _v1_config(text)


def _part(about: Mapping[str, Any]) -> Part:
    published = {}
    for port in map(mapping, about.get("ports") or ()):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            published[int(port["target"])] = int(port["published"])
    image = about.get("image")
    return Part(image if isinstance(image, str) else None, bool(about.get("build")), published)


def _v1_config(text: str) -> dict[str, Part]:
    parts: dict[str, Part] = {}
    part: Part | None = None
    block, key = "", ""
    for line in text.splitlines():
        if top := re.match(r"(\S[^:]*):", line):
            block = top[1]
        elif block != "services":
            continue
        elif name := re.fullmatch(r"  ([A-Za-z0-9._-]+):", line):
            part = parts.setdefault(name[1], Part())
        elif part is not None and (word := re.match(r"    (\w+):\s*(.*)", line)):
            key = word[1]
            part.built |= key == "build"
            part.image = word[2].strip("'\"") if key == "image" else part.image
        elif (
            part is not None
            and key == "ports"
            and line.startswith("    - ")
            and (port := _V1_PORT.match(line[6:].strip("'\"")))
        ):
            part.published[int(port[2])] = int(port[1])
    return parts
