"""A docker and a docker-compose that do as a scenario says, for a stage that calls them as programs.

``python fake_docker.py SCENARIO docker|docker-compose WORDS…``. What ``up -d`` starts are stand-in services
(standin.py) under a keeper that starts the dead ones again, as the daemon does; ``down`` ends it, and it ends
by itself when its scenario is gone. Formats are those of docker 28.2, compose 2.40 and docker-compose 1.29.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, TextIO

STANDIN = Path(__file__).with_name("standin.py")
SERVING = {"rag-service": "rag", "notes-service": "notes", "doc-processor": "documents", "frontend": "web"}
BUILT = (*SERVING, "engine")
LIFE_S = 180.0


def say(*words: str, end: str = "\n", file: TextIO = sys.stdout) -> None:
    """Print."""
    file.write(" ".join(words) + end)


class Fake:
    """One call; ``place`` is the folder of the scenario, where the state of the containers lies too."""

    def __init__(self, scenario: Path) -> None:
        self.place = scenario.parent
        self.about: dict[str, Any] = json.loads(scenario.read_text())
        self.scenario = scenario
        self.state_file = self.place / "state.json"

    def run(self, program: str, words: list[str]) -> int:
        with (self.place / "calls").open("a") as log:
            log.write(" ".join([program, *words]) + "\n")
        if program == "docker" and words[:1] == ["compose"]:
            if self.about.get("flavour", "v2") != "v2":
                say(
                    "docker: unknown command: docker compose\n\nRun 'docker --help' for more", file=sys.stderr
                )
                return 1
            return self.compose(words[1:])
        if program == "docker-compose":
            return self.compose(words)
        return self.docker(words)

    # ---- docker

    def docker(self, words: list[str]) -> int:
        if (problem := self.about.get("daemon")) is not None:
            say(problem, file=sys.stderr)
            return 1
        match words:
            case ["version", *_]:
                say(self.about.get("server", "28.2.2"))
            case ["inspect", *ids]:
                say(json.dumps([self.inspected(name) for name in self.containers() if name in ids]))
            case ["image", "inspect", *names]:
                return self.image_inspect(names)
            case ["logs", *_, name] if "unread" in self.about.get("containers", {}).get(name, {}):
                say(
                    f"Error response from daemon: {self.about['containers'][name]['unread']}", file=sys.stderr
                )
                return 1
            case ["logs", *_, name]:
                say(self.about.get("containers", {}).get(name, {}).get("log", "started\n"), end="")
            case ["pause" | "unpause" as word, name]:
                number = signal.SIGSTOP if word == "pause" else signal.SIGCONT
                os.kill(self.containers()[name]["pid"], number)
            case ["run", *rest]:
                return self.run_once(rest)
            case _:
                say(f"fake docker knows no {words}", file=sys.stderr)
                return 64
        return 0

    def image_inspect(self, names: list[str]) -> int:
        sizes = self.about.get("images", {})
        found = [
            {"Id": f"sha256:{n}", "RepoTags": [n], "RepoDigests": [f"{n}@sha256:0"], "Size": sizes[n]}
            for n in names
            if n in sizes
        ]
        say(json.dumps(found))
        for name in names:
            if name not in sizes:
                say(f"Error response from daemon: No such image: {name}", file=sys.stderr)
        return 0 if len(found) == len(names) else 1

    def run_once(self, words: list[str]) -> int:
        program = words[words.index("--entrypoint") + 1]
        image = words[words.index("--entrypoint") + 2]
        rest = words[words.index("--entrypoint") + 3 :]
        if image not in self.about.get("images", {}):
            say(f"docker: Error response from daemon: No such image: {image}", file=sys.stderr)
            return 125
        if "host" in words:
            os.kill(int(rest[-2]), int(rest[-1]))
        elif program.endswith("/python"):
            said = self.about.get("pip", {}).get(image, "")
            say(said or "No broken requirements found.")
            return 1 if said else 0
        else:
            for name in rest[3:]:
                say(name, self.about.get("sdks", {}).get(name, "2.1.0"))
        return 0

    # ---- compose

    def compose(self, words: list[str]) -> int:
        while words and words[0] == "-f":
            words = words[2:]
        v1 = self.about.get("flavour", "v2") == "v1"
        match words:
            case ["version"]:
                say(
                    "docker-compose version 1.29.2, build 5becea4c"
                    if v1
                    else "Docker Compose version v2.40.3"
                )
            case ["config", *_]:
                say((self.place / "config").read_text())
            case ["build", "--no-cache", service]:
                said = self.about.get("build", {}).get(service)
                say(said or "Successfully built 1234567890ab", file=sys.stderr if said else sys.stdout)
                return 1 if said else 0
            case ["up", "-d"]:
                return self.up()
            case ["ps", *_]:
                self.ps(v1=v1)
            case ["exec", "-T", "rag-service", "casewright", *rest]:
                return self.casewright(rest)
            case ["down"]:
                return self.down()
            case _:
                say(f"fake compose knows no {words}", file=sys.stderr)
                return 64
        return 0

    def up(self) -> int:
        said = self.about.get("up")
        (self.place / "up").touch()
        if said is not None:
            say(said, file=sys.stderr)
            return 1
        subprocess.Popen(
            [sys.executable, __file__, str(self.scenario), "keeper"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 20
        while not self.state_file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        return 0

    def down(self) -> int:
        keeper = self.place / "keeper.pid"
        (self.place / "up").unlink(missing_ok=True)
        if keeper.exists():
            os.kill(int(keeper.read_text()), signal.SIGTERM)
            deadline = time.monotonic() + 20
            while keeper.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
        return 0

    def casewright(self, words: list[str]) -> int:
        chosen = self.place / "provider"
        match words:
            case ["provider", "set", name]:
                chosen.write_text(name)
            case ["provider", "clear"]:
                chosen.unlink(missing_ok=True)
            case ["provider", "show", "--json"]:
                say(json.dumps({"provider": "embedded"}))
            case ["config", "show", "--json"]:
                auth = {"value": self.about.get("auth", "auto"), "source": "environment"}
                say(json.dumps({"settings": {"CASEWRIGHT_AUTH": auth}}))
        return 0

    def containers(self) -> dict[str, dict[str, Any]]:
        if not (self.place / "up").exists():
            return {}
        kept: dict[str, Any] = {}
        with contextlib.suppress(FileNotFoundError):
            kept = json.loads(self.state_file.read_text())
        extra = self.about.get("containers", {})
        return {
            name: {"state": "running", **extra.get(name, {}), **kept.get(name, {})}
            for name in {**kept, **extra}
        }

    def ps(self, *, v1: bool) -> None:
        rows = self.containers()
        if v1:
            lines = ["Name      Command      State      Ports", "-" * 60] if rows else []
            for name, about in rows.items():
                state = {"running": "Up (healthy)", "restarting": "Restarting"}.get(about["state"])
                state = state or f"Exit {about['exit']}"
                lines.append(f"{name}   casewright serve ...   {state}   80/tcp")
            say("\n".join(lines))
            return
        told = [
            {"ID": name, "Name": f"main-{name}-1", "Service": name, "State": about["state"], "Health": ""}
            for name, about in rows.items()
        ]
        if self.about.get("array"):
            say(json.dumps(told))
        else:
            say("\n".join(map(json.dumps, told)))

    def inspected(self, name: str) -> dict[str, Any]:
        about = self.containers()[name]
        running = about["state"] == "running"
        state = {"Status": about["state"], "Running": running, "Pid": about.get("pid", 0)}
        state |= {"OOMKilled": about.get("oom", False), "ExitCode": about.get("exit", 0)}
        if about.get("health", "healthy"):
            state["Health"] = {"Status": about.get("health", "healthy")}
        port = about.get("port")
        ports = {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]} if port else {}
        policy = "no" if about.get("one_shot") else "unless-stopped"
        return {
            "Id": name,
            "Name": f"/{name}",
            "RestartCount": about.get("restarts", 0),
            "State": state,
            "Config": {"Image": f"{name}:1", "Labels": {"com.docker.compose.service": name}},
            "HostConfig": {
                "RestartPolicy": {"Name": policy},
                "DeviceRequests": [{"Driver": "nvidia", "Count": 0, "DeviceIDs": about["gpu"]}]
                if "gpu" in about
                else None,
            },
            "NetworkSettings": {"Ports": ports},
        }

    # ---- the daemon's part

    def keep(self) -> None:
        """Hold the stand-ins up until told to end, or the scenario is gone, or for LIFE_S at most."""
        ended = False

        def end(*_: object) -> None:
            nonlocal ended
            ended = True

        signal.signal(signal.SIGTERM, end)
        (self.place / "keeper.pid").write_text(str(os.getpid()))
        running: dict[str, subprocess.Popen[bytes]] = {}
        restarts: dict[str, int] = {}
        deadline = time.monotonic() + LIFE_S
        while not ended and self.scenario.exists() and time.monotonic() < deadline:
            for name, port in self.about["ports"].items():
                if name not in running or running[name].poll() is not None:
                    restarts[name] = restarts.get(name, -1) + 1
                    running[name] = self.spawn(name, port)
            time.sleep(0.03)
            self.write(running, restarts)
        for process in running.values():
            process.kill()
            process.wait()
        for name in ("state.json", "keeper.pid"):
            (self.place / name).unlink(missing_ok=True)

    def spawn(self, name: str, port: int) -> subprocess.Popen[bytes]:
        words = [
            SERVING.get(name, name),
            str(port),
            self.about.get("faults", ""),
            str(self.place / "provider"),
        ]
        return subprocess.Popen([sys.executable, str(STANDIN), *words], stderr=subprocess.DEVNULL)

    def write(self, running: dict[str, subprocess.Popen[bytes]], restarts: dict[str, int]) -> None:
        ports = self.about["ports"]
        state = {
            name: {"pid": each.pid, "port": ports[name], "restarts": restarts[name]}
            | {"health": "healthy" if listening(ports[name]) else "starting"}
            for name, each in running.items()
        }
        if len(running) == len(ports):
            fresh = self.place / "state.fresh"
            fresh.write_text(json.dumps(state))
            fresh.replace(self.state_file)


def listening(port: int) -> bool:
    """Whether something takes connections there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


if __name__ == "__main__":
    fake = Fake(Path(sys.argv[1]))
    if sys.argv[2] == "keeper":
        fake.keep()
    else:
        sys.exit(fake.run(sys.argv[2], sys.argv[3:]))
