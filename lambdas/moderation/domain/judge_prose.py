"""Doubts about a judge's "safe", from the words in its reason and around its object.

English is read clause by clause. Text in another language or script isn't understood, and is doubtful for that reason.
A reason may describe anything, so it is doubtful only by what it says against the image; around the object, only
sentences of known kinds may stand.
"""

import re
import unicodedata
from typing import Literal

from moderation.domain import judge_words as words
from moderation.domain.captions import supported_categories
from moderation.domain.judge_clauses import affirmed, plain, sentences
from moderation.domain.judge_remarks import is_remark
from moderation.domain.policy import Pack

MAX_FLAG = 300

_ALARMS = re.compile("[❌✖🚫⚠⛔🔞👎🛑🔴❗‼☠🚨]")
_SAFE_FLAG = re.compile(
    r"(?:no,? )?(?:(?:(?:the|this) (?:image|photo|picture|content|drawing)|it|this) (?:is|was) )?"
    r"(?:safe|not unsafe|no violations?)[ .!]*+"
)
_CUT = re.compile(r"(?:^|[.!?;:\n] ?)(?:but |no,? |oh,? )?(?:wait|hmm+|edit|update)\b")
_FIELD = re.compile(
    r"\bsafe\b[ \"']*[:=|>?][ \"'>|]*(?:false|no|nope|not|0|n|f)\b"
    r"|\b(?:flag|verdict|decision|label|result|violations?|status|rating|nsfw|blocked|rejected)\b[ \"']*[:=|>][ \"'>|]*"
    r"(?:yes|true|1|y|fail\w{0,4}|deny|denied|bad|high)\b"
)
_NEUTRAL = re.compile(
    r"\b(?:unsafe|violations?|nsfw|harmful|prohibited|forbidden|inappropriate)\b[a-z ]{0,30}[:=|] ?"
    r"(?:none|no|false|0|n/a|null|nil)\b"
)
_AS_REQUESTED = re.compile(
    r"\bas (?:requested|instructed|asked),? (?:here is|i answer with|i reply with) (?:the|my|a) json"
    r"(?: object)?(?: only)?\b"
)
_COURTESY_IF = re.compile(r"\bif (?:you|there is anything|anything)\b")
_NUMBER = re.compile(r"(?<![\w.])(0?\.\d{1,9}|[01]\.\d{1,9}|\d{1,3} ?(?:%|percent\b))")
_IS_LIMIT = re.compile(r"(?:threshold\w?(?: of| is| at)?|below|under|beneath|than|limit of|to|near|and|reach\w*) ?\(?$")
_GAP = (
    r"(?: (?:in|on|of|at|the|a|this|that|picture|image|photo|bottom|top|wall|has|have|had|been|is|was|also|itself"
    r"|clearly|explicitly|even|which|who|by)\b)*+ "
)
_SPEECH = re.compile(rf"(?:{words.SPEAKERS.pattern}){_GAP}(?:{words.DEMANDS.pattern})")
_SAYING = re.compile(rf"(?:{words.SPEAKERS.pattern}){_GAP}(?:{words.SAYS.pattern})")
_ACCORDING = re.compile(r"\b(?:safe|allowed|fine|ok|approved)\b[^.]*\baccording to the (?:sign|text|note|user|caption)")
_HARMLESS_KIND = re.compile(r"\b(?:toy|water|squirt|play|candy|chocolate|glue) \w+")
_DISCLAIMED = re.compile(
    r"\bnot (?:\w+ ){0,4}?(?:weapons?|forbidden|violat\w+|count|meant|real|prohibited|drugs?|alcohol)\b"
)
_NO_CLOTHES = re.compile(r"\b(?:not|no|without|nothing)\b(?: \w+){0,3} (?:clothes|clothing)\b")
_READ = (
    r"(?:see|seen|saw|view|viewed|look at|looked at|read|judged?|open|opened|access"
    r"|accessed|process|processed|load|loaded"
    r"|examined?|assess|assessed|inspect|inspected|check|checked|evaluated?|analy[sz]ed?"
    r"|receive|received|review|reviewed)"
)
_UNREAD = re.compile(
    rf"\b(?:(?:can|could|did|do|does|was|were|has|have|had|is|am|are|been) not|never"
    rf"|not able to|unable to|before i could"
    rf"|before it could be) (?:\w+ly |able to |really |even |been )*+{_READ} "
    rf"(?:the |this |that |these |any |all |all of |of |its |actual |whole |provided )*+(?:{words.EVIDENCE.pattern})"
    rf"|\b(?:without|before|instead of) (?:\w+ly |even )?(?:seeing|viewing|looking at"
    rf"|reading|judging|checking|examining"
    rf"|opening|considering) (?:the |this |any |all |all of |of )*+(?:{words.EVIDENCE.pattern})"
    rf"|\bno (?:images?|photos?|pictures?|evidence|captions?|answers?|input|data|information) (?:\w+ )?"
    r"(?:given|provided|supplied|available|attached|received|sent|included|loaded|submitted|to judge|to assess)\b"
    r"|\b(?:images?|photos?|pictures?|evidence|captions?|answers?|input|prompt"
    r"|file) (?:\w+ )?(?:is|are|was|were|has|have)"
    r" (?:\w+ly |been )*+(?:missing|cut off|cut short|truncated|incomplete|unavailable"
    r"|corrupt\w*|lost|not (?:\w+ly |been )*+"
    r"(?:given|provided|supplied|available|attached|received|sent|included|loaded|readable"
    r"|complete|read|judged|seen))\b"
)
# Around the object it is an ordinary remark: the judge gets answers and captions only.
_UNSEEN_IMAGE = re.compile(
    r"\b(?:can't|can\u2019t|cannot|can not) (?:directly )?(?:see|view) the image(?: myself| itself| directly)?",
    re.IGNORECASE,
)
_OBEYS = re.compile(
    r"\b(?:follow|obey|heed|execut|compl[yi]|adher|carr[yi]|act)\w* (?:(?:with|to|on"
    r"|out) )?(?:the|these|those|its|his|her"
    r"|your|their|new|all|any|this|that) (?:\w+ ){0,2}(?:instructions?|orders?|commands?|requests?|directions?|demands?"
    r"|prompts?|wish|wishes)\b"
)
_NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_NUMBERS = {word: str(number) for number, word in enumerate(_NUMBER_WORDS.split())}
_TENS = {"twenty": 20, "thirty": 30, "forty": 40}
_COUNT = rf"(\d{{1,3}}|(?:twenty|thirty|forty) \w+|{'|'.join(_NUMBERS)}|thirty|forty)"
_ANSWERS = r"(?:answers?|questions?|probabilit\w+|scores?|values?|thresholds?|checks?)"
_SHARE = re.compile(rf"\b{_COUNT}(?: out)? of (?:the |all |its |these |my )*{_COUNT} (?:\w+ )?{_ANSWERS}\b")
_SOME = re.compile(
    rf"\b(?:most|some|many|half|several|a few|the majority|nearly all|almost all|all but \w+)(?: of)?"
    rf"(?: the| its| these| my)?(?: \w+)? {_ANSWERS}\b"
    rf"|\b{_ANSWERS} but (?:one|two|three|a few)\b"
)
_CALLED_SAFE = re.compile(r"\bflag(?:ging)? ((?:this|the|that) (?:image|photo|picture)|it|this) as safe\b")
_CHANGED = re.compile(r"\bcan not be (?:considered|called|said|seen as)\b")

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


def doubt_in_reason(text: str, pack: Pack) -> str | None:
    """Return the words of a reason that make a safe judgement doubtful, or None."""
    if foreign := _not_understood(text):
        return foreign
    said = _CALLED_SAFE.sub(r"call \1 safe", _AS_REQUESTED.sub(" ", _NEUTRAL.sub(" ", plain(text))))
    found = _FIELD.search(said) or _CUT.search(said)
    if found:
        return found[0].strip()
    remaining: list[str] = []
    for clauses in sentences(said):
        disclaimed = any(map(_DISCLAIMED.search, clauses))
        for clause in clauses:
            if (
                doubt := _hedge(clause)
                or _not_judged(clause)
                or _on_whose_word(clause)
                or _against(clause)
                or _score(clause)
            ):
                return doubt
            if not _measured(clause):
                remaining.append(affirmed(_HARMLESS_KIND.sub(" ", clause) if disclaimed else clause))
    supported = supported_categories(pack, remaining)
    return f"something of {supported[0]}" if supported else None


def doubt_around(text: str, pack: Pack) -> str | None:
    """Return the words around a safe object that make it doubtful, or that aren't of a known kind, or None."""
    return doubt_in_reason(_UNSEEN_IMAGE.sub(" ", text), pack) or next(
        (" ".join(said) for said in sentences(_AS_REQUESTED.sub(" ", plain(text))) if not is_remark(said, pack)), None
    )


def flag_in(sentence: str) -> Literal["safe", "unsafe"] | None:
    """Return what a sentence says of the image: unsafe by its words, safe only in a closed form."""
    if len(sentence) > MAX_FLAG or re.search(r"[?|/]|\bor\b|\beither\b", sentence.casefold()):
        return None
    said = plain(sentence)
    if _not_understood(sentence):
        return None
    if _SAFE_FLAG.fullmatch(said.strip(" \"'")):
        return "safe"
    return "unsafe" if any(_against(clause) for clauses in sentences(said) for clause in clauses) else None


def _hedge(clause: str) -> str | None:
    """Return a condition, a doubt, a refusal or a correction in a clause, or None."""
    if (found := words.CONDITIONS.search(clause)) and not _COURTESY_IF.match(clause):
        return found[0]
    open_part = affirmed(clause, granted=False)
    for found in words.UNABLE.finditer(clause):
        if not words.LOOKING.match(clause, found.end() + 1) and not _CHANGED.match(clause, found.start()):
            return found[0]
    modal = words.MODALS.search(open_part)
    if modal and words.GOOD.search(clause, modal.end()) and not words.CONSIDERED.search(clause, modal.end()):
        return modal[0]
    if modal and modal[0] in ("should", "must", "ought", "needs to", "has to", "have to"):
        after = clause[modal.end() :].lstrip()
        if not after.startswith("not") and not words.CONSIDERED.search(after):
            return modal[0]
    return _first(
        words.ALWAYS_DOUBTS.search(clause),
        words.DOUBTS.search(open_part),
        words.REFUSALS.search(clause),
        words.CORRECTIONS.search(clause),
        _NO_CLOTHES.search(clause),
    )


def _not_judged(clause: str) -> str | None:
    """Return the words by which a clause says that evidence wasn't read, that only a part of it is low, or None."""
    shares = [match for match in _SHARE.finditer(clause) if _counted(match[1]) not in ("0", _counted(match[2]))]
    return _first(words.ARBITRARY.search(clause), _UNREAD.search(clause), _SOME.search(clause), *shares)


def _counted(number: str) -> str:
    """Return a number below fifty in digits: "twenty two" is 22."""
    tens, _, ones = number.partition(" ")
    if tens in _TENS:
        return str(_TENS[tens] + int(_NUMBERS.get(ones, "0")))
    return _NUMBERS.get(number, number)


def _on_whose_word(clause: str) -> str | None:
    """Return the words by which a picture, its text or a person is said to have decided, or None."""
    saying = _SAYING.search(clause)
    return _first(
        words.BIDDEN.search(clause),
        _OBEYS.search(clause),
        _SPEECH.search(clause),
        _ACCORDING.search(clause),
        saying if saying and words.VERDICTS.search(clause, saying.end()) else None,
    )


def _against(clause: str) -> str | None:
    """Return the words of a clause that speak against the image, or None."""
    if _measured(clause):
        return None
    for good in words.GOOD.finditer(clause):
        before = clause[: good.start()]
        close = " ".join(before.split()[-5:])
        if "," not in close and " and " not in close and words.WEAK_DENIALS.search(close):
            return f"{close} {good[0]}"
        denials = list(words.DENIALS.finditer(before))
        if denials and "," not in (gap := before[denials[-1].end() :]) and " and " not in gap and len(gap.split()) <= 4:
            doubly = len(denials) > 1 or words.LACKS.search(before)
            if not doubly:
                return f"{denials[-1][0]}{gap}{good[0]}"
    open_part = affirmed(clause, granted=False)
    broken = words.BREAKS.search(open_part)
    met = words.MEETS.search(open_part)
    return _first(
        words.AGAINST.search(open_part),
        broken if broken and words.RULES.search(clause) else None,
        met if met and words.MEASURED_RULES.search(clause) else None,
    )


def _score(clause: str) -> str | None:
    """Return a score over a threshold or an affirmed question in a clause, or None."""
    open_part = affirmed(clause, granted=False)
    measures = words.MEASURES.search(clause)
    high, yes = words.HIGH.search(open_part), words.YES.search(open_part)
    if high and (words.LIMITS.search(clause) or (measures and _NUMBER.search(clause))):
        return high[0]
    if yes and measures:
        return yes[0]
    if measures:
        for number in _NUMBER.finditer(open_part):
            value = float(re.sub(r"[^\d.]", "", number[0])) / (100 if number[0][-1] in "%t" else 1)
            if value >= 0.5 and not _IS_LIMIT.search(clause, 0, number.start()):
                return number[0]
    elif (share := re.search(r"\bconfiden\w+ .*?(\d{1,2}) ?(?:%|percent)", clause)) and int(share[1]) < 50:
        return share[0]
    return None


def _measured(clause: str) -> bool:
    """Tell if a clause says that a score is low: then what it names isn't there."""
    number = any(float(each[0]) < 0.5 for each in _NUMBER.finditer(clause) if each[0][-1] not in "%t")
    low = words.LOW.search(clause) or number or (words.DENIALS.search(clause) and words.LIMITS.search(clause))
    return bool((words.MEASURES.search(clause) or number) and low) and _score(clause) is None


def _first(*found: re.Match[str] | None) -> str | None:
    return next((match[0].strip() for match in found if match), None)


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
