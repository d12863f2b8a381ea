"""Narrower words of the subjects that policies forbid: a caption says "handgun", a policy "weapons".

Each key lists the words by which a policy names a subject, its value what captioners call things of that subject.
Words with another common meaning ("joint", "coke", "pot", "shot") stand here only within phrases that have one.
"""

INSULTS = "insult, slur, harassment, swear, profanity, bullying, threat, obscene, hate"

SUBJECTS: dict[str, str] = {
    "weapon, weaponry, armament, gun, firearm, shooting": (
        "gun, firearm, handgun, shotgun, rifle, pistol, revolver, musket, carbine, machine gun, submachine "
        "gun, gunman, gunmen, sniper, assault rifle, air rifle, airsoft gun, bb gun, ak 47, ak47, ak 74, ar "
        "15, ar15, m16, m4 carbine, kalashnikov, uzi, glock, beretta, luger, derringer, flintlock, "
        "blunderbuss, firearms, sidearm, six shooter, semiautomatic, semi automatic, sawed off, tommy gun, "
        "gatling, holster, gunpoint, glocks, remington, colt 45, smith and wesson, sig sauer, bazooka, rocket "
        "launcher, grenade launcher, flamethrower, mortar shell, gunfight, gunfire, gunshot, shootout, armed "
        "man, armed men, armed robber, armed robbery"
    ),
    "weapon, weaponry, ammunition, ammo, gun, firearm": (
        "ammo, ammunition, bullet, shotgun shell, shell casing, bullet casing, cartridge belt, gun magazine, "
        "buckshot, bandolier, rifle cartridge, rounds of ammunition"
    ),
    "weapon, weaponry, explosive, bomb, explosion": (
        "bomb, grenade, hand grenade, dynamite, landmine, land mine, pipe bomb, suicide vest, explosive, "
        "explosives, c4 explosive, tnt, detonator, molotov, molotov cocktail, warhead, torpedo, artillery "
        "shell, missile, claymore, ied, nail bomb, car bomb, time bomb, rpg launcher"
    ),
    "weapon, weaponry, knife, blade, stabbing, cold": (
        "knife, knives, dagger, machete, sword, katana, switchblade, stiletto knife, bayonet, rapier, sabre, "
        "saber, cutlass, scimitar, broadsword, bowie knife, butterfly knife, balisong, box cutter, pocket "
        "knife, penknife, jackknife, flick knife, kukri, dirk, karambit, shiv, cleaver, razor blade, throwing "
        "star, shuriken, hunting knife, combat knife, stabbing, stabbed"
    ),
    "weapon, weaponry": (
        "crossbow, brass knuckles, knuckle duster, knuckleduster, nunchucks, nunchaku, blackjack club, billy "
        "club, truncheon, nightstick, battle axe, halberd, spear, taser, stun gun, pepper spray, mace spray, "
        "tear gas, blowgun, slingshot, tomahawk, morning star flail, war hammer, garrote, weaponry, arsenal, "
        "longbow, baseball bat with nails"
    ),
    "blood, bloody, bleeding, gore, gory, violence, injury": (
        "blood, bloody, bleeding, bloodstain, bloodstained, bloodied, blood splatter, gore, gory, entrails, "
        "guts spilling, intestines, disembowelled, disemboweled, decapitated, beheaded, beheading, "
        "decapitation, dismembered, severed head, severed hand, severed arm, severed leg, severed finger, "
        "severed foot, severed limb, severed ear, mutilated, mutilation, amputated, exit wound, hemorrhage, "
        "massacre, carnage, gutted"
    ),
    "wound, injury, violence, self, harm, gore": (
        "wound, wounded, gash, laceration, lacerated, stab wound, gunshot wound, slit wrist, slit wrists, cut "
        "wrists, cutting her wrists, cutting his wrists, cutting herself, cutting himself, slit throat, black "
        "eye, bruised face, open fracture, third degree burn, self harm, noose, hanging himself, hanging "
        "herself, hanged man, hanged"
    ),
    "violence, fighting, fight, assault, brawl, attack, abuse": (
        "fistfight, fist fight, brawl, brawling, punching, punched, kicking a man, kicking a woman, beating, "
        "beaten up, strangling, strangled, choking a, assault, assaulted, mugging, lynching, lynched, "
        "torture, tortured, murder, murdered, murderer, execution, executed, riot, rioters, headlock, street "
        "fight, rape, rapist, domestic violence, hostage, kidnapping, stabbing, stabbed, bludgeoned"
    ),
    "corpse, dead, body, death, cadaver, gore": (
        "corpse, cadaver, dead body, dead bodies, dead man, dead men, dead woman, dead women, dead person, "
        "dead people, dead child, dead children, dead boy, dead girl, dead soldier, dead baby, mortuary, "
        "morgue, body bag, carcass, human skull, human remains, mummified, skeleton remains, severed head, "
        "mass grave, roadkill, autopsy, lifeless body, open casket, open coffin, decomposed, decomposing, "
        "rotting flesh, beheaded, decapitated, suicide"
    ),
    "crash, explosion, blast, accident, disaster": (
        "plane crash, crashed plane, crashed airplane, airplane crash, air crash, plane wreck, airplane "
        "wreckage, plane wreckage, helicopter crash, car crash, car wreck, train wreck, explosion, exploding, "
        "exploded, blast, mushroom cloud, detonation, fireball, bombing, derailed, shipwreck"
    ),
    "emaciated, starvation, starving": ("emaciated, starving, starved, skin and bones, famine, malnourished, anorexic"),
    "nudity, nude, naked, nakedness, explicit, porn, pornography, nsfw, sexual, genital, undressed": (
        "nude, nudes, nudity, naked, nudist, nudism, unclothed, undressed, undressing, stark naked, buck "
        "naked, bare naked, full frontal, skinny dipping, skinny dipper, streaker, birthday suit, without "
        "clothes, no clothes on, wearing nothing, wearing no clothes, disrobed, genitals, genitalia, penis, "
        "penises, phallus, dick pic, erection, testicles, scrotum, vagina, vulva, labia, pubic hair, "
        "foreskin, nipple, areola, bare breast, bare breasts, exposed breast, naked breast, bare butt, bare "
        "buttocks, bare bottom, bare ass, buttocks, nude selfie, tits, boobs, pussy lips, cumshot, hentai, "
        "onlyfans"
    ),
    "sexual, sex, intercourse, porn, pornography, explicit, nsfw, nudity": (
        "sex, having sex, sexual, intercourse, porn, porno, pornography, pornographic, masturbating, "
        "masturbation, blowjob, blow job, oral sex, fellatio, cunnilingus, orgy, threesome, making love, "
        "fornication, copulating, anal sex, doggy style, kamasutra, ejaculation, semen, bdsm, bondage, "
        "handjob, gangbang"
    ),
    "adult, sex, toy, sexual": ("dildo, vibrator, butt plug, sex toy, sex doll, fleshlight, strap on, anal beads"),
    "suggestive, nudity, topless, barechested, bare, chest, revealing, clothes": (
        "topless, bare chested, barechested, bare chest, shirtless, without a shirt, no shirt on, "
        "toplessness, braless, cleavage, see through dress, see through top, see through shirt, sheer dress, "
        "half naked, half nude, semi nude, semi naked, scantily clad, skimpy, barely dressed, barely clothed, "
        "partially nude, plunging neckline, miniskirt, upskirt, hot pants, wet t shirt, pole dancer, pole "
        "dancing, stripper, striptease, strip club, lap dance, erotic, lewd, seductive, provocative pose, "
        "sexy, burlesque, crop top"
    ),
    "suggestive, underwear, lingerie, undergarment, revealing, clothes": (
        "underwear, lingerie, panty, panties, bra, bras, brassiere, g string, thong, thong underwear, "
        "negligee, nightie, corset, bustier, bodysuit, garter belt, garters, boxer shorts, boxer briefs, "
        "underpants, jockstrap, loincloth, teddy lingerie, push up bra, sports bra, bralette, camisole, "
        "fishnet stockings, fishnets, knickers, undies, briefs, tighty whities, undergarment"
    ),
    "suggestive, swimwear, swimsuit, bikini, bathing, revealing, clothes": (
        "bikini, swimsuit, swimwear, bathing suit, swim trunks, swimming trunks, one piece swimsuit, speedo, "
        "monokini, tankini, swim briefs, two piece, board shorts, swimming costume, bathing costume"
    ),
    "drug, narcotic, substance, illegal, cocaine, opioid, stimulant": (
        "cocaine, crack cocaine, crack pipe, line of coke, lines of coke, lines of blow, line of blow, bag of coke, "
        "snorting, heroin, "
        "meth, methamphetamine, crystal meth, amphetamine, fentanyl, morphine, opium, opioid, oxycontin, "
        "oxycodone, xanax, percocet, vicodin, codeine, ketamine, mdma, ecstasy, lsd, acid tabs, magic "
        "mushroom, psilocybin, shrooms, mescaline, peyote, ayahuasca, dmt, pcp, angel dust, ghb, methadone, "
        "narcotic, junkie, drug addict, addict, drug dealer, drug deal, overdose, white powder, illegal "
        "substance, steroids, khat, krokodil, speedball, shooting up, druggie, stoned, nitrous oxide, "
        "whippets"
    ),
    "drug, marijuana, cannabis, weed, narcotic, substance": (
        "marijuana, cannabis, marihuana, ganja, hashish, hash brownie, weed jar, weed jars, jar of weed, jars "
        "of weed, bag of weed, bags of weed, weed leaf, weed plant, weed shop, smoking weed, smokes weed, "
        "that weed, this weed, some weed, pot leaf, smoking pot, pot plant leaf, bud of weed, weed bud, weed "
        "buds, weed grinder, weed pipe, thc, cbd oil, smoking a joint, smokes a joint, rolling a joint, "
        "rolled joint, lit joint, of a joint, with a joint, holding a joint, and a joint, a joint with, a joint and, "
        "a joint on, a joint in, a blunt, joint in his, joint in her, joint in the hand, a joint that, a joint which, "
        "joint of, smoke weed, smoke pot, smoke dope, smoke a joint, smoke a "
        "blunt, smoke a bowl, roll a joint, light a joint, "
        "buy weed, sell weed, grow weed, weed for sale, legalize weed, eat weed, get stoned, get baked, do drugs, take "
        "drugs, use drugs, reefer, doobie, spliff, blunt wrap, smoking a blunt, bong, hemp leaf, edibles gummies, "
        "dispensary, stoner, sativa, indica, hash pipe"
    ),
    "drug, paraphernalia, syringe, needle": (
        "bong, syringe, hypodermic, hypodermic needle, needle in his arm, needle in her arm, needle in the "
        "arm, a needle and a, crack pipe, meth pipe, bent spoon and, tourniquet, rolling paper, rolling "
        "papers, weed grinder, cocaine mirror, hash pipe, water pipe"
    ),
    "drug, pill, medicine, medication, tablet": (
        "pill, pills, capsule, tablets of medicine, prescription bottle, pill bottle, blister pack, "
        "medication, painkiller, painkillers, ritalin, adderall, valium, viagra, ibuprofen, aspirin, xanax, "
        "sleeping pills, antidepressant"
    ),
    "tobacco, smoking, cigarette, cigar, nicotine, smoker, smoke": (
        "cigarette, cigar, cigarillo, cigaret, tobacco, smoker, smoking, smokes, chain smoker, marlboro, "
        "lucky strike pack, camel cigarettes, gauloises, hookah, shisha, narghile, tobacco pipe, smoking "
        "pipe, smoking a pipe, corncob pipe, pipe in his mouth, ashtray, cigarette butt, cheroot, snus, "
        "smoke a, to smoke, who smoke, people smoke, men smoke, women smoke, they smoke, cig, cigs, ciggy, "
        "chewing tobacco, fag end, bidi, kretek, nicotine"
    ),
    "tobacco, smoking, vaping, vape, nicotine, cigarette, smoke": (
        "vape, vaping, vaper, vape pen, e cigarette, ecigarette, electronic cigarette, juul, elf bar, "
        "vaporizer, nicotine, vapes, e liquid"
    ),
    "alcohol, alcoholic, beverage, drink, liquor, spirit, booze, drinking": (
        "alcohol, liquor, booze, vodka, whisky, whiskey, rum, gin, tequila, mezcal, brandy, cognac, bourbon, "
        "scotch, absinthe, schnapps, ouzo, grappa, sambuca, moonshine, liqueur, vermouth, campari, aperol, "
        "baileys, jagermeister, sake, soju, baijiu, shot of tequila, shot glass, shot glasses, shots of, hip "
        "flask, jack daniels, johnnie walker, smirnoff, bacardi, absolut, jim beam, armagnac, calvados, "
        "pastis, raki, rakija, slivovitz, aquavit, arak, cachaca, hard liquor, drunk, drunken, drunkard, "
        "binge drinking, alcoholic, nightcap, hard seltzer"
    ),
    "alcohol, alcoholic, beverage, drink, cocktail, booze, drinking": (
        "cocktail, martini, margarita, mojito, daiquiri, cosmopolitan drink, pina colada, bloody mary, gin "
        "and tonic, negroni, manhattan cocktail, long island iced tea, mimosa, sangria, spritz, caipirinha, "
        "mai tai, eggnog with rum, mulled wine, gluhwein, old fashioned glass"
    ),
    "alcohol, alcoholic, beverage, drink, beer, booze, drinking": (
        "beer, beers, lager, pilsner, pilsener, ale, ales, stout beer, pale ale, ipa, brewery, beer mug, beer "
        "stein, pint of beer, pint of, pints of, six pack of, keg, budweiser, heineken, guinness, corona "
        "beer, carlsberg, stella artois, hard cider, alcopop, beer can, brewpub, beer garden, beer bottle"
    ),
    "alcohol, alcoholic, beverage, drink, wine, booze, drinking": (
        "wine, wines, champagne, prosecco, cava wine, merlot, chardonnay, cabernet, pinot noir, riesling, "
        "bordeaux wine, burgundy wine, port wine, sherry, rose wine, sparkling wine, wine glass, winery, "
        "rioja, shiraz, sauvignon, malbec, chianti, wino, mead"
    ),
    "gambling, gamble, betting, casino, poker, bet": (
        "gambling, gambler, gamble, casino, slot machine, one armed bandit, roulette, roulette table, "
        "blackjack, blackjack table, poker, poker chip, poker table, baccarat, craps table, betting, betting "
        "slip, betting shop, bookmaker, bookie, sportsbook, lottery ticket, scratch card, scratchcard, "
        "jackpot, casino chip, croupier, pachinko, bingo hall, lotto, wager, las vegas casino, video poker, "
        "fruit machine"
    ),
    "hate, symbol, nazi, nazism, extremist, extremism, supremacy, supremacist, racist, racism, swastika": (
        "heil, gas chamber, swastika, nazi, nazis, neo nazi, hitler, adolf hitler, third reich, gestapo, "
        "hitler salute, nazi "
        "salute, ss bolts, ss runes, iron cross nazi, ku klux klan, kkk, klansman, klansmen, klan hood, white "
        "hood and robe, white power, white supremacy, white supremacist, burning cross, skinhead, confederate "
        "flag, blackface, isis flag, jihadist, terrorist, sonnenrad, black sun symbol, fascist, lynching, "
        "antisemitic, anti semitic, hakenkreuz, sieg heil, heil hitler, islamic state"
    ),
    "rude, gesture, obscene, middle, finger, insult": (
        "middle finger, flipping off, flips off, flipping the bird, flips the bird, giving the finger, gives "
        "the finger, obscene gesture, rude gesture, v sign backwards, middle fingers"
    ),
    INSULTS: (
        "fuck, fucking, fucked, fucker, motherfucker, shit, bullshit, bitch, bastard, asshole, arsehole, shithead, "
        "dumbass, scumbag, jackass, asswipe, cunt, whore, "
        "slut, nigger, nigga, faggot, retard, wanker, dickhead, twat, kike, spic, chink slur, tranny, moron, "
        "idiot, go to hell, kill yourself, death threat, i will kill you, swear word, swear words, curse "
        "word, profanity, bully, bullying"
    ),
    "personal, information, document, identity, id, passport": (
        "passport, id card, identity card, identification card, driving licence, driving license, drivers "
        "license, driver s license, driver s licence, birth certificate, social security card, social "
        "security number, green card, residence permit, visa stamp, national id, student id, id badge, voter "
        "card"
    ),
    "personal, information, payment, credit, debit, bank, card, financial": (
        "credit card, debit card, bank card, visa card, mastercard, american express card, bank statement, "
        "cheque, bank account number, iban, atm card, payment card"
    ),
    "personal, information, contact, phone, email, address, number": (
        "phone number, telephone number, email address, e mail address, street address, home address, "
        "business card, mailing address, return address"
    ),
    "medical, record, health, patient": (
        "medical record, prescription, x ray, xray, mri, mri scan, ct scan, ultrasound scan, test result, lab "
        "report, hospital wristband, patient file, medical chart, electrocardiogram, sonogram"
    ),
    "screen, screenshot, chat, message": (
        "screenshot, computer screen, laptop screen, phone screen, computer monitor, chat bubble, text "
        "message, whatsapp chat"
    ),
}

# Things with a name of a subject that aren't of it, and look like it: only the pack's own word counts.
LOOKALIKES = (
    "kitchen knife, kitchen knives, butter knife, butter knives, bread knife, table knife, palette knife, "
    "putty knife, chef s knife, nerf gun, water gun, water pistol, squirt gun, toy gun, toy pistol, toy sword, "
    "cap gun, knife and fork, knives and forks, fork and knife, forks and knives, fork and a knife, "
    "knife and a fork, dog carcass toy, beer garden umbrella, sugar skull, two piece of, two pieces of, seed bomb"
)
# Phrases in which a name of a subject has another sense, also if it is the pack's own word.
OTHER_SENSES = (
    "glue gun, nail gun, staple gun, heat gun, spray gun, root beer, ginger beer, ginger ale, butter beer, "
    "blood orange, "
    "blood oranges, blood pressure, blood drive, blood drives, blood donor, blood donors, blood donation, blood test, "
    "blood tests, blood moon, blood bank, bath bomb, bath bombs, bullet train, bullet point, bullet points, "
    "bullet journal, gun show biceps, wine red, wine colored, rum raisin, rum cake, "
    "sword lily, bra strap, photo bomb, gin rummy, joint venture, a joint venture, a joint effort, burger "
    "joint, knee joint, hip joint, pizza joint, knife sharpening, knife skills, drug store, smoking hot, "
    "smoking grill, "
    "smoking chimney, smoking volcano, shooting star, shooting stars, "
    "explosion of flavor, explosion of flavour, explosion "
    "of flavors, explosion of flavours, explosion of taste, explosion of "
    "color, explosion of colour, explosion of colors, "
    "explosion of colours, explosion of fruit, explosion of joy, explosion of freshness, blast of flavor, blast of "
    "flavour, blast of color, blast of fruit, blast of freshness, blast of "
    "energy, blast of fun, flavor explosion, flavour "
    "explosion, taste explosion, fruit explosion, color explosion, colour "
    "explosion, flavor blast, flavour blast, taste "
    "blast, berry blast, fruit blast, citrus blast, cherry blast, orange blast, lemon blast, mint blast, mango blast, "
    "tropical blast, arctic blast, cool blast, ice blast, sour blast, summer blast, color blast, colour blast, have a "
    "blast, having a blast, had a blast, flavor bomb, flavour bomb, cocoa bomb, hot chocolate bomb, chocolate bomb"
)
