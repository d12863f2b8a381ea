"""Entry point of the CDK app: settings from context → stacks, checked by cdk-nag."""

import os
import sys

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from stacks.console_stack import ConsoleStack
from stacks.contract import CONTRACT
from stacks.models_stack import ModelsStack, endpoints_of
from stacks.moderation_stack import ModerationStack
from stacks.settings import DeploymentSettings, InvalidSettings


def build(app: App, region: str | None) -> None:
    """Add the stacks that the context asks for; `region` is the target region, or None if it isn't known.

    Raises InvalidSettings.
    """
    settings = DeploymentSettings.from_context(app.node.try_get_context, app.node.get_all_context())
    endpoints = settings.existing_endpoints or endpoints_of(settings)
    names = CONTRACT["stacks"]
    moderation = ModerationStack(app, names["moderation"], settings=settings, endpoints=endpoints, region=region)
    if settings.existing_endpoints is None:
        models = ModelsStack(app, names["models"], settings=settings, region=region)
        models.add_stack_dependency(moderation, "GPU charges should not start before the cheap stack has been created")
    if settings.console:
        ConsoleStack(app, names["console"], settings=settings, moderation=moderation, region=region)


def main() -> None:
    """Run by the CDK command line."""
    app = App()
    try:
        # The stacks aren't bound to a region, so the template is the same everywhere; the region is only validated.
        build(app, os.environ.get("CDK_DEFAULT_REGION"))
    except InvalidSettings as error:
        sys.exit(f"These settings can't be deployed:\n{error}")
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


if __name__ == "__main__":
    main()
