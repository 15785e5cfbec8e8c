"""What each part of search earns, on test collections in BEIR's format: an ablation with paired intervals.

    python benchmarks/retrieval.py                     our own casework set
    python benchmarks/retrieval.py SETS/perlfaq …      other sets (see retrieval_sets.py)

Each row adds one part to the row above it, and says by how much nDCG@5 and recall@5 changed over all queries,
with the 95 % interval of the differences. Vectors are kept in the temporary folder, under the hash of the
model and the texts.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import re
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from casewright.knowledge.beir import Collection, read_collection
from casewright.knowledge.embed_onnx import OnnxModel
from casewright.knowledge.evaluate_retrieval import documents_of, embedded_text, passages_of
from casewright.knowledge.lexical import STOP, Lexicon
from casewright.knowledge.memory_index import MemoryIndex
from casewright.knowledge.models import Model, find_model
from casewright.knowledge.ports import Vectors
from casewright.knowledge.ranking_scores import Values, estimates, scores
from casewright.knowledge.records import Hit, Scored
from casewright.knowledge.retrieve import Mode, Retriever, RetrieverConfig

OWN = Path(__file__).parent / "data" / "retrieval" / "casework"
KEPT = Path(tempfile.gettempdir()) / "casewright-retrieval-vectors"
DEPTH = 100
RRF = 60
WORD = re.compile(r"[^\W_]+")

Terms = Callable[[str], list[str]]
PLAIN_FUSION = RetrieverConfig(
    deduplicate=False, reference_weight=0, figure_weight=0, bm25_good=0, dense_good=0
)
BELIEVED = RetrieverConfig(deduplicate=False, reference_weight=0, figure_weight=0)
PRODUCT = RetrieverConfig(deduplicate=False)


def words(text: str) -> list[str]:
    """Words in small letters."""
    return WORD.findall(text.casefold())


def telling(text: str) -> list[str]:
    """Words in small letters without stop words."""
    return [word for word in words(text) if word not in STOP]


@dataclass(frozen=True)
class Given:
    """A collection with its passages, their vectors and those of its queries."""

    name: str
    collection: Collection
    indexes: dict[str, MemoryIndex]
    queries: dict[str, Vectors]

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """``ports.Embedder`` of the queries."""
        return np.stack([self.queries[text] for text in texts])

    stamp = None
    max_tokens = 0


def prepare(folder: Path, model: Model, embed: Callable[[Sequence[str]], Vectors]) -> Given:
    """Read a set and embed it, unless that was done before."""
    files = (folder / name for name in ("corpus.jsonl", "queries.jsonl", "qrels.tsv"))
    collection = read_collection(*files)
    passages = passages_of(collection.documents, model.tokens(), model.max_tokens)
    asked = list(dict.fromkeys(query.text for query in collection.judged))
    texts = [*map(embedded_text, passages), *asked]
    key = hashlib.sha256("\0".join([model.stamp.version, *texts]).encode()).hexdigest()
    KEPT.mkdir(exist_ok=True)
    kept = KEPT / f"{key}.npy"
    if not kept.exists():
        np.save(kept, embed(texts))
    rows = np.load(kept)
    vectors, queries = rows[: len(passages)], rows[len(passages) :]
    readings: dict[str, Terms] = {"words": words, "telling": telling, "stems": Lexicon().terms}
    indexes = {name: MemoryIndex(passages, vectors, terms) for name, terms in readings.items()}
    return Given(folder.name, collection, indexes, dict(zip(asked, queries, strict=True)))


def by_words(given: Given, reading: str, terms: Terms) -> Callable[[str], list[Scored]]:
    """Search by words, read in one way."""
    return lambda query: given.indexes[reading].keyword(list(dict.fromkeys(terms(query))), DEPTH)


def by_ranks(given: Given, reading: str, terms: Terms) -> Callable[[str], list[Scored]]:
    """Reciprocal rank fusion of words and meaning."""
    keyword = by_words(given, reading, terms)

    def search(query: str) -> list[Scored]:
        totals: dict[int, float] = {}
        for found in (keyword(query), given.indexes[reading].dense(given.queries[query], DEPTH)):
            for rank, one in enumerate(found, 1):
                totals[one.id] = totals.get(one.id, 0.0) + 1 / (RRF + rank)
        return sorted((Scored(*item) for item in totals.items()), key=lambda one: (-one.score, one.id))

    return search


def measured(given: Given, search: Callable[[str], list[Scored]]) -> Values:
    """A row a query of recall@5 and nDCG@5."""
    index = given.indexes["stems"]
    rows = []
    for query in given.collection.judged:
        found = index.chunks([one.id for one in search(query.text)])
        ranking = documents_of([Hit(chunk, 0.0) for chunk in found])
        rows.append(scores(ranking, given.collection.relevant[query.id], (5,))[:2])
    return np.array(rows)


def retrieved(given: Given, config: RetrieverConfig, mode: Mode = "hybrid") -> Values:
    """The same with the product's retriever."""
    return asyncio.run(_retrieved(given, config, mode))


async def _retrieved(given: Given, config: RetrieverConfig, mode: Mode) -> Values:
    retriever = Retriever(given, config)  # type: ignore[arg-type]
    rows = []
    for query in given.collection.judged:
        hits = await retriever.search(given.indexes["stems"], query.text, DEPTH, mode=mode)
        rows.append(scores(documents_of(hits), given.collection.relevant[query.id], (5,))[:2])
    return np.array(rows)


ROWS: dict[str, Callable[[Given], Values]] = {
    "words": lambda given: measured(given, by_words(given, "words", words)),
    "+ stop words": lambda given: measured(given, by_words(given, "telling", telling)),
    "+ stems: bm25": lambda given: retrieved(given, PRODUCT, "bm25"),
    "meaning: dense": lambda given: retrieved(given, PRODUCT, "dense"),
    "ranks fused, words": lambda given: measured(given, by_ranks(given, "words", words)),
    "ranks fused, stems": lambda given: measured(given, by_ranks(given, "stems", Lexicon().terms)),
    "scores fused": lambda given: retrieved(given, PLAIN_FUSION),
    "+ poor bests count less": lambda given: retrieved(given, BELIEVED),
    "+ exact features: hybrid": lambda given: retrieved(given, PRODUCT),
}


def main() -> None:
    """Measure every row on every set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("sets", nargs="*", type=Path, default=[OWN], help="folders (default: our own)")
    model = find_model("minilm")
    embed = OnnxModel(model, threads=2).embed
    given = [prepare(folder, model, embed) for folder in parser.parse_args().sets]
    queries = sum(len(one.collection.judged) for one in given)
    print(f"{queries} queries; nDCG@5 (recall@5) by set, their mean, and the change from the row above\n")
    print(f"| {'':24} | " + " | ".join(f"{one.name:>13}" for one in given) + " | mean | nDCG@5 | recall@5 |")
    print("|---" * (len(given) + 4) + "|")
    before: Values | None = None
    for name, measure in ROWS.items():
        values = [measure(one) for one in given]
        cells = [f"{value[:, 1].mean():.3f} ({value[:, 0].mean():.3f})" for value in values]
        mean = [statistics.fmean(float(value[:, column].mean()) for value in values) for column in (1, 0)]
        whole = np.concatenate(values)
        print(
            f"| {name:24} | {' | '.join(cells)} | {mean[0]:.3f} ({mean[1]:.3f}) | {changed(whole, before)} |",
            flush=True,
        )
        before = whole


def changed(values: Values, before: Values | None) -> str:
    """How much nDCG@5 and recall@5 are above another row's."""
    if before is None:
        return " | "
    recall, ndcg = estimates(values - before, 2_000, 1)
    return " | ".join(f"{one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f})" for one in (ndcg, recall))


if __name__ == "__main__":
    main()
