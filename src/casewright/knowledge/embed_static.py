"""WordLlama: a vector for each token, a text is their mean. Hundreds of times faster than MiniLM, and weaker.

The package's own loader would fetch what it does not find; its files are read here, and that is all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from casewright.errors import InstallError
from casewright.knowledge.models import Model
from casewright.knowledge.ports import Vectors

_UNKNOWN = 0


class StaticModel:
    """A loaded table of token vectors."""

    def __init__(self, model: Model) -> None:
        self._tokens = model.tokens()
        self._table = _load(model)
        self._most = model.max_tokens

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 a text, float32."""
        rows = np.zeros((len(texts), self._table.shape[1]), dtype=np.float32)
        for at, ids in enumerate(self._tokens.ids(texts, special=False)):
            # a text without tokens still has a direction: a row of zeros is no vector to compare
            mean = self._table[ids[: self._most] or [_UNKNOWN]].mean(axis=0, dtype=np.float32)
            rows[at] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return rows


def _load(model: Model) -> Vectors:
    try:
        from safetensors.numpy import load_file  # noqa: PLC0415 - only those who embed have it
    except ImportError as error:
        raise InstallError(
            "the embedding model cannot be loaded: the package safetensors is missing",
            hint="pip install wordllama",
        ) from error
    try:
        table = load_file(model.weights)["embedding.weight"]
    except Exception as error:  # the library's errors have no common parent of their own
        raise InstallError(
            f"the embedding model cannot be loaded: {error}", hint="install the model's packages again"
        ) from error
    # half precision on the disk; sums of it would lose what the mean is of
    return table.astype(np.float32)
