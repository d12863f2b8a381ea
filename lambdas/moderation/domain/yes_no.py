"""Yes or no, read from the text of an answer.

An answer is a yes or a no, repeated or followed by clauses of a known form: after a no a denial of the question's
subject or a statement of something else, after a yes a statement without a negation. "Answer:" may stand before it, and
"there is no gun" is a no and "there is a gun" a yes to a question for a gun. Anything else is no answer: a
doubt, a second yes or no of the other kind, a "no" that belongs to another phrase, and each form that isn't known.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

# Of a text that is no answer and no caption: it comes of a model that rambles, or of a server without limits.
TOO_MANY_CHARACTERS = 2001
_KEPT = 4096  # answers whose reading is kept: most are a plain "no", over and over
_SPECIAL_TOKEN = re.compile(r"<[^<>]*>|\[(?:UNK|PAD|CLS|SEP|MASK|BOS|EOS)\]", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|[^\w\s]|_|\n")
_SPACED_APOSTROPHE = re.compile(r"(?<=\w) ' (?=(?:t|s|re|m)\b)")
_SPOKEN = str.maketrans("\u2018\u2019", "''")
_SIGNS = frozenset(".,;:!-\u2013\u2014\u2026()*\"'\u201c\u201d\u2581_\n")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SHORT = {"s": "is", "re": "are", "m": "am"}
_UNSPACED = {f"{word}nt": word for word in ["is", "are", "do", "does", "was", "were", "has", "ca"]}
_SUBJECTS = _words("there it he she they this that these those i you we")
_DETERMINERS = _words(
    "a an the some any another his her their its one two three four five six several many only just each both"
)
_COUNTS = _words("one ones two three four five six several many both them him least more some any each other others")
_VERBS = _words(
    "is are am was were do does did has have had can see contain contains show shows depict depicts feature features"
)
_NEGATIONS = _words("not no none nothing nobody never neither zero nope nah false")
_YES = _words("yes yeah yep yup yea aye")
_AFFIRMATIONS = _YES | _words("correct right sure indeed exactly definitely certainly absolutely actually")
_ADVERBS = _AFFIRMATIONS | _words("clearly obviously currently also fully completely")
_PREPOSITIONS = _words("in on at of with near by from to for under behind beside next around into over inside against")
# These speak of the image or of being in it, and name nothing.
_FRAME = _words(
    "photo photograph photos image picture scene visible seen present shown found here there kind all being be it this "
    "that a an the any one ones such at of in so either nor or and see detect find notice contain show depict include "
    "have appear seem to other left right side his her their hand hands holding"
)
# A denial of these is one only together with the question's subject.
_CARRIERS = _words("holding wearing carrying using other such showing")
_TRACES = _words("sign signs trace traces evidence indication")
_PICTURES = _words("photo photograph photos image picture scene")
_DENIABLE = _words(
    "gun weapon smoking vaping drinking fighting bleeding armed naked nude nudity violence text words person people "
    "persons man men woman women human humans one anyone anybody"
)
_STATES = _words("clothed clothes dressed asleep empty blank unarmed outdoors indoors")
_DOUBTS = _words(
    "maybe perhaps possibly possible probably probable likely unlikely presumably supposedly allegedly apparently "
    "seemingly potentially may might could would should seems appears looks look like resembles resembling similar "
    "unsure uncertain unclear unknown undetermined ambiguous inconclusive indeterminate certain certainty doubt "
    "tell know knows knowing say determine confirm judge verify guess think believe believes suppose assume deny "
    "denied unless if whether depends depending except besides otherwise although though however yet still but than "
    "almost hardly barely scarcely really necessarily entirely exactly quite somewhat sort sorta kinda partially "
    "hard difficult impossible unable enough insufficient too blurry blurred blur fuzzy grainy pixelated obscured "
    "cropped unreadable illegible quality resolution sorry apologize unfortunately wait mean without lack error fake "
    "allowed permitted forbidden prohibited question confidence percent unanswerable"
)
# With no question to compare with, these still make no denial.
_OTHER_PHRASES = _words(
    "answer caption clue comment context control data doubt entry evidence exit fewer idea image information less "
    "longer luck matter more name opinion output parking photo picture problem question response result way wonder"
)
_SIGN_WORDS = _words("smoking parking entry exit drinking vaping littering")
_KNOWN = frozenset().union(
    *(_FRAME, _COUNTS, _SUBJECTS, _VERBS, _NEGATIONS, _ADVERBS, _DETERMINERS, _PREPOSITIONS),
    *(_CARRIERS, _TRACES, _STATES, _DENIABLE),
)
_CERTAINTIES = (("there", "is", "no", "doubt", "about", "it"), ("no", "doubt"), ("of", "course"), ("for", "sure"))
_LEADS = (("answer", ":"), *((*whose, "answer", "is") for whose in (("the",), ("my",), ())))
_DENIES_FIRST = {("there", verb, negation) for verb in ("is", "are") for negation in ("no", "not")}
_SUFFIXES = ("ies", "ves", "ing", "es", "ed", "er", "fe", "y", "e", "s")
_ASKING = _FRAME | _PREPOSITIONS | _words("is are does do was were person persons people man woman another")


@dataclass
class _Reader:
    """Reader of the clauses of one answer; `alternatives` are the subjects of its question, None: any subject."""

    alternatives: list[frozenset[str]] | None
    denied: bool = False
    stated: list[str] = field(default_factory=list)

    def fits(self, said: str, clause: list[str]) -> bool:
        """Tell if the clause has a known form after a `said`, and record what it denies or states."""
        words = [word for i, word in enumerate(clause) if word not in _ADVERBS or clause[i - 1 : i] == ["not"]]
        negations = [i for i, word in enumerate(words) if _negates(words, i)]
        if said == "yes" and _NEGATIONS & {*words}:
            return False
        if _DOUBTS & {*words} or len(negations) > 1 or (said == "no" and _YES & {*clause}):
            return False
        if negations:
            denies = said == "no" and self._denies(words[: negations[0]], words[negations[0] + 1 :])
            self.denied = self.denied or denies
            return denies
        if said == "yes":
            return not words or self._is_statement(words)
        return bool(words) and (self._continues(words) or self._states_another(words))

    def _denies(self, before: list[str], after: list[str]) -> bool:
        """Tell if words before and after a negation deny the question: "there is" not "a gun in his hand"."""
        if before and not (_is_subject(before[:-1], self) and before[-1] in _VERBS):
            return False
        named = carried = placed = False
        free = self.denied and not before
        for i, word in enumerate(after):
            placed = placed or word in _PREPOSITIONS
            if named and (word in _PREPOSITIONS or word in ("or", "nor", "and")):
                free = True
            elif word in _VERBS and not before and (named or not i):
                free = False
            elif (word in _VERBS and word not in _FRAME) or word in ("only", "just"):
                return False
            elif self._names(word):
                named = True
            elif word in _CARRIERS or (word in _TRACES and not named):
                carried = True
            elif not (placed if word in _PICTURES else free or word in _FRAME | _PREPOSITIONS):
                return False
        return (named or not carried) and after[-1:] != ["on"]

    def _names(self, word: str) -> bool:
        if _stem(word) in _DENIABLE or word in _DENIABLE:
            return True
        if self.alternatives is None:
            return word not in _FRAME | _PREPOSITIONS | _OTHER_PHRASES | _CARRIERS and not word.isdigit()
        return any(_stem(word) in alternative for alternative in self.alternatives)

    def asks_for(self, word: str) -> bool:
        """Tell if the question asks for what the word names; any name, if the question isn't known."""
        if self.alternatives is None:
            return self._names(word) and word not in _NEGATIONS | _VERBS | _SUBJECTS
        return any(_stem(word) in alternative for alternative in self.alternatives)

    def _continues(self, words: list[str]) -> bool:
        """Tell if the clause is a further item of a list that is denied, or of a statement."""
        return (
            (self.denied or bool(self.stated))
            and words[0] not in _SUBJECTS | _DETERMINERS | _PREPOSITIONS
            and not _VERBS & {*words}
            and (self.denied or not self._speaks_of_it(words))
            and not all(word in _FRAME | _COUNTS for word in words)
        )

    def _states_another(self, words: list[str]) -> bool:
        if not self._is_statement(words) or self._speaks_of_it(words):
            return False
        content = _content(words) or (words[0] in ("only", "just") and _content(_subject(words)))
        self.stated.append(" ".join(words))
        return bool(content)

    def affirms(self, clause: list[str]) -> bool:
        """Tell if the clause states that what the question asks for is there: "a gun is visible"."""
        return bool(_VERBS & {*clause}) and self._speaks_of_it(clause)

    def _speaks_of_it(self, words: list[str]) -> bool:
        stems = frozenset(map(_stem, words))
        return any(alternative <= stems for alternative in self.alternatives or ())

    def _is_statement(self, words: list[str]) -> bool:
        verb = next((i for i, word in enumerate(words) if word in _VERBS), None)
        if verb is None:
            return words[0] in _DETERMINERS | _PREPOSITIONS and not _SUBJECTS & {*words[1:]}
        predicate = [word for word in words[verb + 1 :] if word not in ("be", "see")]
        if not _is_subject(words[:verb], self) or not _runs_on(predicate):
            return False
        if not predicate:
            return words[0] not in ("you", "we")
        return _is_predicate(words[0], predicate)


def yes_or_no(text: str, question: str | None = None) -> str | None:
    """Return the "yes" or "no" that an answer gives; None if it gives neither, both, or more than a known form says.

    Without the question's text any subject of a denial counts as its subject.
    """
    return _read(text, question)[0]


def statements(text: str, question: str) -> Sequence[str]:
    """Return what an answer says, beside its no, that there is instead."""
    return _read(text, question)[2]


@lru_cache(maxsize=_KEPT)
def beyond_known_words(text: str, question: str) -> str:
    """Return the clauses of an answer that have words beside those of its question and of the known forms.

    That is the whole text if it is no answer.
    """
    said, clauses, _ = _read(text, question)
    if said is None:
        return text
    known = _KNOWN.union(*_alternatives(question))
    return ". ".join(" ".join(clause) for clause in clauses if not all({word, _stem(word)} & known for word in clause))


def without_special_tokens(text: str) -> str:
    """Return the text without a tokenizer's own tokens, such as `</s>`, `<pad>` and `[UNK]`."""
    return _SPECIAL_TOKEN.sub(" ", text)


@lru_cache(maxsize=_KEPT)
def _read(text: str, question: str | None) -> tuple[str | None, list[list[str]], list[str]]:
    if len(text) >= TOO_MANY_CHARACTERS:
        return None, [], []
    tokens = _tokens(text)
    start = next((i for i, token in enumerate(tokens) if token not in _SIGNS), len(tokens))
    start += next((len(lead) for lead in _LEADS if tuple(tokens[start : start + len(lead)]) == lead), 0)
    said = tokens[start] if start < len(tokens) else ""
    if tuple(tokens[start : start + 3]) in _DENIES_FIRST:
        return _read_denial(tokens[start:], question)
    if said not in ("yes", "no"):
        return _read_statement(tokens[start:], question)
    rest = next((i for i in range(start, len(tokens)) if tokens[i] not in _SIGNS | {said}), len(tokens))
    reader = _Reader(None if question is None else _alternatives(question))
    clauses = list(_clauses(tokens[rest:]))
    if clauses and tokens[rest - 1] == "no" and not (clauses[0][0] in _SUBJECTS | {"the"} or _negates(clauses[0], 0)):
        if clauses[0][0] in _SIGN_WORDS and len(clauses[0]) == 1:
            return None, [], []
        clauses[0].insert(0, "no")
    fits = all(reader.fits(said, clause) for clause in clauses)
    return (said, clauses, reader.stated) if fits else (None, [], [])


def _read_statement(tokens: Sequence[str], question: str | None) -> tuple[str | None, list[list[str]], list[str]]:
    """Read "there is a gun" as a yes, if its first clause says that what the question asks for is there."""
    reader = _Reader(None if question is None else _alternatives(question))
    clauses = list(_clauses(tokens))
    fits = bool(clauses) and reader.affirms(clauses[0]) and all(reader.fits("yes", clause) for clause in clauses)
    spoken = all(word.isalpha() or word in _SIGNS for word in tokens) and not _YES & {*tokens}
    return ("yes", clauses, []) if fits and spoken else (None, [], [])


def _read_denial(tokens: Sequence[str], question: str | None) -> tuple[str | None, list[list[str]], list[str]]:
    """Read "there is no gun" as a no, if it names what the question asks for."""
    reader = _Reader(None if question is None else _alternatives(question))
    clauses = list(_clauses(tokens))
    named = bool(clauses) and any(map(reader.asks_for, clauses[0]))
    fits = named and all(reader.fits("no", clause) for clause in clauses)
    return ("no", clauses, reader.stated) if fits else (None, [], [])


def _tokens(text: str) -> list[str]:
    spoken = unicodedata.normalize("NFKC", without_special_tokens(text)).casefold().translate(_SPOKEN)
    return [word for token in _TOKEN.findall(_SPACED_APOSTROPHE.sub("'", spoken)) for word in _expanded(token)]


def _expanded(token: str) -> list[str]:
    """Return "is", "not" for "isn't" or "isnt", and "it", "is" for "it's"."""
    if token in ("cannot", "cant", "can't"):
        return ["can", "not"]
    if token in _UNSPACED or token.endswith("n't"):
        return [_UNSPACED.get(token) or token.removesuffix("n't"), "not"]
    word, _, short = token.rpartition("'")
    return [word, _SHORT[short]] if word in _SUBJECTS and short in _SHORT else [token]


def _clauses(tokens: Sequence[str]) -> Iterator[list[str]]:
    """Return the words between signs, and from an "and" that a new subject follows."""
    clause: list[str] = []
    for i, word in enumerate([*tokens, "."]):
        if word in _SIGNS or (word == "and" and i + 1 < len(tokens) and tokens[i + 1] in _SUBJECTS):
            if words := _without_certainties(clause):
                yield words
            clause = []
        else:
            clause.append(word)


def _without_certainties(clause: list[str]) -> list[str]:
    """Return the clause with "sure" in the place of an expression of certainty that it starts with."""
    for phrase in _CERTAINTIES:
        if tuple(clause[: len(phrase)]) == phrase:
            return ["sure", *clause[len(phrase) :]]
    return clause


def _negates(words: Sequence[str], i: int) -> bool:
    """Tell if the word is a negation that doesn't continue another: "no gun and no knife" has one."""
    return words[i] in _NEGATIONS and not (i > 1 and words[i - 1] in ("and", "or", "nor"))


def _is_subject(words: list[str], reader: _Reader) -> bool:
    if len(words) == 1 and words[0] in _SUBJECTS:
        return True
    if len(words) == 2 and words[0] in ("this", "that") and words[1] in _PICTURES:
        return True
    return bool(words) and (words[0] in _DETERMINERS or reader._names(words[0])) and _runs_on(words)


def _runs_on(words: Sequence[str]) -> bool:
    """Tell if no second clause starts among the words."""
    return not any(
        (word in _VERBS and words[i - 1 : i] not in [["who"], ["which"], ["that"]])
        or word in _SUBJECTS - {"that", "this"}
        for i, word in enumerate(words)
        if i
    )


def _is_predicate(subject: str, words: list[str]) -> bool:
    """Tell if the words after a verb name something, say what somebody does, or that something is in the image."""
    first = words[0]
    return (
        first in _DETERMINERS | _STATES | _FRAME | _PREPOSITIONS
        or first.endswith("ing")
        or (subject in ("it", "they", "this", "that") and len(words) == 1 and not first.endswith("ed"))
        or (subject in ("he", "she", "they") and first in _DENIABLE)
    )


def _subject(words: Sequence[str]) -> Sequence[str]:
    """Return the words before the verb; none without a verb."""
    return next((words[:i] for i, word in enumerate(words) if word in _VERBS), ())


def _content(words: Sequence[str]) -> list[str]:
    """Return the words that name something, but for those of the place where it is."""
    named, placed = [], False
    verb = next((i for i, word in enumerate(words) if word in _VERBS), -1)
    for word in words[verb + 1 :]:
        placed = placed or word in _PREPOSITIONS - {"of"}
        if not placed and word not in _FRAME | _COUNTS | _DETERMINERS | _SUBJECTS | _DENIABLE:
            named.append(word)
    return named


def _alternatives(question: str) -> list[frozenset[str]]:
    """Return the stems of what a question asks for: {cigarette}, {cigar} and {vape}."""
    alternatives: list[set[str]] = [set()]
    for token in _tokens(question):
        if token in _SIGNS | {"or"}:
            alternatives.append(set())
        elif token not in _ASKING and token.isalpha():
            alternatives[-1].add(_stem(token))
    return [frozenset(stems) for stems in alternatives if stems]


def _stem(word: str) -> str:
    suffix = next((suffix for suffix in _SUFFIXES if word.endswith(suffix)), "")
    return word.removesuffix(suffix) if len(word) > 3 else word
