"""A person's decision holds for the same bytes, within its limits, and nothing that contradicts it stays."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moderation.domain.image_ref import ImageRef
from moderation.domain.manifest import manifest_from_json, manifest_to_json
from moderation.domain.notice import notice
from moderation.domain.policy import Category, Question, pack_data
from moderation.domain.record import overruled, utc
from moderation.domain.statement import statement
from moderation.domain.waiting import cause_of
from moderation.domain.work_files import Workspace
from moderation.errors import AppealRefused, DecidedMeanwhile, UnreadableImage, UnsupportedImage
from moderation.ports import Policies, StoredImage
from moderation.usecases.decide import DecidePorts, PersonDecision, Stickiness, decide
from moderation.usecases.decide_copies import MOST_ALONE, decide_copies, is_approved, needs_approval, sign
from moderation.usecases.erase import ErasePorts, erase, find_versions
from moderation.usecases.find_siblings import find_siblings
from moderation.usecases.judge_image import judge_image
from moderation.usecases.notify import notify_of_execution
from moderation.usecases.prepare_image import prepare_image
from moderation.usecases.record_verdict import Moderated, record_verdict
from moderation.usecases.redrive import RedrivePorts, redrive
from moderation.usecases.revoke_decisions import RevokePorts, find_revocable, requeue, withdraw
from tests.support.fakes import FakeExecutions, FakeJudge, FakePublisher
from tests.unit.packs import PACK
from tests.unit.prepared import FIRST, SECOND, THEN, UNSAFE, made, moderate, png, space

ANN, BOB = "arn:aws:sts::1:assumed-role/Reviewer/ann", "arn:aws:sts::1:assumed-role/Reviewer/bob"
JUDGED_SAFE = '{"flag": "safe", "category": null, "reason": "Nothing."}'
BLOOD = PersonDecision("unsafe", ("Violence",), "Blood", ANN)
TOY = PersonDecision("safe", (), "A toy", ANN, seen=True)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Routed:
    """Packs by the route's prefix."""

    def __init__(self, **packs: Any) -> None:
        self.packs = packs

    def for_key(self, key: str) -> Policies:
        route = next((prefix for prefix in self.packs if key.startswith(prefix)), "")
        return Policies(self.packs.get(route, PACK), (), route=route)


def ports_of(parts: Any) -> DecidePorts:
    topics = frozenset({"unsafe", "review"})
    return DecidePorts(
        parts.images, parts.work, parts.policies, parts.verdicts, parts.decisions, FakePublisher(), topics
    )


def upload(parts: Any, key: str, data: bytes | None = None, content_type: str = "image/png") -> ImageRef:
    image = ImageRef("intake", key, f"v-{key}")
    parts.images.objects[image] = StoredImage(png() if data is None else data, content_type, None, None)
    return image


def decided(parts: Any, image: ImageRef, decision: PersonDecision) -> Any:
    return decide(ports_of(parts), parts.verdicts.get(image), decision)


def untouched(parts: Any, image: ImageRef) -> Any:
    """The record of an upload that no model may be asked about."""
    assert prepare_image(parts, image, space(image)).queries == ()
    return recorded(parts, image)


def recorded(parts: Any, image: ImageRef) -> Any:
    """Return the record that the steps after PrepareImage make, without an answer of any model."""
    judge_image(parts.work, FakeJudge(), space(image))
    parts.verdicts.records.setdefault(image, {"owner": f"arn:execution:{image.version}", "status": "claimed"})
    done = Moderated(image, f"arn:execution:{image.version}", THEN, None, space(image), None, "")
    record_verdict(parts.images, parts.work, parts.verdicts, done, notify_safe=False)
    return parts.verdicts.get(image)


def is_asked(parts: Any, image: ImageRef) -> bool:
    """True if the models are to be asked about an upload."""
    manifest = prepare_image(parts, image, space(image))
    assert bool(manifest.queries) != bool(manifest.decision)
    return bool(manifest.queries)


@pytest.fixture
def parts() -> Any:
    """One image that the machine calls unsafe, judged."""
    ports = made()
    moderate(ports, FIRST, FakeJudge(UNSAFE))
    return ports


def test_an_unsafe_decision_decides_the_same_bytes_without_a_model(parts: Any) -> None:
    result = decided(parts, FIRST, BLOOD)
    record = untouched(parts, SECOND)

    assert result.stickiness is Stickiness.STICKS
    assert (record.verdict, record.category, record.reason) == ("unsafe", "Violence", "Blood")
    assert (record.decided_by, record.decider, record.as_of) == ("person", ANN, result.record.decided_at)
    assert (record.sha256, record.policy["digest"], record.route) == (result.record.sha256, PACK.digest, "")
    assert record.history[-1].items() >= {"who": ANN, "at": record.as_of, "same_bytes": True}.items()
    assert parts.images.tags[SECOND] == "unsafe"
    assert record.decision == result.record.decision


def test_it_is_announced_as_any_other_verdict_of_its_execution(parts: Any) -> None:
    decided(parts, FIRST, BLOOD)
    record = untouched(parts, SECOND)
    publisher = FakePublisher()

    assert record.notified is False
    assert notify_of_execution(parts.verdicts, publisher, SECOND, record.execution)
    assert [verdict for verdict, _, _ in publisher.published] == ["unsafe"]

    decided(parts, SECOND, dataclasses.replace(TOY, who=BOB))
    assert parts.verdicts.get(SECOND).as_of is None
    assert not notify_of_execution(parts.verdicts, publisher, SECOND, record.execution), "a person overruled it"


def test_it_blocks_the_reuse_of_an_older_verdict() -> None:
    ports = made(pack=dataclasses.replace(PACK, reuse=True))
    third = upload(ports, "c.png")
    for image in (FIRST, third):
        moderate(ports, image, FakeJudge(UNSAFE))
    assert prepare_image(ports, SECOND, space(SECOND)).reused_from

    decided(ports, FIRST, dataclasses.replace(BLOOD, note="Worse"))

    assert untouched(ports, SECOND).reason == "Worse"


@pytest.mark.parametrize("seen", [True, False])
def test_a_safe_decision_sticks_only_if_the_picture_was_seen(seen: bool) -> None:
    ports = made(pack=dataclasses.replace(PACK, reuse=False))
    moderate(ports, FIRST, FakeJudge(UNSAFE))

    result = decided(ports, FIRST, dataclasses.replace(TOY, seen=seen))

    assert is_asked(ports, SECOND) is not seen
    assert result.stickiness is (Stickiness.STICKS if seen else Stickiness.UNSEEN)
    if seen:
        assert (untouched(ports, SECOND).verdict, ports.images.tags[SECOND]) == ("safe", "safe")


def test_a_safe_decision_that_is_repeated_after_seeing_the_picture_sticks(parts: Any) -> None:
    first = decided(parts, FIRST, dataclasses.replace(TOY, seen=False))
    again = decided(parts, FIRST, TOY)

    assert again.record.decided_at == first.record.decided_at, "the record stands"
    assert [entry.get("seen") for entry in again.record.history] == [None, True], "and says on what"
    assert untouched(parts, SECOND).verdict == "safe"


def test_a_decision_on_a_failure_that_the_workflow_recorded_itself_sticks_too(parts: Any) -> None:
    image = upload(parts, "failed.png", png("blue"))
    owner = f"arn:execution:{image.version}"
    prepare_image(parts, image, space(image))
    failure = {"verdict": "review", "decided_by": "failure", "status": "decided", "owner": owner, "execution": owner}
    parts.verdicts.records[image] = failure | {"created_at": THEN, "decided_at": THEN}

    result = decided(parts, image, BLOOD)

    assert result.stickiness is Stickiness.STICKS
    assert parts.verdicts.get(image).sha256, "it is found among the copies"
    assert untouched(parts, upload(parts, "blue.png", png("blue"))).verdict == "unsafe"


def test_a_decision_holds_within_its_route_and_as_long_as_the_rules_stand() -> None:
    ports = made()
    other_text = dataclasses.replace(PACK, categories=(Category("Violence", "Other words"), *PACK.categories[1:]))
    questions = tuple(dataclasses.replace(question, threshold=0.9) for question in PACK.questions)
    thresholds = dataclasses.replace(PACK, margin=0.1, questions=questions)
    notices = tuple(dataclasses.replace(category, notice="Sorry.") for category in PACK.categories)
    ports = dataclasses.replace(ports, policies=Routed(elsewhere=PACK))
    moderate(ports, FIRST, FakeJudge(UNSAFE))
    decided(ports, FIRST, BLOOD)

    def asked_under(pack: Any) -> bool:
        changed = dataclasses.replace(pack, reuse=False)
        return is_asked(dataclasses.replace(ports, policies=Routed(**{"": changed})), SECOND)

    assert is_asked(ports, upload(ports, "elsewhere/a.png")) is True
    assert asked_under(other_text) is True
    assert asked_under(dataclasses.replace(PACK, categories=PACK.categories[:1], questions=())) is True
    assert asked_under(thresholds) is False
    assert asked_under(dataclasses.replace(PACK, categories=notices)) is False
    extra = (*PACK.questions, Question("extra", "Is there more?"))
    assert asked_under(dataclasses.replace(PACK, questions=extra)) is False
    assert asked_under(dataclasses.replace(PACK, sticky_decisions=False)) is True


def test_the_route_of_the_decision_is_that_under_which_the_image_was_judged(parts: Any) -> None:
    later = dataclasses.replace(parts, policies=Routed(a=PACK))
    decide(ports_of(later), later.verdicts.get(FIRST), BLOOD)

    assert is_asked(later, upload(later, "a2.png")) is True
    assert is_asked(later, SECOND) is False


@pytest.mark.parametrize(
    "in_force",
    [
        dataclasses.replace(PACK, categories=(Category("Violence", "Other words"), *PACK.categories[1:])),
        dataclasses.replace(PACK, sticky_decisions=False),
    ],
)
def test_a_decision_under_rules_that_are_no_longer_in_force_says_so(parts: Any, in_force: Any) -> None:
    assert decided(parts, FIRST, BLOOD).stickiness is Stickiness.STICKS

    later = dataclasses.replace(parts, policies=Routed(**{"": in_force}))
    assert decided(later, FIRST, dataclasses.replace(BLOOD, who=BOB)).stickiness is Stickiness.OTHER_RULES

    back = decided(parts, FIRST, dataclasses.replace(BLOOD, note="Still blood"))
    assert back.stickiness is Stickiness.STICKS


def test_all_checks_of_the_object_come_first(parts: Any) -> None:
    decided(parts, FIRST, TOY)
    page = upload(parts, "page.html", content_type="text/html")
    with pytest.raises(UnsupportedImage):
        prepare_image(parts, page, space(page))

    broken, again = (upload(parts, key, b"\x89PNG\r\n\x1a\nno picture") for key in ("broken.png", "again.png"))
    for image in (broken, again):
        with pytest.raises(UnreadableImage):
            prepare_image(parts, image, space(image))
        parts.verdicts.records[image] = {"owner": "arn:execution:x", "status": "claimed"}
        cause = json.dumps({"errorMessage": "It is damaged."})
        done = Moderated(image, f"arn:execution:{image.version}", THEN, 1, None, "UnreadableImage", cause)
        parts.verdicts.records[image]["owner"] = done.execution
        record_verdict(parts.images, parts.work, parts.verdicts, done, notify_safe=False)
        assert parts.verdicts.get(image).verdict == "review"
        assert decided(parts, broken, dataclasses.replace(TOY, note="Fine")).stickiness is Stickiness.STICKS


@pytest.mark.parametrize("earlier", [TOY, BLOOD])
def test_a_decision_about_this_copy_neither_sticks_nor_changes_what_does(parts: Any, earlier: PersonDecision) -> None:
    decided(parts, FIRST, earlier)
    standing = dict(parts.decisions.standing)
    copy = upload(parts, "copy.png")
    untouched(parts, copy)

    rights = PersonDecision("unsafe", ("Violence",), "Its owner objects", BOB, this_copy=True)
    result = decided(parts, copy, rights)

    assert (result.stickiness, result.record.verdict) == (Stickiness.THIS_COPY, "unsafe")
    assert result.record.is_bound_to_context
    assert result.record.decision, "an erasure of the last upload has to find what still sticks"
    assert parts.decisions.standing == standing


def test_a_pack_may_turn_it_off() -> None:
    ports = made(pack=dataclasses.replace(PACK, sticky_decisions=False, reuse=False))
    moderate(ports, FIRST, FakeJudge(UNSAFE))

    assert decided(ports, FIRST, BLOOD).stickiness is Stickiness.SWITCHED_OFF
    assert is_asked(ports, SECOND) and not ports.decisions.standing


@pytest.mark.parametrize(
    "later, stands",
    [
        (dataclasses.replace(TOY, who=BOB), "safe"),
        (dataclasses.replace(TOY, who=BOB, seen=False), None),
        (PersonDecision("unsafe", ("Tobacco",), "A smoker", BOB), "unsafe"),
    ],
)
def test_a_later_decision_that_contradicts_replaces_or_ends_it(
    parts: Any, later: PersonDecision, stands: str | None
) -> None:
    decided(parts, FIRST, BLOOD)
    untouched(parts, SECOND)

    result = decided(parts, SECOND, later)

    (standing,) = parts.decisions.standing.values() or (None,)
    assert (standing and standing.verdict) == stands
    assert standing is None or standing.decided_by == BOB
    assert result.withdrawn is (stands is None)


def test_record_and_sticky_decision_change_together_or_not_at_all(parts: Any, monkeypatch: Any) -> None:
    decided(parts, FIRST, BLOOD)
    record = parts.verdicts.get(FIRST)
    find = type(parts.decisions).find
    calls: list[int] = []

    def find_then_replaced(self: Any, key: Any) -> Any:
        found = find(self, key)
        calls.append(1)
        at = utc(datetime.now(UTC) + timedelta(seconds=len(calls)))
        self.standing[key] = dataclasses.replace(found, decided_at=at)  # another reviewer, on another copy
        return found

    monkeypatch.setattr(type(parts.decisions), "find", find_then_replaced)
    with pytest.raises(DecidedMeanwhile):
        decided(parts, FIRST, dataclasses.replace(TOY, who=BOB))

    assert parts.verdicts.get(FIRST) == record
    assert {made.verdict for made in parts.decisions.standing.values()} == {"unsafe"}


@pytest.mark.parametrize("revoked", [True, False])
def test_a_decision_that_is_taken_back_while_it_is_recorded_decides_nothing(parts: Any, revoked: bool) -> None:
    decided(parts, FIRST, BLOOD)
    assert prepare_image(parts, SECOND, space(SECOND)).decision
    if revoked:
        parts.decisions.standing.clear()
    else:
        decided(parts, FIRST, dataclasses.replace(TOY, who=BOB))

    record = recorded(parts, SECOND)

    assert (record.verdict, record.decided_by, record.failure[0]) == ("review", "failure", "DecisionWithdrawn")
    assert (record.as_of, record.decision, record.history) == (None, None, ())
    executions = FakeExecutions({})
    ports = RedrivePorts("intake", parts.verdicts, FakePublisher(), executions, ("unsafe", "review"))
    parts.verdicts.records[SECOND]["execution"] = record.owner
    list(redrive(ports, "DecisionWithdrawn", LONG_AGO, dry_run=False))
    assert [given["key"] for given in executions.started.values()] == [SECOND.key]


def test_a_redriven_record_keeps_its_history(parts: Any) -> None:
    decided(parts, FIRST, BLOOD)
    past = [{"verdict": "review", "decided_by": "failure", "at": THEN}]
    owner = f"arn:execution:{SECOND.version}"
    parts.verdicts.records[SECOND] = {"owner": owner, "status": "claimed", "history": past, "created_at": THEN}

    assert [entry["verdict"] for entry in untouched(parts, SECOND).history] == ["review", "unsafe"]


def test_nothing_of_an_upload_is_in_the_item_and_its_key_takes_a_secret(parts: Any) -> None:
    decided(parts, FIRST, BLOOD)
    (standing,) = parts.decisions.standing.values()

    text = json.dumps(standing.attributes())
    sha256 = parts.verdicts.get(FIRST).sha256
    for hidden in (FIRST.key, FIRST.version, "post-1", "u-1", sha256):
        assert hidden not in text
    other = made()
    other.verdicts.records[FIRST] = dict(parts.verdicts.records[FIRST]) | {"decided_by": "judge"}
    other.work.files |= {key: file for key, file in parts.work.files.items() if "keys" not in key}
    decided(other, FIRST, BLOOD)
    assert not set(other.decisions.standing) & set(parts.decisions.standing)


def test_erasing_one_copy_leaves_the_block_and_the_last_one_strips_and_limits_it(parts: Any) -> None:
    decided(parts, FIRST, BLOOD)
    untouched(parts, SECOND)
    ports = ErasePorts(parts.images, parts.work, parts.verdicts, parts.decisions)

    list(erase(ports, find_versions(ports, "intake", FIRST.key, None), ANN))
    (standing,) = parts.decisions.standing.values()
    assert (standing.reason, standing.expires_at) == ("Blood", None), "another upload rests on it"

    list(erase(ports, find_versions(ports, "intake", SECOND.key, None), ANN))
    (standing,) = parts.decisions.standing.values()
    a_year = datetime.now(UTC).timestamp() + 365 * 86_400
    assert standing.reason == "" and standing.expires_at == pytest.approx(a_year, abs=60)

    record = untouched(parts, upload(parts, "again.png"))
    assert (record.verdict, record.category, record.decided_by) == ("unsafe", "Violence", "person")
    assert record.reason == "A person decided so on a file with the same content."


def test_the_notice_says_that_the_decision_was_about_the_same_content(parts: Any) -> None:
    decided(parts, FIRST, BLOOD)
    text = notice(statement(untouched(parts, SECOND), PACK))

    assert "A person decided on a file with exactly the same content" in text
    assert "an automated system recognised it in this file and applied the decision" in text


def test_a_manifest_with_a_decision_survives_the_work_bucket(parts: Any) -> None:
    decided(parts, FIRST, BLOOD)
    manifest = prepare_image(parts, SECOND, space(SECOND))

    assert manifest.decision and manifest.route == ""
    assert manifest_from_json(json.loads(json.dumps(manifest_to_json(manifest)))) == manifest
    assert not [key for key in parts.work.files if key.startswith(Workspace.of(SECOND, "x").prefix) and "views" in key]


def copies_of(parts: Any, number: int, route: str = "") -> list[Any]:
    """Uploads of the same bytes that the machine decided on, as records."""
    images = [upload(parts, f"{route}copy-{n}.png") for n in range(number)]
    for image in images:
        record = dict(parts.verdicts.records[FIRST])
        parts.verdicts.records[image] = record | {"image": dataclasses.asdict(image), "route": route}
    return [parts.verdicts.get(image) for image in images]


def test_copies_change_with_the_decision(parts: Any) -> None:
    copies = copies_of(parts, MOST_ALONE)
    record = decided(parts, FIRST, TOY).record
    ports = ports_of(parts)

    assert {copy.image for copy in find_siblings(parts.verdicts, record).differing} == {copy.image for copy in copies}
    assert not needs_approval(ports, record, copies, TOY)
    assert all(copy.result for copy in decide_copies(ports, copies, TOY))

    assert {parts.verdicts.get(copy.image).verdict for copy in copies} == {"safe"}
    assert find_siblings(parts.verdicts, record).differing == ()
    (standing,) = parts.decisions.standing.values()
    assert standing.decided_at == record.decided_at, "it is still the same decision"


@pytest.mark.parametrize("number, route", [(MOST_ALONE + 1, ""), (1, "elsewhere/")])
def test_many_copies_or_another_route_need_a_second_persons_signature(parts: Any, number: int, route: str) -> None:
    copies = copies_of(parts, number, route)
    record = decided(parts, FIRST, TOY).record
    bobs = dataclasses.replace(TOY, who=BOB, note="I agree")

    assert needs_approval(ports_of(parts), record, copies, TOY)
    assert not is_approved(sign(parts.work, copies, TOY, "AROA1:ann"))
    assert not is_approved(sign(parts.work, copies, TOY, "AROA2:ann")), "one person, whatever the role's id"
    assert not is_approved(sign(parts.work, copies[1:], bobs, "AROA1:bob")), "other copies"
    assert not is_approved(sign(parts.work, copies, BLOOD, "AROA1:bob")), "another decision"
    changed = [dataclasses.replace(copy, decided_at=THEN + "later") for copy in copies]
    assert not is_approved(sign(parts.work, changed, bobs, "AROA1:bob")), "decided anew since"
    assert sign(parts.work, copies, bobs, "AROA1:bob") == {"ann", "bob"}
    signed = "".join(text.decode() for key, text in parts.work.files.items() if "approvals" in key)
    assert "copy-" not in signed


def test_a_copy_whose_policy_lacks_the_category_is_left_alone(parts: Any) -> None:
    other = dataclasses.replace(PACK, categories=(Category("Gore", "Blood"),), questions=(Question("q", "Is it?"),))
    (copy,) = copies_of(parts, 1)
    parts.verdicts.records[copy.image] |= {"policy": {"name": other.name, "digest": other.digest}}
    parts.work.put_json(f"provenance/packs/{other.digest}.json", pack_data(other))

    (left,) = decide_copies(ports_of(parts), [parts.verdicts.get(copy.image)], BLOOD)

    assert left.result is None and "Gore" in left.why


def test_an_upheld_appeal_reverses_all_copies_and_is_decided_by_somebody_else(parts: Any) -> None:
    decided(parts, FIRST, BLOOD)
    appeal = PersonDecision("safe", (), "A toy indeed", BOB, seen=True, appeal=True)
    for who in (ANN, ANN.replace("/Reviewer/", "/AnotherRole/")):
        with pytest.raises(AppealRefused, match="somebody else"):
            decided(parts, FIRST, dataclasses.replace(appeal, who=who))
    copies = copies_of(parts, MOST_ALONE + 5)

    record = decided(parts, FIRST, appeal).record
    assert not needs_approval(ports_of(parts), record, copies, appeal)
    list(decide_copies(ports_of(parts), copies, appeal))

    assert {parts.verdicts.get(copy.image).verdict for copy in copies} == {"safe"}
    assert record.history[-1]["appeal"] is True
    assert decided(parts, FIRST, appeal).record.decided_at == record.decided_at, "it can be repeated"
    with pytest.raises(AppealRefused, match="unsafe into safe"):
        decided(parts, copies[0].image, dataclasses.replace(appeal, note="Again"))


def revoke_ports(parts: Any, publisher: Any = None) -> RevokePorts:
    return RevokePorts("intake", parts.images, parts.verdicts, parts.decisions, publisher or FakePublisher())


@pytest.mark.parametrize("who", ["ann", ANN])
def test_revoked_decisions_do_not_stick_and_their_images_wait_for_another_person(parts: Any, who: str) -> None:
    decided(parts, FIRST, BLOOD)
    untouched(parts, SECOND)
    unseen = upload(parts, "unseen.png", png("blue"))
    moderate(parts, unseen, FakeJudge(UNSAFE))
    decided(parts, unseen, dataclasses.replace(TOY, seen=False))
    bobs = upload(parts, "bobs.png", png("green"))
    moderate(parts, bobs, FakeJudge(UNSAFE))
    decided(parts, bobs, dataclasses.replace(TOY, who=BOB))
    publisher = FakePublisher()
    ports = revoke_ports(parts, publisher)

    found = find_revocable(ports, who, LONG_AGO)
    assert {record.image for record in found.records} == {FIRST, SECOND, unseen}
    assert withdraw(ports, found.sticky) == 1
    assert all(each.requeued for each in requeue(ports, found.records, BOB))

    for image in (FIRST, SECOND, unseen):
        record = parts.verdicts.records[image]
        assert (record["verdict"], parts.images.tags[image]) == ("review", "review")
        assert record["queue"].startswith("review#") and "as_of" not in record
        assert cause_of(parts.verdicts.get(image)) == "revoked", "not the row of the verdict that was overruled"
        assert record["history"][-1]["who"] == BOB and "ann was revoked" in record["reason"]
    assert parts.verdicts.get(bobs).verdict == "safe"
    assert "review" in {verdict for verdict, _, _ in publisher.published}
    assert find_revocable(ports, who, LONG_AGO).records == ()
    assert is_asked(dataclasses.replace(parts, policies=Routed(**{"": dataclasses.replace(PACK, reuse=False)})), SECOND)


def test_what_was_decided_before_or_overruled_since_is_not_revoked(parts: Any) -> None:
    decided(parts, FIRST, BLOOD)
    untouched(parts, SECOND)
    decided(parts, SECOND, dataclasses.replace(TOY, who=BOB))
    ports = revoke_ports(parts)

    assert [record.image for record in find_revocable(ports, "ann", LONG_AGO).records] == [FIRST]
    assert find_revocable(ports, "ann", LONG_AGO).sticky == ()
    soon = datetime.now(UTC) + timedelta(hours=1)
    assert find_revocable(ports, "ann", soon).records == ()
    assert find_revocable(ports, "bob", soon).sticky == ()


def test_a_record_that_changes_before_it_is_requeued_is_left_alone(parts: Any) -> None:
    decided(parts, FIRST, BLOOD)
    ports = revoke_ports(parts)
    found = find_revocable(ports, "ann", LONG_AGO)
    later = overruled(parts.verdicts.get(FIRST), "safe", (), "n", BOB, utc(datetime.now(UTC) + timedelta(seconds=1)))
    assert parts.verdicts.compare_and_set(parts.verdicts.get(FIRST), later)

    assert [each.requeued for each in requeue(ports, found.records, BOB)] == [False]
    assert parts.verdicts.get(FIRST).verdict == "safe"
