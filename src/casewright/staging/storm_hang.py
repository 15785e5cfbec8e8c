"""Processes that hang: each is stopped in turn; whoever asks the others must get answers in time."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from casewright.api.staging import Finding
from casewright.staging.acknowledged import Book
from casewright.staging.checks_errors import refused
from casewright.staging.context import LLM_SERVICES, CannotGoOn, Context, mapping
from casewright.staging.judge import finding
from casewright.staging.storm import patience_of, started_again, starts_of, stopped, whole, within
from casewright.staging.storm_bounds import HANG_TOLD_S, RECOVERY_BOUND_S, SEARCH_HUNG_S
from casewright.staging.storm_kept import CHROMAS, Kept, kept_case
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
# The provider that a process is the engine of, by its name as a process and in the compose files.
PROVIDERS = {"engine": "embedded", "ollama": "ollama", "vllm": "vllm"}


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
        async with kept_case(context, HANG) as kept:
            for name, pid in first.pids.items():
                context.tell(f"{name} hangs (SIGSTOP), with requests under way; at most {HANG_TOLD_S:g} s")
                async with Traffic(context.client, usual(context.config)) as traffic:
                    words.append(await _hang(context, book, kept, name, pid))
                context.ledger.add(HANG, _meanwhile(name, traffic.samples))
                context.ledger.seen(HANG, **{f"traffic while {name} hung": summary(traffic.samples)})
                everything += traffic.samples
        last = await context.listing(HANG)
        context.ledger.add(HANG, started_again(context, last, "after the hangs", starts_of(context, first)))
    finally:
        context.ledger.seen(HANG, not_cleared=await book.clear())
    lost = f"{len(failed(everything))} of {len(everything)} requests failed"
    context.ledger.say(HANG, f"{', '.join(words)}; {lost}")
    return f"{', '.join(words)}; {lost}"


async def _hang(context: Context, book: Book, kept: Kept | None, name: str, pid: int) -> str:
    findings: list[Finding] = []
    teller, took = await _teller(context, name), None
    async with stopped(context, pid) as problem:
        if problem is not None:
            context.ledger.add(HANG, [finding(f"{name}: SIGSTOP", "allowed", problem, None)])
            return f"{name} not stopped"
        what = f"{name} hangs: health tells it"
        if teller is None:
            nobody = "nothing that can be asked from here needs it"
            findings.append(finding(what, "a health page that says so", nobody, None, tried=False))
        else:
            limit_s = min(HANG_TOLD_S, context.config.deadlines.recovery_s)
            took = await context.until(teller, limit_s)
            findings.append(within(what, took, HANG_TOLD_S, limit_s))
        if name == "documents":
            findings += await _handed_in(context, book)
        if kept is not None and name in CHROMAS:
            context.tell(f"a search by meaning while {name} hangs (at most {SEARCH_HUNG_S:g} s)")
            found, exchanges = await kept.asked(f"while {name} hangs", SEARCH_HUNG_S)
            findings += found
            context.ledger.exchange(HANG, *exchanges)
    context.tell(f"{name} goes on (SIGCONT); at most {RECOVERY_BOUND_S:g} s to be healthy")
    began = time.monotonic()
    limit_s = patience_of(context)
    back = await context.until(lambda: whole(context, name), limit_s, began)
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


async def _teller(context: Context, name: str) -> Callable[[], Awaitable[bool]] | None:
    """What asks whether somebody says that this process does not answer: whoever needs it, by its /health.

    Those that nobody asks but people are asked themselves: they see that nothing comes. None: they cannot be.
    """
    before = {each: mapping(answer.json) for each, answer in (await context.healths()).items()}
    if name in PROVIDERS and _in_charge(context, name, before["rag"]):
        return lambda: _engine_missed(context, before)
    if name in CHROMAS:
        return lambda: _check_fails(context, "rag", "chroma")
    if name in context.config.services and name != "web":
        return lambda: _check_fails(context, "web", name)
    own = context.health_url(name) or _published(context, name)
    return None if own is None else lambda: _silent(context, own)


def _in_charge(context: Context, name: str, body: Mapping[str, Any]) -> bool:
    """Whether the services ask this engine just now, under whichever provider's name."""
    url, own = mapping(body.get("engine")).get("url"), context.urls.get(name)
    here = isinstance(url, str) and own is not None and urlsplit(url).netloc == urlsplit(own).netloc
    return here or PROVIDERS[name] == context.provider


def _published(context: Context, name: str) -> str | None:
    """Where a container's port is on this machine."""
    places = context.config.addresses.items()
    return next((f"http://{here}/" for there, here in places if there.rpartition(":")[0] == name), None)


async def _engine_missed(context: Context, before: Mapping[str, Mapping[str, Any]]) -> bool:
    """Both text services say that they do with less, or name another provider."""
    answers = await context.healths()
    bodies = {name: mapping(answers[name].json) for name in LLM_SERVICES}
    return all(
        body.get("status") == "degraded"
        or (isinstance(other := body.get("provider"), str) and other != before[name].get("provider"))
        for name, body in bodies.items()
    )


async def _check_fails(context: Context, service: str, check: str) -> bool:
    answer = await context.client.get(f"{context.url(service)}/health", timeout_s=PAGE_S)
    return answer.status is not None and mapping(mapping(answer.json).get("checks")).get(check) is False


async def _silent(context: Context, url: str) -> bool:
    return (await context.client.get(url, timeout_s=context.config.deadlines.health_s)).status is None


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
