"""Small blurred pictures in reports, and the entry in the policy log that says who made them."""

import base64
import io
import json
from collections.abc import Collection
from datetime import UTC, datetime

from PIL import Image, ImageFilter

from moderate.deployment import Deployment
from moderate.roles import acting_as
from moderation.domain.image import prepare
from moderation.domain.policy_history import PICTURES, log_key

_SIDE, _BLUR, _QUALITY = 96, 3, 60
_MOST_NAMED = 1000  # in one entry


def blurred(data: bytes) -> str:
    """Return a `data:` address of a file's first view, small and blurred. Raises the errors of `prepare`."""
    view = prepare(data, "full", _SIDE).views[0]
    made = io.BytesIO()
    with Image.open(io.BytesIO(view.png)) as picture:
        picture.convert("RGB").filter(ImageFilter.GaussianBlur(_BLUR)).save(made, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(made.getvalue()).decode()}"


def log_pictures(deployment: Deployment, command: str, paths: Collection[str]) -> None:
    """Write who embeds which pictures into a report, in the caller's name, before the report is written.

    The entry is in the policy bucket's history, where it can't be deleted. Raises CommandFailed and what boto3 raises.
    """
    editor = acting_as(deployment, "PolicyEditor")
    now = datetime.now(UTC)
    entry = {
        "schema_version": 1,
        "action": f"{command} --pictures",
        "why": f"{len(paths)} pictures in a report",
        "digest": "",
        "at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "pictures": sorted(paths)[:_MOST_NAMED],
    }
    editor.s3.put_object(
        Bucket=editor.policy_bucket,
        Key=log_key(editor.caller_id, f"{PICTURES}{now:%Y-%m-%dT%H:%M:%S.%fZ}"),
        Body=json.dumps(entry).encode(),
        ContentType="application/json",
        IfNoneMatch="*",
    )
