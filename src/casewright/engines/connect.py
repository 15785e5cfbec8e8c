"""From an engine as the user named it to an open adapter, and to what answers there."""

from __future__ import annotations

from pathlib import Path

from casewright.engines.base import Deadlines, Engine
from casewright.engines.embedded import EmbeddedEngine
from casewright.engines.http import Access
from casewright.engines.ollama import OllamaEngine
from casewright.engines.scripted import ScriptedEngine
from casewright.engines.vllm import OpenAIEngine, VllmEngine
from casewright.errors import UsageError
from casewright.values import EngineIdentity, EngineSpec


def open_engine(
    spec: EngineSpec,
    *,
    api_key: str | None = None,
    deadlines: Deadlines | None = None,
    ca_file: Path | None = None,
) -> Engine:
    """The adapter for a spec; no connection is made yet. Close it with ``aclose`` or ``async with``.

    Raises:
        UsageError: the spec has no URL; an embedded engine must be started first.
    """
    if spec.kind == "scripted":
        return ScriptedEngine(model=spec.model or "scripted")
    if spec.url is None:
        raise UsageError(
            f"{spec.text} has no URL", hint=f"start it first, or write {spec.kind}=http://HOST:PORT"
        )
    access = Access(api_key, deadlines or Deadlines(), ca_file)
    if spec.kind == "ollama":
        return OllamaEngine(spec.url, model=spec.model, access=access)
    if spec.kind == "vllm":
        return VllmEngine(spec.url, model=spec.model, access=access)
    if spec.kind == "embedded":
        return EmbeddedEngine(spec.url, model=spec.model, access=access)
    return OpenAIEngine(spec.url, kind=spec.kind, model=spec.model, access=access)


async def identify(
    spec: EngineSpec,
    *,
    api_key: str | None = None,
    deadlines: Deadlines | None = None,
    ca_file: Path | None = None,
) -> EngineIdentity:
    """What answers at a spec's URL, under its true name; ``identity.model`` is the model that will be used.

    Without a model in the spec it is the only one served.

    Raises:
        UsageError: no model was named and the engine serves several or none; the hint lists them.
        ModelNotFound: the named model is not served; the hint lists those that are.
        EngineError: the engine cannot be reached or does not say.
    """
    async with open_engine(spec, api_key=api_key, deadlines=deadlines, ca_file=ca_file) as engine:
        return await engine.identity()
