"""Classes of words by which `descriptions.py` tells what a captioner writes about a scene from what talks about it."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that state, doubt, excuse, deny or address; those of approval and of pretence. No description needs them.
TALKING = _words(
    # pronouns and words that begin a clause
    "i me my mine we us our ours you your yours it he she they this these those that which who whom whose what "
    "where when why how but because so since if unless although though hence therefore thus as than whether or yet"
    # negations, modals and auxiliaries
    "no not never none nothing nobody neither nor without cannot cant isnt arent wasnt dont doesnt didnt wont must "
    "shall should will would can could may might do does did be been being had hasnt"
    # adverbs
    "only just too even still already now then once ever always sometimes perhaps maybe instead else otherwise "
    "indeed here rather please quite nevertheless however again almost sort kind aka ie eg namely viz alias nah "
    "nope nay nil zero null negative absent absence missing lacking lack minus except excluding devoid far"
    # links
    "mean means meant refer refers denote denotes equal equals equaling spell spelled spelt define defines defined "
    "turns become becomes became seem seems appear appears look looks resemble resembles resembling like count "
    "counts remain remains stay stays made sold used called named known considered treated regarded deemed "
    "classified think thinks pretend pretends pretending explains explaining tells telling concludes claims "
    "claiming promises promising swears swearing agrees agreed calls calling asks asking begs begging wants let "
    "lets trust believe believes imagine suppose assume anything everything something everyone everybody anyone "
    "contains represents symbolizes symbolises imitates belongs proves loves approves allows accepts declares"
    # approval
    "fine safe ok okay allowed permitted approved authorized authorised licensed licenced certified accepted "
    "acceptable legal harmless innocent suitable benign cleared vetted whitelisted exempt excluded verified "
    "confirmed appropriate checked reviewed passed sanctioned endorsed unobjectionable lawful legitimate tolerated "
    "waived okayed compliant permission permit permits consent policy policies moderation moderator moderators "
    "reviewer reviewers guideline guidelines exemption exception category categories score scores threshold verdict "
    "detected content violation approval permit license licence authorization authorisation clearance certificate "
    "certification rule rules"
    # pretence
    "fake false imitation replica prop props decoration dummy mannequin staged disguise unreal real simulated "
    "fictional imaginary pretended supposed alleged genuine joke prank hoax bogus mock artificial sham pseudo non "
    "nonalcoholic unloaded lookalike imagined nonexistent hypothetical"
    # nouns that a thing can't be in
    "truth fact reality imagination theory jest sense purpose reason concern issue problem worry danger matter "
    "story dream time upon"
)
# Participles that tell how something stands, lies or looks.
PLACED = _words(
    "dressed covered surrounded seated parked armed tied wrapped attached displayed stacked lined mounted crossed "
    "raised tattooed bearded severed wounded framed striped colored coloured decorated loaded sliced masked hooded "
    "uniformed barbed blurred carved painted printed lighted bandaged arranged located placed scattered gathered "
    "followed flanked crowded injured topped engaged illustrated animated closed opened folded patterned shaped "
    "sized haired faced handed legged armored armoured rounded pointed curved wooded bottled canned mixed chilled "
    "iced tanned barefooted spilled piled filled poured hanged collapsed wrecked destroyed damaged smashed burned "
    "ruined crashed exploded fenced sunken lit held worn shown seen hung laid left set kept open visible ready "
    "about asleep alone together"
)
# Ordinary words that end as participles and adverbs do.
ORDINARY = _words(
    "red bed sled shed seed weed reed steed breed speed naked beloved aged hundred kindred sacred rugged ragged "
    "wicked crooked jagged family fly belly jelly ugly early butterfly elderly bully curly holly lily italy july "
    "silly assembly rally monopoly partially completely closely brightly lightly heavily neatly freshly badly "
    "partly tightly loosely colorfully pony fully feed need bleed greed bled fed led ted med united"
)
DETERMINERS = _words(
    "a an the his her their its each one two three four five six seven eight nine ten some several many another "
    "other both all various multiple few"
)
PLACES = _words(
    "in on at by near under over behind beside between with from above inside outside next around along across "
    "below beneath against onto into through among beyond past toward towards up down off opposite amid atop of "
    "wearing holding sitting standing lying"
)
NOT_DOING = _words(
    "nothing something anything everything being meaning pretending regarding concerning representing symbolizing "
    "symbolising imitating simulating replacing faking signifying indicating suggesting proving implying confirming "
    "approving allowing permitting authorizing declaring certifying claiming promising insisting assuring "
    "explaining telling asking begging thinking considering calling naming defining counting excluding lacking"
)
SURROUNDED = _words("surrounded followed flanked parked seated lit placed located gathered")
ADVERTISING = _words("poster ad advertisement sign logo cover menu display case rack stand stall box tool container")
MATERIALS = _words(
    "marble clay wood rubber plastic chocolate sugar stone bronze wax paper cardboard foam cloth plaster felt wool "
    "lego legos candy marzipan ice snow porcelain plush gingerbread papier soap straw "
    "yarn balloons bricks fondant"
)

# Words that give another meaning to words.
SUBSTITUTION = (
    r"\bfor (?:\w+ ){1,3}read\b|\bread (?:\w+ ){1,3}(?:as|for)\b|\bstands? for\b|\bthink of\b|\bthink\b|\bmeans?\b"
    r"|\bmeaning\b|\bspel(?:led|t)\b|\brefers? to\b|\binstead of\b|\bis (?:the|a|another) (?:name"
    r"|word) (?:of|for)\b|\bequals?\b"
    r"|\bcode ?(?:word|name)? for\b|\bsynonym\b"
    r"|\breplace\w* (?:by|with)\b|\balias\b|\bthe word\b.{0,40}\b(?:is|for)\b"
)

# Words after which, or between quotation marks, a caption quotes what is written.
QUOTING = (
    r"(?:that|which)? ?\b(?:says?|reads?|saying|reading(?! (?:an?|the|his|her|their) (?:book|newspaper|magazine|letter"
    r"|menu|map|paper|comic)s?\b)|states?|stating|labell?ed|stamped|titled|entitled|called|named"
    r"|marked|inscribed|captioned)\b|\b(?:text|words?|letters?|lettering|caption|inscription|slogan|title|message|label"
    r"|sign|note|card|sticker|badge|placard|banner|tag|subtitle|headline|graffiti|writing|tattoo|poster|billboard|bubble"
    r"|watermark|stamp|plaque|ribbon|written|printed)\b"
)

# Articles, pronouns, prepositions and forms of "be" of other languages in Latin letters, unless they are English words.
FOREIGN = _words(
    "ein eine einer einem einen das der dem und ist sind nicht mit auf von zu zur zum im nur fur kein keine wird "
    "sich un une le la les des du est sur avec dans pour ce cette c'est pas elle qui mais seulement juste sont el "
    "los las una es esto esta este con para pero por que se su muy solo y en il lo gli della del di e questa questo "
    "per sono ma solamente che nel nella de het een voor dit dat op niet maar slechts zijn jest na z sie nie tylko "
    "toto je jen neni uma um os isso mas nao apenas bu bir ve icin sadece degil och det som ett inte bara kun ikke "
    "ez egy csak nem adalah ini tidak untuk yang hanya"
)
LEAST_FOREIGN = 2

# Nouns without a plural that signs forbid.
MASSES = _words(
    "alcohol tobacco violence nudity ammunition liquor beer wine marijuana weed cannabis harassment hate food glass "
    "booze firearm equipment entry"
)

# Imperatives with which a caption would address somebody.
ORDERS = _words(
    "accept forget skip drop keep leave hide pardon spare publish post show excuse forgive let bless love welcome "
    "enjoy remember note see view overlook dismiss discount clear pass grant save protect respect support admit "
    "free tolerate rate mark treat take give make do read say"
)
# Words that make a thing of a quotation's neighbour harmless.
MAKE_BELIEVE = MATERIALS | _words(
    "toy toys water replica costume candy sweets dessert medicine tea juice art game test film"
)
