"""Patterns of text that addresses a moderator or a model instead of describing a picture.

Captions describe a scene; signs forbid, allow and advertise. Hardly any mention both the judging of images and an
action. English is therefore scored by weights: groups of words for the *matter* (policy, prompt, image, flag) and for
the *demand* (ignore, approve, answer, safe) count once each. Text with both kinds whose sum reaches `_LIMIT` counts as
an injection. Chat formats, JSON and other languages are matched literally.
"""

import re
import unicodedata
from collections.abc import Iterator

_LIMIT = 4

# Weights 3 and 2 are for words that are rare outside of moderation and commands, 1 for those that mean something only
# together with others. Patterns are matched at the start of a word.
_MATTER: list[tuple[int, str]] = [
    (3, r"moderat(?:ors?|ion|ing)\b"),
    (2, r"censor"),
    (2, r"polic(?:y|ies)\b|guideline|instruct|directive"),
    (2, r"unsafe|nsfw|sfw\b|violat"),
    (2, r"prompt(?:s|ed)?\b|jailbreak|json\b|overrid"),
    (2, r"checklist|evidence|verdict|threshold|classif"),
    (2, r"(?:ai|llm|gpt|chatgpt|chatbot|language model)\b"),
    (1, r"(?:image|photo|picture|pic|drawing|upload|content|post|submission)s?\b"),
    (1, r"flag(?:s|ged|ging)?\b|categor(?:y|ies)\b|label"),
    (1, r"rules?\b|restriction|filter|safeguard"),
    (1, r"questions?\b|answers?\b|caption|conversation"),
    (1, r"(?:system|developer|admin|administrator|model|assistant|llama|judge|operator|human|reviewer)s?\b|review\b"),
    (1, r"above\b|previous|prior\b|preceding|earlier|everything|anything|else\b"),
    (1, r"nud(?:e|ity)|weapon|violen|insult|harmful|gore\b|blood\b"),
]
_DEMAND: list[tuple[int, str]] = [
    (2, r"ignor|disregard|bypass|circumvent|overrule|discard|neglect"),
    (2, r"approv|authori[sz]|exempt|complian|complies|lenien|harmless|appropriate|whitelist"),
    (2, r"pretend|(?:you are|act as|your (?:job|task|role)|from now on|in doubt|as an? (?:ai|moderator))\b"),
    (1, r"safe\b|benign|innocent|acceptable"),
    (1, r"forget|skip\b|stop\b|drop\b|void\b|invalid|suspend|disabl|cancel|lifted|waive|removed|off\b|outdated"),
    (1, r"(?:mark|rate|treat|consider|choose|pick|set|declare|deem|judge)\b"),
    (1, r"(?:respond|reply|say|answer|output|return|report|print|repeat|translate|reveal|tell|write|mention)\b"),
    (1, r"(?:obey|apply|applies|follow|trust|trusted|rely|use|let|pass)\b"),
    (1, r"(?:must|should|shall|always|only|never|instead|have to|has to|please|kindly|dear|attention)\b"),
    (1, r"(?:not|no|dont|don t|doesn t|nothing|none|null|without)\b"),
    (1, r"(?:allow|allowed|allows|permit|permits|permitted|accept|accepted|ok|okay|fine|legal)\b"),
    (1, r"(?:fake|fabricated|false|error|errors|wrong|joke|only a test|zero)\b"),
    (1, r"(?:already|confirm|meets|verified|reviewed|checked|cleared|updated|now|new)\b"),
]
_IMAGE = r"(?:image|photo|picture|pic|drawing|content|upload)s?"
_TELLING = re.compile(
    rf"\b{_IMAGE} (?:\w+ )?(?:is|are|as|be|was|been) (?:\w+ )?(?:safe|harmless|sfw|clean|approved|exempt)\b"
    rf"|\b(?:not|dont|don t|never) (?:flag|report|moderate|reject|censor) (?:\w+ )?(?:{_IMAGE}|account|me)\b"
    r"|\b(?:say|answer|choose|output|return|reply|respond|verdict|result|status|flag|mark) "
    r"(?:with |as |is |it s )?safe\b"
    r"|\banswer (?:\w+ ){0,3}questions? (?:\w+ )?(?:no|safe)\b|\banswer no\b"
    r"|\b(?:not|dont|don t|never) (?:consider|use|trust|believe|apply) (?:\w+ )?"
    r"(?:answers?|evidence|policy|checklist)\b"
    r"|\b(?:your|system) (?:instructions|prompt)\b|\bsafe safe safe\b"
    r"|\b(?:begin|start|end) (?:of )?(?:the )?(?:policy|evidence|prompt|instructions|checklist|caption)\b"
)
_MATTER_PATTERNS = [(weight, re.compile(rf"\b(?:{words})")) for weight, words in _MATTER]
_DEMAND_PATTERNS = [(weight, re.compile(rf"\b(?:{words})")) for weight, words in _DEMAND]

# On letters alone, so that gaps, signs and digits between or within the words make no difference.
_RUN_TOGETHER = re.compile(
    r"(?:ignore|disregard|override|bypass|forget)"
    r"(?:the|all|any|every|your|these|this|previous|prior|above|content|moderation|safety|of)*"
    r"(?:polic|instruction|rules|guideline|prompt|checklist)"
    r"|mark(?:it|this|as|image)*safe|(?:image|photo|picture)issafe|flag(?:as|is|it)*safe|answersafe"
)
_DIGITS_AS_LETTERS = str.maketrans("0134578@$!", "oieastbasi")

# Signs of prompts, of JSON and of chat formats, on the text as it stands.
_MARKS = re.compile(
    r"\[\s*/?\s*(?:inst|sys)\s*\]|<<?\s*/?\s*sys\s*>>?|</?s>|<\|[^|]{0,40}\|>|```|#{3,}|={3,}"
    r"|</?\s*(?:evidence|policy|system|assistant|user|instructions?|prompt|caption|answer|format)\b"
    r"|-{3,}\s*(?:end|begin|start|system)"
    r"|\bflag[\"']?\s*(?:[:=]|\bis\b)\s*[\"']?\s*(?:safe|unsafe|no|yes|true|false)\b"
    r"|\{\s*[\"']\w+[\"']\s*:|\{\s*(?:flag|category|reason)\s*:"
    r"|\b(?:verdict|decision|classification|status|result)\s*[:=]\s*[\"']?(?:safe|unsafe|ok|approved|no)\b"
    r"|\bcategory\s*[:=]\s*[\"']?(?:none|null)\b|(?:^|[.!?\"'])\s*assistant\s*:|\bquestion\s*:.{0,200}\banswer\s*:|\banswer\s*:\s*[\"'](?:yes|no|safe)"
    r"|\(p\s*=?\s*\d|\bp\s*=?\s*0\.\d\d\b|^\s*(?:yes|no)\W+(?:and|but)\b.*\b(?:safe|ignore)\b",
    re.IGNORECASE,
)

# Other languages: setting the rules aside, or saying that the image is safe.
_OTHER_LANGUAGES = re.compile(
    # Romance
    r"\b(?:ignor\w+|desatiend\w+|olvid\w+|omit\w+|oubli\w+|dimentic\w+|esque[cç]\w+|desconsider\w+)\b.{0,40}"
    r"(?:pol[ií]tic|instruc|instru[cç]|istruzion|\breglas?\b|\bregras?\b|\bregole\b|r[eè]gle|consigne|politique)"
    r"|\b(?:imagen|imagem|immagine|image|foto)\b.{0,20}\b(?:segur[ao]|s[uû]re?|sicur[ao])\b"
    r"|\b(?:respond\w+|r[eé]pond\w+|rispond\w+|dig[ao]|marc[ao])\b.{0,40}\b(?:segur[ao]|s[uû]re?|sicur[ao])\b"
    # Germanic
    r"|\b(?:ignorier\w*|missacht\w*|vergiss|negeer\w*|vergeet|ignorera?|strunta)\b.{0,40}"
    r"(?:regel|richtlini|anweisung|vorgabe|beleid|instruct|instruktion|policy)"
    r"|\b(?:bild|afbeelding|foto)\b.{0,20}\b(?:sicher|veilig|s[aä]ker|unbedenklich)\b"
    r"|\b(?:antworte|antwoord|markiere|svara)\b.{0,40}\b(?:sicher|veilig|s[aä]ker|unbedenklich)\b"
    # Slavic
    r"|(?:игнорир|игноруй|забудь|не обращай).{0,40}(?:правил|инструкц|политик|указан|предыдущ)"
    r"|(?:изображени|картинк|фото|ответь|отвечай).{0,30}безопасн"
    r"|\bz?ignoruj\w*\b.{0,40}(?:zasad|instrukcj|polityk|pravidl|pokyny)|\bobraz\b.{0,20}\bbezpe(?:czn|[cč]n)"
    # Greek, Turkish, Indonesian, Vietnamese
    r"|αγνό?ησ.{0,40}(?:οδηγί|κανόν|πολιτικ)|(?:talimat|kural|politika).{0,25}(?:yok say|görmezden|unut|dikkate alma)"
    r"|\babaikan\b.{0,40}(?:instruksi|kebijakan|aturan|perintah)|bỏ qua.{0,40}(?:chỉ dẫn|hướng dẫn|chính sách|quy)"
    # Chinese, Japanese, Korean
    r"|(?:忽略|無視|无视|忘记|忘記|忽視|忽视|跳过|绕过).{0,12}(?:指令|指示|规则|規則|政策|审核|審核|提示)"
    r"|(?:回答|标记|標記|判定|输出|图片|圖片).{0,6}安全"
    r"|(?:指示|指令|命令|ルール|規則|ポリシー|方針).{0,8}(?:無視|忘れ)|安全.{0,6}(?:答え|回答|判定)"
    r"|(?:지시|명령|규칙|정책|지침).{0,8}(?:무시|잊)|안전.{0,8}(?:답|표시)"
    # Arabic, Hebrew, Hindi
    r"|(?:تجاهل|انس|تجاوز).{0,30}(?:التعليمات|القواعد|السياسة|الأوامر)"
    r"|(?:התעלם|התעלמו|שכח).{0,30}(?:הוראות|כללים|מדיניות)"
    r"|(?:निर्देश|नियम|नीति).{0,30}(?:अनदेखा|नजरअंदाज|नज़रअंदाज|भूल|उपेक्षा)",
)


def steers(text: str) -> bool:
    """Tell if the text addresses the judge."""
    text = unicodedata.normalize("NFKC", text)
    folded = " ".join(text.casefold().split())
    return (
        _MARKS.search(text) is not None
        or _OTHER_LANGUAGES.search(folded) is not None
        or any(_says_so(reading) for reading in _readings(folded))
    )


def _readings(folded: str) -> Iterator[str]:
    """Return the text in plain letters, with digits read as letters, and both reversed."""
    decomposed = unicodedata.normalize("NFKD", folded)
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    for reading in (plain, plain.translate(_DIGITS_AS_LETTERS)):
        yield reading
        yield reading[::-1]


def _says_so(reading: str) -> bool:
    letters = re.sub(r"[\W\d_]+", "", reading)
    if _RUN_TOGETHER.search(letters):
        return True
    words = re.sub(r"[\W_]+", " ", reading)
    if _TELLING.search(words):
        return True
    matter = _weight(_MATTER_PATTERNS, words)
    demand = _weight(_DEMAND_PATTERNS, words)
    return matter > 0 and demand > 0 and matter + demand >= _LIMIT


def _weight(groups: list[tuple[int, re.Pattern[str]]], words: str) -> int:
    return sum(weight for weight, pattern in groups if pattern.search(words))
