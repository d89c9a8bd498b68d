"""Cues in the text of a step that something went wrong: errors, made-up data, nothing found, a result that nothing backs.

Cues are words, so they can be wrong: they point a reader to a step, they do not judge it. The figures of their recall are
in benchmarks/README.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from core.analysis.story.vocabulary import ERROR_FIELDS
from core.hostile import one_line

__all__ = ["code_in", "error_in", "guess_in", "invention_in", "nothing_in", "result_in", "verified_in"]

# Of a long text its beginning and its end are read: a program that fails says so last.
_HEAD: Final = 4_000
_TAIL: Final = 2_000
_EXCERPT: Final = 180
_CONTEXT: Final = 60

# What only a program that failed prints.
_STRONG: Final = re.compile(
    r"exit ?code:? ?[:=]? ?-?(?!0\b)\d+|Traceback \(most recent call last\)|\bexecution failed\b"
    r"|^[ \t]*(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception)(?::|\s*$)|\bsegmentation fault\b|\bcore dumped\b|\bfatal: |\bpanic: "
    r"|command not found\b|No such file or directory|\bERR!|\bnpm ERR|\bFAILED\b.{0,200}::",
    re.IGNORECASE | re.MULTILINE,
)
# What may be said of other things too: it counts in what a tool printed.
_WEAK: Final = re.compile(
    r"\b(?:HTTP|status(?: code)?)[ :=/.0-9]*\b[45]\d\d\b|\b[45]\d\d (?:Client|Server) Error|\btimed? ?out\b|\btimeout\b"
    r"|permission denied|access denied|\bunauthorized\b|\bforbidden\b|connection (?:refused|reset)|\brate limit"
    r"|^[ \t]*error\b|[\"']error[\"']\s*:|\berror:|\bfailed\b|\bunknown language\b"
    r"|\binvalid\b.{0,20}\b(?:argument|input|key)\b",
    re.IGNORECASE | re.MULTILINE,
)
_INVENTED: Final = re.compile(
    r"\bsimulat(?:e|es|ed|ing|ion)\b|\bhypothetical(?:ly)?\b|\bplaceholders?\b|\blet'?s assume\b"
    r"|\b(?:we|I)(?:'ll| will| can| must| should| have to)? (?:need to )?(?:assume|pretend|suppose)\b"
    r"|\bassum(?:e|ing) (?:that |the )?\w+|\bmock(?:ed|ing)? ?(?:up|data|values?|response|results?)?\b|\bdummy\b"
    r"|\bmade[- ]up\b|\bfictional\b|\bfabricat|\bpretend\b|\bfor (?:the sake of|illustration|illustrative|demonstration)\b"
    r"|\b(?:sample|example|fake|synthetic) (?:data|values?|list|dataset|output|results?|text)\b"
    r"|\byour[_ -](?:api|bing|google|actual|subscription)[_ -]?\w*key\b",
    re.IGNORECASE,
)
_NOTHING: Final = re.compile(
    r"\b(?:unable|not able|failed) to (?:access|find|locate|retrieve|open|obtain|extract|load|download|verify|complete|get)"
    r"\b|\b(?:cannot|can't|could not|couldn't|did not|didn't|does not|doesn't) (?:directly )?(?:access|find|locate|retrieve"
    r"|open|obtain|extract|return|provide|contain|yield|include|exist)\b"
    r"|\bno (?:results?|data|matches|information|output) (?:were |was )?(?:found|returned|available)?\b"
    r"|\bnot (?:accessible|available|found)\b|\breturned (?:no|an empty|nothing|none)\b",
    re.IGNORECASE,
)
_GUESS: Final = re.compile(
    r"\b(?:based on|from) (?:my|our|general|common|prior|existing|previous|historical|typical|standard) (?:knowledge"
    r"|understanding|memory|information|data)\b|\b(?:as I recall|from memory|if I recall|I recall)\b"
    r"|\b(?:it is|it's) (?:likely|reasonable|plausible|safe to assume|known|widely known|well[- ]known)\b"
    r"|\b(?:most likely|presumably|probably|apparently|I think|I believe|I guess|my guess)\b"
    r"|\b(?:it )?(?:seems|appears) (?:that|to be|likely)\b"
    r"|\bmanual(?:ly)? (?:verif|check|specif|inspect|review|search)\w*\b",
    re.IGNORECASE,
)
_RESULT: Final = re.compile(
    r"\\boxed|\bTERMINATE\b|\bthe (?:final |correct |requested )?(?:answer|result|output|total|value|number|name|date)\b"
    r"[^.\n]{0,60} (?:is|are|was|were|:)\b|\b(?:therefore|thus|hence|in conclusion|so,|consequently)\b|\bfinal answer\b"
    r"|\bresults?:|\bwe (?:have|can) (?:conclude|confirm|determine|found|verified)\w*|\bconclusion\b",
    re.IGNORECASE,
)
_VERIFIED: Final = re.compile(
    r"\b(?:has|have|had|been|was|were|is|are|successfully) (?:now |already |been )?(?:verified|confirmed|validated|checked|"
    r"double-checked|identified)\b|\b(?:I|we) (?:verified|confirmed|checked|validated)\b",
    re.IGNORECASE,
)
# Words without which a pattern finds nothing, "_" for a space: a search between the first and the last is far faster.
_NEEDS: Final[Mapping[re.Pattern[str], str]] = {
    _STRONG: "exit traceback execution_failed error exception segmentation core_dumped fatal panic not_found "
    "no_such_file err! failed",
    _INVENTED: "simulat hypothetical placeholder assum pretend suppose mock dummy made fiction fabricat the_sake "
    "illustrat demonstration sample example fake synthetic your",
    _NOTHING: "unable not_able failed_to cannot can't could did does no_result no_data no_match no_information "
    "no_output not_accessible not_available not_found returned",
    _GUESS: "based_on knowledge memory recall likely reasonable plausible safe_to known presumably probably "
    "apparently i_think i_believe guess seems appears manual",
    _VERIFIED: "verified confirmed validated checked identified",
}
_WORDS: Final = {pattern: tuple(word.replace("_", " ") for word in words.split()) for pattern, words in _NEEDS.items()}
_BEFORE: Final = 120
_AFTER: Final = 200
_CODE: Final = re.compile(r"```(?!\s*(?:text|plaintext|markdown|output|json|csv)\b)\w+[^\n]*\n", re.IGNORECASE)


def error_in(text: str, extra: Mapping[str, Any], *, printed: bool) -> str | None:
    """Return what says that a step went wrong; `printed` is true of what a tool printed, where weaker words count."""
    for name in ERROR_FIELDS:
        said = extra.get(name)
        if (
            said
            and said not in ("0", "false", "False", "none", "None", "null")
            and not isinstance(said, float | list | dict)
        ):
            return one_line(f"{name}: {said}", _EXCERPT)
    head = _ends(text)
    match = _search(_STRONG, head) or (_WEAK.search(head) if printed else None)
    return _around(head, match) if match else None


def invention_in(text: str) -> str | None:
    """Return the words that say that data are made up, assumed or simulated."""
    return _found(_INVENTED, text)


def nothing_in(text: str) -> str | None:
    """Return the words that say that something was not found or could not be reached."""
    return _found(_NOTHING, text)


def guess_in(text: str) -> str | None:
    """Return the words that say that what follows is guessed or known by heart."""
    return _found(_GUESS, text)


def result_in(text: str) -> str | None:
    """Return the words with which a step states a result."""
    return _found(_RESULT, text)


def verified_in(text: str) -> str | None:
    """Return the words that say that something was checked."""
    return _found(_VERIFIED, text)


def code_in(text: str) -> bool:
    """Say whether a step has code to be run."""
    return "```" in text and _CODE.search(_ends(text)) is not None


def _ends(text: str) -> str:
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}"


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    head = _ends(text)
    match = _search(pattern, head) if pattern in _WORDS else pattern.search(head)
    return _around(head, match) if match else None


def _search(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    lower = text.lower()
    places = [(lower.find(word), lower.rfind(word)) for word in _WORDS[pattern] if word in lower]
    if not places:
        return None
    first, last = min(place[0] for place in places), max(place[1] for place in places)
    return pattern.search(text, max(0, first - _BEFORE), last + _AFTER)


def _around(text: str, match: re.Match[str]) -> str:
    """Return the words with a little of what is around them."""
    start = max(0, match.start() - _CONTEXT)
    start = start if start == 0 else text.find(" ", start, match.start()) + 1 or start
    end = match.end() + _CONTEXT
    cut = text[start:end]
    return one_line(("…" if start else "") + cut + ("…" if end < len(text) else ""), _EXCERPT)
