"""Words that say nothing about a group of texts: the function words of some languages, and the small talk of chats.

A word of one language may be a topic in another (the French "car", the German "war"), so a list holds only for texts in
which its language is spoken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["SILENT_PAIRS", "stop_words"]

# A language is spoken where texts have so many words each that it alone has, its two most frequent left out: these may be
# topics.
_SPOKEN: Final = 0.3
_TOPICS: Final = 2

# Of three letters or more: shorter words are no terms anyway.
_ENGLISH: Final = """
about above across after again against all almost along already also although always among and another any anybody
anyone anything are aren't around because been before behind being below between both but came can can't cannot com come
comes could couldn't currently did didn't does doesn't doing don't done down during each either else enough especially
etc ever every everyone everything few finally for from further gave get gets getting give given gives giving goes going
gone gonna got had hadn't has hasn't have haven't having her here here's hers herself him himself his how how's however
html http https i'd i'll i'm i've including into isn't it'd it's its itself just last least less let let's like likely
lot lots made make makes making many may maybe mention mentioned mentions might more most much must myself near need
needs net never next nobody none nor not nothing now off often once one ones only onto org other others our ours
ourselves out over own per perhaps proceed proceeding provide provided provides providing put quite rather recently
regarding said same say says see seems seen several shall she she's should shouldn't since some someone something soon
still such take taken takes taking than that that's the their theirs them themselves then there there's therefore these
they they'd they'll they're they've thing things this those though three through thus too took toward towards two under
unfortunately until upon use used uses using usually various very via vs want wanted wants was wasn't way ways we'd
we'll we're we've well went were weren't what what's when where where's whether which while who who's whom whose why
will with within without won't would wouldn't www yet you you'd you'll you're you've your yours yourself yourselves
"""
_SMALL_TALK: Final = """
able absolutely actually ahead ahh alright amazing amp anyway appreciate appreciated awesome basically bit bye certainly
cool day days definitely exactly false feel feeling feels felt find fine glad good great guess haha happy hear heard
hello hey hmm hope hopefully http https info it'd keep keeps kind kinda know known let's like literally lol look looking
looks made mean nan nbsp new nice none null okay okey oops people please pretty probably quot really right since sorry
sort sounds stuff sure talk talking tell thank thanks think thought times today told tomorrow tonight totally true truly
try undefined welcome world wow www yeah yep yes yesterday yup
"""
_RUSSIAN: Final = """
без более будет был была были было быть вам вас ведь весь вот все всего всех всё где даже для его если есть ещё или как
какой когда кто лучше между меня мне много может можно мой над надо наш него нее нет них ничего один она они оно перед
под после потом потому почти при про раз разве свою себе себя сейчас так такой там тебя тем теперь тогда того тоже только
том тот три тут уже хоть чего чем через что чтоб чтобы чуть эти это этого этой этом этот эту
"""
_OTHERS: Final[Mapping[str, str]] = {
    "de": """
aber alle allem allen aller alles als also andere anderen auch auf aus bei beim bin bis bist damit dann das dass daß dein
deine dem den denn der des dessen dich die dies diese diesem diesen dieser dieses dir doch dort durch ein eine einem
einen einer eines einige euch euer für gegen gewesen hab habe haben hat hatte hatten hier hin hinter ich ihm ihn ihnen
ihr ihre ihrem ihren ihrer immer ist jede jedem jeden jeder jedes jetzt kann kein keine keinen können könnte machen man
mehr mein meine mich mir mit muss müssen nach nicht nichts noch nun nur oder ohne schon sehr sein seine seinem seinen
seiner seit sich sie sind soll sollte sondern sonst und uns unser unter viel vom von vor war waren warum was weil welche
wenn werde werden wie wieder will wir wird wirst wollen worden wurde wurden zum zur zwar zwischen über
""",
    "fr": """
ainsi alors après aucun aussi autre aux avait avant avec avez avoir avons bien car cela celle celui ces cet cette ceux
chaque chez comme comment dans depuis des deux dire dit donc dont elle elles encore entre est eux faire fait faut hors
ici ils jamais les leur leurs lors lui mais mes mon même nos notre nous ont par parce pas peu peut plus pour pourquoi
puis quand que quel quelle quelles quels qui quoi sans ses seulement son sont sous suis sur tes ton tous tout toute
toutes très une vers voici voilà vont vos votre vous été être
""",
    "es": """
algo alguna algunas alguno algunos algún ante antes aquel aquella aquí así aunque cada casi como con contra cual cuando
cuál del desde donde dos durante ella ellas ellos entonces entre era eran esa esas ese eso esos esta estaba estar estas
este esto estos estoy están fue fueron fui haber había hace hacer hacia han hasta hay las les los mas mientras mis misma
mismo mucho muchos muy más nada nos nosotros nuestra nuestro otra otras otro otros para pero poco por porque puede pueden
pues quien quién qué según ser sin sobre son soy sus sólo también tan tanto tener tengo tiene tienen toda todas todavía
todo todos tras tus una unas uno unos usted vosotros
""",
    "it": """
agli alla alle anche ancora avere aveva che chi come con cosa così cui dagli dai dal dalla dalle degli dei del della
delle dello dopo dove due ecco era erano essere gli hai hanno loro lui mai meno mia mio molto nei nel nella nelle noi non
nostro ogni ora per perché però più poi possono prima può qual quale quando quanto quella quelle quelli quello questa
queste questi questo qui sarà sei sembra senza sia siamo siete solo sono sta stata stato stesso sua sue sugli sui sul
sulla suo suoi tra tutta tutte tutti tutto una uno voi
""",
    "pt": """
ainda algum alguma além aos aquela aquele aqui assim até cada com como cujo dela dele deles depois desde dessa desse
desta deste disso ela elas ele eles enquanto entre era essa esse esta estamos estar estava este estou está estão faz
fazer foi foram isso isto lhe mais mas mesma mesmo meu minha muito nas nem nenhum nessa neste nos nossa nosso num numa
não onde outra outras outro outros para pela pelas pelo pelos pode podem porque pra quais qual quando que quem sem ser
será seu seus sua suas são também tem temos ter teu tinha toda todas todo todos tudo uma umas uns vai vem você vocês
""",
    "nl": """
aan als ben bij dan dat deze die dit doen door dus een eens geen haar had heb hebben heeft hem hen het hier hij hoe hun
ieder iets jij jouw jullie kan kon kunnen maar mag meer men met mij mijn moet moeten naar niet niets nog ons onze ook
over reeds sinds tegen toch toen tot uit van veel voor waar wanneer want waren was wat welke werd wezen wie wij wil
worden wordt zal zei zelf zich zij zijn zonder zou zullen
""",
    "pl": """
albo ale bardzo bez być był była było dla dlaczego gdy gdzie ich jak jaki jako jego jej jest jestem jeszcze jeśli już
każdy kiedy która które który lub mają mam mnie może nad nam nas nic nie niż oraz pod ponieważ przed przez przy sam się
swoje tak także tam tego tej ten też tylko tym więc wszystko żeby
""",
}
# Of scripts without spaces, whose words are read as pairs of characters: whatever has hiragana in it, or a character that
# Chinese uses as a pronoun or a particle; and the endings of Korean.
SILENT_PAIRS: Final = re.compile(
    r".*[\u3041-\u309f的了吗呢吧我你您他她它们这那是在就也都很么].*|[습합입니]니|니다|에서|으로|하는|하고|했다"
)
# Russian too: no other language here shares its script.
_ALWAYS: Final = frozenset(_ENGLISH.split()) | frozenset(_SMALL_TALK.split()) | frozenset(_RUSSIAN.split())
_LISTS: Final = {name: frozenset(words.split()) for name, words in _OTHERS.items()}
_OWN: Final = {
    name: words - _ALWAYS.union(*(other for one, other in _LISTS.items() if one != name)) for name, words in _LISTS.items()
}


def stop_words(seen: Mapping[str, int], texts: int) -> frozenset[str]:
    """Return the stop words of the languages that some texts are in, by how many of them have each word; English always."""
    spoken = [name for name, own in _OWN.items() if _said(own, seen) >= _SPOKEN * max(1, texts)]
    return _ALWAYS.union(*(_LISTS[name] for name in spoken))


def _said(own: frozenset[str], seen: Mapping[str, int]) -> int:
    return sum(sorted(seen.get(word, 0) for word in own)[:-_TOPICS])
