"""Policy packs, and the routes that select them by object key.

`parse_pack` and `parse_routes` take the plain data of a YAML file and either return a valid object or raise
`InvalidPolicy` with all faults at once, each with its path and a remedy.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from moderation.domain.category_words import Vocabulary, phrases_of, terms_of
from moderation.domain.judgement import Judgement
from moderation.domain.negations import negated_parts
from moderation.domain.reading.detectors import DETECTORS
from moderation.domain.statement_terms import (
    Report,
    StatementTerms,
    missing_texts,
    parse_notices,
    parse_report,
    parse_terms,
    report_content,
    terms_content,
)
from moderation.domain.validation import Faults, Fields, as_answer
from moderation.errors import InvalidPolicy

SCHEMA_VERSION = 1
VIEWS = ("full", "auto", "tiles")
JUDGE_MODES = ("always", "when_flagged")
ANSWERS = ("yes", "no")
FLAGS = ("safe", "unsafe")
VERDICTS = ("safe", "unsafe", "review")
UNUSABLE_FILES = ("reupload", "person")
ACTIONS = ("unsafe", "review")
SEVERITY = 4
REVIEW_WITHIN = "48h"
MAX_CATEGORIES = 64
MAX_EXCEPTIONS = 20
MAX_QUESTIONS = 64
MAX_CASES = 200
MAX_WORDS = 500
MAX_CASE_LINES = 20
MAX_SHADOWS = 5

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_NAME_RULE = "use lower-case letters, digits, '-' and '_', at most 63"
# Category names appear inside JSON in the prompt, so they may not contain characters with a meaning in JSON.
_LABEL = re.compile(r"[^:|\"\\{}\[\]<>\x00-\x1f]+")
_LABEL_RULE = "leave out colons, bars, quotes, brackets, backslashes and line breaks"
_LINE = re.compile(r"[^\x00-\x1f]+")
_LINE_RULE = "write it on one line"
_EXCEPTION = re.compile(r"(?=.*\S)[^()\x00-\x1f]{1,100}")
_EXCEPTION_RULE = "write one line of at most 100 characters, without brackets"
_WORDS = re.compile(r"(?=.*\w)[^\x00-\x1f]{2,60}")
_WORDS_RULE = "write one word or phrase of 2 to 60 characters"
_QUESTION = re.compile(r"[^\x00-\x1f]*[^?\x00-\x1f]\?")
_QUESTION_RULE = "write one line that ends with a single '?'"
_ABOVE_ZERO = 1e-9
_ROUTE_FIELDS = ("enforce", "canary", "shadow")
_DURATION = re.compile(r"[1-9][0-9]{0,3}[mh]")
_DURATION_RULE = "write minutes or hours, such as 90m or 48h"
_MINUTES = {"m": 1, "h": 60}
_CASE_FIELDS = ("name", "caption", "text", "answers", "judge", "expect")


@dataclass(frozen=True)
class Category:
    """Something that the policy forbids.

    `notice` is the text that a user is shown, `exceptions` lists what resembles the category and isn't meant. `action`
    is the verdict on an image of the category: `unsafe`, or `review` where a person must decide. `notices` has the
    notice in other languages, `report` what the DSA Transparency Database is told. People see the reviews of the
    highest `severity` (0 to 9) first, and decide within `review_within` (such as "90m" or "48h") of the upload.
    """

    name: str
    description: str
    notice: str = ""
    exceptions: tuple[str, ...] = ()
    action: str = "unsafe"
    notices: tuple[tuple[str, str], ...] = ()
    report: Report | None = None
    severity: int = SEVERITY
    review_within: str = REVIEW_WITHIN

    @property
    def review_minutes(self) -> int:
        """Minutes from the upload within which a person decides."""
        return int(self.review_within[:-1]) * _MINUTES[self.review_within[-1]]

    @property
    def rule(self) -> str:
        """The category as the judge reads it: name, description, exceptions."""
        exceptions = f" (not meant: {'; '.join(self.exceptions)})" if self.exceptions else ""
        return f"{self.name}: {self.description}{exceptions}"


@dataclass(frozen=True)
class Question:
    """A yes/no question that the vision model is asked, unless `ask` is false, and that the text in the image answers.

    `threshold` in (0, 1) is the lowest score of an answer that counts; `temperature` > 0 divides the log-odds. A
    question without categories only informs the judge. The text answers yes where one of the detectors in `reads`
    finds something, or one of `words` is in it.
    """

    id: str
    text: str
    categories: tuple[str, ...] = ()
    unsafe_answer: str = "yes"
    threshold: float = 0.5
    temperature: float = 1.0
    reads: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    ask: bool = True

    @property
    def is_read(self) -> bool:
        """Tell if the text in the image answers it."""
        return bool(self.reads or self.words)


@dataclass(frozen=True)
class Case:
    """Test case of a pack: evidence, the judge's verdict on it, and the expected verdict.

    `answers` are (question id, "yes" | "no" | P(yes) | None for a missing answer); other questions
    get harmless answers. `text` are the lines that were read. Without `judge` the judge follows the answers alone.
    """

    name: str
    verdict: str
    category: str | None = None
    caption: str = ""
    answers: tuple[tuple[str, str | float | None], ...] = ()
    judge: Judgement | None = None
    text: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pack:
    """One policy: categories, the questions that look for them, and how they are judged.

    `unusable_files` says who deals with files that can't be moderated: the uploader, or a person. With
    `sticky_decisions` a person's decision holds for the same bytes uploaded later. `statement` is what statements of
    reasons say about the service. `written` is the
    canonical JSON of the fields as written, without defaults; empty for a pack constructed in code, including by
    `dataclasses.replace`.
    """

    name: str
    description: str
    categories: tuple[Category, ...]
    questions: tuple[Question, ...]
    caption: bool = True
    views: str = "full"
    questions_per_query: int | None = None
    judge: str = "always"
    margin: float = 0.05
    reuse: bool = True
    unusable_files: str = "reupload"
    sticky_decisions: bool = True
    statement: StatementTerms | None = None
    cases: tuple[Case, ...] = ()
    schema_version: int = SCHEMA_VERSION
    written: str = dataclasses.field(default="", init=False, compare=False, repr=False)

    @cached_property
    def category_names(self) -> tuple[str, ...]:
        """Names of the categories, in the pack's order."""
        return tuple(category.name for category in self.categories)

    @property
    def asked(self) -> tuple[Question, ...]:
        """The questions that the vision model is asked."""
        return tuple(question for question in self.questions if question.ask)

    @property
    def is_read(self) -> bool:
        """Tell if the text in an image is read under this pack."""
        return any(question.is_read for question in self.questions)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Words by which the categories are looked for in captions."""
        return Vocabulary(
            tuple((c.name, terms_of(c.name, c.description), phrases_of(c.exceptions)) for c in self.categories)
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of the fields as written, 64 hex digits.

        A comment, the order of fields or an optional field that a later version adds doesn't change it.
        """
        return hashlib.sha256(_canonical(pack_data(self)).encode()).hexdigest()

    @property
    def rules_digest(self) -> str:
        """SHA-256 of what the categories say, 64 hex digits; questions, thresholds and notices don't change it."""
        rules = sorted((category.name, category.description, *category.exceptions) for category in self.categories)
        return hashlib.sha256(_canonical([list(rule) for rule in rules]).encode()).hexdigest()


@dataclass(frozen=True)
class CanaryPack:
    """Pack that decides for a share, above 0 and below 1, of a route's keys.

    A key stays in while the share grows, so that no image changes sides.
    """

    pack: str
    share: float

    def takes(self, key: str) -> bool:
        """Tell if the key is in the share: its SHA-256 as a fraction of all is below it."""
        return int.from_bytes(hashlib.sha256(key.encode(errors="surrogatepass")).digest()[:8]) < self.share * 2**64


@dataclass(frozen=True)
class Route:
    """The pack that decides for keys under a prefix, and its shadow packs.

    `canary` is a pack that decides instead for a share of the keys. `shadow_fault` says why stored shadow packs can't
    be read; there are none then.
    """

    prefix: str
    enforce: str
    shadow: tuple[str, ...] = ()
    shadow_fault: str = ""
    canary: CanaryPack | None = None

    def decider(self, key: str) -> str:
        """Name the pack that decides for a key."""
        return self.canary.pack if self.canary and self.canary.takes(key) else self.enforce

    @property
    def deciders(self) -> tuple[str, ...]:
        """Names of the packs that decide, the enforced one first."""
        return (self.enforce, self.canary.pack) if self.canary else (self.enforce,)


@dataclass(frozen=True)
class Routes:
    """All routes of a deployment."""

    routes: tuple[Route, ...]

    def for_key(self, key: str) -> Route:
        """The route with the longest prefix of `key`.

        Raises `InvalidPolicy` if no prefix matches: without a policy an image can't be judged.
        """
        matching = [route for route in self.routes if key.startswith(route.prefix)]
        if not matching:
            raise InvalidPolicy(
                "routes: no prefix matches the object's key; add a route for it, or one with the prefix '' "
                "that takes every key"
            )
        return max(matching, key=lambda route: len(route.prefix))

    def covers(self, prefix: str) -> bool:
        """Tell if every key that starts so has a route."""
        return any(prefix.startswith(route.prefix) for route in self.routes)

    @property
    def pack_names(self) -> tuple[str, ...]:
        """Names of all packs that decide or watch, each once."""
        return tuple(dict.fromkeys(name for route in self.routes for name in (*route.deciders, *route.shadow)))


def routes_data(routes: Routes) -> dict[str, dict[str, Any]]:
    """Return the plain data of `routes.yaml`."""
    return {
        route.prefix: {"enforce": route.enforce}
        | ({"canary": dataclasses.asdict(route.canary)} if route.canary else {})
        | ({"shadow": list(route.shadow)} if route.shadow else {})
        for route in routes.routes
    }


def routes_digest(routes: Routes) -> str:
    """SHA-256 of the canonical JSON of the routes, 64 hex digits; their order doesn't change it."""
    return hashlib.sha256(_canonical(routes_data(routes)).encode()).hexdigest()


def enforcing(routes: Routes, prefix: str, name: str) -> Routes:
    """Return the routes with that pack deciding for the keys under a prefix; other shadow packs and a canary stay."""
    known = {route.prefix: route for route in routes.routes}
    standing = known.get(prefix, Route(prefix, name))
    canary = standing.canary if standing.canary and standing.canary.pack != name else None
    changed = Route(prefix, name, tuple(each for each in standing.shadow if each != name), canary=canary)
    return Routes(tuple({**known, prefix: changed}.values()))


DEFAULT_ROUTES = Routes((Route("", "default"),))


def parse_pack(data: object) -> Pack:
    """Parse the plain data of a pack's YAML file, as strictly as `push` and `lint` check it.

    Raises `InvalidPolicy` that lists every fault as "path: fault; remedy", one per line.
    """
    return _pack(data, Faults())


def read_pack(data: object) -> Pack:
    """Parse a stored pack: like `parse_pack`, but unknown fields are ignored.

    A field that must not be ignored comes with a higher `schema_version`, which is rejected. Raises `InvalidPolicy`.
    """
    return _pack(data, Faults(tolerant=True))


def _pack(data: object, faults: Faults) -> Pack:
    fields = Fields(faults, "", data, _PACK_FIELDS)
    categories = tuple(
        _category(Fields(faults, path, item, _names_of(Category)))
        for path, item in fields.items("categories", 1, MAX_CATEGORIES)
    )
    names = [category.name for category in categories]
    questions = tuple(
        _question(Fields(faults, path, item, _names_of(Question)), names)
        for path, item in fields.items("questions", 1, MAX_QUESTIONS)
    )
    pack = Pack(
        name=fields.text("name", limit=63, pattern=_NAME, rule=_NAME_RULE),
        description=fields.text("description", limit=1000),
        categories=categories,
        questions=questions,
        caption=fields.switch("caption", True),
        views=fields.choice("views", VIEWS, "full"),
        questions_per_query=fields.count("questions_per_query", MAX_QUESTIONS),
        judge=fields.choice("judge", JUDGE_MODES, "always"),
        margin=fields.number("margin", 0.05, 0, 0.5, "a number from 0 to below 0.5"),
        reuse=fields.switch("reuse", True),
        unusable_files=fields.choice("unusable_files", UNUSABLE_FILES, "reupload"),
        sticky_decisions=fields.switch("sticky_decisions", True),
        statement=parse_terms(fields),
        cases=tuple(
            _case(Fields(faults, path, item, _CASE_FIELDS), names, [question.id for question in questions])
            for path, item in fields.items("cases", 0, MAX_CASES)
        ),
        schema_version=_schema_version(fields),
    )
    faults.distinct("categories", "name", [name.casefold() for name in names])
    faults.distinct("questions", "id", [question.id for question in questions])
    faults.distinct("questions", "text", [question.text for question in questions])
    faults.distinct("cases", "name", [case.name for case in pack.cases])
    if not pack.asked and not pack.caption:
        faults.add("questions", "none is put to the vision model", "leave 'ask: false' out of one, or use captions")
    if pack.judge == "when_flagged":
        for name in uncovered_categories(pack):
            faults.add(
                "judge",
                f"'when_flagged' may skip the judge, but no question asks for '{name}'",
                "add a question for that category or use 'always'",
            )
    faults.finish()
    object.__setattr__(pack, "written", _written(data))
    return pack


def _written(data: object) -> str:
    try:
        return _canonical(data)
    except RecursionError:
        raise InvalidPolicy("file: a part of it contains itself; write it out") from None


def pack_data(pack: Pack) -> dict[str, Any]:
    """Return the pack as stored: the fields as written, or every field of a pack constructed in code.

    `read_pack` restores the pack, with the same digest.
    """
    if pack.written:
        written: dict[str, Any] = json.loads(pack.written)
        return written
    return pack_content(pack)


def pack_content(pack: Pack) -> dict[str, Any]:
    """Return every field of the pack as plain data, defaults included."""
    return {name: getattr(pack, name) for name in _PACK_FIELDS} | {
        "categories": [
            dataclasses.asdict(category)
            | {"exceptions": list(category.exceptions)}
            | {"notices": dict(category.notices), "report": report_content(category.report)}
            for category in pack.categories
        ],
        "statement": terms_content(pack.statement),
        "questions": [_question_content(question) for question in pack.questions],
        "cases": [_case_content(case) for case in pack.cases],
    }


def _question_content(question: Question) -> dict[str, Any]:
    """Return a question's fields; those of reading only where they say something, so that older digests hold."""
    reading = {"reads": list(question.reads), "words": list(question.words), "ask": question.ask}
    content = dataclasses.asdict(question) | {"categories": list(question.categories)}
    return {name: value for name, value in content.items() if name not in reading} | {
        name: value for name, value in reading.items() if value != [] and value is not True
    }


def uncovered_categories(pack: Pack) -> tuple[str, ...]:
    """Names of the categories that no question covers."""
    covered = {name for question in pack.questions for name in question.categories}
    return tuple(name for name in pack.category_names if name not in covered)


def lint(pack: Pack) -> list[str]:
    """List valid but probably unintended parts as "path: part; consequence"."""
    uncovered = [
        f"categories: no question asks for '{name}'; only the caption and the judge can find it"
        for name in uncovered_categories(pack)
    ]
    informing = [
        f"questions[{i}]: '{question.id}' is evidence for no category; its answer only informs the judge"
        for i, question in enumerate(pack.questions)
        if not question.categories
    ]
    negated = [
        f"categories[{i}].description: '{part}' is negated, so captions aren't searched for its words; "
        "name what isn't meant in 'exceptions' instead"
        for i, category in enumerate(pack.categories)
        for part in negated_parts(category.description)
    ]
    states = pack.statement or any(category.report or category.notices for category in pack.categories)
    return uncovered + informing + negated + (_unstated(pack, pack.statement or StatementTerms()) if states else [])


def _unstated(pack: Pack, terms: StatementTerms) -> list[str]:
    """List what a pack leaves out of its statements of reasons, in each language that it has texts for."""
    unreported = "decisions under it aren't exported to the DSA Transparency Database"
    missing = [
        f"categories[{i}].report: is missing for '{category.name}'; {unreported}"
        for i, category in enumerate(pack.categories)
        if category.report is None
    ]
    reports = [category.report for category in pack.categories if category.report]
    needed = {
        "terms": any(not report.law for report in reports) and not terms.terms,
        "restrictions": any(not report.restrictions for report in reports) and not terms.restrictions,
        "territories": not terms.territories,
    }
    missing += [
        f"statement.{name}: is missing; no decision can be exported without it" for name in needed if needed[name]
    ]
    notices = {
        f"categories[{i}].{'notice' if language == terms.language else f'notices.{language}'}"
        for i, category in enumerate(pack.categories)
        for language in languages(pack)
        if not notice_in(pack, category, language)
    }
    used = dict.fromkeys([*terms.restrictions, *(name for report in reports for name in report.restrictions)])
    texts = [path for language in languages(pack) for path in missing_texts(terms, language, tuple(used))]
    return [
        *missing,
        *(f"{path}: is missing; statements in this language lack it" for path in [*sorted(notices), *texts]),
    ]


def languages(pack: Pack) -> tuple[str, ...]:
    """Languages that a pack has texts for, that of its own texts first."""
    own = pack.statement.language if pack.statement else "en"
    texts = [language for language, _ in pack.statement.texts] if pack.statement else []
    notices = [language for category in pack.categories for language, _ in category.notices]
    return tuple(dict.fromkeys((own, *texts, *notices)))


def notice_in(pack: Pack, category: Category, language: str) -> str:
    """Return the notice of a category in a language, empty where there is none."""
    own = pack.statement.language if pack.statement else "en"
    return dict(category.notices).get(language) or (category.notice if language == own else "")


def parse_routes(data: object) -> Routes:
    """Parse the plain data of `routes.yaml`: prefix -> {enforce: pack, canary: {pack, share}, shadow: [packs]}.

    Raises `InvalidPolicy` that lists every fault with its path and a remedy.
    """
    return _routes(data, Faults())


def read_routes(data: object) -> Routes:
    """Parse stored routes: like `parse_routes`, but a fault of the shadow packs leaves the enforced pack alone.

    Unknown fields are ignored. Raises `InvalidPolicy`.
    """
    return _routes(data, Faults(tolerant=True))


def _routes(data: object, faults: Faults) -> Routes:
    if not isinstance(data, Mapping) or not data:
        raise InvalidPolicy("routes: isn't a mapping of key prefixes; write \"'': {enforce: default}\" at least")
    routes = tuple(_route(faults, prefix, target) for prefix, target in data.items())
    faults.finish()
    return Routes(routes)


def _route(faults: Faults, prefix: object, target: object) -> Route:
    path = f"routes[{prefix!r}]"
    if not isinstance(prefix, str):
        faults.add(path, "the prefix isn't text", "put it in quotes")
    fields = Fields(faults, path, target, _ROUTE_FIELDS)
    enforce = fields.text("enforce", limit=63, pattern=_NAME, rule=_NAME_RULE)
    canary = _canary(fields, enforce)
    if not faults.tolerant:
        return Route(str(prefix), enforce, _shadow(fields, enforce), canary=canary)
    apart = Faults(tolerant=True)
    shadow = _shadow(Fields(apart, path, target, _ROUTE_FIELDS), enforce)
    fault = "; ".join(apart.found)
    return Route(str(prefix), enforce, () if fault else shadow, fault, canary)


def _canary(fields: Fields, enforce: str) -> CanaryPack | None:
    if not fields.given("canary"):
        return None
    canary = fields.mapping("canary", ("pack", "share"))
    pack = canary.text("pack", limit=63, pattern=_NAME, rule=_NAME_RULE)
    if pack == enforce:
        fields.faults.add(canary.at("pack"), f"'{enforce}' is enforced already", "name another pack")
    share = canary.number("share", 0, _ABOVE_ZERO, 1, "a number above 0 and below 1")
    return CanaryPack(pack, share)


def _shadow(fields: Fields, enforce: str) -> tuple[str, ...]:
    shadow = tuple(
        _known_name(fields.faults, path, item, _NAME.fullmatch, _NAME_RULE)
        for path, item in fields.items("shadow", 0, MAX_SHADOWS)
    )
    fields.faults.distinct(fields.at("shadow"), "pack", shadow)
    if enforce in shadow:
        fields.faults.add(fields.at("shadow"), f"'{enforce}' is enforced already", "leave it out here")
    return shadow


def _category(fields: Fields) -> Category:
    return Category(
        name=fields.text("name", limit=80, pattern=_LABEL, rule=_LABEL_RULE),
        description=fields.text("description", limit=1000, pattern=_LINE, rule=_LINE_RULE),
        notice=fields.text("notice", limit=2000, default=""),
        exceptions=tuple(
            _known_name(fields.faults, path, item, _EXCEPTION.fullmatch, _EXCEPTION_RULE)
            for path, item in fields.items("exceptions", 0, MAX_EXCEPTIONS)
        ),
        action=fields.choice("action", ACTIONS, "unsafe"),
        notices=parse_notices(fields),
        report=parse_report(fields),
        severity=_severity(fields),
        review_within=fields.text(
            "review_within", limit=5, default=REVIEW_WITHIN, pattern=_DURATION, rule=_DURATION_RULE
        ),
    )


def _severity(fields: Fields) -> int:
    severity = fields.number("severity", SEVERITY, 0, 10, "a whole number from 0 to 9")
    if severity != int(severity):
        fields.faults.add(fields.at("severity"), f"is {severity}", "use a whole number from 0 to 9")
    return int(severity)


def _question(fields: Fields, categories: Sequence[str]) -> Question:
    spoken_for = tuple(
        _known_name(fields.faults, path, item, categories.__contains__, "name a category of this pack")
        for path, item in fields.items("categories", 0, MAX_CATEGORIES)
    )
    fields.faults.distinct(fields.at("categories"), "category", spoken_for)
    reads = tuple(
        _known_name(fields.faults, path, item, DETECTORS.__contains__, f"use one of {', '.join(DETECTORS)}")
        for path, item in fields.items("reads", 0, len(DETECTORS))
    )
    words = tuple(
        _known_name(fields.faults, path, item, _WORDS.fullmatch, _WORDS_RULE)
        for path, item in fields.items("words", 0, MAX_WORDS)
    )
    ask = fields.switch("ask", True)
    if not ask and not reads and not words:
        fields.faults.add(fields.at("ask"), "nothing answers the question", "add 'reads' or 'words'")
    if (reads or words) and fields.choice("unsafe_answer", ANSWERS, "yes") == "no":
        fields.faults.add(fields.at("unsafe_answer"), "what is read answers yes", "use 'yes' with 'reads' and 'words'")
    return Question(
        id=fields.text("id", limit=63, pattern=_NAME, rule=_NAME_RULE),
        text=fields.text("text", limit=300, pattern=_QUESTION, rule=_QUESTION_RULE),
        categories=spoken_for,
        unsafe_answer=fields.choice("unsafe_answer", ANSWERS, "yes"),
        threshold=fields.number("threshold", 0.5, _ABOVE_ZERO, 1, "a number above 0 and below 1"),
        temperature=fields.number("temperature", 1.0, _ABOVE_ZERO, 1000, "a number above 0 and below 1000"),
        reads=reads,
        words=words,
        ask=ask,
    )


def _case(fields: Fields, categories: Sequence[str], question_ids: Sequence[str]) -> Case:
    expect = fields.mapping("expect", ("verdict", "category"))
    answers = []
    for question_id, answer in fields.pairs("answers"):
        path = fields.at(f"answers.{question_id}")
        if question_id not in question_ids:
            fields.faults.add(path, "isn't a question of this pack", "use a question's id")
        answers.append((str(question_id), _case_answer(fields.faults, path, answer)))
    return Case(
        name=fields.text("name", limit=200),
        verdict=expect.choice("verdict", VERDICTS),
        category=_case_category(expect, categories),
        caption=fields.text("caption", limit=1000, default=""),
        answers=tuple(answers),
        judge=_case_judge(fields.mapping("judge", ("flag", "category", "reason")), categories)
        if fields.given("judge")
        else None,
        text=tuple(
            _known_name(fields.faults, path, item, _LINE.fullmatch, _LINE_RULE)
            for path, item in fields.items("text", 0, MAX_CASE_LINES)
        ),
    )


def _case_answer(faults: Faults, path: str, value: object) -> str | float | None:
    value = as_answer(value)
    if value is None or value in ANSWERS:
        return value
    if isinstance(value, int | float) and 0 <= value <= 1:
        return float(value)
    faults.add(path, f"is {value!r}", "use yes, no, a P(yes) from 0 to 1, or null for a missing answer")
    return None


def _case_judge(fields: Fields, categories: Sequence[str]) -> Judgement:
    flag = fields.choice("flag", FLAGS)
    category = _case_category(fields, categories)
    if (flag == "unsafe") != (category is not None):
        fields.faults.add(fields.at("category"), f"doesn't go with '{flag}'", "name it if unsafe, and only then")
    reason = fields.text("reason", limit=1000, default="")
    return Judgement("unsafe" if flag == "unsafe" else "safe", category, reason)


def _case_category(fields: Fields, categories: Sequence[str]) -> str | None:
    if not fields.given("category"):
        return None
    category = fields.text("category", limit=80)
    if category not in categories:
        fields.faults.add(fields.at("category"), f"'{category}' is unknown", "name a category of this pack")
    return category


def _case_content(case: Case) -> dict[str, Any]:
    return {
        "name": case.name,
        "caption": case.caption,
        "answers": dict(case.answers),
        **({"text": list(case.text)} if case.text else {}),
        "judge": dataclasses.asdict(case.judge) if case.judge else None,
        "expect": {"verdict": case.verdict, "category": case.category},
    }


def _known_name(faults: Faults, path: str, value: object, usable: Callable[[str], object], remedy: str) -> str:
    if not isinstance(value, str) or not usable(value):
        faults.add(path, f"is {value!r}", remedy)
        return ""
    return value


def _schema_version(fields: Fields) -> int:
    version = fields.count("schema_version", 1_000_000) or 1
    if version > SCHEMA_VERSION:
        fields.faults.add(
            fields.at("schema_version"),
            f"is {version}, but this deployment reads packs up to version {SCHEMA_VERSION}",
            "deploy a newer release",
        )
    return version


def _canonical(data: object) -> str:
    return json.dumps(_with_text_keys(data), sort_keys=True, separators=(",", ":"), default=str)


def _with_text_keys(data: object) -> object:
    """Convert keys to text, the only type that JSON allows."""
    if isinstance(data, Mapping):
        return {str(key): _with_text_keys(value) for key, value in data.items()}
    return [_with_text_keys(value) for value in data] if isinstance(data, list) else data


def _names_of(record: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(record))


_PACK_FIELDS = tuple(name for name in _names_of(Pack) if name != "written")
