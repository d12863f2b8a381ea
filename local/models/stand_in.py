"""Stand-in for Llama 2: not a language model, but a program that applies the written policy literally.

It reads the real prompt, so its answers depend only on the policy's text and the evidence. It answers as Llama 2
does, with prose around the JSON, so that the parser of the answers is exercised.
"""

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from local.models.chat import Chat, Completion

NAME = "a STAND-IN for Llama 2: no language model, it applies the written policy literally"

# Characters per token of English text, approximately.
CHARACTERS_A_TOKEN = 4

_POLICY = re.compile(r"^### Policy\n(.*?)(?=^### |\Z)", re.MULTILINE | re.DOTALL)
_MEANINGS = re.compile(r"^### Categories in question\n(.*?)(?=^### |\Z)", re.MULTILINE | re.DOTALL)
_CATEGORY = re.compile(r"^\d+\. (?P<name>[^:\n]+)(?:: (?P<description>.*))?$", re.MULTILINE)
_EVIDENCE = re.compile(r"^<evidence>\n(.*?)^</evidence>$", re.MULTILINE | re.DOTALL)
_CAPTION = re.compile(r'^Caption \([^)\n]*\): "(.*)"$', re.MULTILINE)
_ANSWER = re.compile(
    r'^- \[(?P<categories>[^\]\n]*)\] (?P<question>.*) Answer: "(?P<answer>.*)" '
    r"\(P (?P<p>[\d.]+), threshold (?P<threshold>[\d.]+), ",
    re.MULTILINE,
)
_NO_CATEGORY = "no category"
_EXCEPTIONS = " (not meant: "

_TERM_END = re.compile(r"[,;:.()/]|\b(?:and|or)\b", re.IGNORECASE)
_WORD = re.compile(r"[a-z]{3,}")
_INFLECTION = re.compile(r"(?:ity|ings?|ers?|es|ed|s|e)$")
# Words of a description that don't make an image unsafe by themselves.
_FILLER = frozenset(
    _WORD.findall(
        """
        act activities activity acts any complete containing contains depicting depicts drawing drawings
        explicit female for graphic identifiable illustrated image including into item items kind kinds like
        male man men not object objects other others partial parties party people person persons photo
        physical picture product products real self show showing shows situation situations someone such
        text that the their thing things use used using visible with without woman women word words
        """
    )
)


@dataclass(frozen=True)
class _Category:
    """Category with the terms of its description; `asked` if a question is evidence for it."""

    name: str
    description: str
    asked: bool

    def is_mentioned(self, text: str) -> bool:
        """Return True if the text has all the significant words of the name, or of one item of the description."""
        description, _, exceptions = self.description.partition(_EXCEPTIONS)
        said = _stems(text)
        for exception in map(_stems, _TERM_END.split(exceptions)):
            said -= exception if exception <= said else frozenset()
        return any(term and term <= said for term in map(_stems, [self.name, *_TERM_END.split(description)]))


@dataclass(frozen=True)
class _Finding:
    """Reason to call the image unsafe."""

    category: str
    because: str


class StandIn:
    """Judge without a model, labelled as a stand-in in all output for people."""

    name = NAME
    stand_in = True
    one_at_a_time = False

    def complete(self, chat: Chat) -> Completion:
        """Judge the evidence in the chat; without a policy and evidence, decline politely."""
        prompt = "\n\n".join(message.content for message in chat.messages if message.role != "assistant")
        text = _answer(prompt, json_only=chat.schema is not None)
        limit = chat.max_new_tokens * CHARACTERS_A_TOKEN
        tokens = -(-min(len(text), limit) // CHARACTERS_A_TOKEN)
        return Completion(text[:limit], tokens, cut=len(text) > limit)


def _answer(prompt: str, json_only: bool) -> str:
    policy, evidence = _POLICY.search(prompt), _EVIDENCE.search(prompt)
    if policy is None or evidence is None:
        return "I apologize, but I don't see a policy and evidence in your message that I could apply."
    finding = next(_findings(_categories(prompt, policy[1]), evidence[1]), None)
    verdict = _verdict(finding)
    return verdict if json_only else _in_prose(verdict, finding, evidence[1])


def _categories(prompt: str, policy: str) -> list[_Category]:
    """Return the categories; the policy itself describes only those that no question is evidence for."""
    meanings = _MEANINGS.search(prompt)
    described = {match["name"]: match["description"] for match in _CATEGORY.finditer(meanings[1] if meanings else "")}
    return [
        _Category(
            match["name"], match["description"] or described.get(match["name"], ""), asked=not match["description"]
        )
        for match in _CATEGORY.finditer(policy)
    ]


def _findings(categories: list[_Category], evidence: str) -> Iterator[_Finding]:
    """Return the reasons to call the image unsafe, the highest score first: answers, then captions."""
    answers = [match for match in _ANSWER.finditer(evidence) if _excess(match) >= 0]
    for answer in sorted(answers, key=_excess, reverse=True):
        because = f'the question "{answer["question"]}" is answered with P {answer["p"]}'
        for name in _spoken_for(answer, categories):
            yield _Finding(name, because)
    doubted = {name for match in _ANSWER.finditer(evidence) for name in match["categories"].split(" | ")}
    for caption in _CAPTION.findall(evidence):
        for category in categories:
            # an answer that isn't told in full is a clear no, which outweighs a word in a caption
            if (category.name in doubted or not category.asked) and category.is_mentioned(caption):
                yield _Finding(category.name, f"the caption mentions {category.name}")


def _excess(answer: re.Match[str]) -> float:
    return float(answer["p"]) - float(answer["threshold"])


def _spoken_for(answer: re.Match[str], categories: list[_Category]) -> list[str]:
    if answer["categories"] != _NO_CATEGORY:
        return answer["categories"].split(" | ")
    return [category.name for category in categories if category.is_mentioned(answer["question"])]


def _verdict(finding: _Finding | None) -> str:
    if finding is None:
        reason = "Nothing in the evidence speaks against any category of the policy."
        return json.dumps({"flag": "safe", "category": "none", "reason": reason})
    reason = f"The image is unsafe because {finding.because}."
    return json.dumps({"flag": "unsafe", "category": finding.category, "reason": reason})


def _in_prose(verdict: str, finding: _Finding | None, evidence: str) -> str:
    """Wrap the JSON in prose as Llama 2 chat does, in one of several ways that the evidence determines."""
    aside = "does not violate the policy" if finding is None else f"falls under {finding.category}"
    styles = (
        f"Based on the evidence provided, the image {aside}. Here is my assessment:\n\n{verdict}",
        f"Sure! Here is the JSON object:\n```json\n{verdict}\n```\nPlease let me know if you need anything else!",
        f"  {verdict}\n\nExplanation: according to the evidence, the image {aside}, since",
    )
    return styles[zlib.crc32(evidence.encode()) % len(styles)]


def _stems(text: str) -> frozenset[str]:
    words = (word for word in _WORD.findall(text.lower()) if word not in _FILLER)
    return frozenset(_INFLECTION.sub("", word) if len(word) > 3 else word for word in words)
