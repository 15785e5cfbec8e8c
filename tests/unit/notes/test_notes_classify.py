"""The classifier: its file is checked, likelihoods sum to one, no weight rests on a figure or a name."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.errors import ConfigError
from casewright.notes.classify import CLASSES, FILE, MAGIC, NOBODY, read_model, scored, shipped
from casewright.notes.classify_features import BUCKETS, Piece, places
from casewright.notes.classify_words import MOST_WORDS, Reader, line_tokens
from casewright.notes.decision import Names
from casewright.notes.owner import decide
from casewright.notes.private_likely import FILE as PRIVATE
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


@pytest.mark.parametrize("name", [FILE, PRIVATE])
def test_the_weights_are_of_the_notes_that_are_there(name: str) -> None:
    data = resources.files("casewright.notes").joinpath(name).read_bytes()
    about = json.loads(data.split(b"\n", 2)[1])
    assert about["written"] == crc32((ROOT / "tools" / "notes_written.jsonl").read_bytes())


@pytest.mark.parametrize(
    "change",
    [
        {"scale": 0},
        {"temperature": -1},
        {"buckets": 2},
        {"classes": []},
        {"crc32": 1},
        {"follows": [[[0.0] * 5] * 5]},
        {"follows": [[[0.0] * 5] * 5, [[0.0] * 4] * 5]},
    ],
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


@given(
    lines=st.lists(st.text(max_size=80), min_size=1, max_size=6),
    heading=st.sampled_from(["none", "ours", "yours", "matters"]),
    apart=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_likelihoods_of_any_lines_sum_to_one(lines: list[str], heading: Heading, apart: bool) -> None:
    pieces = [Piece(line, heading, "Actions", apart) for line in lines]
    rules = [decide(line, heading) for line in lines]
    found = shipped().likelihoods(scored(pieces, rules, NOBODY), [one.apart for one in pieces])
    assert len(found) == len(lines)
    for line in found:
        assert len(line) == len(CLASSES)
        assert sum(line) == pytest.approx(1)
        assert all(0 <= one <= 1 for one in line)


def test_all_classes_are_summed_apart_from_each_other() -> None:
    size = len(CLASSES)
    body = bytes([127, 129, 0, 1, 255]) * BUCKETS
    whole = resources.files("casewright.notes").joinpath(FILE).read_bytes()
    changed = with_head(whole, crc32=crc32(body), scale=1.0, temperature=1.0)
    model = read_model(changed[: -BUCKETS * size] + body)
    assert model.scores([0, 1, 1, 5]) == [4 * 127, -4 * 127, 0, 4, -4]
    assert model.scores([]) == [0] * size


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rent arrears £450", "rent arrears £1,204.50"),
        ("hearing 12/5 2pm", "hearing 3/11 9.15am"),
        ("ref 20931877", "ref 11111"),
    ],
)
def test_no_weight_rests_on_a_figure(one: str, other: str) -> None:
    rule = decide("x", "none")
    first, second = (places([Piece(line)], [rule], NOBODY) for line in (one, other))
    assert first == second


def test_names_and_initials_are_persons() -> None:
    names = Names.of("Thelma Osgood", "Amina Yusuf")
    assert line_tokens("Mrs Osgood to ring", names) == ["cl", "to", "ring"]
    assert line_tokens("Mrs O: ring AY", names) == ["cl", "-", "ring", "adv"]
    assert line_tokens("TO bank to say", names)[:2] == ["cl", "bank"]
    assert line_tokens("form O is for RM", names) == ["form", "o", "is", "for", "#ini"]


def test_of_two_kinds_of_people_the_rarer_is_another() -> None:
    read = Reader(["she rang", "her rent", "he refused"], NOBODY)
    assert (read("she rang").kinds, read("he refused").kinds) == ("HP", "hP")
    assert Reader(["he refused"], NOBODY)("he refused").kinds == "HP"


def test_a_capital_tells_a_name_where_lines_begin_in_small_letters() -> None:
    read = Reader(["rent due", "asked for time", "Hollis rang"], NOBODY)
    assert read("Hollis rang").kinds == "UP"
    assert Reader(["Hollis rang", "Rent due"], NOBODY)("Hollis rang").kinds == "wP"
    assert read("rang BXQ").kinds == "PQ"


def test_a_long_line_is_read_to_a_bound() -> None:
    assert len(line_tokens("word " * 5000, NOBODY)) == MOST_WORDS


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
