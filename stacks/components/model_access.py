"""Rights on the models' endpoints."""

from aws_cdk import Stack

from stacks.components.grantee import Grantee
from stacks.settings import Endpoints


def allow_invoke(grantee: Grantee, endpoint: str, component: str | None) -> None:
    """Let `grantee` invoke an endpoint: SageMaker asks for the right on both, the endpoint and the component on it."""
    grantee.allow(("sagemaker:InvokeEndpoint",), *_arns(grantee, endpoint, component))


def allow_examine(grantee: Grantee, endpoints: Endpoints) -> None:
    """Let `grantee` see how both endpoints fare, and ask them something."""
    served = ((endpoints.blip2, endpoints.blip2_component), (endpoints.llama, endpoints.llama_component))
    for endpoint, component in served:
        allow_invoke(grantee, endpoint, component)
        (described, *components) = _arns(grantee, endpoint, component)
        grantee.allow(("sagemaker:DescribeEndpoint",), described)
        if components:
            grantee.allow(("sagemaker:DescribeInferenceComponent",), *components)


def _arns(grantee: Grantee, endpoint: str, component: str | None) -> list[str]:
    """SageMaker writes these ARNs in lower case, however they were named (philschmid/cdk-samples #2)."""
    named = {"endpoint": endpoint} | ({"inference-component": component} if component else {})
    return [
        Stack.of(grantee).format_arn(service="sagemaker", resource=resource, resource_name=name.lower())
        for resource, name in named.items()
    ]
