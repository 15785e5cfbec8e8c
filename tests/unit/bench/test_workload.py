"""Workloads: the same everywhere, sized as promised, and no two prompts that a prefix cache could confuse."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.bench.workload import (
    TAG_SLOT,
    FromFile,
    Generated,
    Prefix,
    check_fits,
    estimate_tokens,
    resolve_workload,
)
from casewright.bench.workload_data import WORDS
from casewright.bench.workload_file import MAX_FILE_BYTES, read_own_prompts
from casewright.bench.workload_shapes import SHAPES, Stream
from casewright.engines.wire import Message
from casewright.errors import UsageError

BUILT_IN = ("short", "rag", "notes", "long:in=900", "tiny", "synthetic:in=64,out=8")


def generated(text: str, prefix: Prefix = "unique") -> Generated:
    found = resolve_workload(text, prefix=prefix)
    assert isinstance(found, Generated)
    return found


def text_of(text: str, index: int, seed: int = 1, prefix: Prefix = "unique") -> str:
    return resolve_workload(text, prefix=prefix).prompt(index, seed).messages[0].content


@pytest.mark.parametrize("text", BUILT_IN)
def test_seed_and_index_decide_everything(text: str) -> None:
    workload = resolve_workload(text)
    assert workload.prompt(7, 3) == resolve_workload(text).prompt(7, 3)
    assert workload.prompt(7, 3) == pickle.loads(pickle.dumps(workload)).prompt(7, 3)
    assert workload.prompt(7, 3) != workload.prompt(8, 3)
    assert workload.prompt(7, 3) != workload.prompt(7, 4)


def test_another_process_makes_the_same_prompts() -> None:
    code = "from casewright.bench.workload import resolve_workload as r; print(r('rag').facts(5).sha256)"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == resolve_workload("rag").facts(5).sha256


@pytest.mark.parametrize("text", BUILT_IN)
def test_a_prefix_cache_finds_nothing_when_prefixes_are_unique(text: str) -> None:
    openings = {" ".join(text_of(text, index).split()[:3]) for index in range(500)}
    assert len(openings) == 500


def test_two_workloads_do_not_open_alike() -> None:
    assert text_of("short", 0).split()[:8] != text_of("notes", 0).split()[:8]


@pytest.mark.parametrize("text", ["rag", "long:in=900"])
def test_a_shared_prefix_is_the_long_part(text: str) -> None:
    first, second = (text_of(text, index, prefix="shared") for index in (0, 2))
    common = next(i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
    assert common > 0.9 * len(first)
    assert text_of(text, 0, seed=2, prefix="shared")[:common] != first[:common]


def test_a_salt_changes_the_opening_and_nothing_else() -> None:
    plain, salted = resolve_workload("rag"), resolve_workload("rag", salt="second sitting")
    one, other = (w.prompt(4, 1).messages[0].content.split("\n", 1) for w in (plain, salted))
    assert one[0] != other[0]
    assert one[1] == other[1]
    assert plain.facts(1) == salted.facts(1)


@pytest.mark.parametrize("text", ["tiny", "synthetic:in=64,out=8"])
def test_the_template_with_a_tag_in_it_is_the_prompt(text: str) -> None:
    workload = generated(text)
    template = workload.template(9)
    assert template is not None
    tag = workload.tag(41, 9)
    assert json.loads(f'"{tag}"') == tag  # may stand in a JSON string as it is
    filled = template.messages[0].content.replace(TAG_SLOT, tag)
    assert replace(template, messages=(Message("user", filled),)) == workload.prompt(41, 9)


def test_workloads_that_differ_in_more_than_the_tag_have_no_template() -> None:
    assert generated("rag").template(1) is None
    assert generated("tiny", "shared").template(1) is None


@pytest.mark.parametrize(
    ("text", "low", "high"), [("rag", 1300, 1700), ("short", 20, 90), ("long", 5700, 6300)]
)
def test_sizes_are_about_as_promised(text: str, low: int, high: int) -> None:
    sizes = [estimate_tokens(resolve_workload(text).prompt(index, 1)) for index in range(20)]
    assert low < min(sizes) <= max(sizes) < high


@settings(deadline=None, max_examples=30)
@given(st.integers(20, 3000), st.integers(1, 500))
def test_synthetic_prompts_have_their_words(size: int, out: int) -> None:
    prompt = resolve_workload(f"synthetic:in={size},out={out}").prompt(0, 1)
    assert len(prompt.messages[0].content.split()) == size
    assert prompt.max_tokens == out


def test_the_words_are_256_different_ones() -> None:
    assert len(set(WORDS)) == 256
    assert all(word.isascii() and word.isalpha() for word in WORDS)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=20), st.integers(1, 65536))
def test_a_stream_stays_below_its_bound_and_repeats(key: str, bound: int) -> None:
    first, again = Stream(key), Stream(key)
    drawn = [first.below(bound) for _ in range(300)]
    assert drawn == [again.below(bound) for _ in range(300)]
    assert all(0 <= value < bound for value in drawn)


def test_notes_ask_for_a_schema_and_say_so() -> None:
    workload = resolve_workload("notes", max_tokens=40, ignore_eos=True)
    prompt, facts = workload.prompt(0, 1), workload.facts(1)
    assert prompt.json_schema is not None
    assert (prompt.max_tokens, prompt.ignore_eos) == (40, True)
    assert (facts.json_schema, facts.max_tokens, facts.ignore_eos, facts.prompts) == (True, 40, True, 64)


def test_facts_tell_workloads_apart() -> None:
    words = [*BUILT_IN, "rag:out=10"]
    digests = {resolve_workload(text, prefix=prefix).facts(1).sha256 for text in words for prefix in PREFIXES}
    assert len(digests) == 2 * len(words)


PREFIXES: tuple[Prefix, ...] = ("unique", "shared")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("poem", "short, rag"),
        ("rag:in=5", "rag:out=128"),
        ("synthetic:in=abc", "synthetic:in=128,out=128"),
        ("long:words=3", "long:in=128"),
        ("synthetic:in=0", "from 1 to"),
        ("missing.jsonl", "JSON Lines"),
    ],
)
def test_words_that_name_no_workload(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_workload(text)
    assert hint in caught.value.hint


def test_a_workload_beyond_the_context_is_refused_before_the_run() -> None:
    with pytest.raises(UsageError, match=r"context of 2048") as caught:
        check_fits(resolve_workload("long"), 1, 2048, "embedded")
    size = caught.value.hint.split("in=")[1].split(",")[0]
    check_fits(resolve_workload(f"long:in={size}"), 1, 2048, "embedded")
    check_fits(resolve_workload("rag"), 1, 2048, "embedded")
    check_fits(resolve_workload("synthetic:in=1800,out=64"), 1, 2048, "embedded")


def write(path: Path, *lines: object) -> Path:
    path.write_bytes(b"".join(x if isinstance(x, bytes) else json.dumps(x).encode() + b"\n" for x in lines))
    return path


def test_ones_own_prompts_come_round_again_with_new_openings(tmp_path: Path) -> None:
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
    path = write(
        tmp_path / "own.jsonl",
        {"prompt": "What?"},
        b"\n",
        {"messages": chat, "max_tokens": 7, "json_schema": {"type": "object"}, "ignore_eos": True},
    )
    unique = resolve_workload(str(path))
    shared = resolve_workload(str(path), prefix="shared")
    assert isinstance(shared, FromFile)
    assert shared.prompt(2, 1).messages == (Message("user", "What?"),)
    assert shared.prompt(1, 1).messages[0] == Message("system", "Be brief.")
    assert shared.prompt(1, 1).max_tokens == 7
    assert unique.prompt(0, 1).messages[0].content.endswith("\nWhat?")
    assert unique.prompt(0, 1) != unique.prompt(2, 1)
    facts = unique.facts(1)
    assert (facts.prompts, facts.max_tokens, facts.json_schema, facts.ignore_eos) == (2, 128, True, True)
    assert resolve_workload(str(path), max_tokens=3).prompt(1, 1).max_tokens == 3


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{broken\n", ":2: not JSON at column 2"),
        (b"\xff\n", ":2: not UTF-8 at byte 0"),
        (b"[1]\n", ":2: "),
        (b"{}\n", 'either "prompt" or "messages"'),
        (b'{"prompt": ""}\n', ":2: prompt"),
        (b'{"prompt": "a", "temperature": 1}\n', "temperature"),
        (b'{"prompt": "a", "max_tokens": 0}\n', "max_tokens"),
        (b'{"prompt": "a", "max_tokens": "9"}\n', "max_tokens"),
        (b'{"messages": [{"role": "system", "content": "x"}]}\n', "must be the user's"),
        (b"[" * 100_000 + b"\n", ":2: "),
    ],
)
def test_a_bad_line_is_named_by_its_number(tmp_path: Path, line: bytes, said: str) -> None:
    path = write(tmp_path / "own.jsonl", {"prompt": "fine"}, line)
    with pytest.raises(UsageError) as caught:
        resolve_workload(str(path))
    assert said in caught.value.message
    assert "one a line" in caught.value.hint or "UTF-8" in caught.value.hint


def test_files_that_are_too_large_or_hold_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no prompt"):
        read_own_prompts(write(tmp_path / "empty.jsonl", b"\n\n"))
    large = tmp_path / "large.jsonl"
    with large.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(UsageError, match="more than"):
        read_own_prompts(large)


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_are_prompts_or_a_usage_error(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("own") / "any.jsonl"
    path.write_bytes(raw)
    try:
        assert read_own_prompts(path)
    except UsageError as error:
        assert error.hint


def test_every_shape_has_a_bound_on_its_answer() -> None:
    assert all(shape.out > 0 for shape in SHAPES.values())
