"""Replay: the verdict on a stored record under another pack, decided on the stored evidence without a model.

A replay is exact where the judge would read the same words as it did: then its stored answer is its answer. Where it
would read other numbers (an answer's score or threshold, its categories, an exception, one question or caption less),
the stored answer is held, and the replay says so. Where a category's own words differ, the judge has to be asked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, TypeVar

from moderation.domain.decision import Decision, decide_on, needs_judge
from moderation.domain.evidence import Evidence
from moderation.domain.evidence_lines import described_categories, said_by_answers, speaking_lines
from moderation.domain.findings import Finding, findings, views
from moderation.domain.judgement import Judgement, UnusableJudgement
from moderation.domain.manifest import evidence_from_json
from moderation.domain.pack_diff import changes
from moderation.domain.policy import Pack, uncovered_categories
from moderation.domain.record import Record
from moderation.domain.unusable import needs

# The judge's part in a replay: its stored answer to the same words or to others, an answer given now, or none needed.
JudgeUse = Literal["same", "held", "asked", "none"]
# What an edit or a record needs before its verdict is known: nothing but arithmetic, the judge, or the vision model.
Needs = Literal["nothing", "judge", "vision"]
# Rows of the decision table that match whatever the judge says.
_WITHOUT_JUDGE = ("evidence_missing", "instructions")
# Fields of a pack without effect on a verdict.
_NO_EFFECT = (
    "name",
    "description",
    "cases",
    "questions_per_query",
    "reuse",
    "sticky_decisions",
    "schema_version",
    "unusable_files",
)
_WHOLE_VIEW = "full"
# Attributes of a record that a replay reads, beside its key.
REPLAYED = (
    *("created_at", "escalated_at", "policy", "verdict", "category", "decided_by", "row", "cause", "history"),
    *("answers", "captions", "reading", "looked_at", "evidence_in", "judgement", "shadow", "shortened"),
)

_T = TypeVar("_T")


@dataclass(frozen=True)
class Outcome:
    """A verdict; `for_people` tells if it puts the picture into the queue of people."""

    verdict: str
    category: str | None
    for_people: bool


@dataclass(frozen=True)
class Replayed:
    """The machine's verdict as it is recorded, and the decision under the other pack.

    `judgement` is what the decision rests on; None where the judge isn't needed.
    """

    before: Outcome
    after: Outcome
    decision: Decision
    judge: JudgeUse
    judgement: Judgement | UnusableJudgement | None

    @property
    def is_flip(self) -> bool:
        """Tell if the verdict or its category is another one."""
        return (self.before.verdict, self.before.category) != (self.after.verdict, self.after.category)


@dataclass(frozen=True)
class NotReplayable:
    """The reason why a record has no verdict under the other pack; `needs` says which model could give one.

    `before` is the machine's recorded verdict, None if there is none. `questions` lists the texts that were never
    asked, and `caption` tells that no caption was.
    """

    cause: str
    needs: Needs = "nothing"
    before: Outcome | None = None
    questions: tuple[str, ...] = ()
    caption: bool = False


class EvidenceElsewhere(Exception):
    """The record's evidence is in the file of the work bucket that `evidence_in` names, and has to be loaded first."""


@dataclass(frozen=True)
class Edit:
    """Edit from one pack to another: the parts of it that matter to a replay."""

    before: Pack
    after: Pack

    @cached_property
    def is_none(self) -> bool:
        """Tell if it is the same pack."""
        return self.before.digest == self.after.digest

    @cached_property
    def rewrites_every_prompt(self) -> bool:
        """Tell if words that the judge reads about every image differ: names, rules of categories without questions."""
        always = {*uncovered_categories(self.before), *uncovered_categories(self.after)}
        return self.before.category_names != self.after.category_names or bool(self.reworded & always)

    @cached_property
    def reworded(self) -> frozenset[str]:
        """Categories whose description differs, which the judge may read only where they are in question."""
        said = {category.name: category.description for category in self.before.categories}
        return frozenset(c.name for c in self.after.categories if said.get(c.name, c.description) != c.description)

    @cached_property
    def keeps_numbers(self) -> bool:
        """Tell if all else that the judge may read is the same: questions, thresholds, margin, exceptions, captions."""
        return _numbers(self.before) == _numbers(self.after)

    @cached_property
    def new_questions(self) -> tuple[str, ...]:
        """Texts of the questions that the pack before doesn't ask."""
        asked = {question.text for question in self.before.asked}
        return tuple(question.text for question in self.after.asked if question.text not in asked)

    @property
    def needs(self) -> Needs:
        """The model that this edit may need, on some records at least."""
        if (
            self.new_questions
            or (self.after.caption and not self.before.caption)
            or self.before.views != self.after.views
        ):
            return "vision"
        return "judge" if self.rewrites_every_prompt or self.reworded else "nothing"

    def changes(self) -> Iterator[tuple[str, object, object, Needs | None]]:
        """Every field that differs: path, before, after, and what it needs; None for one that no verdict depends on."""
        for path, old, new in changes(self.before, self.after):
            yield path, old, new, self._needs_of(path, old)

    def reads_alike(self, evidence: Evidence, found: Sequence[Finding], cut: bool) -> JudgeUse | None:
        """Compare the two prompts about the evidence: None if their words differ.

        `found` are its findings under the pack after the edit; `cut` says that a prompt was cut.
        """
        if self.is_none:
            return "same"
        if self.rewrites_every_prompt:
            return None
        if self.reworded and self.reworded & set[str]().union(*self._of_both(described_categories, evidence, found)):
            return None
        if self.keeps_numbers:
            return "same"
        if cut or not self._keeps_rules:
            return "held"
        if self._changes_no_word(evidence, found):
            return "same"
        before, after = self._of_both(speaking_lines, evidence, found)
        if any(text in line for text in self.new_questions for line in after):
            return None
        return "same" if before == after else "held"

    def _changes_no_word(self, evidence: Evidence, found: Sequence[Finding]) -> bool:
        """Tell if the answers to the questions that differ are read alike, and all else that the judge reads is equal.

        Most records are settled so, without reading their captions. False where more has to be compared.
        """
        if self._differing is None:
            return False
        before, after = self._differing
        ids = {question.id for question in after.questions}
        rest = [finding for finding in found if finding.question_id in ids]
        return said_by_answers(before, findings(before, evidence)) == said_by_answers(after, rest)

    @cached_property
    def _differing(self) -> tuple[Pack, Pack] | None:
        """Both packs with the questions alone that differ; None where more differs of what the judge reads."""
        before, after = self.before, self.after
        kept = [question for question in before.questions if question in after.questions]
        if (
            self.new_questions
            or kept != [question for question in after.questions if question in before.questions]
            or _read_about_all(before) != _read_about_all(after)
            or uncovered_categories(before) != uncovered_categories(after)
        ):
            return None
        return (
            replace(before, questions=tuple(question for question in before.questions if question not in kept)),
            replace(after, questions=tuple(question for question in after.questions if question not in kept)),
        )

    def _of_both(
        self, of: Callable[[Pack, Evidence, Sequence[Finding]], _T], evidence: Evidence, found: Sequence[Finding]
    ) -> tuple[_T, _T]:
        before = of(self.before, evidence, findings(self.before, evidence))
        return before, of(self.after, evidence, found)

    @cached_property
    def _keeps_rules(self) -> bool:
        """Tell if the rules that the judge reads about every image are the same, exceptions included."""
        return _rules_for_all(self.before) == _rules_for_all(self.after)

    def _needs_of(self, path: str, old: object) -> Needs | None:
        part, _, field = path.partition(".")
        if part in _NO_EFFECT or (part == "categories" and field.endswith(".notice")):
            return None
        if part == "categories":
            fine = field.endswith((".exceptions", ".action"))
            return "nothing" if fine else "judge"
        if part == "questions":
            new = old is None or field.endswith(".text")
            return "vision" if new else "nothing"
        if part == "views" or (part == "caption" and self.after.caption):
            return "vision"
        return "nothing"


class Replay:
    """Replays records under one pack."""

    def __init__(self, pack: Pack, packs: Mapping[str, Pack]) -> None:
        """`packs` has, by their digests, the packs that the records were judged under (`packs_behind`)."""
        self._pack, self._packs = pack, packs
        self._edits: dict[str, Edit] = {}

    def of(self, record: Record) -> Replayed | NotReplayable:
        """Return the record's verdict under the pack, or why there is none.

        Raises EvidenceElsewhere if its evidence isn't loaded.
        """
        if cause := why_without_evidence(record):
            return NotReplayable(cause)
        if digest_of(record) not in self._packs:
            return NotReplayable("The pack behind its verdict can't be read.")
        behind, evidence = self._packs[digest_of(record)], evidence_of(record)
        before = machine_verdict(record, behind)
        if lacking := self._lacking(record, behind, evidence, before):
            return lacking
        return self.decided(record, evidence, before)

    def edit(self, digest: str) -> Edit:
        """Return the edit that leads from the pack with that digest to this one."""
        if digest not in self._edits:
            self._edits[digest] = Edit(self._packs[digest], self._pack)
        return self._edits[digest]

    def decided(self, record: Record, evidence: Evidence, before: Outcome) -> Replayed | NotReplayable:
        """Decide on evidence that may have more answers than the record stores, with the judgement that it stores."""
        found = findings(self._pack, evidence)
        if not needs_judge(self._pack, evidence):
            return self.result(before, decide_on(self._pack, evidence, found, None), "none", None)
        use, judgement = self._judgement(record, evidence, found)
        if use is None or judgement is None:
            decision = decide_on(self._pack, evidence, found, Judgement("safe", None, ""))
            if decision.row in _WITHOUT_JUDGE:
                return self.result(before, decision, "none", None)
            cause = "it would read other words" if use is None else "the judge wasn't asked at the time"
            return NotReplayable(f"The judge would have to be asked: {cause}.", "judge", before)
        return self.result(before, decide_on(self._pack, evidence, found, judgement), use, judgement)

    def result(
        self, before: Outcome, decision: Decision, use: JudgeUse, judgement: Judgement | UnusableJudgement | None
    ) -> Replayed:
        """Return the replay that ended in a decision under the pack."""
        after = _outcome(decision.verdict, decision.category, decision.row, self._pack)
        return Replayed(before, after, decision, use, judgement)

    def _judgement(
        self, record: Record, evidence: Evidence, found: Sequence[Finding]
    ) -> tuple[JudgeUse | None, Judgement | UnusableJudgement | None]:
        """The stored judgement on the prompt that is most alike; without one, tell if any prompt was alike."""
        cut, held, alike = bool(record.shortened), None, False
        for digest, stored in _judgements(record):
            if digest not in self._packs:
                continue
            use = self.edit(digest).reads_alike(evidence, found, cut)
            alike = alike or use is not None
            judgement = _judgement_from(stored) if stored else None
            if use == "same" and judgement:
                return use, judgement
            if use == "held" and judgement:
                held = held or judgement
        return ("held" if alike else None), held

    def _lacking(self, record: Record, behind: Pack, evidence: Evidence, before: Outcome) -> NotReplayable | None:
        if behind.views != self._pack.views and not self._is_cut_alike(evidence):
            return NotReplayable(
                f"The picture was cut for `views: {behind.views}`, and the other pack cuts it otherwise.",
                before=before,
            )
        if self._pack.is_read and evidence.reading is None:
            return NotReplayable("The text in its picture wasn't read, and the other pack asks for it.", before=before)
        seen = views(evidence)
        asked = {(answer.view, answer.question) for answer in evidence.answers}
        unasked = tuple(
            question.text
            for question in self._pack.asked
            if not all((view, question.text) in asked for view in seen)
            and question.text not in {known.text for known in behind.asked}
        )
        undescribed = self._pack.caption and not behind.caption and {c.view for c in evidence.captions} != set(seen)
        if not unasked and not undescribed:
            return None
        what = "a question was never asked about it" if unasked else "no caption was asked for"
        return NotReplayable(
            f"The vision model would have to be asked: {what}.", "vision", before, unasked, undescribed
        )

    def _is_cut_alike(self, evidence: Evidence) -> bool:
        """Tell if `views: full` makes the views that there are."""
        return self._pack.views == _WHOLE_VIEW and views(evidence) == (_WHOLE_VIEW,)


def evidence_of(record: Record) -> Evidence:
    """Return the evidence as the judge and the decision had it. Raises EvidenceElsewhere if it isn't loaded."""
    if record.answers is None and record.evidence_in:
        raise EvidenceElsewhere(record.evidence_in)
    return evidence_from_json(
        {
            "answers": record.answers or (),
            "captions": record.captions,
            "unseen": (record.looked_at or {}).get("unseen", ()),
            "partly_unread": (record.looked_at or {}).get("unread", ()),
            "reading": record.reading,
        }
    )


def why_without_evidence(record: Record) -> str:
    """Return why a record has nothing to replay, in a sentence; empty if it has."""
    if record.verdict is None:
        return "There is no verdict yet."
    if record.answers or record.evidence_in:
        return ""
    if record.failure:
        return f"Its moderation failed with {record.failure[0]} before the models answered."
    if record.decided_by == "person":
        return "A person decided without the models' answers."
    return "No answers are stored with it."


def digest_of(record: Record) -> str:
    """Return the digest of the pack behind the machine's verdict."""
    return str((record.policy or {}).get("digest", ""))


def packs_behind(record: Record) -> tuple[str, ...]:
    """Return the digests of the packs under which the judge was asked about the image, the enforced one first."""
    return tuple(dict.fromkeys((digest_of(record), *(digest for digest, _ in _judgements(record)))))


def machine_verdict(record: Record, behind: Pack) -> Outcome:
    """Return the verdict that the machine gave under the pack, also where a person overruled it later."""
    if record.decided_by != "person":
        return _outcome(str(record.verdict), record.category, record.row, behind)
    own: Iterator[Mapping[str, Any]] = (made for made in reversed(record.history) if made["decided_by"] != "person")
    said = next(own, {})
    return _outcome(str(said.get("verdict")), said.get("category"), record.row, behind)


def _outcome(verdict: str, category: str | None, row: str | None, pack: Pack) -> Outcome:
    return Outcome(verdict, category, verdict == "review" and not needs(pack.unusable_files, row=row))


def _judgements(record: Record) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    yield digest_of(record), record.judgement
    for shadow in record.shadow.values():
        if shadow.get("digest") and shadow.get("judgement"):
            yield shadow["digest"], shadow["judgement"]


def _judgement_from(stored: Mapping[str, Any]) -> Judgement | UnusableJudgement:
    if "unusable" in stored:
        return UnusableJudgement(stored["unusable"])
    return Judgement(stored["flag"], stored.get("category"), stored.get("reason") or "")


def _read_about_all(pack: Pack) -> tuple[object, ...]:
    """Return what of a pack, beside its questions, decides what the judge reads about an image."""
    return _rules(pack), pack.margin, pack.caption, pack.is_read


def _rules_for_all(pack: Pack) -> list[str]:
    uncovered = uncovered_categories(pack)
    return [category.rule for category in pack.categories if category.name in uncovered]


def _rules(pack: Pack) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(category.name, category.description, category.exceptions) for category in pack.categories]


def _numbers(pack: Pack) -> dict[str, Any]:
    """Return what the judge may read of a pack beside the words of its categories."""
    return {
        "questions": [
            (q.text, q.categories, q.unsafe_answer, q.threshold, q.temperature, q.reads, q.words, q.ask)
            for q in pack.questions
        ],
        "exceptions": [category.exceptions for category in pack.categories],
        "margin": pack.margin,
        "caption": pack.caption,
    }
