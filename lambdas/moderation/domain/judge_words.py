"""Word classes of a judge's prose, as plain data: separated by commas, `*` for any ending."""

import re


def word_class(words: str) -> re.Pattern[str]:
    """Return the pattern of a class; the longest of its words and phrases matches."""
    each = sorted((" ".join(word.split()) for word in words.split(",")), key=len, reverse=True)
    pattern = "|".join(re.escape(word).replace(r"\*", r"\w*+").replace(r"\ ", " ") for word in each)
    return re.compile(rf"(?<![\w'])(?:{pattern})(?![\w'])")


# Denials, and words that deny by their meaning: a denial of those affirms.
DENIALS = word_class("no, not, none, nothing, nobody, no one, nowhere, never, neither, nor, zero, unlikely")
LACKS = word_class(
    "without, lack, lacks, lacking, lack of, absence, absent, free of, free from, devoid, fails to, fail to, "
    "deny, denies, denied, denying, exclude*, excluding, rule out, ruled out, instead of, rather than, other "
    "than, forbids, prohibits, bans, doubt*, overlook*, ignore*, miss, dispute*, hide, hides, conceal*, checked "
    "for, check for, question about, questions about, asked about, asks about"
)
CERTAINTIES = word_class(
    "no doubt, without doubt, without a doubt, without any doubt, beyond doubt, beyond any doubt, no question "
    "that, no question about, without question, not only, not just, not merely, not simply, nothing but, nothing "
    "less than, none other than, no less, no mistake, no secret, no surprise, no denying, not to mention, no "
    "wonder, no exaggeration"
)
WEAK_DENIALS = word_class(
    "hardly, barely, scarcely, far from, anything but, all but, nowhere near, less than, no longer"
)

# The verdict.
AGAINST = word_class(
    "unsafe, un safe, violat*, breach*, infring*, contraven*, non compliant, noncompliant, inappropriate, "
    "prohibited, forbidden, disallowed, impermissible, unacceptable, harmful, dangerous, nsfw, offensive, "
    "objectionable, explicit, illegal, illicit, problematic, risky, risk, questionable, indecent, obscene, "
    "unsuitable, violent, disturbing, concerning, alarming, porn*, flagged, flag it, flag this, flag the, flag "
    "as, flag for, reject*, block, blocked, banned, remove, removed, removal, take down, taken down, delete, "
    "deleted, hide it, hide this, disapprov*, red flag*, raises concern*, some concern*, crosses a line, crosses "
    "the line, guilty, suspicious, escalat*, conflicts"
)
GOOD = word_class(
    "safe, allowed, permitted, acceptable, appropriate, compliant, suitable, okay, ok, harmless, permissible, "
    "benign, clean, fine, fit, innocent, innocuous, complies, comply"
)
BREAKS = word_class(
    "break, breaks, breaking, broke, broken, is against, are against, was against, goes against, go against, "
    "contrary to, crosses, fails, failed, applies, apply, applicable, triggers, triggered, matches, matched, "
    "fulfilled, fulfils"
)
RULES = word_class(
    "policy, policies, rule, rules, guideline*, standards, category, categories, point, points, criteria, "
    "criterion, check, checks, test"
)
MEETS = word_class("is met, are met, was met, were met, meets, met")
MEASURED_RULES = word_class("rule, rules, category, categories, point, points, criteria, criterion, threshold*")

# Scores.
MEASURES = word_class("p, score*, probabilit*, likelihood*, chance, chances, odds, value, values, answer*, question*")
LOW = word_class(
    "below, under, beneath, lower, low, less than, clear no, a no, negative, near zero, too low, answered with "
    "no, with no, is no, are no"
)
HIGH = word_class("over, above, exceed*, surpass*, past, beyond, reach*, higher, high, more than, at least, or more")
LIMITS = word_class("threshold*, limit*, allowed, permitted, acceptable, bar")
YES = word_class("yes, positive")

# Hedges: conditions count wherever they stand, doubts unless they are denied.
CONDITIONS = word_class(
    "if, unless, provided that, providing that, assuming, supposing, as long as, so long as, on condition, in "
    "case, except, except for, apart from, aside from, save for, until"
)
DOUBTS = word_class(
    "perhaps, maybe, possibly, potentially, probably, presumably, presume*, suppose*, assume*, likely, hopefully, "
    "arguably, technically, mostly, partly, partially, largely, somewhat, fairly, almost, nearly, more or less, i "
    "guess, i lean, leaning towards, lean towards, lean toward, either way, borderline, edge case, grey area, "
    "gray area, debatable, ambiguous, unclear, unsure, uncertain, inconclusive, contradict*, undetermined, "
    "undecided, indeterminate, doubtful, i suspect, unknown, insufficient, not enough, too thin, too little, too "
    "few, too vague, too blurry, too dark, depend*, hard to, difficult to, not sure, not certain, not clear, not "
    "confident, not convinced, not entirely, not completely, not quite, not fully, low confidence, confidence is "
    "low, unreadable, garbled, incomplete, not readable, second opinion, double check, for adults, adults only, "
    "for now, most people, some people, by some, for some, default value, confus*"
)
ALWAYS_DOUBTS = word_class(
    "not enough, not sure, not certain, not clear, not confident, not convinced, not entirely, not completely, "
    "not quite, not fully, not totally, not really, not readable, ought, not possible, no idea, no comment, no "
    "opinion, not everything, not all, not every, too close, may or may "
    "not, might or might not, could or could not, can "
    "or can not, may not be, might not be, may not have been, might not have been, whether or not"
)
MODALS = word_class("may, might, could, should, must, ought, needs to, has to, have to")
CONSIDERED = word_class("considered, classified, judged, deemed, marked, labelled, labeled, rated, flagged as safe")

# Refusals and corrections.
UNABLE = word_class(
    "can not, could not, unable to, not able to, will not, would not, impossible to, refuse, refused, refuse to, "
    "decline, declined, declines, abstain, rather not, prefer not, not comfortable, not qualified, not trained, "
    "not authorized"
)
LOOKING = word_class(
    "see, view, look at, find, identify, detect, observe, spot, discern, point, think of, be seen, be found, be "
    "detected, be identified, be said to violate"
)
REFUSALS = word_class(
    "as an ai, as a language model, language model, my guidelines, content guidelines, ethical, my programming, "
    "sorry, apolog*, unfortunately, take part, i pass, i do not know, i do not want, i do not feel, do not have "
    "the ability, no verdict, no judgement, no judgment, no decision, no determination, no assessment, needs "
    "review, human review, manual review, further review, requires review, needs a human, a human should, more "
    "information, more context, additional information, further information, enough information, no information, "
    "have someone, someone check"
)
CORRECTIONS = word_class(
    "actually, in fact, in reality, oops, whoops, correction, correct my, correct that, stand corrected, revised, "
    "revise, reconsider*, re evaluat*, reevaluat*, reassess*, rethink*, retract*, withdraw, amend, hindsight, "
    "second thought*, on closer, upon closer, on further, upon further, look again, looked again, looking again, "
    "looking at it again, scratch that, strike that, hold on, never mind, ignore the, ignore that, disregard, "
    "forget that, take that back, take this back, take it back, my mistake, made a mistake, i was wrong, that was "
    "wrong, this is wrong, is wrong, is incorrect, was incorrect, not correct, misread, misjudged, overlooked, "
    "premature, hasty, i meant, opposite, invert, sarcas*, kidding, just a joke, fictional, hypothetical*, should "
    "read, ought to have, change my, changed my, my bad, recheck, not so fast, thinking again"
)

# The judge hasn't judged: it saw or read nothing, or answered without regard to the evidence.
EVIDENCE = word_class(
    "image, images, photo, photos, picture, pictures, evidence, caption, "
    "captions, answer, answers, input, prompt, file, "
    "attachment, question, questions, policy, text, list, it, them, this, anything"
)
ARBITRARY = word_class(
    "by default, default answer, default verdict, default response, "
    "default flag, defaulted, defaulting, example output, "
    "example answer, example response, example reason, example only, "
    "example judgment, example judgement, sample output, "
    "sample answer, sample response, test output, dummy, placeholder, mock output, not a real judgment, not a real "
    "judgement, not a real answer, not a real verdict, not a judgment, not a judgement, not an actual judgment, not an "
    "actual judgement, for illustration, as an example, at random, "
    "randomly, arbitrary, arbitrarily, coin flip, nothing to "
    "judge, nothing to assess, nothing to evaluate, nothing to go on, ran out of, time ran out"
)

# On whose word: what a picture, its words or a person outside asks for or permits.
SPEAKERS = word_class(
    "picture, image, photo, caption, captions, sign, text, words, note, label, poster, message, banner, user, "
    "uploader, author, photographer, owner, administrator, admin, evidence, instruction*, it"
)
DEMANDS = word_class(
    "instruct*, asked, ask, asks, tells, told, tell, demand*, order, orders, ordered, request*, approve*, permit, "
    "permits, permitted, grant*, exempt*, command*, want, wants, wanted, urge*, insist*, declare*, assure*, "
    "promise*, claims, claimed, certif*, cleared, authori*, vouch*, excuse*, waive*"
)
SAYS = word_class("say, says, said, state, states, stated, read, reads, claim, claims, write*, announce*, according to")
VERDICTS = word_class(
    "safe, allowed, approved, permitted, exempt*, unsafe, verdict, moderat*, so, acceptable, fine, ok"
)
BIDDEN = word_class(
    "as requested, as instructed, as told, as demanded, as asked, as ordered, as commanded, as directed, as i "
    "was, was told, was asked, was instructed, were told, told me, asked me, instructed me, instructs me, tells "
    "me, at the request, following the instruction*, by order, says so, exemption, pre approved, approved, "
    "whitelisted, has already, have already, pre cleared, cleared by, approved by, let it pass, let this pass"
)
