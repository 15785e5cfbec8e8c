"""The prompts a run sends: deterministic in (seed, index), shaped like the product's own.

Built in: ``short`` (a question), ``rag`` (instruction, five passages, question: about 1.5k tokens), ``notes``
(notes to a letter's facts under a JSON schema), ``long`` (a case file, ``in=6000`` tokens unless
told), ``tiny`` and ``synthetic`` (words by the count, for load). One's own prompts come from a JSON Lines
file.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from casewright.api.bench import WorkloadFacts
from casewright.bench.workload_file import OwnMessage, OwnPrompt, read_own_prompts
from casewright.bench.workload_shapes import SHAPES, TOKENS_PER_WORD, Shape, Stream, constant_body, tag_words
from casewright.engines.wire import Message
from casewright.errors import UsageError

Prefix = Literal["unique", "shared"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request's content. ``ignore_eos`` asks for exactly ``max_tokens`` where the engine can."""

    messages: tuple[Message, ...]
    max_tokens: int
    json_schema: Mapping[str, Any] | None = None
    ignore_eos: bool = False


class Workload(Protocol):
    """A source of prompts; the same (seed, index) gives the same prompt in every process and run."""

    @property
    def name(self) -> str:
        """The workload's name, as given on the command line."""
        ...

    def prompt(self, index: int, seed: int) -> Prompt:
        """The prompt of the request at ``index`` of the schedule."""
        ...

    def facts(self, seed: int) -> WorkloadFacts:
        """What identifies the workload in a result."""
        ...


TAG_SLOT = "@@tag@@"
"""Where ``Generated.template`` wants the tag of a request."""
FINGERPRINT_PROMPTS = 64
"""A workload's sha256 is over this many prompts, from index 0 (a file: over all of its prompts)."""
MAX_TOKENS_LIMIT = 1_000_000
_TEMPLATE_TOKENS = 32  # what a chat template and a default system message may add


@dataclass(frozen=True, slots=True)
class Generated:
    """A built-in workload: endless, and deterministic in (seed, index, salt).

    With ``prefix="unique"`` every prompt begins with eight words hashed from (salt, seed, index), so that no
    prefix cache can serve more than the chat template's own opening. ``salt`` changes these words and nothing
    else: two sessions with the same prompts but different salts cannot feed each other's caches. With
    ``prefix="shared"`` all prompts of a seed share their long part and differ at their end.
    """

    name: str
    kind: str
    max_tokens: int
    size: int = 0
    prefix: Prefix = "unique"
    ignore_eos: bool = False
    salt: str = ""

    def prompt(self, index: int, seed: int) -> Prompt:
        """The prompt of the request at ``index``."""
        return self._wrap(self._opening(self.tag(index, seed)) + self._body(index, seed))

    def tag(self, index: int, seed: int) -> str:
        """The words that open the prompt at ``index``; ASCII letters and spaces, about one token each."""
        return tag_words(f"{self.salt}/{self.kind}/{seed}/{index}")

    def template(self, seed: int) -> Prompt | None:
        """The one prompt all requests share but for ``TAG_SLOT``, or None if they differ in more.

        Lets a sender encode the body once and put each request's ``tag`` in, instead of encoding each prompt.
        """
        if self.prefix != "unique" or not SHAPES[self.kind].constant:
            return None
        return self._wrap(self._opening(TAG_SLOT) + self._body(0, seed))

    def facts(self, seed: int) -> WorkloadFacts:
        """Identify the workload; the salt does not enter, since it changes no prompt's content."""
        plain = replace(self, salt="")
        return WorkloadFacts(
            name=self.name,
            sha256=fingerprint(plain.prompt(index, seed) for index in range(FINGERPRINT_PROMPTS)),
            prompts=FINGERPRINT_PROMPTS,
            prefix=self.prefix,
            max_tokens=self.max_tokens,
            json_schema=SHAPES[self.kind].schema is not None,
            ignore_eos=self.ignore_eos,
        )

    def _opening(self, tag: str) -> str:
        return f"{tag}\n" if self.prefix == "unique" else ""

    def _body(self, index: int, seed: int) -> str:
        shape = SHAPES[self.kind]
        if shape.constant:
            return constant_body(self.kind, self.size, seed)
        common = Stream(f"{self.kind}/{seed}")
        own = Stream(f"{self.kind}/{seed}/{index}")
        return shape.build(self.size, common if self.prefix == "shared" else own, own)

    def _wrap(self, content: str) -> Prompt:
        schema = SHAPES[self.kind].schema
        return Prompt((Message("user", content),), self.max_tokens, schema, self.ignore_eos)


@dataclass(frozen=True, slots=True)
class FromFile:
    """The user's own prompts, in the file's order and then from its beginning again."""

    name: str
    prompts: tuple[Prompt, ...]
    prefix: Prefix = "unique"
    salt: str = ""

    def prompt(self, index: int, seed: int) -> Prompt:
        """The prompt at ``index`` modulo the file's length, its first message opened by a unique tag."""
        found = self.prompts[index % len(self.prompts)]
        if self.prefix == "shared":
            return found
        first = found.messages[0]
        tagged = replace(first, content=f"{tag_words(f'{self.salt}/{seed}/{index}')}\n{first.content}")
        return replace(found, messages=(tagged, *found.messages[1:]))

    def facts(self, seed: int) -> WorkloadFacts:
        """Identify the workload; ``max_tokens`` is the largest of the file's."""
        return WorkloadFacts(
            name=self.name,
            sha256=fingerprint(self.prompts),
            prompts=len(self.prompts),
            prefix=self.prefix,
            max_tokens=max(prompt.max_tokens for prompt in self.prompts),
            json_schema=any(prompt.json_schema is not None for prompt in self.prompts),
            ignore_eos=any(prompt.ignore_eos for prompt in self.prompts),
        )


def fingerprint(prompts: Iterable[Prompt]) -> str:
    """SHA-256, in hex, over the prompts' canonical JSON, one a line."""
    total = hashlib.sha256()
    for prompt in prompts:
        messages = [
            [m.role, m.content, [hashlib.sha256(i).hexdigest() for i in m.images]] for m in prompt.messages
        ]
        line = json.dumps(
            [messages, prompt.max_tokens, prompt.json_schema, prompt.ignore_eos], sort_keys=True
        )
        total.update(line.encode() + b"\n")
    return total.hexdigest()


def estimate_tokens(prompt: Prompt, per_word: float = TOKENS_PER_WORD) -> int:
    """About how many tokens the prompt takes, chat template included; for sizing, never for a report."""
    words = sum(len(message.content.split()) for message in prompt.messages)
    return math.ceil(words * per_word) + _TEMPLATE_TOKENS


def check_fits(workload: Workload, seed: int, context_length: int, engine: str) -> None:
    """See before the run that the prompts fit the engine's context, as far as an estimate can.

    Raises:
        UsageError: the first prompt and its answer are estimated to need more than ``context_length`` tokens.
    """
    prompt = workload.prompt(0, seed)
    synthetic = isinstance(workload, Generated) and SHAPES[workload.kind].constant
    need = estimate_tokens(prompt, 1.0 if synthetic else TOKENS_PER_WORD) + prompt.max_tokens
    if need <= context_length:
        return
    room = context_length - prompt.max_tokens - _TEMPLATE_TOKENS
    hint = f"start {engine} with a longer context, or ask for fewer tokens with --max-tokens"
    if isinstance(workload, Generated) and SHAPES[workload.kind].size is not None and room > 64:
        hint = f"use --workload {workload.kind}:in={int(room * 0.9)}, or start {engine} with a longer context"
    raise UsageError(
        f"workload {workload.name} needs about {need} tokens a request and {engine} has a context of "
        f"{context_length}",
        hint=hint,
    )


def resolve_workload(
    text: str,
    *,
    prefix: Prefix = "unique",
    max_tokens: int | None = None,
    ignore_eos: bool = False,
    salt: str = "",
) -> Workload:
    """Find the workload the user named.

    ``short``, ``rag``, ``notes``, ``long``, ``tiny``, ``synthetic``, each with ``:out=N``; ``long`` and
    ``synthetic`` also ``in=N`` (prompt tokens); or the path of a JSON Lines file. ``max_tokens`` overrides
    every prompt's own bound, ``ignore_eos`` asks for exactly that many.

    Raises:
        UsageError: no such workload, a parameter it does not have, or a file that cannot be used.
    """
    word = text.strip()
    kind, _, tail = word.partition(":")
    if max_tokens is not None:
        _check_range("--max-tokens", max_tokens)
    if kind in SHAPES:
        shape = SHAPES[kind]
        given = _parameters(word, tail, shape)
        return Generated(
            name=word,
            kind=kind,
            max_tokens=max_tokens or given.get("out", shape.out),
            size=given.get("in", shape.size or 0),
            prefix=prefix,
            ignore_eos=ignore_eos,
            salt=salt,
        )
    if word.endswith((".jsonl", ".ndjson")) or Path(word).is_file():
        prompts = tuple(_own(line, max_tokens, ignore_eos) for line in read_own_prompts(Path(word)))
        return FromFile(name=word, prompts=prompts, prefix=prefix, salt=salt)
    raise UsageError(
        f"unknown workload {text!r}",
        hint=f"use one of {', '.join(SHAPES)}, synthetic:in=256,out=64, or a FILE.jsonl of your own prompts",
    )


def _parameters(word: str, tail: str, shape: Shape) -> dict[str, int]:
    allowed = ("in", "out") if shape.size is not None else ("out",)
    found: dict[str, int] = {}
    for pair in filter(None, tail.split(",")):
        key, _, value = pair.partition("=")
        if key not in allowed or not re.fullmatch(r"[0-9]{1,7}", value):
            kind = word.partition(":")[0]
            example = ",".join(f"{name}=128" for name in allowed)
            raise UsageError(
                f"cannot read {pair!r} in {word!r}", hint=f"write {kind}:{example} with whole numbers"
            )
        found[key] = int(value)
        _check_range(f"{key} in {word!r}", found[key])
    return found


def _check_range(what: str, value: int) -> None:
    if not 1 <= value <= MAX_TOKENS_LIMIT:
        raise UsageError(f"{what} is {value}", hint=f"use a number of tokens from 1 to {MAX_TOKENS_LIMIT}")


def _own(line: OwnPrompt, max_tokens: int | None, ignore_eos: bool) -> Prompt:
    found = line.messages or [OwnMessage(role="user", content=line.prompt or "")]
    return Prompt(
        messages=tuple(Message(message.role, message.content) for message in found),
        max_tokens=max_tokens or line.max_tokens,
        json_schema=line.json_schema,
        ignore_eos=ignore_eos or line.ignore_eos,
    )
