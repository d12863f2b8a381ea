"""Ask the vision model a pack's questions about a blank picture: one that is answered yes can't be used."""

from moderation.domain.blank_picture import blank_png
from moderation.domain.findings import unanswerable
from moderation.domain.policy import Pack, Question
from moderation.domain.prompt import question_prompt
from moderation.domain.yes_no import yes_or_no
from moderation.ports import ScoredText, VisionModel


def check_questions(model: VisionModel, pack: Pack, model_input_size: int) -> list[str]:
    """Return a sentence for each question that is answered yes about a blank picture; asks all of them at once.

    Raises the errors of the port.
    """
    prompts = [question_prompt(question.text) for question in pack.asked]
    reply = model.ask(blank_png(model_input_size), prompts, caption=False)
    asked = zip(pack.asked, reply.answers, strict=True)
    p_blank = {question.text: _p_blank(question, answer) for question, answer in asked}
    return unanswerable(pack, p_blank, subtracted=any(answer.p_yes is not None for answer in reply.answers))


def _p_blank(question: Question, answer: ScoredText) -> float | None:
    """Return P(yes) on a blank picture of an answer about one: the endpoint's own, or else the answer itself."""
    if answer.p_blank is not None:
        return answer.p_blank
    if answer.p_yes is not None:
        return answer.p_yes
    return {"yes": 1.0, "no": 0.0}.get(yes_or_no(answer.text, question.text) or "")
