"""Ollama's native API as the embedded engine offers it: bodies, options, and their way to llama.cpp; pure.

Source: Ollama ``docs/api.md`` and ``docs/modelfile.md`` (options and their defaults). What cannot be honoured
and would change an answer is refused by name; options that only place the work are accepted and named in the
``X-Casewright-Ignored`` header. Never truncated: a prompt beyond the context is an error, whatever
``truncate`` says, because an answer over a cut document looks like an answer over the document.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from casewright.services.engine_http import FaceError

Duration = int | float | str
Format = Literal["", "json"] | dict[str, Any]
# They place or batch the work and change no answer; this engine's are set when it is started.
PLACEMENT = (
    "numa",
    "num_batch",
    "num_gpu",
    "main_gpu",
    "low_vram",
    "use_mmap",
    "use_mlock",
    "num_thread",
    "f16_kv",
    "num_keep",
)
# Ollama's defaults, sent explicitly because llama.cpp's differ (top_p 0.95, min_p 0.05, repeat_penalty 1.0).
DEFAULTS = {
    "temperature": 0.8,
    "top_k": 40,
    "top_p": 0.9,
    "min_p": 0.0,
    "repeat_penalty": 1.1,
    "repeat_last_n": 64,
}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=(), allow_inf_nan=False)


class Options(_Body):
    """``options``: sampling and limits; None means Ollama's default."""

    num_ctx: Annotated[int, Field(ge=1)] | None = None
    num_predict: Annotated[int, Field(ge=-2, le=1_000_000)] | None = None
    temperature: Annotated[float, Field(ge=0, le=100)] | None = None
    top_k: Annotated[int, Field(ge=-1, le=1_000_000)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    typical_p: Annotated[float, Field(ge=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-(2**31), le=2**32 - 1)] | None = None
    stop: str | list[str] | None = None
    repeat_penalty: Annotated[float, Field(ge=0, le=10)] | None = None
    repeat_last_n: Annotated[int, Field(ge=-1, le=1_000_000)] | None = None
    presence_penalty: Annotated[float, Field(ge=-10, le=10)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-10, le=10)] | None = None
    numa: bool | None = None
    num_batch: int | None = None
    num_gpu: int | None = None
    main_gpu: int | None = None
    low_vram: bool | None = None
    use_mmap: bool | None = None
    use_mlock: bool | None = None
    num_thread: int | None = None
    f16_kv: bool | None = None
    num_keep: int | None = None

    def ignored(self) -> tuple[str, ...]:
        """The placement options that were sent."""
        return tuple(name for name in PLACEMENT if getattr(self, name) is not None)


class _Call(_Body):
    model: Annotated[str, Field(min_length=1)]
    stream: bool = True
    options: Options | None = None
    format: Format | None = None
    keep_alive: Duration | None = None
    think: bool | str | None = None
    truncate: bool | None = None
    shift: bool | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None


class OllamaMessage(_Body):
    """One message of ``/api/chat``."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    images: list[str] | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_name: str | None = None
    thinking: str | None = None


class ChatBody(_Call):
    """``POST /api/chat``; no messages means: load (or with keep_alive 0: unload) the model."""

    messages: list[OllamaMessage] = Field(default_factory=list)
    tools: list[dict[str, Any]] | None = None


class GenerateBody(_Call):
    """``POST /api/generate``; ``raw`` sends the prompt without the chat template."""

    prompt: str = ""
    system: str = ""
    raw: bool = False
    suffix: str = ""
    template: str = ""
    context: list[int] | None = None
    images: list[str] | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None


class EmbedBody(_Body):
    """``POST /api/embed``; ``truncate`` (default true, as Ollama's) cuts a text to the engine's batch."""

    model: Annotated[str, Field(min_length=1)]
    input: str | list[str]
    truncate: bool = True
    dimensions: int | None = None
    options: Options | None = None
    keep_alive: Duration | None = None


class LegacyEmbedBody(_Body):
    """``POST /api/embeddings``, the older form: one text."""

    model: Annotated[str, Field(min_length=1)]
    prompt: str
    options: Options | None = None
    keep_alive: Duration | None = None


class ShowBody(_Body):
    """``POST /api/show``; the old field ``name`` is taken too."""

    model: str = ""
    name: str = ""
    verbose: bool | None = None
    system: str | None = None
    template: str | None = None
    options: dict[str, Any] | None = None


BODIES = (ChatBody, GenerateBody, EmbedBody, LegacyEmbedBody, ShowBody)


def chat_request(body: ChatBody, model: str) -> dict[str, Any]:
    """The /v1/chat/completions body for an /api/chat call.

    Raises:
        FaceError: 400, the call asks for what the model or this engine has not.
    """
    _refuse_common(body, model)
    if body.tools or any(message.tool_calls or message.role == "tool" for message in body.messages):
        raise FaceError(400, f"{model} does not support tools")
    if any(message.images for message in body.messages):
        raise FaceError(400, f"{model} does not support images")
    messages = [{"role": message.role, "content": message.content} for message in body.messages]
    return {"messages": messages, **_sampling(body)}


def generate_request(body: GenerateBody, model: str) -> dict[str, Any]:
    """The upstream body for an /api/generate call: a completion if ``raw``, else a chat of system and prompt.

    Raises:
        FaceError: 400, the call asks for what the model or this engine has not.
    """
    _refuse_common(body, model)
    for name in ("suffix", "template", "context", "images", "width", "height", "steps"):
        if getattr(body, name):
            raise FaceError(400, f"{name!r} is not supported by {model} on this engine")
    if body.raw:
        if body.system:
            raise FaceError(400, "raw mode does not support template, system, or context")
        return {"prompt": body.prompt, **_sampling(body)}
    system = [{"role": "system", "content": body.system}] if body.system else []
    return {"messages": [*system, {"role": "user", "content": body.prompt}], **_sampling(body)}


def check_context(options: Options | None, slot: int) -> None:
    """Refuse a context larger than a slot's.

    Raises:
        FaceError: 400, naming the size there is.
    """
    if options is not None and options.num_ctx is not None and options.num_ctx > slot:
        raise FaceError(
            400,
            f"num_ctx {options.num_ctx} is larger than this engine's context of {slot} tokens; "
            f"start it with --context {options.num_ctx}",
        )


def _refuse_common(body: _Call, model: str) -> None:
    if body.think:
        raise FaceError(400, f"{model!r} does not support thinking")
    if body.logprobs or body.top_logprobs:
        raise FaceError(400, "'logprobs' is not supported on this engine's Ollama API; its /v1 API has it")
    if body.shift:
        raise FaceError(
            400, "'shift' is not supported: an answer ends at the context's end (done_reason length)"
        )


def _sampling(body: _Call) -> dict[str, Any]:
    options = body.options or Options()
    sent = options.model_dump(exclude_none=True, exclude={*PLACEMENT, "num_ctx", "num_predict", "stop"})
    found: dict[str, Any] = DEFAULTS | sent
    if options.num_predict is not None and options.num_predict >= 0:
        found["max_tokens"] = options.num_predict
    if options.stop:
        found["stop"] = options.stop
    if body.format == "json":
        found["response_format"] = {"type": "json_object"}
    elif isinstance(body.format, dict):
        schema = {"name": "answer", "strict": True, "schema": body.format}
        found["response_format"] = {"type": "json_schema", "json_schema": schema}
    found["stream"] = body.stream
    if body.stream:
        found["stream_options"] = {"include_usage": True}
    return found
