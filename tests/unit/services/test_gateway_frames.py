from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest

from casewright.engines.base import Answer
from casewright.engines.router import Provenance
from casewright.engines.wire import Delta, DeltaKind, Finished
from casewright.services.gateway_frames import Frames, embeddings, end_reason, usage_object, whole
from casewright.services.gateway_stream import origin_headers
from casewright.values import Usage

ABOUT = {"provider": "vllm"}


def frames(**options: Any) -> Frames:
    given: dict[str, Any] = {"chat": True, "identity": "id-1", "model": 'm"1', "usage": False}
    return Frames(**(given | options))


def parsed(data: bytes) -> list[Any]:
    """The JSON of each event but the last, which must be [DONE] if it is not JSON."""
    found = [line.removeprefix("data: ") for line in data.decode().split("\n\n") if line]
    return [json.loads(event) for event in found if event != "[DONE]"]


def delta(text: str, kind: DeltaKind = DeltaKind.CONTENT) -> Delta:
    return Delta(kind, text, 1)


@pytest.mark.parametrize(
    "text", ["plain", 'quo"te\\', "line\nbreak\r\n\n", "é ☃ 😀 \u2028", "\x00\x1f", "\ud800"]
)
def test_any_text_survives_and_the_role_comes_once(text: str) -> None:
    stream = frames()
    first, second = (parsed(stream.piece(delta(text)))[0] for _ in range(2))
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": text}
    assert second["choices"][0]["delta"] == {"content": text}
    assert (first["id"], first["model"], first["object"]) == ("id-1", 'm"1', "chat.completion.chunk")


def test_the_end_has_reason_usage_source_and_done() -> None:
    stream = frames(usage=True)
    piece = parsed(stream.piece(delta("a")))[0]
    data = stream.end(Finished("length", Usage(prompt_tokens=2, output_tokens=3), 1), ABOUT)
    last, usage = parsed(data)
    assert piece["usage"] is None
    assert last["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "length"}
    assert (usage["choices"], usage["casewright"]) == ([], ABOUT)
    assert usage["usage"] == {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
    assert data.endswith(b"data: [DONE]\n\n")


def test_without_usage_the_source_is_in_the_last_chunk() -> None:
    last = parsed(frames().end(Finished(None, None, 1), ABOUT))
    assert len(last) == 1
    assert (last[0]["casewright"], last[0]["choices"][0]["finish_reason"]) == (ABOUT, "stop")
    assert last[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert "usage" not in last[0]


def test_thoughts_have_their_own_field_and_none_in_the_older_format() -> None:
    thought = delta("hm", DeltaKind.REASONING)
    assert parsed(frames().piece(thought))[0]["choices"][0]["delta"]["reasoning_content"] == "hm"
    older = frames(chat=False)
    assert older.piece(thought) == b""
    chunk = parsed(older.piece(delta("yes")))[0]
    assert (chunk["object"], chunk["choices"][0]["text"]) == ("text_completion", "yes")
    assert parsed(older.end(Finished("stop", None, 1), ABOUT))[0]["choices"][0]["text"] == ""


def test_tool_calls_of_both_engines_come_as_openais_fragments() -> None:
    stream = frames()
    whole_call = json.dumps({"function": {"name": "f", "arguments": {"a": 1}}})
    calls = [parsed(stream.piece(delta(whole_call, DeltaKind.TOOL)))[0] for _ in range(2)]
    fragments = [call["choices"][0]["delta"]["tool_calls"][0] for call in calls]
    assert [fragment["index"] for fragment in fragments] == [0, 1]
    assert fragments[0]["id"] != fragments[1]["id"]
    assert json.loads(fragments[0]["function"]["arguments"]) == {"a": 1}
    assert (
        parsed(stream.end(Finished("stop", None, 1), ABOUT))[0]["choices"][0]["finish_reason"] == "tool_calls"
    )

    stream = frames()
    fragment = {"index": 0, "function": {"arguments": '{"a"'}}
    passed = parsed(stream.piece(delta(json.dumps(fragment), DeltaKind.TOOL)))[0]
    assert passed["choices"][0]["delta"]["tool_calls"] == [fragment]


def answer(**fields: Any) -> Answer:
    given: dict[str, Any] = {
        "text": "Hi",
        "reasoning": "",
        "tool_calls": (),
        "usage": Usage(prompt_tokens=1, output_tokens=2, cached_tokens=1),
        "finish_reason": "stop",
        "model": "m",
        "chunks": 1,
        "started_ns": 1,
        "first_token_ns": 2,
        "last_token_ns": 2,
        "finished_ns": 3,
    }
    return Answer(**(given | fields))


def test_a_whole_answer() -> None:
    body = whole(answer(), chat=True, identity="i", model="m", about=ABOUT)
    assert body["choices"][0]["message"] == {"role": "assistant", "content": "Hi", "refusal": None}
    assert body["usage"]["prompt_tokens_details"] == {"cached_tokens": 1}
    older = whole(answer(), chat=False, identity="i", model="m", about=ABOUT)
    assert (older["choices"][0]["text"], older["object"]) == ("Hi", "text_completion")


def test_a_whole_answer_that_calls_a_tool() -> None:
    call = {"id": None, "name": "f", "arguments": "{}"}
    body = whole(
        answer(text="", tool_calls=(call,), reasoning="hm"), chat=True, identity="i", model="m", about=ABOUT
    )
    message = body["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == (None, "hm")
    assert message["tool_calls"][0] == {
        "id": "call_0",
        "type": "function",
        "function": {"name": "f", "arguments": "{}"},
    }
    assert body["choices"][0]["finish_reason"] == "tool_calls"


def test_what_is_not_known_is_null_and_never_0() -> None:
    assert usage_object(None) is None
    assert usage_object(Usage(output_tokens=3)) == {
        "prompt_tokens": None,
        "completion_tokens": 3,
        "total_tokens": None,
    }
    assert end_reason(None, tools=False) == "stop"


def test_vectors_as_numbers_and_as_base64() -> None:
    plain = embeddings([[0.5, -1.0]], "m", packed=False)["data"][0]["embedding"]
    packed = embeddings([[0.5, -1.0]], "m", packed=True)["data"][0]["embedding"]
    assert plain == list(struct.unpack("<2f", base64.b64decode(packed))) == [0.5, -1.0]


def test_a_models_name_cannot_begin_a_header() -> None:
    source = Provenance("vllm", "vllm", "m\r\nSet-Cookie: a\u2028é", (), False, (), 0.0)
    headers = dict(origin_headers(source, "m", ("store",)))
    assert headers[b"x-casewright-model"] == b"m??Set-Cookie: a??"
    assert headers[b"x-casewright-ignored"] == b"store"
