"""One task as a story: its steps in order, claims, signs of trouble, artefacts, work done twice, runs compared. Pure."""

from core.analysis.story.artefacts import MOST_ARTEFACTS, Artefact, artefacts
from core.analysis.story.claims import WHOLE, Claim, Overlap, Part, overlaps, parts_of
from core.analysis.story.doubled import COSINE, WORDS, Doubled, doubled
from core.analysis.story.likeness import MOST, like_pairs, words_of
from core.analysis.story.outcome import Outcome, outcome_in
from core.analysis.story.runs import Parting, Run, are_attempts, runs_of
from core.analysis.story.signs import LABELS, Sign, Trouble, errors_in, signs_of, suspects
from core.analysis.story.steps import Step, essence, steps
from core.analysis.story.tasks import TaskLine, from_link, rows_of, task_list, to_link
from core.analysis.story.vocabulary import FIELDS, OUTCOME_FIELDS, Kind
from core.analysis.story.whole import Story, story

__all__ = [
    "COSINE",
    "FIELDS",
    "LABELS",
    "MOST",
    "MOST_ARTEFACTS",
    "OUTCOME_FIELDS",
    "WHOLE",
    "WORDS",
    "Artefact",
    "Claim",
    "Doubled",
    "Kind",
    "Outcome",
    "Overlap",
    "Part",
    "Parting",
    "Run",
    "Sign",
    "Step",
    "Story",
    "TaskLine",
    "Trouble",
    "are_attempts",
    "artefacts",
    "doubled",
    "errors_in",
    "essence",
    "from_link",
    "like_pairs",
    "outcome_in",
    "overlaps",
    "parts_of",
    "rows_of",
    "runs_of",
    "signs_of",
    "steps",
    "story",
    "suspects",
    "task_list",
    "to_link",
    "words_of",
]
