"""A case's documents: put in, watched while they are read, tried again, and erased with a certificate."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from casewright.api.document_calls import FileSent
from casewright.api.knowledge import MAX_FILES
from casewright.errors import CasewrightError, NotFound
from casewright.services.web.cases import PER_PAGE, CasePage, case_page, checked, offset_of
from casewright.services.web.forms import Form, file_name
from casewright.services.web.state import of
from casewright.services.web.view import page, redirect, told_status

router = APIRouter()


@router.post("/cases/{case_id}/files")
async def add(request: Request, case_id: str) -> Response:
    """Files into the case; then to the page that shows how far they are."""
    checked(case_id)
    async with Form.read(request, max_files=MAX_FILES) as form, request.app.state.gate.admitted():
        uploads = form.files("files")
        if not uploads:
            said = CasePage(problems={"files": "Choose a file, or several."})
            return await case_page(request, case_id, said, 422)
        try:
            answer = await of(request).client.ingest(case_id, [_sent(one) for one in uploads])
        except CasewrightError as error:
            return await case_page(request, case_id, CasePage(error=error), told_status(error))
    return redirect(_job(case_id, answer.job.job_id))


@router.get("/cases/{case_id}/job/{job_id}")
async def job(request: Request, case_id: str, job_id: str) -> Response:
    """How far each file is; the page looks again by itself until all are ended."""
    found = await of(request).client.ingest_job(job_id)
    if found.case_id != case_id:
        raise NotFound("there is no such job in this case", hint="see the case's documents")
    return page(request, "case_job.html", job=found, case_id=case_id, ended=found.ended is not None)


@router.post("/cases/{case_id}/documents/{document_id}/retry")
async def retry(request: Request, case_id: str, document_id: str) -> Response:
    """Begin anew with a document that failed."""
    async with Form.read(request):
        found = await of(request).client.retry_document(checked(case_id), document_id)
    return redirect(_job(case_id, found.job_id))


@router.post("/cases/{case_id}/documents/{document_id}/erase")
async def erase_document(request: Request, case_id: str, document_id: str) -> Response:
    """Erase a document; then to its certificate."""
    async with Form.read(request):
        found = await of(request).client.erase_document(checked(case_id), document_id)
    return redirect(f"/erasures#{found.erasure_id}")


@router.post("/cases/{case_id}/erase")
async def erase_case(request: Request, case_id: str) -> Response:
    """Erase the case, where its id was typed to confirm it; then to the certificate."""
    checked(case_id)
    async with Form.read(request) as form:
        if form.text("confirm").strip() != case_id:
            said = CasePage(
                problems={"confirm": "To erase the case, type its id exactly. Nothing was erased."}
            )
            return await case_page(request, case_id, said, 422)
        found = await of(request).client.erase_case(case_id)
    return redirect(f"/erasures#{found.erasure_id}")


@router.get("/erasures")
async def erasures(request: Request) -> Response:
    """The certificates of what was erased, newest first. That of a case does not name it: its id went too."""
    found = await of(request).client.erasures(limit=PER_PAGE, offset=offset_of(request))
    return page(request, "erasures.html", found=found, per_page=PER_PAGE)


def _sent(upload: UploadFile) -> FileSent:
    return FileSent(file_name(upload), upload.file, upload.content_type or "")


def _job(case_id: str, job_id: str) -> str:
    return f"/cases/{case_id}/job/{job_id}"
