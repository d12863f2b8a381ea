"""`moderate escalate` and `moderate release`: images that may be illegal."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import CommandFailed
from moderate.output import plain, results
from moderate.roles import acting_as
from moderation.domain.image_ref import ImageRef
from moderation.domain.quarantine import pseudonym_of
from moderation.usecases.review import escalate as escalating
from moderation.usecases.review.release_escalated import ReleasePorts, release_escalated

ESCALATE_EXAMPLES = """Examples:

moderate escalate posts/17.jpg --version 3HL4kqtJlcpXroDTDm
"""
RELEASE_EXAMPLES = """Examples:

moderate release posts/17.jpg --version 3HL4kqtJlcpXroDTDm
"""
KeyArgument = Annotated[str, typer.Argument(help="The object's key in the intake bucket.")]
VersionOption = Annotated[str | None, typer.Option(help="The version; needed if the object has several.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Don't ask first.")]


def escalate(
    key: KeyArgument, version: VersionOption = None, yes: YesOption = False, stack: StackOption = DEFAULT_STACK
) -> None:
    """Escalate an image as possibly illegal. Nobody needs to look at it for that.

    Its original, its files and its record are copied to the quarantine bucket under a legal hold, which no deletion,
    erasure or retention ends. From then on the picture is denied to everyone but the role of the quarantine, its
    record doesn't expire, and no queue, report, sample or export lists it. docs/security.md says what to do next.
    """
    deployment = acting_as(find(stack), "Quarantine")
    image = _image(deployment, key, version)
    if not yes:
        typer.confirm(f"Escalate {plain(image.key)}, version {plain(image.version)}?", abort=True)
    ports = escalating.EscalatePorts(deployment.verdicts, deployment.work, deployment.quarantine, deployment.audit)
    done = escalating.escalate(ports, image, _pseudonym(deployment), datetime.now(UTC))
    results.print(
        plain(
            f"{image.key}, version {image.version}, is in quarantine as {image.id}: the record, {done.files} files and "
            + ("the original." if done.original else "no original, which was deleted before.")
        )
    )


def release(
    key: KeyArgument, version: VersionOption = None, yes: YesOption = False, stack: StackOption = DEFAULT_STACK
) -> None:
    """Release an escalated image, once another person gives the same command.

    The copies' legal hold ends, and they are deleted after 30 days; the picture is denied to nobody any more. The
    record stays out of all reports.
    """
    deployment = acting_as(find(stack), "Quarantine")
    image = _image(deployment, key, version)
    if not yes:
        typer.confirm(f"Release {plain(image.key)}, version {plain(image.version)}?", abort=True)
    ports = ReleasePorts(deployment.quarantine, deployment.audit)
    who, now = _pseudonym(deployment), datetime.now(UTC)
    if release_escalated(ports, image, who, deployment.caller_id, now):
        results.print(plain(f"{image.key}, version {image.version}, is released."))
    else:
        results.print("You have signed. It is released when another person gives the same command.")


def _image(deployment: Deployment, key: str, version: str | None) -> ImageRef:
    """Return the version of an object that is meant. Only versions with a record count, for others may be gone."""
    bucket = deployment.intake_bucket
    if version:
        return ImageRef(bucket, key, version)
    versions = [record.image for record in deployment.verdicts.of_object(bucket, key)]
    if len(versions) != 1:
        known = ", ".join(image.version for image in versions) or "none"
        raise CommandFailed(f"{key} has {len(versions)} versions with a record ({known}): name one with --version.")
    return versions[0]


def _pseudonym(deployment: Deployment) -> str:
    """Return the caller's name in the audit log; whoever isn't in the list of people can escalate as well."""
    person = deployment.people.find(deployment.caller)
    return person.pseudonym if person else pseudonym_of(deployment.caller)
