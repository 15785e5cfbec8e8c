"""The exam as a whole: answers in, qualification out; rules, storage, comparison, report."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from scipy import stats as sps

from casewright.api.bench import Machine
from casewright.api.qualification import (
    ExamForm,
    Qualification,
    SkillScore,
    load_qualification,
    qualification_key,
    qualification_path,
)
from casewright.bench.exam.compare import compare_quality, mcnemar_exact
from casewright.bench.exam.exam import ExamAnswer, exam_prompts, run_exam
from casewright.bench.exam.items import SKILLS, Item, JsonItem, Quote, WhoDoesWhat, exam_items
from casewright.bench.exam.prompts import NOT_IN_DOCUMENT
from casewright.bench.exam.report import comparison_lines, markdown_report, terminal_report, wrong_examples
from casewright.bench.exam.store import store_qualification
from casewright.bench.exam.strategy import CHANCE, NEEDED, RULES, chosen, decide
from casewright.bench.stats import wilson
from casewright.bench.workload import Prompt
from casewright.errors import MeasurementError, StorageError, UsageError
from casewright.values import EngineIdentity

IDENTITY = EngineIdentity(kind="embedded", name="a test engine", model="m", digest="sha256:1")
MACHINE = Machine(python="3.11", casewright="0")
NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)


def right(item: Item) -> str:
    """A right answer to any item."""
    if isinstance(item, Quote):
        return item.sentence
    if isinstance(item, WhoDoesWhat):
        return json.dumps({"who": item.label})
    return item.right[0]


def sit(
    answer: Callable[[Item], str | ExamAnswer],
    form: ExamForm = "full",
    identity: EngineIdentity = IDENTITY,
) -> Qualification:
    """Let a made-up pupil sit the exam."""

    def ask(prompts: Sequence[Prompt]) -> Sequence[ExamAnswer]:
        assert prompts == exam_prompts(form)
        given = [answer(item) for item in exam_items(form)]
        return [one if isinstance(one, ExamAnswer) else ExamAnswer(one, None, 0.5, 100, 10) for one in given]

    return run_exam(ask, identity, machine=MACHINE, form=form, now=NOW)


def failing(*ids: str) -> Callable[[Item], str]:
    """Right everywhere but at ``ids``."""
    return lambda item: "" if item.id in ids else right(item)


def test_full_marks_allow_everything() -> None:
    result = sit(right)
    assert all(item.correct for item in result.items), [i.reason for i in result.items if not i.correct]
    assert result.strategy == "structured"
    assert result.uses == {"answer": "structured", "letter": "structured"}
    assert all(score.allowed and score.above_chance for score in result.skills)
    assert all(rule.met for rule in result.rules)
    assert result.created_at == "2025-06-01T12:00:00+00:00"
    assert result.seconds == pytest.approx(33.0)


def test_saying_not_in_the_document_to_everything_is_extractive() -> None:
    result = sit(lambda _: NOT_IN_DOCUMENT)
    assert {score.skill: score.correct for score in result.skills if score.correct} == {"unanswerable": 9}
    assert result.strategy == "extractive"
    assert result.strategy_for("answer") == "extractive"


def test_a_model_that_only_answers_single_passages_and_refuses_is_plain() -> None:
    able = {"single_passage", "unanswerable"}
    result = sit(lambda item: right(item) if item.skill in able else "no idea")
    assert result.strategy == "plain"
    assert result.uses == {"answer": "plain", "letter": "extractive"}


def test_a_model_that_never_refuses_is_not_asked() -> None:
    result = sit(lambda item: "It is £690." if item.skill == "unanswerable" else right(item))
    assert result.strategy == "extractive"
    plain = next(rule for rule in result.rules if rule.use is None and rule.strategy == "plain")
    assert [need.reason for need in plain.requirements if not need.met] == [
        "unanswerable 0/9, lower bound 0.00, needs 0.50"
    ]


def test_one_label_for_all_is_told_as_guessing() -> None:
    result = sit(lambda item: "client" if item.skill == "who_does_what" else right(item))
    labels = result.score("who_does_what")
    assert labels.correct == labels.items / 3
    assert not labels.above_chance
    assert "who_does_what is not told from guessing" in markdown_report(result)
    assert result.strategy_for("letter") == "plain"


def test_scores_carry_wilson_intervals_seconds_and_tokens() -> None:
    score = sit(failing("five-01", "five-02")).score("five_passages")
    assert score.share == wilson(7, 9)
    assert score.median_seconds == 0.5
    assert (score.prompt_tokens, score.output_tokens) == (900, 90)


def test_an_item_without_an_answer_is_an_error_and_wrong_though_its_text_is_right() -> None:
    def answer(item: Item) -> str | ExamAnswer:
        return ExamAnswer(right(item), error="total_timeout") if item.id == "single-01" else right(item)

    result = sit(answer)
    score = result.score("single_passage")
    assert (score.correct, score.errors) == (8, 1)
    assert score.prompt_tokens is None
    assert result.items[0].reason == "no complete answer: total_timeout"
    assert result.items[0].seconds is None
    assert any("1 of 66 items" in note for note in result.notes)


def test_an_engine_that_answers_nothing_gives_no_result() -> None:
    with pytest.raises(MeasurementError, match="connection_refused"):
        sit(lambda _: ExamAnswer("", error="connection_refused"))


def test_too_few_answers_give_no_result() -> None:
    with pytest.raises(MeasurementError, match="1 answers to 66"):
        run_exam(lambda _: [ExamAnswer("x")], IDENTITY, machine=MACHINE)


def test_the_short_form_has_three_items_a_skill_and_decides_nothing() -> None:
    result = sit(right, "short")
    assert [score.items for score in result.skills] == [3] * len(SKILLS)
    assert {item.label for item in exam_items("short") if isinstance(item, WhoDoesWhat)} == {
        "client",
        "adviser",
        "third_party",
    }
    assert result.strategy is None
    assert result.strategy_for("answer") == "extractive"


def test_prompts_are_short_and_the_exam_has_its_digest() -> None:
    prompts = exam_prompts()
    assert len(prompts) == 66
    assert max(prompt.max_tokens for prompt in prompts) <= 96
    assert max(sum(len(m.content.split()) for m in prompt.messages) for prompt in prompts) <= 150
    first, again = sit(right), sit(lambda _: "x")
    assert first.exam == again.exam
    assert first.exam.sha256 != sit(right, "short").exam.sha256
    assert len({item.prompt_sha256 for item in first.items}) == 66


def test_schemas_go_with_the_prompts_that_need_them() -> None:
    for item, prompt in zip(exam_items(), exam_prompts(), strict=True):
        assert (prompt.json_schema is not None) == (item.skill in ("json_schema", "who_does_what"))
        if isinstance(item, JsonItem):
            assert json.dumps(prompt.json_schema)


def _score(skill: str, correct: int, items: int) -> SkillScore:
    share = wilson(correct, items)
    assert share is not None
    name = next(known for known in SKILLS if known == skill)
    return SkillScore(
        skill=name,
        correct=correct,
        items=items,
        errors=0,
        share=share,
        chance=CHANCE[name],
        above_chance=share.low > CHANCE[name],
        needed=NEEDED[name],
        allowed=share.low >= NEEDED[name],
        median_seconds=None,
        prompt_tokens=None,
        output_tokens=None,
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=7, max_size=7), st.integers(0, 6))
def test_a_better_score_never_takes_a_strategy_away(correct: list[int], which: int) -> None:
    order = ("extractive", "plain", "structured")
    better = [min(9, c + 1) if i == which else c for i, c in enumerate(correct)]
    before, after = (
        decide([_score(skill, c, 9) for skill, c in zip(SKILLS, counts, strict=True)])
        for counts in (correct, better)
    )
    for use in (None, "answer", "letter"):
        assert order.index(chosen(after, use)) >= order.index(chosen(before, use))


def test_a_bound_lies_above_chance_and_rules_name_known_skills() -> None:
    assert set(NEEDED) == set(CHANCE) == set(SKILLS)
    assert all(NEEDED[skill] > CHANCE[skill] for skill in SKILLS)
    assert {skill for rule in RULES for skill in rule.skills} == set(SKILLS)


def test_a_stored_qualification_is_read_back_by_the_engine_it_belongs_to(tmp_path: Path) -> None:
    result = sit(failing("quote-01"))
    path = store_qualification(result, tmp_path)
    assert path == tmp_path / "qualifications" / f"{result.key}.json"
    assert load_qualification(tmp_path, IDENTITY) == result
    renamed = IDENTITY.model_copy(update={"name": "another name", "version": "9"})
    assert load_qualification(tmp_path, renamed) == result
    for other in ({"digest": "sha256:2"}, {"kind": "vllm"}):
        assert load_qualification(tmp_path, IDENTITY.model_copy(update=other)) is None
    assert json.loads(path.read_text())["schema"] == "casewright.qualification/1"


def test_storing_again_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    store_qualification(sit(right), tmp_path)
    path = store_qualification(sit(failing("quote-01")), tmp_path)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    stored = load_qualification(tmp_path, IDENTITY)
    assert stored is not None
    assert stored.score("quote").correct == 8


def test_without_a_digest_the_name_stands_in_and_the_result_says_so() -> None:
    nameless = IDENTITY.model_copy(update={"digest": None})
    assert qualification_key(nameless) != qualification_key(nameless.model_copy(update={"model": "n"}))
    assert any("digest" in note for note in sit(right, identity=nameless).notes)


def test_the_short_form_is_not_stored(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        store_qualification(sit(right, "short"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_file_is_an_error_and_a_place_that_cannot_be_written_too(tmp_path: Path) -> None:
    path = qualification_path(tmp_path, IDENTITY)
    path.parent.mkdir()
    path.write_text('{"schema": "casewright.qualification/1"')
    with pytest.raises(StorageError, match="is not a casewright"):
        load_qualification(tmp_path, IDENTITY)
    with pytest.raises(StorageError, match="cannot write"):
        store_qualification(sit(right), path)


@pytest.mark.parametrize(("a", "b"), [(0, 0), (1, 0), (5, 0), (6, 0), (0, 6), (10, 3), (7, 7)])
def test_mcnemar_is_the_two_sided_binomial_test(a: int, b: int) -> None:
    smaller = 2 * float(sps.binom.cdf(min(a, b), a + b, 0.5)) if a + b else 1.0
    assert mcnemar_exact(a, b) == pytest.approx(min(1.0, smaller))


def test_a_worse_engine_is_seen_and_one_item_is_not_a_difference() -> None:
    good = sit(right)
    six = sit(failing(*(f"five-0{n}" for n in range(1, 7))))
    five = sit(failing(*(f"five-0{n}" for n in range(1, 6))))
    assert compare_quality(good, six).verdict == "B WORSE"
    assert compare_quality(six, good).verdict == "A WORSE"
    assert compare_quality(good, five).verdict == "NO DIFFERENCE SHOWN"
    worse = compare_quality(good, six)
    assert (worse.both_right, worse.only_a_right, worse.only_b_right, worse.both_wrong) == (60, 6, 0, 0)
    assert worse.same_text == 60
    assert worse.changed == tuple(f"five-0{n}" for n in range(1, 7))
    assert any("five_passages 9 to 3 of 9" in line for line in comparison_lines(worse))


def test_the_same_answers_are_no_difference() -> None:
    result = compare_quality(sit(right), sit(right))
    assert (result.p_value, result.same_text, result.changed) == (1.0, 66, ())


def test_full_and_short_exams_share_the_short_ones_items() -> None:
    assert compare_quality(sit(right), sit(right, "short")).items == 21


def test_exams_of_different_versions_are_not_compared() -> None:
    a = sit(right)
    other = a.model_copy(update={"exam": a.exam.model_copy(update={"version": "0"})})
    with pytest.raises(UsageError, match="share no exam item"):
        compare_quality(a, other)


def test_reports_show_scores_reasons_and_wrong_answers() -> None:
    result = sit(lambda item: "a | [b]\nc" if item.skill == "rewrite" else right(item))
    text = markdown_report(result)
    assert "| rewrite | 0/9 | 0.00 (0.00 to 0.30) | 0.00 | 0.50 | no |" in text
    assert "- strategy: plain (answer: structured, letter: extractive)" in text
    assert "rewrite 0/9, lower bound 0.00, needs 0.50" in text
    assert "`a \\| [b] c`" in text
    assert [item.id for item in wrong_examples(result, 2)] == ["rewrite-01", "rewrite-02"]
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(terminal_report(result))
    shown = console.export_text()
    assert "strategy: plain" in shown
    assert "a | [b] c" in shown
