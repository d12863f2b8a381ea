"""Settings → stacks, checked by cdk-nag: `npx cdk synth`, `npx cdk deploy --all`, `npx cdk destroy --all`."""

import os
import sys

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from stacks.contract import CONTRACT
from stacks.models_stack import ModelsStack, endpoints_of
from stacks.moderation_stack import ModerationStack
from stacks.settings import InvalidSettings, Settings


def build(app: App, region: str | None) -> None:
    """Add the stacks that the context asks for; `region` is where they will be deployed, None where not known.

    Raises InvalidSettings.
    """
    settings = Settings.from_context(app.node.try_get_context, app.node.get_all_context())
    endpoints = settings.existing_endpoints or endpoints_of(settings)
    names = CONTRACT["stacks"]
    moderation = ModerationStack(app, names["moderation"], settings=settings, endpoints=endpoints, region=region)
    if settings.existing_endpoints is None:
        models = ModelsStack(app, names["models"], settings=settings, region=region)
        models.add_stack_dependency(moderation, "The GPUs' bill is not to run while the cheap stack is made, or fails")


def main() -> None:
    """What the CDK command line runs."""
    app = App()
    try:
        # The stacks are bound to no region, so the template is the same everywhere; this one is checked only.
        build(app, os.environ.get("CDK_DEFAULT_REGION"))
    except InvalidSettings as error:
        sys.exit(f"These settings can't be deployed:\n{error}")
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


if __name__ == "__main__":
    main()
