"""Statement of reasons for the person concerned.

It cites the written rule, or why a file can't be checked, and nothing that a model wrote, because the judge's prose
isn't the rule.
"""

from datetime import datetime

from moderation.domain.policy import Category, Pack
from moderation.domain.record import Record
from moderation.domain.unusable import REUPLOAD

_OBJECTION = (
    "If you think that this is wrong, answer the service that sent you this notice, name the image and say why. "
    "A person who may overrule this decision will look at it."
)


def notice(record: Record, pack: Pack | None, since: datetime | None) -> str:
    """Return the statement; `pack` is the policy that applied and `since` its first use, each if known."""
    paragraphs = [_subject(record), _decision(record)]
    if record.verdict == "unsafe":
        paragraphs += [_rule(record, pack, since), _basis(record), _decider(record), _OBJECTION]
    return "\n\n".join(paragraphs)


def _subject(record: Record) -> str:
    image = record.image
    reference = f", reference {record.reference}" if record.reference else ""
    return f"Image: {image.key} (version {image.version}{reference})"


def _decision(record: Record) -> str:
    verdict, when = record.verdict, str(record.decided_at)[:10]
    if verdict == "unsafe":
        return f"Decision of {when}: this image breaks our rule on {record.category}."
    if verdict == "safe":
        return f"Decision of {when}: no restriction was applied, so there is nothing to appeal."
    if record.needs == REUPLOAD:
        return (
            f"No decision: the image can't be checked as it is. {record.reason} Upload it again as an ordinary image "
            "file, for example JPEG or PNG; nobody will look at this file. No restriction under a rule was applied."
        )
    return "No decision yet: a person still has to review the image. No restriction under a rule was applied."


def _rule(record: Record, pack: Pack | None, since: datetime | None) -> str:
    category = _category(record, pack)
    if pack is None or category is None:
        return "The rule: its text at the time of the decision isn't known to this system."
    applied = f", first applied on {since:%Y-%m-%d}" if since else ""
    text = f"The rule, as it stood then (policy {pack.name}{applied}):\n  {category.name}: {category.description}"
    return f"{text}\n\n{category.notice}" if category.notice else text


def _category(record: Record, pack: Pack | None) -> Category | None:
    named = [category for category in pack.categories if category.name == record.category] if pack else []
    return named[0] if named else None


def _basis(record: Record) -> str:
    if record.as_of:
        return (
            f"What it rests on: the decision of {record.as_of[:10]} on a file with exactly the same content. "
            "It applies to this file without another look."
        )
    if record.decided_by == "person":
        return "What it rests on: a person looked at the image."
    seen = _questions_against(record)
    if not seen:
        return (
            "What it rests on: a program described the picture in words and compared the description with the rule. "
            "None of its standard questions about the picture was conclusive."
        )
    asked = "\n".join(f"  {question}" for question in seen)
    return (
        "What it rests on: a program looked at the picture and answered fixed questions about it. These answers "
        f"spoke against the image:\n{asked}"
    )


def _questions_against(record: Record) -> list[str]:
    """Return the questions on the category whose answers were over their thresholds."""
    over = [finding for finding in record.evidence or () if finding["over"]]
    return list(dict.fromkeys(finding["question"] for finding in over if record.category in finding["categories"]))


def _decider(record: Record) -> str:
    if record.as_of:
        return "Who decided: a person, about the same content; an automated system applied it to this file."
    if record.decided_by == "person":
        return "Who decided: a person."
    return "Who decided: an automated system, without a person."
