"""The policy store: the bucket's packs over the shipped ones, and edits that are in force within seconds."""

from typing import Any

import pytest
import yaml

from moderation.adapters.policies import S3PolicyStore, pack_key, shipped_pack, shipped_pack_names
from moderation.domain.policy import pack_content, parse_pack, parse_routes, routes_digest
from moderation.domain.policy_history import approval_key
from moderation.errors import InvalidPolicy

BUCKET = "policies"


class Clock:
    """Stands still until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(s3, clock):
    s3.create_bucket(Bucket=BUCKET)
    return S3PolicyStore(s3, BUCKET, clock)


def put(s3, key: str, text: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())


def blog_content() -> dict[str, Any]:
    blog = shipped_pack("blog")
    assert blog is not None
    return pack_content(blog)


def put_blog(s3, **changes: object) -> None:
    """The shipped pack `blog`, changed."""
    put(s3, pack_key("blog"), yaml.safe_dump(blog_content() | changes))


def test_an_empty_bucket_means_the_shipped_default(store):
    assert store.for_key("any.png").enforce == shipped_pack("default")


def test_routes_choose_by_the_longest_prefix_and_add_shadows(s3, store):
    put(s3, "routes.yaml", "'': {enforce: default}\nmemes/: {enforce: blog, shadow: [privacy]}\n")

    assert store.for_key("a.png").enforce.name == "default"
    policies = store.for_key("memes/a.png")
    assert (policies.enforce.name, [pack.name for pack in policies.shadow]) == ("blog", ["privacy"])


def test_a_canary_decides_instead_and_does_not_watch_itself(s3, store):
    put(s3, "routes.yaml", "'': {enforce: default, canary: {pack: blog, share: 0.5}, shadow: [blog, privacy]}\n")

    found = {}
    for number in range(20):
        policies = store.for_key(f"{number}.png")
        found[policies.enforce.name] = [pack.name for pack in policies.shadow]

    assert found == {"default": ["blog", "privacy"], "blog": ["privacy"]}


def test_a_shadow_pack_that_cannot_be_used_leaves_the_enforced_one_alone(s3, store):
    put(s3, "routes.yaml", "'': {enforce: blog, shadow: [privacy, missing, broken]}\n")
    put(s3, "packs/broken.yaml", "name: [")

    policies = store.for_key("a.png")

    assert (policies.enforce.name, [pack.name for pack in policies.shadow]) == ("blog", ["privacy"])
    assert list(policies.broken_shadow) == ["missing", "broken"]
    assert "No pack is named 'missing'" in policies.broken_shadow["missing"]
    assert "packs/broken.yaml" in policies.broken_shadow["broken"]


@pytest.mark.parametrize("shadow", ["privacy", "[blog]", "[No Name]", "[privacy, privacy]", "{a: b}", "7"])
def test_shadow_packs_that_cannot_be_read_leave_the_enforced_one_alone(s3, store, shadow):
    put(s3, "routes.yaml", f"'': {{enforce: blog, shadow: {shadow}}}\n")

    policies = store.for_key("a.png")

    assert (policies.enforce.name, policies.shadow, list(policies.broken_shadow)) == ("blog", (), ["routes.yaml"])


def test_an_edit_is_in_force_within_five_seconds(s3, store, clock):
    put_blog(s3, margin=0.1)
    assert store.pack("blog").margin == 0.1

    put_blog(s3, margin=0.2)
    clock.now += 5

    assert store.pack("blog").margin == 0.2


def test_a_busy_function_doesnt_read_the_bucket_for_every_image(s3, store, clock):
    put_blog(s3, margin=0.1)
    first = store.pack("blog")
    s3.delete_object(Bucket=BUCKET, Key=pack_key("blog"))
    clock.now += 1

    assert store.pack("blog") is first


def test_the_packs_for_photographs_ship_and_the_demos_does_not():
    assert shipped_pack_names() == ["blog", "default", "privacy"]


def test_deleting_an_override_brings_the_shipped_pack_back(s3, store, clock):
    put_blog(s3, margin=0.1)
    store.pack("blog")
    s3.delete_object(Bucket=BUCKET, Key=pack_key("blog"))
    clock.now += 5

    assert store.pack("blog") == shipped_pack("blog")


def test_an_edit_that_breaks_a_pack_is_refused_by_name_and_mended_by_the_next(s3, store, clock):
    put_blog(s3, views="everywhere")
    with pytest.raises(InvalidPolicy, match=r"packs/blog\.yaml in the policy bucket can't be used.*views"):
        store.pack("blog")

    put_blog(s3)

    assert store.pack("blog") == shipped_pack("blog")


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("routes.yaml", "'': {enforce: nowhere}", r"No pack is named 'nowhere': put packs/nowhere\.yaml"),
        ("routes.yaml", "'': [", r"routes\.yaml isn't YAML"),
        ("packs/default.yaml", "name: blog", r"packs/default\.yaml in the policy bucket can't be used"),
    ],
    ids=["a pack that isn't there", "routes that aren't YAML", "half a pack"],
)
def test_what_cant_be_followed_says_which_file_and_why(s3, store, key, text, says):
    put(s3, key, text)

    with pytest.raises(InvalidPolicy, match=says):
        store.for_key("any.png")


def test_a_pack_must_bear_the_name_of_its_file(s3, store):
    put(s3, pack_key("mine"), yaml.safe_dump(blog_content()))

    with pytest.raises(InvalidPolicy, match="calls itself 'blog'"):
        store.pack("mine")


def test_with_approval_files_count_once_two_editors_signed_their_digest(s3, store, clock):
    put_blog(s3, description="Changed.")
    put(s3, "routes.yaml", "'': {enforce: blog}\n")
    digests = [
        routes_digest(parse_routes({"": {"enforce": "blog"}})),
        parse_pack(blog_content() | {"description": "Changed."}).digest,
    ]
    strict = S3PolicyStore(s3, BUCKET, clock, approval=True)

    for digest, name in zip(digests, ("routes.yaml", "packs/blog.yaml"), strict=True):
        for editor in ("AROA1:ann", "AROA2:ann", "AROA1:bob"):
            with pytest.raises(InvalidPolicy, match=rf"{name} .* isn't approved by two editors.*{digest[:12]}"):
                strict.for_key("a.png")
            put(s3, approval_key(digest, editor), "{}")

    assert strict.for_key("a.png").enforce.description == "Changed."
    put_blog(s3, description="Changed again.")
    assert strict.for_key("a.png").enforce.description == "Changed.", "fresh for five seconds"
    clock.now += 6
    with pytest.raises(InvalidPolicy, match="isn't approved"):
        strict.for_key("a.png")
    assert store.for_key("a.png").enforce.description == "Changed again.", "without approval"


def test_with_approval_what_ships_needs_none(s3, store, clock):
    assert S3PolicyStore(s3, BUCKET, clock, approval=True).for_key("a.png").enforce == shipped_pack("default")


def test_a_shadow_pack_that_is_not_approved_only_watches_as_broken(s3, store, clock):
    put(s3, "routes.yaml", "'': {enforce: default, shadow: [blog]}\n")
    put_blog(s3, description="Changed.")
    digest = routes_digest(parse_routes({"": {"enforce": "default", "shadow": ["blog"]}}))
    for editor in ("AROA1:ann", "AROA1:bob"):
        put(s3, approval_key(digest, editor), "{}")

    policies = S3PolicyStore(s3, BUCKET, clock, approval=True).for_key("a.png")

    assert policies.enforce == shipped_pack("default")
    assert "isn't approved" in policies.broken_shadow["blog"]
