"""The example of a policy: the command finds nothing to object to, and its cases cover what it forbids."""

import json
from pathlib import Path

import jsonschema

from moderation.adapters.yaml_files import load_yaml
from moderation.domain.policy import lint, parse_pack

ROOT = Path(__file__).parents[2]
PACK = ROOT / "examples/marketplace.yaml"
SCHEMA = ROOT / "lambdas/moderation/schemas/pack.schema.json"


def test_the_marketplace_pack_passes_lint_and_its_cases(moderate):
    assert moderate("policy", "lint", PACK).exit_code == 0
    tested = moderate("policy", "test", PACK)

    assert tested.exit_code == 0, tested.stdout
    assert "FAILED" not in tested.stdout


def test_each_of_its_categories_has_a_question_a_notice_and_a_case():
    pack = parse_pack(load_yaml(PACK.read_bytes(), PACK.name))

    assert lint(pack) == []
    assert {case.category for case in pack.cases} >= set(pack.category_names)
    assert all(category.notice for category in pack.categories)


def test_editors_accept_it():
    jsonschema.validate(load_yaml(PACK.read_bytes(), PACK.name), json.loads(SCHEMA.read_text()))


def test_its_first_line_points_editors_to_the_schema():
    schema = PACK.read_text().splitlines()[0].partition("$schema=")[2]

    assert (PACK.parent / schema).resolve() == SCHEMA
