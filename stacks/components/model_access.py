"""Permissions on the model endpoints."""

from aws_cdk import Stack

from stacks.components.grantee import Grantee
from stacks.settings import EndpointNames


def allow_invoke(grantee: Grantee, endpoint: str, component: str | None) -> None:
    """Allow `grantee` to invoke an endpoint; SageMaker checks the endpoint and the component on it."""
    grantee.allow(("sagemaker:InvokeEndpoint",), *_arns(grantee, endpoint, component))


def allow_describe_component(grantee: Grantee, component: str | None) -> None:
    """Allow `grantee` to see if a component has copies, where there is one."""
    if component:
        grantee.allow(("sagemaker:DescribeInferenceComponent",), _arn(grantee, "inference-component", component))


def allow_examine(grantee: Grantee, endpoints: EndpointNames) -> None:
    """Allow `grantee` to describe and invoke both endpoints."""
    served = ((endpoints.blip2, endpoints.blip2_component), (endpoints.llama, endpoints.llama_component))
    for endpoint, component in served:
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
