"""The classifier: its file is checked, likelihoods sum to one, no weight rests on a figure or a name."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.errors import ConfigError
from casewright.notes.classify import CLASSES, FILE, MAGIC, likelihoods, read_model, shipped
from casewright.notes.classify_features import BUCKETS, MOST_WORDS, buckets, line_tokens
from casewright.notes.decision import Names
from casewright.notes.owner import decide
from casewright.notes.place import NOBODY
from casewright.notes.read import Heading

ROOT = Path(__file__).resolve().parents[3]
MOST_BYTES = 400 * 1024


@pytest.fixture(scope="module")
def whole() -> bytes:
    return resources.files("casewright.notes").joinpath(FILE).read_bytes()


def with_head(data: bytes, **changed: object) -> bytes:
    head, _, body = data.removeprefix(MAGIC).partition(b"\n")
    return MAGIC + json.dumps(json.loads(head) | changed).encode() + b"\n" + body


def test_the_shipped_file_is_small_and_read_once(whole: bytes) -> None:
    assert len(whole) <= MOST_BYTES
    assert len(read_model(whole).rows) == BUCKETS
    assert shipped() is shipped()


@pytest.mark.parametrize(
    "change", [{"scale": 0}, {"temperature": -1}, {"buckets": 2}, {"classes": []}, {"crc32": 1}]
)
def test_a_head_of_another_kind_is_refused(whole: bytes, change: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="classifier") as refused:
        read_model(with_head(whole, **change))
    assert refused.value.hint


def test_a_damaged_file_is_refused(whole: bytes) -> None:
    for data in (b"", b"x" + whole, whole[:-1], MAGIC, MAGIC + b"[]\n", MAGIC + b"\xff\n", MAGIC + b"{}\n"):
        with pytest.raises(ConfigError):
            read_model(data)
    swapped = bytearray(whole)
    swapped[-1] ^= 1
    with pytest.raises(ConfigError):
        read_model(bytes(swapped))


@given(line=st.text(max_size=200), heading=st.sampled_from(["none", "ours", "yours", "matters"]))
@settings(max_examples=60, deadline=None)
def test_likelihoods_of_any_line_sum_to_one(line: str, heading: Heading) -> None:
    found = likelihoods(line, heading, decide(line, heading), NOBODY)
    assert len(found) == len(CLASSES)
    assert sum(found) == pytest.approx(1)
    assert all(0 <= one <= 1 for one in found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rent arrears £450", "rent arrears £1,204.50"),
        ("hearing 12/5 2pm", "hearing 3/11 9.15am"),
        ("ref 20931877", "ref 11111"),
    ],
)
def test_no_weight_rests_on_a_figure(one: str, other: str) -> None:
    first, second = (line_tokens(line, frozenset(), frozenset()) for line in (one, other))
    assert first == second
    assert buckets(first, "none", "r", "") == buckets(second, "none", "r", "")


def test_names_and_initials_are_persons() -> None:
    names = Names.of("Thelma Osgood", "Amina Yusuf")
    assert line_tokens("Mrs Osgood to ring", names.client, names.adviser) == ["cl", "to", "ring"]
    assert line_tokens("Mrs O: ring AY", names.client, names.adviser) == ["cl", "-", "ring", "adv"]
    assert line_tokens("TO bank to say", names.client, names.adviser)[:2] == ["cl", "bank"]
    assert line_tokens("form O is for RM", names.client, names.adviser) == ["form", "o", "is", "for", "#ini"]


def test_a_long_line_is_read_to_a_bound() -> None:
    assert len(line_tokens("word " * 5000, frozenset(), frozenset())) == MOST_WORDS


def test_the_same_seed_makes_the_same_lines() -> None:
    told = (
        "from tools.notes_sample import Sampler\n"
        "for one in Sampler(7).samples(300): print(one.label, one.fold, one.heading, one.text, sep=chr(9))"
    )
    first, second = (
        subprocess.run(
            [sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    )
    assert first == second
    rows = [row.split("\t") for row in first.splitlines()]
    assert {row[0] for row in rows} == {str(place) for place in range(len(CLASSES))}
    assert len({row[1] for row in rows}) == 5
    assert not any("{" in row[3] for row in rows)
