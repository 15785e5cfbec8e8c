"""A soak's verdicts on records of an hour, made up here: what passes, what fails, what stays open."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from casewright.api.staging import BoxResult
from casewright.errors import UsageError
from casewright.staging.config import StageConfig
from casewright.staging.ledger import Ledger
from casewright.staging.samples import (
    Ask,
    Begin,
    End,
    GpuSample,
    HealthSample,
    Line,
    Listed,
    Plan,
    ProcessSample,
    Recorder,
    Recording,
    Sample,
    Sent,
    being_written,
    read_recording,
)
from casewright.staging.soak import seconds_in
from casewright.staging.soak_judge import SOAK_BOXES, judge_soak
from casewright.staging.soak_load import cases
from casewright.staging.soak_look import counters_of, said, setting_of, with_descriptors
from casewright.staging.soak_view import clock, progress, shown

MIB = 2**20
SERVICES = ("rag", "notes", "documents", "web")
ROUTES = {case.service: case.route for case in cases()}


@dataclass
class Hour:
    """A soak of ``seconds`` with a sample every 5 and ten requests a minute. The functions are of time."""

    seconds: float = 3600.0
    rss: Callable[[float], float] = lambda _: 100 * MIB
    fds: Callable[[float], int | None] = lambda _: 30
    pid: Callable[[float], int] = lambda _: 7
    good: Callable[[float], bool] = lambda _: True
    gpus: Callable[[float], tuple[GpuSample, ...]] = lambda _: ()
    config: Callable[[float], str] = lambda _: "c"
    ms: Callable[[float], float] = lambda _: 20.0
    digest: Callable[[float], str] = lambda _: "d"
    status: Callable[[float], int] = lambda _: 200
    extra: int = 0
    noise: float = 0.05
    seed: int = 1

    def record(self) -> Recording:
        recording, dice = Recording(), random.Random(self.seed)
        plan = Plan(duration_s=self.seconds, interval_s=5, users=5)
        recording.add(Begin(t=0, at="now", epoch=0, plan=plan))
        recording.add(Listed(t=0, pids=dict.fromkeys(SERVICES, 7), restarts=dict.fromkeys(SERVICES, 0)))
        counted: dict[tuple[str, int], int] = {}
        turn = 0
        for step in range(int(self.seconds / 5) + 1):
            t = step * 5.0
            recording.add(self._sample(t, counted, dice))
            for _ in range(0 if step % 6 else 5):
                case, turn = cases()[turn % len(cases())], turn + 1
                self._ask(recording, case.service, case.name, t, dice)
                key = (case.service, self.status(t))
                counted[key] = counted.get(key, 0) + 1
        if self.extra:
            counted["rag", 200] += self.extra
        recording.add(self._sample(self.seconds + 0.1, counted, dice))
        recording.add(End(t=self.seconds + 0.2, outcome="complete"))
        return recording

    def _sample(self, t: float, counted: dict[tuple[str, int], int], dice: random.Random) -> Sample:
        process = ProcessSample(
            pid=self.pid(t),
            created=1.0,
            rss=int(self.rss(t) + dice.gauss(0, self.noise) * MIB),
            fds=self.fds(t),
            threads=9,
            cpu_s=t / 10,
            children=0,
        )
        calm = process.model_copy(update={"rss": 100 * MIB, "fds": 30, "pid": 8})
        word = HealthSample(
            status=200 if self.good(t) else None,
            word="healthy",
            good=self.good(t),
            ms=3.0,
            config=self.config(t),
        )
        counters = {name: {"began": 1.0} for name in ROUTES}
        for (service, status), count in counted.items():
            route = f"POST {ROUTES[service]}"
            counters[service][f"{route} {status}"] = count
            timed = counters[service].get(f"timed {route}", 0)
            counters[service][f"timed {route}"] = timed + count
            if status == 200:
                counters[service]["answers"] = count
        return Sample(
            t=t,
            processes={"rag": process, "notes": calm},
            health=dict.fromkeys(SERVICES, word),
            counters=counters,
            gpus=self.gpus(t),
        )

    def _ask(self, recording: Recording, service: str, case: str, t: float, dice: random.Random) -> None:
        name = str(len(recording.sent))
        recording.add(Sent(t=t, id=name, service=service, case=case))
        status = self.status(t)
        recording.add(
            Ask(
                t=t,
                id=name,
                service=service,
                route=ROUTES[service],
                case=case,
                status=status,
                ms=self.ms(t) * dice.uniform(0.9, 1.1),
                digest=self.digest(t) if status == 200 else None,
                by="code",
            )
        )


def gpu(index: int, used: float | None) -> GpuSample:
    """One GPU with so many MiB in use."""
    return GpuSample(index=index, name="x", busy=5.0, used=used, total=16376)


def lines_of(recording: Recording) -> list[Line]:
    """Every line but for configurations."""
    found: list[Line] = [*recording.begins, *recording.listed, *recording.samples]
    return [*found, *recording.sent, *recording.asks, *recording.ends]


def verdicts(recording: Recording, folder: Path = Path("/x")) -> dict[str, BoxResult]:
    ledger = Ledger()
    judge_soak(recording, ledger)
    config = StageConfig(folder, folder, {}, ("false",))
    return {box.id.partition(".")[2]: box for box in ledger.judge(config) if box.id in SOAK_BOXES}


def statuses(recording: Recording) -> dict[str, str]:
    return {name: box.status for name, box in verdicts(recording).items()}


ALL_PASS = dict.fromkeys(("uptime", "leaks", "drift", "metrics", "restarts"), "PASS")


def test_a_quiet_hour_passes_every_box() -> None:
    found = verdicts(Hour().record())
    assert {name: box.status for name, box in found.items()} == ALL_PASS, found
    assert "60 min under watch" in found["uptime"].reason
    assert "steepest memory: " in found["leaks"].reason


def test_half_an_hour_is_not_proven_and_says_how_long_it_was() -> None:
    found = verdicts(Hour(seconds=1800).record())
    assert found["uptime"].status == found["leaks"].status == "NOT PROVEN"
    assert "30.0 min (expected 60 min)" in found["uptime"].reason
    assert "25 min after the warm-up" in found["leaks"].reason


@pytest.mark.parametrize(
    ("fault", "box", "words"),
    [
        (Hour(rss=lambda t: (100 + t / 3600 * 5) * MIB), "leaks", "rag: memory"),
        (Hour(fds=lambda t: 30 + int(t / 120)), "leaks", "rag: descriptors"),
        (Hour(pid=lambda t: 7 if t < 900 else 70), "restarts", "pid 7, then pid 70 after 900 s"),
        (Hour(pid=lambda t: 7 if t < 900 else 70), "uptime", "rag under watch"),
        (Hour(good=lambda t: not 1000 <= t <= 1030), "uptime", "longest 35.0 s (after 1000 s)"),
        (Hour(status=lambda t: 500 if 600 < t < 700 else 200), "uptime", "requests answered with 200"),
        (Hour(ms=lambda t: 20 * (1 + t / 3600)), "drift", "rag: latency"),
        (Hour(digest=lambda t: "d" if t < 1800 else "e"), "drift", "2 answers to one question"),
        (Hour(config=lambda t: "c" if t < 1800 else "e"), "drift", "configuration"),
        (Hour(extra=1), "metrics", "rag: POST /query 200"),
        (Hour(extra=-1), "metrics", "rag: answers"),
        (Hour(gpus=lambda t: (gpu(1, 8000 + t / 3600 * 400),)), "leaks", "GPU 1: memory"),
        (
            Hour(gpus=lambda t: (gpu(0, 1),) if t < 900 else (gpu(1, 8000),)),
            "uptime",
            "GPU 0: in 180 of 722 lists, not after 900 s",
        ),
    ],
)
def test_each_fault_fails_its_box(fault: Hour, box: str, words: str) -> None:
    found = verdicts(fault.record())[box]
    assert found.status == "FAIL", found.reason
    assert words in found.reason


def test_errors_that_are_counted_rightly_are_consistent() -> None:
    found = verdicts(Hour(status=lambda t: 503 if 600 < t < 700 else 200).record())
    assert found["metrics"].status == "PASS", found["metrics"].reason


def test_short_trouble_within_the_bound_is_told_and_passes() -> None:
    found = verdicts(Hour(good=lambda t: not 1000 <= t <= 1005).record())
    assert found["uptime"].status == "PASS", found["uptime"].reason


def test_a_gap_that_may_have_been_too_long_is_not_proven() -> None:
    # bad at 1000, 1005 and 1010: 15 s until the next good look, and perhaps nearly 20 from the last one
    found = verdicts(Hour(good=lambda t: not 1000 <= t <= 1010).record())["uptime"]
    assert found.status == "NOT PROVEN"
    assert "longest 15.0 s (after 1000 s), 20.0 s from a good look to the next" in found.reason


def test_a_handful_of_looks_is_no_hour_under_watch() -> None:
    recording = Hour().record()
    recording.samples[:] = recording.samples[::60]
    assert recording.watched_s == 0.0
    found = verdicts(recording)["uptime"]
    assert found.status == "NOT PROVEN"
    assert "0.0 min; 3600 s more between samples too far apart (12 times)" in found.reason


def test_what_this_user_may_not_see_of_descriptors_is_not_proven() -> None:
    found = verdicts(Hour(fds=lambda _: None).record())["leaks"]
    assert found.status == "NOT PROVEN"
    assert "rag: descriptors: not shown to this user" in found.reason


def test_descriptors_are_what_metrics_tell_where_they_are_not_shown() -> None:
    seen = ProcessSample(pid=1, created=1.0, rss=1, fds=7, threads=1, cpu_s=0.0, children=0)
    hidden = seen.model_copy(update={"fds": None})
    text = "process_max_fds 9.0\nprocess_open_fds 18.0\n"
    texts = {"rag": text, "notes": "process_open_fds 1e+02", "web": text, "documents": ""}
    given = {"rag": hidden, "notes": hidden, "web": seen, "documents": hidden, "chroma": hidden}
    found = {name: each.fds for name, each in with_descriptors(given, texts).items()}
    assert found == {"rag": 18, "notes": 100, "web": 7, "documents": None, "chroma": None}


def test_gpus_that_stay_pass_and_a_tool_that_falls_silent_proves_nothing() -> None:
    two = (gpu(0, 15000), gpu(1, None))
    found = verdicts(Hour(gpus=lambda _: (gpu(0, 15000), gpu(1, 8000))).record())
    assert {name: box.status for name, box in found.items()} == ALL_PASS, found
    assert statuses(Hour(gpus=lambda _: two).record()) == ALL_PASS | {"leaks": "NOT PROVEN"}
    silent = verdicts(Hour(gpus=lambda t: (gpu(0, 1),) if t < 1800 else ()).record())["uptime"]
    assert silent.status == "NOT PROVEN"
    assert "GPU 0: in 360 of 360 lists; no list in 362 of 722 looks" in silent.reason


def test_a_soak_that_was_cut_off_says_nothing_of_its_counters() -> None:
    recording = Hour(extra=1).record()
    recording.ends.clear()
    assert statuses(recording)["metrics"] == "NOT PROVEN"


def test_what_the_first_minutes_take_is_no_leak() -> None:
    found = verdicts(Hour(rss=lambda t: (60 + 40 * min(1.0, t / 500)) * MIB).record())
    assert found["leaks"].status == "PASS", found["leaks"].reason


def test_a_rise_that_comes_to_an_end_is_not_proven() -> None:
    found = verdicts(Hour(rss=lambda t: (60 + 40 * min(1.0, t / 1500)) * MIB).record())
    assert found["leaks"].status == "NOT PROVEN", found["leaks"].reason


def test_counters_that_began_again_prove_nothing() -> None:
    recording = Hour().record()
    last = recording.samples[-1]
    recording.samples[-1] = last.model_copy(
        update={"counters": {name: {**found, "began": 2.0} for name, found in last.counters.items()}}
    )
    assert statuses(recording)["metrics"] == "NOT PROVEN"


def test_requests_whose_end_nobody_saw_widen_what_is_expected() -> None:
    recording = Hour(extra=1).record()
    recording.add(Sent(t=3590, id="lost", service="rag", case="any"))
    found = verdicts(recording)["metrics"]
    assert found.status == "PASS", found.reason


def test_a_soak_without_a_sample_measured_nothing() -> None:
    recording = Recording()
    recording.add(Begin(t=0, at="now", epoch=0, plan=Plan(duration_s=1, interval_s=1, users=1)))
    assert set(statuses(recording).values()) == {"NOT MEASURED"}


def test_the_time_nobody_looked_is_not_time_under_watch() -> None:
    recording = Recording()
    whole = Hour().record()
    for sample in whole.samples:
        if not 1000 < sample.t <= 2000:
            if sample.t == 2005:
                recording.add(whole.begins[0].model_copy(update={"t": 2002.0}))
            recording.add(sample)
        elif not recording.begins:
            recording.add(whole.begins[0])
    recording.begins.insert(0, whole.begins[0])
    del recording.begins[1:-1]
    assert recording.gaps == [(1000.0, 2002.0)]
    assert recording.watched_s == pytest.approx(1000.0 + 3600.1 - 2005.0)
    found = verdicts(recording)["uptime"]
    assert found.status == "NOT PROVEN"
    assert "in 2 runs, 1002 s between them" in found.reason


@pytest.mark.parametrize(
    ("words", "seconds"),
    [("90", 90), ("90s", 90), ("10m", 600), ("1h", 3600), ("1h30m", 5400), ("2d", 172800), ("250ms", 0.25)],
)
def test_lengths_of_time(words: str, seconds: float) -> None:
    assert seconds_in(words, "--duration") == seconds


@pytest.mark.parametrize("words", ["", "0", "h", "-1h", "1 week", "1hx", "9999d", "nan"])
def test_what_is_no_length_of_time(words: str) -> None:
    with pytest.raises(UsageError, match="no length of time"):
        seconds_in(words, "--duration")


def test_one_soak_alone_writes_in_a_folder(tmp_path: Path) -> None:
    assert not being_written(tmp_path)
    with Recorder(tmp_path):
        assert being_written(tmp_path)
        with pytest.raises(UsageError, match="already"), Recorder(tmp_path):
            pass
    assert not being_written(tmp_path)
    with pytest.raises(UsageError, match="holds no soak"):
        read_recording(tmp_path)


def test_every_line_comes_back_as_it_was(tmp_path: Path) -> None:
    whole = Hour(seconds=60).record()
    with Recorder(tmp_path) as recorder:
        for line in lines_of(whole):
            recorder.write(line)
    again = read_recording(tmp_path)
    assert (again.samples, again.asks, again.ends) == (whole.samples, whole.asks, whole.ends)
    assert again.unread == 0


def test_counters_are_read_from_the_text_that_services_give() -> None:
    text = (
        "# HELP casewright_requests_total Requests.\n"
        'casewright_requests_total{method="POST",route="/query",status="200"} 3.0\n'
        'casewright_requests_created{method="POST",route="/query",status="200"} 1.79e+09\n'
        'casewright_request_seconds_count{method="POST",route="/query"} 3.0\n'
        'casewright_answers_total{answered_by="code",provider="a"} 1.0\n'
        'casewright_answers_total{answered_by="model",provider="a"} 2.0\n'
        "process_start_time_seconds 1.5e+09\nnonsense\nx{ NaNs\n"
    )
    assert counters_of(text) == {
        "POST /query 200": 3.0,
        "timed POST /query": 3.0,
        "answers": 3.0,
        "began": 1.5e9,
    }


def test_an_answers_digest_leaves_out_what_may_differ() -> None:
    one = {"answer": "a", "request_id": "1", "timings": {"total_ms": 1}, "pages": [{"warnings": [], "n": 1}]}
    two = {
        "answer": "a",
        "request_id": "2",
        "timings": {"total_ms": 9},
        "pages": [{"warnings": ["w"], "n": 1}],
    }
    assert said(one) == said(two) == {"answer": "a", "pages": [{"n": 1}]}


def test_the_state_of_a_service_is_not_its_setting() -> None:
    body = {"service": "rag", "uptime_s": 1, "figures": {"waiting": 1}, "limits": {"a": 1}}
    engine = {"engine": {"model": "m", "checked_s_ago": 2, "engines": [1]}}
    assert setting_of(body | engine) == {"service": "rag", "limits": {"a": 1}, "engine": {"model": "m"}}


@pytest.mark.parametrize("terminal", [True, False])
def test_the_view_tells_restarts_gaps_slopes_and_what_is_left(terminal: bool) -> None:
    recording = Hour(
        seconds=600, pid=lambda t: 7 if t < 300 else 70, good=lambda t: t != 100, status=lambda _: 500
    ).record()
    console = Console(file=StringIO(), force_terminal=terminal, width=200)
    with shown(console) as show:
        show(recording)
        show(recording)
    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    assert "0:10:00 of 0:10:00 watched" in text
    assert "1 restarts; 4 bad looks at /health" in text
    assert ("memory's slope" in text) == terminal
    assert clock(3725) == "1:02:05"
    assert "not answered with 200" in progress(recording)
