"""OpenAI's requests as the gateway reads them: what is kept, what is only noted, what is refused.

Nothing is dropped in silence. A parameter is mapped onto a ``ChatRequest``; or it asks for what happens
anyway (``n`` 1); or it is harmless and named in ``X-Casewright-Ignored``; or it is refused by name. Source:
the OpenAI API reference, and the types of the official Python client.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from casewright.engines.wire import ChatRequest, Message, Sampling
from casewright.services.gateway_errors import Refusal, unsupported
from casewright.services.gateway_messages import ROLES, read_messages

# The name for: whatever model the engine that answers has.
ANY_MODEL = "auto"
MAX_STOPS = 16
MAX_TEXTS = 2048
COMPLETION_TOKENS = 16
_SEED_BITS = 31

# Harmless: the words of the answer are the same without them.
IGNORED = frozenset(
    {
        "metadata",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
    }
)
# The only values that can be kept, because they are what happens anyway.
NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "best_of": (1,),
    "echo": (False,),
    "frequency_penalty": (0,),
    "functions": ([],),
    "logit_bias": ({},),
    "logprobs": (False,),
    "min_p": (0,),
    "modalities": (["text"],),
    "n": (1,),
    "parallel_tool_calls": (True,),
    "presence_penalty": (0,),
    "suffix": ("",),
    "tools": ([],),
    "tool_choice": ("auto", "none"),
    "top_logprobs": (0,),
}
UNSUPPORTED = frozenset(
    {
        "audio",
        "dimensions",
        "function_call",
        "moderation",
        "reasoning_effort",
        "verbosity",
        "web_search_options",
        *NEUTRAL,
    }
)


# For the OpenAPI document; ``read_messages`` is what checks.
_TEXT = {"type": "string"}
_MESSAGE: dict[str, Any] = {
    "type": "object",
    "required": ["role", "content"],
    "additionalProperties": False,
    "properties": {
        "role": {"enum": list(ROLES)},
        "name": _TEXT,
        "tool_call_id": _TEXT,
        "tool_calls": {"type": "array", "items": {"type": "object"}},
        "content": {
            "anyOf": [
                _TEXT,
                {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["type", "text"],
                        "properties": {"type": {"const": "text"}, "text": _TEXT},
                    },
                },
            ]
        },
    },
}


class _Body(BaseModel):
    """Fields that are not named here are looked up one by one, see ``_others``."""

    model_config = ConfigDict(
        extra="allow",
        strict=True,
        protected_namespaces=(),
        allow_inf_nan=False,
        json_schema_extra={"additionalProperties": False},
    )

    model: Annotated[str, Field(min_length=1, max_length=512)]
    user: str | None = None


class _Sampled(_Body):
    """What both kinds of completion share; ``top_k`` and the last three are vLLM's and llama.cpp's."""

    stream: bool | None = None
    stream_options: dict[str, Any] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: str | list[str] | None = None
    top_k: Annotated[int, Field(ge=-1, le=1_000_000)] | None = None
    repetition_penalty: Annotated[float, Field(gt=0, le=2)] | None = None
    repeat_penalty: Annotated[float, Field(gt=0, le=2)] | None = None
    ignore_eos: bool | None = None


class GatewayChatBody(_Sampled):
    """``POST /v1/chat/completions``."""

    messages: Annotated[list[dict[str, Any]], Field(min_length=1, json_schema_extra={"items": _MESSAGE})]
    max_completion_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    response_format: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Any = None


class GatewayCompletionBody(_Sampled):
    """``POST /v1/completions``: one prompt, which becomes the user's message of a chat."""

    prompt: str | Annotated[list[str], Field(min_length=1, max_length=1)]


class GatewayEmbeddingBody(_Body):
    """``POST /v1/embeddings``: texts, not tokens."""

    input: str | Annotated[list[str], Field(min_length=1, max_length=MAX_TEXTS)]
    encoding_format: Literal["float", "base64"] | None = None


Body = TypeVar("Body", bound=_Body)


@dataclass(frozen=True, slots=True)
class Call:
    """A completion that is asked for. ``ignored`` and ``warnings`` say what of the request was not kept."""

    request: ChatRequest
    stream: bool
    include_usage: bool
    user: str | None
    ignored: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    capped: bool = False


def read_chat(body: bytes, default_tokens: int) -> Call:
    """A chat call; ``default_tokens`` bounds the answer where the request does not.

    Raises:
        Refusal: 400, naming the parameter that cannot be kept.
    """
    asked, ignored = read(GatewayChatBody, body)
    limit = asked.max_completion_tokens or asked.max_tokens
    warnings: list[str] = []
    messages = read_messages(asked.messages, warnings)
    return _call(
        asked,
        ignored,
        tuple(dict.fromkeys(warnings)),
        ChatRequest(
            model=engine_model(asked.model),
            messages=messages,
            max_tokens=limit or default_tokens,
            json_schema=_schema(asked.response_format),
            tools=_tools(asked),
        ),
        capped=limit is None,
    )


def read_completion(body: bytes) -> Call:
    """A completion call, as a chat with the prompt as its only message; the bound is OpenAI's 16 tokens.

    Raises:
        Refusal: 400, naming the parameter that cannot be kept.
    """
    asked, ignored = read(GatewayCompletionBody, body)
    prompt = asked.prompt if isinstance(asked.prompt, str) else asked.prompt[0]
    request = ChatRequest(
        model=engine_model(asked.model),
        messages=(Message("user", prompt),),
        max_tokens=asked.max_tokens or COMPLETION_TOKENS,
    )
    warning = "the prompt was sent as a user's message, through the model's chat template"
    return _call(asked, ignored, (warning,), request, capped=asked.max_tokens is None)


def read(kind: type[Body], body: bytes) -> tuple[Body, tuple[str, ...]]:
    """A body of one kind, and the names of the harmless parameters that were not used.

    Raises:
        Refusal: 400, naming the first parameter that does not fit.
    """
    try:
        asked = kind.model_validate_json(body)
    except ValidationError as error:
        raise _misfit(error) from error
    return asked, _others(asked.model_extra or {})


def _misfit(error: ValidationError) -> Refusal:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return Refusal(f"the body is not JSON: {first['msg']}", code="invalid_json")
    where = str(first["loc"][0]) if first["loc"] else None
    if first["type"] == "missing":
        return Refusal(f"missing required parameter: {where}", param=where, code="missing_required_parameter")
    return Refusal(f"{where or 'the body'}: {first['msg']}", param=where, code="invalid_value")


def _others(extra: Mapping[str, Any]) -> tuple[str, ...]:
    """Check the parameters that have no place in an engine's request; null is "not given"."""
    ignored = []
    for name, value in extra.items():
        if value is None:
            continue
        if name in IGNORED:
            ignored.append(name)
        elif name not in UNSUPPORTED:
            raise Refusal(f"unknown parameter: {name[:100]}", param=name[:100], code="unknown_parameter")
        elif not any(_same(value, kept) for kept in NEUTRAL.get(name, ())):
            raise unsupported(name, f"only {NEUTRAL[name][0]!r} can be kept" if name in NEUTRAL else "")
    return tuple(sorted(ignored))


def _same(value: Any, kept: Any) -> bool:
    return bool(value == kept) and isinstance(value, bool) == isinstance(kept, bool)


def engine_model(asked: str) -> str:
    """The name as the router takes it: "" leaves each engine its own model."""
    return "" if asked == ANY_MODEL else asked


def _call(
    asked: _Sampled,
    ignored: tuple[str, ...],
    warnings: tuple[str, ...],
    request: ChatRequest,
    *,
    capped: bool,
) -> Call:
    options = asked.stream_options or {}
    for name, value in options.items():
        if name not in ("include_usage", "include_obfuscation") or not isinstance(value, bool | None):
            raise Refusal(
                f"stream_options.{name[:100]} is not known, or not true or false",
                param="stream_options",
                code="invalid_value",
            )
    if options and not asked.stream:
        raise Refusal(
            "stream_options is for streams: set stream to true", param="stream_options", code="invalid_value"
        )
    if options.get("include_obfuscation"):
        raise unsupported("stream_options", "include_obfuscation adds nothing on this machine")
    penalty = asked.repetition_penalty if asked.repetition_penalty is not None else asked.repeat_penalty
    seed = secrets.randbits(_SEED_BITS) if asked.seed is None else asked.seed % 2**_SEED_BITS
    full = ChatRequest(
        model=request.model,
        messages=request.messages,
        max_tokens=request.max_tokens,
        sampling=Sampling(
            temperature=1.0 if asked.temperature is None else asked.temperature,
            top_p=1.0 if asked.top_p is None else asked.top_p,
            top_k=max(asked.top_k or 0, 0),
            seed=seed,
            repeat_penalty=1.0 if penalty is None else penalty,
        ),
        stop=_stops(asked.stop),
        json_schema=request.json_schema,
        ignore_eos=bool(asked.ignore_eos),
        tools=request.tools,
    )
    return Call(
        request=full,
        stream=bool(asked.stream),
        include_usage=bool(options.get("include_usage")),
        user=asked.user,
        ignored=ignored,
        warnings=warnings,
        capped=capped,
    )


def _stops(stop: str | list[str] | None) -> tuple[str, ...]:
    found = (stop,) if isinstance(stop, str) else tuple(stop or ())
    if len(found) > MAX_STOPS or not all(found):
        raise Refusal(
            f"stop: at most {MAX_STOPS} texts, none of them empty", param="stop", code="invalid_value"
        )
    return found


def _schema(wanted: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The JSON Schema that the answer is held to."""
    kind = (wanted or {"type": "text"}).get("type")
    if kind == "text":
        return None
    if kind == "json_object":
        return {"type": "object"}
    inner = (wanted or {}).get("json_schema")
    schema = inner.get("schema") if isinstance(inner, dict) else None
    if kind != "json_schema" or not isinstance(schema, dict):
        raise Refusal(
            "response_format is text, json_object, or json_schema with json_schema.schema",
            param="response_format",
            code="invalid_value",
        )
    return schema


def _tools(asked: GatewayChatBody) -> tuple[Mapping[str, Any], ...]:
    """The functions that may be called. That one of them must be called cannot be asked of every engine."""
    tools = asked.tools or []
    for place, tool in enumerate(tools):
        function = tool.get("function")
        named = isinstance(function, dict) and isinstance(function.get("name"), str) and function["name"]
        if tool.get("type") != "function" or not named:
            raise Refusal(
                f"tools[{place}] is not a function with a name", param="tools", code="invalid_value"
            )
    if asked.tool_choice is not None and asked.tool_choice not in NEUTRAL["tool_choice"]:
        raise unsupported("tool_choice", "only 'auto' and 'none' can be kept on every engine")
    return () if asked.tool_choice == "none" else tuple(tools)
