"""Every scorer against right, wrong and adversarial answers."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.bench.exam.figures import Date, read_figures
from casewright.bench.exam.items import (
    LABELS,
    FivePassages,
    Item,
    JsonItem,
    Quote,
    Rewrite,
    SinglePassage,
    Unanswerable,
    WhoDoesWhat,
    exam_items,
)
from casewright.bench.exam.prompts import NOT_IN_DOCUMENT, exam_prompt
from casewright.bench.exam.score import refuses, score
from casewright.bench.exam.words import contains

ITEMS = exam_items()
IDS = [item.id for item in ITEMS]
ASKED = [item for item in ITEMS if isinstance(item, SinglePassage | FivePassages)]
QUOTES = [item for item in ITEMS if isinstance(item, Quote)]
JSONS = [item for item in ITEMS if isinstance(item, JsonItem)]
LINES = [item for item in ITEMS if isinstance(item, WhoDoesWhat)]


def passages(item: SinglePassage | FivePassages) -> tuple[str, ...]:
    return (item.passage,) if isinstance(item, SinglePassage) else item.passages


def find(name: str) -> Item:
    return next(item for item in ITEMS if item.id == name)


@pytest.mark.parametrize("item", ITEMS, ids=IDS)
def test_sample_answers_are_judged_as_they_are(item: Item) -> None:
    if not isinstance(item, Quote | WhoDoesWhat):
        assert item.right
        assert item.wrong
    assert [(a, score(item, a).reason) for a in item.right if not score(item, a).correct] == []
    assert [a for a in item.wrong if score(item, a).correct] == []


@pytest.mark.parametrize("item", ITEMS, ids=IDS)
@pytest.mark.parametrize("empty", ["", "  \n", "...", "{}", "null", "Yes.", "\u200b"])
def test_empty_answers_are_wrong_with_a_reason(item: Item, empty: str) -> None:
    judged = score(item, empty)
    assert not judged.correct
    assert judged.reason


@pytest.mark.parametrize("item", ITEMS, ids=IDS)
def test_always_refusing_gets_the_unanswerable_right_and_nothing_else(item: Item) -> None:
    assert score(item, NOT_IN_DOCUMENT).correct == isinstance(item, Unanswerable)


@pytest.mark.parametrize("item", ITEMS, ids=IDS)
def test_repeating_the_prompt_is_wrong(item: Item) -> None:
    assert not score(item, exam_prompt(item).messages[-1].content).correct


@pytest.mark.parametrize("item", ASKED, ids=[item.id for item in ASKED])
def test_copying_the_sentence_that_answers_is_right(item: SinglePassage | FivePassages) -> None:
    source = item.passage if isinstance(item, SinglePassage) else item.passages[item.source - 1]
    sentences = re.findall(r".+?[.](?=\s+[A-Z]|$)", source)
    judged = [score(item, sentence.strip()) for sentence in sentences]
    assert any(one.correct for one in judged), [one.reason for one in judged]


@pytest.mark.parametrize("item", ASKED, ids=[item.id for item in ASKED])
def test_copying_the_whole_text_is_wrong(item: SinglePassage | FivePassages) -> None:
    assert not score(item, " ".join(passages(item))).correct


@pytest.mark.parametrize("item", ASKED, ids=[item.id for item in ASKED])
def test_every_other_figure_of_the_text_is_wrong(item: SinglePassage | FivePassages) -> None:
    figures = read_figures(" ".join(passages(item)))
    same_kind: dict[str, list[str]] = {
        "amount": [f"£{amount}" for amount in figures.amounts if str(amount) != item.expect.value],
        "date": [str(date) for date in figures.dates if not _is(date, item.expect.value)],
        "time": [f"{time} hours" for time in figures.times if str(time) != item.expect.value],
        "reference": [ref for ref in figures.references if ref != item.expect.value],
        "number": [f"{number}" for number in figures.numbers if str(number) != item.expect.value],
        "text": list(item.expect.reject),
    }
    others = [other for other in same_kind[item.expect.kind] if f"£{item.expect.value}.00" != f"{other}"]
    assert len(others) >= 2, "the text has no distractors"
    for other in others:
        assert not score(item, f"It is {other}.").correct, other
        assert not score(item, f"It is {item.expect.value} and {other}.").correct, other


def _is(date: Date, value: str) -> bool:
    return read_figures(value).dates == {date}


@pytest.mark.parametrize("item", ASKED, ids=[item.id for item in ASKED])
def test_an_invented_figure_spoils_a_right_answer(item: SinglePassage | FivePassages) -> None:
    good = item.right[0].rstrip(".")
    assert score(item, good).correct
    for extra in ("£77.77", "on 29 February 2031", "for 97 years", "ref QQ-4711", "at 3:33 am"):
        assert not score(item, f"{good}, {extra}.").correct, extra


@pytest.mark.parametrize("item", ASKED, ids=[item.id for item in ASKED])
def test_the_source_and_only_the_source_answers(item: SinglePassage | FivePassages) -> None:
    texts = passages(item)
    holds = [index for index, text in enumerate(texts, 1) if _holds(item, text)]
    assert holds == ([1] if isinstance(item, SinglePassage) else [item.source])


def _holds(item: SinglePassage | FivePassages, text: str) -> bool:
    if item.expect.kind == "text":
        return contains(text, item.expect.value)
    probe = SinglePassage(id="x", skill="single_passage", question="", passage=text, expect=item.expect)
    reason = score(probe, text).reason
    return "is not there" not in reason


@pytest.mark.parametrize("item", QUOTES, ids=[item.id for item in QUOTES])
def test_quotations(item: Quote) -> None:
    sentence = item.sentence
    assert sentence in item.passage
    assert all(word in sentence for word in item.key)
    for right in (
        sentence,
        sentence.rstrip("."),
        f'"{sentence}"',
        f"“{sentence}”",
        f"The sentence is: {sentence}",
        f'The text says "{sentence}"',
        f"  {sentence}\n",
    ):
        assert score(item, right).correct, right
    changed = sentence.replace("a", "the", 1)
    for wrong in (
        item.passage,
        changed,
        sentence.lower(),
        " ".join(reversed(sentence.split())),
        item.key[0],
        f"{sentence} And more.",
        next(s for s in re.split(r"(?<=\.)\s", item.passage) if s != sentence),
    ):
        assert not score(item, wrong).correct, wrong


@pytest.mark.parametrize("item", JSONS, ids=[item.id for item in JSONS])
def test_one_false_or_missing_or_extra_field_spoils_an_object(item: JsonItem) -> None:
    good = json.loads(item.right[0])
    assert score(item, json.dumps(good)).correct
    assert not score(item, json.dumps([good])).correct
    assert not score(item, f"Here it is: {json.dumps(good)}").correct
    assert not score(item, json.dumps(good)[:-1]).correct
    assert not score(item, json.dumps({**good, "more": 1})).correct
    for name in good:
        without = {key: value for key, value in good.items() if key != name}
        assert not score(item, json.dumps(without)).correct
        bad_values: list[object] = [None, "", 0, -1, "unknown", [], {}, [good[name]]]
        for bad in bad_values:
            assert not score(item, json.dumps({**good, name: bad})).correct, (name, bad)


def test_json_that_python_alone_would_take_is_wrong() -> None:
    item = find("json-02")
    assert not score(item, '{"landlord": "Vickers", "monthly_rent": NaN, "arrears": 1220}').correct
    twice = '{"landlord": "Vickers", "monthly_rent": 1, "monthly_rent": 610, "arrears": 1220}'
    assert not score(item, twice).correct
    assert not score(item, '{"landlord": "Vickers", "monthly_rent": 610, "arrears": true}').correct
    assert not score(item, "[" * 100_000).correct


@pytest.mark.parametrize("item", LINES, ids=[item.id for item in LINES])
def test_exactly_one_label_counts(item: WhoDoesWhat) -> None:
    for label in LABELS:
        assert score(item, json.dumps({"who": label})).correct == (label == item.label)
    assert not score(item, ", ".join(LABELS)).correct
    assert not score(item, "the landlord").correct
    spoken = {"client": "Client.", "adviser": "The advisor", "third_party": "Third party"}
    assert score(item, spoken[item.label]).correct


def test_the_labels_are_balanced_so_guessing_gets_a_third() -> None:
    assert {label: sum(item.label == label for item in LINES) for label in LABELS} == dict.fromkeys(LABELS, 4)


def test_always_the_same_label_scores_at_chance() -> None:
    for label in LABELS:
        assert sum(score(item, label).correct for item in LINES) == len(LINES) / 3


@pytest.mark.parametrize(
    "text",
    [
        "Not in the document.",
        "The passage doesn’t say.",
        "That is not stated in the text.",
        "There is no mention of it.",
        "The text does not explicitly mention the date.",
        "I don't know.",
        "It cannot be determined from the text.",
        "Passage 3 does not give it.",
    ],
)
def test_refusals_are_recognised(text: str) -> None:
    assert refuses(text)


@pytest.mark.parametrize(
    "text",
    [
        "She does not say hello to him.",
        "The rent does not include water.",
        "Not on Tuesday.",
        "He did not pay.",
    ],
)
def test_statements_with_not_are_no_refusals(text: str) -> None:
    assert not refuses(text)


def test_a_refusal_that_goes_on_to_claim_is_wrong() -> None:
    item = find("none-01")
    assert score(item, "The document does not say; it only mentions a rent of £690 a month.").correct
    assert not score(item, "The document does not say; it only mentions a deposit of £300.").correct
    assert not score(item, "The document does not say. It was £690.").correct


def test_a_rewriting_may_not_add_a_person_or_leave_shorthand() -> None:
    item = find("rewrite-01")
    assert isinstance(item, Rewrite)
    good = item.right[0]
    assert not score(item, good + " Mr Hobbs agrees.").correct
    assert not score(item, good + " Swift Loans spoke to Deborah.").correct
    assert not score(item, good.replace("month", "mth")).correct
    assert not score(item, good.rstrip(".")).correct
    assert not score(item, good[0].lower() + good[1:]).correct


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ITEMS), st.text(max_size=300))
def test_noise_is_never_right_and_never_an_exception(item: Item, text: str) -> None:
    judged = score(item, text)
    assert judged.reason
    assert not judged.correct


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([item for item in ITEMS if item.right and not isinstance(item, JsonItem)]), st.data())
def test_white_space_around_an_answer_changes_nothing(item: Item, data: st.DataObject) -> None:
    answer = data.draw(st.sampled_from(item.right + item.wrong))
    padded = data.draw(st.sampled_from(["\n", "  ", "\t\n "])) + answer + "\n"
    assert score(item, padded).correct == score(item, answer).correct
