"""Sample, summary and validity: from records to figures."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from casewright.api.bench import Lag
from casewright.bench import summary
from casewright.bench.plan import LoadPlan
from casewright.bench.record import RequestRecord
from casewright.bench.sample import Sample
from casewright.bench.summary import Generator
from casewright.bench.validity import Signs, judge

MS = 1_000_000
S = 1_000 * MS


def record(
    index: int, start_ms: float, *, ttft: float = 10, total: float = 100, late: float = 0
) -> RequestRecord:
    """A completed request: 10 tokens, sent ``late`` ms after its time, first token after ``ttft`` ms."""
    sched = round(start_ms * MS)
    send = sched + round(late * MS)
    return RequestRecord(
        index=index,
        session=0,
        process=0,
        warmup=False,
        cut=False,
        t_sched=sched,
        t_send=send,
        t_connected=send,
        t_first_byte=send + MS,
        t_first_token=send + round(ttft * MS),
        t_last_token=send + round(total * MS),
        t_end=send + round(total * MS),
        status=200,
        error=None,
        error_message=None,
        retry_after_s=None,
        reconnects=0,
        prompt_tokens=20,
        output_tokens=10,
        cached_tokens=0,
        chunks=10,
        first_chunk_tokens=1,
        chunk_gaps_ns=(10 * MS,) * 9,
        finish_reason="stop",
        text="x",
    )


def failed(index: int, start_ms: float, kind: str) -> RequestRecord:
    return replace(
        record(index, start_ms),
        error=kind,
        error_message=f"{kind} happened",
        t_first_token=None,
        t_last_token=None,
        output_tokens=None,
        prompt_tokens=None,
        cached_tokens=None,
        chunk_gaps_ns=(),
    )


def generator(**changes: object) -> Generator:
    plain = Generator(
        processes=1,
        scheduled=None,
        cpu_s=1.0,
        busiest_cpu=0.1,
        loop_lag_ms=Lag(p50=0.1, p99=0.5, max=1.0),
        max_rss_mb=50.0,
        spool_bytes=1,
        spool_dropped=0,
        interrupted=False,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


CLOSED = LoadPlan.closed(1, requests=10)


def test_one_after_the_other_gives_the_rate_and_the_latencies_put_in() -> None:
    sample = Sample.of(record(i, i * 100, ttft=10 + i) for i in range(20))
    found = summary.latencies(sample)
    assert found["ttft_ms"].p50 == pytest.approx(19)
    assert found["ttft_ms"].p95 == pytest.approx(28)
    assert found["ttft_ms"].p99 is None
    assert found["e2e_ms"].mean == pytest.approx(100)
    assert found["tpot_ms"].max == pytest.approx(10)
    speed = summary.throughput(sample)
    assert speed.requests_per_s == pytest.approx(10, rel=1e-6)
    assert speed.output_tokens_per_s == pytest.approx(100, rel=1e-6)


def test_user_latency_counts_from_the_intended_start() -> None:
    sample = Sample.of(record(i, i * 100, late=40) for i in range(10))
    found = summary.latencies(sample)
    assert found["ttft_ms"].p50 == pytest.approx(10)
    assert found["ttft_user_ms"].p50 == pytest.approx(50)


def test_failures_count_as_infinity_and_keep_their_kind() -> None:
    sample = Sample.of(
        [*(record(i, i * 100) for i in range(6)), *(failed(i, i * 100, "overloaded") for i in range(6, 20))]
    )
    counted = summary.requests(sample)
    assert (counted.attempted, counted.completed, counted.failed) == (20, 6, 14)
    assert counted.errors == {"overloaded": 14}
    assert counted.samples == ("overloaded: overloaded happened",)
    ttft = summary.latencies(sample)["ttft_ms"]
    assert ttft.p50 is None
    assert any("infinite" in note for note in ttft.notes)


def test_warm_up_and_cut_requests_are_neither_completed_nor_failed() -> None:
    sample = Sample.of(
        [
            replace(record(0, 0), warmup=True),
            record(1, 100),
            replace(record(2, 200), cut=True, error="connection_lost"),
        ]
    )
    counted = summary.requests(sample)
    assert (counted.attempted, counted.completed, counted.failed, counted.cut) == (1, 1, 0, 1)


def test_missing_usage_gives_no_token_rate_rather_than_a_low_one() -> None:
    sample = Sample.of([record(0, 0), replace(record(1, 100), output_tokens=None)])
    assert summary.throughput(sample).output_tokens_per_s is None
    assert summary.tokens(sample).usage_missing == 1


def test_nothing_completed_is_none_and_never_zero() -> None:
    sample = Sample.of([failed(0, 0, "connection_refused")])
    assert summary.throughput(sample).requests_per_s is None
    assert summary.tokens(sample).output is None
    assert summary.latencies(sample)["ttft_ms"].p50 is None


def test_achieved_rate_counts_only_what_left_on_time() -> None:
    plan = LoadPlan.open(10, "constant", requests=10)
    sample = Sample.of(record(i, i * 100, late=20 if i < 3 else 0) for i in range(10))
    rate = summary.rate(sample, plan, scheduled=10)
    assert rate.share_on_time == pytest.approx(0.7)
    assert rate.achieved == pytest.approx(7)
    arrivals = summary.arrivals(Sample.of(record(i, i * 100) for i in range(10)), plan)
    assert arrivals.gap_cv == pytest.approx(0, abs=1e-9)


def test_requests_that_were_never_sent_lower_the_achieved_rate() -> None:
    plan = LoadPlan.open(10, "constant", requests=20)
    sample = Sample.of(record(i, i * 100) for i in range(10))
    assert summary.rate(sample, plan, scheduled=20).share_on_time == pytest.approx(0.5)


def signs(**changes: object) -> Signs:
    sample = Sample.of(record(i, i * 100) for i in range(30))
    plain = summary.signs(sample, CLOSED, generator(), prefix="unique", calibration=None)
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_a_clean_run_is_valid() -> None:
    verdict = judge(signs())
    assert verdict.verdict == "VALID"
    assert verdict.warnings == ()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"on_time": 0.98}, "achieved rate"),
        ({"send_lag_ms": 6.0}, "send lag"),
        ({"loop_lag_ms": 9.0}, "event loop"),
        ({"cpu_share": 0.99}, "of a core"),
        ({"spool_dropped": 1}, "raw spool"),
        ({"interrupted": True}, "interrupted"),
        ({"completed": 0}, "none of"),
        ({"attempted": 0, "completed": 0}, "no request was sent"),
        ({"findings": ("a worker died",)}, "worker died"),
        ({"prefix_shared": True, "cached_tokens": None}, "prefix"),
        ({"cached_tokens": 4500, "prompt_tokens": 6000}, "prefix cache"),
    ],
)
def test_every_fault_makes_a_run_invalid(change: dict[str, object], word: str) -> None:
    verdict = judge(signs(**change))
    assert verdict.verdict == "INVALID"
    assert word in " ".join(verdict.reasons)


def test_a_cached_chat_template_is_no_reason() -> None:
    assert judge(signs(cached_tokens=30 * 20, prompt_tokens=30 * 60)).verdict == "VALID"


def test_the_generators_lag_is_weighed_against_what_is_timed() -> None:
    assert judge(signs(loop_lag_ms=9.9, ttft_p50_ms=1169.0)).verdict == "VALID"
    assert judge(signs(loop_lag_ms=9.9, ttft_p50_ms=500.0)).verdict == "INVALID"
    assert judge(signs(loop_lag_ms=9.9, ttft_p50_ms=None)).verdict == "INVALID"


def test_missing_calibration_is_a_warning() -> None:
    verdict = judge(signs(calibration="not calibrated"))
    assert verdict.verdict == "VALID"
    assert "not calibrated" in verdict.warnings


def test_open_loop_lag_bound_applies_to_the_p99() -> None:
    plan = LoadPlan.open(10, "constant", requests=200)
    sample = Sample.of(record(i, i * 100, late=math.floor(i / 190) * 30) for i in range(200))
    found = summary.signs(sample, plan, generator(scheduled=200), prefix="unique", calibration=None)
    assert judge(found).verdict == "INVALID"
