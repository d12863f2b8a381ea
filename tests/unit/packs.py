"""Small packs for tests of what handles packs; the shipped ones have tests of their own."""

from moderation.domain.policy import Category, Pack, Question

WEAPON = Question("weapon", "Does this photo contain weapon?", ("Violence",))
SMOKER = Question("smoker", "Does this photo contain a smoker?", ("Tobacco",))
PACK = Pack(
    name="small",
    description="Two rules.",
    categories=(Category("Violence", "Weapons, fights."), Category("Tobacco", "Smoking.")),
    questions=(WEAPON, SMOKER),
)
