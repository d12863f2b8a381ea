"""Vouch: verify the access token of who decides, and vouch for their pending decision, or no longer."""

from typing import Any

from moderation import wiring
from moderation.domain.image_ref import ImageRef
from moderation.errors import RequestRefused
from moderation.observability import add_count, bind_image, logger, observed
from moderation.usecases.review.vouch import vouch, withdraw


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`{bucket, key, version, pending, digest, token}` → `{refused}`; without a digest, what was vouched for isn't."""
    ports, image = wiring.vouch(), ImageRef(event["bucket"], event["key"], event["version"])
    bind_image(image.id, event["pending"])
    refused = ""
    try:
        who = ports.tokens.subject_of(event["token"])
        if event["digest"]:
            vouch(ports.vouching, image, event["pending"], event["digest"], who)
        else:
            withdraw(ports.vouching, image, event["pending"], who)
    except RequestRefused as refusal:
        logger.warning("not vouched for", error=type(refusal).__name__)
        refused = str(refusal)
    add_count("VouchesRefused", int(bool(refused)))
    return {"refused": refused}
