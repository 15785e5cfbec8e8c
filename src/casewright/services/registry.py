"""The services by name: how each is made from the settings, and served in the foreground.

Each module named here has ``config_from(settings, host, port)``, a frozen configuration with a ``kit`` field,
and ``create_app(config)``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import closing
from typing import Any

from casewright.errors import StartFailed, UsageError
from casewright.observability.logs import set_up
from casewright.services.kit.server import listen, serve
from casewright.settings import Settings

MODULES = {
    "rag": "casewright.services.rag",
    "notes": "casewright.services.notes",
    "documents": "casewright.services.documents",
    "web": "casewright.services.web.app",
    "gateway": "casewright.services.gateway",
}


def default_port(name: str, settings: Settings) -> int:
    """The port that the settings give a service."""
    port: int = getattr(settings, f"{name}_port")
    return port


def run_service(
    name: str, settings: Settings, host: str, port: int | None, announce: Callable[[str], None]
) -> None:
    """Serve one service until SIGINT or SIGTERM; ``port`` None is the settings' one, 0 any free one.

    Raises:
        UsageError: there is no such service.
        PortTaken: the address cannot be listened on.
        ConfigError: it would be open to other machines without a key.
        StartFailed: it ended while it started; the log says why.
    """
    if name not in MODULES:
        raise UsageError(f"there is no service {name!r}", hint=f"one of {', '.join(MODULES)}")
    set_up(name, settings.log_level)
    module: Any = importlib.import_module(MODULES[name])
    with closing(listen(host, default_port(name, settings) if port is None else port)) as listener:
        config = module.config_from(settings, host, listener.getsockname()[1])
        started = serve(module.create_app(config), listener, config.kit.grace_s, announce)
    if not started:
        raise StartFailed(f"{name} did not start", hint="the lines above say why")
