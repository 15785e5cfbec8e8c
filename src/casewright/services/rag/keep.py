"""POST /doctor: whether the stores of the cases agree, and mending them, while the service serves.

The stores are looked at in a thread. What agrees at first sight keeps nobody waiting; where something does
not, it is looked at again while nothing is taken in or erased, so that no work under way is told as a fault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fastapi import APIRouter, Request

from casewright.api.knowledge import DoctorAnswer
from casewright.errors import NotFound
from casewright.knowledge.doctor import examine, examine_rest, examine_uploads, repair
from casewright.knowledge.store import Finding, Library
from casewright.services.rag.cases import Cases
from casewright.services.rag.ingest import LOOKING
from casewright.services.rag.shown import shown_findings
from casewright.services.rag.stored import CasePath

router = APIRouter(tags=["knowledge"])


@router.post("/cases/{case_id}/doctor", response_model=DoctorAnswer, responses=LOOKING)
async def doctor_case(request: Request, case_id: CasePath, *, repair: bool = False) -> DoctorAnswer:
    """Whether the stores of one case agree; ``repair``: mend what can be mended."""
    cases: Cases = request.app.state.cases
    await cases.check(case_id)
    return await examined(cases, [case_id], mend=repair)


@router.post("/doctor", response_model=DoctorAnswer, responses=LOOKING)
async def doctor(request: Request, *, repair: bool = False) -> DoctorAnswer:
    """Whether the stores of every case agree, and whether there is anything of no case."""
    cases: Cases = request.app.state.cases
    named = [case.id for case in await asyncio.to_thread(cases.library.cases)]
    return await examined(cases, named, mend=repair, rest=True)


async def examined(cases: Cases, wanted: Sequence[str], *, mend: bool, rest: bool = False) -> DoctorAnswer:
    """Look at these cases one after another; ``rest``: at what is of no case, too."""
    before: list[Finding] = []
    after: list[Finding] = []
    async with cases.doctor:
        for case_id in wanted:
            if not await asyncio.to_thread(_case, cases, case_id):
                continue
            async with cases.intake.entering:
                found = await asyncio.to_thread(_case, cases, case_id)
                before += found
                after += await asyncio.to_thread(_mended, cases, case_id) if mend and found else found
        others = await asyncio.to_thread(examine_rest, cases.library) if rest else []
        if others:
            async with cases.intake.entering:
                others = await asyncio.to_thread(examine_rest, cases.library)
    return shown_findings(wanted, before + others, after + others)


def _case(cases: Cases, case_id: str) -> list[Finding]:
    try:
        return examine(cases.library, case_id) + _uploads(cases, case_id)
    except NotFound:  # deleted meanwhile
        return []


def _mended(cases: Cases, case_id: str) -> list[Finding]:
    library: Library = cases.library
    return repair(library, case_id) + _uploads(cases, case_id)


def _uploads(cases: Cases, case_id: str) -> list[Finding]:
    found = examine_uploads(cases.library, cases.parts.spool.all)
    return [one for one in found if one.case_id == case_id]
