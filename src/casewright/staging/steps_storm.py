"""The storm: services killed at random moments; what was acknowledged before and meanwhile must be there."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import asdict, dataclass

from casewright.api.staging import Finding
from casewright.staging.acknowledged import Book, keep_writing
from casewright.staging.checklist import ENGINE_RECOVERY_BOUND_S
from casewright.staging.checks_errors import refused
from casewright.staging.context import CannotGoOn, Context
from casewright.staging.judge import finding
from casewright.staging.storm import kill, kill_and_wait, whole, within

DATA = "resilience.data"
SEED = 20
BEFORE = 12
READ_S = 90.0
# The next kill falls within so many pauses of the traffic (2 s) after the stack was whole again...
MOMENT_PAUSES = 5.0
# ...but so often it does not wait for that, and hits another process while the first one is away.
AT_ONCE = 0.3
_KEEPERS = ("rag", "notes", "documents")


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill. ``whole_after_s`` is None where the next one came at once, or where it was not in time."""

    name: str
    pid: int
    awaited: bool
    whole_after_s: float | None
    problem: str | None

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
        before, began = book.total, time.monotonic()
        kills = await _kill_all(context, book)
        seconds = time.monotonic() - began
        wrong = await _afterwards(context, book)
    finally:
        context.tell("the stage's own case and originals are erased")
        left = await book.clear()
        context.ledger.seen(DATA, not_cleared=left, answers=book.answers)
    lost = sum(found.ok is False for found in wrong)
    told = (
        f"{len(kills)} kills in {seconds:.0f} s, {book.total} things acknowledged "
        f"({before} before the storm), "
        + (f"{lost} of {len(wrong)} checks of them failed" if lost else "none lost")
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
            away = kills[-1].name if kills and not kills[-1].awaited else None
            names = first[number : number + 1] or sorted(name for name in context.pids if name != away)
            kills.append(await _kill(context, chance.choice(names), awaited=awaited))
            context.tell(f"kill {number + 1} of {count}: {kills[-1].told}")
            if writer.done():
                break
    finally:
        writer.cancel()
        await asyncio.wait((writer,))
    if not writer.cancelled() and (error := writer.exception()) is not None:
        raise error
    return kills


async def _kill(context: Context, name: str, *, awaited: bool) -> Kill:
    found = await context.listing(DATA)
    pid = found.pids.get(name)
    if pid is None:
        raise CannotGoOn(found.problem or f"casewright ps names no process of {name} to kill")
    if not awaited:
        return Kill(name, pid, awaited, None, await kill(context, pid))
    took, problem = await kill_and_wait(context, name, pid)
    return Kill(name, pid, awaited, None if took is None else round(took, 2), problem)


async def _afterwards(context: Context, book: Book) -> list[Finding]:
    """The stack is whole, everything is read, and everything acknowledged answers; the doctor agrees."""
    context.tell(f"the stack is whole again (at most {ENGINE_RECOVERY_BOUND_S:g} s)")
    took = await context.until(lambda: whole(context), ENGINE_RECOVERY_BOUND_S)
    found = [within("whole again after the storm", took, ENGINE_RECOVERY_BOUND_S)]
    listing = await context.listing(DATA)
    context.pids.update({name: pid for name, pid in listing.pids.items() if name in context.pids})
    context.tell(f"everything that was acknowledged is read (at most {READ_S:g} s)")
    read_s = min(READ_S, context.config.deadlines.answer_s)
    took = await context.until(book.settled, read_s)
    found.append(within("everything acknowledged is read", took, READ_S, read_s))
    context.tell(f"{book.total} acknowledged things are asked for")
    checks, exchanges = await book.check("after the storm")
    found += checks
    for answer in book.refused:
        assert answer.status is not None
        bad = [each for each in refused("refused in the storm", answer, {answer.status}) if not each.ok]
        found += bad
        exchanges += [answer.exchange] if bad else []
    run = await context.stack.doctor()
    seen = run.problem or f"exit {run.exit_code} {(run.stdout + run.stderr)[-300:]}"
    found.append(finding("casewright doctor", "exit 0", seen, run.exit_code == 0))
    context.ledger.command(DATA, run)
    context.ledger.exchange(DATA, *exchanges)
    context.ledger.add(DATA, found)
    return found
