"""A model's JSON, whole, broken or cut short: what is whole is read, and nothing is ever raised."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.notes.json_read import numbers, objects, texts, words

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
ITEMS = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), max_size=5)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(ITEMS, st.integers(0, 300))
def test_what_is_whole_is_read_wherever_it_is_cut(items: list[dict[str, object]], cut: int) -> None:
    said = json.dumps({"facts": items})
    assert objects(said, "facts") == items
    found = objects(said[:cut], "facts") or []
    assert found == items[: len(found)]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet='{}[]",:\\ facts1<>think/', max_size=80))
def test_any_text_is_read_as_something(said: str) -> None:
    found = objects(said, "facts")
    assert found is None or all(isinstance(one, dict) for one in found)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ('{"facts": [{"a": "x,]"},]}', [{"a": "x,]"}]),
        ('```json\n[{"a": 1,}]\n```', [{"a": 1}]),
        ('<think>[{"b": 2}]</think>{"facts": [{"a": 1}]}', [{"a": 1}]),
        ('<think>[{"b": 2}]', None),
        ('{"facts": [{"a": 1} {"b": 2}]}', [{"a": 1}, {"b": 2}]),
        ('{"facts": [{"a": 1}, oops, {"b": 2}]}', [{"a": 1}]),
        ("no list", None),
    ],
)
def test_what_models_put_around_it(said: str, found: object) -> None:
    assert objects(said, "facts") == found


def test_values_of_the_wrong_kind_are_none() -> None:
    assert (words(None), words(" a \n b "), words(3)) == ("", "a b", "")
    assert (texts("one"), texts(["a", 2, ""]), texts({"a": 1})) == (("one",), ("a",), ())
    assert numbers([1, "2", "line 3", True, None, 1, 1.5, "x"]) == (1, 2, 3)
    assert numbers(4) == (4,)
