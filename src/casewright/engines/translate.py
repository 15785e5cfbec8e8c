"""One request as one route can take it, and what had to be left out, in words.

The two wire formats themselves are ``engines.wire``: how max_tokens, stop, seed, sampling, schemas, images
and tools are spelled, and that Ollama never truncates or shifts. Here is only what differs between routes.
"""

from __future__ import annotations

from dataclasses import replace

from casewright.engines.policy import Route
from casewright.engines.wire import Api, ChatRequest
from casewright.errors import BadRequest


def lacks(request: ChatRequest, route: Route) -> str | None:
    """Why a route cannot take a request at all; None: it can.

    A picture that is left out changes the question, so it is never left out; another route may take it.
    """
    if not route.capabilities.images and any(message.images for message in request.messages):
        return f"{route.name} takes no images"
    return None


def adapt(request: ChatRequest, route: Route) -> tuple[ChatRequest, tuple[str, ...]]:
    """The request for this route, and a sentence for everything that it cannot do.

    ``model`` is the name there, or "" for the only one served. The context of Ollama is the route's, whatever
    was asked for: another one would load the model anew.

    Raises:
        BadRequest: there are images, and the route takes none.
    """
    problem = lacks(request, route)
    if problem is not None:
        raise BadRequest(
            problem, hint="leave out the images, or set up an engine with a model for them", status=400
        )
    warnings: list[str] = []
    changed = replace(request, model=route.model_for(request.model) or "")
    if request.tools and not route.capabilities.tools:
        changed = replace(changed, tools=())
        warnings.append(f"{route.name} has no tools: they were left out")
    if request.json_schema is not None and not route.capabilities.json_schema:
        changed = replace(changed, json_schema=None)
        warnings.append(f"{route.name} does not hold answers to a JSON schema: it was left out")
    if route.engine.api is Api.OLLAMA:
        changed, more = _for_ollama(changed, route)
        warnings += more
    elif request.context_length is not None:
        changed = replace(changed, context_length=None)
        warnings.append(
            f"{route.name} keeps the context it was started with: context_length {request.context_length} "
            "was left out"
        )
    return changed, tuple(warnings)


def _for_ollama(request: ChatRequest, route: Route) -> tuple[ChatRequest, list[str]]:
    warnings = []
    if request.ignore_eos:
        # the encoder leaves it out, as Ollama has no such option
        warnings.append(f"{route.name} cannot be told to go on after the end: ignore_eos was left out")
    pinned = route.context_length
    if pinned is None:
        return request, warnings
    if request.context_length not in (None, pinned):
        warnings.append(
            f"{route.name} keeps its context of {pinned} tokens: context_length {request.context_length} was "
            "left out"
        )
    return replace(request, context_length=pinned), warnings
