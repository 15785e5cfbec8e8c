"""The page's configuration and application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException

from casewright import __version__
from casewright.api.client import Client, ClientConfig, Patience
from casewright.errors import CasewrightError
from casewright.observability.metrics import ServiceMetrics
from casewright.services.kit.app import Shell, create_service
from casewright.services.kit.config import KitConfig
from casewright.services.kit.health import HealthSource
from casewright.services.kit.keys import KeyStore, service_token
from casewright.services.kit.uploads import spool_of
from casewright.services.web import ask, case_files, cases, csrf, files, home, letters, login
from casewright.services.web.state import WebState
from casewright.services.web.view import (
    KEY_COOKIE,
    STATIC,
    error_page,
    load_static,
    load_templates,
    on_http,
    on_ours,
)
from casewright.settings import Settings

# A form's own fields beside its file: pasted text, and the text of a file that was read before.
FORM_BYTES = 8 * 1024 * 1024
OPEN_PATHS = frozenset({"/live", "/login", *(f"/static/{name}" for name in STATIC)})


@dataclass(frozen=True, slots=True)
class WebConfig:
    """Where the services are. ``service_key`` None: the service token of the data directory is shown to them.

    ``max_file_bytes`` is the largest file that the document service takes.
    """

    kit: KitConfig
    rag_url: str
    notes_url: str
    documents_url: str
    service_key: str | None = field(default=None, repr=False)
    patience: Patience = field(default_factory=Patience)
    max_file_bytes: int = 50 * 1024 * 1024


def config_from(settings: Settings, host: str, port: int) -> WebConfig:
    """The page as the settings describe it."""
    key = settings.service_key
    kit = KitConfig(
        name="web",
        data_dir=settings.data_dir,
        host=host,
        port=port,
        auth=settings.auth,
        max_body_bytes=settings.document_bytes + FORM_BYTES,
        concurrency=8,
        log_level=settings.log_level,
    )
    return WebConfig(
        kit=kit,
        rag_url=settings.rag_url,
        notes_url=settings.notes_url,
        documents_url=settings.documents_url,
        service_key=None if key is None else key.get_secret_value(),
        patience=Patience(process_s=settings.document_seconds + 10.0),
        max_file_bytes=settings.document_bytes,
    )


def create_app(config: WebConfig) -> FastAPI:
    """The application.

    Raises:
        ConfigError: it would be open to other machines without a key.
        StorageError: the data directory cannot hold its secrets.
    """
    data_dir = config.kit.data_dir
    token = service_token(data_dir)
    urls = (config.rag_url, config.notes_url, config.documents_url)
    client = Client(ClientConfig(*urls, key=config.service_key or token, patience=config.patience))
    static = load_static()
    state = WebState(
        client=client,
        templates=load_templates(static),
        secret=csrf.load_secret(data_dir),
        keys=KeyStore(data_dir),
        service_token=token,
        max_file_bytes=config.max_file_bytes,
        spool=spool_of(data_dir, "web"),
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with client:
            yield

    router = APIRouter(include_in_schema=False)
    for part in (home, cases, case_files, ask, letters, files, login):
        router.include_router(part.router)
    app = create_service(
        Shell(
            config=config.kit,
            router=router,
            health=HealthSource("web", checks=state.checks, limits={"max_file_bytes": config.max_file_bytes}),
            lifespan=lifespan,
            title="Casewright's page",
            metrics=ServiceMetrics("web", __version__),
            open_paths=OPEN_PATHS,
            cookie=KEY_COOKIE,
            render=error_page,
            state={"web": state, "static": static},
            public_docs=False,
        )
    )
    app.add_exception_handler(CasewrightError, on_ours)
    app.add_exception_handler(HTTPException, on_http)
    return app
