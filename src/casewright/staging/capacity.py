"""How much the stack answers within a target: a closed loop of a few users, right before a load."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from casewright.bench.stats import nearest_rank
from casewright.staging.ask import Answer, Client
from casewright.staging.load_asks import SCENARIOS, Ask

LEVELS = (1, 2, 4, 8)
SHARE = 0.7
# the pause of a user in the plan's own command
USUAL_PAUSE_S = 5.0


@dataclass(frozen=True, slots=True)
class Level:
    """One step: so many users without a pause. Milliseconds are of right answers; None: there were none.

    ``p95_ms`` is the longest where there are fewer than the twenty answers that a percentile asks for.
    """

    users: int
    seconds: float
    answered: int
    by_model: int
    failed: int
    per_second: float
    p50_ms: float | None
    p95_ms: float | None
    first_problem: str | None = None

    def holds(self, target_ms: float) -> bool:
        """Whether it was answered within the target, all of it."""
        return self.p95_ms is not None and self.p95_ms < target_ms and not self.failed


@dataclass(frozen=True, slots=True)
class Capacity:
    """The steps that were taken. ``target_ms`` bounds the 95th percentile of a step that counts."""

    levels: tuple[Level, ...]
    target_ms: float

    @property
    def best(self) -> Level | None:
        """The step within the target with the most answers a second; None: none was."""
        within = [level for level in self.levels if level.holds(self.target_ms)]
        return max(within, key=lambda level: level.per_second, default=None)

    def pause_s(self, users: int) -> float | None:
        """The think time at which so many users ask for ``SHARE`` of the capacity; None: it is unknown."""
        best = self.best
        if best is None:
            return None
        return max(0.0, users / (SHARE * best.per_second) - (best.p50_ms or 0.0) / 1000)

    def users_within(self, pause_s: float) -> int | None:
        """How many users with that think time ask for ``SHARE`` of the capacity."""
        best = self.best
        return (
            None if best is None else int(SHARE * best.per_second * (pause_s + (best.p50_ms or 0.0) / 1000))
        )

    @property
    def words(self) -> str:
        """The finding in a line."""
        best = self.best
        if best is None:
            problems = "; ".join(filter(None, (level.first_problem for level in self.levels)))
            return f"no step was answered within {self.target_ms:g} ms: {problems or 'too slow'}"
        return (
            f"{best.per_second:.2f} answers a second with {best.users} at once, p95 {best.p95_ms:.0f} ms: "
            f"{self.users_within(USUAL_PAUSE_S)} users who pause {USUAL_PAUSE_S:g} s"
        )


async def measure(
    client: Client, url: str, seconds: float, target_ms: float, tell: Callable[[str], None]
) -> Capacity:
    """Ask the model's short questions with 1, 2, 4 and 8 users at once, each for so many seconds."""
    levels = []
    for users in LEVELS:
        tell(f"capacity: {users} at once for {seconds:g} s")
        levels.append(await _level(client, url, users, seconds))
        if not levels[-1].answered:
            break  # more of them would not be answered either
    return Capacity(tuple(levels), target_ms)


async def _level(client: Client, url: str, users: int, seconds: float) -> Level:
    began = time.monotonic()
    until = began + seconds
    found = await asyncio.gather(*(_user(client, url, number, until) for number in range(users)))
    took = time.monotonic() - began
    ends = [each for one in found for each in one]
    right = [answer for answer, problem in ends if problem is None]
    problems = [problem for _, problem in ends if problem is not None]
    ms = [answer.exchange.ms or 0.0 for answer in right]
    by_model = sum(answer.json["answered_by"] == "model" for answer in right)
    return Level(
        users=users,
        seconds=round(took, 2),
        answered=len(right),
        by_model=by_model,
        failed=len(problems),
        per_second=len(right) / took,
        p50_ms=nearest_rank(ms, 0.5),
        p95_ms=nearest_rank(ms, 0.95, len(problems)) or max(ms, default=None),
        first_problem=problems[0] if problems else None,
    )


async def _user(client: Client, url: str, number: int, until: float) -> list[tuple[Answer, str | None]]:
    rng, asks = random.Random(f"capacity/{time.monotonic_ns()}/{number}"), SCENARIOS["model"]
    found: list[tuple[Answer, str | None]] = []
    while time.monotonic() < until:
        ask = asks[(number + len(found)) % len(asks)](rng)
        answer = await client.post_json(f"{url}{ask.path}", ask.body)
        found.append((answer, _problem(ask, answer)))
    return found


def _problem(ask: Ask, answer: Answer) -> str | None:
    """What is wrong with an answer, as locustfile.py judges it."""
    if answer.status != 200:
        return answer.said
    body: Any = answer.json
    try:
        return ask.problem(body) or (None if ask.told(body).by else "answered_by says nothing")
    except (LookupError, TypeError, AttributeError) as error:
        return f"not an answer of this service ({type(error).__name__})"
