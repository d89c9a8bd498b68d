"""Why a passage may not become a memory: questions, small talk, plans, orders to a reader, quotations."""

from __future__ import annotations

import re
from typing import Final

from core.extract.opening import said_in
from core.extract.passages import Passage
from core.extract.quoted import is_quoted
from core.extract.turn import Role
from core.extract.verbs import ORDERS
from core.guard.injection import cues

__all__ = ["LONGEST", "LONGEST_LIST", "hostile", "refusal"]

LONGEST: Final = 600
LONGEST_LIST: Final = 2_000
_WORDS: Final = 3
_I: Final = r"(?:^|[,;:]\s+(?:and |but |so |then )?|\b(?:and|but|so|then)\s+)"
_QUESTION: Final = re.compile(
    r"^(?:what|who|whom|whose|which|why|how|where|when)\s+(?:is|are|was|were|do|does|did|can|could|should|would|will"
    r"|about|if)\b"
    r"|^(?:can|could|would|will|shall|should|may|do|does|did|is|are|was|were|have|has)\s+(?:you|we|I|it|the|there|this"
    r"|that)\b"
    r"|\bopen question\b|\bto be (?:decided|determined|confirmed)\b|\bTBD\b|\b(?:wonder|wondering|curious) (?:if"
    r"|whether|what|why|how)\b",
    re.IGNORECASE,
)
_TALK: Final = re.compile(
    r"^(?:thank you|you'?re (?:welcome|all set)|good choice|happy to|glad|i'?m (?:sorry|happy|glad|doing|afraid)"
    r"|i can help|i(?:'ve| have) noted|sounds good|will do|feel free|let me know|my pleasure|i hope|i see|i understand"
    r"|please (?:let|find|note|confirm)|here(?:'s| is| are| you)\b|(?:that|this|it)(?:'s| is| was| sounds| looks| works) "
    r"(?:very |really |so )?(?:great|good|nice|fine|perfect|right|correct|ok|okay|helpful|awesome|all|it)\b"
    r"|(?:I'm|I am|we're|we are|you're) all set|you are given|(?:the|this) (?:\w+ )?task (?:is|involves|requires|has|was)"
    r"|keep (?:that|this|it) in mind|I (?:(?:really|completely|totally|do|also) )*(?:appreciate|apologi[sz]e"
    r"|understand|hope|feel|trust|wonder)\b)"
    r"|\b(?:feel free|let me know|happy to (?:help|assist)|don't hesitate|thank you for|is there anything else"
    r"|anything else)\b",
    re.IGNORECASE,
)
_PLAN: Final = re.compile(
    rf"\bI(?:'d| would) like to\b|\bnext step (?:is|involves)\b|{_I}(?:I'?ll|I will|we(?:'?ll| will)(?! use| go with| keep"
    rf"| stick| drop| switch)|I'?m going to|I am going to"
    rf"|we'?re going to|let me"
    r"|let'?s(?! (?:use|go with|keep|stick|drop|skip|switch|settle|adopt|choose|postpone))|shall (?:I|we)"
    r"|I(?:'d| would) (?:need|have|like|love|suggest we|recommend(?! against))|I(?:'d| would)? (?:plan|intend|want"
    r"|hope|aim|propose)"
    r"(?: to)?(?! (?:all|every|any|no|my|the)\b)|I (?:(?:do|also|just|really|still|only|actually) )*(?:can|could|may"
    r"|might|should|need(?! (?:all|every|any|no|my)\b)|have to|must|recommend|won'?t|will not|would not|wouldn'?t"
    r"|can'?t|cannot)"
    r"|we (?:could|should|might|can|need to|have to|must|may want|will need to|plan to|intend to)|my plan|the plan is"
    r"|next step"
    r"|(?:next|then|now),? (?:I|we)\b|I am about|I'?m about|(?:I'm|I am|we're|we are) (?:currently |just "
    r"|also )?(?:looking|trying|hoping|calling|writing|wondering|planning|checking|asking))\b",
    re.IGNORECASE,
)
_LETS: Final = re.compile(r"let'?s\b", re.IGNORECASE)
_PLANNED_LIST: Final = re.compile(
    r"\b(?:my plan|the plan|next steps?|to-?do|I(?:'ll| will)|we(?:'ll| will)|let'?s|let me|i need|could you"
    r"|please (?:provide|confirm|let)"
    r"|would you|you(?:'d| would) like|you want|summary|details|confirm|plan|tasks?|options?|questions?|agenda"
    r"|I (?:can|could"
    r"|would)|ideas?|suggestions?)\b",
    re.IGNORECASE,
)
_SUPPOSED: Final = re.compile(
    r"^(?:imagine|suppose|say|pretend|assume|assuming|what if|in that case|otherwise)\b|\bif\b.*\bwould\b|\bwould\b.*\bif\b"
    r"|\bwould (?:be|have|lose|need|make|take|cost|cause|mean|get|happen)\b|\b(?:for example|e\.g\.|hypothetical\w*)\b",
    re.IGNORECASE | re.DOTALL,
)
_ADVICE: Final = re.compile(
    r"\byou (?:(?:also|still|only|just) )?(?:can|may|might|could|should|want(?:ed)?|would|wish|'d|'ll|will|need"
    r"|mentioned|asked|requested"
    r"|(?:are|were) (?:looking|asking|trying))\b|\byou'(?:d|ll)\b|\b(?:allows?|lets?|enables?) you\b|\b(?:we"
    r"|I) recommend\b|\bconsider \w+ing\b|\bplease\b|\bI(?:'m| am) (?:unable|not able)\b",
    re.IGNORECASE,
)
_MOMENT: Final = re.compile(
    r"\b(?:(?:don't|do not|can't|cannot) (?:have|find|remember|recall|see)\b.*\b(?:right now|at the moment|with me"
    r"|handy|on hand)"
    r"|(?:at the moment|right now), I (?:don't|do not|can't))\b",
    re.IGNORECASE | re.DOTALL,
)
_OPEN: Final = re.compile(
    r"\b(?:haven'?t|have not|hasn'?t|has not|not yet|yet to|still (?:need|have|has|deciding)|undecided|need to) (?:yet )?"
    r"(?:decide|decided|choose|chosen|agreed?|settle)\w*\b|\bnothing (?:was|is|has been) decided\b",
    re.IGNORECASE,
)
_NOT_KNOWN: Final = re.compile(
    r"\b(?:I (?:couldn'?t|could not|can'?t|cannot|don'?t|do not|didn'?t) (?:find|know|see|remember|recall"
    r"|have (?:access|any|the)|understand))\b",
    re.IGNORECASE,
)
_RULE: Final = re.compile(
    r"^(?:and |but |so |also )?(?:please )?(?:always|never|don'?t|do not|from now on)\b", re.IGNORECASE
)


def refusal(passage: Passage, role: Role) -> str | None:
    """Return why a passage of a message may not become a memory, None where it may."""
    text = passage.text
    found = hostile(text, passage.bare)
    if found is not None:
        return found
    if role is Role.SYSTEM:
        return "it is the agent's own instructions"
    if passage.items:
        return _of_list(passage)
    said = said_in(passage.bare)
    if len(text) > LONGEST:
        return f"it has {len(text):,} characters, more than {LONGEST} in one sentence"
    for reason, holds in (
        ("it is a question", said.rstrip("\"') ").endswith("?") or _QUESTION.search(said)),
        ("it is small talk", _TALK.search(said) or len(said.split()) < _WORDS),
        ("it announces what follows", said.endswith(":")),
        ("it is a plan or an offer", _PLAN.search(said) or (role is Role.ASSISTANT and _LETS.match(said))),
        ("it is left open", _OPEN.search(said) or _NOT_KNOWN.search(said)),
        ("it is supposed, not said to be so", _SUPPOSED.search(said)),
        ("it holds for this moment alone", _MOMENT.search(said)),
        ("it is advice to the reader", role is Role.ASSISTANT and _ADVICE.search(said)),
        ("it asks for something once", _asks(said)),
    ):
        if holds:
            return reason
    return None


def hostile(text: str, bare: str) -> str | None:
    """Return why a text is not its writer's own or not safe to keep, None where neither holds."""
    if is_quoted(text, bare):
        return "it is quoted, not said"
    found = cues(text)
    return f"it gives its reader orders: {found[0].what}" if found else None


def _of_list(passage: Passage) -> str | None:
    if len(passage.text) > LONGEST_LIST:
        return f"the list has {len(passage.text):,} characters, more than {LONGEST_LIST:,}"
    heading = passage.text.split("\n", 1)[0]
    return "the list is a plan, a choice or an offer" if _PLANNED_LIST.search(heading) else None


def _asks(said: str) -> bool:
    """Say whether a sentence is an order for this once: a bare verb at its beginning, and no standing rule."""
    if _RULE.match(said):
        return False
    said = re.sub(r"^[A-Z][\w ]{1,30}: (?=[A-Z])", "", said)
    said = re.sub(r"^(?:after|before|once) (?:that|this|it)(?:'s| is)?(?: \w+)?, ", "", said, flags=re.IGNORECASE)
    words = re.findall(r"[A-Za-z'-]+", said[:60].lower())
    while words and words[0] in ("please", "pls", "and", "then", "also", "now", "just", "so", "first", "ok", "okay"):
        words = words[1:]
    return bool(words) and words[0] in ORDERS and not re.match(r"\s*\w+(?:ed|s)\b", said)
