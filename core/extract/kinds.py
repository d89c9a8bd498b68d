"""What kind of memory a sentence is: by stated cues, in a stated order; None with the reason where it is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from core.extract.candidate import Kind
from core.extract.details import details_in
from core.extract.opening import said_in
from core.extract.passages import Passage
from core.extract.turn import Role
from core.extract.verbs import DONE, ORDERS, PLAIN, STATES

__all__ = ["Found", "kind_of"]


@dataclass(frozen=True)
class Found:
    """A kind, how sure its cue is, and why."""

    kind: Kind
    confidence: float
    reason: str


_ORDER: Final = "|".join(sorted(ORDERS))
_DONE: Final = "|".join(sorted(DONE))
_PREFERENCE: Final = re.compile(
    r"\b(?:I|we|my \w+|the (?:user|customer|client|team)) (?:'d )?(?:(?:really|strongly|usually|always|generally|also"
    r"|much|would) )*"
    r"(?:prefers?|likes?(?! to (?:book|change|cancel|know|order|see|get|make|ask|add|return|exchange))|loves?|hates?"
    r"|dislikes?"
    r"|favou?rs?|can'?t stand|enjoys?|'?d rather|would rather|avoids?)\b|\b[A-Z][a-z]+ (?:prefers|likes|hates|dislikes"
    r"|loves)\b"
    r"|\bI(?:'d| would) rather\b|\bI (?:never|always|usually|only|don'?t|do not) (?:\w+ )?(?:want|like|fly|eat|drink"
    r"|take|use|read|work"
    r"|travel|drive|book|buy|answer|pick up)\b|\bI (?:want|need) (?:all|every|any|no|my)\b|\bmy (?:favou?rite"
    r"|preferred|preference)\b"
    r"|\bcall me [A-Z]|\b(?:reach|contact|call|e-?mail|text|ping|notify|message) me (?:by|on|at|only|in|via|when)\b",
    re.IGNORECASE,
)
_MANNER: Final = re.compile(
    r"\b(?:answer|reply|respond|write|speak|talk|address|call|use|format|send|give|show|keep|explain|e-?mail|text|ping"
    r"|phone)\b"
    r".*\b(?:me|my|us|units|language|english|french|german|spanish|answers?|repl(?:y|ies)|emoji\w*|bullet|tone|short"
    r"|brief|formal\w*)\b",
    re.IGNORECASE,
)
_STANDING: Final = re.compile(
    r"^(?:please )?(?:always|never|from now on|in (?:the )?future|don'?t ever|do not ever)\b", re.IGNORECASE
)
_DECISION: Final = re.compile(
    r"\b(?:we|I|they|he|she|[A-Z]\w+|team|board|council|committee|management|legal|client|customer|group|owners?)"
    r"(?:'ve| have| has| had)?(?: (?:all|both|finally|already|also|jointly|then))? (?:decided|agreed|chose|chosen"
    r"|opted|settled|picked"
    r"|selected|elected|voted|resolved to|committed to|approved|rejected|ruled out|turned down|adopted|postponed"
    r"|dropped \S+ (?:for|in)"
    r"|went with|signed off|vetoed)\b|\b(?:was|were|been|is|are) (?:\w+ )?(?:decided|agreed|approved|rejected|chosen"
    r"|adopted|postponed"
    r"|turned down|ruled out|vetoed|voted down)\b|^(?:ok,? )?let'?s (?:use|go with|keep|stick|drop|skip|switch|settle"
    r"|adopt|choose|postpone)\b"
    r"|\bwe(?:'re| are) (?:going|sticking|staying) with\b|\bwe(?:'ll| will) (?:use|go with|keep|stick|drop|switch)\b"
    r"|\bthe decision (?:is|was)\b|\bdecision:",
    re.IGNORECASE,
)
# What is only a circumstance of what is said.
_BESIDE: Final = re.compile(r"\b(?:after|once|before|when|until|unless|if) (?:the )?$", re.IGNORECASE)
_TO_DO: Final = rf"(?:always |never |first,? |then |please |don'?t |do not )*(?:{_ORDER})\b"
_PROCEDURE: Final = re.compile(
    rf"^(?:in order )?to \w+[^,:]{{1,120}}[,:] (?:you (?:must|need to|should|have to|can) )?{_TO_DO}"
    rf"|^(?:if|when|whenever|before|after|once|unless|until|while|for every|for each|each time|every time)\b[^,]{{2,200}}, "
    rf"(?:then )?(?:you (?:must|need to|should|have to) )?{_TO_DO}"
    rf"|^(?:please )?(?:always|never|don'?t|do not|make sure|be sure|from now on)\b"
    rf"|\bneeds? (?:the |her |his |their |our |my |an? |\w+'s )?(?:\w+ )?(?:approval|sign-?off|permission|consent|review)\b"
    rf"|\bmust (?:always |never |not |first )?(?:be )?\w+"
    rf"|: (?:first )?{_TO_DO}[^,;]*[,;] (?:and )?(?:then )?{_TO_DO}.*\b(?:and|then)\b"
    rf"|^(?:first,? )?{_TO_DO}[^,;]*[,;] (?:and )?then {_TO_DO}",
    re.IGNORECASE,
)
_MUST_SAID: Final = re.compile(r"\bmust (?:have|contain|hold|equal|be (?:a|an|the|in|at|on))\b", re.IGNORECASE)
_OUTCOME: Final = re.compile(
    rf"\b(?:I|we)(?:'ve| have)? (?:(?:also|just|already|now|successfully|then|since) )*(?:{_DONE}|ran|did|sped)\b"
    rf"|\b(?:was|were|has been|have been|got) (?:\w+ly )?(?:{_DONE})\b|\b(?:has|have) (?:now |already |since )?(?:{_DONE})\b"
    r"|\b(?:failed|fails|succeeded|crashed|finished|completed|timed out|passed|broke down|went (?:well|wrong|through|live)"
    r"|stopped (?:because|with|after|at)|aborted|worked|works(?: again|$|\.)|is (?:now )?(?:live|fixed|resolved|done"
    r"|deployed|complete|back up)"
    r"|no (?:errors|failures|difference)|made no difference)\b"
    r"|\b(?:raised|reduced|increased|improved|lowered|cut|dropped|fell|rose|grew|went|doubled|tripled|halved|sped up|slowed)"
    r"\b.*?\b(?:to|by|from|in half)\b[^.]*?(?:\d|half|third|quarter)|\btook (?:about |only |over )?\d[\d.,]*"
    r"|\b(?:stayed|remained) (?:below|above|at|under|within)\b"
    rf"|\b\w+ing \S+[^.]*? (?:fixed|solved|broke|resolved|caused|removed)\b|\b(?:{_DONE}) (?:because|before it|after)\b",
    re.IGNORECASE,
)


_STATE: Final = re.compile(
    rf"\b(?:is|are|was|were|(?<=I )am|has|have|had|'s|'re|'m|isn't|aren't|wasn't|weren't|cannot|can|will|(?-i:may)"
    rf"|might|must|does|do|did|{'|'.join(sorted(STATES))})\b"
    rf"|['’](?:s|re|m|ve)\b|\b(?:I|we|they|you|both|all|\w+s) (?:(?:always|never|usually|only|also|all|still|now"
    rf"|often) )?(?:{'|'.join(sorted(PLAIN))})\b",
    re.IGNORECASE,
)
_COULD_BE: Final = re.compile(r"\b(?:can|cannot|can't|could|must|may|should)(?: not| only)? be\b", re.IGNORECASE)
_FRAGMENT: Final = 4
_CONDITION: Final = re.compile(r"(?:if|unless|in case|once you|when you|assuming|provided)\b", re.IGNORECASE)


def kind_of(passage: Passage, role: Role, *, stands_alone: bool) -> Found | str:
    """Return the kind of a passage that the gate let through, or why it is of none.

    `stands_alone` says that what it speaks of is known, where it begins with a pronoun.
    """
    if passage.items:
        return _of_list(passage)
    said = said_in(passage.bare)
    if not stands_alone:
        return "it does not say of what it speaks"
    for kind in (_preference(said, role), _procedure(said)):
        if kind is not None:
            return kind
    if _CONDITION.match(said):
        return "it holds on a condition"
    return _decision(said) or _outcome(said, role) or _fact(said, role)


def _of_list(passage: Passage) -> Found | str:
    heading = passage.text.split("\n", 1)[0].strip("# :*\t")
    orders = sum(item.split()[0].strip("*`,.:").lower() in ORDERS for item in passage.items)
    named = re.search(
        r"\b(?:steps?|how to|to \w+|procedure|runbook|process|recipe|workflow|checklist"
        r"|instructions)\b",
        heading,
        re.IGNORECASE,
    )
    if 2 * orders > len(passage.items) and (passage.numbered or named):
        return Found(Kind.PROCEDURE, 0.85 if named else 0.7, f"a list of {len(passage.items)} steps below its heading")
    return "its items are read one by one"


def _preference(said: str, role: Role) -> Found | None:
    found = _PREFERENCE.search(said)
    if found is not None and (role is Role.USER or not found[0].lower().startswith(("i ", "i'", "we ", "my "))):
        return Found(Kind.PREFERENCE, 0.85, f"what somebody wants: {found[0]!r}")
    standing = _STANDING.match(said)
    if standing is not None and role is Role.USER and _MANNER.search(said):
        return Found(Kind.PREFERENCE, 0.85, f"how the user wants to be served: {standing[0]!r}")
    return None


def _procedure(said: str) -> Found | None:
    found = _PROCEDURE.search(said)
    if found is None or (_MUST_SAID.match(said, found.start())):
        return None
    return Found(Kind.PROCEDURE, 0.8, f"how something is to be done: {' '.join(found[0].split()[:4])!r}")


def _decision(said: str) -> Found | None:
    found = next((one for one in _DECISION.finditer(said) if not _BESIDE.search(said, 0, one.start())), None)
    return Found(Kind.DECISION, 0.85, f"something was settled: {found[0]!r}") if found else None


def _outcome(said: str, role: Role) -> Found | None:
    found = _OUTCOME.search(said)
    if (
        found is None
        or _COULD_BE.search(said, 0, found.start())
        or (role is Role.USER and not re.search(r"\b(?:fail|crash|broke|error|succe)", said, re.IGNORECASE))
    ):
        return None
    return Found(Kind.OUTCOME, 0.8, f"what came of something: {found[0][:40]!r}")


def _fact(said: str, role: Role) -> Found | str:
    if _STATE.search(said) is None:
        return "it states nothing that is known as a statement"
    if len(said.split()) <= _FRAGMENT and said[-1] not in ".!)" and " is " not in said:
        return "it is a heading or a name"
    details = details_in(said)
    if not details:
        return "it names nothing specific"
    if role is Role.ASSISTANT and re.match(r"(?:I|my)\b", said, re.IGNORECASE):
        return "it is about the agent itself"
    return Found(Kind.FACT, min(0.6 + 0.08 * len(details), 0.85), f"a statement with {', '.join(details)}")
