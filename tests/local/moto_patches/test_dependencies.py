"""The order in which resources are made when one refers to another that depends on a third."""

from tests.local.moto_patches.cloud import Cloud, function, get, ref, unique


def test_a_resource_that_another_refers_to_still_waits_for_what_it_depends_on(cloud: Cloud) -> None:
    name = unique()
    permission = {"FunctionName": name, "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    stack = cloud.stack(
        {
            "Topic": ("AWS::SNS::Topic", {"DisplayName": ref("Permission")}),
            "Permission": {
                "Type": "AWS::Lambda::Permission",
                "Properties": permission,
                "DependsOn": "Function",
            },
            "Function": ("AWS::Lambda::Function", function(cloud, FunctionName=name)),
        },
        {"Arn": get("Function")},
    )

    assert stack.outputs()["Arn"].endswith(name)
