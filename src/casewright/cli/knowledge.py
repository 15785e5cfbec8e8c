"""``casewright reindex``, ``doctor``, ``backup`` and ``restore``: the upkeep of stored cases."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from casewright.api.knowledge import DoctorAnswer
    from casewright.knowledge.backup import Told

Cases = Annotated[
    list[str] | None, typer.Argument(metavar="CASE", help="The cases; all, where none is named.")
]
# Where there is no terminal, a table is this wide.
PLAIN_WIDTH = 160


def reindex(cases: Cases = None) -> None:
    """Make the index of cases anew with the embedding that is set, beside the one in use, and swap it.

    Needed when CASEWRIGHT_EMBEDDER or the model was changed. A running service does it itself, and answers
    meanwhile; where none runs, it is done here.
    """
    from casewright.services.rag.upkeep import reindex_cases
    from casewright.settings import load_settings

    shown = sys.stderr.isatty()

    def told(case_id: str, done: int, total: int) -> None:
        if shown:
            print(f"\r{case_id}: {done} of {total} documents", end="", file=sys.stderr, flush=True)

    found = asyncio.run(reindex_cases(load_settings(), cases or [], told))
    if shown:
        print(file=sys.stderr)
    print(f"{len(found)} cases are indexed anew")


def doctor(
    cases: Cases = None,
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the findings as JSON.")
    ] = None,
) -> None:
    """Say whether catalogue, texts, keyword index, vectors and Chroma's copy of each case agree.

    A running service looks itself, and answers meanwhile; where none runs, it is done here. Exit codes: 0
    everything agrees (after --repair: now), 1 something does not.
    """
    from casewright.files import replace_file
    from casewright.services.rag.upkeep import doctor_cases
    from casewright.settings import load_settings

    answer = asyncio.run(doctor_cases(load_settings(), cases or [], mend=repair))
    if json_file is not None:
        replace_file(json_file, answer.model_dump_json(indent=2).encode(), mode=None)
    print_findings(answer)
    if answer.findings:
        raise typer.Exit(1)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup; a file that is not there yet.")],
) -> None:
    """Save every case to one file, of a service that runs or not; uploads that wait to be read as well.

    It holds the clients' papers as they are: keep it where they may be kept. An erasure certificate names
    the backups that hold what was erased, until they are deleted.
    """
    from casewright.knowledge.backup import backup as save
    from casewright.settings import load_settings

    print(f"saved {_amounts(save(load_settings().data_dir, file))} to {file}")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What casewright backup made.")],
) -> None:
    """Put a backup into a data directory that holds no cases (CASEWRIGHT_DATA); no service may run on it.

    The file is checked before anything is changed. The service reads what waited, and makes Chroma's copies
    again.
    """
    from casewright.knowledge.restore import restore as put_back
    from casewright.settings import load_settings

    data = load_settings().data_dir
    print(f"restored {_amounts(put_back(file, data))} to {data}; start the service (casewright up)")


def _amounts(told: Told) -> str:
    return (
        f"{told.cases} case{'s' * (told.cases != 1)} with {told.documents} document"
        f"{'s' * (told.documents != 1)} that can be found and {told.waiting} that "
        f"wait{'s' * (told.waiting == 1)} to be read, {told.size / 1e6:.1f} MB,"
    )


def print_findings(answer: DoctorAnswer) -> None:
    """Print what is wrong and how to mend it, and what was mended."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PLAIN_WIDTH)
    if answer.findings or answer.mended:
        table = Table(box=None, pad_edge=False)
        for name in ("case", "what", "detail", "how to mend"):
            table.add_column(name, overflow="fold")
        for one, mended in (
            *((one, True) for one in answer.mended),
            *((one, False) for one in answer.findings),
        ):
            how = "mended" if mended else one.how or "nothing here can"
            if one.repairable and not mended:
                how = f"casewright doctor --repair ({one.how})"
            # words of the stores, not ours: nothing in them is markup
            table.add_row(*map(Text, (one.case_id or "-", one.what, one.detail or "-", how)))
        console.print(table)
    cases, wrong = len(answer.cases), len(answer.findings)
    state = f"{wrong} finding{'s' * (wrong != 1)}" if wrong else "everything agrees"
    print(
        f"{cases} case{'s' * (cases != 1)}: {state}"
        + (f", {len(answer.mended)} mended" if answer.mended else "")
    )
