"""Processes that hang: each is stopped in turn; whoever asks the others must get answers in time."""

from __future__ import annotations

import time
from collections.abc import Sequence

from casewright.api.staging import Finding
from casewright.staging.acknowledged import Book
from casewright.staging.checklist import HANG_TOLD_S, RECOVERY_BOUND_S
from casewright.staging.checks_errors import refused
from casewright.staging.context import LLM_SERVICES, CannotGoOn, Context, mapping
from casewright.staging.judge import finding
from casewright.staging.storm import stopped, whole, within
from casewright.staging.storm_traffic import (
    DEADLINE_S,
    Sample,
    Traffic,
    failed,
    graceful,
    in_time,
    none_failed,
    summary,
    usual,
)

HANG = "resilience.hang"
SEED = 21
READ_S = 60.0
# The page asks each service at most this long before it says so in its own /health.
PAGE_S = 12.0


async def hang(context: Context) -> str:
    """Stop every process in turn (SIGSTOP), under traffic, and let it go on."""
    if context.config.attach:
        raise CannotGoOn("processes of a stack that was running already are not stopped (--attach)")
    first = await context.listing(HANG)
    if first.problem is not None or not first.pids:
        raise CannotGoOn(first.problem or "casewright ps names no process to stop")
    book = Book(context.client, context.config.services, SEED, limit_s=DEADLINE_S)
    words: list[str] = []
    everything: list[Sample] = []
    try:
        for name, pid in first.pids.items():
            context.tell(f"{name} hangs (SIGSTOP), with requests under way; at most {HANG_TOLD_S:g} s")
            async with Traffic(context.client, usual(context.config)) as traffic:
                words.append(await _hang(context, book, name, pid))
            context.ledger.add(HANG, _meanwhile(name, traffic.samples))
            context.ledger.seen(HANG, **{f"traffic while {name} hung": summary(traffic.samples)})
            everything += traffic.samples
    finally:
        context.ledger.seen(HANG, not_cleared=await book.clear())
    lost = f"{len(failed(everything))} of {len(everything)} requests failed"
    context.ledger.say(HANG, f"{', '.join(words)}; {lost}")
    return f"{', '.join(words)}; {lost}"


async def _hang(context: Context, book: Book, name: str, pid: int) -> str:
    findings: list[Finding] = []
    async with stopped(context, pid) as problem:
        if problem is not None:
            context.ledger.add(HANG, [finding(f"{name}: SIGSTOP", "allowed", problem, None)])
            return f"{name} not stopped"
        limit_s = min(HANG_TOLD_S, context.config.deadlines.recovery_s)
        took = await context.until(lambda: _told(context, name), limit_s)
        findings.append(within(f"{name} hangs: health tells it", took, HANG_TOLD_S, limit_s))
        if name == "documents":
            findings += await _handed_in(context, book)
    context.tell(f"{name} goes on (SIGCONT); at most {RECOVERY_BOUND_S:g} s to be healthy")
    began = time.monotonic()
    back = await context.until(lambda: whole(context, name), context.config.deadlines.recovery_s, began)
    limit_s = context.config.deadlines.recovery_s
    findings.append(within(f"{name} goes on: healthy", back, RECOVERY_BOUND_S, limit_s))
    if name == "documents" and book.papers:
        context.tell(f"the file handed in meanwhile is read (at most {READ_S:g} s)")
        await context.until(book.settled, min(READ_S, context.config.deadlines.answer_s))
        checks, exchanges = await book.check("that was handed in while the document service hung")
        findings += [check for check in checks if check.ok is not None]
        context.ledger.exchange(HANG, *exchanges)
    context.ledger.add(HANG, findings)
    told = f"told after {took:.1f} s" if took is not None else "not told"
    return f"{name} {told}"


async def _told(context: Context, name: str) -> bool:
    """Whether a health page says that this process does not answer: that of whoever needs it."""
    if name == "engine":
        answers = await context.healths()
        bodies = [mapping(answers[each].json) for each in LLM_SERVICES]
        return all(body.get("status") == "degraded" for body in bodies)
    if name == "chroma":
        answer = await context.client.get(f"{context.url('rag')}/health", timeout_s=PAGE_S)
        return answer.status is not None and mapping(mapping(answer.json).get("checks")).get(name) is False
    page = context.config.services["web"]
    if name == "web" or name not in context.config.services:
        # nobody asks it but people: they see that nothing comes
        own = context.health_url(name) or f"{page}/health"
        return (await context.client.get(own, timeout_s=context.config.deadlines.health_s)).status is None
    answer = await context.client.get(f"{page}/health", timeout_s=PAGE_S)
    return answer.status is not None and mapping(mapping(answer.json).get("checks")).get(name) is False


async def _handed_in(context: Context, book: Book) -> list[Finding]:
    """A file for a case while its reader hangs: acknowledged, or refused with a typed error, in time."""
    answer = await book.put_file()
    context.ledger.exchange(HANG, answer.exchange)
    what = "a file handed in while the document service hangs"
    if answer.status == 202:
        return [finding(what, "202, or a typed refusal", answer.said, True)]
    return refused(what, answer, {429, 503, 504})


def _meanwhile(name: str, samples: Sequence[Sample]) -> list[Finding]:
    """What the requests say: those to the stopped process can only wait, all others are answered in time."""
    others = [each for each in samples if each.service != name]
    return [
        none_failed(f"{name} hangs: requests to the others", others),
        in_time(f"{name} hangs: the others answer", others),
        graceful(f"{name} hangs: errors", samples),
    ]
