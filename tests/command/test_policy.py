"""`moderate policy`: what is broken never goes live, what went live can be taken back."""

import copy
import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

PACK = {
    "name": "mine",
    "description": "A pack for tests",
    "categories": [{"name": "Violence", "description": "Weapons"}],
    "questions": [{"id": "weapon", "text": "Is there a weapon?", "categories": ["Violence"]}],
    "cases": [
        {"name": "a gun", "answers": {"weapon": 0.9}, "expect": {"verdict": "unsafe", "category": "Violence"}},
        {"name": "a dog", "caption": "a dog", "expect": {"verdict": "safe"}},
    ],
}


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """A folder of its own to write packs into."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def write(tmp_path):
    """Writes a pack, changed as told, to a file."""

    def writing(change=lambda pack: None, name="mine.yaml"):
        pack = copy.deepcopy(PACK)
        change(pack)
        (tmp_path / name).write_text(yaml.safe_dump(pack))
        return tmp_path / name

    return writing


def wrong_case(pack):
    pack["cases"][0]["expect"] = {"verdict": "safe"}


def published(deployed, name="mine") -> list[str]:
    versions = deployed.s3.list_object_versions(Bucket="policies", Prefix=f"packs/{name}.yaml").get("Versions", [])
    return [version["VersionId"] for version in versions]


def description_in_force(deployed, name="mine") -> str:
    text = deployed.s3.get_object(Bucket="policies", Key=f"packs/{name}.yaml")["Body"].read()
    return yaml.safe_load(text)["description"]


def test_lint_names_every_fault_with_its_file_and_goes_on(moderate, write):
    good = write(lambda pack: pack["categories"].append({"name": "Gambling", "description": "Dice"}), "good.yaml")
    bad = write(lambda pack: pack.update(judge="sometimes", colour="red"), "bad.yaml")

    result = moderate("policy", "lint", bad, good)

    assert result.exit_code == 1
    assert "bad.yaml" in result.stdout and "judge:" in result.stdout and "colour:" in result.stdout
    assert "good.yaml: OK: no errors, 1 warning" in result.stdout and "'Gambling'" in result.stdout


def test_lint_of_the_shipped_packs_succeeds(moderate):
    from moderation.adapters.policies import SHIPPED

    assert moderate("policy", "lint", *SHIPPED.glob("*.yaml")).exit_code == 0


def test_cases_that_hold_pass(moderate, write):
    result = moderate("policy", "test", write())

    assert result.exit_code == 0
    assert result.stdout.count("passed") == 2


def test_a_case_that_fails_is_shown_with_what_came_instead(moderate, write):
    result = moderate("policy", "test", write(wrong_case))

    assert result.exit_code == 1
    [row] = [line for line in result.stdout.splitlines() if "FAILED" in line]
    assert "a gun" in row and "unsafe / Violence" in row


def test_a_pack_without_cases_is_not_called_tested(moderate, write):
    assert moderate("policy", "test", write(lambda pack: pack.pop("cases"))).exit_code == 1


def test_push_puts_a_pack_under_its_name(deployed, moderate, write):
    result = moderate("policy", "push", write())

    assert result.exit_code == 0
    [version] = published(deployed)
    assert version in result.stdout
    assert description_in_force(deployed) == "A pack for tests"


@pytest.mark.parametrize("change", [wrong_case, lambda pack: pack.update(judge="sometimes")])
def test_push_refuses_a_broken_pack_and_one_whose_cases_fail(deployed, moderate, write, change):
    result = moderate("policy", "push", write(change))

    assert result.exit_code == 1
    assert "Error" in result.stderr
    assert published(deployed) == []


@pytest.fixture
def blank(monkeypatch, deployed):
    """Sets the model's P(yes) about a blank picture; returns what it was asked."""
    asked = []

    def answering(p_blank):
        def invoke(**request):
            body = json.loads(request["Body"])
            asked.append({"endpoint": request["EndpointName"], **body})
            answers = [{"text": "no", "p_yes": 0.02, "p_blank": p_blank} for _ in body["prompts"]]
            return {"Body": io.BytesIO(json.dumps({"model": "m", "caption": None, "answers": answers}).encode())}

        runtime = SimpleNamespace(invoke_endpoint=invoke)
        monkeypatch.setattr("moderation.adapters.clients.sagemaker_runtime", lambda **_: runtime)
        return asked

    return answering


def test_push_refuses_a_question_that_the_model_answers_yes_about_a_blank_picture(deployed, moderate, write, blank):
    asked = blank(0.9)

    result = moderate("policy", "push", write())

    assert result.exit_code == 1
    for part in ("wasn't published", "Is there a weapon?", "yes about a blank image", "0.90"):
        assert part in result.output
    assert published(deployed) == []
    [request] = asked
    assert (request["endpoint"], request["prompts"]) == ("blip2", ["Question: Is there a weapon? Answer:"])


def test_push_asks_the_model_before_it_publishes_and_says_so_if_it_does_not_answer(deployed, moderate, write, blank):
    blank(0.1)
    assert "Warning" not in moderate("policy", "push", write()).output
    blank("a word")

    result = moderate("policy", "push", write())

    assert result.exit_code == 0
    assert "Warning: not checked on a blank picture" in result.output
    assert len(published(deployed)) == 2


def test_lint_asks_the_model_of_a_deployment_that_is_named_and_says_so_otherwise(moderate, write, blank):
    asked = blank(0.5)

    offline = moderate("policy", "lint", write())
    assert offline.exit_code == 0
    assert "Not checked: answers about a blank picture" in offline.stdout
    assert asked == []

    online = moderate("policy", "lint", write(), "--stack", "Moderation")
    assert online.exit_code == 1
    assert "can't be used with the model of Moderation" in online.stdout
    assert "yes about a blank image" in online.stdout
    assert "Not checked" not in online.stdout


def push_twice(moderate, write):
    for description in ("first", "second"):
        assert moderate("policy", "push", write(lambda pack, d=description: pack.update(description=d))).exit_code == 0


def test_rollback_restores_the_version_before(deployed, moderate, write):
    push_twice(moderate, write)

    assert moderate("policy", "rollback", "mine").exit_code == 0

    assert description_in_force(deployed) == "first"
    assert len(published(deployed)) == 3, "nothing is lost"


def test_rollback_restores_the_version_that_is_named(deployed, moderate, write):
    push_twice(moderate, write)
    moderate("policy", "push", write())

    oldest = published(deployed)[-1]
    assert moderate("policy", "rollback", "mine", "--to", oldest).exit_code == 0

    assert description_in_force(deployed) == "first"


def test_rollback_restores_what_was_deleted(deployed, moderate, write):
    push_twice(moderate, write)
    deployed.s3.delete_object(Bucket="policies", Key="packs/mine.yaml")

    moderate("policy", "rollback", "mine")

    assert description_in_force(deployed) == "second"


def test_rollback_without_an_earlier_version_says_what_to_do(deployed, moderate, write):
    assert "ships with the code" in moderate("policy", "rollback", "default").stderr
    never = moderate("policy", "rollback", "mine").stderr
    assert "holds no packs/mine.yaml: `moderate policy push` puts one there" in never and "ships" not in never
    moderate("policy", "push", write())
    assert "no earlier version that can be used" in moderate("policy", "rollback", "mine").stderr
    assert "no version v9" in moderate("policy", "rollback", "mine", "--to", "v9").stderr


def test_versions_are_listed_newest_first_and_broken_ones_are_marked(deployed, moderate, write):
    push_twice(moderate, write)
    deployed.s3.put_object(Bucket="policies", Key="packs/mine.yaml", Body=b"no: pack")

    _, *rows = moderate("policy", "versions", "mine").stdout.splitlines()

    assert [row.split()[0] for row in rows] == published(deployed)
    assert "invalid" in rows[0] and "invalid" not in rows[1]


def test_diff_shows_what_changed_and_only_that(moderate, write):
    def raised(pack):
        pack["questions"][0]["threshold"] = 0.7
        pack["categories"].append({"name": "Gambling", "description": "Dice"})

    shown = moderate("policy", "diff", write(), write(raised, "other.yaml")).stdout

    assert "questions.weapon.threshold" in shown and "0.5" in shown and "0.7" in shown
    assert "categories.Gambling" in shown and "Dice" in shown
    assert "Violence" not in shown


def test_diff_takes_files_shipped_packs_and_packs_in_force(deployed, moderate, write):
    moderate("policy", "push", write())

    assert "same" in moderate("policy", "diff", "mine", write()).stdout
    assert "same" in moderate("policy", "diff", "shipped:blog", "blog").stdout
    assert "Violence" in moderate("policy", "diff", "mine", "shipped:default").stdout
    assert "default" in moderate("policy", "diff", "shipped:none", "blog").stderr


def test_routes_are_shown_and_pushed(deployed, moderate, write, tmp_path):
    assert "default" in moderate("policy", "routes").stdout
    moderate("policy", "push", write())
    file = tmp_path / "routes.yaml"
    file.write_text(json.dumps({"": {"enforce": "default"}, "kids/": {"enforce": "mine", "shadow": ["blog"]}}))

    assert moderate("policy", "routes", file).exit_code == 1, "it asks"
    assert "kids/" not in moderate("policy", "routes").stdout
    published = moderate("policy", "routes", file, "--yes")
    assert published.exit_code == 0
    assert "no route of its own" in published.stdout and "Warning" not in published.stdout

    shown = moderate("policy", "routes").stdout
    assert "kids/" in shown and "mine" in shown and "blog" in shown


@pytest.mark.parametrize("routes", ["[]", '{"": {"enforce": "nowhere"}}', "{"])
def test_routes_that_cannot_be_used_are_refused(deployed, moderate, tmp_path, routes):
    (tmp_path / "routes.yaml").write_text(routes)

    result = moderate("policy", "routes", tmp_path / "routes.yaml")

    assert result.exit_code == 1
    assert "Error" in result.stderr
    assert "Contents" not in deployed.s3.list_objects_v2(Bucket="policies")


def described(deployed, moderate, write, *descriptions):
    for description in descriptions:
        assert moderate("policy", "push", write(lambda pack, d=description: pack.update(description=d))).exit_code == 0


def test_each_rollback_goes_further_back_and_none_toggles(deployed, moderate, write):
    described(deployed, moderate, write, "first", "second", "third")

    seen = []
    for _ in range(2):
        assert moderate("policy", "rollback", "mine").exit_code == 0
        seen.append(description_in_force(deployed))
    assert seen == ["second", "first"]
    assert moderate("policy", "rollback", "mine").exit_code == 1
    assert description_in_force(deployed) == "first"

    described(deployed, moderate, write, "fourth")
    assert moderate("policy", "rollback", "mine").exit_code == 0
    assert description_in_force(deployed) == "first", "what was rolled back already isn't restored"


@pytest.mark.parametrize("text", [b"no: pack", b"name: [", b"\xff\xfe\xff", b"name: other\n", b""])
def test_rollback_skips_what_cannot_be_used(deployed, moderate, write, text):
    described(deployed, moderate, write, "first")
    deployed.s3.put_object(Bucket="policies", Key="packs/mine.yaml", Body=text)
    described(deployed, moderate, write, "second")
    broken = published(deployed)[1]

    assert moderate("policy", "rollback", "mine").exit_code == 0

    assert description_in_force(deployed) == "first"
    assert "can't be used" in moderate("policy", "rollback", "mine", "--to", broken).stderr


def test_rollback_to_the_shipped_pack(deployed, moderate, write):
    described(deployed, moderate, write, "first")
    assert "No pack mine ships" in moderate("policy", "rollback", "mine", "--to", "shipped").stderr
    blog = moderate("policy", "pull", "blog")
    assert blog.exit_code == 0
    file = next(line.split(": ")[1] for line in blog.stdout.splitlines() if line.startswith("Written"))
    assert moderate("policy", "push", file).exit_code == 0

    assert moderate("policy", "rollback", "blog", "--to", "shipped").exit_code == 0

    assert "packs/blog.yaml" not in [f["Key"] for f in deployed.s3.list_objects_v2(Bucket="policies")["Contents"]]
    assert "name a version" in moderate("policy", "rollback", "blog").stderr, "not back to what was taken away"


def test_push_says_which_routes_use_the_pack_and_puts_it_in_force_if_it_is_told(deployed, moderate, write):
    assert "isn't in force" in moderate("policy", "push", write()).stdout

    unasked = moderate("policy", "push", write(lambda pack: pack.update(description="x")), "--route", "kids/")
    assert unasked.exit_code == 1
    assert len(published(deployed)) == 1, "nothing is published before the question is answered"
    pushed = moderate("policy", "push", write(), "--route", "kids/", "--yes")

    assert "decides for keys that start with kids/" in pushed.stdout
    routes = yaml.safe_load(deployed.s3.get_object(Bucket="policies", Key="routes.yaml")["Body"].read())
    assert routes == {"": {"enforce": "default"}, "kids/": {"enforce": "mine"}}
    assert "kids/" in moderate("policy", "push", write()).stdout


def crowd(pack, number):
    pack["categories"] += [{"name": f"C{n}", "description": "nothing of the kind " * 20} for n in range(number)]


def test_a_pack_that_is_too_long_for_the_judge_is_refused_by_lint_push_and_routes(deployed, moderate, write, tmp_path):
    long = write(lambda pack: crowd(pack, 40))
    for command in ("lint", "push"):
        result = moderate("policy", command, long)
        assert result.exit_code == 1
        assert "of the judge's 4096 tokens" in result.output
    deployed.s3.put_object(Bucket="policies", Key="packs/mine.yaml", Body=long.read_bytes())
    for target in ({"enforce": "mine"}, {"enforce": "default", "shadow": ["mine"]}):
        (tmp_path / "routes.yaml").write_text(json.dumps({"": target}))
        assert "of the judge's 4096 tokens" in moderate("policy", "routes", tmp_path / "routes.yaml", "--yes").stderr


def test_lint_warns_of_descriptions_that_do_not_fit_together(moderate, write):
    def asked(pack):
        crowd(pack, 40)
        names = [category["name"] for category in pack["categories"]]
        pack["questions"].append({"id": "any", "text": "Is there anything?", "categories": names})

    result = moderate("policy", "lint", write(asked))

    assert result.exit_code == 0
    assert "the judge has room for" in result.stdout


def test_routes_warn_where_keys_are_left_without_a_pack(deployed, moderate, tmp_path):
    (tmp_path / "routes.yaml").write_text('"kids/": {enforce: blog}')
    assert "'' is missing" in moderate("policy", "routes", tmp_path / "routes.yaml", "--yes").stdout


def test_routes_have_versions_and_a_rollback(deployed, moderate, tmp_path):
    for pack in ("blog", "privacy", "default"):
        (tmp_path / "routes.yaml").write_text(f'"": {{enforce: {pack}}}')
        assert moderate("policy", "routes", tmp_path / "routes.yaml", "--yes").exit_code == 0

    listed = moderate("policy", "routes", "--versions").stdout
    assert listed.index("→ default") < listed.index("→ privacy") < listed.index("→ blog")
    for pack in ("privacy", "blog"):
        assert moderate("policy", "routes", "--rollback", "--yes").exit_code == 0
        assert pack in moderate("policy", "routes").stdout
    assert moderate("policy", "routes", "--rollback", "--yes").exit_code == 1
    assert moderate("policy", "routes", "--rollback", "--to", "shipped", "--yes").exit_code == 0
    assert "default" in moderate("policy", "routes").stdout
    assert moderate("policy", "routes", tmp_path / "routes.yaml", "--yes").exit_code == 0, "after what was deleted"


def test_duplicate_keys_are_refused_by_every_command(deployed, moderate, write, tmp_path):
    file = write()
    file.write_text(file.read_text() + "description: again\n")
    (tmp_path / "routes.yaml").write_text('"": {enforce: blog}\n"": {enforce: default}\n')

    for words in (("lint", file), ("test", file), ("push", file), ("routes", tmp_path / "routes.yaml", "--yes")):
        result = moderate("policy", *words)
        assert result.exit_code == 1
        assert "given a second time" in result.output


def test_a_new_pack_is_a_shipped_one_under_another_name_and_overwrites_nothing(moderate):
    assert moderate("policy", "new", "mine", "--from", "privacy").exit_code == 0
    assert moderate("policy", "lint", "mine.yaml").exit_code == 0
    assert yaml.safe_load(Path("mine.yaml").read_text())["name"] == "mine"

    assert "is there already" in moderate("policy", "new", "mine").stderr
    assert "name: 'My Pack'" in moderate("policy", "new", "My Pack").stderr
    assert "isn't usable" in moderate("policy", "new", r"a\1").stderr
    assert moderate("policy", "new", "2026").exit_code == 0
    assert yaml.safe_load(Path("2026.yaml").read_text())["name"] == "2026"
    assert "blog, default, privacy" in moderate("policy", "new", "other", "--from", "none").stderr


def test_packs_are_listed_pulled_and_shown(deployed, moderate, write):
    def left_to_people(pack):
        pack["categories"][0]["action"] = "review"
        pack.pop("cases")

    file = write(left_to_people)
    moderate("policy", "push", file, "--route", "kids/", "--yes")

    listed = moderate("policy", "list").stdout
    [mine] = [line for line in listed.splitlines() if "mine" in line]
    assert "the policy bucket" in mine and "kids/" in mine
    [default] = [line for line in listed.splitlines() if "default" in line]
    assert "the code" in default and "(anything)" in default

    assert moderate("policy", "pull", "mine").exit_code == 0
    assert Path("mine.yaml").read_bytes() == file.read_bytes()
    assert "is there already" in moderate("policy", "pull", "mine").stderr
    assert "no pack none" in moderate("policy", "pull", "none").stderr
    assert "has no version 1" in moderate("policy", "pull", "mine", "--version", "1").stderr

    shown = moderate("policy", "show", "mine").stdout
    for part in ("A pack for tests", "Violence", "review", "Is there a weapon?", "the judge's tokens left"):
        assert part in shown


def log_of(moderate, *words):
    result = moderate("policy", "log", "--json", *words)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_log_says_who_changed_what_when_and_why(deployed, moderate, write, tmp_path):
    assert "Nothing was changed" in moderate("policy", "log").stdout
    moderate("policy", "push", write(), "--route", "kids/", "--yes", "--why", "Knives for kids")
    moderate("policy", "push", write(lambda pack: pack.update(description="second")))
    moderate("policy", "rollback", "mine", "--why", "Too strict")
    (tmp_path / "routes.yaml").write_text('"": {enforce: blog}')
    moderate("policy", "routes", tmp_path / "routes.yaml", "--yes", "--why", "Only blogs")
    moderate("policy", "routes", "--rollback", "--yes", "--why", "No")
    moderate("policy", "routes", "--rollback", "--to", "shipped", "--yes", "--why", "Back to normal")

    rows = log_of(moderate)

    assert {row["who"] for row in rows} == {"moto"}, "the caller's name"
    said = sorted((row["key"], row["action"], row["why"]) for row in rows)
    assert said == [
        ("packs/mine.yaml", "push", ""),
        ("packs/mine.yaml", "push", "Knives for kids"),
        ("packs/mine.yaml", "rollback", "Too strict"),
        ("routes.yaml", "push", "Knives for kids"),
        ("routes.yaml", "rollback", "Back to normal"),
        ("routes.yaml", "rollback", "No"),
        ("routes.yaml", "routes", "Only blogs"),
    ]
    packs = [row for row in rows if row["key"] == "packs/mine.yaml"]
    assert [row["version"] for row in packs] == published(deployed), "newest first"
    assert packs[0]["digest"] == packs[2]["digest"] != packs[1]["digest"]
    shown = moderate("policy", "log", "--limit", 1).stdout
    assert "Knives" not in shown and "moto" in shown


def test_the_log_shows_what_was_changed_without_an_entry_and_what_is_no_entry(deployed, moderate, write):
    moderate("policy", "push", write(), "--why", "Mine")
    version = deployed.s3.put_object(Bucket="policies", Key="packs/mine.yaml", Body=b"no: pack")["VersionId"]
    deployed.s3.delete_object(Bucket="policies", Key="packs/mine.yaml")

    deletion, forced, pushed = log_of(moderate)
    assert (deletion["action"], deletion["who"], forced["who"], pushed["why"]) == ("deleted", "", "", "Mine")
    assert moderate("policy", "log").stdout.count("not logged") == 2

    deployed.s3.put_object(Bucket="policies", Key=f"history/log/AROA1:eve/{version}.json", Body=b"[]")
    assert [(row["who"], row["action"]) for row in log_of(moderate)][1] == ("eve", "unreadable entry")


def test_a_change_that_cannot_be_logged_says_so(deployed, moderate, write, monkeypatch):
    deployed.s3.put_object(Bucket="policies", Key="history/taken.json", Body=b"{}")
    monkeypatch.setattr("moderate.policy_log.log_key", lambda *_: "history/taken.json")

    result = moderate("policy", "push", write())

    assert result.exit_code == 1
    assert "packs/mine.yaml is changed" in result.stderr and "log entry wasn't written" in result.stderr
    assert len(published(deployed)) == 1
