"""Kinds of remarks that may stand around a judge's safe object: anything else makes it doubtful.

Announcements, courtesies, the basis and the verdict use a closed vocabulary, in which a denial must deny something that
speaks against the image. Only an explanation, which says what the image or the evidence shows, uses any words.
"""

import re

from moderation.domain import judge_words as words
from moderation.domain.captions import supported_categories
from moderation.domain.judge_clauses import affirmed
from moderation.domain.policy import Pack

_KNOWN_WORDS = (
    "a an the this that these those it its i me my we our you your of in on at to for from by with and or as is "
    "are was were be been am has have had do does did can would will so therefore thus hence because since after "
    "before all any each every both also only just very well far here there which who into under against than but "
    "still even sure thing certainly course absolutely okay hello hi greetings thank thanks please hope helps "
    "help helpful happy glad assist feel free ask let know need anything something else further other additional "
    "questions nice great good day best regards sincerely welcome more if provide evidence information caption "
    "captions answer answers question checklist policy policies moderation content moderator rules rule category "
    "categories threshold thresholds image images photo picture text user list listed point points json object "
    "output result response verdict decision judgement judgment assessment conclusion classification final format "
    "requested asked flag reason reasoning explanation note notes summary analysis step steps code assistant "
    "follows following below set case own given provided answering reviewed reviewing analyzed analyzing analysed "
    "considered considering checked examined examining looked read assessed determined concluded found judged "
    "evaluated based according provides relies consists answered careful carefully consideration review go "
    "through came come used using speaks safe violate violates violation violations break breaks broken conflict "
    "none no not nothing neither nor harmless clear allowed compliant appropriate fine complies complied "
    "respected highest lowest score scores p value values probability probabilities likelihood over above reach "
    "reaches reached near low lower yes one two three four five six seven eight nine ten providing "
    "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty"
)
_VOCABULARY = frozenset(_KNOWN_WORDS.split())
_VERBS_OF_JUDGING = "judge classify consider conclude believe find think"
_OWN_VERBS = frozenset(_VERBS_OF_JUDGING.split())
_BEFORE_OWN_VERBS = frozenset(["i", "would", "can", "will", "to"])
_SPECIAL = re.compile(r"</?s>|<{0,2}/?\b(?:inst|sys)\b>{0,2}|\bjson\b|\bn/a\b")
_LOOK = re.compile(r"\bcan not (?:directly )?(?:see|view) the image(?: myself| itself| directly)?")
_EXPLAINS = re.compile(
    r"^(?:(?:because|since|as|so|therefore|thus|hence|and|however|but|although|while|which means|in this case"
    r"|reason is|the reason is|the reason for this judgement is|that|also|overall) )*+"
    r"(?:there (?:is|are)\b|it (?:shows|contains|depicts|describes)\b|(?:the|this|both|all|each) (?:\w+ )?"
    r"(?:(?:answers?|probabilit(?:y|ies)|scores?|values?)(?: (?:to|for|of) (?:the|all|all of the|each"
    r"|every) questions?)?|questions?"
    r"|image|photo|picture|scene|drawing|caption|captions|evidence|description|policy|man|woman|person|people)"
    r"(?: (?:itself|also|only|clearly|just|simply|does not|do not))*+"
    r" (?:shows?|contains?|depicts?|describes?|mentions?|suggests?|indicates?|is|are|consists?|features?|appears?"
    r"|seems?|forbids|provides?|violates?|break|fall|have|has|show|mention|speaks?))\b"
)
_ADVERSATIVE = re.compile(r"^(?:but|however|although|though|yet|while|whereas|despite|except|nevertheless)\b")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_USEFUL = re.compile(r"\b(?:found|detected|anything forbidden|reason to|evidence of|sign of|speaks?|mention)\b")


def is_remark(clauses: list[str], pack: Pack) -> bool:
    """Tell if a sentence, given by its clauses, is of a known kind."""
    explains = False
    for clause in clauses:
        clause = _LOOK.sub("", _SPECIAL.sub("", clause)).strip(" \"'()[]{}/,.")
        begins = _EXPLAINS.match(clause) is not None
        explains = begins or (explains and not _ADVERSATIVE.match(clause))
        if not explains and not _is_known(clause, pack):
            return False
    return True


def _is_known(clause: str, pack: Pack) -> bool:
    said = _WORD.findall(clause)
    open_words = frozenset(_WORD.findall(affirmed(clause, granted=False)))
    denies = words.DENIALS.search(clause) is not None
    useful = denies and (
        words.AGAINST.search(clause)
        or words.BREAKS.search(clause)
        or words.HIGH.search(clause)
        or words.LIMITS.search(clause)
        or words.YES.search(clause)
        or _USEFUL.search(clause)
        or supported_categories(pack, [clause])
        or said == ["none"]
        or said[-2:] in (["is", "none"], ["is", "no"], ["are", "no"])
    )
    if denies and not useful:
        return False
    measured = words.MEASURES.search(clause) is not None and words.LOW.search(clause) is not None
    unknown = [
        (before, word)
        for before, word in zip(["", *said], said, strict=False)
        if word not in _VOCABULARY and not (denies and word not in open_words) and not measured
    ]
    return all(word in _OWN_VERBS and before in _BEFORE_OWN_VERBS for before, word in unknown)
