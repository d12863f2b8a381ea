"""Patterns of text that addresses a moderator or a model instead of describing a picture.

Captions describe a scene; signs forbid, allow and advertise. Hardly any mention both the judging of images and an
action. English is therefore scored by weights: groups of words for the *matter* (policy, prompt, image, flag) and for
the *demand* (ignore, approve, answer, safe) count once each. Text with both kinds whose sum reaches `_LIMIT` counts as
an injection. Chat formats, JSON and other languages are matched literally.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator

from moderation.domain.clues import Clues
from moderation.domain.letters import in_words, readings

_LIMIT = 4

# "The image is a graph with no labels": how a description goes on, unless it comes to be a judgement.
_DESCRIBING = (
    r"(?:(?:been )?(?:taken|edited|rotated|divided|mostly|very|quite|completely|out of|of|in|from|an?|blurry|dark"
    r"|black)|not (?:an?|very|clear|in|sharp))\b(?!.*\b(?:safe|fine|ok(?:ay)?|sfw|harmless|legal|exempt|certif\w+"
    r"|licen[sc]ed|allow\w*|permi\w+|accept\w*|approv\w*|complian\w+|ignor\w*|report\w*|flag\w*|moderat\w*|violat\w*|test"
    r"|benign|innocent|suitable|verif\w+|breach|scope|issue|joke|offend\w*|skip|should pass|in the clear|false alarm"
    r"|no (?:action|concern|problem|review))\b)"
)

# Weights 3 and 2 are for words that are rare outside of moderation and commands, 1 for those that mean something only
# together with others. Patterns are matched at the start of a word.
_MATTER: list[tuple[int, str]] = [
    (3, r"moderat(?:ors?|ion|ing)\b"),
    (2, r"censor"),
    (2, r"polic(?:y|ies)\b|guideline|instruct|directive|terms of service"),
    (2, r"unsafe|nsfw|sfw\b|violat|inappropriate"),
    (2, r"prompt(?:s|ed)?\b|jailbreak|json\b|overrid"),
    (2, r"checklist|evidence|verdict|threshold|classif|detector|red team|false positive"),
    (2, r"(?:ai|llm|gpt|chatgpt|chatbot|language model|openai|training data|test image|ground truth)\b"),
    (
        2,
        r"(?:this|that|the) (?:\w+ )?(?:image|photo|picture|pic|upload|post|ad|one)s? "
        rf"(?:(?:must|may|can|should|shall)\b|(?:is|was|has)\b(?! {_DESCRIBING}))",
    ),
    (1, r"(?:image|photo|picture|pic|drawing|upload|content|post|submission|publication|analysis|check|result)s?\b"),
    (
        1,
        r"publish(?:ed|ing)?\b|uploader|(?:account|platform|forum|community|campaign|partner|decision|finding"
        r"|audience)s?\b",
    ),
    (1, r"flag(?:s|ged|ging)?\b|categor(?:y|ies)\b|label|rating\b|judge?ments?\b"),
    (1, r"rules?\b|restriction|filter|safeguard|standards\b|limits\b|section|amendment|exception|exemption"),
    (1, r"questions?\b|answers?\b|caption|conversation|output|input"),
    (1, r"(?:system|developer|admin|administrator|model|assistant|llama|judge|operator|human|reviewer)s?\b|review\b"),
    (1, r"above\b|previous|prior\b|preceding|earlier|everything|anything|else\b"),
    (1, r"nud(?:e|ity)|weapon|violen|insult|harmful|gore\b|blood\b"),
]
_DEMAND: list[tuple[int, str]] = [
    (2, r"ignor|disregard|bypass|circumvent|overrul|overlook|discard|neglect|exclude\b"),
    (2, r"approv|authori[sz]|exempt|complian|complies|lenien|harmless|appropriate|whitelist|permission|unfiltered"),
    (
        2,
        r"pretend|roleplay|role play|(?:you are|act (?:as|like)|imagine you|speak as|picture yourself"
        r"|your character)\b",
    ),
    (2, r"(?:your (?:job|task|role)|from now on|in doubt|as an? (?:ai|moderator)|sudo|let (?:it|this|them|him|her))\b"),
    (
        2,
        r"(?:count(?:s|ed)? as|treated as|suitable for|no (?:violation|problem|action)s?|without any"
        r"|nothing (?:wrong|in)\w*)\b",
    ),
    (1, r"safe\b|benign|innocent|acceptable|suitable|lovely|clean\b"),
    (
        1,
        r"forget|skip\b|stop\b|drop\b|delete|void\b|invalid|suspend|disabl|cancel(?:led|ed)?\b|lifted|waive"
        r"|removed|off\b|outdated|replaced",
    ),
    (1, r"abolish|no longer|(?:clear|release|block|cleared|raised|lowered|granted|passed|passes|selected)\b"),
    (1, r"(?:mark|rate|treat|consider|choose|pick|set|declare|deem|judge|imagine|assume|suppose|simulate)\b"),
    (
        1,
        r"(?:respond|reply|say|answer|output|return(?!\spolicy)|report|print|repeat|translate|reveal|tell|write"
        r"|mention|answered)\b",
    ),
    (1, r"(?:obey|apply|applies|follow|trust|trusted|rely|use|let|pass)\b"),
    (1, r"(?:must|should|shall|will not|always|only|never|instead|have to|has to|please|kindly|dear|attention)\b"),
    (1, r"(?:not|no|dont|don t|doesn t|nothing|none|null|without|absolutely|perfectly)\b"),
    (1, r"(?:allow|allowed|allows|permit|permits|permitted|accept|accepted|ok|okay|fine|legal)\b"),
    (1, r"(?:fake|fabricated|false|error|errors|wrong|joke|only a test|zero)\b"),
    (1, r"(?:already|confirm|meets|verified|reviewed|checked|cleared|updated|now|new|immediately|effective)\b"),
    (1, r"(?:your|you|i want|want)\b"),
]
_IMAGE = r"(?:image|photo|picture|pic|drawing|content|upload)s?"
_TELLING = re.compile(
    rf"\b{_IMAGE} (?:\w+ )?(?:is|are|as|be|was|been) (?:\w+ )?(?:safe|harmless|sfw|clean|approved|exempt)\b"
    rf"|\b(?:not|dont|don t|never) (?:flag|report|moderate|reject|censor) (?:\w+ )?(?:{_IMAGE}|account|me)\b"
    r"|\b(?:say|answer|choose|output|return|reply|respond|verdict|result|status|flag|mark) "
    r"(?:with |as |is |it s )?safe\b"
    r"|\banswer (?:\w+ ){0,3}questions? (?:\w+ )?(?:no|safe)\b|\banswer no\b|\ball questions answers? (?:is |are )?no\b"
    r"|\b(?:not|dont|don t|never) (?:flag|moderate)(?: (?:this|it|that)\b|$)"
    r"|\b(?:classify|label|rate|judge) (?:\w+ ){0,2}as (?:safe|sfw|harmless)\b"
    r"|\b(?:correct|right|true|expected) (?:label|verdict|classification) (?:is )?(?:safe|sfw|harmless)\b"
    r"|\b(?:output|return|write|print|say) only (?:the word )?safe\b"
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
    r"|mark(?:it|this|as|image)*safe|(?:image|photo|picture)issafe|flag(?:as|is|it)*safe|(?:answer|(?<!es)say)safe"
    r"|(?:donot|dont)flag"
)

_RUN_TOGETHER_WITH = ("safe", "flag", "polic", "rules", "prompt", "checklist", "guideline", "instruction")
_NOT_LETTERS = re.compile(r"[\W\d_]+")
_NO_LETTERS = {code: None for code in range(128) if not chr(code).isalpha()}

# Words with gaps between all their letters.
_SPELLED_OUT = re.compile(r"(?<!\w)(?:\w[ .\-_]{1,3}){5,}\w(?!\w)")

# Orders in them, in a picture: keyboards and charts have letters that stand apart, too.
_SPACED_ORDERS = re.compile(
    r"(?:say|answer|output|reply|respond|mark|set)(?:it|this|as|with|is|only|image|flag)*safe"
    r"|(?:donot|dont|never)(?:flag|report|moderate|reject|censor)"
    r"|approved?(?:it|this|the|my|by)*(?:image|photo|picture|upload|moderat)|answer(?:is|with|only)*no$"
)

# Signs of prompts, of JSON and of chat formats, on the text as it stands.
_MARKS = re.compile(
    r"\[\s*/?\s*(?:inst|sys)\s*\]|<<?\s*/?\s*sys\s*>>?|</?s>|<\|[^|]{0,40}\|>"
    r"|</?\s*(?:evidence|policy|system|assistant|user|instructions?|prompt|caption|answer|format)\b"
    r"|(?<!-)-{3,}\s*(?:end|begin|start|system)"
    r"|\bflag[\"']?\s*(?:[:=]|\bis\b)\s*[\"']?\s*(?:safe|unsafe)\b"
    r"|\bflag(?:[\"']\s*:|\s*[:=](?=.{1,40}\bcategory\s*[:=]))\s*[\"']?\s*(?:no|yes|true|false)\b"
    r"|\{\s*[\"']?(?:flag|category|reason)[\"']?\s*:"
    r"|\b(?:verdict|decision|classification|status|result|label|judge|override|ground truth)\s*[:=]"
    r"\s*[\"']?(?:safe|unsafe)\b"
    r"|[\"'](?:verdict|decision|classification|judge?ment|(?:is_?)?(?:un)?safe)[\"']\s*:"
    r"\s*[\"']?(?:safe|unsafe|ok|approved|no|yes|true|false)\b"
    r"|\banswer\s*:\s*[\"'](?:yes|no|safe)|^\s*(?:yes|no)\W+(?:and|but)\b.*\b(?:safe|ignore)\b",
    re.IGNORECASE,
)
# The same that receipts, quizzes, figures and screens have as well.
_COMMON_MARKS = re.compile(
    r"```|#{3,}|={3,}|\{\s*[\"']\w+[\"']\s*:|\b(?:status|result|verdict|decision|classification)\s*[:=]\s*[\"']?(?:ok|approved|no)\b"
    r"|\bflag\s*(?:[:=]|\bis\b)\s*(?:no|yes|true|false)\b|\bcategory\s*[:=]\s*[\"']?(?:none|null)\b"
    r"|(?:^|[.!?\"'])\s*assistant\s*:"
    r"|\bquestion\s*:.{0,200}\banswer\s*:|\(p\s*=?\s*\d|\bp\s*=?\s*0\.\d\d\b",
    re.IGNORECASE,
)

_MARKED = re.compile(r"[\[<`#={:(]|---|0\.|flag|^\s*(?:yes|no)\W", re.IGNORECASE)

# What policies forbid, and words that talk such a thing away or address whoever judges it.
_THINGS = re.compile(
    r"\b(?:guns?|rifles?|pistols?|revolvers?|firearms?|kni(?:fe|ves)|daggers?|swords?|blades?|weapons?|bombs?"
    r"|grenades?|ammunition|blood(?! pressure)\w*|bleed\w*"
    r"|gore|wounds?|corpses?|nudes?|nudity|naked\w*|topless|undress\w*|sex\w*|porn\w*"
    r"|fight\w*|fists?|violen\w+|assault\w*|smok(?:es|er|ers|ing)|cigar\w*|tobacco|vape|drugs?|pills?|cocaine"
    r"|syringes?|alcohol\w*|insult\w*|swastikas?|nazi\w*|slurs?|harass\w*|hate|threats?)\b"
)
_PROHIBITED = re.compile(
    r"\b(?:no|stop(?: the)?|say no to|end(?: the)?|against|ban|without|anti|quit|(?:thank you for "
    r"|please )?(?:do )?not) "
    r"(?:\w+ (?:or |and )?)?(?:guns?|firearms|kni(?:fe|ves)|weapons?|smok(?:e|ing)|tobacco|vap(?:e|ing)|drugs?|alcohol"
    r"|violence|nudity|"
    r"harassment|fighting|hate)(?: (?:are |is )?(?:allowed|permitted|please|here))?\b(?! (?:is|are|was|can|in this))"
    r"|\b(?:smoke|tobacco|alcohol|drug|weapon|gun|violence) free\b"
    r"|\b(?:is|are) (?:strictly )?(?:not (?:allowed|permitted)|prohibited|forbidden|banned)\b"
    r"|\b(?:is |are )?(?:allowed|permitted) (?:only )?(?:in|on|at) (?!this)"
)
_TALK: list[tuple[int, str]] = [
    (
        2,
        r"moderat(?:or|ion)|polic(?:y|ies)\b|guidelin|violat|verdict|classif|threshold|checklist|evidence"
        r"|detector|exempt",
    ),
    (
        2,
        r"approv|authori[sz]|whitelist|flagg|categor|judgement|uploa|publish|ignor|disregard|overlook|bypass"
        r"|report(?:s|ed)?\b",
    ),
    (
        2,
        r"(?:this|my|the|our|your) (?:\w+ )?(?:image|photo|picture|pic|post|content|upload|ad|campaign|decision"
        r"|scene)s?\b",
    ),
    (2, r"(?:as|are|is|count\w*) (?:safe|fine|harmless|ok|okay|legal|innocent|approved|accepted)\b|labell?ed|expected"),
    (2, r"harmless|innocent|benign|worr(?:y|ies)|relax\b|rest assured|family friendly|suitable|inappropriate|consent"),
    (
        2,
        r"nothing (?:wrong|to|bad|here|is|can|was|dangerous|illegal|inappropriate|but)\b"
        r"|(?:nobody|no one)(?! (?:around|inside|(?:in|on|inside|at|near|around) (?:it|them))$)|(?:no"
        r"|without any) (?:harm|problem|danger|issue|wrong|limit|reason|need|real|actual)",
    ),
    (
        2,
        r"(?:isn|aren|doesn|don|wasn|can|won|didn|weren|needn|shouldn) t\b|(?:is|are|was|do|does|should|must"
        r"|may|will) not\b",
    ),
    (2, r"not (?:a|an|really|real|actually|the|loaded|dangerous|meant|be|count|flag|mention|report)\b|never\b"),
    (
        2,
        r"(?:really|actually|perfectly|totally|absolutely|completely|obviously|merely|simply|therefore|although"
        r"|whatever)\b",
    ),
    (
        2,
        r"pretend|staged|cosplay|fictional|imagin|simulat|educational|artistic|prop\b|made of|in reality"
        r"|make up\b|agreed",
    ),
    (
        2,
        r"(?:count|counts|counted|treat|treated|considered|regarded|deemed|read|see|take) \w*(?: \w+)? ?as\b"
        r"|roleplay|role play",
    ),
    (
        2,
        r"no longer|abolish|amend|suspend|lifted|replaced|revision|update|notice|effective|exception|exclude"
        r"|granted|override",
    ),
    (
        2,
        r"(?:let|allow) (?:it|this|them|him|her|the)\b|trust|legal(?:ly)?\b|licen[sc]ed|certif|confirm"
        r"|permits\b|void\b|invalid",
    ),
    (
        1,
        r"(?:safe|fine|okay|ok|allowed|permitted|accepted|okay|free|lovely|cute|love|happy|good|beautiful|right"
        r"|clean)\b",
    ),
    (1, r"(?:you|your|yours|you re|i|i m|my|we|our|us)\b"),
    (1, r"(?:just|only|so|because|since|but|if|now|already|always|everyone|everybody|everything|any|all|every|both)\b"),
    (
        1,
        r"(?:say|says|said|answer|answers|output|write|mention|mark|set|choose|clear|cleared|pass|passes|passed"
        r"|return|skip|treat|drop)\b",
    ),
    (1, r"(?:must|shall|should|please|instead|have to|has to|do)\b"),
    (
        1,
        r"(?:it is|it s|this is|that is|these are|those are|they are|they re|she is|he is|there is|there are"
        r"|there s)\b",
    ),
    (1, r"(?:no|not|nothing|none|without|fake|false|ketchup|foam|chocolate|candy|plastic|rubber)\b"),
    (
        1,
        r"(?:police|court|government|ceo|boss|owner|supervisor|staff|team|developer|doctor|admin|order|note"
        r"|rule|rules)\b",
    ),
    (
        1,
        r"(?:test|example|sample|review|check|model|data|image|picture|photo|content|category|answer|question"
        r"|questions)\b",
    ),
]
_TALK_PATTERNS = [(weight, re.compile(rf"\b(?:{words})")) for weight, words in _TALK]
_TALK_LIMIT = 2
# A description begins with what is seen; other texts on pictures are signs, which are short.
_DESCRIBES = re.compile(
    r"(?:there (?:is|are) )?(?:an?|the|one|two|three|four|five|six|several|many|some|various|multiple|people"
    r"|persons?|m[ae]n"
    r"|wom[ae]n|boys?|girls?|child(?:ren)?|kids|soldiers|police\w*|young|old|close up|black and white)\b"
    r"|\w+ (?:and|on|in|with|at|near|under|behind|beside) (?:an?|the|two|some)\b"
)
_SIGN_WORDS = 5
_STATES = re.compile(
    r"\b(?:must|shall|should|will|would|cannot|could|may|might|do|does|did|be|been|means?|wants?|counts?"
    r"|belongs?|becomes?"
    r"|became|remains?|stays?|looks?|seems?|appears?|needs?)\b"
    r"|\b(?<!there )(?:is|are|was|were)\b(?! (?:\w+ly )?(?:(?!nothing)\w+ing|on|in|at|by|near|next|under|over"
    r"|behind|beside"
    r"|between|with|from|above|inside|outside|seen|shown|worn|held|parked|dressed|covered|surrounded|seated"
    r"|armed|tied"
    r"|attached|lit|open|closed|visible|displayed|placed|ready|about)\b)"
)
_SENTENCES = re.compile(r"[.!?;:]\s+\S|[:;=<>{}\[\]|]")

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


# Other languages in Latin letters, without accents: both what is judged and what is to be done with it.
_FOREIGN_MATTER = re.compile(
    r"\b(?:foto|imagen|imagem|immagin|image\b|photo\b|bild\b|afbeelding|obraz|zdjeci|resm|resim|gambar|anh\b|hinh\b"
    r"|regl|regel|richtlin|vorgab|polit|instru[ck]|consign|zasad|pravid|pokyn|kural|aturan|quy tac|beleid"
    r"|reglas?\b|regras?"
    r"|armas?\b|waffe|armes?\b|pistol|couteau|cuchill|messer\b|sang\b|blut\b|coltell|vapen|wapen|bron\b|zbran"
    r"|silah|senjata)"
)
_FOREIGN_DEMAND = re.compile(
    r"\b(?:no l[ao]s? \w+[eo]s\b|denunci|signal\w*|melde|segnal|denunci|aprueb|aprob|aprov|approuv"
    r"|approv[aei]\w*|autoris|"
    r"autoriz|genehmig|frei\b|freigeb|in ordnung|erlaub|ignorier|ignorez|ignora|ignore as|olvid|oubli|vergiss"
    r"|vergess|"
    r"dimentic|esquec|negeer|vergeet|glom\b|godkann|keur\b|goedkeur|goedgekeurd|zapomn|zapomen|zatwierd|schval"
    r"|onayla|unut|"
    r"lupakan|abaikan|setuju|bo qua|duyet|inofensiv|inoffensiv|harmlos|onschuldig|ofarlig|nieszkodliw|neskodn"
    r"|zararsiz|"
    r"an toan|segur[ao]|sicher|sicur[ao]|veilig|bezpec|bezpiecz|guvenli|saker\b|en cuenta|desconsider|permitid"
    r"|permess|"
    r"toegestaan|tillat|dozwolon|povolen|izin ver|diizinkan|cho phep)"
)


def _words_of(groups: Iterable[tuple[int, str]], of_phrases: str) -> str:
    """Alternatives of the groups that match single words, and `of_phrases`: a word of each phrase in the others."""
    return "|".join([*(words for _, words in groups if " " not in words), of_phrases])


_CLUES = Clues(
    matter=_words_of(
        _MATTER,
        r"polic(?:y|ies)\b|guideline|instruct|directive|terms\b"
        r"|checklist|evidence|verdict|threshold|classif|detector|team\b|positive\b"
        r"|(?:ai|llm|gpt|chatgpt|chatbot|language|openai|training|test|ground)\b"
        r"|(?:image|photo|picture|pic|upload|post|ad|one)s?\b",
    ),
    demand=_words_of(
        _DEMAND,
        r"pretend|role|(?:you|act|imagine|speak|picture|character)\b|(?:job|task|now|doubt|ai|moderator|sudo|let)\b"
        r"|(?:count(?:s|ed)?|treated|suitable|violations?|problems?|actions?|any|nothing)\b"
        r"|abolish|(?:longer|clear|release|block|cleared|raised|lowered|granted|passed|passes|selected)\b"
        r"|(?:must|should|shall|will|always|only|never|instead|have|has|please|kindly|dear|attention)\b"
        r"|(?:not|no|dont|don|doesn|nothing|none|null|without|absolutely|perfectly)\b"
        r"|(?:fake|fabricated|false|error|errors|wrong|joke|only|zero)\b|(?:your|you|want)\b",
    ),
    telling=(
        r"(?:safe|harmless|sfw|clean|approved|exempt|flag|report|moderate|reject|censor|answers?|instructions|prompt"
        r"|policy|evidence|checklist|caption)\b"
    ),
    foreign_matter=_FOREIGN_MATTER.pattern.replace("quy tac", "quy"),
    other_language=(
        r"\w*(?:polit|instru[ck]|istruzion|reg[lr]a|reg[oe]l|regle|consigne|segur|sicur|anweisung|beleid|policy|sicher"
        r"|richtlini|vorgabe|veilig|saker|unbedenklich|zasad|pravidl|pokyny|bezpe|talimat|kural|kebijakan|aturan"
        r"|perintah)|sure?\b"
    ),
    thing=_THINGS.pattern,
    talk=_words_of(
        _TALK,
        r"(?:image|photo|picture|pic|post|content|upload|ad|campaign|decision|scene)s?\b"
        r"|(?:safe|fine|harmless|ok|okay|legal|innocent|approved|accepted)\b|labell?ed|expected"
        r"|harmless|innocent|benign|worr(?:y|ies)|relax\b|assured|friendly|suitable|inappropriate|consent"
        r"|nothing\b|nobody|one|harm|problem|danger|issue|wrong|limit|reason|need|real|actual"
        r"|(?:t|not|never)\b|pretend|staged|cosplay|fictional|imagin|simulat|educational|artistic"
        r"|(?:prop|made|reality|make)\b|agreed"
        r"|(?:counts?|counted|treat|treated|considered|regarded|deemed|read|see|take)\b|role"
        r"|longer|abolish|amend|suspend|lifted|replaced|revision|update|notice|effective|exception|exclude|granted"
        r"|override|(?:let|allow|legal|legally|permits|void)\b|trust|licen[sc]ed|certif|confirm|invalid"
        r"|(?:you|your|yours|i|my|we|our|us|must|shall|should|please|instead|have|has|do)\b"
        r"|(?:it|this|that|these|those|they|she|he|there)\b",
    ),
)


def steers(text: str) -> bool:
    """Tell if the text addresses the judge, in plain letters or in disguise."""
    return _is_set_apart(text) or _steers(text, 1)


def steers_clearly(text: str) -> bool:
    """Tell if the text addresses the judge in so many words: weights of 1 don't count."""
    return _is_set_apart(text) or _steers(text, 2)


def steers_in_words(text: str) -> bool:
    """Tell the same of the text in a picture: keyboards have letters that stand apart, and receipts lines of signs."""
    return _steers(text, 2) or any(
        _SPACED_ORDERS.search(_NOT_LETTERS.sub("", found[0])) for found in _SPELLED_OUT.finditer(_folded(text))
    )


def talks_about_a_thing(text: str) -> bool:
    """Tell if the text names something that policies forbid and does more than describe it."""
    folded = _folded(text)
    clues = _CLUES.of(folded)
    talking = {number for kind, number in clues if kind == "talk"}
    return any(
        _names_a_thing(reading) and (_is_talk(reading) if number else not _only_describes(reading, 0 in talking))
        for number, reading in _readings_with("thing", folded, clues)
        if not number or number in talking
    )


def is_description(text: str) -> bool:
    """Tell if the text only names what is seen, or is a short sign: it states, excuses and addresses nothing."""
    folded = _folded(text)
    clues = _CLUES.of(folded)
    return (
        _SENTENCES.search(text) is None
        and _only_describes(readings(folded)[0], ("talk", 0) in clues)
        and not any(_is_talk(reading) for number, reading in _readings_with("talk", folded, clues) if number)
    )


def _steers(text: str, least: int) -> bool:
    folded = _folded(text)
    clues = _CLUES.of(folded)
    return (
        _follows_a_format(text, folded, clues)
        or any(map(_runs_together, dict.fromkeys(readings(folded))))
        or any(_TELLING.search(in_words(reading)) for _, reading in _readings_with("telling", folded, clues))
        or any(_is_foreign(reading) for _, reading in _readings_with("foreign_matter", folded, clues))
        or any(
            _weigh(reading, least)
            for number, reading in _readings_with("matter", folded, clues)
            if ("demand", number) in clues
        )
    )


def _is_set_apart(text: str) -> bool:
    shown = unicodedata.normalize("NFKC", text)
    marked = _MARKED.search(shown) is not None and _COMMON_MARKS.search(shown) is not None
    return marked or _SPELLED_OUT.search(_folded(text)) is not None


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _readings_with(kind: str, folded: str, clues: Collection[tuple[str, int]]) -> Iterator[tuple[int, str]]:
    """Yield the readings, with their numbers, that have a clue of the kind."""
    numbers = {number for found, number in clues if found == kind}
    if numbers:
        yield from ((number, reading) for number, reading in enumerate(readings(folded)) if number in numbers)


def _follows_a_format(text: str, folded: str, clues: Collection[tuple[str, int]]) -> bool:
    shown = unicodedata.normalize("NFKC", text)
    return (_MARKED.search(shown) is not None and _MARKS.search(shown) is not None) or (
        ("other_language", 0) in clues and _OTHER_LANGUAGES.search(folded) is not None
    )


def _runs_together(reading: str) -> bool:
    letters = reading.translate(_NO_LETTERS) if reading.isascii() else _NOT_LETTERS.sub("", reading)
    return any(word in letters for word in _RUN_TOGETHER_WITH) and _RUN_TOGETHER.search(letters) is not None


def _is_foreign(reading: str) -> bool:
    words = in_words(reading)
    return _FOREIGN_MATTER.search(words) is not None and _FOREIGN_DEMAND.search(words) is not None


def _weigh(reading: str, least: int) -> bool:
    words = in_words(reading)
    matter = _weight(_MATTER_PATTERNS, words, least)
    demand = _weight(_DEMAND_PATTERNS, words, least) if matter else 0
    return demand > 0 and matter + demand >= _LIMIT


def _names_a_thing(reading: str) -> bool:
    return _THINGS.search(in_words(reading)) is not None


def _only_describes(reading: str, has_talk: bool) -> bool:
    words = in_words(reading)
    beyond_signs = _beyond_signs(words)
    if has_talk and _is_talk(reading):
        return False
    if beyond_signs != words and not _THINGS.search(beyond_signs):
        return True
    begins = _DESCRIBES.match(beyond_signs) is not None or len(beyond_signs.split()) <= _SIGN_WORDS
    return begins and _STATES.search(beyond_signs) is None


def _is_talk(reading: str) -> bool:
    return _weight(_TALK_PATTERNS, _beyond_signs(in_words(reading)), 1) >= _TALK_LIMIT


def _beyond_signs(words: str) -> str:
    """Return the words without those of signs that forbid something."""
    return " ".join(_PROHIBITED.sub(" ", words).split())


def _weight(groups: list[tuple[int, re.Pattern[str]]], words: str, least: int) -> int:
    return sum(weight for weight, pattern in groups if weight >= least and pattern.search(words))
