"""The exam's items, read from ``items/*.toml``: what is asked, what is right, and examples of both.

Everyone and everything named is invented. ``right`` and ``wrong`` are sample answers that the scorers must
judge so; they are part of the tests and not of what a model sees.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from casewright.api.qualification import ExamForm, Skill

EXAM_VERSION = "1"
SHORT_ITEMS_PER_SKILL = 3
SKILLS: tuple[Skill, ...] = get_args(Skill)
LABELS = ("client", "adviser", "third_party")
Label = Literal["client", "adviser", "third_party"]


class Data(BaseModel):
    """Base of the item models: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Expect(Data):
    """The right answer to a question.

    ``value`` is written as ``951.50`` (amount), ``2025-02-20`` (date), ``14:15`` (time), ``24`` (number, with
    its ``unit``), or words (text, reference). ``reject`` are words of the text that would be a wrong answer.
    """

    kind: Literal["amount", "date", "time", "number", "reference", "text"]
    value: str
    unit: str | None = None
    reject: tuple[str, ...] = ()


class Base(Data):
    """What every item has; ``right`` and ``wrong`` are examples for the tests."""

    id: str
    right: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


class SinglePassage(Base):
    """A question over one passage."""

    skill: Literal["single_passage"]
    question: str
    passage: str
    expect: Expect


class FivePassages(Base):
    """A question over five passages; ``source`` (from 1) is the one that answers."""

    skill: Literal["five_passages"]
    question: str
    passages: tuple[str, str, str, str, str]
    source: int
    expect: Expect


class Unanswerable(Base):
    """A question that the passages do not answer."""

    skill: Literal["unanswerable"]
    question: str
    passages: tuple[str, ...]
    reject: tuple[str, ...] = ()


class Quote(Base):
    """A question answered by quoting ``sentence`` of the passage; ``key`` are the words that matter."""

    skill: Literal["quote"]
    question: str
    passage: str
    sentence: str
    key: tuple[str, ...]


class JsonField(Data):
    """One field of a JSON answer; a ``quote`` is from passage ``source`` (from 1) and holds ``value``."""

    name: str
    kind: Literal["text", "amount", "date", "time", "number", "boolean", "choice", "quote"]
    value: str
    accept: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    source: int | None = None
    describe: str


class JsonItem(Base):
    """A JSON object from one note, or from five passages with a question."""

    skill: Literal["json_schema"]
    texts: tuple[str, ...]
    question: str | None = None
    fields: tuple[JsonField, ...]

    @property
    def schema_(self) -> dict[str, object]:
        """The JSON schema that the engine is to enforce: all fields required, no others."""
        return {
            "type": "object",
            "properties": {field.name: _field_schema(field) for field in self.fields},
            "required": [field.name for field in self.fields],
            "additionalProperties": False,
        }


class Rewrite(Base):
    """A note line to be written out; figures are read from the note, the rest is listed.

    ``keep`` are names; ``must`` are choices of words, one of each appears; ``shorthand`` must be gone.
    """

    skill: Literal["rewrite"]
    note: str
    keep: tuple[str, ...]
    must: tuple[tuple[str, ...], ...]
    shorthand: tuple[str, ...]


class WhoDoesWhat(Base):
    """Who acts in a note line."""

    skill: Literal["who_does_what"]
    line: str
    label: Label


Item = SinglePassage | FivePassages | Unanswerable | Quote | JsonItem | Rewrite | WhoDoesWhat
_FILE: TypeAdapter[list[Item]] = TypeAdapter(list[Annotated[Item, Field(discriminator="skill")]])


def _field_schema(field: JsonField) -> dict[str, object]:
    if field.kind == "choice":
        return {"type": "string", "enum": list(field.choices)}
    kinds = {"amount": "number", "number": "integer", "boolean": "boolean"}
    return {"type": kinds.get(field.kind, "string")}


@cache
def exam_items(form: ExamForm = "full") -> tuple[Item, ...]:
    """Read the items, skill after skill; ``short`` takes the first three of each.

    The short form is for a quick comparison of two engines: it proves no strategy.
    """
    items: list[Item] = []
    for skill in SKILLS:
        text = files(__package__).joinpath("items", f"{skill}.toml").read_text(encoding="utf-8")
        entries = _FILE.validate_python([{"skill": skill, **entry} for entry in tomllib.loads(text)["item"]])
        items += entries[:SHORT_ITEMS_PER_SKILL] if form == "short" else entries
    return tuple(items)


def exam_digest(items: tuple[Item, ...], prompt_digests: tuple[str, ...]) -> str:
    """sha256 over what is asked and what counts as right; examples do not change it."""
    digest = hashlib.sha256(EXAM_VERSION.encode())
    for item, prompt in zip(items, prompt_digests, strict=True):
        digest.update(item.model_dump_json(exclude={"right", "wrong"}).encode())
        digest.update(prompt.encode())
    return digest.hexdigest()
