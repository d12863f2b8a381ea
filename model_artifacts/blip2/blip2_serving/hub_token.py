"""The Hugging Face token, out of Secrets Manager: an environment variable is plain to who may describe the model."""

import logging
import re
from typing import Any

# The image installs the AWS command line, whose core this is; boto3 isn't among its requirements.
import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

_TOKEN = re.compile(r"[\w.-]+")


class HubTokenUnavailable(Exception):
    """The secret can't be read or holds no token; the message says why and holds nothing of it."""


def read_hub_token(secret_arn: str) -> str:
    """Return the secret's text, read with the container's role. Raises HubTokenUnavailable."""
    logging.getLogger("botocore.parsers").setLevel(logging.INFO)  # below, it logs what services answer
    region = secret_arn.split(":")[3]
    client: Any = botocore.session.get_session().create_client("secretsmanager", region_name=region)
    try:
        token = str(client.get_secret_value(SecretId=secret_arn).get("SecretString", "")).strip()
    except (BotoCoreError, ClientError) as error:
        raise HubTokenUnavailable(f"The hub token can't be read from {secret_arn}: {error}") from error
    if not _TOKEN.fullmatch(token):
        raise HubTokenUnavailable(f"{secret_arn} must hold the hub token alone, as plain text.")
    return token
