"""Make text from a memory safe to show: every such text is hostile until it went through here.

`clean_text` for terminals and plain widgets, `one_line` for tables and messages, `csv_cell` for spreadsheets,
`markdown_escape` for anything that Streamlit renders as markdown, `without_turns` for models. The stored text is never
altered.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

__all__ = ["clean_text", "csv_cell", "markdown_escape", "one_line", "without_turns"]

# ECMA-48: CSI … final byte; OSC, DCS, SOS, PM and APC strings up to BEL or ST; then every other escape sequence.
# A string control without its terminator loses only its introducer: swallowing the rest would hide text.
_ESCAPE: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
_NEWLINE: Final = re.compile(r"\r\n|[\r\x85\u2028\u2029]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# UAX #9 embeddings, overrides and isolates; U+206A-206F are their deprecated relatives.
_BIDI: Final = re.compile(r"[\u202a-\u202e\u2066-\u2069\u206a-\u206f]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")

_TAGS: Final = "\U000e0000-\U000e007f"
_SELECTORS: Final = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_JOINERS: Final = "\u200c\u200d"
_UNSEEN: Final = (
    f"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2064\u3164\ufeff\uffa0\ufff9-\ufffb"
    f"{_JOINERS}{_SELECTORS}{_TAGS}"
)
# What writing needs: one joiner or one selector between visible non-ASCII characters (emoji, Persian, Indic scripts)
# or a keycap, and the tag sequence of a regional flag. Everything else that is unseen hides something.
_SEEN: Final = f"[^\x00-\x9f\\s{_UNSEEN}]"
_FLAG: Final = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,6}\U000e007f"
_SELECTOR: Final = f"(?<=[#*0-9©®]|{_SEEN})[\ufe0e\ufe0f](?![{_SELECTORS}])"
_IDEOGRAPHIC: Final = f"(?<=[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af])[\U000e0100-\U000e01ef](?![{_SELECTORS}])"
_JOINER: Final = f"(?:(?<={_SEEN})|(?<={_SEEN}\ufe0f))[{_JOINERS}](?={_SEEN})"
_HIDDEN: Final = re.compile(f"(?P<honest>{_FLAG}|{_SELECTOR}|{_IDEOGRAPHIC}|{_JOINER})|[{_UNSEEN}]+")
_SUSPECT: Final = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u206f\ud800-\udfff{_UNSEEN}]")

_FORMULA: Final = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_PUNCTUATION: Final = re.compile(r"[!-/:-@\[-`{-~]")
_INDENT: Final = re.compile(r"^[ \t]+", re.MULTILINE)
_SOFT_BREAK: Final = re.compile(r"(?<=[^\n])\n(?=[^\n])")
# Streamlit looks for these in text that is already parsed, where a backslash is gone: only an unseen joiner stops them.
_LIVE: Final = re.compile(
    r":(?=(?!\d{1,2}:)[\w+-]+:)"  # emoji shortcodes, :streamlit:, :material_…:, but not the time 12:30:15
    r"|https?:(?=//)|www(?=\.)|@(?=[-\w]+\.)"  # autolinks and e-mail addresses
    r"|(?<!\S)[-<>~](?=(?:[>=-]|->)(?!\S))",  # arrows and comparison signs
    re.IGNORECASE,
)
_JOIN: Final = "\u2060"
# <|im_start|>, <|system|>, [INST], <<SYS>>, <s>, <start_of_turn>, [TOOL_CALLS].
_TURN: Final = re.compile(
    r"<\|(?=[\w]+\|>)|\[(?=/?(?:INST|TOOL_\w+|AVAILABLE_TOOLS)\])|<(?=<?/?SYS>|/?s>|(?:start|end)_of_turn>)"
)


def clean_text(text: str, *, limit: int | None = None) -> str:
    """Return the text without terminal escapes, controls and bidi overrides, hidden characters made visible.

    Newlines become `\\n` and tabs stay. Characters that nobody sees show as `⟨U+200B⟩` or `⟨12 hidden characters⟩`, unless
    writing needs them (emoji sequences, joiners in Persian or Indic words). Longer than `limit` characters ends with `…`.
    """
    if _SUSPECT.search(text):
        text = _NEWLINE.sub("\n", _ESCAPE.sub("", text))
        text = _SURROGATE.sub("\ufffd", _BIDI.sub("", _CONTROL.sub("", text)))
        text = _HIDDEN.sub(_reveal, text.removeprefix("\ufeff"))
    return _bounded(text, limit)


def without_turns(text: str) -> str:
    """Return the text with a space in what chat templates take for the start or the end of a turn."""
    return _TURN.sub(r"\g<0> ", text)


def one_line(text: str, limit: int = 200) -> str:
    """Return the cleaned text on one line, with single spaces, of at most `limit` characters."""
    # A prefix is enough to fill the line and spares a 40 KB text the work, unless it is mostly white space.
    head = text[: limit * 8] if len(text) > limit * 8 and text[: limit * 8].strip() else text
    line = " ".join(clean_text(head).split())
    return _bounded(line if head is text else line + "…", limit)


def csv_cell(value: Any) -> str:
    """Return the value as a CSV cell that no spreadsheet runs as a formula; lists and objects become JSON.

    A text that starts like a formula (after white space too) gets a leading apostrophe, as OWASP advises; numbers stay.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = _SURROGATE.sub("\ufffd", text.replace("\x00", ""))
    return f"'{text}" if _FORMULA.match(text) else text


def markdown_escape(text: str, *, limit: int | None = None) -> str:
    """Return the cleaned text so that Streamlit's markdown shows it as written, line breaks and indents included.

    No image, link, HTML, math, directive, emoji or icon comes out of it. Where a backslash is not enough (shortcodes, bare
    links), a word joiner (U+2060) is put in: what a reader copies from the page has it too.
    """
    joined = _LIVE.sub(lambda match: match[0] + _JOIN, clean_text(text, limit=limit))
    escaped = _PUNCTUATION.sub(lambda match: "\\" + match[0], joined)
    indented = _INDENT.sub(lambda match: "&nbsp;" * len(match[0].expandtabs(4)), escaped)
    return _SOFT_BREAK.sub("\\\\\n", indented)


def _reveal(match: re.Match[str]) -> str:
    hidden = match[0]
    if match["honest"]:
        return hidden
    if len(hidden) == 1:
        return f"⟨U+{ord(hidden):04X}⟩"
    return f"⟨{len(hidden)} hidden characters⟩"


def _bounded(text: str, limit: int | None) -> str:
    if limit is None or len(text) <= limit:
        return text
    return text[: max(limit - 1, 0)].rstrip() + "…"
