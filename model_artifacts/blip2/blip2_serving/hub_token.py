"""Hugging Face token from Secrets Manager: callers that may describe the model can read its environment variables."""

import logging
import re
from typing import Any

# The image installs the AWS CLI with botocore, but not boto3.
import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

_TOKEN = re.compile(r"[\w.-]+")


class HubTokenUnavailable(Exception):
    """The secret can't be read or contains no token; the message names the cause without any of its content."""


def read_hub_token(secret_arn: str) -> str:
    """Return the secret's text, read with the container's role. Raises HubTokenUnavailable."""
    logging.getLogger("botocore.parsers").setLevel(logging.INFO)  # at lower levels it logs the services' answers
    region = secret_arn.split(":")[3]
    client: Any = botocore.session.get_session().create_client("secretsmanager", region_name=region)
    try:
        token = str(client.get_secret_value(SecretId=secret_arn).get("SecretString", "")).strip()
    except (BotoCoreError, ClientError) as error:
        raise HubTokenUnavailable(f"The hub token can't be read from {secret_arn}: {error}") from error
    if not _TOKEN.fullmatch(token):
        raise HubTokenUnavailable(f"{secret_arn} must contain only the hub token, as plain text.")
    return token
