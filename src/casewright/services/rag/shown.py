"""Cases, documents, jobs and certificates as the contract has them."""

from __future__ import annotations

from collections.abc import Sequence

from casewright.api.documents import JobError
from casewright.api.knowledge import (
    CaseOut,
    DoctorAnswer,
    DoctorFinding,
    ErasedStore,
    ErasureAnswer,
    IndexedDocument,
    IngestItem,
    IngestJob,
    IngestStatus,
)
from casewright.knowledge.doctor import MENDED
from casewright.knowledge.store import (
    CaseRecord,
    DocumentRecord,
    ErasureCertificate,
    Failure,
    Finding,
    JobItem,
    JobRecord,
)


def shown_job(job: JobRecord) -> IngestJob:
    """A job and how far it is."""
    here = f"/jobs/{job.id}"
    return IngestJob(
        job_id=job.id,
        case_id=job.case_id,
        status=_status(job),
        documents=tuple(_item(item) for item in job.items),
        created=job.created,
        ended=job.ended,
        links={"self": here, "events": f"{here}/events"},
    )


def shown_case(case: CaseRecord) -> CaseOut:
    """A case."""
    return CaseOut(case_id=case.id, created=case.created, documents=case.documents, chunks=case.chunks)


def shown_document(record: DocumentRecord) -> IndexedDocument:
    """A document of a case."""
    return IndexedDocument(
        document_id=record.id,
        case_id=record.case_id,
        name=record.name,
        media_type=record.media_type,
        sha256=record.sha256,
        status=record.state,
        version=record.version,
        newest=record.newest,
        pages=record.pages,
        chunks=record.chunks,
        warnings=record.warnings,
        error=_error(record.failure),
        original=record.original,
        created=record.created,
        ready=record.ready,
    )


def shown_erasure(certificate: ErasureCertificate) -> ErasureAnswer:
    """A certificate of erasure."""
    return ErasureAnswer(
        erasure_id=certificate.id,
        case_id=certificate.case_id,
        document_id=certificate.document,
        complete=certificate.complete,
        stores=tuple(
            ErasedStore(
                store=each.store,
                status=each.outcome,
                moment=each.moment,
                what=each.what,
                reason=each.reason,
            )
            for each in certificate.stores
        ),
    )


def shown_findings(cases: Sequence[str], before: Sequence[Finding], after: Sequence[Finding]) -> DoctorAnswer:
    """What the doctor found in these cases, and what of it is left."""
    return DoctorAnswer(
        cases=tuple(cases),
        findings=tuple(map(_finding, after)),
        mended=tuple(_finding(one) for one in before if one not in after),
    )


def _status(job: JobRecord) -> IngestStatus:
    states = {item.state for item in job.items}
    if job.ended is not None:
        return "failed" if "failed" in states else "done"
    return "queued" if states <= {"queued", "unchanged"} else "running"


def _item(item: JobItem) -> IngestItem:
    return IngestItem(
        document_id=item.document,
        name=item.name,
        version=item.version,
        status=item.state,
        pages_done=item.pages_done,
        pages_total=item.pages_total,
        chunks=item.chunks_done,
        chunks_total=item.chunks_total,
        warnings=item.warnings,
        error=_error(item.failure),
    )


def _error(failure: Failure | None) -> JobError | None:
    if failure is None:
        return None
    return JobError(type=failure.type, message=failure.message, hint=failure.hint)


def _finding(found: Finding) -> DoctorFinding:
    return DoctorFinding(
        case_id=found.case_id,
        what=found.what,
        detail=found.detail,
        how=found.repair,
        repairable=found.repair in MENDED,
    )
