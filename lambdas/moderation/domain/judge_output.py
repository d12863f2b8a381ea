"""Parser of the judge's answer, the free text of a language model.

It tolerates prose, code fences and echoed templates around the JSON object, single and typographic quotes, bare words,
trailing commas, and all spellings that models use for the flag. It rejects objects that disagree, an object that breaks
off after its flag, and an unsafe flag without one of the policy's categories. A safe flag counts only if nothing else
in the text speaks against it: `safe` is never guessed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moderation.domain.judge_prose import doubt_around, doubt_in_reason, flag_in
from moderation.domain.judgement import Flag, Judgement, UnusableJudgement, why_no_answer
from moderation.domain.lenient_json import Found, find_objects
from moderation.domain.policy import Pack

MAX_CHARACTERS = 200_000
MAX_SAFE = 4_000
MAX_REASON = 1000

_FLAGS: dict[str, Flag] = {
    "yes": "unsafe",
    "unsafe": "unsafe",
    "not safe": "unsafe",
    "true": "unsafe",
    "no": "safe",
    "safe": "safe",
    "not unsafe": "safe",
    "false": "safe",
}

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\s]++")
_UNPRINTABLE_IN_LINE = re.compile(r"[^\S\n]++")


def parse_judgement(text: str, pack: Pack) -> Judgement:
    """Return the only judgement in the judge's text.

    Takes linear time; `safe` in more than `MAX_SAFE` characters isn't read. Raises `UnusableJudgement` if there is
    none, or more than one and they differ. A category is matched whatever its case; "Violence: Weapons" and
    "3. Violence (weapons)" are Violence, but a subcategory alone isn't accepted.
    """
    if len(text) > MAX_CHARACTERS:
        raise UnusableJudgement(f"the answer has more than {MAX_CHARACTERS} characters")
    categories = pack.category_names
    found = [
        _judgement(flag, fields, categories) for answer in _answers(text) for flag, fields in _with_flag(answer.value)
    ]
    if why := why_no_answer(text):
        raise UnusableJudgement(f"the judge gave none ({why})")
    if not found:
        raise UnusableJudgement('there is no JSON object with a "flag" of "safe" or "unsafe"')
    if len({(judgement.flag, judgement.category) for judgement in found}) > 1:
        raise UnusableJudgement("there is more than one JSON object and they disagree")
    judgement = found[0]
    if judgement.flag == "safe" and (doubt := _doubt(text, pack)):
        raise UnusableJudgement(f"the flag is safe, but {doubt}")
    return judgement


def _judgement(flag: Flag, fields: Mapping[str, Any], categories: Sequence[str]) -> Judgement:
    reason = _one_line(fields.get("reason"))
    if flag == "safe":
        return Judgement(flag, None, reason)
    given = fields.get("category", fields.get("categories"))
    category = _first_category(given, categories)
    if category is None:
        raise UnusableJudgement(f"the flag is unsafe but the category {_quoted(given)} is none of the policy's")
    return Judgement(flag, category, "" if _is_placeholder(reason) else reason)


def _flag(fields: Mapping[str, Any]) -> Flag | None:
    return _flag_of(fields.get("flag"))


def _flag_of(value: object) -> Flag | None:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str):
        return None
    word = _plain(value).strip(" .!")
    return _FLAGS.get(word) or (flag_in(value) if " " in word else None)


def _first_category(given: object, categories: Sequence[str]) -> str | None:
    """Return the first category of the policy in a name or a list, but none of a list of all: that is an echo."""
    if isinstance(given, str):
        whole = _category(given, categories)
        if whole is not None:
            return whole
        given = re.split(r"\s*(?:[,;|/+&]|\band\b)\s*", given[:1000])
    if not isinstance(given, list):
        return None
    named = [name for item in given if isinstance(item, str) and (name := _category(item, categories)) is not None]
    return None if not named or len(set(named)) == len(categories) > 2 else named[0]


# Doubts about "safe" ----------------------------------------------------------------------------------------------

_NO_CATEGORY_WORDS = (
    "none null nil n/a na no safe empty blank nothing undefined not-applicable no-category none-of-the-above "
    "none-of-these no-violation not-unsafe"
)
_NO_CATEGORY = frozenset(_NO_CATEGORY_WORDS.split())
_PROSE_WORDS = (
    "reason reasons explanation explanations rationale justification analysis reasoning note notes comment "
    "comments detail details summary evidence description caption thought thoughts"
)
_PROSE = frozenset(_PROSE_WORDS.split())
# What a text may not be alone: it would affirm something.
_AFFIRMED = re.compile(
    r"(?:y|yes|yeah|yep|true|positive|affirmative|correct|high|medium|low|[+-]?\d[\d.,]{0,99}\s?%?)[ .!]*+"
)
_VERDICTS_WORDS = (
    "verdict decision label result answer judgement judgment classification status conclusion outcome output "
    "response final-answer final-verdict assessment moderation rating"
)
_VERDICTS = frozenset(_VERDICTS_WORDS.split())
_SURE_WORDS = "high very-high certain sure full medium moderate"
_SURE = frozenset(_SURE_WORDS.split())
_TEMPLATE_FLAG = re.compile(
    r"(?:un)?safe\s*(?:\||/|or|,)\s*(?:un)?safe|yes\s*(?:\||/|or)\s*no|x{2,}|\.{2,}|…|<.*>|string"
)
_PLACEHOLDER = re.compile(
    r"(?:in |write |give |insert |the |your |a |an |one |1 |short |brief |single |concise |clear |simple )*+"
    r"(?:sentence|reason|reasons|explanation|text|string|justification|rationale|placeholder|description)"
    r"(?: (?:is|here|goes here|string|value|text))*+[ .:…]*+"
    r"|(?:one|1|short|brief|single|concise|a short|a brief|a single|a concise|your|the) (?:short |brief"
    r" )?(?:sentence|reason|explanation)\b.{0,200}"
    r"|a sentence (?:that|which|naming|explaining|describing|why|with)\b.{0,200}"
    r"|at most \d+ words.{0,100}|<.*>|\[.*\]|\{.*\}|\(.*\)|x{2,}|[.…_-]+|str|tbd|todo|lorem ipsum.{0,200}"
    r"|explain why.{0,200}|why\b.{0,60}"
)


def _doubt(text: str, pack: Pack) -> str | None:
    """Return what in a text with a safe flag speaks against it, or None."""
    if len(text) > MAX_SAFE:
        return f"there are more than {MAX_SAFE} characters"
    rest, last = [], 0
    for answer in _answers(text):
        if any(True for _ in _with_flag(answer.value)):
            doubt = _doubt_in(answer.value, pack)
        elif _is_template(answer.value, pack.category_names):
            doubt = None
        else:
            doubt = "there is another JSON object"
        if doubt:
            return doubt
        rest.append(text[last : answer.start])
        last = answer.end or len(text)
    return _doubt_around("\n".join([*rest, text[last:]]), pack)


def _doubt_around(prose: str, pack: Pack) -> str | None:
    prose = re.sub(r"\{\s*+\}|\[\s*+\]", "\n", _UNPRINTABLE_IN_LINE.sub(" ", prose))
    if re.search(r"[{}]|[\"'\u201d\u2019\u00bb]\s{0,9}:", prose):
        return "there is something like another JSON object"
    said = doubt_around(prose, pack)
    return f"the text around it says {_quoted(said)}" if said else None


def _doubt_in(value: Any, pack: Pack) -> str | None:
    """Return the member of a safe answer, nested ones included, that isn't known to agree with it."""
    if isinstance(value, list):
        return next((doubt for item in value if (doubt := _doubt_in(item, pack))), None)
    if not isinstance(value, Mapping):
        return f"there is {_quoted(value)} beside it"
    for key, member in value.items():
        if not _agrees(re.sub(r"[\W_]+", "-", key).strip("-"), member, pack):
            return f"{_quoted(key)} is {_quoted(member)}"
    return None


def _agrees(key: str, value: Any, pack: Pack) -> bool:
    if key == "flag":
        return _flag_of(value) == "safe"
    if key in ("category", "categories"):
        return all(_is_no_category(item) for item in (value if isinstance(value, list) else [value]))
    if key in _PROSE:
        items = value if isinstance(value, list) else [value]
        return all(
            isinstance(item, str)
            and not _is_placeholder(_one_line(item))
            and not _AFFIRMED.fullmatch(_plain(item)[:200])
            and not doubt_in_reason(item, pack)
            for item in items
        )
    if key in _VERDICTS:
        if isinstance(value, Mapping | list):
            return _doubt_in(value, pack) is None
        return isinstance(value, str) and "safe" in value.casefold() and _flag_of(value) == "safe"
    if key in ("safe", "is-safe"):
        return isinstance(value, str) and _plain(value) in ("true", "yes")
    if key in ("unsafe", "is-unsafe"):
        return isinstance(value, str) and _plain(value) in ("false", "no")
    if key.startswith(("confidence", "certainty")):
        return isinstance(value, str) and _is_sure(value)
    return False


def _is_no_category(value: object) -> bool:
    if not isinstance(value, str):
        return False
    word = re.sub(r"[\s_]+", "-", value.strip(" .!-\u2013\u2014()[]<>'\"").casefold())
    return not word or word in _NO_CATEGORY


def _is_sure(value: str) -> bool:
    number = re.fullmatch(r"(\d{1,3}(?:\.\d{1,9})?)\s?%?", value.strip())
    if number is None:
        return re.sub(r"[\s_]+", "-", value.strip().casefold()) in _SURE
    return 0.5 <= float(number[1]) <= 1 or 50 <= float(number[1]) <= 100


def _is_placeholder(reason: str) -> bool:
    return bool(reason) and len(reason) <= 300 and _PLACEHOLDER.fullmatch(_plain(reason).strip(" '\"`*")) is not None


def _is_template(value: Any, categories: Sequence[str]) -> bool:
    """Tell if an object is the prompt's form, echoed: neither flag nor category nor reason says anything."""
    if not isinstance(value, Mapping) or not set(value) <= {"flag", "category", "reason"}:
        return False
    flag, category, reason = (value.get(key, "") for key in ("flag", "category", "reason"))
    if not all(isinstance(each, str) for each in (flag, category, reason)):
        return False
    return (
        _TEMPLATE_FLAG.fullmatch(_plain(flag)[:200]) is not None
        and _category(category, categories) is None
        and (not reason or _is_placeholder(_one_line(reason)))
    )


def _category(given: str, categories: Sequence[str]) -> str | None:
    """Return the name that equals `given`, or else the only name that it starts with and mentions."""
    plain = _plain(given)
    for name in categories:
        if _plain(name) == plain:
            return name
    plain = re.sub(r"^[\W\d]*(?:category\b)?[\W\d]*", "", plain)
    mentioned = [name for name in categories if _mentions(plain, _plain(name))]
    leading = [name for name in mentioned if plain.startswith(_plain(name))]
    if not leading:
        return None
    longest = max(leading, key=len)
    others = [name for name in mentioned if _plain(name) not in _plain(longest)]
    return None if others else longest


def _mentions(text: str, phrase: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text) is not None


def _plain(text: str) -> str:
    return " ".join(re.split(r"[\s_]+", text.strip())).casefold()


def _one_line(reason: object) -> str:
    """Return the reason as one line of valid Unicode; pairs of escaped surrogates become one character."""
    if not isinstance(reason, str):
        return ""
    valid = reason.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _UNPRINTABLE.sub(" ", valid).strip()[:MAX_REASON]


def _quoted(value: object) -> str:
    return f'"{_UNPRINTABLE.sub(" ", str(value))[:60]}"'


def _with_flag(value: object) -> Iterator[tuple[Flag, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        flag = _flag(value)
        if flag:
            yield flag, value
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _with_flag(item)


def _answers(text: str) -> Iterator[Found]:
    """Return the objects that can be read. An unreadable one that contains a valid flag or has no end rejects all."""
    for found in find_objects(text):
        if not found.broken:
            yield found
        elif found.end is None or _flag(found.value):
            raise UnusableJudgement("the JSON object isn't complete or isn't valid JSON")
