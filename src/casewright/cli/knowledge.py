"""``casewright reindex``: the upkeep of stored cases."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer


def reindex(
    cases: Annotated[
        list[str] | None, typer.Argument(metavar="CASE", help="The cases; all, where none is named.")
    ] = None,
) -> None:
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
