"""Texts in which a model declines to describe a picture, or says that it was given none."""

import re
from functools import lru_cache

_KEPT = 1024  # texts whose reading is kept
_NEGATED = (
    r"(?:can(?:no|')?t|can not|could(?:n't| not)|w(?:on't|ill not)|do(?:n't| not)|(?:am|'m|was) (?:unable|not \w+)|"
    r"(?:must|have to) (?:decline|refuse))"
)
_DESCRIBED = (
    r"(?:(?:assist|comply|describ|fulfil)|(?:do|answer) (?:that|this)\b"
    r"|(?:help|view|caption|create|generate|engage|look|talk|see|analy[sz]e|process|identify|provide|continue|discuss)\b"
    r".{0,40}\b(?:that|this|it|images?|pictures?|photos?|requests?|descriptions?)\b)"
)
_DECLINED = re.compile(
    rf"(?:\b(?:i|we)(?: |\b(?='))|^(?:(?:sorry|unfortunately)\W+(?:but )?)?(?={_NEGATED}))"
    rf"(?:\w+ ){{0,2}}?{_NEGATED} (?:\w+ ){{0,3}}?{_DESCRIBED}"
)
_PICTURE = r"(?:image|picture|photo)"
_SHOWN = r"(?:attached|given|included|loaded|processed|provided|supplied|uploaded)"
_NOT_GIVEN = re.compile(
    rf"\b{_PICTURE} (?:\w+ )?(?:not |cannot |can't |couldn't |wasn't |isn't )(?:be |been )?{_SHOWN}"
    rf"|\bno {_PICTURE} (?:\w+ )?(?:\w+ )?{_SHOWN}"
    rf"|\b(?:unable|failed) to (?:\w+ ){{0,2}}?(?:describe|load|open|process|read|see|view) (?:\w+ )?{_PICTURE}"
    rf"|\b{_PICTURE} (?:failed to|didn't|did not) (?:load|upload)"
    r"|\b(?:i|we)(?:'d | )(?:\w+ ){0,3}?(?:decline|refuse|rather not|prefer not)\b|^unable to (?:assist|comply|help)\b"
    r"|\b(?:i|you) (?:haven't|have not|didn't|did not) (?:been )?(?:attach|given|include|provide|share|upload)"
    rf"|^please (?:attach|provide|share|upload) (?:\w+ )?{_PICTURE}|^there is no {_PICTURE}\W*$"
)
# A thing is named first: a caption, which may quote a sign.
_OF_A_THING = re.compile(rf"(?:an?|two|three|several) (?!{_PICTURE})\w+")


@lru_cache(maxsize=_KEPT)
def declines(text: str) -> bool:
    """Tell if a text declines to describe a picture: "I'm sorry, but I can't assist with that"."""
    plain = " ".join(text.casefold().replace("\u2019", "'").split())
    if _OF_A_THING.match(plain):
        return False
    return bool(_DECLINED.search(plain) or _NOT_GIVEN.search(plain))
