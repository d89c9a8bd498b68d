"""Orders to whoever reads a memory, as a planted one gives: stated cues, each with a weight; none is a verdict."""

from core.guard.injection.cue import Check, Cue, instruction_score
from core.guard.injection.reading import cues
from core.guard.injection.sign import SIGNS, Sign

__all__ = ["SIGNS", "Check", "Cue", "Sign", "cues", "instruction_score"]
