"""Words of other languages for the subjects of `subjects.py`, in plain letters: a sign that was read off the picture.

Only words that English doesn't have; the keys are those by which a policy names the subject.
"""

from moderation.domain.subjects import INSULTS

FOREIGN_SUBJECTS: dict[str, str] = {
    "weapon, weaponry, gun, firearm": (
        "waffe, waffen, pistole, pistolen, gewehr, gewehre, pistolet, fusil, pistola, arma, revolver, escopeta, "
        "wapen, vapen, pistool, geweer, bron palna, silah, tabanca, senjata, fucile, espingarda, zbran, zbrane"
    ),
    "weapon, weaponry, knife, blade": (
        "messer, schwert, couteau, cuchillo, coltello, kniv, bicak, pisau, epee, espada, faca, dolch, noz kuchenny"
    ),
    "blood, bloody, bleeding, gore, violence, injury": "blut, blutig, sangre, sangue, blod, krwi, krvi, darah, bloed",
    "corpse, dead, body, death": "leiche, cadavere, cadavre, cadaver, lijk, mayat, zwloki, mrtvola",
    "nudity, nude, naked, nakedness, explicit": (
        "nackt, nackte, nackter, nackten, desnudo, desnuda, desnudos, nudo, nuda, femme nue, homme nu, naakt, "
        "naken, ciplak, telanjang, naga kobieta, nagi mezczyzna, pelado, nua"
    ),
    "drug, narcotic, substance, cocaine": (
        "droge, drogen, droga, drogas, drogue, drogues, kokain, cocaina, kokaina, narkotika"
    ),
    "tobacco, smoking, cigarette, cigar, smoke": (
        "zigarette, zigaretten, zigarre, sigaretta, sigarette, cigarrillo, cigarro, sigaret, papieros, cigarett, "
        "sigara, rokok, tabak, tabac, tabacco, tabaco, zigarren"
    ),
    "alcohol, alcoholic, beverage, drink, beer, wine, liquor": (
        "vino, vin rouge, vin blanc, biere, cerveza, birra, bier, wein, rotwein, schnaps, piwo, pivo, wodka, "
        "vinho, cerveja, wijn"
    ),
    "hate, symbol, nazi, swastika": "hakenkreuz, croix gammee, esvastica, svastica, hakenkruis",
    INSULTS: (
        "tote dich, tote euch, bring dich um, bringe dich um, bringe euch, stirb, tod den, tod allen, tod dem, "
        "verrecke, "
        "verpiss dich, halt die fresse, halt s maul, halts maul, fick dich, leck mich, je te tue, te tuer, vous tuer, "
        "mort "
        "aux, creve, ta gueule, va te faire, nique ta, te mato, te voy a matar, matarte, te matare, muerte a, muerete, "
        "callate, chinga, ti uccido, ti ammazzo, morte a, morte ai, crepa, muori, vou te matar, morte aos, "
        "cala a boca, "
        "vermoord je, vermoord jullie, maak je af, maak je dood, dood aan, sterf, rot op, hou je bek, zabije cie, "
        "zabije "
        "was, smierc, wypierdalaj, spierdalaj, zabiju te, smrt, doda dig, hall kaften, oldururum, oldurecegim, "
        "siktir git"
    ),
}
