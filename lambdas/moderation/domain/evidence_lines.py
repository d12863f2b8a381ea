"""Lines of the judge's prompt that an image's evidence makes, and the selection of those that fit the context."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from moderation.domain.captions import supported_categories
from moderation.domain.evidence import Evidence
from moderation.domain.findings import Finding, findings
from moderation.domain.injection import neutralise
from moderation.domain.policy import Pack, Question, uncovered_categories
from moderation.domain.tokens import most_tokens, tokens

CAPTION_CHARACTERS = 300
ANSWER_CHARACTERS = 60
TEXT_CHARACTERS = 600

_NO_LIMIT = 10**9
_MOST_NAMED = 3  # of the views with the same text
_KINDS = ("descriptions", "captions", "texts", "answers")
_CLEAR = (6.0,)  # rank of the line of clear noes


@dataclass(frozen=True)
class Line:
    """A line of the prompt with its most tokens.

    `rank` orders what is kept, lowest first. `supports` tells that it supports a category, `cut` that its text was
    shortened, `lost` that the text so shortened supports a category.
    """

    text: str
    kind: str
    tokens: int
    rank: tuple[float, ...]
    count: int = 1
    supports: bool = False
    cut: bool = False
    lost: bool = False


def evidence_lines(pack: Pack, evidence: Evidence) -> list[Line]:
    """Return the captions, the text, the answers that are no clear noes in full, and the others in one line."""
    return [*_captions(pack, evidence), *_texts(pack, evidence), *_answers(pack, findings(pack, evidence))]


def description_lines(pack: Pack, evidence: Evidence) -> list[Line]:
    """Return the descriptions of the categories that an answer or a caption supports.

    Categories without a question aren't among them: they are described for every image.
    """
    return [
        Line(line, "descriptions", tokens(line) + 1, (1,), supports=True)
        for line in _descriptions(pack, described_categories(pack, evidence, findings(pack, evidence)))
    ]


def speaking_lines(pack: Pack, evidence: Evidence, found: Sequence[Finding]) -> list[str]:
    """Return the texts of the lines in which the judge reads something of the image: all but the names of clear noes.

    `found` are the findings of the evidence under the pack.
    """
    described = _descriptions(pack, described_categories(pack, evidence, found))
    captions = [f'{_frame(names)}"{_shown(text)}"' for text, names in _views_by_caption(pack, evidence).items()]
    texts = [line.text for line in _texts(pack, evidence)]
    return [*described, *captions, *texts, *_answer_texts(pack, found)]


def said_by_answers(pack: Pack, found: Sequence[Finding]) -> tuple[list[str], set[str]]:
    """Return what findings alone add to the prompt: the texts of their lines, and the categories that they are near."""
    return _answer_texts(pack, found), _near_categories(pack, found)


def fitting(lines: Sequence[Line], room: int) -> list[Line]:
    """Return the lines that fit into `room` tokens: the lowest ranks first, in their own order."""
    kept = set()
    for number in sorted(range(len(lines)), key=lambda number: lines[number].rank):
        if lines[number].tokens <= room:
            kept.add(number)
            room -= lines[number].tokens
    return [line for number, line in enumerate(lines) if number in kept]


def shortened(lines: Sequence[Line], kept: Sequence[Line]) -> tuple[str, ...]:
    """Describe in words what was left out or cut."""
    notes = []
    for kind in _KINDS:
        every, left = (sum(line.count for line in some if line.kind == kind) for some in (lines, kept))
        if left < every:
            notes.append(f"{every - left} of {every} {kind} left out")
    for kind, limit in (("captions", CAPTION_CHARACTERS), ("answers", ANSWER_CHARACTERS), ("texts", TEXT_CHARACTERS)):
        if any(line.cut for line in kept if line.kind == kind):
            notes.append(f"{kind} cut to {limit} characters")
    return tuple(notes)


def left_out(lines: Sequence[Line], kept: Sequence[Line]) -> tuple[str, ...]:
    """Describe in words what supports a category and was left out or cut."""
    notes = []
    for kind in _KINDS:
        every, left = (sum(line.supports for line in some if line.kind == kind) for some in (lines, kept))
        if left < every:
            notes.append(f"{every - left} of {every} {kind} that speak for a category")
        if cut := sum(line.lost for line in kept if line.kind == kind):
            notes.append(f"the end of {cut} {kind} that speak for a category")
    return tuple(notes)


def _captions(pack: Pack, evidence: Evidence) -> list[Line]:
    """Return a line for each text; views with the same caption share one."""
    views = _views_by_caption(pack, evidence)
    apart = [supported_categories(pack, [text]) for text in views]
    together = set(supported_categories(pack, [" ".join(views)])).difference(*apart)
    lines = []
    for number, (text, names) in enumerate(views.items()):
        supports, cut = bool(apart[number] or together), len(text) > CAPTION_CHARACTERS
        frame, shown = _frame(names), _shown(text)
        lines.append(
            Line(
                f'{frame}"{shown}"',
                "captions",
                tokens(frame) + most_tokens(shown) + 3,
                (2, number) if supports else (3 if number == 0 else 5, number),
                count=len(names),
                supports=supports,
                cut=cut,
                lost=cut and supports,
            )
        )
    return lines


def _texts(pack: Pack, evidence: Evidence) -> list[Line]:
    """Return a line for each text, which is data as a caption is; views with the same text share one."""
    views: dict[str, list[str]] = {}
    for view, text in _text_by_view(pack, evidence).items():
        views.setdefault(text, []).append(view)
    lines: list[Line] = []
    for text, names in views.items():
        supports, cut = bool(supported_categories(pack, [text])), len(text) > TEXT_CHARACTERS
        frame, shown = f"Text in the picture ({_named(names)}): ", text[:TEXT_CHARACTERS].rstrip()
        size = tokens(frame) + most_tokens(shown) + 3
        rank = (2 if supports else 5, len(lines))
        lines.append(Line(f'{frame}"{shown}"', "texts", size, rank, supports=supports, cut=cut, lost=cut and supports))
    return lines


def _text_by_view(pack: Pack, evidence: Evidence) -> dict[str, str]:
    read = evidence.reading if pack.is_read else None
    views = read.by_view if read else {}
    return {view: neutralise(" / ".join(texts), _NO_LIMIT) for view, texts in views.items()}


def _named(views: Sequence[str]) -> str:
    more = len(views) - _MOST_NAMED
    return ", ".join(views[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _views_by_caption(pack: Pack, evidence: Evidence) -> dict[str, list[str]]:
    views: dict[str, list[str]] = {}
    for caption in evidence.captions if pack.caption else ():
        views.setdefault(neutralise(caption.text, _NO_LIMIT), []).append(caption.view)
    return views


def _frame(views: Sequence[str]) -> str:
    return f"Caption ({', '.join(views)}): "


def _shown(caption: str) -> str:
    return caption[:CAPTION_CHARACTERS].rstrip()


def _descriptions(pack: Pack, names: Collection[str]) -> list[str]:
    return [
        f"{number}. {category.rule}" for number, category in enumerate(pack.categories, 1) if category.name in names
    ]


def _answers(pack: Pack, found: Sequence[Finding]) -> list[Line]:
    lines, clear = [], []
    for question, told in _told(pack, found):
        lines += [_answer(pack, finding) for finding in told]
        if not told:
            clear.append(question.id)
    if clear:
        text = f"- All clear, far under threshold: {', '.join(clear)}"
        lines.append(Line(text, "answers", tokens(text) + 1, _CLEAR, count=len(clear)))
    return lines


def _answer_texts(pack: Pack, found: Sequence[Finding]) -> list[str]:
    return ["".join(_parts(finding)) for _, told in _told(pack, found) for finding in told]


def _told(pack: Pack, found: Sequence[Finding]) -> Iterator[tuple[Question, list[Finding]]]:
    """Yield each question with its strongest answer unless that is a clear no, and those that support a category."""
    talking = {answer for answer in {finding.answer for finding in found} if supported_categories(pack, [answer])}
    asked: dict[str, list[Finding]] = {}
    for finding in found:
        asked.setdefault(finding.question_id, []).append(finding)
    for question in pack.questions:
        answers = asked.get(question.id, [])
        strongest = max(answers, key=lambda finding: finding.score or 0.0, default=None)
        yield (
            question,
            [
                finding
                for finding in answers
                if (finding is strongest and (finding.near or not finding.clear_no)) or finding.answer in talking
            ],
        )


def _answer(pack: Pack, finding: Finding) -> Line:
    before, answer, after = _parts(finding)
    cut = len(neutralise(finding.answer, _NO_LIMIT)) > ANSWER_CHARACTERS
    talks = bool(supported_categories(pack, [finding.answer]))
    return Line(
        before + answer + after,
        "answers",
        tokens(before) + most_tokens(answer) + tokens(after) + 1,
        (0, finding.threshold - (finding.score or 0.0)) if finding.near else (2 if talks else 4,),
        supports=finding.near or talks,
        cut=cut,
        lost=cut and talks,
    )


def _parts(finding: Finding) -> tuple[str, str, str]:
    """Return the line about an answer: what stands before the answer, the answer in its quotes, what stands after."""
    categories = " | ".join(finding.categories) or "no category"
    answer = neutralise(finding.answer, _NO_LIMIT) or "none"
    p = "unknown" if finding.score is None else f"{finding.score:.2f}"
    place = "over" if finding.over else "under"
    return (
        f"- [{categories}] {finding.question} Answer: ",
        f'"{answer[:ANSWER_CHARACTERS].rstrip()}"',
        f" (P {p}, threshold {finding.threshold:.2f}, {place}, view {finding.view})",
    )


def described_categories(pack: Pack, evidence: Evidence, found: Sequence[Finding]) -> set[str]:
    """Return the names of the categories with a question that an answer, its words or a caption supports.

    An answer supports them near its threshold; to a question without categories, those that the question names.
    """
    captions = [caption.text for caption in evidence.captions] if pack.caption else []
    read = _text_by_view(pack, evidence).values()
    texts = [*captions, " ".join(captions), *read, *(finding.answer for finding in found)]
    names = _near_categories(pack, found)
    return names.union(supported_categories(pack, texts)).difference(uncovered_categories(pack))


def _near_categories(pack: Pack, found: Sequence[Finding]) -> set[str]:
    names: set[str] = set()
    for finding in found:
        if finding.near:
            names.update(finding.categories or supported_categories(pack, [finding.question]))
    return names
