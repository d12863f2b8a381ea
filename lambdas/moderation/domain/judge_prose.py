"""Words of a judge that speak against "safe": contradictions, corrections and refusals, outside a negation.

English is split into clauses, and a word counts unless its own clause negates it. Text in another language or script
isn't understood, and speaks against "safe" for that reason. Each pattern is bounded, so reading takes linear time.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

MAX_PROSE = 6_000

_QUOTES = str.maketrans(
    dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"') | {"\u2018": "'", "\u2019": "'", "_": " "}
)
_MARKS = re.compile(r"[*`~#]")
_ALARMS = re.compile("[❌✖🚫⚠⛔🔞👎🛑🔴❗‼☠🚨]")

# Statements that say neither, and figures that mean "much" with a negative word.
_NEUTRAL = re.compile(
    r"\b(?:un)?safe\s*(?:or|/|\|)\s*(?:un|not )?safe\b"
    r"|\bnot (?:only|just|merely|simply|to mention)\b|\bno (?:doubt|question|less)\b|\bnothing (?:but|less than)\b"
    r"|\bwithout (?:a |any )?(?:doubt|question|hesitation)\b|\bnone other than\b|\bwhether or not\b|\bif not\b"
    r"|\b(?:is|are|does|do)\b[^.?!\n]{0,80}\?\s*(?:no|none)\b"
    r"|\b(?:unsafe|violations?|nsfw|harmful|prohibited|forbidden|inappropriate)\b[a-z ]{0,30}[:=|]\s*"
    r"(?:none|no|false|0|n/a|null|nil)\b"
)
_SUBJECT = (
    r"(?:it|this|that|i|we|they|there|he|she|(?:the|this|that) "
    r"(?:image|photo|picture|content|caption|evidence|person|man|woman|post|scene|drawing|answer|verdict|flag))\b"
)
_BOUNDARY = re.compile(
    r"\.(?!\d)|[;:!?\n\[\]|=\u2014\u2013]|\s-+\s|\((?=\s*(?:it|this|that|i|the|so|actually|which)\b)|, which\b"
    r"|, that\b"
    r"|,?\s*\b(?:but|however|although|though|yet|while|whereas|despite|because|since|except|nevertheless|nonetheless"
    r"|unless|until|so|therefore|thus|hence|instead|making|meaning|still|anyway)\b"
    r"|,?\s*\band (?=(?:is|are|was|were|does|do|has|should|must|can|may|might|would|could|as such|falls?|"
    rf"belongs?|contains?|shows?|violates?|breaks?|{_SUBJECT}))|,\s*(?={_SUBJECT})"
)
_NEGATION = re.compile(
    r"\b(?:no|not|none|nothing|nobody|nowhere|never|neither|nor|without|lacks?|lacking|lack of|absence|free"
    r" (?:of|from)"
    r"|devoid|fails? to|unlikely|low|lower|zero|ruled? out|instead of|rather than)\b"
    r"|\b(?:below|under|beneath|less than|lower than) (?:[a-z]{1,12} ){0,3}thresholds?\b"
)
_NEGATED_AFTER = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|been|can|could|will) not\b|\b(?:below|under|beneath|less than"
    r"|lower)\b"
    r"|\b(?:absent|unlikely|ruled out|low|none|zero|no|negative|unsupported)\b"
)
# A noun may be negated after it ("unsafe content was not found"), a statement not ("it is unsafe, not harmless").
_NOUN = re.compile(
    r"s?\s+(?:content|material|elements?|categor\w{1,3}|items?|imagery|objects?|questions?|answers?|things?"
    r"|activit\w{1,3}"
    r"|behaviou?rs?|words?|signs?|topics?)\b"
)
_LIKELIHOOD = re.compile(r"\b(?:probabilit|likelihood|chance|odds|risk|p\b)")
_SPEAKS = re.compile(
    r"\b(?:polic(?:y|ies)|rules?|guidelines?) (?:is|are|was|were|has been|gets?) (?:clearly |thus |indeed )?broken\b"
    r"|\b(?:must|should|may|can) not be (?:published|posted|displayed|allowed|accepted|approved|visible|permitted)\b|"
    r"\bun[- ]?safe\b|\bviolat\w{1,5}\b|\bbreach\w{0,3}\b|\binfring\w{1,5}\b|\bcontraven\w{1,5}\b|\bnon-?compliant\b"
    r"|\bbreak(?:s|ing)? (?:[a-z]{1,12} ){0,3}(?:polic(?:y|ies)|rules?|guidelines?|standards)\b"
    r"|(?:^\s*|\b(?:is|are|was|were|be|goes|go) (?:[a-z]{1,12} )?)(?:against|contrary to) (?:[a-z]{1,12} ){0,2}"
    r"(?:polic(?:y|ies)|rules?|guidelines?)\b|\b(?:over|above|exceeds?|exceeding|past) (?:[a-z]{1,12}"
    r" ){0,2}thresholds?\b"
    r"|\b(?:inappropriate|prohibited|forbidden|disallowed|impermissible|unacceptable|harmful|dangerous|nsfw|offensive"
    r"|objectionable|explicit|illegal|illicit|problematic|risky|questionable|indecent|obscene|unsuitable)\b"
    r"|\b(?:must|should|needs? to|ought to|has to|have to|will|to) (?:not )?be (?:[a-z]{1,12} )?(?:flagged"
    r"|removed|blocked"
    r"|rejected|reviewed|banned|deleted|taken down|escalated|reported|censored|hidden|restricted|denied|shown)\b"
    r"|\bflagged\b|\bflag(?:ging)? (?:it|this|the image|as|for)\b|\breject\w{0,4}\b|\bblock(?:ed)?\b"
    r"|\b(?:remove|delete|ban|hide) (?:it|this|the)\b|\bdisapprov\w{1,4}\b|\bred flags?\b|\bis concerning\b"
    r"|\b(?:of|raises?|some|serious|cause for) concerns?\b|\bfail(?:s|ed)? (?:the|moderation|review|this)\b"
    r"|\bcross(?:es)? (?:the|a) line\b"
)
_NOT_SAFE = re.compile(
    r"\b(?:nothing|none|no part)(?: (?!and\b)[a-z]{1,15}){0,3}? (?:is|are|was|looks|seems) (?:safe|acceptable"
    r"|fine)\b|"
    r"\b(?:not|never|hardly|barely|scarcely|no longer|far from|anything but|nowhere near|other than|rather than"
    r"|instead of)(?: (?!and\b)[a-z]{1,15}){0,4}? (?:safe|allowed|permitted|acceptable|appropriate|compliant"
    r"|suitable|okay|ok"
    r"|harmless|permissible|benign|clean|fine|fit)\b|\bsafe\b[\s\"']*(?:not|isn't)\b"
)
_RELATIVE = re.compile(r"\b(?:that|which|any(?:thing)?)\b")
_FIELD = re.compile(
    r"\bsafe\b[\s\"']*[:=|>?]+[\s\"'>|]*(?:false|no|nope|not|0|n|f)\b"
    r"|\b(?:flag|flagged|verdict|decision|label|result|answer|unsafe|violations?|violates|classification|status"
    r"|rating"
    r"|judge?ment|nsfw|harmful|conclusion|outcome|output|blocked|rejected)\b[\s\"']*[:=|>]+[\s\"'>|]*"
    r"(?:yes|true|1|y|unsafe|reject\w{0,4}|block\w{0,3}|fail\w{0,4}|violat\w{1,5}|positive|deny|denied|remove"
    r"|bad|high)\b"
    r"|\b(?:flag|verdict|answer)\b (?:[a-z]{1,10} ){0,3}(?:yes|true)\b"
)
_TURNS = re.compile(
    r"\bhindsight\b|\blook(?:ing|ed) (?:at (?:it|this|that) )?again\b|\breconsider\w{0,5}\b|\bre-?(?:evaluat"
    r"|think|assess)\w{0,4}\b"
    r"|\b(?:premature|hasty|mistaken\w{0,2}|misread|misjudged|overlooked)\b|\bstand corrected\b|\bnot so fast\b"
    r"|\b(?:retract|withdr[ae]w|amend)\w{0,3}\b|\bchang(?:e|ed|ing) my (?:mind|verdict|answer|opinion|judge?ment)\b|"
    r"\bsecond thoughts?\b|\b(?:up)?on (?:further|closer|second|more careful|re-)\s?[a-z]{3,15}\b"
    r"|\bafter (?:further|closer|more careful|re-)\s?[a-z]{3,15}\b|\bthinking again\b|\bcome to think\b"
    r"|\bi (?:have )?(?:made|make) (?:a|an|some) (?:[a-z]{1,12} )?(?:mistake|error)|\bmy (?:mistake|bad|error"
    r"|apolog\w{1,4})\b"
    r"|\b(?:i|that|this|it|which) (?:was|am|is|were) (?:wrong|mistaken|incorrect|in error|a mistake|an error|not "
    r"(?:correct|right|true))\b"
    r"|\b(?:answer|object|json|verdict|response|flag|judge?ment|output|above) (?:is|was) (?:wrong|mistaken"
    r"|incorrect|not "
    r"(?:right|correct))\b|\bi (?:must|need to|should|have to|would like to|want to|will|now)? ?(?:correct"
    r"|revise|change|amend"
    r"|retract|reconsider|update|withdraw|take (?:that|this|it) back|overlooked|missed|misread|changed my"
    r"|misjudged)\b"
    r"|\bi take (?:that|this|it) back\b|\blet me (?:correct|revise|reconsider|rephrase|fix|change|amend|restate"
    r"|re|try again"
    r"|start over|think again)\b|\b(?:scratch|strike) that\b|\b(?:hold|hang) on\b|\bnever ?mind\b|\bw?oops\b|\berrat"
    r"|\b(?:ignore|disregard|forget) (?:the|my|that|this|what)\b|\bcorrections?\b|\bcorrected\b|\brevis(?:ed"
    r"|ion)\b|\bactually\b"
    r"|\bin (?:fact|reality|truth)\b|\bi meant\b|\brather,|(?:^|[.!?;:\n]\s*)(?:but |no,? |oh,? )?(?:wait|hmm+"
    r"|edit|update)\b"
)
_REFUSES = re.compile(
    r"\bi (?:can not|could not|am unable to|am not able to)(?! (?:directly |actually |personally )?(?:see|view"
    r"|find|identify"
    r"|detect|observe|spot|point|look|access|think of)\b)|\bborderline\b|\b(?:edge case|gr[ae]y area|debatable"
    r"|second opinion)\b"
    r"|\black(?:s|ing)? (?:of )?(?:the |enough |sufficient )?(?:information|context|data|details?)\b"
    r"|\bdouble-?check\b"
    r"|\b(?:someone|somebody|person|people|expert|colleague)(?: else)? (?:to )?(?:check|review|look|judge"
    r"|decide)\b|\bescalat"
    r"|\b(?:beyond|outside)(?: of)? (?:my|what i)\b|\b(?:my|content) guidelines\b|\bno way (?:to|of)\b|\brather"
    r" not\b|\bno comment\b"
    r"|\bnot (?:something i|permitted to|my place)\b|"
    r"\b(?:can not|can no longer|could not|unable to|not able to|will not|would not|must not|not comfortable"
    r"|refuse to"
    r"|decline to|not in a position to|(?:im|not )possible to|hard to|difficult to|too [a-z]{1,12} to)(?:"
    r" [a-z]{1,12}){0,3}?"
    r" (?:judg|determin|assess|decid|say\b|tell\b|mak(?:e|ing)\b|provid|answer|evaluat|help|assist|comment|giv"
    r"|confirm|verif"
    r"|sure|certain|know|moderat|classif|conclude|comply|fulfil|process|analy[sz]|rate\b|rule out|ruled out"
    r"|guarantee|review"
    r"|complet|continu|engag|respond|offer|reach|do th)"
    r"|\bas an? (?:ai|language|large|assistant)\b|\blanguage model\b|\b(?:i am|i'm|i|we are|so|very|am) (?:so "
    r"|very |really )?sorry\b"
    r"|^\s*sorry\b|\bapolog\w{2,5}\b|\bi (?:must|have to|will|would rather|prefer) (?:not|decline|refuse|abstain)"
    r"|\bi (?:decline|refuse|abstain|pass)\b|\bnot (?:qualified|authori[sz]ed|trained|equipped|designed"
    r"|appropriate for me)\b"
    r"|\bi do not (?:know|have|feel comfortable|want)\b|\b(?:more|additional|further) (?:information|context"
    r"|evidence|detail)s?"
    r" (?:is|are|would be|needed|required)|\bneeds? (?:more|additional|further|human|manual)\b|\bpolicy prevents\b"
    r"|\b(?:insufficient|not enough|too little|no) (?:information|context|data|details?)\b"
    r"|\b(?:insufficient|not enough|too little) evidence to (?:judge|determine|decide|make|assess|evaluate|tell"
    r"|reach|say)\b"
    r"|\b(?:uncertain|unclear|unsure|ambiguous|inconclusive|undetermined|indeterminate|undecided|unknown)\b"
    r"|\bnot (?:entirely |completely |quite |fully |totally |really )?(?:sure|certain|clear|confident|convinced)\b"
    r"|\b(?:human|manual|further|closer) (?:review|moderator|moderation|inspection|check|investigation)\b|\ba"
    r" (?:human|person) "
    r"(?:should|must|needs?)\b|\brequires? (?:[a-z]{1,12} )?review\b|\bconfiden(?:ce|t)\b (?:[a-z]{1,12}"
    r" )?low\b|\blow confidence\b"
    r"|\b(?:may|might|could|can|possibly|potentially|perhaps|maybe|probably) (?:well |still |also )?(?:be"
    r" )?(?:un|not )safe\b"
    r"|\bcan not (?:see|view|open|access|load)[^.\n]{0,60}\b(?:so|therefore|thus|hence)\b"
)
_NAMED = re.compile(
    r"\b(?:mention\w{0,3}|questions?|asked|asks|words?|answers? (?:for|to|on|about|regarding)|checked)\b"
)
_FALLS = (
    r"(?:falls?|falling|belongs?|belonging|classified|classed|categori[sz]ed|category|counts?|qualifies|labell?ed)\b"
)
_SHOWS = (
    r"(?:contain(?:s|ing)?|show(?:s|ing)?|depict(?:s|ing)?|includ(?:es?|ing)|features?|displays?|portrays?"
    r"|there (?:is|are)"
    r"|evidence of|signs? of|presence of|due to|because of|guilty of|case of|full of)\b"
)
_COMMON_WORDS = (
    "explicit information details contact documents personal symbols visually records plates other illegal public "
    "private content images adult medical payment"
)
_COMMON = frozenset(_COMMON_WORDS.split())

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ENGLISH_WORDS = (
    "the is a an are was were be been of and any this that these those with for it its there on at by from as not "
    "or contains contain shows show image photo picture evidence nothing none all safe person people policy "
    "answer answers threshold thresholds under below found has have does do you i here my let please"
)
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_FOREIGN_WORDS = (
    "je ne nous vous cette est n'est désolé desole peux puis ich nicht kein keine kann leider bild dieses diese "
    "ist und der unsicher sicher tut mir leid puedo siento lamento imagen esta este segura seguro insegura "
    "inseguro não nao posso desculpe imagem dispiace posso immagine questa questo sicura sono het niet "
    "onveilig veilig afbeelding deze jag inte bilden denna ikke billede billedet bildet kuva ei turvallinen "
    "nie mogę moge obraz obrazu niebezpieczny bezpieczny tidak saya bisa gambar ini aman maaf không khong thể "
    "hình ảnh xin lỗi bu değil degil resim görsel güvenli nu pot imaginea această nem tudom kép nelze obrázek "
    "nemohu dangereux dangereuse violación viole peligrosa gefährlich enthält contiene contient pericolosa "
    "perigosa verstößt infringe waffe arma armas sûr sûre sem para una por pour avec mit una "
    "dans auf nein nej nee ne inseguro inaceptable prohibido interdit verboten vietato proibido"
)
_FOREIGN = frozenset(_FOREIGN_WORDS.split())


def speaks_against_safe(text: str, categories: Sequence[str] = ()) -> str | None:
    """Return the words of a judge's prose that speak against "safe", or None.

    A category of the policy speaks against it wherever the prose doesn't deny it.
    """
    if len(text) > MAX_PROSE:
        return "more text than a judgement needs"
    foreign = _not_understood(text)
    if foreign:
        return foreign
    plain = _plain(text)
    found = _FIELD.search(plain) or _TURNS.search(plain) or _REFUSES.search(plain)
    if found and not (
        found[0].startswith("correct") and _NEGATION.search(plain[max(0, found.start() - 12) : found.start()])
    ):
        return found[0].strip()
    names = _names(tuple(categories))
    clauses = _BOUNDARY.split(plain)
    return next((said for clause in clauses if (said := _spoken(clause) or names.spoken(clause))), None)


def flag_in(sentence: str) -> Literal["safe", "unsafe"] | None:
    """Return what a sentence says of the image, or None if it says neither or both."""
    if (
        len(sentence) > MAX_PROSE
        or re.search(r"[?|/]|\bor\b|\beither\b", sentence.casefold())
        or _not_understood(sentence)
    ):
        return None
    plain = _plain(sentence)
    if any(map(_spoken, _BOUNDARY.split(plain))):
        return "unsafe"
    says = re.search(
        r"\bsafe\b|\bnot (?:[a-z]{1,12} ){0,3}(?:unsafe|violat\w{1,5}|break)\b|\bno"
        r" violations?\b",
        plain,
    )
    return "safe" if says and not speaks_against_safe(sentence) else None


def _spoken(clause: str) -> str | None:
    """Return the word by which a clause calls the image unsafe, or None."""
    for found in _NOT_SAFE.finditer(clause):
        before = clause[: found.start()]
        if not (_NEGATION.search(before) and _RELATIVE.search(clause, len(before) // 2)):
            return found[0].strip()
    for found in _SPEAKS.finditer(clause):
        noun = _NOUN.match(clause, found.end()) or found[0].startswith("violation")
        if not _denied(clause, found, bool(noun or _LIKELIHOOD.search(clause, 0, found.start()))):
            return found[0]
    return None


def _denied(clause: str, found: re.Match[str], noun: bool) -> bool:
    return _NEGATION.search(clause, 0, found.start()) is not None or (
        noun and _NEGATED_AFTER.search(clause, found.end()) is not None
    )


class _Names:
    """Patterns of a policy's categories."""

    def __init__(self, categories: tuple[str, ...]) -> None:
        names = [re.escape(_plain(name).strip()).removesuffix("s") + "s?" for name in categories]
        words = {
            re.escape(word) + "s?"
            for name in categories
            for found in _WORD.findall(name.casefold())
            if len(word := found.removesuffix("s")) > 4 and found not in _COMMON
        }
        name, word = "|".join(names) or r"(?!)", "|".join(sorted(words)) or r"(?!)"
        self._name = re.compile(rf"\b(?:{name})\b")
        self._falls = re.compile(rf"\b{_FALLS}(?: [a-z]{{1,12}}){{0,4}}? (?:{name})\b")
        self._shows = re.compile(rf"\b{_SHOWS}(?: [a-z]{{1,12}},?){{0,4}}? (?:{word})\b")

    def spoken(self, clause: str) -> str | None:
        """Return the category that a clause affirms, or None."""
        for pattern in (self._falls, self._shows, self._name):
            for found in pattern.finditer(clause):
                named = pattern is self._name and _NAMED.search(clause)
                denied = _NEGATION.search(found[0]) or _denied(clause, found, noun=True)
                if not named and not denied:
                    return found[0]
        return None


@lru_cache(maxsize=64)
def _names(categories: tuple[str, ...]) -> _Names:
    return _Names(categories)


def _plain(text: str) -> str:
    """Return the text in lower case without marks, with "not" written out and neutral statements left out."""
    text = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    text = _MARKS.sub("", text.translate(_QUOTES).casefold())
    text = re.sub(r"\bcannot\b|\bcan't\b|\bcant\b", "can not", text)
    text = re.sub(r"n't\b", " not", re.sub(r"\bwon't\b", "will not", text))
    text = re.sub(r"\b(?:anything|all) but\b", "not", text)
    return _NEUTRAL.sub(" ", re.sub(r"[ \t]+", " ", text))


def _not_understood(text: str) -> str | None:
    """Return a sign, word or sentence that isn't plain English, or None."""
    text = unicodedata.normalize("NFKC", text)
    if alarm := _ALARMS.search(text):
        return alarm[0]
    for letter in dict.fromkeys(text):
        if letter.isalpha() and not letter.isascii() and not unicodedata.name(letter, "").startswith("LATIN"):
            return letter
    for sentence in re.split(r"[.!?\n]", text.casefold()):
        words: list[str] = _WORD.findall(sentence)
        foreign = [word for word in words if word in _FOREIGN]
        if foreign or words == ["non"] or (len(words) > 4 and not _ENGLISH.intersection(words)):
            return (foreign or [sentence.strip()])[0]
    return None
