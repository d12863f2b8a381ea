"""Invariants of a soak, checked on its observations and records."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scripts.soak import cloud
from scripts.soak.cloud import ResourceSnapshot
from scripts.soak.run import DECISION, Item, Observations, SoakUpload

MIN_SAME_VERDICTS = 0.999


@dataclass(frozen=True)
class Invariant:
    """Result of a check: the invariant in words, the outcome, and the figures."""

    text: str
    held: bool
    figures: str


def _invariant(text: str, violations: Collection[object], checked: int) -> Invariant:
    examples = f": {', '.join(map(str, list(violations)[:5]))}" if violations else ""
    return Invariant(text, not violations, f"{len(violations)} violations in {checked:,}{examples}")


def one_record_each(text: str, seen: Observations, records: Sequence[Item], letters: Sequence[str]) -> Invariant:
    """Check that no record is missing or superfluous, and that each is listed under its verdict.

    Only an upload with a dead letter, which alarms and waits for a redrive, may have none.
    """
    expected = Counter((upload.image.key, upload.version) for upload in seen.uploads)
    found = Counter((_key(record), record["sk"]) for record in records if _is_final(record))
    missing = [(key, version) for key, version in expected - found if not cloud.in_letters(key, letters)]
    checked = _invariant(text, [*missing, *(found - expected)], len(expected))
    return replace(checked, figures=f"{checked.figures}; {len(letters)} dead letters")


def _is_final(record: Item) -> bool:
    return record.get("status") == "decided" and record["verdict_shard"].startswith(f"{record['verdict']}#")


def nothing_decided_twice(seen: Observations, records: Sequence[Item]) -> Invariant:
    """Check that duplicates, retries and late replies never overwrite a verdict."""
    now = {_key(record): {name: record.get(name) for name in DECISION} for record in records}
    changed = [key for key, first in seen.first.items() if now.get(key) != first]
    return _invariant("no record changes once it is decided", changed, len(seen.first))


def never_safe_by_failure(seen: Observations, records: Sequence[Item]) -> Invariant:
    """Check that `safe` is decided by a person or the models, and only where the expected verdict is safe."""
    expected = {upload.image.key: upload.image.expected for upload in seen.uploads}
    safe = [record for record in records if record.get("verdict") == "safe"]
    may_be = ("judge", "evidence", "person")
    wrong = [_key(r) for r in safe if expected[_key(r)][0] != "safe" or r["decided_by"] not in may_be]
    return _invariant("no failure leads to `safe`", wrong, len(safe))


def same_verdicts(seen: Observations, records: Sequence[Item], excluded: Collection[str]) -> Invariant:
    """Check the share of expected verdicts. `excluded` are keys whose faults outlasted all retries."""
    uploads = [upload for upload in seen.uploads if upload.image.key not in excluded]
    wrong = _wrong(uploads, records)
    share = 1 - len(wrong) / max(len(uploads), 1)
    text = f"at least {MIN_SAME_VERDICTS:.1%} of the verdicts are the expected ones despite the faults"
    return Invariant(text, share >= MIN_SAME_VERDICTS, f"{share:.3%} of {len(uploads):,} {wrong[:5] or ''}".strip())


def explained(seen: Observations, records: Sequence[Item], excluded: Collection[str]) -> list[dict[str, Any]]:
    """Return the facts of the records whose verdicts differ from the expected ones."""
    wrong = set(_wrong([upload for upload in seen.uploads if upload.image.key not in excluded], records))
    facts = ("verdict", "decided_by", "reason", "cause", "owner")
    return [{"key": _key(r), **{f: r.get(f) for f in facts}} for r in records if _key(r) in wrong]


def right_verdicts(text: str, seen: Observations, records: Sequence[Item]) -> Invariant:
    """Check that every verdict is the expected one."""
    return _invariant(text, _wrong(seen.uploads, records), len(seen.uploads))


def _wrong(uploads: Sequence[SoakUpload], records: Sequence[Item]) -> list[str]:
    """Return the keys of the uploads whose records differ from the expected ones."""
    found = {_key(record): (record.get("verdict"), record.get("decided_by")) for record in records}
    images = [upload.image for upload in uploads]
    return [image.key for image in images if found.get(image.key) != image.expected]


def persons_stand(text: str, seen: Observations, records: Sequence[Item]) -> Invariant:
    """Check that no execution, retry, late reply or redrive undoes a person's decision."""
    uploads = [upload for upload in seen.uploads if upload.image.persons_verdict]
    return _invariant(text, _wrong(uploads, records), len(uploads))


def tags_agree(text: str, tags: Mapping[str, str | None], records: Sequence[Item]) -> Invariant:
    """Check that an object's tag, by key, says what its record says. Objects without a tag are held back by the app."""
    wrong = [_key(record) for record in records if tags[_key(record)] not in (None, record.get("verdict"))]
    untagged = sum(tag is None for tag in tags.values())
    checked = _invariant(text, wrong, len(tags) - untagged)
    return replace(checked, figures=f"{checked.figures}; {untagged} without a tag")


def notified_or_marked(seen: Observations, records: Sequence[Item]) -> Invariant:
    """Check that unsafe records are published and marked so, or marked as not notified, for a redrive to find."""
    unsafe = [record for record in records if record.get("verdict") == "unsafe"]
    wrong = [_key(r) for r in unsafe if r.get("notified") is not False and not _is_notified(seen, r)]
    return _invariant("every unsafe record is published and marked so, or marked as not notified", wrong, len(unsafe))


def notified(seen: Observations, records: Sequence[Item]) -> Invariant:
    """Check that unsafe records are published at least once and marked as notified."""
    unsafe = [record for record in records if record.get("verdict") == "unsafe"]
    wrong = [_key(record) for record in unsafe if not _is_notified(seen, record)]
    return _invariant("after `moderate redrive` every unsafe record is published and marked so", wrong, len(unsafe))


def _is_notified(seen: Observations, record: Item) -> bool:
    return record.get("notified") is True and seen.notified[_key(record), record["verdict"]] > 0


def _key(record: Item) -> str:
    return str(record["image"]["key"])


def no_letter_left(letters: Sequence[str]) -> Invariant:
    """Check that the dead-letter queues are empty."""
    return Invariant("after `moderate redrive` no dead letter is left", not letters, f"{len(letters)} left")


def nothing_left_behind(before: ResourceSnapshot, after: ResourceSnapshot) -> Invariant:
    """Check that workers are within their limit and that the number of other threads hasn't grown."""
    held = after.workers <= after.max_workers and after.other_threads <= before.other_threads
    figures = f"{after.workers} of at most {after.max_workers} workers, {after.threads} threads; without the workers' "
    figures += f"{before.other_threads} before, {after.other_threads} after"
    return Invariant("no worker and no thread is left over", held, figures)
