"""What a command does with the cases of a data directory: through the service that has them, or itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path

from casewright.api.client import Client, ClientConfig, Patience
from casewright.api.knowledge import DoctorAnswer
from casewright.errors import ConfigError, InstallError, NotRunning
from casewright.knowledge.backup import SPOOL
from casewright.knowledge.doctor import examine, examine_rest, examine_uploads, repair
from casewright.knowledge.ingest.reindex import reindex
from casewright.knowledge.ingest.spool import Spool
from casewright.knowledge.models import find_model
from casewright.knowledge.records import Stamp
from casewright.knowledge.store import Finding, Library
from casewright.services.kit.keys import service_token
from casewright.services.rag.assemble import chroma_of
from casewright.services.rag.config import KnowledgeConfig, knowledge_from
from casewright.services.rag.shown import shown_findings
from casewright.services.rag.tools import make_tools
from casewright.settings import Settings

# A case, documents done, and how many there are.
Told = Callable[[str, int, int], None]
_PAGE = 200
# A case of many documents takes a while to be looked at.
_DOCTOR_S = 3600.0


async def reindex_cases(settings: Settings, wanted: Sequence[str], told: Told) -> list[str]:
    """Make the indexes of these cases (all, where none is named) anew; their ids.

    Raises:
        NotFound: one of them is not there.
        InstallError: there is no embedding model.
    """
    async with client_of(settings) as client:
        if await _runs(client):
            return await _by_service(client, wanted, told)
    return await _by_hand(settings, wanted, told)


async def doctor_cases(settings: Settings, wanted: Sequence[str], *, mend: bool) -> DoctorAnswer:
    """Whether the stores of these cases agree (of all, where none is named, and whether anything is of none);
    ``mend``: mend what can be.

    Raises:
        NotFound: one of them is not there.
    """
    async with client_of(settings, Patience(process_s=_DOCTOR_S)) as client:
        if await _runs(client):
            answers = [await client.doctor(case_id, repair=mend) for case_id in wanted or (None,)]
            return DoctorAnswer(
                cases=tuple(case for answer in answers for case in answer.cases),
                findings=tuple(one for answer in answers for one in answer.findings),
                mended=tuple(one for answer in answers for one in answer.mended),
            )
    return await asyncio.to_thread(_doctor_by_hand, settings, wanted, mend)


def _doctor_by_hand(settings: Settings, wanted: Sequence[str], mend: bool) -> DoctorAnswer:
    has_cases(settings.data_dir)
    config = knowledge_from(settings)
    spool = Spool(config.folder / SPOOL, config.file_bytes)
    before: list[Finding] = []
    after: list[Finding] = []
    with open_library(settings) as library:
        cases = list(wanted) or [case.id for case in library.cases()]
        for case_id in cases:
            found = examine(library, case_id)
            before += found
            after += repair(library, case_id) if mend and found else found
        spool.open()
        others = [one for one in examine_uploads(library, spool.all) if one.case_id in cases]
        others += examine_rest(library) if not wanted else []
    return shown_findings(cases, before + others, after + others)


@contextlib.contextmanager
def open_library(settings: Settings) -> Iterator[Library]:
    """The cases of the data directory, for this process alone.

    Raises:
        ConfigError: a service has them.
        StorageError: they cannot be read.
    """
    config = knowledge_from(settings)
    library = Library(settings.data_dir, chroma=chroma_of(config), stamp=_stamp(config))
    library.open()
    try:
        yield library
    finally:
        library.close()


def _stamp(config: KnowledgeConfig) -> Stamp | None:
    """The embedding in use; None where it is not installed, and any will do."""
    try:
        return find_model(config.embedder).stamp
    except InstallError:
        return None


@contextlib.asynccontextmanager
async def client_of(settings: Settings, patience: Patience | None = None) -> AsyncIterator[Client]:
    """A client of the stack's services, with the token of the data directory."""
    key = settings.service_key
    token = key.get_secret_value() if key is not None else service_token(settings.data_dir)
    urls = (settings.rag_url, settings.notes_url, settings.documents_url)
    async with Client(ClientConfig(*urls, key=token, patience=patience or Patience())) as client:
        yield client


async def _runs(client: Client) -> bool:
    try:
        await client.health("rag")
    except NotRunning:
        return False
    return True


async def _by_service(client: Client, wanted: Sequence[str], told: Told) -> list[str]:
    cases = list(wanted)
    while not wanted:
        page = await client.cases(limit=_PAGE, offset=len(cases))
        cases += [case.case_id for case in page.cases]
        if not page.cases:
            break
    for case_id in cases:
        async with aclosing(client.reindex(case_id)) as progress:
            async for said in progress:
                told(case_id, said.done, said.total)
    return cases


async def _by_hand(settings: Settings, wanted: Sequence[str], told: Told) -> list[str]:
    config = knowledge_from(settings)
    tools = await make_tools(config.embedder)
    library = Library(settings.data_dir, chroma=chroma_of(config), stamp=tools.model().ingesting.stamp)
    try:
        await asyncio.to_thread(library.open)
        cases = list(wanted) or [case.id for case in await asyncio.to_thread(library.cases)]
        for case_id in cases:
            await reindex(library, case_id, tools.cut, tools.embed, partial(told, case_id))
    finally:
        await asyncio.to_thread(library.close)
        await tools.aclose()
    return cases


def has_cases(data_dir: Path) -> None:
    """Say that a data directory holds no cases.

    Raises:
        ConfigError: it holds none.
    """
    if not (data_dir / "knowledge" / "catalogue.sqlite").is_file():
        raise ConfigError(
            f"there are no stored cases in {data_dir}",
            hint="set CASEWRIGHT_DATA to the service's data directory",
        )
