"""A JSON answer: valid under its schema, and true in every field."""

from __future__ import annotations

import json
from decimal import Decimal

from casewright.bench.exam.figures import Clock, Date, read_figures
from casewright.bench.exam.items import JsonField, JsonItem
from casewright.bench.exam.words import contains, copied, fold, long_enough

_TITLES = ("mr", "mrs", "ms", "miss", "dr", "the")


def score_json(item: JsonItem, answer: str) -> str | None:
    """Why the answer is wrong; None if it is right.

    The engine was told to enforce the schema, so text around the object is a fault, and so is a cut object.
    """
    try:
        value = json.loads(answer, object_pairs_hook=_no_twice, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return f"is not JSON: {error}"
    if not isinstance(value, dict):
        return "is not a JSON object"
    names = {field.name for field in item.fields}
    if value.keys() != names:
        odd = sorted(value.keys() ^ names)
        return f"breaks the schema: {odd[0]!r} is {'missing' if odd[0] in names else 'not a field'}"
    faults = [fault for field in item.fields if (fault := _field_fault(field, value[field.name], item.texts))]
    return "; ".join(faults) or None


def _no_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field is there twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _field_fault(field: JsonField, value: object, texts: tuple[str, ...]) -> str | None:
    if fault := _type_fault(field, value):
        return fault
    if field.kind == "quote":
        return _quote_field_fault(field, str(value), texts)
    return None if _true(field, value) else f"{field.name} is {value!r}, not {field.value!r}"


def _type_fault(field: JsonField, value: object) -> str | None:
    """The schema's types; ``true`` is no number, though Python's bool is an int."""
    match field.kind:
        case "boolean":
            good = isinstance(value, bool)
        case "amount":
            good = isinstance(value, int | float) and not isinstance(value, bool)
        case "number":
            whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            good = whole and not isinstance(value, bool)
        case "choice":
            good = value in field.choices
        case _:
            good = isinstance(value, str)
    return None if good else f"breaks the schema: {field.name} is {value!r}"


def _true(field: JsonField, value: object) -> bool:
    match field.kind:
        case "amount" | "number":
            return Decimal(str(value)) == Decimal(field.value)
        case "boolean":
            return value is (field.value == "true")
        case "choice":
            return value == field.value
        case "date":
            return _one_date(str(value), field.value)
        case "time":
            return _one_time(str(value), field.value)
        case _:
            return _name(str(value)) in {_name(right) for right in (field.value, *field.accept)}


def _name(text: str) -> str:
    words = fold(text).split()
    return " ".join(words[1:] if words and words[0] in _TITLES else words)


def _one_date(text: str, right: str) -> bool:
    year, month, day = (int(part) for part in right.split("-"))
    return read_figures(text).dates == {Date(day, month, year)}


def _one_time(text: str, right: str) -> bool:
    hour, minute = right.split(":")
    times = list(read_figures(text).times)
    return len(times) == 1 and times[0].same(Clock(int(hour) * 60 + int(minute), sure=True))


def _quote_field_fault(field: JsonField, value: str, texts: tuple[str, ...]) -> str | None:
    """A quotation is an exact part of the passage that answers, long enough, with the words that matter."""
    if field.source is None:
        raise ValueError(f"the quote field {field.name!r} names no passage")
    source = texts[field.source - 1]
    if not value.strip():
        return f"{field.name} is empty"
    if not copied(value, source):
        return f"{field.name} is not word for word in passage {field.source}"
    if not long_enough(value, source) or not contains(value, field.value):
        return f"{field.name} leaves out what answers"
    return None
