"""Permissions on the model endpoints, and on the judge's model on Bedrock."""

from aws_cdk import Aws, Stack

from stacks.components.grantee import Grantee
from stacks.contract import CONTRACT
from stacks.settings import BedrockModel, EndpointNames


def allow_invoke(grantee: Grantee, endpoint: str, component: str | None) -> None:
    """Allow `grantee` to invoke an endpoint; SageMaker checks the endpoint and the component on it."""
    grantee.allow(("sagemaker:InvokeEndpoint",), *_arns(grantee, endpoint, component))


def allow_describe_component(grantee: Grantee, component: str | None) -> None:
    """Allow `grantee` to see if a component has copies, where there is one."""
    if component:
        grantee.allow(("sagemaker:DescribeInferenceComponent",), _arn(grantee, "inference-component", component))


def allow_judge(grantee: Grantee, endpoints: EndpointNames, model: BedrockModel | None) -> None:
    """Allow `grantee` to ask the judge, on its endpoint or on Bedrock."""
    if model:
        allow_converse(grantee, model)
    elif endpoints.llama:
        allow_invoke(grantee, endpoints.llama, endpoints.llama_component)


def allow_converse(grantee: Grantee, model: BedrockModel) -> None:
    """Allow `grantee` to call Converse, which needs InvokeModel.

    An inference profile needs the right on itself, and on its model here and in each region that it may use; there it
    is limited to requests through the profile ("Prerequisites for inference profiles", "Global cross-Region
    inference").
    """
    if not model.geography:
        grantee.allow(("bedrock:InvokeModel",), _foundation_model(model, Aws.REGION))
        return
    profile = _profile(grantee, model)
    anywhere = ("",)  # a global profile has a model without a region
    regions = anywhere if model.geography == "global" else CONTRACT["bedrock_regions"][model.geography]
    grantee.allow(("bedrock:InvokeModel",), profile)
    grantee.allow(
        ("bedrock:InvokeModel",),
        *(_foundation_model(model, region) for region in (Aws.REGION, *regions)),
        when={"StringEquals": {"bedrock:InferenceProfileArn": profile}},
    )


def allow_examine_model(grantee: Grantee, model: BedrockModel) -> None:
    """Allow `grantee` to see the life cycle of a model, the account's access to it, and its profile's regions."""
    grantee.allow(
        ("bedrock:GetFoundationModel", "bedrock:GetFoundationModelAvailability"), _foundation_model(model, Aws.REGION)
    )
    if model.geography:
        grantee.allow(("bedrock:GetInferenceProfile",), _profile(grantee, model))


def _foundation_model(model: BedrockModel, region: str) -> str:
    return f"arn:{Aws.PARTITION}:bedrock:{region}::foundation-model/{model.foundation_model}"


def _profile(grantee: Grantee, model: BedrockModel) -> str:
    return Stack.of(grantee).format_arn(service="bedrock", resource="inference-profile", resource_name=model.id)


def allow_examine(grantee: Grantee, endpoints: EndpointNames) -> None:
    """Allow `grantee` to describe and invoke the endpoints."""
    for endpoint, component in endpoints.served.values():
        allow_invoke(grantee, endpoint, component)
        (described, *components) = _arns(grantee, endpoint, component)
        grantee.allow(("sagemaker:DescribeEndpoint",), described)
        if components:
            grantee.allow(("sagemaker:DescribeInferenceComponent",), *components)


def _arns(grantee: Grantee, endpoint: str, component: str | None) -> list[str]:
    """Return the ARNs in lower case, as SageMaker writes them whatever the name (philschmid/cdk-samples #2)."""
    named = {"endpoint": endpoint} | ({"inference-component": component} if component else {})
    return [_arn(grantee, resource, name) for resource, name in named.items()]


def _arn(grantee: Grantee, resource: str, name: str) -> str:
    return Stack.of(grantee).format_arn(service="sagemaker", resource=resource, resource_name=name.lower())
