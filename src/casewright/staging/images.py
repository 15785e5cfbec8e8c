"""The build boxes: each image built anew, its size, and what is installed in it; or this installation's own.

On target ``local`` there are no images: what can be said is the size of the environment that the services
run in, whether what is locked can be installed, and the command that gets the rest.
"""

from __future__ import annotations

import asyncio
import os
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path

from casewright.api.staging import CommandRun, Finding
from casewright.files import replace_file
from casewright.staging import steps_start
from casewright.staging.build_limits import ENVIRONMENT_LIMIT_MB, IMAGE_LIMITS_MB
from casewright.staging.clean_install import clean_install, shown_while
from casewright.staging.compose import ComposeStack
from casewright.staging.compose_parse import Image, parse_images
from casewright.staging.compose_trouble import told
from casewright.staging.context import Context
from casewright.staging.judge import finding

IMAGES, SIZES, DEPENDENCIES, SDKS = "build.images", "build.image-size", "build.dependencies", "build.sdks"
NO_IMAGES = "target local builds none: casewright stage --target compose --only build"
SHOWN_BUILD = 900
LOG_CHARS = 4_000_000
# What the plan expects in which image.
EXPECTED: Mapping[str, tuple[str, ...]] = {
    "rag-service": ("openai",),
    "notes-service": ("openai",),
    "doc-processor": ("openai", "ollama"),
}
# The environment holds no pip, and the base image's Python checks it from outside.
_PIP_CHECK = ("/usr/local/bin/python", "-m", "pip", "--python", "/opt/casewright/bin/python", "check")
_VERSIONS = (
    "import importlib.metadata as m, sys\n"
    "for name in sys.argv[1:]:\n"
    "    try:\n"
    "        print(name, m.version(name))\n"
    "    except m.PackageNotFoundError:\n"
    "        print(name, 'not installed')\n"
)


async def images(context: Context) -> str:
    """Build every image without a cache, and look at their sizes."""
    if not isinstance(context.stack, ComposeStack):
        return await _local(context)
    stack = context.stack
    if context.config.attach:
        seen = "attached: the images of the running stack are not built anew"
        context.ledger.add(IMAGES, [finding("builds", "exit 0", seen, None, tried=False)])
    else:
        for service in stack.compose.built:
            await _build(context, stack, service)
        if not stack.compose.built:
            seen = "the compose file builds no image"
            context.ledger.add(IMAGES, [finding("builds", "exit 0", seen, None, tried=False)])
    return await _sizes(context, stack)


async def preflight(context: Context) -> str:
    """What is installed where the services run: in the images, or in this installation."""
    if not isinstance(context.stack, ComposeStack):
        return await steps_start.preflight(context)
    stack, words = context.stack, []
    for service in stack.compose.built:
        context.tell(f"{service}: pip check, and the SDKs")
        checked = await _inside(context, stack, service, *_PIP_CHECK)
        context.ledger.command(DEPENDENCIES, checked)
        context.ledger.add(DEPENDENCIES, [_checked(service, checked)])
        if service in EXPECTED:
            words += await _sdks(context, stack, service)
    if not stack.compose.built:
        seen = "the compose file builds no image"
        for box in (DEPENDENCIES, SDKS):
            context.ledger.add(box, [finding("images", "looked into", seen, None, tried=False)])
    context.ledger.say(SDKS, "; ".join(words))
    return "; ".join(words)


async def _build(context: Context, stack: ComposeStack, service: str) -> None:
    limit_s = context.config.deadlines.build_s
    run = await shown_while(
        context,
        f"{service}: build --no-cache (at most {limit_s:g} s)",
        stack.cli.run("build", "--no-cache", service, timeout_s=limit_s, kept=LOG_CHARS),
    )
    log = f"build-{service}.log"
    text = f"$ {' '.join(run.words)}\n{run.stdout}\n{run.stderr}\n{run.problem or f'exit {run.exit_code}'}\n"
    replace_file(context.config.output / log, text.encode("utf-8", "replace"))
    context.ledger.command(
        IMAGES, run.model_copy(update={"stdout": run.stdout[-4000:], "stderr": run.stderr[-4000:]})
    )
    context.ledger.seen(IMAGES, **{f"{service}, seconds": run.seconds, f"{service}, log": log})
    good = run.exit_code == 0
    what = f"build {service}: {run.problem or f'exit {run.exit_code}'}"
    seen = "exit 0" if good else told(what, run, f"{stack.cli.spoken} build {service}")
    context.ledger.add(IMAGES, [finding(f"build {service}", "exit 0", seen, good, shown=SHOWN_BUILD)])


async def _sizes(context: Context, stack: ComposeStack) -> str:
    names = {service: part.image for service, part in stack.compose.parts.items() if part.image}
    run = await stack.cli.docker("image", "inspect", *sorted({*names.values()}), kept=8_000_000)
    found = parse_images(run.stdout)
    known = {tag: image for image in found for tag in image.tags}
    context.ledger.command(SIZES, run.model_copy(update={"stdout": f"({len(found)} images, see seen)"}))
    context.ledger.seen(
        SIZES,
        images={
            tag: {"id": each.id, "bytes": each.size, "digests": each.digests} for tag, each in known.items()
        },
    )
    findings, told_sizes = [], []
    for service in stack.compose.built:
        image = known.get(names.get(service, ""))
        findings.append(_size(service, image, run))
        if image is not None and image.size is not None:
            told_sizes.append(f"{service} {image.size / 1e6:.0f} MB")
    if not findings:
        seen = "the compose file builds no image"
        findings = [finding("sizes", "under their limits", seen, None, tried=False)]
    context.ledger.add(SIZES, findings)
    context.ledger.say(SIZES, ", ".join(told_sizes))
    return ", ".join(told_sizes) or "no size was told"


def _size(service: str, image: Image | None, run: CommandRun) -> Finding:
    limit = IMAGE_LIMITS_MB.get(service)
    expected = f"under {limit} MB" if limit is not None else "a stated limit"
    what = f"image of {service}"
    if image is None or image.size is None:
        seen = told("docker image inspect", run, "docker image ls")
        return finding(what, expected, seen if run.exit_code else "not in the list", None, shown=SHOWN_BUILD)
    seen = f"{image.size / 1e6:.0f} MB"
    return finding(what, expected, seen, image.size < limit * 1e6 if limit is not None else None)


async def _inside(context: Context, stack: ComposeStack, service: str, *words: str) -> CommandRun:
    """Run a program in a service's image: no network, no volume, nothing of it stays."""
    image = stack.compose.parts[service].image or service
    program, *arguments = words
    lean = ("--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL")
    return await stack.cli.docker(
        *("run", *lean, "--entrypoint", program, image, *arguments),
        timeout_s=context.config.deadlines.command_s,
    )


def _checked(service: str, run: CommandRun) -> Finding:
    found = steps_start.conflicts(run)
    seen = found.seen
    if run.exit_code in (125, 126, 127):  # docker's own: nothing ran in the image
        seen = told("docker run", run, "docker image ls")
        found = finding(found.what, found.expected, seen, None, shown=SHOWN_BUILD)
    return found.model_copy(update={"what": f"{service}: pip check"})


async def _sdks(context: Context, stack: ComposeStack, service: str) -> list[str]:
    names = EXPECTED[service]
    run = await _inside(context, stack, service, "python", "-I", "-c", _VERSIONS, *names)
    context.ledger.command(SDKS, run)
    versions = dict(line.split(" ", 1) for line in run.stdout.splitlines() if " " in line)
    findings = []
    for name in names:
        seen = versions.get(name)
        good = None if seen is None else seen != "not installed"
        said = seen or told("docker run", run, "docker image ls")
        findings.append(finding(f"{service}: {name}", "installed", said, good, shown=SHOWN_BUILD))
    context.ledger.add(SDKS, findings)
    return [f"{service}: {name} {versions.get(name, 'not told')}" for name in names]


async def _local(context: Context) -> str:
    """The size of this environment against its limit, and what is locked installed anew: no images here."""
    context.tell("the size of the environment that the services run in")
    place = Path(sysconfig.get_paths()["purelib"])
    found = await asyncio.to_thread(too_large, place)
    context.ledger.seen(SIZES, environment=str(place))
    none = finding("images", "under their limits", NO_IMAGES, None, tried=False)
    context.ledger.add(SIZES, [found, none])
    none = finding("images", "every build exits 0", NO_IMAGES, None, tried=False)
    installed = await clean_install(context)
    context.ledger.add(IMAGES, [none, *installed])
    return f"no images; this environment {found.seen}; clean install: {installed[0].seen}"


def too_large(place: Path) -> Finding:
    """Whether an environment's packages are under their limit."""
    size, limit = _bytes_below(place), ENVIRONMENT_LIMIT_MB
    what = "this environment, with every extra"
    return finding(what, f"under {limit} MB", f"{size / 1e6:.0f} MB", size < limit * 1e6)


def _bytes_below(place: Path) -> int:
    return sum(_sizes_of(os.walk(place)))


def _sizes_of(walk: Iterable[tuple[str, list[str], list[str]]]) -> Iterable[int]:
    for folder, _, names in walk:
        for name in names:
            path = Path(folder) / name
            if not path.is_symlink() and path.exists():  # one that goes away meanwhile is no part of it
                yield path.lstat().st_size
