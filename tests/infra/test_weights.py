"""The app reads the line that `moderate weights push` prints as it is meant."""

import shlex
from itertools import pairwise

import pytest

from moderate import weights
from stacks.settings import DeploymentSettings, S3Prefix


@pytest.mark.parametrize(
    ("destination", "prefix"),
    [
        ("s3://models/blip2/xl/", "blip2/xl/"),
        ("s3://models/blip2/xl", "blip2/xl/"),
        ("s3://models/p/", "p/"),
        ("s3://models/a b/$c", "a b/$c/"),
    ],
)
def test_the_line_that_it_prints_deploys_both_stacks_in_a_shell(destination: str, prefix: str) -> None:
    runner, command, *words = shlex.split(weights._deploy_line(weights._parse(destination)))

    context = dict(word.split("=", 1) for before, word in pairwise(words) if before == "-c")
    settings = DeploymentSettings.from_context(context.get)
    assert (runner, command, *words[:2]) == ("npx", "cdk", "deploy", "--all")
    assert settings.accept_llama2_eula
    assert settings.blip2_weights_prefix == S3Prefix("models", prefix)
