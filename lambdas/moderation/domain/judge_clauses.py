"""Clauses of a judge's prose, and how far a denial reaches in one.

The prose is read in plain lower-case letters: disguised and spelled-out words are restored first. A denial governs what
follows it up to the end of its clause or its list ("no guns, knives or drugs"), but not a thing that the clause takes
for granted ("no children are hurt by the gun").
"""

import re
import unicodedata
from collections.abc import Iterator

from moderation.domain import judge_words as words
from moderation.domain.letters import readings

_QUOTES = str.maketrans(
    dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"') | {"\u2018": "'", "\u2019": "'", "_": " "}
)
_MARKS = re.compile(r"[*`~#]")
_SPELLED = re.compile(r"(?<![\w'.])[a-z](?:[ .\-/]{1,3}+[a-z](?![\w'])){2,}+")
_DISGUISED = re.compile(r"(?<![\w.])(?:[a-z]++[0134578@$](?!\.?\d)[\w@$]*+|[0134578@$]++[a-z]{2,}+[\w@$]*+)")
_SIGNS = str.maketrans("0134578@$", "oieastbas")
_HYPHEN = re.compile(r"(?<=[a-z])-(?=[a-z])")
_SHORT_FORMS = [
    (re.compile(r"\b(?:anything|all) but\b"), "not"),
    (re.compile(r"\bcan(?:'t|not|t)\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"\b(here|there|it|that|this|what|he|she|who|let)'s\b"), r"\1 is"),
    (re.compile(r"\bi'm\b"), "i am"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'d\b"), " would"),
    (re.compile(r"\b(?:un)?safe ?(?:or|/|\|) ?(?:un|not )?safe\b"), " "),
]
_SUBJECT = (
    r"(?:it|this|that|i|we|they|there|he|she|(?:the|this|that) "
    r"(?:image|photo|picture|content|caption|evidence|person|man|woman|post|scene|drawing|answer|verdict|flag))\b"
)
_VERBS = (
    "is|are|was|were|does|do|has|should|must|can|may|might|would|could|as such|falls?|belongs?|contains?|shows?"
    "|violates?|breaks?|holds|smokes|drinks|carries|points|fights|wears|gambles|displays|depicts|kills|hits|bleeds"
)
_BOUNDARY = re.compile(
    r"\.(?!\d)|[;:!?\n\[\]|=\u2014\u2013]|\s-+\s|, (?:which|that|who)\b"
    r"|,? ?\b(?:but|however|although|though|yet|while|whereas|despite|because|since|except|nevertheless|nonetheless"
    r"|unless|until|(?<!says )(?<!say )so|therefore|thus|hence|making|meaning|still|anyway|if|assuming)\b"
    rf"|,? ?\band (?=(?:{_VERBS}|{_SUBJECT})\b)|, ?(?={_SUBJECT})"
)
_TOKEN = re.compile(r"[a-z0-9%$@]+(?:['.][a-z0-9]+)*|,")
_DEFINITES = "the this that these those his her their its our"
_DEFINITE = frozenset(_DEFINITES.split())
_RESETS_WORDS = (
    "a an any and or nor is are was were has have can could does do shows show contains depicts picture image photo "
    "caption captions evidence policy category categories answers answer question questions criteria definition "
    "scene photograph"
)
# After these, "that" begins what is said of them: "no text that insults anyone".
_NOUNS_WORDS = (
    "text texts word words writing content message messages language sign signs symbol symbols gesture gestures "
    "anything "
    "something nothing element elements item items object objects detail details thing things material"
)
_SAYING_NOUNS = frozenset(_NOUNS_WORDS.split())
_RESETS = frozenset(_RESETS_WORDS.split())
_DEFINITE_WORDS = 4
_BEGINS_ANEW = _DEFINITE | frozenset(("a", "an", "some", "only", "just"))
_FOUND_NOT = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|been|can|could|will) (?:\w+ )?not (?:\w+ ){0,2}"
    r"(?:visible|present|found|shown|seen|detected|mentioned|depicted|indicated|supported|identified|there|apply"
    r"|applies"
    r"|applicable|involved|evident|contained|observed|violated|broken|exceeded|reached|met|triggered|suggested|exist)\b"
    r"|\b(?:is|are|was|were) (?:all |clearly )?(?:absent|ruled out|unsupported)\b"
)
_WITH = re.compile(r"\b(?:with|holding|who|wearing)\b")


def plain(text: str) -> str:
    """Return the text in plain lower-case letters, with "not" written out, words restored and certainties removed."""
    text = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    text = readings(_MARKS.sub("", text.translate(_QUOTES).casefold()))[0]
    text = _SPELLED.sub(_joined, text)
    text = _DISGUISED.sub(lambda match: match[0].translate(_SIGNS), text)
    for pattern, written in _SHORT_FORMS:
        text = pattern.sub(written, text)
    text = re.sub(r"[ \t]++", " ", _HYPHEN.sub(" ", text))
    return words.CERTAINTIES.sub(" ", text)


def sentences(text: str) -> list[list[str]]:
    """Return the sentences of a plain text, each as its clauses; a conjunction stays at the head of its clause."""
    return [list(_clauses(sentence)) for sentence in re.split(r"[.!?](?!\d)|\n", text) if sentence.strip()]


def affirmed(clause: str, granted: bool = True) -> str:
    """Return the clause with what is denied in it blanked out; `granted` keeps what it takes for granted."""
    kept = [" "] * len(clause)
    denied, alone, definite, crossed = False, True, 0, False
    denials = {match.start(): (match.end(), False) for match in words.DENIALS.finditer(clause)}
    denials |= {match.start(): (match.end(), True) for match in words.LACKS.finditer(clause)}
    closed_by_or = [match.start() for match in re.finditer(r"\b(?:or|nor|etc)\b", clause)]
    last_or = closed_by_or[-1] if closed_by_or else -1
    end_of_denial, before = -1, ""
    first_kept = _denied_before(clause)
    for token in _TOKEN.finditer(clause):
        word, start = token[0], token.start()
        if start < end_of_denial:
            continue
        if start in denials:
            end_of_denial, lacks = denials[start]
            denied, alone = not (lacks and denied and alone), True
            definite, crossed = 0, False
            continue
        if word in (",", "and"):
            alone, crossed = False, start > last_or
        elif denied and crossed and (word in _BEGINS_ANEW or word.endswith("ing")):
            denied = False
        elif word not in ("any", "other", "or"):
            crossed = False
        relative = word == "that" and denied and before in _SAYING_NOUNS
        before = word
        definite = (
            _DEFINITE_WORDS + 1
            if word in _DEFINITE and not relative
            else 0
            if word in _RESETS or word == ","
            else definite
        )
        definite -= definite > 0 and word != "of"
        if start >= first_kept and (not denied or (granted and definite > 0)):
            kept[start : token.end()] = word
    return "".join(kept)


def _clauses(sentence: str) -> Iterator[str]:
    start = 0
    for boundary in _BOUNDARY.finditer(sentence):
        if part := sentence[start : boundary.start()].strip():
            yield part
        start = boundary.start() if boundary[0].strip(" ,") not in ("", ":", ";", "=", "|") else boundary.end()
    if part := sentence[start:].strip(" ,;:"):
        yield part


def _denied_before(clause: str) -> int:
    """Return the end of a subject whose verb denies that it is there ("weapons are not visible"), or 0."""
    found = _FOUND_NOT.search(clause)
    return found.end() if found and not _WITH.search(clause, 0, found.start()) else 0


def _joined(match: re.Match[str]) -> str:
    letters = re.sub(r"[^a-z]", "", match[0])
    return f"{letters} {letters[1:]}" if letters[0] in "ai" else letters
