"""The plan of a moderation: what is asked in how many requests, and that it survives its way through S3."""

import json
from dataclasses import replace

from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.image_ref import ImageRef
from moderation.domain.manifest import (
    ImageFacts,
    Manifest,
    Query,
    evidence_from_json,
    evidence_to_json,
    manifest_from_json,
    manifest_to_json,
    plan_queries,
)
from moderation.domain.work_files import Workspace
from tests.unit.packs import PACK, SMOKER, WEAPON

IMAGE = ImageRef("intake", "a/ü b.jpg", "v1")


def test_a_views_questions_go_together_by_default():
    assert plan_queries([PACK], ["full", "tile-0"]) == (
        Query("full", (WEAPON.text, SMOKER.text), True),
        Query("tile-0", (WEAPON.text, SMOKER.text), True),
    )


def test_one_question_a_query_is_the_posts_shape():
    assert plan_queries([replace(PACK, questions_per_query=1)], ["full"]) == (
        Query("full", (), True),
        Query("full", (WEAPON.text,), False),
        Query("full", (SMOKER.text,), False),
    )


def test_shadow_packs_ask_their_own_questions_apart_and_shared_ones_are_asked_once():
    enforced = replace(PACK, caption=False)
    shadow = replace(PACK, name="other", caption=True, questions=(SMOKER, replace(SMOKER, id="x", text="Is it lit?")))
    another = replace(shadow, name="another", questions=(replace(SMOKER, id="x", text="Is it lit?"),))

    alone, both = plan_queries([enforced], ["full"]), plan_queries([enforced, shadow, another], ["full"])

    assert alone == (Query("full", (WEAPON.text, SMOKER.text), False),)
    assert both == (*alone, Query("full", ("Is it lit?",), True, shadow=True))


def test_a_manifest_survives_json():
    facts = ImageFacts("ab" * 32, 12, 3, 4, "PNG", "image/png", None)
    watch = replace(PACK, name="watch", questions=(replace(SMOKER, text="Is it lit?"),))
    queries = plan_queries([PACK, watch], ["full"])
    manifest = Manifest(
        IMAGE, facts, PACK, (watch,), queries, "1", "f" * 64, 7, broken_shadow={"gone": "There is no such pack."}
    )

    assert manifest_from_json(json.loads(json.dumps(manifest_to_json(manifest)))) == manifest


def test_evidence_survives_json():
    evidence = Evidence(
        (Answer("full", "q?", "yes", 0.5, None),), (Caption("full", "ü"),), ("Half of it is in no view.",)
    )

    assert evidence_from_json(json.loads(json.dumps(evidence_to_json(evidence)))) == evidence


def test_two_executions_of_one_image_never_share_files_and_the_key_is_not_given_away():
    first, second = (Workspace.of(IMAGE, f"arn:aws:states:us-east-1:1:execution:m:{name}") for name in ("one", "two"))

    assert first.prefix != second.prefix
    assert first.execution == "one"
    assert IMAGE.key not in first.manifest
    assert Workspace(first.prefix) == first
