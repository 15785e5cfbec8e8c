"""Hold the compose files against the one description of what runs where, and show both side by side.

``python tools/compose_render.py`` prints each part as a process and as a container, then every difference,
and exits with 1 if there is one. The files are written by hand, for their comments: see docs/decisions/0011.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from casewright.stack.description import (
    BY_NAME,
    CPU_FILE,
    FILES,
    PARTS,
    SHARED,
    SHARED_OF_FILE,
    Check,
    Container,
    Part,
)

ROOT = Path(__file__).resolve().parent.parent
NOTHING = "nothing"
_VARIABLE = re.compile(r"\$\{[A-Z][A-Z0-9_]*:-([^${}]*)\}")


def expected(name: str) -> dict[str, dict[str, Any]]:
    """What the description says of each service of a compose file."""
    return {
        part.container.service: _expected(part, part.container, name)
        for part in PARTS
        if part.container is not None and name in part.container.files
    }


def _expected(part: Part, about: Container, name: str) -> dict[str, Any]:
    profile = about.profiles.get(name)
    return {
        "image": about.image or f"casewright-{about.target}:local",
        "build": {"context": ".", "target": about.target} if about.target else NOTHING,
        "ports": _published(about),
        "health check": _check(about) if about.check else NOTHING,
        "mem_limit": about.memory,
        "pids_limit": about.pids,
        "environment": _environment(part, about, name),
        "fixed": dict(part.fixed),
        "addresses": _addresses(part, name),
        "waits for": sorted(about.waits_for),
        "profiles": [profile] if profile else [],
        "gpu": [f"${{{about.gpu[0]}:-{about.gpu[1]}}}"] if about.gpu and name != CPU_FILE else [],
    }


def _published(about: Container) -> list[str]:
    if about.published is None:
        return []
    host = f"${{{about.published}:-{about.port}}}" if about.published else str(about.port)
    return [f"127.0.0.1:{host}:{about.port}"]


def _environment(part: Part, about: Container, name: str) -> list[str]:
    shared = (*SHARED, *SHARED_OF_FILE[name]) if part.ours and part.name != "engine" else ()
    return sorted({*shared, *about.environment, *part.fixed})


def _addresses(part: Part, name: str) -> list[str]:
    """The service and port of everything in this file that a part asks."""
    asked = (BY_NAME[other].container for other in part.asks)
    return sorted(f"{one.service}:{one.port}" for one in asked if one is not None and name in one.files)


def _check(about: Container) -> dict[str, Any]:
    check = about.check
    assert check is not None
    times = {word: getattr(check, word) for word in ("interval", "timeout", "retries", "start_period")}
    return {"test": _test(check, about.port), **times}


def _test(check: Check, port: int | None) -> list[str]:
    url = f"http://127.0.0.1:{port}{check.path}"
    words: Mapping[str, list[str]] = {
        "python": ["python", "-I", "/opt/deploy/healthcheck.py", url],
        "ollama": ["ollama", "list"],
        "curl": ["curl", "-fsS", "-o", "/dev/null", url],
        "bash": [
            "bash",
            "-c",
            f"exec 3<>/dev/tcp/127.0.0.1/{port} && "
            f"printf 'GET {check.path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && "
            'read -r line <&3 && [[ $$line == *" 200 "* ]]',
        ],
        "node": [
            "node",
            "-e",
            f'require("http").get("{url}", '
            'r => process.exit(r.statusCode === 200 ? 0 : 1)).on("error", () => process.exit(1))',
        ],
    }
    return ["CMD", *words[check.program]]


def found(text: str) -> dict[str, dict[str, Any]]:
    """The same of each service in the text of a compose file."""
    services: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
    return {service: _found(about, set(services)) for service, about in services.items()}


def _found(about: Mapping[str, Any], services: set[str]) -> dict[str, Any]:
    given: Mapping[str, str] = about.get("environment") or {}
    resources = about.get("deploy", {}).get("resources", {})
    devices = resources.get("reservations", {}).get("devices", [])
    return {
        "image": about.get("image", NOTHING),
        "build": about.get("build", NOTHING),
        "ports": about.get("ports", []),
        "health check": about.get("healthcheck", NOTHING),
        "mem_limit": about.get("mem_limit", NOTHING),
        "pids_limit": about.get("pids_limit", NOTHING),
        "environment": sorted(given),
        "fixed": given,
        "addresses": sorted(_asked(given, services)),
        "waits for": sorted(about.get("depends_on", {})),
        "profiles": about.get("profiles", []),
        "gpu": [number for device in devices for number in device.get("device_ids", [])],
    }


def _asked(given: Mapping[str, str], services: set[str]) -> set[str]:
    """The addresses in an environment; CHROMA_HOST and CHROMA_PORT are one in two."""
    urls = (_VARIABLE.sub(r"\1", value) for value in given.values())
    asked = {url.removeprefix("http://") for url in urls if url.startswith("http://")}
    hosts = {name: value for name, value in given.items() if name.endswith("_HOST") and value in services}
    return asked | {
        f"{value}:{given.get(name.removesuffix('_HOST') + '_PORT')}" for name, value in hosts.items()
    }


def differences(name: str, text: str) -> list[str]:
    """Where a compose file and the description do not say the same, a line each."""
    here, there = found(text), expected(name)
    lines = [f"{name}: {service} is not described" for service in here.keys() - there.keys()]
    lines += [f"{name}: {service} is described and not there" for service in there.keys() - here.keys()]
    for service in here.keys() & there.keys():
        for what, wanted in there[service].items():
            seen = here[service][what]
            if what == "fixed":  # the rest of the environment has values of its own
                seen = {variable: value for variable, value in seen.items() if variable in wanted}
            if seen != wanted:
                lines.append(f"{name}: {service}, {what}: {_apart(seen, wanted)}")
    return sorted(lines)


def _apart(seen: Any, wanted: Any) -> str:
    """What differs: of two lists or tables only that."""
    if isinstance(seen, list) and isinstance(wanted, list):
        more = [each for each in seen if each not in wanted]
        less = [each for each in wanted if each not in seen]
        return f"the file has {more or NOTHING} beyond the description, which has {less or NOTHING} beyond it"
    if isinstance(seen, dict) and isinstance(wanted, dict):
        keys = sorted(key for key in seen.keys() | wanted.keys() if seen.get(key) != wanted.get(key))
        return "; ".join(
            f"{key} is {seen.get(key, NOTHING)!r} in the file, {wanted.get(key, NOTHING)!r} described"
            for key in keys
        )
    return f"{seen!r} in the file, {wanted!r} described"


def table() -> list[str]:
    """Each part as a process and as a container, as the rows of a Markdown table."""
    rows = [
        "| part | process, port, setting | container | image | memory, processes |",
        "| --- | --- | --- | --- | --- |",
    ]
    for part in PARTS:
        process, about = part.process, part.container
        words = _process_words(part) if process is not None else "-"
        if about is None:
            rows.append(f"| {part.name} | {words} | - | - | - |")
            continue
        image = _VARIABLE.sub(r"\1", about.image) if about.image else f"target `{about.target}`"
        rows.append(f"| {part.name} | {words} | `{about.service}` | {image} | {about.memory}, {about.pids} |")
    return rows


def _process_words(part: Part) -> str:
    from casewright.settings import Settings  # noqa: PLC0415 - the default ports alone

    process = part.process
    assert process is not None
    port = Settings.model_fields[process.port_field].default
    asked = f", with `--{part.name}`" if process.on_request else ""
    return f"`{' '.join(process.command[:2])}`, {port}, `{process.variable}`{asked}"


def main(root: Path = ROOT) -> int:
    """Print both, and exit with 1 if they differ."""
    print("\n".join(table()))
    lines = [line for name in FILES for line in differences(name, (root / name).read_text())]
    print("\n" + ("\n".join(lines) or f"{' and '.join(FILES)} say what the description says"))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
