"""Load on the three services, with every answer checked: a wrong or an empty answer is a failure.

    locust -f locustfile.py --host=http://localhost:8003 -u 50 -r 10 --run-time 5m

``--host`` is the RAG service; notes (8100) and documents (8101) are taken to be on the same host, or where
NOTES_URL and DOCUMENTS_URL say. CASEWRIGHT_API_KEY is sent as the bearer key when set. Runs without locust's
own page unless an option asks for it (``--autostart``, ``--web-port``, ...). See docs/load-testing.md.
"""

from __future__ import annotations

import json
import math
import os
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from locust import HttpUser, events, task
from locust.runners import WorkerRunner

from casewright.staging.load_asks import SCENARIOS, Ask, Told, with_strategy

REQUEST_S = 90.0  # longer than a service's own queue and engine deadlines: it should answer first
LONGEST_PAUSE_S = 30.0
IMPATIENT_S = 1.0  # in an overload users come back sooner than they were asked to, so that it stays one
ANSWERED = ("model", "extractive")
OUTCOMES = (*ANSWERED, "shed", "failed")
NOBODY = Told(None)


@dataclass
class Tally:
    """Milliseconds of every request by what was asked and what came of it, and why requests failed.

    ``origins`` counts right answers by provider and model, ``tokens`` are of those that a model was asked for
    (prompt, output), ``statuses`` counts HTTP statuses (0: no answer).
    """

    times: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    origins: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    tokens: list[tuple[int, int]] = field(default_factory=list)

    def add(self, name: str, outcome: str, ms: float, reason: str, *, status: int, told: Told) -> None:
        """Count one request."""
        self.times.setdefault((name, outcome), []).append(ms)
        self.statuses[str(status)] += 1
        if reason:
            self.reasons[f"{name}: {reason}"] += 1
        if outcome in ANSWERED:
            self.origins[f"{told.provider or 'no provider'}/{told.model or 'no model'}"] += 1
            if told.output_tokens:
                self.tokens.append((told.prompt_tokens or 0, told.output_tokens))

    def take(self) -> dict[str, Any]:
        """Everything since the last take, in a form that travels from a worker to its master."""
        told = {
            "times": [[name, outcome, list(ms)] for (name, outcome), ms in self.times.items()],
            "counters": [dict(counter) for counter in self._counters()],
            "tokens": list(self.tokens),
        }
        self.times.clear()
        self.tokens.clear()
        for counter in self._counters():
            counter.clear()
        return told

    def _counters(self) -> tuple[Counter[str], ...]:
        return self.reasons, self.origins, self.statuses

    def merge(self, told: dict[str, Any]) -> None:
        """Add what a worker told."""
        for name, outcome, ms in told["times"]:
            self.times.setdefault((name, outcome), []).extend(ms)
        for mine, theirs in zip(self._counters(), told["counters"], strict=True):
            mine.update(theirs)
        self.tokens.extend((prompt, output) for prompt, output in told["tokens"])

    def count(self, *outcomes: str, name: str | None = None) -> int:
        """How many requests came to one of these ends."""
        return sum(
            len(ms) for (asked, end), ms in self.times.items() if end in outcomes and name in (None, asked)
        )

    def row(self, name: str) -> dict[str, Any]:
        """One line of the table; the percentiles are of answered requests, None where there are none."""
        ms = sorted(t for end in ANSWERED for t in self.times.get((name, end), ()))
        counts = {outcome: self.count(outcome, name=name) for outcome in OUTCOMES}
        return {**counts, "p50_ms": rank(ms, 0.50), "p95_ms": rank(ms, 0.95)}


def rank(ordered: list[float], share: float) -> float | None:
    """The value that ``share`` of an ordered list does not exceed."""
    if not ordered:
        return None
    return round(ordered[math.ceil(share * len(ordered)) - 1], 1)


TALLY = Tally()
_TOLD: dict[str, Any] = {}
_WORKERS: set[str] = set()


def verdict(tally: Tally, max_failures: float, max_shed: float) -> list[str]:
    """Why the run does not pass; empty when it does."""
    sent, failed, shed = tally.count(*OUTCOMES), tally.count("failed"), tally.count("shed")
    found = []
    if not tally.count(*ANSWERED):
        found.append("nothing was answered")
    if sent and failed / sent > max_failures:
        found.append(f"{failed} of {sent} requests failed ({failed / sent:.1%}; bound {max_failures:.1%})")
    if sent and shed / sent > max_shed:
        found.append(f"{shed} of {sent} requests were shed ({shed / sent:.1%}; bound {max_shed:.1%})")
    return found


def report(
    tally: Tally, problems: list[str], bounds: dict[str, float], run: dict[str, Any]
) -> dict[str, Any]:
    """The run as JSON; ``run`` is what was asked for and how it was carried out."""
    names = sorted({name for name, _ in tally.times})
    return {
        "schema": "casewright.load/1",
        "passed": not problems,
        "problems": problems,
        "bounds": bounds,
        "run": run,
        "total": {outcome: tally.count(outcome) for outcome in OUTCOMES},
        "requests": {name: tally.row(name) for name in names},
        "reasons": dict(tally.reasons.most_common()),
        "origins": dict(tally.origins),
        "statuses": dict(tally.statuses),
        "model_asked": len(tally.tokens),
        "prompt_tokens": spread([prompt for prompt, _ in tally.tokens]),
        "output_tokens": spread([output for _, output in tally.tokens]),
        "times": [[name, outcome, ms] for (name, outcome), ms in tally.times.items()],
    }


def spread(values: list[int]) -> dict[str, float | None]:
    """Median, 95th percentile and greatest; None where there are none."""
    ordered = [float(value) for value in sorted(values)]
    return {"p50": rank(ordered, 0.5), "p95": rank(ordered, 0.95), "max": rank(ordered, 1.0)}


def table(told: dict[str, Any]) -> str:
    """The report for a terminal."""
    heads = (*OUTCOMES, "p50 ms", "p95 ms")
    lines = [f"{'answers checked':<28}" + "".join(f"{head:>12}" for head in heads)]
    for name, row in told["requests"].items():
        cells = (f"{'-' if value is None else value:>12}" for value in row.values())
        lines.append(f"{name:<28}" + "".join(cells))
    lines.append(f"{'all':<28}" + "".join(f"{told['total'][outcome]:>12}" for outcome in OUTCOMES))
    lines += [f"  {count} x {reason}" for reason, count in list(told["reasons"].items())[:10]]
    lines += [f"NOT PASSED: {problem}" for problem in told["problems"]] or ["PASSED"]
    return "\n".join(lines)


# ---- the users


def service_url(host: str, service: str, environ: dict[str, str]) -> str:
    """Where a service is: ``host`` for rag and the gateway; others by their variable, or their port there."""
    given = {"notes": environ.get("NOTES_URL"), "documents": environ.get("DOCUMENTS_URL")}.get(service)
    if service in ("rag", "gateway") or given:
        return (given or host).rstrip("/")
    parts = urlsplit(host)
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{name}:{8100 if service == 'notes' else 8101}"


def judge(ask: Ask, status: int, headers: Any, text: str) -> tuple[str, str, Told]:
    """What came of a request: an outcome, why where it was not answered rightly, and who answered."""
    if status in (429, 503) and headers.get("Retry-After"):
        return "shed", "", NOBODY
    if status != 200:
        return "failed", f"HTTP {status}", NOBODY
    try:
        answer = json.loads(text)
        problem = ask.problem(answer)
        told = ask.told(answer)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        return "failed", f"not an answer of this service ({type(error).__name__})", NOBODY
    if problem is not None:
        return "failed", problem, told
    return (told.by, "", told) if told.by else ("failed", "answered_by is neither model nor code", told)


class Caseworker(HttpUser):
    """Asks, waits, asks again: questions, notes, a document, each with figures of its own."""

    started = 0

    def wait_time(self) -> float:
        """Seconds between requests: around ``--pause``, never in step with the others."""
        pause: float = self.environment.parsed_options.pause
        return random.uniform(0.6, 1.4) * pause

    def on_start(self) -> None:
        """Take a number, which decides this user's figures and where in the list it begins."""
        cls = type(self)
        self.number, cls.started, self.turn = cls.started, cls.started + 1, 0
        self.rng = random.Random(f"{os.getpid()}/{self.number}")
        key = os.environ.get("CASEWRIGHT_API_KEY")
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}
        options = self.environment.parsed_options
        if options.scenario == "model":  # fifty at once would be an overload, and this is to be none
            time.sleep(random.uniform(0.0, options.pause))

    @task
    def next_ask(self) -> None:
        """Send one request and judge its answer."""
        options = self.environment.parsed_options
        asks = SCENARIOS[options.scenario]
        ask = with_strategy(asks[(self.number + self.turn) % len(asks)](self.rng), options.strategy)
        self.turn += 1
        url = service_url(self.host or "", ask.service, dict(os.environ)) + ask.path
        files = {"file": ask.file} if ask.file else None
        with self.client.post(
            url,
            name=ask.name,
            json=ask.body,
            files=files,
            headers=self.headers,
            timeout=REQUEST_S,
            allow_redirects=False,
            catch_response=True,
        ) as response:
            status = response.status_code or 0
            outcome, reason, told = judge(ask, status, response.headers or {}, response.text or "")
            if not status:
                reason = type(response.error).__name__ if response.error else "no answer"
            ms = response.request_meta["response_time"] or 0.0
            if outcome in ANSWERED:
                response.success()
            else:  # locust knows two ends only; a shed request is not a success
                response.failure(reason or outcome)
        TALLY.add(ask.name, outcome, ms, reason, status=status, told=told)
        if outcome == "shed":  # sleep is gevent's: locust replaced it on import
            longest_s = IMPATIENT_S if options.scenario == "overload" else LONGEST_PAUSE_S
            time.sleep(shed_pause(response.headers["Retry-After"], longest_s))


def shed_pause(retry_after: str, longest_s: float) -> float:
    """Seconds that a service asked to be left alone, within reason."""
    return min(float(retry_after), longest_s) if re.fullmatch(r"[0-9]{1,9}", retry_after) else 1.0


# ---- locust's hooks, put in place at the end


def share(text: str) -> float:
    """A number from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError(f"{text} is not from 0 to 1")
    return value


def _options(parser: Any) -> None:
    group = parser.add_argument_group("Casewright")
    group.add_argument("--scenario", choices=tuple(SCENARIOS), default="answers", help="What is asked")
    group.add_argument("--strategy", choices=("auto", "plain"), default="auto", help="plain asks the model")
    group.add_argument("--pause", type=float, default=5.0, help="Mean seconds between a user's requests")
    group.add_argument("--max-failures", type=share, default=0.01, help="Share that may fail in a pass")
    group.add_argument("--max-shed", type=share, default=0.10, help="Share that may be shed in a pass")
    if not any(word.startswith(("--web", "--autostart", "--class-picker")) for word in sys.argv):
        parser.set_defaults(headless=True)  # the plan's command is to run, not to wait for a click


def _to_master(client_id: str, data: dict[str, Any]) -> None:
    data["casewright"] = TALLY.take()


def _from_worker(client_id: str, data: dict[str, Any]) -> None:
    _WORKERS.add(client_id)
    if "casewright" in data:
        TALLY.merge(data["casewright"])


def _decide(environment: Any) -> None:
    if isinstance(environment.runner, WorkerRunner):
        return
    options = environment.parsed_options
    bounds = {"max_failures": options.max_failures, "max_shed": options.max_shed}
    problems = verdict(TALLY, options.max_failures, options.max_shed)
    total = environment.stats.total
    run = {
        **{name: getattr(options, name) for name in ("scenario", "strategy", "pause", "host")},
        "users": options.num_users,
        "ramp": options.spawn_rate,
        "seconds": round((total.last_request_timestamp or total.start_time) - total.start_time, 2),
        "workers": len(_WORKERS),
    }
    _TOLD.update(report(TALLY, problems, bounds, run))
    environment.process_exit_code = 1 if problems else 0
    path = os.environ.get("CASEWRIGHT_LOAD_JSON")
    if path:
        Path(path).write_text(json.dumps(_TOLD, indent=1) + "\n", encoding="utf-8")


def _show(exit_code: int) -> None:
    if _TOLD:
        sys.stdout.write("\n" + table(_TOLD) + "\n")


HOOKS: Any = events  # untyped in locust
HOOKS.init_command_line_parser.add_listener(_options)
HOOKS.report_to_master.add_listener(_to_master)
HOOKS.worker_report.add_listener(_from_worker)
HOOKS.quitting.add_listener(_decide)
HOOKS.quit.add_listener(_show)
