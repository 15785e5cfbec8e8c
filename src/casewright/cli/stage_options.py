"""The options of ``casewright stage``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Target = Annotated[str, typer.Option(help="local, processes of this machine; or compose, containers.")]
Only = Annotated[
    list[str] | None,
    typer.Option(
        metavar="GROUP",
        help="build, startup, functional, performance, resilience or stability; repeatable. The others "
        "are printed as not asked.",
    ),
]
Attach = Annotated[
    bool, typer.Option("--attach", help="Test the stack that runs: nothing is started, broken or stopped.")
]
Kills = Annotated[int, typer.Option(min=1, max=500, help="Kills in the storm; under 20: NOT PROVEN.")]
Sample = Annotated[
    Path | None, typer.Option(help="A PDF to upload too (default: sample.pdf, where there is one).")
]
Chroma = Annotated[
    bool | None,
    typer.Option(
        "--chroma/--no-chroma", help="With a Chroma server, or without: with it where it is installed."
    ),
]
CleanInstall = Annotated[
    bool,
    typer.Option(
        "--clean-install/--no-clean-install",
        help="For local: install what is locked into an empty environment, or leave that out.",
    ),
]
Users = Annotated[int, typer.Option(min=1, help="Users at once in the load; under 50: NOT PROVEN.")]
LoadSeconds = Annotated[
    float, typer.Option(min=0, help="How long each of the two loads takes; 0: none; under 300: NOT PROVEN.")
]
Soak = Annotated[
    str | None, typer.Option(help="Watch it for so long at the end: 10m, 1h (default: not at all).")
]
Resume = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Go on with the interrupted stage in this folder; with the options that it was begun with.",
    ),
]
ComposeFile = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="For compose; repeatable (default: docker-compose.vllm.yml)."),
]
Bundle = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Pack reports, evidence and host facts into this .tar.gz."),
]
Output = Annotated[
    Path | None,
    typer.Option(help="Folder of the report and its evidence (default: in the data directory)."),
]
