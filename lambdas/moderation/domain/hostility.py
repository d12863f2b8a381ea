"""Threats and insults, recognised by how they are built: who is to be harmed, or who is called what.

A captioner describes in the third person; the first and second person, imperatives and abuse were read off the picture.
Patterns read words between single spaces, without punctuation: "i ll kill you".
"""

import re


def _any(words: str) -> str:
    return f"(?:{words.replace(',', '|')})"


_HARM = _any(
    "kill,murder,slaughter,butcher,execute,assassinate,shoot,stab,knife,slit,behead,decapitate,lynch,hang,gas,rape,"
    "strangle,choke,drown,poison,bomb,nuke,torch,burn,torture,exterminate,eliminate,beat,bash,smash,punch,kick,slap,"
    "hit,hurt,harm,attack,crush,destroy,break,cut,gut,skin,bury,wreck,mutilate,maim,castrate,cripple,waste,whack,"
    "blow up,run over,beat up,wipe out,take out,finish off,get rid of,hunt down,hunt,cut off,rip off,tear off"
)
_KILL = _any(
    "kill,murder,slaughter,butcher,execute,assassinate,shoot,stab,behead,decapitate,lynch,hang,gas,rape,strangle,"
    "exterminate,eradicate,eliminate,burn,bomb,nuke,drown,torture,wipe out,get rid of,beat up,deport,hurt,attack,"
    "destroy"
)
_PEOPLE = _any(
    "man,men,woman,women,boy,boys,girl,girls,kid,kids,child,children,baby,babies,people,person,humans?,neighbou?rs?,"
    "teachers?,boss,president,king,queen,mayor,cops?,police,pigs?,judges?,landlords?,politicians?,leaders?,"
    "jews?,muslims?,christians?,hindus?,arabs?,blacks?,whites?,asians?,gays?,queers?,lesbians?,immigrants?,migrants?,"
    "foreigners?,refugees?,gypsies,gypsy,infidels?,unbelievers?,traitors?,nazis?,fascists?,communists?,liberals?,"
    "democrats?,republicans?,rich,poor,homeless,wife,husband,mother,father,mom,dad,brother,sister,son,daughter,family,"
    "families,parents,friends?,enemy,enemies,snitch(?:es)?,rats?,scum,bastards?,bitch(?:es)?,sluts?,whores?,"
    "faggots?,fags?,witch(?:es)?,bankers?,doctors?,journalists?,students?,customers?,workers?,lot,others,motherfuckers?"
)
_BELONGINGS = _any(
    "house,home,car,shop,store,church,mosque,synagogue,school,office,village,flat,apartment,building,roof,place,face,"
    "head,skull,throat,neck,bones?,legs?,arms?,knees?,fingers?,hands?,teeth,tongue,eyes?,ears?,nose,ribs,guts,"
    "heart out,"
    "brains?,balls,ass,arse,life,wife,husband,kids?,children,family,mother,mom,father,sister,brother,daughter,son,baby,"
    "dog,cat,pets?,business,windows"
)
_SOMEBODY = (
    rf"(?:you(?: all| guys| both| people)?|ya|u|y all|them|him|her|em|yourself|yourselves|himself|herself|everyone"
    rf"|everybody|every one of you|each and every|(?:all|every|the|those|these|your|his|her|their|my|any|some|a|that"
    rf"|this|more|both)(?: of)?(?: the| you| them| those| these| your| \w+)?? (?:\w+ )?{_PEOPLE}"
    rf"|(?:all|every one|each|some|both) of (?:you|them|those|these|us)"
    rf"|(?:your|his|her|their|the|this)(?: \w+){{0,2}}? {_BELONGINGS})\b"
)
_SPEAKER = (
    r"(?:i|we|he|they|someone|somebody)(?: (?:ll|d|m|re|am|are|will|would|shall|can|could|may|might|gonna|going to"
    r"|want to"
    r"|wanna|have to|need to|must|plan to|intend to|promise to|swear to|swear|swear i|like to|love to|about to|just"
    r"|only"
    r"|personally|soon|all|both|come and|go and|really|finally|gladly|happily|so|come to|be back to|come back to"
    r"|come over"
    r"|and|get my gun and|to))+"
)
_DOOM = _any(
    "die,suffer,pay,burn,bleed,rot,hang,regret,be sorry,be dead,be next,be killed,be shot,be hanged,be hung,be burned,"
    "be burnt,be gassed,be raped,be beaten,be stabbed,be lynched,be executed,be exterminated,be wiped out,be destroyed,"
    "be punished,be hurt,disappear forever,wish you were dead,wish you had never been born,get what you deserve,"
    "get hurt,get killed,get shot,get beaten,get raped,get cancer,get burned,get whats coming,get what s coming,"
    "never wake up,never see,not wake up,not survive,not live,not leave,end up dead,end up in"
)
_MUST = r"(?:must|should|shall|will|ll|has to|have to|had to|ought to|need to|needs to|deserves? to|is going to"
r"|are going to"
_MUST += r"|re going to|gonna|are gonna|re gonna|better)"
_THREATS = re.compile(
    rf"\b(?:i|we) {_HARM} {_SOMEBODY}|\b{_HARM} (?:in )?(?:your|his|her|their) {_BELONGINGS}\b"
    rf"|\b{_SPEAKER} {_HARM} (?:and \w+ )?(?:off |up |down )?{_SOMEBODY}"
    rf"|\b(?:i|we) (?:\w+ ){{0,3}}?(?:will|ll|am going to|m going to|are going to|re going to|gonna|shall) (?:\w+ )?"
    rf"(?:find|get|catch|end|ruin|haunt|kill|murder|hunt) (?:you|ya|u|them|him|her)\b(?! (?:a|an|the|some|to|home"
    rf"|there)\b)"
    rf"|\b(?:make|making) (?:you|them|him|her) (?:all )?(?:pay|suffer|bleed|regret|cry|scream|beg|sorry|disappear)\b"
    rf"|\b(?:let s |lets |let us |please |go |just |now |now go |someone |somebody |we should |we must |time to "
    rf"|want to"
    rf"|need to |going to |to |and |ready to |born to |how to |says? |reads? |text |words |letters )"
    rf"{_KILL} {_SOMEBODY}|^{_KILL} {_SOMEBODY}"
    rf"|\b(?:kill|murder|gas|lynch|behead|exterminate|hang|shoot|eradicate|burn|rape|stab|slaughter|deport) "
    rf"(?:them|him|her|em|yourself|yourselves|myself|everyone|everybody|all (?:of )?(?:the |them|you|those |these )?\w*"
    rf"|every \w+|the {_PEOPLE}|those {_PEOPLE}|your {_PEOPLE})\b"
    rf"|\b(?:you|u|ya|your \w+)(?: (?:all|guys|people|and \w+ \w+|both|\w+s))? {_MUST} (?:all |now |soon |really |"
    rf"both )?{_DOOM}\b"
    rf"|\b(?:he|she|they|all|them|{_PEOPLE}|\w+s) {_MUST} (?:all |now |soon )?(?:die|hang|burn|suffer|be (?:killed|shot"
    rf"|hanged|hung|burned|burnt|gassed|raped|beaten|stabbed|lynched|executed|exterminated|wiped out|put down"
    rf"|castrated))\b"
    r"|\bdie (?:you|u|ya|all|in|slowly|bitch|pig|pigs|scum|already|now|bastard|motherfucker|traitor|screaming|alone)\b"
    rf"|\b(?:see|watch|hear) (?:you|them|him|her|your \w+) (?:die|bleed|suffer|scream|burn|cry|beg|hang|rot|choke)\b"
    rf"|\b(?:school|church|mosque|synagogue|city|town|building|office|house|place|station|mall|airport) (?:will"
    rf"|is going to"
    r"|gonna|must|should) (?:burn|explode|blow up|be bombed|be blown up|go up in flames|bleed)\b"
    r"|\b(?:burn|bomb|torch|blow up) (?:down )?(?:the|this|that|every|all) (?:bank|church|mosque|synagogue|school"
    r"|city|town"
    r"|police station|hospital|office|place|house|parliament|capitol|white house)(?:s|es)?\b"
    r"|\b(?:i|we) (?:have|got|ve got) (?:a |an |my )?(?:bomb|gun|knife|rifle|weapon)s? and\b|\bthere is a bomb in\b"
    r"|\bno (?:jews|blacks|muslims|arabs|gays|immigrants|foreigners|refugees|whites|asians|mexicans|gypsies|women) "
    r"(?:allowed|here|wanted|please)\b"
    r"|\bget out of (?:our|my) (?:country|town|city|land)\b|\bhear you scream\b"
    r"|\b(?:drop dead|go (?:and )?die|death (?:to|2)|die \w+ die|death threat|die die|or else$|rot in|burn in hell"
    r"|go to hell"
    r"|see you in hell)\b"
    r"|\b(?:hope|wish|pray|want)(?: (?:that|to see|for))? (?:you|u|he|she|they|your \w+|him|her|them|all \w+)"
    r"(?: (?:all|both|to|will|would|were|was|and \w+ \w+))* (?:die|dies|dead|suffers?|rot|burns?|bleed|choke"
    r"|get (?:cancer|shot"
    r"|hit|raped|killed|hurt)|hang|drown|crash|disappear|hurt)\b"
    r"|\b(?:you|u|they|he|she)(?: (?:are|re|is|r|all|both|so|as good as))+ (?:a )?(?:dead|dead meat|dead man"
    r"|dead woman|toast"
    r"|finished|doomed|history|gonna get it|going down)\b(?! (?:tired|right|wrong|on|set|good|line))"
    r"|\byou(?: are| re) next(?! (?:to|in|up|door|week|on|for))\b"
    r"|\b(?:i|we) know (?:exactly )?where (?:you|ya|u|your \w+) (?:live|lives|sleep|sleeps|work|works|park"
    r"|goes? to school|go)\b"
    r"|\b(?:watch your back|your days are numbered|say (?:goodbye|your prayers|bye) to your|say your prayers"
    r"|your time is up"
    r"|you have been warned or|better (?:run|hide|watch out|lock your)|bullet (?:in|with|for|through) (?:your|you|his"
    r"|her)"
    r"|sleep with (?:the fishes|one eye open)|you won t (?:see|live|survive|leave|wake|get out)|you will never (?:see"
    r"|wake|leave)"
    r"|(?:coming|come|came) (?:for|after|to get|to kill) (?:you|ya|u|your|them|him|her)\b|blood will (?:be|flow|run)"
    r"|(?:only )?good \w+ is a dead|snitches get|we have your (?:kids?|child|children|daughter|son|wife|husband"
    r"|family|mother|father|dog|cat)|last warning"
    r"|(?:get|lay|put) my hands on (?:you|him|her|them)|put you in (?:the ground|a grave|a coffin|hospital)"
    r"|dig your (?:own )?grave|dance on your grave|piss on your grave|an eye on your (?:kids|children|family)"
    r"|or (?:the|your|his|her) \w+ (?:dies|is dead|gets it|will die)|make sure (?:you|he|she|they) (?:never|die"
    r"|suffer)|or (?:else )?(?:you|i|we) (?:die|kill|will kill|ll kill|shoot|will shoot|will hurt|ll hurt)"
    r"|pay or (?:die|bleed)"
    r"|your (?:money|wallet) or your life|better off dead|nobody would miss you|no one (?:would|will) miss you"
    r"|world (?:would be|is) better (?:off )?without you|should (?:have been|be) aborted|never have been born"
    r"|kys|kill your ?self|hang yourself|jump off a (?:bridge|cliff|building|roof)|slit your wrists|end your life)\b"
)
# Names that are abuse by themselves, and words that are abuse of somebody who is called so.
_ABUSE = _any(
    "idiots?,morons?,losers?,bitch(?:es)?,scum,scumbags?,imbeciles?,cretins?,dimwits?,dumbass(?:es)?,creeps?,cowards?,"
    "liars?,"
    "perverts?,pedos?,paedos?,pedophiles?,retards?,skanks?,hoes?,pricks?,dickheads?,twats?,tossers?,wankers?,gits?,"
    "bellends?,"
    "bastards?,assholes?,arseholes?,shitheads?,fatso,fatty,sluts?,whores?,cunts?,faggots?,fags?,thief,thieves,crooks?,"
    "traitors?,rapists?,murderers?,weirdos?,psychos?,slobs?,jerks?,freaks?,hypocrites?,turds?,bimbos?,airheads?,"
    "blockheads?,"
    "nitwits?,halfwits?,knobheads?,pillocks?,jackass,spaz,subhuman,degenerates?,parasites?,vermin,wimps?,sissy,crybab(?:y|ies)"
)
_FOUL = _any(
    "pigs?,swine,cows?,trash,garbage,dirt,filth,cockroach(?:es)?,rats?,snakes?,worms?,leech(?:es)?,slugs?,toads?,apes?,"
    "monkeys?,donkey,clowns?,fools?,lunatics?,whales?,hags?,tramps?,tarts?,dicks?,muppets?,numpty,animals?,savages?,"
    "maggots?,"
    "pussy,pussies,knobs?,prats?,scoundrels?,ugly,stupid,dumb,fat,pathetic,worthless,useless,disgusting,repulsive,"
    "brainless,"
    "braindead,clueless,hideous,filthy,retarded,piece of \\w+,suck,stink,disgusts? me,makes? me sick,inferior"
)
_CALLED = _any(
    "failure,disgrace,mistake,waste,joke,nothing,nobody,zero,good for nothing,unwanted,embarrassment,devil,beast,"
    "thick,lazy,"
    "dirty,shit,crap,cancer,plague,disease,out of your mind,not human"
)
_FILLERS = (
    r"(?:(?:is|are|re|r|was|were|such|all|just|really|so|very|nothing but|nothing more than|a|an|the|bunch of"
    r"|piece of|pack of"
    r"|fat|ugly|little|big|damn|bloody|dirty|filthy|stupid|old|absolute|absolutely|complete|total|fucking|freaking"
    r"|effing"
    r"|goddamn|utter|utterly|biggest|lying|cheating|smelly|stinking|rotten|lazy|spineless|worst|look like|looks like"
    r"|smell like|act like|born|still|always|too|as) )*"
)
_YOU = (
    r"(?:you(?: people| guys| all| lot| kids| women| men)?|youre|u|ur|ya|yall|(?:your|ur|yo) (?:\w+ )?(?:mom|mum|mother"
    r"|mama"
    r"|momma|dad|father|sister|brother|wife|husband|girlfriend|boyfriend|kids?|children|face|family|kind|people|baby))"
)
_INSULTS = re.compile(
    rf"\b{_YOU} {_FILLERS}(?:{_ABUSE}|{_FOUL})\b|\b{_YOU} (?:are|re|r|is|was|were) {_FILLERS}{_CALLED}\b"
    rf"|\b(?:are|r) (?:you|u) (?:so |really |just |that |all )?(?:{_ABUSE}|{_FOUL})\b"
    r"|\bhow (?:stupid|dumb|ugly|fat|thick) (?:are|can) you\b"
    rf"|\b(?:stupid|ugly|dumb|filthy|dirty|lazy|worthless|useless|disgusting|bloody|fucking|stinking|rotten|pathetic"
    rf"|fat"
    rf"|damn|damned|greedy|lying) (?:little |old |fat |ugly |stupid )*"
    rf"(?:{_ABUSE}|jews?|arabs?|muslims?|immigrants?|foreigners?|gyps(?:y|ies)|mexicans?|indians?|negro(?:es)?"
    rf"|blacks)\b"
    rf"|\b(?:what|such) an? (?:fat |ugly |stupid |total |big )?{_ABUSE}\b"
    rf"|\b(?!(?:there|this|that|it|here|which)\b)\w+ (?:is|s) a (?:fat|ugly|dirty|stupid|filthy|lazy|lying) {_FOUL}\b"
    r"|\b(?:stupid|worthless|disgusting|fucking) (?:little |old |fat |ugly )*(?:cows?|pigs?|hags?|rats?|apes?"
    r"|monkeys?|women)\b"
    rf"|\b(?!(?:there|this|that|it|here|what|where|which|who)\b)\w+ (?:is|are|s|re) (?:all |such |just |nothing but "
    rf"|really )*"
    rf"(?:a |an |the )?(?:fat |ugly |dirty |stupid |lying |filthy |big |total |complete )*{_ABUSE}\b"
    rf"|\b(?:he|she|they|all \w+|{_PEOPLE}) (?:is|are|re|s) (?:all |just |really |so )?(?:a |an )?(?:(?:fat|ugly"
    rf"|dirty|stupid|filthy) )*"
    r"(?:pigs?|cows?|rats?|animals|savages|apes|monkeys|trash|garbage|filth|stupid|ugly|disgusting|pathetic|worthless"
    r"|inferior"
    r"|cockroaches|criminals|cancer|disease|plague|lazy|dirty|evil|not human|less than human)\b"
    r"|\b(?:nobody|no one|noone|none of us) (?:likes|loves|wants|needs|cares about) you\b"
    r"|\b(?:i|we|everyone|everybody|they all|we all)(?: (?:all|really|fucking|just|so))* (?:hates?|despises?|loathes?"
    r"|detests?) "
    r"(?:you|your|u|jews|muslims|gays|blacks|women|immigrants|foreigners|them|black|white|fat|gay|all \w+s)\b"
    r"|\bshut (?:up|your|ur|the f\w*)\b(?! and)|\bkiss my (?:ass|arse|butt)\b"
    r"|\b(?:screw|damn|curse|eff|f|stuff|sod|bugger|to hell with) (?:you|u|off|ya|him|her|yourself)\b"
    r"|\bpiss off\b|\beat (?:shit|dirt|crap)\b|\bsuck (?:my|these|deez)\b|\bup yours\b|\bgo (?:screw|choke"
    r"|hang) \w+sel(?:f|ves)\b"
    r"|\bgo back to (?:your (?:own )?country|where you came|africa|mexico|the (?:jungle|zoo|kitchen))\b"
    r"|\bwaste of (?:space|air|oxygen|skin"
    r"|sperm)\b"
    r"|\bsons? of (?:a )?bitch\w*\b|\bmother ?f\w+r?s?\b|\b(?:white|trailer) trash\b|\b(?:stfu|gtfo|foad|kys|gfys)\b"
    r"|\bfuck\w*\b|\bfuk\w*\b|\bfck\w*\b"
)


def _first_words(alternatives: str) -> str:
    return _any(",".join(words.split()[0] for words in alternatives[3:-1].split("|")))


# A word that each threat or insult has, as alternatives that match the start of a word.
WORDS_OF_HOSTILITY = (
    rf"(?:{_first_words(_HARM)}|{_first_words(_KILL)}|{_first_words(_DOOM)}|{_first_words(_ABUSE)}"
    r"|i|we|you|youre|u|ur|ya|yall|your|yo|yours|yourself|mother\w*|find|catch|ruin|haunt|cry|scream|beg|sorry|explode"
    r"|flames|allowed|here|wanted|please|dead|death|else|hell|hope|wish|pray|want|toast|finished|doomed|history|gonna"
    r"|going|better|bullet|fishes|eye|coming|come|came|will|snitches|warning|my|piss|dies|gets|sure|miss|aborted|born"
    r"|jump|jews?|arabs?|muslims?|immigrants?|foreigners?|gyps(?:y|ies)|mexicans?|indians?|negro(?:es)?|blacks"
    r"|fat|ugly|dirty|stupid|filthy|lazy|lying|worthless|disgusting|fucking|pigs?|cows?|rats?|animals|savages|apes"
    r"|monkeys|trash|garbage|filth|pathetic|inferior|cockroaches|criminals|cancer|disease|plague|evil|not|less|hates?"
    r"|despises?|loathes?|detests?|shut|kiss|screw|damn|curse|eff|f|stuff|sod|bugger|shit|dirt|crap|suck|go|waste"
    r"|bitch\w*|kys|stfu|gtfo|foad|gfys|fuck\w*|fuk\w*|fck\w*)\b"
)
# Letters of swear words, of which those inside may be signs: "f*ck", "fuuck", "sh!t".
_SIGN = r"[*#%@$!._&?+-]"
_SWEARING = "fuck shit bitch cunt whore slut bastard asshole arsehole wanker nigger nigga faggot twat"


def _masked(word: str) -> str:
    inside = "".join(rf"(?:{letter}+|{_SIGN}+)" for letter in word[1:-1])
    return rf"{word[0]}{inside}{word[-1]}"


_MASKED = re.compile(
    rf"(?<![^\W_])(?:{'|'.join(map(_masked, _SWEARING.split()))}|[fsbc]{_SIGN}{{3,}}|a{_SIGN}{{2}}hole"
    rf"|f{_SIGN}{{2,}}|[dc][*#@$!]ck|p[*#@$!]ssy)"
    r"(?:s|er|ers|ed|ing|head|heads|hole|face)?(?![^\W_]|\.\w)"
)


def is_hostile(words: str) -> bool:
    """Tell if words in lower case, without punctuation, threaten or insult somebody."""
    return _THREATS.search(words) is not None or _INSULTS.search(words) is not None


def swears_masked(text: str) -> bool:
    """Tell if a lower-case text has a swear word with signs in the place of some letters."""
    return _MASKED.search(text) is not None
