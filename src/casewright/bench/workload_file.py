"""One's own prompts from a JSON Lines file: read whole, checked line by line before anything is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from casewright.errors import UsageError

DEFAULT_MAX_TOKENS = 128
MAX_FILE_BYTES = 64 * 1024 * 1024
_EXAMPLE = '{"prompt": "…"} or {"messages": [{"role": "user", "content": "…"}], "max_tokens": 64}'


class OwnMessage(BaseModel):
    """One message of a line."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    role: Literal["system", "user", "assistant"]
    content: str = Field(min_length=1)


class OwnPrompt(BaseModel):
    """One line: ``prompt``, or ``messages`` that end with the user's; the rest is optional."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    prompt: str | None = Field(None, min_length=1)
    messages: list[OwnMessage] | None = Field(None, min_length=1)
    max_tokens: int = Field(DEFAULT_MAX_TOKENS, ge=1, le=1_000_000)
    json_schema: dict[str, Any] | None = None
    ignore_eos: bool = False

    @model_validator(mode="after")
    def _one_of_two(self) -> OwnPrompt:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError('give either "prompt" or "messages"')
        if self.messages is not None and self.messages[-1].role != "user":
            raise ValueError("the last message must be the user's")
        return self


def read_own_prompts(path: Path) -> list[OwnPrompt]:
    """Read and check every line; blank lines are skipped.

    Raises:
        UsageError: the file is missing, unreadable, too large or empty, or a line (named by its number) is
            not a prompt.
    """
    raw = _read(path)
    prompts: list[OwnPrompt] = []
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            prompts.append(_parse(line, f"{path}:{number}"))
    if not prompts:
        raise UsageError(f"{path} holds no prompt", hint=f"write one a line: {_EXAMPLE}")
    return prompts


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise UsageError(
                f"{path} has {size:,} bytes, more than {MAX_FILE_BYTES:,}",
                hint="split it: a run longer than the file starts it again from the beginning",
            )
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint="name a JSON Lines file") from error


def _parse(line: bytes, where: str) -> OwnPrompt:
    try:
        return OwnPrompt.model_validate(json.loads(line.decode("utf-8")))
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{where}: not UTF-8 at byte {error.start}", hint="save the file as UTF-8"
        ) from error
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{where}: not JSON at column {error.colno}: {error.msg}", hint=f"one a line: {_EXAMPLE}"
        ) from error
    except RecursionError as error:
        raise UsageError(f"{where}: nested too deeply", hint=f"one a line: {_EXAMPLE}") from error
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"{where}: {at + ': ' if at else ''}{first['msg']}", hint=f"one a line: {_EXAMPLE}"
        ) from error
