"""``casewright provider``: which engine is asked for, and which the services really use."""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from casewright.errors import EXIT_OK, EXIT_TARGET_FAILED, NotRunning, UsageError

if TYPE_CHECKING:
    from casewright.services.provider import Choice
    from casewright.settings import Provider, Settings
    from casewright.stack.health import Seen

app = typer.Typer(help="Choose the engine behind the services, without a restart.", no_args_is_help=True)

POLL_S = 0.3
REACHED_S = 2.0


@dataclass(frozen=True, slots=True)
class Use:
    """What one service says it uses; ``matches`` is None where it does not answer or needs no engine."""

    name: str
    url: str
    seen: Seen
    requested: str

    @property
    def matches(self) -> bool | None:
        """Whether it is the provider asked for."""
        if self.seen.provider is None:
            return None
        return self.requested in ("auto", self.seen.provider)

    @property
    def ready(self) -> bool:
        """Whether it uses the provider asked for, and that one answers."""
        return self.matches is not False and self.seen.serves and self.seen.llm_available is not False

    def told(self) -> str:
        """In words."""
        if self.seen.health == "no answer":
            return f"does not answer ({self.seen.reason})"
        if self.seen.provider is None:
            return f"{self.seen.health}, names no engine" + (
                f" ({self.seen.reason})" if self.seen.reason else ""
            )
        state = "answers" if self.seen.llm_available else f"does not answer: {self.seen.reason}"
        model = f" {self.seen.model}" if self.seen.model else ""
        return f"{self.seen.provider}{model}, which {state}"

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        seen = self.seen
        return {
            "url": self.url,
            "health": seen.health,
            "provider": seen.provider,
            "model": seen.model,
            "llm_available": seen.llm_available,
            "source": seen.source,
            "matches": self.matches,
            "reason": seen.reason,
        }


@app.command()
def show(*, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> int:
    """Say which provider is asked for, what chose it, and what each service says it really uses.

    Exit codes: 0 no running service uses another one, 1 one does.
    """
    from casewright.services.provider import ProviderFile
    from casewright.settings import load_settings

    settings = load_settings()
    choice = ProviderFile(settings.data_dir).choose(settings.llm_provider)
    uses = _uses(settings, choice)
    wrong = [use for use in uses if use.matches is False]
    if as_json:
        about = {"requested": choice.provider, "source": choice.source}
        print(json.dumps(about | {"services": {use.name: use.as_dict() for use in uses}}, indent=2))
        return EXIT_TARGET_FAILED if wrong else EXIT_OK
    print(f"asked for: {choice.provider} (from the {_SOURCES[choice.source]})")
    for use in uses:
        why = f": {use.seen.reason}" if use.seen.reason and use.seen.llm_available else ""
        note = "" if use.matches is not False else f"   <- not what is asked for{why}"
        print(f"  {use.name:<10} {use.told()}{note}")
    if wrong and choice.source == "environment":
        print(
            "a running process keeps the environment it was started with; casewright provider set reaches it"
        )
    return EXIT_TARGET_FAILED if wrong else EXIT_OK


_SOURCES = {"file": "provider file", "environment": "environment, LLM_PROVIDER", "default": "default"}


@app.command("set")
def set_provider(
    name: Annotated[str, typer.Argument(help="auto, ollama, vllm or embedded.")],
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until every running service uses it.")] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait with --wait.")] = 30.0,
) -> int:
    """Ask every service for another provider: they see it with their next request.

    If its engine cannot be reached from here now, a warning says so: until it can, the next engine answers.

    Exit codes: 0 it is asked for; with --wait 0 every running service uses it and it answers, 1 one does not,
    70 none runs.
    """
    from casewright.services.provider import Choice, ProviderFile
    from casewright.settings import Asked, load_settings

    known: tuple[Asked, ...] = get_args(Asked)
    provider = next((each for each in known if each == name), None)
    if provider is None:
        raise UsageError(f"there is no provider {name!r}", hint=f"one of {', '.join(known)}")
    settings = load_settings()
    ProviderFile(settings.data_dir).write(provider)
    print(f"asked for: {provider}", flush=True)
    if provider != "auto":
        _warn_if_away(settings, provider)
    return _wait(settings, Choice(provider=provider, source="file"), timeout) if wait else EXIT_OK


_HEALTH_PATHS: dict[Provider, str] = {"ollama": "/api/version", "vllm": "/health", "embedded": "/health"}


def _warn_if_away(settings: Settings, provider: Provider) -> None:
    """Say on the error output that nobody answers where these settings have the engine."""
    from casewright.engines.failures import redacted
    from casewright.stack.health import Seen, look

    urls = {"ollama": settings.ollama_url, "vllm": settings.vllm_url, "embedded": settings.embedded_url}
    try:
        seen = look(urls[provider], foreign=_HEALTH_PATHS[provider], timeout_s=REACHED_S)
    except ValueError as error:  # out of what should be a URL
        seen = Seen("no answer", str(error))
    if seen.serves:
        return
    told = f"warning: {provider} cannot be reached now ({redacted(urls[provider])}: {seen.reason})"
    if settings.fallback == "on":
        print(f"{told}; until it can, the next engine answers in its place", file=sys.stderr)
    else:
        print(f"{told}, and CASEWRIGHT_FALLBACK=off lets no other engine answer", file=sys.stderr)


@app.command()
def clear() -> None:
    """Forget the choice: LLM_PROVIDER, as each service was started with it, decides again."""
    from casewright.services.provider import ProviderFile
    from casewright.settings import load_settings

    gone = ProviderFile(load_settings().data_dir).clear()
    print("the choice is cleared" if gone else "there was no choice to clear")


def _uses(settings: Settings, choice: Choice) -> list[Use]:
    from casewright.cli.stack_view import known_token
    from casewright.stack.health import look_at_all

    urls = service_urls(settings)
    seen = look_at_all(urls, known_token(settings))
    return [Use(name, url, seen[name], choice.provider) for name, url in urls.items()]


def service_urls(settings: Settings) -> dict[str, str]:
    """The services: those that `up` started, else where the settings say they are."""
    from casewright.cli.stack_view import places_of
    from casewright.stack.description import SERVICES
    from casewright.stack.status import running_urls

    started = running_urls(places_of(settings))
    if started is not None:
        return {name: url for name, url in started.items() if name in SERVICES}
    given = {"rag": settings.rag_url, "notes": settings.notes_url, "documents": settings.documents_url}
    urls = {
        # the port's setting moves a service that no URL was given for
        name: url if f"{name}_url" in settings.model_fields_set else _local(settings, name)
        for name, url in given.items()
    }
    return urls | {"web": _local(settings, "web")}


def _local(settings: Settings, name: str) -> str:
    from casewright.stack.plan import HOST

    return f"http://{HOST}:{getattr(settings, f'{name}_port')}"


def _wait(settings: Settings, choice: Choice, timeout_s: float) -> int:
    """Until every service that runs uses the choice, or the deadline.

    Raises:
        NotRunning: no service answers.
    """
    began, never = time.monotonic(), threading.Event()
    while True:
        uses = [use for use in _uses(settings, choice) if use.seen.health != "no answer"]
        late = time.monotonic() - began > timeout_s
        if uses and all(use.ready for use in uses):
            print(f"every running service uses it: {', '.join(use.name for use in uses)}")
            return EXIT_OK
        if late and not uses:
            raise NotRunning("no service answers, so nobody could be seen to use it", hint="casewright up")
        if late:
            for use in uses:
                if not use.ready:
                    print(f"  {use.name:<10} {use.told()}")
            print(f"not used by all within {timeout_s:g} s")
            return EXIT_TARGET_FAILED
        never.wait(POLL_S)
