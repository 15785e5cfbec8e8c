"""Who makes the letters for an evaluation: a service that runs, or one of our own with one engine.

Our own is the service as it is, on a free port, with a data folder that is thrown away; its engine is
listened to, so that what a model drafted is known as well as what became of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from casewright.api.client import Client, ClientConfig, Patience
from casewright.api.contract import EngineInCharge, Strategy
from casewright.api.notes import ConvertRequest, ConvertResponse
from casewright.api.notes_evaluation import DraftedLine
from casewright.engines.base import Engine, EngineHealth
from casewright.engines.policy import Capabilities, Route
from casewright.engines.router import RouterEngine
from casewright.engines.wire import ChatRequest, Delta, DeltaKind, Finished
from casewright.errors import StartFailed
from casewright.notes.evaluate_draft import RawDraft, Reply, drafted
from casewright.notes.evaluate_notes import Made
from casewright.services.kit.config import KitConfig
from casewright.services.kit.server import listen, make_server, url_of
from casewright.services.llm import EngineAccess, LanguageModel, Lease, LlmConfig, RoutedEngine
from casewright.services.llm_source import Source
from casewright.services.notes import NotesConfig, create_app
from casewright.settings import Provider
from casewright.values import EngineIdentity, EngineSpec

_PROVIDERS: tuple[Provider, ...] = ("vllm", "ollama", "embedded")
_NOBODY = "http://127.0.0.1:9"
_CHECK_S = 0.01
# a small model on two cores may draft for a long time; the service has bounds of its own
_PATIENCE = Patience(convert_s=1800.0)


class Heard(Engine):
    """An engine whose answers are kept: ``replies`` in the order in which they ended, or were cut off."""

    def __init__(self, engine: Engine) -> None:
        self.kind = engine.kind
        self.api = engine.api
        self.url = engine.url
        self.model = engine.model
        self.replies: list[Reply] = []
        self._engine = engine

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Delta | Finished]:
        """See ``Engine.chat``."""
        pieces: list[str] = []
        try:
            async with contextlib.aclosing(self._engine.chat(request)) as events:
                async for event in events:
                    if isinstance(event, Delta) and event.kind is DeltaKind.CONTENT:
                        pieces.append(event.text)
                    yield event
        finally:
            self.replies.append(Reply(request, "".join(pieces)))

    async def embed(self, texts: Sequence[str], model: str) -> list[list[float]]:
        """See ``Engine.embed``."""
        return await self._engine.embed(texts, model)

    async def models(self) -> tuple[str, ...]:
        """See ``Engine.models``."""
        return await self._engine.models()

    async def health(self) -> EngineHealth:
        """See ``Engine.health``."""
        return await self._engine.health()

    async def identity(self) -> EngineIdentity:
        """See ``Engine.identity``."""
        return await self._engine.identity()

    async def aclose(self) -> None:
        """See ``Engine.aclose``."""
        await self._engine.aclose()


@dataclass(frozen=True, slots=True)
class Charge:
    """The one engine of a service of our own, and how far its model may be used for letters."""

    engine: Heard
    identity: EngineIdentity
    strategy: Strategy
    context_length: int | None = None

    @property
    def provider(self) -> Provider:
        """Whose place it takes; another kind of engine stands in the embedded one's."""
        kind = str(self.engine.kind)
        return next((name for name in _PROVIDERS if name == kind), "embedded")


class OneEngine(LanguageModel):
    """A service's way to exactly this engine; without one, no model is there and none is asked."""

    def __init__(self, config: LlmConfig, charge: Charge | None) -> None:
        super().__init__(config)
        self._charge = charge
        self._problem = None if charge else "no engine was named"
        self._config_of = config
        self._routes = self.router
        if charge is not None:
            able = Capabilities(images=False, tools=True, json_schema=True)
            self._routes = RouterEngine(
                [
                    Route(
                        charge.provider,
                        charge.engine,
                        model=charge.identity.model,
                        capabilities=able,
                        context_length=charge.context_length,
                    )
                ]
            )

    @contextlib.asynccontextmanager
    async def lease(self, caller: str = "") -> AsyncIterator[Lease]:
        """See ``LanguageModel.lease``."""
        charge = self._charge
        name: Provider = charge.provider if charge else "embedded"
        engine = RoutedEngine(self._routes, only=frozenset({name}), caller=caller)
        identity = charge.identity if charge else None
        allowed: dict[str, Strategy] = {"letter": charge.strategy} if charge else {}
        source = Source(name, engine, self._config_of, identity=identity, strategies=allowed)
        source.problem = self._problem
        yield Lease(name, engine, identity, allowed, charge is not None, {name: source})

    async def aclose(self) -> None:
        """See ``LanguageModel.aclose``; its engine is closed with it."""
        if self._charge is not None:
            await self._routes.aclose()
        await super().aclose()

    async def status(self) -> EngineInCharge:
        """See ``LanguageModel.status``."""
        charge = self._charge
        return EngineInCharge(
            provider=charge.provider if charge else "embedded",
            source="default",
            llm_available=charge is not None,
            model=charge.identity.model if charge else None,
            reason=self._problem,
        )


@dataclass(slots=True)
class Calls:
    """Makes letters by a service; ``heard`` is its engine, where that is ours to listen to."""

    client: Client
    heard: Heard | None = None

    async def __call__(self, request: ConvertRequest) -> Made:
        """One letter, and what the model had drafted for it."""
        if self.heard is None:
            letter = await self.client.convert(request)
            return Made(letter, _told(letter))
        before = len(self.heard.replies)
        letter = await self.client.convert(request)
        replies = self.heard.replies[before:]
        return Made(letter, drafted(replies) if replies else None)


def _told(letter: ConvertResponse) -> RawDraft | None:
    """A model's sentences as a service tells of them: those in the letter, and those it rejected."""
    taken = [
        DraftedLine(text=one.text, section=one.section, lines=one.lines)
        for one in letter.sentences
        if one.written_by == "model"
    ]
    found = (*taken, *(DraftedLine(text=one.text) for one in letter.rejected))
    return RawDraft(found, ()) if found else None


@contextlib.asynccontextmanager
async def running(url: str, key: str | None) -> AsyncIterator[Calls]:
    """Letters by a service that runs at ``url``."""
    async with Client(ClientConfig(_NOBODY, url, _NOBODY, key=key, patience=_PATIENCE)) as client:
        yield Calls(client)


@contextlib.asynccontextmanager
async def own_service(charge: Charge | None) -> AsyncIterator[Calls]:
    """Letters by a service of our own, for as long as the context lasts.

    Raises:
        StartFailed: it did not start.
    """
    with tempfile.TemporaryDirectory(prefix="casewright-eval-") as folder:
        kit = KitConfig(name="notes", data_dir=Path(folder), log_level="WARNING")
        spec = EngineSpec(text="none", kind="embedded", url=_NOBODY)
        llm = LlmConfig(kit.data_dir, {charge.provider if charge else "embedded": EngineAccess(spec)})
        app = create_app(NotesConfig(kit, llm), OneEngine(llm, charge))
        server = make_server(app, kit.grace_s)
        with contextlib.closing(listen(kit.host, 0)) as listener:
            serving = asyncio.ensure_future(server.serve(sockets=[listener]))
            try:
                while not server.started and not serving.done():
                    await asyncio.wait((serving,), timeout=_CHECK_S)
                if not server.started:
                    raise StartFailed("the notes service did not start", hint="the lines above say why")
                async with running(url_of(listener), None) as calls:
                    calls.heard = charge.engine if charge else None
                    yield calls
            finally:
                server.should_exit = True
                await serving
