"""Puts a fake docker on a PATH of its own, for tests and to look at a stage by hand."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from casewright.staging.compose import Compose, ComposeStack, open_compose
from casewright.staging.config import Deadlines, StageConfig
from ports import free_ports
from unit.staging.fake_docker import BUILT

SCRIPT = Path(__file__).with_name("fake_docker.py")
IMAGES = {
    "rag-service": "rag",
    "notes-service": "notes",
    "doc-processor": "documents",
    "frontend": "web",
    "engine": "engine",
}
SIZE = 400_000_000
LIMITS = Deadlines(
    command_s=20,
    start_s=10,
    stop_s=20,
    build_s=20,
    request_s=5,
    switch_s=5,
    recovery_s=10,
    poll_s=0.05,
    start_bound_s=10,
    sampled_s=0,
)


class Scenario:
    """A machine with docker on it; ``about`` is what the fake does (fake_docker.py)."""

    def __init__(self, folder: Path, flavour: str = "v2", **about: Any) -> None:
        self.folder = folder
        self.ports = dict(zip(BUILT, free_ports(len(BUILT)), strict=True))
        images = {f"casewright-{target}:local": SIZE for target in IMAGES.values()}
        self.about = {"flavour": flavour, "ports": self.ports, "images": images, **about}
        self.bin, self.file = folder / "bin", folder / "scenario.json"
        self.bin.mkdir(parents=True)
        self.file.write_text(json.dumps(self.about))
        self.compose_file = folder / "docker-compose.yml"
        self.compose_file.write_text("services: {}\n")
        (folder / "config").write_text(self.config(flavour))
        self.program("docker")
        if flavour == "v1":
            self.program("docker-compose")

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": f"{self.bin}:/usr/bin:/bin"}

    def program(self, name: str) -> None:
        path = self.bin / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{SCRIPT}" "{self.file}" {name} "$@"\n')
        path.chmod(0o755)

    def config(self, flavour: str) -> str:
        if flavour == "v1":
            parts = "".join(
                f"  {name}:\n    build:\n      context: /src\n      target: {IMAGES[name]}\n"
                f"    environment:\n      HF_TOKEN: canary-in-the-compose-file\n"
                f"    image: casewright-{IMAGES[name]}:local\n    ports:\n    - 127.0.0.1:{port}:80/tcp\n"
                for name, port in self.ports.items()
            )
            return f"networks:\n  default: {{}}\nservices:\n{parts}version: '3.9'\n"
        return json.dumps(
            {
                "name": "main",
                "services": {
                    name: {
                        "build": {"context": "/src", "target": IMAGES[name]},
                        "environment": {"HF_TOKEN": "canary-in-the-compose-file"},
                        "image": f"casewright-{IMAGES[name]}:local",
                        "ports": [{"target": 80, "published": str(port), "host_ip": "127.0.0.1"}],
                    }
                    for name, port in self.ports.items()
                },
            }
        )

    def close(self) -> None:
        """The keeper ends when its scenario is gone."""
        self.file.unlink(missing_ok=True)
        deadline = time.monotonic() + 20
        while (self.folder / "keeper.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.02)

    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    def open(self) -> Compose:
        return open_compose((self.compose_file,), self.environment)

    def stage(self, *only: Any, **changes: Any) -> tuple[StageConfig, ComposeStack]:
        found = self.open()
        config = StageConfig(
            data_dir=self.folder / "data",
            output=self.folder / "out",
            services=found.services(),
            command=("false",),
            target="compose",
            addresses=found.addresses(),
            only=only,
            **{"deadlines": LIMITS, **changes},
        )
        return config, ComposeStack(config, found)
