"""Statement of reasons as a text in English, for the person concerned."""

from moderation.domain.statement import Ground, Rule, Statement

_INCONCLUSIVE = (
    "The system compared what it saw in the picture, and what it read there, with the rule. None of its standard "
    "questions about the picture was conclusive."
)
_ANSWERED = "The system answered fixed questions about the picture. These answers spoke against the image:"


def notice(statement: Statement) -> str:
    """Return the statement as paragraphs."""
    paragraphs = [_subject(statement), _decision(statement)]
    if statement.ground and statement.restriction:
        ends = f" It ends on {statement.restriction.ends}." if statement.restriction.ends else ""
        texts = statement.texts["en"]
        paragraphs += [f"{texts.restriction}{ends}", _rule(statement.ground, texts.notice)]
        paragraphs += [*_reference(statement.ground), _basis(statement), str(texts.inside)]
        paragraphs += [texts.outside] if texts.outside else []
    return "\n\n".join(paragraphs)


def _subject(statement: Statement) -> str:
    reference = f", reference {statement.reference}" if statement.reference else ""
    return f"Image: {statement.key} (version {statement.version}{reference})"


def _decision(statement: Statement) -> str:
    when = str(statement.decided_at)[:10]
    if statement.ground:
        rules = " and on ".join(rule.category for rule in statement.ground.rules)
        return f"Decision of {when}: this image breaks our rule on {rules}."
    if statement.verdict == "safe":
        return f"Decision of {when}: no restriction was applied, so there is nothing to appeal."
    if statement.unusable:
        return (
            f"No decision: the image can't be checked as it is. {statement.unusable} Upload it again as an ordinary "
            "image file, for example JPEG or PNG; nobody will look at this file. No restriction under a rule was "
            "applied."
        )
    return "No decision yet: a person still has to review the image. No restriction under a rule was applied."


def _rule(ground: Ground, said: str | None) -> str:
    known = [rule for rule in ground.rules if rule.text]
    if not known:
        return "The rule: its text at the time of the decision isn't known to this system."
    applied = f", first applied on {ground.first_applied[:10]}" if ground.first_applied else ""
    text = f"The rule, as it stood then (policy {ground.policy}{applied}):\n{_listed(known)}"
    return f"{text}\n\n{said}" if said else text


def _listed(rules: list[Rule]) -> str:
    return "\n".join(f"  {rule.category}: {rule.text}" for rule in rules)


def _reference(ground: Ground) -> list[str]:
    cited = " ".join(filter(None, (ground.reference, ground.url)))
    if not cited:
        return []
    return [f"This is illegal under: {cited}" if ground.kind == "illegal" else f"Our terms: {cited}"]


def _basis(statement: Statement) -> str:
    texts, automated = statement.texts["en"], statement.automated
    of = f" That decision is of {statement.as_of[:10]}." if statement.as_of else ""
    said = f"{texts.source} {texts.means}{of}"
    if statement.questions:
        asked = "\n".join(f"  {question}" for question in statement.questions)
        return f"{said}\n{_ANSWERED}\n{asked}"
    return f"{said}\n{_INCONCLUSIVE}" if automated and automated.basis == "machine" else said
