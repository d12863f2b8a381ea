"""Number of tokens that the judge reads and writes for one image: our prompt compared with the sample's."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.policy import Pack, parse_pack
from moderation.domain.prompt import judge_prompt
from scripts.bench.llama_tokens import llama_tokens

PACKS = Path(__file__).parents[2] / "lambdas/moderation/packs"
CAPTION = "a man is standing on the beach with a surfboard"

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


def judge_tokens() -> dict[str, JudgeTokens]:
    """Count Llama 2's tokens of our judge prompt and of the sample's, on the sample's surfer picture."""
    blog, default = (_pack(name) for name in ("blog", "default"))
    texts = {
        "sample, `blog`": (_sample_prompt(blog), SAMPLE_ANSWER),
        "ours, `blog`": (_our_prompt(blog), OUR_ANSWER),
        "ours, `default`": (_our_prompt(default), OUR_ANSWER),
    }
    return {name: JudgeTokens(*llama_tokens(pair)) for name, pair in texts.items()}


def _pack(name: str) -> Pack:
    return parse_pack(yaml.safe_load((PACKS / f"{name}.yaml").read_text()))


def _answers(pack: Pack) -> list[tuple[str, str]]:
    """Return the questions with the recorded answers: the surfer is topless."""
    return [(question.text, "yes" if question.id == "topless" else "no") for question in pack.questions]


def _our_prompt(pack: Pack) -> str:
    answers = tuple(Answer("full", text, said, float(said == "yes"), 0.0) for text, said in _answers(pack))
    return judge_prompt(pack, Evidence(answers, (Caption("full", CAPTION),))).text


def _sample_prompt(pack: Pack) -> str:
    policy = "".join(f"{n}. {c.name}: it contains {c.description}.\n" for n, c in enumerate(pack.categories, 1))
    said = [*_answers(pack), ("What does this photo contain?", CAPTION)]
    return SAMPLE_FRAME.format(
        policy=f"\n{policy}",
        evidence="".join(f"\nQuestion: {question}\nAnswer: {answer}.\n" for question, answer in said),
    )
