"""Recall quality of the three modes on labelled questions, beside a plain TF-IDF ranking measured in the same run.

    python benchmarks/retrieval.py --memories FILE --questions FILE [--k 10] [--embeddings DIR]

Questions are asked within their own team. The peer is cosine over (1 + log tf) · log(N / df) of lower-cased words.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.eval.retrieval import Figures, Outcome, Question, ask, figures, load_memories, read_questions
from core.models.embedding import default_embedder
from core.recall import Mode
from core.store import MemoryStore

_WORD = re.compile(r"\w+")


class TfIdf:
    """The floor: a classic ranking of one team's memories."""

    def __init__(self, texts: dict[str, str]) -> None:
        counts = {key: Counter(_WORD.findall(text.lower())) for key, text in texts.items()}
        found = Counter(word for words in counts.values() for word in words)
        self._idf = {word: math.log(len(texts) / count) for word, count in found.items()}
        self._postings: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for key, words in counts.items():
            weights = {word: (1 + math.log(n)) * self._idf[word] for word, n in words.items()}
            length = math.hypot(*weights.values()) or 1.0
            for word, weight in weights.items():
                self._postings[word].append((key, weight / length))

    def rank(self, query: str, k: int) -> list[str]:
        """Return the k best keys."""
        scores: dict[str, float] = defaultdict(float)
        for word, n in Counter(_WORD.findall(query.lower())).items():
            for key, weight in self._postings.get(word, ()):
                scores[key] += weight * (1 + math.log(n)) * self._idf[word]
        return sorted(scores, key=lambda key: -scores[key])[:k]


def _floor(store: MemoryStore, questions: list[Question], k: int) -> list[Outcome]:
    teams: dict[str | None, dict[str, str]] = defaultdict(dict)
    for memory in store.memories(actor=LOCAL_ADMIN):
        teams[memory.team_id][memory.key] = memory.content
    rankings = {team: TfIdf(texts) for team, texts in teams.items()}
    outcomes = []
    for question in questions:
        start = time.perf_counter()
        keys = rankings[question.team].rank(question.text, k) if question.team in rankings else []
        ranks = tuple(rank for rank, key in enumerate(keys, start=1) if key in question.evidence)
        outcomes.append(Outcome(question, ranks, 1e3 * (time.perf_counter() - start)))
    return outcomes


def main() -> int:
    """Print a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memories", type=Path, required=True)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--embeddings", type=Path, help="keep the embeddings there for the next run")
    arguments = parser.parse_args()
    questions = [question for question in read_questions(arguments.questions) if question.evidence]
    table: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder:
        catalog = open_catalog(folder, embedder_factory=lambda: default_embedder(arguments.embeddings))
        store = catalog.create("retrieval-benchmark", actor=LOCAL_ADMIN)
        load_memories(store, arguments.memories)
        table["TF-IDF"] = figures(_floor(store, questions, arguments.k))
        for mode in Mode:
            table[str(mode)] = figures(list(ask(store, questions, k=arguments.k, mode=mode, per_team=True)))
        catalog.close()
    print(f"{len(questions)} questions, k = {arguments.k}, within the question's team")
    print(f"{'':>8}  {'hit':>6}  {'recall':>6}  {'mrr':>6}  {'ms':>6}")
    for name, one in table.items():
        print(f"{name:>8}  {one.hit:6.3f}  {one.recall:6.3f}  {one.mrr:6.3f}  {one.ms_per_query:6.1f}")
    print(json.dumps({name: {"hit": one.hit, "recall": one.recall, "mrr": one.mrr} for name, one in table.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
