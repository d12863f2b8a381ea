"""Texts in which a model declines to describe a picture, or says that it was given none.

What a picture says isn't what the model says of itself: quotations, and what follows a word for lettering, don't count.
"""

import html
import re
from functools import lru_cache

_KEPT = 1024  # texts whose reading is kept
_APOSTROPHES = dict.fromkeys(map(ord, "\u2019\u2018\u02bc`\u00b4\uff07"), "'")
_MARKUP = re.compile(r"<\|?\w+\|?>|[*_\[\]]")
# What the model calls its own text: "Answer: …".
_LABEL = re.compile(r"^\W*(?:answer|assistant|caption|description|message|note|response|text)\W{0,3}:\s*")
_QUOTED = re.compile(r"(?<=\w)[\s:,(]*(?:\"[^\"]*\"?|\u201c[^\u201d]*\u201d?|(?<=[\s:,(])'[^']*(?:'\w[^']*)*'?)")
# "that says I can't", but not "that I can't describe": the model goes on behind a conjunction or a sign.
_GOES_ON = (
    r"(?:[.,;!?(-]|\b(?:and|as|because|but|however|since|so|something|that|therefore|though|thus|which)\b)"
    r" ?(?:(?:however|so|therefore|thus)\b,? )?(?:i|we|it|violates)\b"
)
_LETTERING = re.compile(
    r"\b(?:badge|banner|captions?(?= (?:i|we)\b)|captioned|chat|comic|letters?|lettering|meme|message|mug|note|notebook"
    r"|poster|quotes?|reads?|reading|says?|saying|screenshot|shirt|sign|stating|titled|tweet|written"
    r"|(?:text|words)(?! (?:i|we)\b))\b"
    rf"(?:(?!{_GOES_ON}).)*"
)
# A thing is named first: a caption, whatever it goes on to say.
_OF_A_THING = re.compile(r"(?:an?|two|three|several) (?!(?:image|picture|photo|reasons|ai|(?:large )?language)\b)\w+")

_IMAGE = r"(?:image|picture|photo|photograph)s?"
_THE = r"(?:the|this|that|your|an?|any|the attached|the provided)"
_SORRY = (
    r"(?:(?:i'm|i am|we're|we are) )?(?:\w+ )?(?:sorry|afraid)|(?:my |our )?(?:sincere )?apologies"
    r"|(?:i|we) (?:\w+ )?apologi[sz]e|unfortunately|regrettably"
)
_ASSISTANT = r"(?:\w+[ -]){0,3}?(?:ai|language model|text model|assistant)(?: (?:model|assistant|language model))?"
_BEFORE = (
    rf"^\W*(?:(?:error|hmm|well|sure|of course|it (?:seems|looks like|appears)(?: that| as if)?|{_SORRY})\W+(?:but )?)?"
)
_SELF = rf"(?:\b(?:i|we)(?: |\b(?='))|{_BEFORE})"
_OF_ITSELF = re.compile(rf"\W*(?:{_SORRY}|i|we|as an?|no|please|describing|unable|there(?: is no|'s no| isn't))\b")
_NEGATED = (
    r"(?:can(?:no|')?t|can not|could(?:n't| not)|w(?:on't|ill not)|do(?:n't| not)(?: feel comfortable)?"
    r"|(?:(?:am|'m|was|are|were) )?(?:unable to|uncomfortable|not \w+)|wasn't able to"
    r"|(?:must|have to) (?:decline|refuse))"
)
_DECLINED = re.compile(
    rf"{_SELF}(?:\w+ ){{0,2}}?{_NEGATED} (?:\w+ ){{0,3}}?(?:(?:assist|comply|describ|fulfil)"
    rf"|(?:do|answer|share|say|view|caption|repeat) (?:that|this|it|them)\b|help (?:you )?(?:with )?(?:that|this|you)\b"
    r"|continue\W*$"
    r"|(?:caption|create|generate|discuss|engage|talk|analy[sz]|process|provide|continue|respond|comment|answer"
    r"|help with|proceed|write)\w*\b(?! (?:refund|restroom)).{0,40}"
    rf"\b(?:that|this|it|{_IMAGE}|requests?|questions?|descriptions?|captions?|content|assistance)\b"
    rf"|(?:see|view|find|look at|make out|access|interpret|open|load|read|display) (?:{_THE} )?{_IMAGE}\b"
    rf"|see (?:it|anything)\W*$|(?:say|tell)(?: you)? what(?: is|'s) in {_THE} {_IMAGE}|know\W*$"
    r"|identify (?:real |specific )?(?:people|persons?|individuals|anyone|faces))"
)
_UNABLE = re.compile(
    rf"{_BEFORE}(?:unable to (?:assist|comply|help(?! (?:him|her|it|them)))\b"
    rf"|(?:unable to|not able to|failed to|can(?:no|')t|could(?:n't| not)|error) (?:\w+ )?"
    rf"(?:(?:describe|load|loading|open|process|processing|read|see|view) (?:{_THE} )?{_IMAGE}"
    rf"|(?:create|generate|provide|produce) (?:{_THE} )?(?:caption|description)))\b"
    r"|\b(?:can't|cannot|can not|could not|won't) be (?:captioned|described)\b(?! in\b)"
    r"|(?:^|[.:] )(?:no (?:caption|description) available"
    r"|(?:caption|description) (?:not available|unavailable|withheld))\b"
    rf"|\b(?:it is|it's|is) (?:not possible|impossible) (?:for me )?to (?:assist|describe|help)\b"
    r"|(?:\bnot|n't) something i can (?:assist|describe|discuss|help)\b"
)
_OWN_RULES = re.compile(
    r"\b(?:violat\w+|against|due to|because of) (?:my|our|the|content|usage|safety)(?: \w+)? "
    r"(?:guidelines|polic(?:y|ies)|programming|settings)\b"
    rf"|{_BEFORE}(?:as an? {_ASSISTANT}(?:,| i\b)"
    rf"|(?:i'm|i am) (?:only |just )?an? {_ASSISTANT}(?=\W*$|[,.;]| and\b| so\b)"
    rf"|an? {_ASSISTANT} (?:can't|cannot|isn't|is not|doesn't|does not)\b)"
    r"|\bi (?:do not|don't) have (?:access to|the (?:ability|capability|capacity)|eyes)\b"
    r"|^(?:i'm|i am|we're|we are) not sure\W*$"
    r"|\b(?:i|we)(?:'d| would| must| have to| will)? (?:\w+ )?(?:decline|refuse|rather not|prefer not)(?: to)?"
    r" (?:answer|assist|caption|comment|comply|continue|describe|discuss|engage|help|respond|say|talk"
    r"|(?:this|that|your) request)"
    r"|\b(?:i|we)(?:'d| would| must| have to| will|'m going to have to) (?:\w+ )?(?:decline|refuse)\W*$"
    rf"|^describing {_THE} {_IMAGE} (?:would|is|isn't|could)\b"
    r"|\b(?:best|appropriate) (?:for me )?(?:not )?to describe\b"
    r"|^let's (?:talk about something|discuss something|change the subject)"
)
_BLOCKED = re.compile(
    r"^\W*(?:(?:your|the|this|my) )?(?:request|prompt|content|response|output|answer)s? "
    r"(?:(?:was|is|were|has been|have been) )?(?:\w+ )?"
    r"(?:blocked|declined|denied|filtered|flagged|refused|rejected|withheld)(?=\W*$|[.,;:]| (?:by|due|because)\b)"
    r"|\bassistance with (?:this|that) request\b|\bsomething went wrong\b|^an error occurred\b|\bserver error\W*$"
    rf"|{_BEFORE}(?:(?:{_SORRY})(?:\W+(?:but )?no)?|no|yes|none|null|redacted|refused|declined|blocked|n/a)\W*$"
    r"|\b(?:can|may) i (?:help|assist) you(?: today)?\W*$|^(?:what|which|where)\b.*\b(?:image|describe)\b.*\?$"
)
_END = r"(?=\W*$|[.,;:]| (?:and|or|but|for|by|to (?:me|your|describe)|(?:in|with) your)\b)"
_SHOWN = r"(?:attached|displayed|given|included|loaded|opened|processed|provided|supplied|uploaded|shared|received)"
_NOT_GIVEN = re.compile(
    rf"{_BEFORE}(?:(?:{_THE}|attached) )?{_IMAGE} (?:you (?:\w+ )?\w+ )?(?:is blank or )?(?:"
    rf"(?:(?:is|was|were|has|have|could|can|did|does)(?:n't| not)|can't|cannot) (?:be |been )?{_SHOWN}{_END}"
    rf"|(?:appears|seems) to be (?:broken|corrupted|missing)\b"
    rf"|(?:failed to|didn't|did not|doesn't|won't) (?:load|upload|open|display|come through|attach)\b)"
    rf"|{_BEFORE}there was an? (?:error|problem) (?:loading|opening|processing|reading|with) (?:{_THE} )?{_IMAGE}\b"
    rf"|{_BEFORE}(?:there (?:is|was) )?no {_IMAGE} (?:\w+ )?(?:\w+ )?{_SHOWN}\b"
    rf"|{_BEFORE}there(?: is no|'s no| isn't an?| is not an?| was no) {_IMAGE}(?: (?:here|attached)| in your \w+)?\W*$"
    rf"|{_BEFORE}i (?:see|have|got|received) no {_IMAGE}\b"
    rf"|{_BEFORE}i (?:don't|do not|didn't|did not|haven't) (?:see|have|find|receive|get) "
    rf"(?:{_THE} )?{_IMAGE}\b"
    rf"|\b(?:i|you) (?:haven't|have not|didn't|did not|forgot to) (?:been )?"
    rf"(?:attach|given|includ|provid|receiv|shar|upload)\w* (?:{_THE} )?{_IMAGE}"
    rf"|{_BEFORE}(?:please|(?:could|can|would) you(?: please)?) (?:attach|provide|share|upload|send)(?: me)? "
    rf"(?:the|your|an?) (?:\w+ )?{_IMAGE}\b|{_BEFORE}i (?:need|require) (?:to see )?(?:the|your|an) image\b"
)
_PATTERNS = (_DECLINED, _UNABLE, _OWN_RULES, _BLOCKED, _NOT_GIVEN)


@lru_cache(maxsize=_KEPT)
def declines(text: str) -> bool:
    """Tell if a text declines to describe a picture: "I'm sorry, but I can't assist with that"."""
    plain = _MARKUP.sub(" ", html.unescape(text).casefold().translate(_APOSTROPHES))
    said = _QUOTED.sub(" ", _LABEL.sub("", " ".join(plain.split()))).strip(' "')
    said = said if _OF_ITSELF.match(said) else _LETTERING.sub("", said)
    return _OF_A_THING.match(said) is None and any(pattern.search(said) for pattern in _PATTERNS)
