"""Errors of the command, each as a sentence with a remedy: no command ends in a traceback."""

from typing import Any
from urllib.parse import urlsplit

import typer
from botocore import exceptions as aws
from rich.text import Text
from typer.core import TyperGroup

from moderate.output import errors, plain
from moderation.adapters.faults import code_of
from moderation.errors import ModerationError

FAILED = 1
_NO_CREDENTIALS = (
    "No usable AWS credentials were found: run `aws configure` or `aws sso login`, or set AWS_PROFILE. "
    "For the laptop cloud, set the variables that `make local` prints."
)
STALE = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_UNKNOWN = {"InvalidClientTokenId", "UnrecognizedClientException"}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"}
_CREDENTIAL_FAULTS = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
    aws.TokenRetrievalError,
    aws.SSOError,
)


class CommandFailed(Exception):
    """The command can't do this; the message names the reason and the remedy."""


class FriendlyErrors(TyperGroup):
    """Runs the commands and turns their errors into one sentence on stderr and exit status 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader of our output closed the pipe
            raise
        except (CommandFailed, ModerationError, aws.BotoCoreError, aws.ClientError, OSError) as error:
            errors.print(Text.assemble(("Error: ", "bold red"), plain(sentence(error))), soft_wrap=True)
            raise typer.Exit(FAILED) from error


def is_denied(error: aws.ClientError) -> bool:
    """Tell if a service denied the call; the answer to a HEAD request has only a status."""
    return code_of(error) in DENIED


def sentence(error: Exception) -> str:
    """Return the message of an error for a person."""
    cause = error.__cause__
    if isinstance(error, ModerationError) and isinstance(cause, aws.BotoCoreError | aws.ClientError):
        # The adapters' messages are about functions; the original error is more useful to a user of the command.
        return _of_aws(cause) or str(error)
    if isinstance(error, aws.BotoCoreError | aws.ClientError):
        return _of_aws(error) or str(error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."
    return str(error)


def _of_aws(error: aws.BotoCoreError | aws.ClientError) -> str | None:
    if isinstance(error, aws.ClientError):
        return _of_service(error)
    if isinstance(error, _CREDENTIAL_FAULTS):
        return _NO_CREDENTIALS
    if isinstance(error, aws.NoRegionError):
        return "No AWS region is set: set AWS_DEFAULT_REGION, or a region in your AWS profile."
    if isinstance(error, aws.InvalidRegionError):
        named = error.kwargs["region_name"]
        return f"{named!r} isn't an AWS region: set one such as us-east-1 in AWS_DEFAULT_REGION or in your AWS profile."
    if isinstance(error, aws.ProfileNotFound):
        return f"{error}: see `aws configure list-profiles`, or unset AWS_PROFILE."
    if isinstance(error, aws.ConnectionError):
        url = getattr(error, "kwargs", {}).get("endpoint_url", "AWS")
        if (urlsplit(url).hostname or "").endswith(".amazonaws.com"):
            return f"{url} can't be reached: is there a network, and is AWS_DEFAULT_REGION (or your profile's) right?"
        return f"{url} can't be reached: is AWS_ENDPOINT_URL right and, on a laptop, `make local` running?"
    return None


def _of_service(error: aws.ClientError) -> str | None:
    code, operation = code_of(error), error.operation_name
    if code in STALE:
        elsewhere = "; a region that the account hasn't enabled accepts none" if code in _UNKNOWN else ""
        return f"AWS doesn't accept these credentials ({code}): sign in again, or look at AWS_PROFILE{elsewhere}."
    if is_denied(error):
        return f"These credentials may not call {operation}: ask the deployment's owner for the permission."
    return None
