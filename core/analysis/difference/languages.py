"""Which language a text is in, told by its function words; and how each says no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

__all__ = ["NEGATORS", "Language", "language_of"]


class Language(StrEnum):
    """The languages whose negations, months and numbers are known; any other is read as English."""

    ENGLISH = "en"
    GERMAN = "de"
    FRENCH = "fr"
    SPANISH = "es"
    ITALIAN = "it"
    PORTUGUESE = "pt"
    DUTCH = "nl"
    RUSSIAN = "ru"
    POLISH = "pl"
    CHINESE = "zh"


# Words that are frequent in one language and no word of English.
_SPOKEN: Final[Mapping[Language, frozenset[str]]] = {
    Language.ENGLISH: frozenset(
        "the is of and to in it that was for are be with as at by this has on will have not".split()
    ),
    Language.GERMAN: frozenset(
        "der das und ist nicht ein eine den dem mit auf für von zu wird im sich des auch kein keine wurde sind".split()
    ),
    Language.FRENCH: frozenset("le la les des est et une du dans pour pas que qui sur avec ne au aux sont été".split()),
    Language.SPANISH: frozenset("el la los las es una por para con del que se en fue está son al más como".split()),
    Language.ITALIAN: frozenset("il lo gli è una di che per con del della non sono nel alla più stato".split()),
    Language.PORTUGUESE: frozenset("os as é uma um não do da dos das em para com foi está são ao mais".split()),
    Language.DUTCH: frozenset("het een van niet op zijn voor met wordt dat aan geen naar werd deze".split()),
    Language.RUSSIAN: frozenset("и в не на с что по для это из от был была есть как".split()),
    Language.POLISH: frozenset("w i nie na z jest do się że od dla jak został".split()),
}
_WRITTEN: Final = (("\u3400", "\u9fff"), ("\u3040", "\u30ff"))

# Words that turn what follows into its contrary.
NEGATORS: Final[Mapping[Language, frozenset[str]]] = {
    Language.ENGLISH: frozenset(
        "not no never none nothing nobody nowhere neither nor without cannot cant wont dont doesnt didnt isnt arent wasnt "
        "lacks lack lacking hardly unable refuses refused".split()
    ),
    Language.GERMAN: frozenset("nicht kein keine keinen keinem keiner keines nie niemals ohne weder nichts".split()),
    Language.FRENCH: frozenset("pas jamais sans aucun aucune rien personne".split()),
    Language.SPANISH: frozenset("no nunca sin jamás ningún ninguna ninguno nada tampoco".split()),
    Language.ITALIAN: frozenset("non mai senza nessun nessuna nessuno niente".split()),
    Language.PORTUGUESE: frozenset("não nunca sem jamais nenhum nenhuma nada".split()),
    Language.DUTCH: frozenset("niet geen nooit zonder niets".split()),
    Language.RUSSIAN: frozenset("не нет никогда без ничего нельзя".split()),
    Language.POLISH: frozenset("nie nigdy bez brak żaden".split()),
    Language.CHINESE: frozenset(),
}


def language_of(words: Sequence[str]) -> Language:
    """Return the language that a text's words are in; English where they do not tell."""
    if any(start <= word[0] <= end for word in words[:40] for start, end in _WRITTEN):
        return Language.CHINESE
    best, most = Language.ENGLISH, sum(word in _SPOKEN[Language.ENGLISH] for word in words)
    for language, known in _SPOKEN.items():
        count = sum(word in known for word in words)
        if count > most and (count >= 2 or len(words) <= 6):
            best, most = language, count
    return best
