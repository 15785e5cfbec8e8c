"""The two wire formats, pure: bytes and values in, values and bytes out; no I/O, no HTTP library, no clock.

* ``OPENAI``: ``POST /v1/chat/completions`` with server-sent events. Source: the OpenAI API reference for
  chat completions streaming, vLLM's OpenAI-compatible server, llama.cpp's ``tools/server``; SSE framing after
  the WHATWG HTML standard, section "Server-sent events".
* ``OLLAMA``: ``POST /api/chat`` with newline-delimited JSON. Source: ``docs/api.md`` of Ollama.

Shared by the adapters in this package and by the judge (``bench``), which may import nothing else from here.

::

    types.py      what travels: ChatRequest in, Delta | Finished | Failed out
    encode.py     ChatRequest -> request body; paths; embeddings request
    framing.py    bytes -> lines -> payloads (SSE, NDJSON), bounded
    payload.py    one JSON payload -> events; usage and durations
    decode.py     StreamDecoder, decode_body, decode_embeddings
    failure.py    an HTTP error answer -> Failed
    identity.py   what an engine says it is: /api/version, /api/tags, /v1/models, /props ...
"""

from __future__ import annotations

from casewright.engines.wire.decode import StreamDecoder, decode_body, decode_embeddings
from casewright.engines.wire.encode import chat_path, embed_path, encode_chat, encode_embed
from casewright.engines.wire.failure import accepts_content_type, decode_error, parse_retry_after
from casewright.engines.wire.identity import (
    CASEWRIGHT_NAME,
    CASEWRIGHT_OWNER,
    ModelFacts,
    ServerFacts,
    digest_text,
    parse_api_ps,
    parse_api_show,
    parse_api_tags,
    parse_api_version,
    parse_props,
    parse_v1_models,
    parse_vllm_version,
)
from casewright.engines.wire.payload import merge_tool_calls
from casewright.engines.wire.types import (
    Api,
    ChatRequest,
    Delta,
    DeltaKind,
    Event,
    Failed,
    Finished,
    Message,
    Sampling,
)

__all__ = [
    "CASEWRIGHT_NAME",
    "CASEWRIGHT_OWNER",
    "Api",
    "ChatRequest",
    "Delta",
    "DeltaKind",
    "Event",
    "Failed",
    "Finished",
    "Message",
    "ModelFacts",
    "Sampling",
    "ServerFacts",
    "StreamDecoder",
    "accepts_content_type",
    "chat_path",
    "decode_body",
    "decode_embeddings",
    "decode_error",
    "digest_text",
    "embed_path",
    "encode_chat",
    "encode_embed",
    "merge_tool_calls",
    "parse_api_ps",
    "parse_api_show",
    "parse_api_tags",
    "parse_api_version",
    "parse_props",
    "parse_retry_after",
    "parse_v1_models",
    "parse_vllm_version",
]
