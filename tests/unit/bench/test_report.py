"""Reports: the verdict comes first, everything foreign is escaped, and nothing is loaded from anywhere."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from casewright.api.bench import Distribution, Run, TargetResult, Validity
from casewright.api.compare import Comparison
from casewright.bench.blocks import METRICS, Design
from casewright.bench.compare import compare
from casewright.bench.plan import LoadPlan
from casewright.bench.profiles import PROFILES
from casewright.bench.rehearsal import Pace, Rehearsal, target
from casewright.bench.report import comparison_report, run_report
from casewright.bench.report_compare import comparison_view
from casewright.bench.report_html import POLICY, comparison_html, run_html
from casewright.bench.report_svg import blocks_in_time, histogram, latency_ranges, pair_ratios
from casewright.bench.report_view import latency_table, number, observed, run_sentence
from casewright.bench.workload import resolve_workload

NASTY = "<script>alert('x')</script>\"&[red]bold[/red]"


def a_run(plan: LoadPlan | None = None, pace: Pace | None = None, name: str = "rehearsal") -> Run:
    measure = Rehearsal({"one": pace or Pace(0.1)})
    load = plan or LoadPlan.closed(4, requests=200)
    return measure(target("one", name=name), load, resolve_workload("short")).run


def a_comparison(b_seconds: float, spread: float = 0.05, metric: str = "output_tokens_per_s") -> Comparison:
    measure = Rehearsal({"one": Pace(0.1, spread=spread), "two": Pace(b_seconds, spread=spread)})
    profile = replace(PROFILES["quick"])
    design = Design(profile, METRICS[metric], 0.05, 1, LoadPlan.closed(2, requests=4))
    return compare(
        target("one", digest="1"),
        target("two", digest="1"),
        design,
        lambda salt: resolve_workload("short", salt=salt),
        measure,
    )


@pytest.fixture(scope="module")
def faster() -> Comparison:
    return a_comparison(0.15)


@pytest.fixture(scope="module")
def open_question() -> Comparison:
    return a_comparison(0.106, spread=0.4)


def printed(report: RenderableType, width: int = 120) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, _environ={}).print(report)
    return stream.getvalue()


def first_line(report: RenderableType) -> str:
    return printed(report, width=400).splitlines()[0].rstrip()


class Page(HTMLParser):
    """What a page holds: its tags with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def harmless(html: str) -> Page:
    page = Page(html)
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "iframe", "link", "img", "object", "embed", "form", "base", "image", "use"}
    for _, attributes in page.tags:
        assert not any(name.startswith("on") or name in ("href", "src", "style") for name in attributes)
    policies = [a["content"] for t, a in page.tags if t == "meta" and a.get("http-equiv")]
    assert policies == [POLICY]
    assert "url(" not in html
    assert "@import" not in html
    return page


def test_a_run_begins_with_its_verdict_in_one_sentence() -> None:
    line = first_line(run_report(a_run()))
    assert re.match(
        r"VALID  200 of 200 requests completed in [\d.]+ s; [\d.]+ requests/s, .*first token after", line
    )


def test_an_invalid_run_says_so_before_any_figure() -> None:
    run = a_run().model_copy(update={"validity": Validity(verdict="INVALID", reasons=("the disk was full",))})
    lines = printed(run_report(run)).splitlines()
    assert lines[0].startswith("INVALID")
    assert any("do not use these figures" in line for line in lines[:5])
    assert "- the disk was full" in printed(run_report(run))


def test_nothing_measured_is_a_dash_and_never_zero() -> None:
    dead = a_run(pace=Pace(0.1, dead_after=0))
    assert run_sentence(dead) == "0 of 200 requests completed."
    text = printed(run_report(dead))
    assert "requests/s over the whole window" in text
    assert re.search(r"requests/s over the whole window +–", text)
    assert "connection refused" in text


def test_a_percentile_that_n_does_not_support_is_a_dash_with_its_reason() -> None:
    table = latency_table(a_run(LoadPlan.closed(1, requests=10)))
    assert table.rows[0][table.columns.index("p95")] == "–"
    assert "P95 not printed: needs 20 requests, have 10" in table.notes


def test_an_open_loop_leads_with_what_users_wait() -> None:
    run = a_run(LoadPlan.open(20.0, requests=200))
    assert "as the user waits" in run_sentence(run)
    assert latency_table(run).rows[0][0] == "first token, as the user waits"
    assert "achieved of requested" in printed(run_report(run))


@pytest.mark.parametrize(
    ("statuses", "badge"),
    [(["PASS"], "PASS"), (["PASS", "FAIL"], "FAIL"), (["PASS", "NOT PROVEN"], "NOT PROVEN")],
)
def test_targets_decide_the_first_word(statuses: list[Any], badge: str) -> None:
    targets = tuple(TargetResult(expression="ttft_p95<500ms", status=s, reason="because") for s in statuses)
    run = a_run().model_copy(update={"targets": targets})
    assert first_line(run_report(run)).startswith(f"{badge}  ")
    assert "because" in printed(run_report(run))


def test_what_an_engine_calls_itself_is_text_in_the_terminal() -> None:
    assert "[red]bold[/red]" in printed(run_report(a_run(name=NASTY)), width=300)


def test_what_an_engine_calls_itself_is_text_in_the_page() -> None:
    page = harmless(run_html(a_run(name=NASTY)))
    assert NASTY in page.text


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=60))
def test_any_name_is_only_text(name: str) -> None:
    harmless(run_html(a_run(LoadPlan.closed(1, requests=2), name=name)))


def test_a_page_tells_what_the_terminal_tells() -> None:
    run = a_run(LoadPlan.closed(4, requests=40))
    page = harmless(run_html(run, [100.0 + i for i in range(40)]))
    assert run_sentence(run) in page.text
    assert "try --requests 100" in page.text
    assert [tag for tag, _ in page.tags].count("svg") == 2


def test_the_winner_is_named_with_ratio_interval_and_margin(faster: Comparison) -> None:
    line = first_line(comparison_report(faster))
    assert line.startswith("A FASTER  A (one) is 1.5")
    assert "x faster than B (two) on output tokens/s: 95% interval 1." in line
    assert line.endswith("wholly beyond the margin of 5%.")


def test_when_b_wins_the_ratio_is_turned_round() -> None:
    line = first_line(comparison_report(a_comparison(0.05)))
    assert re.match(r"B FASTER  B \(two\) is [12]\.\d\dx faster than A \(one\)", line)
    low, high = map(float, re.findall(r"(\d\.\d\d)x", line)[1:])
    assert 1.5 < low <= high < 2.5


def test_equivalence_is_said_as_such() -> None:
    view = comparison_view(a_comparison(0.1, spread=0.01))
    assert view.badge == "EQUIVALENT"
    assert "equivalent on output tokens/s" in view.verdict
    assert "wholly within the margin of 5%" in view.verdict


def test_not_proven_says_how_many_more_pairs(open_question: Comparison) -> None:
    view = comparison_view(open_question)
    more = open_question.verdict.more_pairs
    assert view.badge == "NOT PROVEN"
    assert view.tone == "open"
    assert more is not None
    wanted = f"About {more.pairs} more pair" if more.pairs else more.reason[1:]
    assert wanted in view.verdict


def test_a_stack_comparison_says_what_differs(faster: Comparison) -> None:
    parity = faster.parity.model_copy(
        update={"label": "stack comparison", "differs": ("quantization differs: A Q4_1, B F32",)}
    )
    text = printed(comparison_report(faster.model_copy(update={"parity": parity})))
    assert "A stack comparison, not one of engines alone: quantization differs: A Q4_1, B F32." in text


def test_an_invalid_comparison_gives_its_reasons(faster: Comparison) -> None:
    invalid = Validity(verdict="INVALID", reasons=("B's prompts were truncated",))
    text = printed(comparison_report(faster.model_copy(update={"validity": invalid})))
    assert text.startswith("INVALID")
    assert "B's prompts were truncated" in text


def test_the_page_of_a_comparison_shows_pairs_and_blocks(faster: Comparison) -> None:
    page = harmless(comparison_html(faster))
    assert [tag for tag, _ in page.tags].count("svg") == 2
    assert comparison_view(faster).verdict in page.text
    chart = pair_ratios(faster)
    assert chart.count("<circle") == faster.plan.pairs
    assert 'class="band"' in chart
    assert 'class="interval"' in chart


def test_the_pairs_chart_turns_latencies_round() -> None:
    chart = pair_ratios(a_comparison(0.15, metric="e2e_p50_ms"))
    band = re.search(r'class="band" x="([\d.]+)"', chart)
    dots = [float(x) for x in re.findall(r'<circle class="a" cx="([\d.]+)"', chart)]
    assert band is not None
    assert min(dots) > float(band[1])  # A has the lower latency, so it is better: to the right


def test_charts_without_data_are_left_out(faster: Comparison) -> None:
    empty = faster.model_copy(update={"blocks": ()})
    assert pair_ratios(empty) == blocks_in_time(empty) == ""
    assert histogram([1.0] * 9, "few") == ""
    nothing = Distribution(n=0)
    bare = a_run().model_copy(update={"ttft_ms": nothing, "e2e_ms": nothing, "tpot_ms": nothing})
    assert latency_ranges(bare) == ""
    assert "<svg" not in run_html(bare)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.floats(1e-3, 1e7), min_size=10, max_size=80))
def test_a_histogram_counts_every_value_inside_its_frame(values: list[float]) -> None:
    chart = histogram(values, "any")
    places = [float(x) for x in re.findall(r'<rect class="a" x="([\d.]+)"', chart)]
    assert places
    assert 149 <= min(places) <= max(places) <= 760


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.00"), (0.0123, "0.0123"), (4.5678, "4.57"), (78.91, "78.9"), (1234.5, "1,234")],
)
def test_figures_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_observations_carry_their_interval() -> None:
    seen = TargetResult(
        expression="x", status="PASS", observed=7.25, low=5.5, high=9.55, unit="x", reason="measured"
    )
    assert observed(seen) == "7.25x (5.50 to 9.55)"
    assert observed(seen.model_copy(update={"high": None})) == "7.25x (5.50 to ∞)"
    assert observed(seen.model_copy(update={"observed": None})) == "–"
    count = seen.model_copy(update={"observed": 64.0, "low": 64.0, "high": 64.0, "unit": ""})
    assert observed(count) == "64"
