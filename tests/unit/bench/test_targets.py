"""Targets: what may be written, and what evidence it takes to pass, fail, or neither."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.api.bench import TargetResult
from casewright.bench.record import RequestRecord
from casewright.bench.sample import Sample
from casewright.bench.target_spec import parse_target
from casewright.bench.targets import attained, exit_code, goodput
from casewright.errors import UsageError

MS = 1_000_000


def request(index: int, send_ms: float, e2e_ms: float | None, *, tokens: int | None = 16) -> RequestRecord:
    """A request that took ``e2e_ms`` with its first token after a tenth of it; None: it failed after 1 ms."""
    ok = e2e_ms is not None
    took = e2e_ms if e2e_ms is not None else 1.0
    send = round(send_ms * MS)
    return RequestRecord(
        index=index,
        session=0,
        process=0,
        warmup=False,
        cut=False,
        t_sched=send,
        t_send=send,
        t_connected=None,
        t_first_byte=send,
        t_first_token=send + round(took * MS / 10) if ok else None,
        t_last_token=send + round(took * MS) if ok else None,
        t_end=send + round(took * MS),
        status=200,
        error=None if ok else "overloaded",
        error_message=None,
        retry_after_s=None,
        reconnects=0,
        prompt_tokens=10,
        output_tokens=tokens if ok else None,
        cached_tokens=None,
        chunks=tokens or 1,
        first_chunk_tokens=1,
        chunk_gaps_ns=(),
        finish_reason="stop",
        text="x",
    )


def sample(times: list[float | None], *, tokens: int | None = 16, gap_ms: float = 1000) -> Sample:
    """Requests one after the other, ``gap_ms`` apart."""
    return Sample.of(request(i, i * gap_ms, t, tokens=tokens) for i, t in enumerate(times))


def noisy(n: int, mean: float, seed: int = 0) -> list[float | None]:
    """Independent times about ``mean`` milliseconds (5 %)."""
    return [float(x) for x in np.random.default_rng(seed).normal(mean, mean * 0.05, n)]


def judge(text: str, seen: Sample) -> TargetResult:
    return attained([parse_target(text)], seen)[0]


@pytest.mark.parametrize(
    ("text", "metric", "stat", "op", "bound"),
    [
        ("ttft_p95<500ms", "ttft", "p95", "<", 500),
        (" e2e_p99 <= 2s ", "e2e", "p99", "<=", 2000),
        ("TPOT_P50<50ms", "tpot", "p50", "<", 50),
        ("ttft_user_p99.9<0.5s", "ttft_user", "p99.9", "<", 500),
        ("latency_avg<500ms", "e2e", "mean", "<", 500),
        ("latency_user_p95<1s", "e2e_user", "p95", "<", 1000),
        ("throughput>100req/s", "throughput", None, ">", 100),
        ("output_tokens_per_s>200", "output_tokens_per_s", None, ">", 200),
        ("error_rate<1%", "error_rate", None, "<", 0.01),
        ("error_rate<0.01", "error_rate", None, "<", 0.01),
        ("goodput>=90%", "goodput", None, ">=", 0.9),
        ("concurrency>=50", "concurrency", None, ">=", 50),
        ("throughput_ratio>=5x", "throughput_ratio", None, ">=", 5),
    ],
)
def test_what_may_be_written(text: str, metric: str, stat: str | None, op: str, bound: float) -> None:
    spec = parse_target(text)
    assert (spec.metric, spec.stat, spec.op) == (metric, stat, op)
    assert spec.bound == pytest.approx(bound)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not a target"),
        ("ttft_p95", "is not a target"),
        ("ttft_p95<fast", "is not a target"),
        ("ttft_p95==5ms", "is not a target"),
        ("ttft_p95<-5ms", "is not a target"),
        ("ttft_p95<500", "has no unit"),
        ("ttft_p95<500min", "unknown unit 'min'"),
        ("throughput>100ms", "unknown unit 'ms'"),
        ("ttft<500ms", "names no statistic"),
        ("ttft_p100<500ms", "unknown statistic"),
        ("ttft_p0<500ms", "unknown statistic"),
        ("ttft_median<500ms", "unknown statistic"),
        ("speed>9", "unknown metric"),
        ("error_rate<0%", "nothing can show"),
        ("error_rate<100%", "nothing can show"),
    ],
)
def test_a_wrong_word_is_a_usage_error_that_names_the_form(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        parse_target(text)
    assert "ttft_p95<500ms" in caught.value.hint


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30) | st.from_regex(r"[a-z_0-9]{1,12}[<>]=?[0-9.]{1,5}[a-z/%]{0,5}", fullmatch=True))
def test_any_words_are_a_target_or_a_usage_error(text: str) -> None:
    try:
        spec = parse_target(text)
    except UsageError as error:
        assert error.hint
    else:
        assert spec.bound > 0
        assert parse_target(spec.text) == spec


def test_percentiles_pass_fail_and_stay_open() -> None:
    seen = sample(noisy(100, 400))
    assert judge("e2e_p95<500ms", seen).status == "PASS"
    assert judge("e2e_p95<0.3s", seen).status == "FAIL"
    near = judge("e2e_p95<435ms", seen)
    assert near.status == "NOT PROVEN"
    assert "lies across" in near.reason
    assert near.low is not None
    assert near.high is not None
    assert near.low < 435 < near.high
    assert "on this hardware" in judge("e2e_p95<0.3s", seen).reason


def test_a_percentile_needs_enough_requests_to_pass_but_not_to_fail() -> None:
    few = judge("e2e_p95<500ms", sample(noisy(58, 100)))
    assert (few.status, few.high) == ("NOT PROVEN", None)
    assert "at least 59 independent requests" in few.reason
    assert judge("e2e_p95<500ms", sample(noisy(59, 100, seed=3))).high is not None
    ten = judge("e2e_p95<500ms", sample(noisy(10, 5000)))
    assert (ten.status, ten.observed) == ("FAIL", None)
    assert judge("e2e_p50<500ms", sample(noisy(10, 100))).status == "PASS"


def test_values_come_in_the_unit_that_was_written() -> None:
    seen = judge("e2e_p50<2s", sample(noisy(30, 1000)))
    assert seen.unit == "s"
    assert seen.observed == pytest.approx(1.0, rel=0.05)
    share = judge("error_rate<10%", sample([*noisy(99, 100), None]))
    assert share.unit == "%"
    assert share.observed == pytest.approx(1.0)


def test_failures_are_infinitely_slow() -> None:
    half = judge("e2e_p50<500ms", sample([*noisy(20, 100), *[None] * 40]))
    assert (half.status, half.observed) == ("FAIL", None)
    lost = judge("e2e_p95<500ms", sample([None] * 20))
    assert lost.status == "FAIL"
    assert judge("e2e_max<500ms", sample([*noisy(20, 100), None])).status == "FAIL"
    mean = judge("e2e_mean<500ms", sample([*noisy(20, 100), None]))
    assert mean.status == "NOT PROVEN"
    assert "leaves out 1 failed" in mean.reason


def test_requests_that_move_together_are_fewer_than_they_seem() -> None:
    """One slow minute of 30 is one event, not 30."""
    together: list[float | None] = [*noisy(70, 100), *noisy(70, 300, seed=1)]
    rng = np.random.default_rng(5)
    mixed: list[float | None] = [together[int(i)] for i in rng.permutation(140)]
    assert judge("e2e_p50<320ms", sample(mixed)).status == "PASS"
    held = judge("e2e_p95<330ms", sample(together))
    assert held.status == "NOT PROVEN"
    assert "independent" in held.reason


def test_the_mean_and_the_greatest() -> None:
    seen = sample(noisy(10, 400))
    mean = judge("latency_mean<500ms", seen)
    assert mean.status == "PASS"
    assert mean.low is not None
    assert mean.high is not None
    assert mean.observed is not None
    assert mean.low < mean.observed < mean.high < 500
    assert judge("latency_mean<350ms", seen).status == "FAIL"
    assert judge("latency_max<500ms", seen).status == "PASS"
    assert judge("latency_min>500ms", seen).status == "FAIL"
    one = judge("latency_mean<500ms", sample([100.0]))
    assert one.status == "NOT PROVEN"


def test_an_error_rate_needs_299_requests_without_failure() -> None:
    twenty = judge("error_rate<1%", sample(noisy(20, 100)))
    assert twenty.status == "NOT PROVEN"
    assert "299" in twenty.reason
    assert judge("error_rate<1%", sample([100.0] * 298)).status == "NOT PROVEN"
    assert judge("error_rate<1%", sample([100.0] * 299)).status == "PASS"
    assert judge("error_rate<1%", sample([*[100.0] * 50, *[None] * 10])).status == "FAIL"
    assert judge("error_rate<1%", sample([*[100.0] * 299, None])).status == "NOT PROVEN"


def test_throughput_by_parts_of_the_steady_window() -> None:
    rng = np.random.default_rng(8)
    sends = np.cumsum(rng.exponential(10, 3000))  # 100 a second for 30 s
    seen = Sample.of(request(i, float(t), 50.0) for i, t in enumerate(sends))
    fast = judge("throughput>80req/s", seen)
    assert fast.status == "PASS"
    assert fast.observed == pytest.approx(100, rel=0.06)
    assert judge("throughput>130req/s", seen).status == "FAIL"
    assert judge("requests_per_s>100", seen).status == "NOT PROVEN"
    assert judge("output_tokens_per_s>1300tok/s", seen).status == "PASS"
    assert judge("output_tokens_per_s>1600", seen).status == "NOT PROVEN"


def test_throughput_without_a_steady_window_is_not_proven() -> None:
    at_once = Sample.of(request(i, 0.0, 100.0) for i in range(50))
    assert judge("throughput>1", at_once).status == "NOT PROVEN"
    assert "no steady window" in judge("throughput>1", at_once).reason


def test_what_was_not_measured_says_why() -> None:
    silent = sample(noisy(30, 100), tokens=None)
    assert judge("output_tokens_per_s>10", silent).status == "NOT MEASURED"
    assert judge("tpot_p50<50ms", silent).status == "NOT MEASURED"
    assert judge("e2e_p50<50ms", Sample()).status == "NOT MEASURED"
    assert judge("latency_ratio>=5x", silent).status == "NOT MEASURED"
    assert judge("goodput>90%", silent).status == "NOT MEASURED"


def test_concurrency_counts_completed_requests_in_flight() -> None:
    at_once = Sample.of(request(i, 0.0, 100.0) for i in range(50))
    assert judge("concurrency>=50", at_once).status == "PASS"
    assert judge("concurrency>=51", at_once).status == "FAIL"
    assert judge("concurrency>=2", sample([1000.0] * 5)).status == "FAIL"


def test_goodput_counts_requests_that_meet_every_time_target() -> None:
    seen = sample([*[100.0] * 80, *[900.0] * 10, *[None] * 10])
    specs = [parse_target(t) for t in ("e2e_p95<500ms", "ttft_p95<50ms", "goodput>70%")]
    result = attained(specs, seen)[2]
    assert result.status == "PASS"
    assert result.observed == pytest.approx(80.0)
    share = goodput(["e2e_p95<500ms"], seen)
    assert share is not None
    assert share.value == pytest.approx(0.8)
    assert goodput(["error_rate<1%"], seen) is None


def test_exit_codes() -> None:
    good, bad = judge("concurrency>=1", sample([1.0])), judge("concurrency>=9", sample([1.0]))
    open_, unseen = judge("error_rate<1%", sample([1.0])), judge("goodput>9%", sample([1.0]))
    assert exit_code([]) == 0
    assert exit_code([good]) == 0
    assert exit_code([good, open_]) == 2
    assert exit_code([good, unseen]) == 2
    assert exit_code([open_, bad, good]) == 1
    assert exit_code([bad], valid=False) == 3
    assert exit_code([bad], valid=False, reachable=False) == 4
