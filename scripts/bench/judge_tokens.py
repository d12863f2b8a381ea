"""Number of tokens that the judge reads and writes for one image: our prompt compared with the sample's."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.policy import Pack, parse_pack
from moderation.domain.prompt import judge_prompt

BLOG_PACK = Path(__file__).parents[2] / "lambdas/moderation/packs/blog.yaml"

# The sample's own judge prompt around policy and evidence (content_moderation.ipynb, MIT-0), and its recorded answer.
SAMPLE_FRAME = (
    "\nThe following is our company's content moderation policy, based on the moderation policy, we gather image "
    "information from the user uploaded image. Please answer the question with json format. \n        \n"
    "###### moderation policy ######\n{policy}\n        \n###### Image information ######\n{evidence}\n        \n"
    "###### Question ######\nBased on the following Moderation policy and QA, tell me if the photo containes unsafe "
    "content, also give its category and reason if it's unsafe. Please anwser the question with the following format "
    'and only put explanation into the reason field:  \n\n{{\n    "flag": "xxx",\n    "category": "xxx",\n'
    '    "reason": "the reason is ..."\n}}\n'
)
SAMPLE_ANSWER = (
    ' Based on the information provided, here is the answer to your question:\n\n{\n    "flag": "yes",\n'
    '    "category": "Suggestive",\n    "reason": "The photo contains a topless person, which falls under the category '
    'of Suggestive content."\n}\n\nExplanation: The photo contains a person who is not fully clothed, which is '
    "considered Suggestive content according to the moderation policy."
)
OUR_ANSWER = (
    '{"flag": "unsafe", "category": "Suggestive", "reason": "The photo contains a topless person, which falls under '
    'the category of Suggestive content."}'
)


@dataclass(frozen=True)
class JudgeTokens:
    """Number of tokens of one judgement."""

    prompt: int
    answer: int


def judge_tokens(count: Callable[[str], int]) -> dict[str, JudgeTokens]:
    """Count tokens of our judge prompt for the `blog` pack and of the sample's, on the sample's surfer picture."""
    pack = parse_pack(yaml.safe_load(BLOG_PACK.read_text()))
    caption = "a man is standing on the beach with a surfboard"
    answers = [(question.text, "yes" if "topless" in question.text else "no") for question in pack.questions]
    evidence = Evidence(
        tuple(Answer("full", text, said, float(said == "yes"), 0.0) for text, said in answers),
        (Caption("full", caption),),
    )
    return {
        "sample": JudgeTokens(count(_sample_prompt(pack, answers, caption)), count(SAMPLE_ANSWER)),
        "ours": JudgeTokens(count(judge_prompt(pack, evidence).text), count(OUR_ANSWER)),
    }


def _sample_prompt(pack: Pack, answers: list[tuple[str, str]], caption: str) -> str:
    policy = "".join(f"{n}. {c.name}: it contains {c.description}.\n" for n, c in enumerate(pack.categories, 1))
    said = [*answers, ("What does this photo contain?", caption)]
    return SAMPLE_FRAME.format(
        policy=f"\n{policy}",
        evidence="".join(f"\nQuestion: {question}\nAnswer: {answer}.\n" for question, answer in said),
    )
