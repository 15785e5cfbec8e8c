"""all-MiniLM-L6-v2 by onnxruntime, inside the embedding process.

One text a run, ``threads`` runs side by side, each on one thread: on 2 cores no batch was measured to be
faster (padding is work for nothing, and a small matrix gains little from a second thread), and what a text's
vector is depends on no other text.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from casewright.errors import InstallError
from casewright.knowledge.models import Model
from casewright.knowledge.ports import Vectors


class OnnxModel:
    """A loaded model. ``embed`` is called by one thread at a time."""

    def __init__(self, model: Model, threads: int) -> None:
        self._tokens = model.tokens()
        self._session = _load(model)
        self._most = model.max_tokens
        self._dimensions = model.stamp.dimensions
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="embed")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 a text, float32."""
        rows = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        read = [self._cut(ids) for ids in self._tokens.ids(texts, special=True)]
        # the longest first, so that no thread is left with a long one at the end
        order = sorted(range(len(read)), key=lambda at: -len(read[at]))
        for at, row in zip(order, self._pool.map(self._one, (read[at] for at in order)), strict=True):
            rows[at] = row
        return rows

    def _cut(self, ids: list[int]) -> list[int]:
        """What the model reads of a text: its beginning, and the token that ends it."""
        return ids if len(ids) <= self._most else [*ids[: self._most - 1], ids[-1]]

    def _one(self, ids: list[int]) -> npt.NDArray[np.float32]:
        tokens = np.array([ids], dtype=np.int64)
        (states,) = self._session.run(
            None,
            {
                "input_ids": tokens,
                "attention_mask": np.ones_like(tokens),
                "token_type_ids": np.zeros_like(tokens),
            },
        )
        # the mean over the attention mask: alone, a text has no padding to leave out
        mean: npt.NDArray[np.float32] = states[0].mean(axis=0)
        return mean / np.float32(max(float(np.linalg.norm(mean)), 1e-12))


def _load(model: Model) -> Any:
    try:
        import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415 - only those who embed have it
    except ImportError as error:
        raise InstallError(
            "the embedding model cannot be run: the package onnxruntime is missing",
            hint="install casewright[knowledge]",
        ) from error
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(model.weights), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library's errors have no common parent of their own
        raise InstallError(
            f"the embedding model cannot be loaded: {error}", hint="install the model's packages again"
        ) from error
