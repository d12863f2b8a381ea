"""What must hold after a soak, whatever went wrong: the checks themselves, on what was seen."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.soak.cloud import Census
from scripts.soak.run import DECISION, Record, Seen, Upload

SAME_VERDICTS = 0.999


@dataclass(frozen=True)
class Promise:
    """What was promised, whether it held, and the figures that say so."""

    text: str
    held: bool
    figures: str


def _promise(text: str, culprits: Collection[object], of: int) -> Promise:
    examples = f": {', '.join(map(str, list(culprits)[:5]))}" if culprits else ""
    return Promise(text, not culprits, f"{len(culprits)} exceptions of {of:,}{examples}")


def one_record_each(seen: Seen, records: Sequence[Record]) -> Promise:
    """Not one missing, none of anything else, and each listed under its verdict."""
    expected = Counter((upload.picture.key, upload.version) for upload in seen.uploads)
    found = Counter((_key(record), record["sk"]) for record in records if _is_final(record))
    wrong = (expected - found) | (found - expected)
    return _promise("every upload has exactly one final record", list(wrong), len(expected))


def _is_final(record: Record) -> bool:
    return record.get("status") == "decided" and record["verdict_shard"].startswith(f"{record['verdict']}#")


def nothing_decided_twice(seen: Seen, records: Sequence[Record]) -> Promise:
    """A verdict that stands is never written over, by duplicates, repeats or late replies."""
    now = {_key(record): {name: record.get(name) for name in DECISION} for record in records}
    changed = [key for key, first in seen.first.items() if now.get(key) != first]
    return _promise("no record changes once it is decided", changed, len(seen.first))


def never_safe_by_failure(seen: Seen, records: Sequence[Record]) -> Promise:
    """`safe` only where the fault-free verdict is safe, and only by the judge or the evidence."""
    expected = {upload.picture.key: upload.picture.verdict for upload in seen.uploads}
    safe = [record for record in records if record.get("verdict") == "safe"]
    machines = ("judge", "evidence")
    wrong = [_key(r) for r in safe if expected[_key(r)] != "safe" or r["decided_by"] not in machines]
    return _promise("none is `safe` because of a failure", wrong, len(safe))


def same_verdicts(seen: Seen, records: Sequence[Record], excluded: Collection[str]) -> Promise:
    """As without faults, where faults were shorter than the retries' ceilings. `excluded` keys were not."""
    uploads = [upload for upload in seen.uploads if upload.picture.key not in excluded]
    wrong = _wrong(uploads, records)
    share = 1 - len(wrong) / max(len(uploads), 1)
    text = f"at least {SAME_VERDICTS:.1%} of the verdicts are those of a run without faults"
    return Promise(text, share >= SAME_VERDICTS, f"{share:.3%} of {len(uploads):,} {wrong[:5] or ''}".strip())


def explained(seen: Seen, records: Sequence[Record], excluded: Collection[str]) -> list[dict[str, Any]]:
    """Why the verdicts that aren't the same differ."""
    wrong = set(_wrong([upload for upload in seen.uploads if upload.picture.key not in excluded], records))
    facts = ("verdict", "decided_by", "reason", "cause", "owner")
    return [{"key": _key(r), **{f: r.get(f) for f in facts}} for r in records if _key(r) in wrong]


def right_verdicts(text: str, seen: Seen, records: Sequence[Record]) -> Promise:
    """Every single one."""
    return _promise(text, _wrong(seen.uploads, records), len(seen.uploads))


def _wrong(uploads: Sequence[Upload], records: Sequence[Record]) -> list[str]:
    """The keys of uploads whose records don't say what they must."""
    found = {_key(record): (record.get("verdict"), record.get("decided_by")) for record in records}
    images = [upload.picture for upload in uploads]
    return [image.key for image in images if found.get(image.key) != (image.verdict, image.decided_by)]


def announced_or_marked(seen: Seen, records: Sequence[Record]) -> Promise:
    """Published and marked so; or marked as not published, for a redrive to find."""
    unsafe = [record for record in records if record.get("verdict") == "unsafe"]
    wrong = [_key(r) for r in unsafe if r.get("notified") is not False and not _is_announced(seen, r)]
    return _promise("every unsafe record is published and says so, or says that it isn't", wrong, len(unsafe))


def announced(seen: Seen, records: Sequence[Record]) -> Promise:
    """Published at least once, and marked so."""
    unsafe = [record for record in records if record.get("verdict") == "unsafe"]
    wrong = [_key(record) for record in unsafe if not _is_announced(seen, record)]
    return _promise("after it every unsafe record is published and says so", wrong, len(unsafe))


def _is_announced(seen: Seen, record: Record) -> bool:
    return record.get("notified") is True and seen.announced[_key(record), record["verdict"]] > 0


def _key(record: Record) -> str:
    return str(record["image"]["key"])


def dead_letters_accounted_for(letters: Sequence[Mapping[str, Any]], records: Sequence[Record]) -> Promise:
    """What lies in a dead-letter queue belongs to an upload that has its record all the same."""
    decided = {_key(record) for record in records if "verdict" in record}
    lost = [letter for letter in letters if not any(key in str(letter) for key in decided)]
    found = f"{len(letters)} letters, {len(lost)} without a record"
    return Promise("dead-letter queues are empty or accounted for", not lost, found)


def nothing_left_behind(before: Census, after: Census) -> Promise:
    """No more workers than their functions may have, and no more threads beside theirs than before."""
    held = after.workers <= after.most_workers and after.other_threads <= before.other_threads
    figures = f"{after.workers} of at most {after.most_workers} workers, {after.threads} threads; beside the workers' "
    figures += f"{before.other_threads} before, {after.other_threads} after"
    return Promise("workers and threads are back to where they were", held, figures)
