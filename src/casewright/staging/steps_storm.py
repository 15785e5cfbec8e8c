"""The storm: services killed at random moments; what was acknowledged before and meanwhile must be there."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from casewright.api.staging import Exchange, Finding
from casewright.staging.acknowledged import Book, keep_writing
from casewright.staging.checklist import STORM_KILLS
from casewright.staging.checks_errors import refused
from casewright.staging.context import CannotGoOn, Context
from casewright.staging.judge import finding
from casewright.staging.stack import Listing
from casewright.staging.storm import (
    Starts,
    bound_of,
    kill,
    kill_and_wait,
    patience_of,
    started_again,
    starts_of,
    whole,
    within,
)

DATA = "resilience.data"
SEED = 20
BEFORE = 12
READ_S = 90.0
# The next kill falls within so many pauses of the traffic (2 s) after the stack was whole again...
MOMENT_PAUSES = 5.0
# ...but so often it does not wait for that, and hits another process while the first one is away.
AT_ONCE = 0.3
_KEEPERS = ("rag", "notes", "documents")
# What a service may say while another one, or it itself, is away: too much just now, or not there.
REFUSALS = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill. ``away`` are those killed before it that were not waited for.

    ``whole_after_s`` is None where the next one came at once, or where it was not in time, which ``waited_s``
    says. ``problem`` says why it was none.
    """

    name: str
    pid: int | None
    awaited: bool
    away: tuple[str, ...] = ()
    whole_after_s: float | None = None
    waited_s: float | None = None
    problem: str | None = None

    @property
    def told(self) -> str:
        """In words."""
        if self.problem is not None:
            return f"{self.name}: {self.problem}"
        if not self.awaited:
            return f"{self.name}, and another one at once"
        after = f"{self.whole_after_s:.1f} s" if self.whole_after_s is not None else "not in time"
        return f"{self.name}, whole again after {after}"


async def storm(context: Context) -> str:
    """Put things in, kill services meanwhile, then ask for everything that was acknowledged."""
    if context.config.attach:
        raise CannotGoOn("processes of a stack that was running already are not killed (--attach)")
    book = Book(context.client, context.config.services, SEED, limit_s=context.config.deadlines.request_s)
    context.tell("documents, letters and originals are put in before the storm")
    try:
        for number in range(BEFORE):
            await book.write(number)
        since = starts_of(context, await context.listing(DATA))
        before, began = book.total, time.monotonic()
        kills = await _kill_all(context, book)
        seconds = time.monotonic() - began
        found = [*_carried_out(context, kills), *await _afterwards(context, book, kills, since)]
        context.ledger.add(DATA, found)
    finally:
        context.tell("the stage's own case and originals are erased")
        left = await book.clear()
        context.ledger.seen(DATA, not_cleared=left, answers=book.answers)
    lost = sum(each.ok is False for each in found)
    told = (
        f"{len(kills)} kills in {seconds:.0f} s, {book.total} things acknowledged "
        f"({before} before the storm), " + (f"{lost} of {len(found)} checks failed" if lost else "none lost")
    )
    context.ledger.say(DATA, told)
    acknowledged = {"before the storm": before, "in all": book.total}
    context.ledger.seen(DATA, seed=SEED, kills=[asdict(kill) for kill in kills], acknowledged=acknowledged)
    return told


async def _kill_all(context: Context, book: Book) -> list[Kill]:
    """The kills one after another, at random moments, while the book is written."""
    chance, count = random.Random(SEED), context.config.kills
    # each of those that keep something is hit at least once, where there are as many kills
    first = chance.sample(_KEEPERS, len(_KEEPERS))
    writer = asyncio.create_task(keep_writing(book, context.config.deadlines.traffic_s))
    kills: list[Kill] = []
    try:
        for number in range(count):
            await asyncio.sleep(chance.uniform(0.0, MOMENT_PAUSES * context.config.deadlines.traffic_s))
            awaited = chance.random() >= AT_ONCE or number == count - 1
            away = _away(kills)
            names = first[number : number + 1] or sorted(name for name in context.pids if name not in away)
            kills.append(await _kill(context, chance.choice(names or _KEEPERS), away, awaited=awaited))
            context.tell(f"kill {number + 1} of {count}: {kills[-1].told}")
            if writer.done():
                break
    finally:
        writer.cancel()
        await asyncio.wait((writer,))
    if not writer.cancelled() and (error := writer.exception()) is not None:
        raise error
    return kills


def _away(kills: Sequence[Kill]) -> tuple[str, ...]:
    """Who was killed since the stack was last waited for, and may not be back."""
    names: list[str] = []
    for each in reversed(kills):
        if each.awaited and each.problem is None:
            break
        names.append(each.name)
    return tuple(names)


async def _kill(context: Context, name: str, away: tuple[str, ...], *, awaited: bool) -> Kill:
    found = await context.listing(DATA)
    pid = found.pids.get(name)
    if pid is None:
        why = found.problem or "casewright ps names no process to kill"
        return Kill(name, None, awaited, away, problem=why)
    if not awaited:
        return Kill(name, pid, awaited, away, problem=await kill(context, name, pid))
    took, problem = await kill_and_wait(context, name, pid, *away)
    waited_s = patience_of(context, name, *away)
    return Kill(name, pid, awaited, away, None if took is None else round(took, 2), waited_s, problem)


def _carried_out(context: Context, kills: Sequence[Kill]) -> list[Finding]:
    """All kills were carried out, and after each that was waited for the stack was whole in time."""
    wanted, done = max(context.config.kills, STORM_KILLS), [each for each in kills if each.problem is None]
    problem = next((each.told for each in kills if each.problem is not None), None)
    seen = f"{len(done)}" + (f"; {problem}" if problem else "")
    # too few, or one that could not be, is no fault of the stack, and proves nothing of it either
    held = True if problem is None and len(done) >= wanted else None
    findings = [finding("kills carried out", str(wanted), seen, held)]
    for number, each in enumerate(kills, 1):
        if each.awaited and each.problem is None:
            and_away = f" (and {', '.join(each.away)})" if each.away else ""
            what = f"kill {number}, {each.name}{and_away}: whole again"
            bound_s = bound_of(context, each.name, *each.away)
            findings.append(within(what, each.whole_after_s, bound_s, each.waited_s))
    return findings


async def _afterwards(context: Context, book: Book, kills: Sequence[Kill], since: Starts) -> list[Finding]:
    """The stack is whole, everything is read, and everything acknowledged answers; the doctor agrees."""
    names = [each.name for each in kills if each.problem is None]
    bound_s, wait_s = bound_of(context, *names), patience_of(context, *names)
    context.tell(f"the stack is whole again (at most {bound_s:g} s)")
    took = await context.until(lambda: whole(context, *context.pids), wait_s)
    found = [within("whole again after the storm", took, bound_s, wait_s)]
    found += _same_but_for_kills(context, await context.listing(DATA), since)
    context.tell(f"everything that was acknowledged is read (at most {READ_S:g} s)")
    read_s = min(READ_S, context.config.deadlines.answer_s)
    took = await context.until(book.settled, read_s)
    found.append(within("everything acknowledged is read", took, READ_S, read_s))
    context.tell(f"{book.total} acknowledged things are asked for")
    checks, exchanges = await book.check("after the storm")
    refusals, more = _refused(book)
    run = await context.stack.doctor()
    seen = run.problem or f"exit {run.exit_code} {(run.stdout + run.stderr)[-300:]}"
    context.ledger.command(DATA, run)
    context.ledger.exchange(DATA, *exchanges, *more)
    return [*found, *checks, *refusals, finding("casewright doctor", "exit 0", seen, run.exit_code == 0)]


def _same_but_for_kills(context: Context, listing: Listing, since: Starts) -> list[Finding]:
    """None was started again but after a kill of ours, so that the processes now are the right ones."""
    found = started_again(context, listing, "in the storm", since)
    context.pids.update({name: pid for name, pid in listing.pids.items() if name in context.pids})
    return found


def _refused(book: Book) -> tuple[list[Finding], list[Exchange]]:
    """What is wrong with the refusals in the storm, by the answers that say so."""
    found: list[Finding] = []
    exchanges: list[Exchange] = []
    for answer in book.refused:
        bad = [each for each in refused("refused in the storm", answer, REFUSALS) if not each.ok]
        found += bad
        exchanges += [answer.exchange] if bad else []
    return found, exchanges
