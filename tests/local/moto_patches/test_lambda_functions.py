"""Functions that run without Docker, with the properties that their template gives them."""

import json

from tests.local.moto_patches.cloud import Cloud, code, function, unique

MANAGED_LAYER = "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python314-arm64:36"


def test_a_function_may_use_a_managed_layer(cloud: Cloud) -> None:
    made = cloud.client("lambda").create_function(
        FunctionName=unique(),
        Role=cloud.role(),
        Runtime="python3.14",
        Handler="code.handler",
        Code={"ZipFile": code()},
        Layers=[MANAGED_LAYER],
    )

    assert [layer["Arn"] for layer in made["Layers"]] == [MANAGED_LAYER]


def test_a_function_runs_without_docker(cloud: Cloud) -> None:
    lambda_, name = cloud.client("lambda"), unique()
    cloud.stack({"Function": ("AWS::Lambda::Function", function(cloud, FunctionName=name))})

    answer = lambda_.invoke(FunctionName=name, Payload=b'{"fail": false}')

    assert answer["Payload"].read() == b'"done"'


def test_an_asynchronous_invocation_fails_into_the_dead_letter_queue(cloud: Cloud) -> None:
    name, (url, dead_letters) = unique(), cloud.queue()
    fails = function(cloud, FunctionName=name, DeadLetterConfig={"TargetArn": dead_letters})
    cloud.stack({"Function": ("AWS::Lambda::Function", fails)})

    cloud.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b'{"a": 1}')

    letter = cloud.message(url)
    assert json.loads(letter["Body"]) == {"a": 1}
    assert "never works" in letter["MessageAttributes"]["ErrorMessage"]["StringValue"]


def test_an_update_changes_the_reserved_concurrency(cloud: Cloud) -> None:
    one = function(cloud, FunctionName=unique(), ReservedConcurrentExecutions=1)
    stack = cloud.stack({"Function": ("AWS::Lambda::Function", one)})

    stack.update({"Function": ("AWS::Lambda::Function", one | {"ReservedConcurrentExecutions": 2})})

    found = cloud.client("lambda").get_function_concurrency(FunctionName=one["FunctionName"])
    assert found["ReservedConcurrentExecutions"] == 2


def test_a_template_switches_tracing_on(cloud: Cloud) -> None:
    traced = function(cloud, FunctionName=unique(), TracingConfig={"Mode": "Active"})
    cloud.stack({"Function": ("AWS::Lambda::Function", traced)})

    found = cloud.client("lambda").get_function_configuration(FunctionName=traced["FunctionName"])
    assert found["TracingConfig"] == {"Mode": "Active"}
