"""The steps that ask: end to end with golden cases, and requests that must be refused."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path

from casewright.staging import checks_documents, checks_notes, checks_rag
from casewright.staging.ask import Upload
from casewright.staging.checks_errors import refused
from casewright.staging.context import Context, mapping
from casewright.staging.golden import FILES, MODEL_NOTES, MODEL_QUERY, NOTES, QUERIES, FileCase
from casewright.staging.judge import finding
from casewright.staging.steps_start import same_processes

LARGE_BODY = 100 * 1024 * 1024
CORRECT = "functional.correct"
ERRORS = "resilience.errors"
_ROUTES = {"rag": "/query", "notes": "/convert", "documents": "/process"}


async def end_to_end(context: Context) -> str:
    """The plan's three calls and the golden cases."""
    await _queries(context)
    await _conversions(context)
    await _uploads(context)
    uploads = len(files(context.config.sample))
    return f"{len(QUERIES) + 1} queries, {len(NOTES) + 1} conversions, {uploads} uploads"


async def _queries(context: Context) -> None:
    ledger, limit = context.ledger, context.config.deadlines.answer_s
    for case in (*QUERIES, MODEL_QUERY):
        answer = await context.client.post_json(f"{context.url('rag')}/query", case.body, timeout_s=limit)
        found, findings = checks_rag.works(case, answer, context.provider)
        ledger.exchange("functional.rag", answer.exchange)
        ledger.exchange(CORRECT, answer.exchange)
        ledger.add("functional.rag", findings)
        if found is not None and case is MODEL_QUERY:
            ledger.say("functional.rag", findings[-1].seen)
        if found is None:
            ledger.add(CORRECT, [finding(case.name, "an answer to judge", answer.said, False)])
        else:
            ledger.add(CORRECT, checks_rag.correct(case, found))


async def _conversions(context: Context) -> None:
    ledger, limit = context.ledger, context.config.deadlines.answer_s
    for case in (*NOTES, MODEL_NOTES):
        answer = await context.client.post_json(f"{context.url('notes')}/convert", case.body, timeout_s=limit)
        found, findings = checks_notes.works(case, answer, context.provider)
        ledger.exchange("functional.notes", answer.exchange)
        ledger.exchange(CORRECT, answer.exchange)
        ledger.add("functional.notes", findings)
        if found is not None and case is MODEL_NOTES:
            ledger.say("functional.notes", findings[-1].seen)
        if found is None:
            ledger.add(CORRECT, [finding(case.name, "a letter to judge", answer.said, False)])
        else:
            ledger.add(CORRECT, checks_notes.correct(case, found))


async def _uploads(context: Context) -> None:
    ledger, limit = context.ledger, context.config.deadlines.answer_s
    for case in files(context.config.sample):
        url = f"{context.url('documents')}/process"
        answer = await context.client.post_file(url, case.upload, timeout_s=limit)
        found, findings = checks_documents.works(case, answer)
        ledger.exchange("functional.documents", answer.exchange)
        ledger.exchange(CORRECT, answer.exchange)
        ledger.add("functional.documents", findings)
        if found is None:
            ledger.add(CORRECT, [finding(case.name, "text to judge", answer.said, False)])
        else:
            ledger.add(CORRECT, checks_documents.correct(case, found))


def files(sample: Path | None) -> tuple[FileCase, ...]:
    """The golden files; a sample of the user's is uploaded too, with nothing known of its words."""
    if sample is None:
        return FILES
    own = Upload(sample.name, sample.read_bytes(), "application/pdf")
    return (*FILES, replace(FILES[0], name=f"{sample.name} as it lies here", upload=own, pages=None))


async def errors(context: Context) -> str:
    """Requests that must be refused, then the services must be the same processes and alive."""
    keys = await _keys_asked(context)
    for service, route in _ROUTES.items():
        await _refusals(context, service, f"{context.url(service)}{route}", keys=keys)
    found = await context.listing(ERRORS)
    context.ledger.add(ERRORS, same_processes(context, found, "afterwards"))
    for service in _ROUTES:
        answer = await context.client.get(f"{context.url(service)}/live")
        context.ledger.exchange(ERRORS, answer.exchange)
        alive = answer.status == 200
        context.ledger.add(ERRORS, [finding(f"{service} alive afterwards", "/live: 200", answer.said, alive)])
    return f"{len(_ROUTES)} services, 6 kinds of bad request each"


async def _keys_asked(context: Context) -> bool:
    """Whether the services look at keys at all; they do, unless their settings say that they do not."""
    run = await context.stack.settings_shown()
    found: object = None
    with contextlib.suppress(ValueError):
        found = json.loads(run.stdout)
    auth = mapping(mapping(mapping(found).get("settings")).get("CASEWRIGHT_AUTH"))
    context.ledger.seen(ERRORS, auth=auth.get("value"))
    return auth.get("value") != "none"


async def _refusals(context: Context, service: str, url: str, *, keys: bool) -> None:
    client = context.client
    health = await client.get(f"{context.url(service)}/health")
    limit = mapping(mapping(health.json).get("limits")).get("max_body_bytes")
    large = max(LARGE_BODY, limit + 1 if isinstance(limit, int) else 0)
    wrong_types = b'{"query": 7, "documents": "no list", "notes": [], "client_name": {}}'
    seconds = context.config.deadlines.answer_s
    if service == "documents":
        broken = await client.post_raw(url, b"--other\r\n", media_type="multipart/form-data; boundary=one")
        no_pdf = Upload("damaged.pdf", b"%PDF-1.4\nnothing of a PDF", "application/pdf")
        damaged = [("a damaged PDF", await client.post_file(url, no_pdf, timeout_s=seconds), {422})]
    else:
        broken, damaged = await client.post_raw(url, b'{"query": '), []
    # the document service takes no JSON at all; the others must say which kind of wrong it is
    unread = {400, 415, 422} if service == "documents" else {422}
    cases = [
        ("a broken body", broken, {400, 422} if service == "documents" else {400}),
        ("missing fields", await client.post_raw(url, b"{}"), unread),
        ("wrong types", await client.post_raw(url, wrong_types), unread),
        ("an unknown route", await client.get(f"{context.url(service)}/no-such-route"), {404}),
        ("a wrong key", await client.post_raw(url, b"{}", token="cw_00000000_wrong"), {401}),
        ("a body of 100 MB", await client.post_zeros(url, large, timeout_s=seconds), {413}),
        *damaged,
    ]
    for name, answer, statuses in cases:
        context.ledger.exchange(ERRORS, answer.exchange)
        asked = keys or 401 not in statuses or answer.status == 401
        if not asked:
            seen = "no key is looked at here (CASEWRIGHT_AUTH=none)"
            context.ledger.add(ERRORS, [finding(f"{service}: {name}", "401", seen, None, tried=False)])
        # without its key it is a body without its fields
        context.ledger.add(ERRORS, refused(f"{service}: {name}", answer, statuses if asked else unread))
