"""Switching the provider of a running gateway under traffic: no request is dropped, no answer is spliced."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import openai

from casewright.services.gateway import config_from, create_app
from casewright.services.kit.keys import service_token
from casewright.services.provider import ProviderFile
from casewright.settings import Settings
from contract.scripted_upstream import ABOUT, served_face
from contract.services import ask
from serving import served

USERS = 8
EACH = 12
MESSAGES: Any = [{"role": "user", "content": "Hello"}]


async def one_user(client: openai.AsyncOpenAI, seen: Counter[str | None]) -> None:
    for _ in range(EACH):
        raw = await client.chat.completions.with_raw_response.create(
            model="auto", messages=MESSAGES, stream=True
        )
        pieces = [chunk async for chunk in raw.parse()]
        text = "".join(chunk.choices[0].delta.content or "" for chunk in pieces if chunk.choices)
        assert text == "Hello wörld"
        seen[raw.headers.get("x-casewright-provider")] += 1


async def switching(data_dir: Path, url: str, work: asyncio.Future[Any]) -> int:
    """Switch to and fro, by the file and by the route in turn, for as long as there is work."""
    file, token, switches = ProviderFile(data_dir), service_token(data_dir), 0
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    while not work.done():
        name = ("vllm", "embedded")[switches % 2]
        if switches % 4 < 2:
            file.write(name)  # type: ignore[arg-type]
        else:
            body = json.dumps({"provider": name}).encode()
            status, _, answer = await asyncio.to_thread(ask, f"{url}/admin/provider", body, headers, "PUT")
            assert (status, answer) == (200, {"provider": name, "source": "file"})
        switches += 1
        await asyncio.wait((work,), timeout=0.02)
    return switches


async def test_no_request_is_dropped_while_the_provider_changes(tmp_path: Path) -> None:
    with ExitStack() as running:
        first, second = (running.enter_context(served_face()) for _ in range(2))
        settings = Settings(
            data=tmp_path,
            vllm_url=first.url,
            vllm_model=ABOUT.model,
            embedded_url=second.url,
            fallback="off",  # so that every answer is that of the engine asked for
            engine_sharers=1,
        )
        url = running.enter_context(served(create_app(config_from(settings, "127.0.0.1", 0))))
        seen: Counter[str | None] = Counter()
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
            work = asyncio.gather(*(one_user(client, seen) for _ in range(USERS)))
            switches = await switching(tmp_path, url, work)
            await work
    assert switches >= 4
    assert sum(seen.values()) == USERS * EACH
    assert set(seen) == {"vllm", "embedded"}, "both engines had their share"
