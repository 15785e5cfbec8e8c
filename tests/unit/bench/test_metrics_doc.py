"""The documents keep up with the code: every field of a result is explained, every profile is as tabled."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from casewright.api.bench import Run
from casewright.api.compare import Comparison
from casewright.bench.profiles import PROFILES

DOCS = Path(__file__).resolve().parents[3] / "docs"


def fields(model: type[BaseModel], seen: set[type[BaseModel]]) -> set[str]:
    """Names of all fields of a model and of the models in it, as they stand in JSON."""
    seen.add(model)
    names: set[str] = set()
    for name, field in model.model_fields.items():
        names.add(field.alias or name)
        for inner in models_in(field.annotation):
            if inner not in seen:
                names |= fields(inner, seen)
    return names


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that a type speaks of, however deep in it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


@pytest.mark.parametrize("model", [Run, Comparison])
def test_every_field_is_explained(model: type[BaseModel]) -> None:
    names = fields(model, set())
    assert len(names) > 60
    text = (DOCS / "metrics.md").read_text(encoding="utf-8")
    explained = {word for code in re.findall(r"`([^`]+)`", text) for word in re.findall(r"[a-z0-9_]+", code)}
    assert names - explained == set()


def test_the_table_of_profiles_is_the_code() -> None:
    text = (DOCS / "statistics.md").read_text(encoding="utf-8")
    for p in PROFILES.values():
        if not p.decides:
            continue
        units = f"{p.pairs // p.pairs_per_unit} {'fours' if p.pairs_per_unit == 2 else 'pairs'}"
        cells = [
            p.name,
            f"{p.budget_s / 60:g} min",
            p.pairs,
            p.minimum_pairs,
            p.aa_pairs,
            f"{p.block_s:g} s",
            units,
        ]
        assert f"| {' | '.join(str(c) for c in cells)} |" in text
